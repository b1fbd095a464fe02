"""One service in a stack of its own, on a site made by hand; and what Helm would get of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cdktf import App, ITerraformDependable, TerraformStack
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from alone import PROD
from chart_values import emitted_values
from floe_infra.kubernetes.config import ChartsConfig
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.refs import ClusterLogin, ClusterRef, IdentityRef, NodeGroupRef, SecretRef, Taint
from synthesized import resources

SPOT = Taint("spot", "true", "NoSchedule")
CLUSTER = ClusterRef(
    name="acme-prod",
    endpoint="https://0A1B.gr7.eu-west-1.eks.amazonaws.com",
    certificate_authority="Q0E=",
    oidc_issuer="https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B",
    security_group_id="sg-1",
    node_groups=(
        NodeGroupRef("system", {"node-type": "on-demand"}, (), spot=False, vcpu=4, memory_mib=16384, max_size=6),
        NodeGroupRef("workers", {"node-type": "spot"}, (SPOT,), spot=True, vcpu=8, memory_mib=32768, max_size=10),
    ),
    login=ClusterLogin("aws", ("eks", "get-token")),
)
STEADY = {"nodeSelector": {"node-type": "on-demand"}, "tolerations": []}


class CopiedSecrets:
    """A secret operator that only notes what it is asked for."""

    def __init__(self) -> None:
        self.copies: dict[str, SecretCopy] = {}
        """By namespace and name, as `namespace/name`."""

    def copy(self, scope: Construct, id: str, *, namespace: str, secrets: Sequence[SecretCopy]) -> ITerraformDependable:
        """Note them; the result is a release with no objects."""
        self.copies |= {f"{namespace}/{copy.ref(namespace).name}": copy for copy in secrets}
        from floe_infra.kubernetes.manifests import Manifests

        return Manifests(scope, id, name=f"{scope.node.id}-secrets", namespace=namespace, manifests=[]).release


def identity(namespace: str, service_account: str) -> IdentityRef:
    """One on AWS."""
    arn = f"arn:aws:iam::111122223333:role/acme-prod-{namespace}.{service_account}"
    return IdentityRef(
        namespace=namespace,
        service_account=service_account,
        role=arn.rpartition("/")[2],
        role_arn=arn,
        annotations={"eks.amazonaws.com/role-arn": arn},
    )


def secret(name: str, *keys: str, generation: int = 1) -> SecretRef:
    """One in AWS Secrets Manager."""
    arn = f"arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme/prod/{name}"
    return SecretRef(name=name, remote_key=arn, keys=keys, generation=generation)


def site(**more: Any) -> Site:
    """A site in production, with charts from their projects. `secrets` may be a list."""
    if isinstance(more.get("secrets"), Sequence):
        more["secrets"] = {each.name: each for each in more["secrets"]}
    given = Site(cluster=CLUSTER, context=PROD, charts=ChartsConfig(), cluster_secrets=CopiedSecrets())
    return replace(given, **more)


def synthesized(make: Callable[[TerraformStack], Any]) -> dict[str, Any]:
    """The Terraform JSON of what `make` puts into a stack."""
    stack = TerraformStack(App(), "stack")
    stack.node.set_context("excludeStackIdFromLogicalIds", "true")
    stack.node.set_context("allowSepCharsInLogicalIds", "true")
    HelmProvider(stack, "helm")
    KubernetesProvider(stack, "kubernetes")
    make(stack)
    return json.loads(json.dumps(stack.to_terraform()))


def releases(stack: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The Helm releases by name, their `values` decoded and with Terraform's escapes undone."""
    blocks = resources(dict(stack), "helm_release").values()
    return {block["name"]: {**block, "values": emitted_values(block, text=None)} for block in blocks}


def objects(stack: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The Kubernetes objects of our own, by kind and name, as `Kind/name`."""
    return {
        f"{each['kind']}/{each['metadata']['name']}": each
        for release in releases(stack).values()
        for each in release["values"].get("manifests", [])
    }
