from __future__ import annotations

import dataclasses
from typing import Any

from alone import GOOGLE
from floe_infra.kubernetes.site import SecretCopy
from floe_infra.refs import IdentityRef, SecretRef
from floe_infra.secrets import SecretManagerConfig
from floe_infra.secrets.google_external_secrets import GoogleExternalSecrets
from in_cluster import CLUSTER, objects, site, synthesized

EMAIL = "catalog@acme-data.iam.gserviceaccount.com"
READER = IdentityRef(
    namespace="catalog",
    service_account="secret-reader",
    role=EMAIL,
    role_arn=EMAIL,
    annotations={"iam.gke.io/gcp-service-account": EMAIL},
)
LOGIN = SecretRef("database-polaris", "acme-prod-database-polaris", ("username", "password"))


def operator() -> dict[str, Any]:
    cluster = dataclasses.replace(CLUSTER, name="acme-prod", location="europe-west4")

    def make(stack: Any) -> None:
        place = site(cluster_secrets=None, context=GOOGLE, cluster=cluster)
        made = GoogleExternalSecrets(
            stack, "secrets", config=SecretManagerConfig(), site=place, readers={"catalog": READER}, needs={}
        )
        made.copy(stack, "copies", namespace="catalog", secrets=[SecretCopy("polaris-db", LOGIN)])

    return objects(synthesized(make))


def test_a_store_reads_as_its_namespaces_own_account():
    made = operator()
    assert made["ServiceAccount/secret-reader"]["metadata"]["annotations"] == READER.annotations
    assert made["SecretStore/cloud"]["spec"]["provider"] == {
        "gcpsm": {
            "projectID": "acme-data",
            "auth": {
                "workloadIdentity": {
                    "clusterProjectID": "acme-data",
                    "clusterName": "acme-prod",
                    "clusterLocation": "europe-west4",
                    "serviceAccountRef": {"name": "secret-reader"},
                }
            },
        }
    }


def test_a_copy_names_the_secret_in_the_project():
    copy = operator()["ExternalSecret/polaris-db"]
    assert copy["spec"]["dataFrom"] == [{"extract": {"key": "acme-prod-database-polaris"}}]
