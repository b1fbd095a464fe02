"""The Helm and Kubernetes providers, as the services stack needs them."""

from __future__ import annotations

from typing import Any

from cdktf import Fn, TerraformStack
from cdktf_cdktf_provider_helm.provider import HelmProvider, HelmProviderKubernetes, HelmProviderKubernetesExec
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider, KubernetesProviderExec

from floe_infra.cloud import versions
from floe_infra.refs import ClusterRef


def add_providers(stack: TerraformStack, cluster: ClusterRef) -> None:
    """Log in to the cluster, for Helm releases and Kubernetes objects."""
    place = _place(cluster)
    login = cluster.login
    KubernetesProvider(
        stack,
        "kubernetes",
        exec=[KubernetesProviderExec(api_version=login.api_version, command=login.command, args=list(login.args))]
        if login
        else None,
        **place,
    )
    HelmProvider(
        stack,
        "helm",
        kubernetes=HelmProviderKubernetes(
            exec=HelmProviderKubernetesExec(api_version=login.api_version, command=login.command, args=list(login.args))
            if login
            else None,
            **place,
        ),
    )
    stack.add_override("terraform.required_providers.helm.version", versions.HELM)
    stack.add_override("terraform.required_providers.kubernetes.version", versions.KUBERNETES)


def _place(cluster: ClusterRef) -> dict[str, Any]:
    if cluster.kubeconfig:
        return {"config_path": cluster.kubeconfig, "config_context": cluster.kubeconfig_context}
    return {
        "host": cluster.endpoint,
        "cluster_ca_certificate": Fn.base64decode(cluster.certificate_authority),
    }
