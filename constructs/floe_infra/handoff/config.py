"""The runtime that the platform is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from floe_infra.catalog.config import client_secret, storage_keys
from floe_infra.fields import KubernetesName
from floe_infra.model import ANYWHERE, Disabled, Kind
from floe_infra.needs import Needs

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig

CLIENT = "runtime"
"""What the runtime is called among the catalog's clients."""


class FloeRuntimeConfig(Kind):
    """floe-runtime: Dagster, dbt and Cube. It brings its own charts; here is what they find."""

    kind: Literal["floe"] = "floe"
    """floe-runtime."""
    namespace: KubernetesName = "floe"
    """The Kubernetes namespace."""
    service_account: KubernetesName = "floe-dagster"
    """The service account of Dagster's pods, which its chart makes; the cloud's identity is for this one alone."""

    service: ClassVar = "floe_infra.handoff.floe_runtime:FloeRuntime"
    clouds: ClassVar = ANYWHERE
    pod_security: ClassVar = "baseline"  # Dagster's chart leaves its pods' security to the user

    def needs(self, platform: PlatformConfig) -> Needs:
        """An identity; Dagster's database; the catalog's credentials, or, where the catalog vends none for the storage,
        the storage itself, or the keys to it; MotherDuck's token, where that is the engine."""
        vended = platform.catalog.kind != "none" and platform.catalog.vends_credentials
        login = (client_secret(CLIENT),) if platform.catalog.kind == "polaris" else ()
        return Needs(
            namespace=self.namespace,
            service_account=self.service_account,
            storage=None if vended else "read_write",
            catalog=True,
            databases=("dagster",) if platform.database.kind != "none" else (),
            existing=platform.compute.secrets if platform.compute.kind == "motherduck" else {},
            reads=(*login, *storage_keys(platform)),
        )


RuntimeConfig = Annotated[FloeRuntimeConfig | Disabled, Field(discriminator="kind")]
