"""A platform deployed by the real Terraform and AWS provider into the emulator."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from floe_infra.cli.demo import on_emulator
from floe_infra.cli.deploy import deploy_platform
from floe_infra.config import PlatformConfig, load
from floe_infra.runtime import providers
from floe_infra.runtime.emulator import Emulator

ROOT = Path(__file__).parents[2]


def can_get(*names: str) -> bool:
    """From a mirror on this machine, or from the registry where `FLOE_INFRA_TEST_ONLINE` says there is a way to it."""
    there = {name.rpartition("/")[2] for mirror in providers.mirrors() for name in mirror.providers}
    return os.environ.get("FLOE_INFRA_TEST_ONLINE") == "1" or there.issuperset(names)


needs_aws_provider = pytest.mark.skipif(
    not can_get("aws"), reason="no mirror with the AWS provider; set FLOE_INFRA_TEST_ONLINE=1 to download it"
)


@dataclass(frozen=True)
class Deployed:
    """A platform that is up, and the AWS it is up in."""

    config: PlatformConfig
    aws: Emulator
    out: Path
    outputs: dict[str, Any]
    """Of the foundation."""
    printed: str = ""
    """What was shown meanwhile."""

    @property
    def directory(self) -> Path:
        return next((self.out / "stacks").glob("*-foundation"))

    @property
    def state(self) -> Path:
        return next((self.out.parent / "terraform-state").glob("*-foundation.tfstate"))

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator."""
        return boto3.client(
            service,
            endpoint_url=self.aws.endpoint,
            region_name=self.config.cloud.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Deployed]]:
    """`deploy("examples/local.yaml")`"""
    with Emulator() as aws:

        def make(file: str) -> Deployed:
            out = tmp_path_factory.mktemp("deployed") / "cdktf.out"
            config = on_emulator(load(ROOT / file), aws.endpoint)
            # Nothing here runs the services: no cluster, and no provider for one.
            with io.StringIO() as shown, redirect_stdout(shown), redirect_stderr(shown):
                outputs = deploy_platform(config, out, yes=True, stacks=["foundation"], environment=aws.environment)
                printed = shown.getvalue()
            return Deployed(config, aws, out, outputs[f"{config.name}-{config.environment}-foundation"], printed)

        yield make
