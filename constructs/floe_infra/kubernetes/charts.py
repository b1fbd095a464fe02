"""The charts, their repositories and versions: the one place to raise them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Chart:
    """A Helm chart in one version."""

    name: str
    repository: str
    """Of HTTP, or `oci://…` without the chart's name."""
    version: str


CLUSTER_AUTOSCALER = Chart("cluster-autoscaler", "https://kubernetes.github.io/autoscaler", "9.59.0")
EXTERNAL_SECRETS = Chart("external-secrets", "https://charts.external-secrets.io", "2.9.0")
JAEGER = Chart("jaeger", "https://jaegertracing.github.io/helm-charts", "4.11.1")
LOCALSTACK = Chart("localstack", "https://localstack.github.io/helm-charts", "0.7.0")
MINIO = Chart("minio", "https://charts.min.io", "5.4.0")
NESSIE = Chart("nessie", "https://charts.projectnessie.org", "0.108.4")
OPENBAO = Chart("openbao", "https://openbao.github.io/openbao-helm", "0.29.2")
"""The open fork of Vault, whose own chart serves a licence (BUSL) that not everybody may accept. Also, it initializes
itself: Vault hands its first root token to whoever asks first. From 2.7 on, seals by AWS' and Google's KMS are plugins
to be fetched from elsewhere (https://openbao.org/docs/configuration/seal/awskms/); 2.6, which this installs, has them.
"""
OTEL_COLLECTOR = Chart(
    "opentelemetry-collector", "https://open-telemetry.github.io/opentelemetry-helm-charts", "0.170.0"
)
POLARIS = Chart("polaris", "https://downloads.apache.org/polaris/helm-chart", "1.7.0")
RUSTFS = Chart("rustfs", "https://charts.rustfs.com", "1.0.0-rc.3")
SEALED_SECRETS = Chart("sealed-secrets", "https://bitnami.github.io/sealed-secrets", "2.19.1")
SEAWEEDFS = Chart("seaweedfs", "https://seaweedfs.github.io/seaweedfs/helm", "4.44.0")
SOPS_SECRETS_OPERATOR = Chart("sops-secrets-operator", "https://isindir.github.io/sops-secrets-operator", "0.28.0")
TRINO = Chart("trino", "https://trinodb.github.io/charts", "1.42.2")
