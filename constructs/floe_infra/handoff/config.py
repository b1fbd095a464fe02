"""The runtime that the platform is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from floe_infra.catalog.config import client_secret, storage_keys
from floe_infra.fields import KubernetesName, Matches
from floe_infra.model import ANYWHERE, Disabled, Kind
from floe_infra.needs import Needs, Password

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig

CLIENT = "runtime"
"""What the runtime is called among the catalog's clients."""
DAGSTER = "floe-dagster"
CUBE = "floe-cube"
"""floe-runtime's charts, and their releases': each knows the other's Services by these names."""
CHARTS_FOLDER = "demo/platform-config/charts"
"""Where in floe-runtime they are."""
CUBE_SECRET = "cube"
"""The name of the secret that opens Cube's APIs, keys `api_secret` and `sql_password`."""
_CUBE: dict[str, dict[str, str | Password]] = {
    CUBE_SECRET: {"api_secret": Password(), "sql_password": Password()},
}


def _floating(image: str) -> str | None:
    return "says of no image which one it is" if image.endswith(":latest") else None


Image = Annotated[
    str,
    Matches(
        r"[a-z0-9][a-zA-Z0-9._/:-]*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}",
        "an image with its tag, such as registry.example.com/lake/pipelines:3f2c1ab",
        "give a tag that is never moved: pods go on with the old image otherwise",
        refuse=_floating,
    ),
]


DagsterVersion = Annotated[
    str, Matches(r"[0-9]+\.[0-9]+\.[0-9]+", "a release of Dagster such as 1.9.13", "`dagster --version` shows it")
]
EnvironmentName = Annotated[
    str, Matches(r"[A-Za-z_][A-Za-z0-9_]*", "a variable's name: letters, digits and underscores, no digit first")
]


class FloeRuntimeConfig(Kind):
    """floe-runtime: Dagster, dbt and Cube. It brings its own charts; here is what they find."""

    kind: Literal["floe"] = "floe"
    """floe-runtime."""
    namespace: KubernetesName = "floe"
    """The Kubernetes namespace."""
    service_account: KubernetesName = "floe-dagster"
    """The service account of Dagster's pods, which its chart makes; the cloud's identity is for this one alone."""
    image: Image | None = None
    """The image with the pipelines, and its tag. When left out, it is given at installation."""
    dagster_version: DagsterVersion | None = None
    """The release of Dagster in that image, such as 1.9.13: its webserver and daemon are then of the same. The chart's
    own when left out."""
    env: dict[EnvironmentName, str] = {}
    """Variables of the pipelines' pods, beside those that are made here. No secrets: they would be in Terraform's
    state, and in the files that are handed over."""
    dagster_values: dict[str, Any] = {}
    """Values of floe-dagster, merged over those made here, in the files and in what `orchestration` installs alike."""
    cube_values: dict[str, Any] = {}
    """Values of floe-cube, likewise."""
    run_memory_gib: Annotated[int, Field(ge=1, le=1024)] = 16
    """Memory of a run's pod, request and limit alike, in GiB, where `compute` says nothing of it: with Trino, which
    answers queries, while the pipelines themselves run DuckDB."""
    run_cpu: Annotated[float, Field(ge=0.25, le=128)] = 4
    """Processors of a run's pod, request and limit alike, in the same case."""

    service: ClassVar = "floe_infra.handoff.floe_runtime:FloeRuntime"
    clouds: ClassVar = ANYWHERE
    pod_security: ClassVar = "baseline"  # Dagster's chart leaves its pods' security to the user

    def needs(self, platform: PlatformConfig) -> Needs:
        """An identity; Dagster's database, a bucket for what its runs print, what opens Cube; the catalog's
        credentials, or, where the catalog vends none for the storage, the storage itself, or the keys to it; the
        engine, if the cloud has it, or MotherDuck's token."""
        vended = platform.catalog.kind != "none" and platform.catalog.vends_credentials
        login = (client_secret(CLIENT),) if platform.catalog.kind == "polaris" else ()
        return Needs(
            namespace=self.namespace,
            service_account=self.service_account,
            storage=None if vended else "read_write",
            compute_logs=getattr(platform.storage, "compute_logs", False),
            catalog=True,
            compute=True,
            databases=("dagster",) if platform.database.kind != "none" else (),
            secrets=_CUBE if platform.secrets.kind != "none" else {},
            existing=platform.compute.secrets if platform.compute.kind == "motherduck" else {},
            reads=(*login, *storage_keys(platform)),
        )


RuntimeConfig = Annotated[FloeRuntimeConfig | Disabled, Field(discriminator="kind")]
