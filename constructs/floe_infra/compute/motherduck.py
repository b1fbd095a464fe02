"""MotherDuck: somebody else's servers, so here are only the limits of what is left of the work, and the way there."""

from __future__ import annotations

from constructs import Construct

from floe_infra.compute.config import MotherDuckConfig
from floe_infra.compute.duckdb import environment
from floe_infra.context import Context
from floe_infra.refs import ComputeRef, IdentityRef


class MotherDuck(Construct):
    """The size of a run's pod, what DuckDB inside it is told of that size, and what it opens.

    The token is not among it: the runtime's pods have it as the environment variable `MOTHERDUCK_TOKEN`, from the
    Secret `floe-dagster-compute-secret`.

    Attributes:
        ref: what other rooms take.
    """

    reader = None

    def __init__(self, scope: Construct, id: str, *, config: MotherDuckConfig, context: Context) -> None:  # noqa: ARG002
        super().__init__(scope, id)
        self.ref = ComputeRef(
            engine="motherduck",
            memory_mib=config.memory_gib * 1024,
            cpu=config.cpu,
            path=f"md:{config.database}",
            environment=environment(config),
        )

    def grant_use(self, identity: IdentityRef) -> None:
        """Nothing to grant: MotherDuck knows the identity by its token."""
