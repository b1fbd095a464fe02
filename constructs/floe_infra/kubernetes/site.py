"""What every service in the cluster is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.context import Context
from floe_infra.kubernetes.charts import Chart
from floe_infra.kubernetes.config import ChartsConfig
from floe_infra.kubernetes.disks import Disks
from floe_infra.kubernetes.manifests import Manifests
from floe_infra.kubernetes.objects import secrets_of
from floe_infra.kubernetes.placement import Placement, interruptible, steady
from floe_infra.kubernetes.release import Release
from floe_infra.kubernetes.values import checksum, merge
from floe_infra.refs import ClusterRef, IdentityRef, KubernetesSecretRef, SecretRef


@dataclass(frozen=True)
class SecretCopy:
    """A Kubernetes Secret to make from a secret of the cloud's.

    Attributes:
        name: the Kubernetes Secret's. A secret whose value was made anew on request gets its generation behind the
            name, so that what names it starts anew with it, and waits until it is there.
        source: the cloud's secret.
        data: the Kubernetes Secret's keys, each a Go template over the source's keys (`{{ .password }}`). All of the
            source's keys as they are when left out.
        stable_name: leave the generation out, for what reads the Secret without our telling.
    """

    name: str
    source: SecretRef
    data: Mapping[str, str] | None = None
    stable_name: bool = False

    def ref(self, namespace: str) -> KubernetesSecretRef:
        """The Secret, once it is made."""
        generation = self.source.generation
        name = self.name if self.stable_name or generation == 1 else f"{self.name}-{generation}"
        return KubernetesSecretRef(namespace, name, tuple(self.data or self.source.keys))


class ClusterSecrets(Protocol):
    """What every kind of secret operator offers."""

    @property
    def checksums(self) -> Mapping[tuple[str, str], str]:
        """By namespace and name of a Secret, what changes with its content, if its name does not."""

    def copy(self, scope: Construct, id: str, *, namespace: str, secrets: Sequence[SecretCopy]) -> ITerraformDependable:
        """Keep Kubernetes Secrets in step with the cloud's; what reads them comes after the result."""

    def settle(self) -> None:
        """Say what is wrong with all copies together, now that there will be no more of them."""


@dataclass(frozen=True)
class Site:
    """The cluster to build in.

    Attributes:
        cluster: the cluster.
        context: the platform's name and place.
        charts: where charts come from.
        namespaces: by name; what is made in one comes after it.
        identities: the services' cloud identities, by section.
        lent_roles: what their identities may lend out, by section.
        secrets: the cloud's secrets, by name.
        disks: what volumes are made of; None where the cluster has a default of its own.
        cluster_secrets: the operator; None where there is none.
        secret_checksums: what it says of its Secrets' content.
    """

    cluster: ClusterRef
    context: Context
    charts: ChartsConfig
    namespaces: Mapping[str, ITerraformDependable] = field(default_factory=dict)
    identities: Mapping[str, IdentityRef] = field(default_factory=dict)
    lent_roles: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    disks: Disks | None = None
    cluster_secrets: ClusterSecrets | None = None
    secret_checksums: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def storage_class(self) -> str | None:
        """For volumes; None for the cluster's default."""
        return self.disks.name if self.disks else None

    @property
    def steady(self) -> Placement:
        """For everything single or stateful."""
        return steady(self.cluster)

    @property
    def interruptible(self) -> Placement:
        """For what can be taken away."""
        return interruptible(self.cluster)

    def release(
        self,
        scope: Construct,
        id: str,
        *,
        chart: Chart,
        namespace: str,
        values: Mapping[str, Any],
        after: Sequence[ITerraformDependable] = (),
        **more: Any,
    ) -> Release:
        """A Helm release, called like its construct unless `name` says otherwise."""
        more.setdefault("name", id)
        return Release(
            scope,
            id,
            chart=chart,
            namespace=namespace,
            source=self.charts,
            values=values,
            after=[*self.before(namespace), *after],
            **more,
        )

    def manifests(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        namespace: str,
        manifests: Sequence[Mapping[str, Any]],
        after: Sequence[ITerraformDependable] = (),
    ) -> Manifests:
        """Kubernetes objects, as a release of this name; pods among them start anew with the Secrets that they read."""
        after = [*self.before(namespace), *after]
        manifests = [self._restarted(manifest, namespace) for manifest in manifests]
        return Manifests(scope, id, name=name, namespace=namespace, manifests=manifests, after=after)

    def copy_secrets(
        self, scope: Construct, id: str, *, namespace: str, secrets: Sequence[SecretCopy]
    ) -> list[ITerraformDependable]:
        """Make Kubernetes Secrets; what reads them comes after the result."""
        if self.cluster_secrets is None:
            raise LookupError("Secrets are wanted, and the platform has no secret operator.")
        return [self.cluster_secrets.copy(scope, id, namespace=namespace, secrets=secrets)]

    def restarts(self, namespace: str, *secrets: str) -> dict[str, str]:
        """Annotations for pods that read these Secrets: with another content they start anew."""
        places = ((namespace, name) for name in sorted(set(secrets)))
        found = [self.secret_checksums[place] for place in places if place in self.secret_checksums]
        return {"checksum/secrets": checksum(*found)} if found else {}

    def restarting(self, key: str, namespace: str, *secrets: str) -> dict[str, dict[str, str]]:
        """The same as a chart's value of this name; nothing where it has nothing to say."""
        annotations = self.restarts(namespace, *secrets)
        return {key: annotations} if annotations else {}

    def _restarted(self, manifest: Mapping[str, Any], namespace: str) -> Mapping[str, Any]:
        template = manifest.get("spec", {}).get("template", {})
        if annotations := self.restarts(namespace, *secrets_of(template.get("spec", {}))):
            return merge(manifest, {"spec": {"template": {"metadata": {"annotations": annotations}}}})
        return manifest

    def before(self, namespace: str) -> list[ITerraformDependable]:
        """What everything in a namespace comes after; releases and manifests do by themselves."""
        namespaces = [self.namespaces[namespace]] if namespace in self.namespaces else []
        return [*namespaces, *([self.disks.storage_class] if self.disks else [])]
