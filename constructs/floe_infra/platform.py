"""The front door: configuration in, stacks out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdktf import App
from constructs import Construct

from floe_infra.config.platform import PlatformConfig
from floe_infra.foundation import Foundation
from floe_infra.runtime import fast_import

if TYPE_CHECKING:
    from floe_infra.services import Services


class FloePlatform(Construct):
    """A data platform, as its configuration describes it.

    Attributes:
        foundation: the stack of everything in the cloud.
        services: the stack of everything in the cluster; None without one.
    """

    def __init__(self, scope: Construct, id: str, config: PlatformConfig) -> None:
        super().__init__(scope, id)
        with fast_import.unawaited():
            self._build(config)

    def _build(self, config: PlatformConfig) -> None:
        # The stacks lie in the app itself: `cdktf deploy` (0.21) takes a stack's path, by which others name it as what
        # they depend on, for its name.
        app = App.of(self)
        self.foundation = Foundation(app, config)
        self.services: Services | None = None
        if config.cluster.kind != "none":
            # Only now: a platform without a cluster never loads the bindings of Helm and Kubernetes.
            from floe_infra.services import Services

            self.services = Services(app, config, self.foundation)
