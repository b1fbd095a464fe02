"""What the platform's stacks have in common: provider, backend, and addresses that never move."""

from __future__ import annotations

from cdktf import TerraformStack
from constructs import Construct

from floe_infra.cloud import aws
from floe_infra.config.platform import PlatformConfig
from floe_infra.context import Context


class PlatformStack(TerraformStack):
    """A stack `<name>-<environment>-<part>` with its provider and backend."""

    def __init__(self, scope: Construct, part: str, config: PlatformConfig) -> None:
        name = f"{config.name}-{config.environment}-{part}"
        super().__init__(scope, name)
        # Resource addresses then hold construct ids alone, so that renaming a platform moves nothing.
        self.node.set_context("excludeStackIdFromLogicalIds", "true")
        self.node.set_context("allowSepCharsInLogicalIds", "true")
        aws.add_provider(self, config.cloud, platform=config.name, environment=config.environment)
        config.state.load_construct()(self, name, config.state, config.cloud)
        self.context = Context(
            name=config.name,
            environment=config.environment,
            region=config.cloud.region,
            account_id=aws.account_id(self, config.cloud),
            partition=aws.partition(config.cloud.region),
            endpoint=config.cloud.endpoint,
            allow_data_loss=config.allow_data_loss,
        )
