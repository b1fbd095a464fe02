"""What the platform's stacks have in common: name, backend, and addresses that never move."""

from __future__ import annotations

from typing import Any

from cdktf import TerraformOutput, TerraformRemoteState, TerraformStack
from constructs import Construct

from floe_infra.config.platform import PlatformConfig
from floe_infra.context import Context
from floe_infra.model import load


class PlatformStack(TerraformStack):
    """A stack `<name>-<environment>-<part>` with its backend."""

    def __init__(self, scope: Construct, part: str, config: PlatformConfig) -> None:
        self.platform_name = f"{config.name}-{config.environment}"
        self._platform = config
        self._name = f"{self.platform_name}-{part}"
        super().__init__(scope, self._name)
        # Resource addresses then hold construct ids alone, so that renaming a platform moves nothing.
        self.node.set_context("excludeStackIdFromLogicalIds", "true")
        self.node.set_context("allowSepCharsInLogicalIds", "true")
        self._backend = config.state.load_construct()(self, self._name, config.state, config.cloud)

    def add_cloud_provider(self) -> Context:
        """Let the stack make things in the cloud, if there is one, and say where that is."""
        config, cloud = self._platform, self._platform.cloud
        context = Context(
            name=config.name,
            environment=config.environment,
            region=cloud.region,
            account_id="",
            endpoint=cloud.endpoint,
            allow_data_loss=config.allow_data_loss,
        )
        if cloud.add_provider is None:
            return context
        joined: Context = load(cloud.add_provider)(self, cloud, context)
        return joined

    def state_of(self, other: PlatformStack) -> TerraformRemoteState:
        """Another stack's outputs, as this stack reads them."""
        part = other._name.rpartition("-")[2]
        remote: TerraformRemoteState = other._backend.get_remote_state_data_source(self, part, other._name)
        for key, value in self._platform.state.emulated(self._platform.cloud).items():
            remote.add_override(f"config.{key}", value)
        return remote

    def output(self, name: str, value: Any, description: str) -> None:
        """What `terraform output` says."""
        TerraformOutput(self, name, value=value, description=description)
