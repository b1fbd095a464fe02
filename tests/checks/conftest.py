"""What the checks are tried on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from floe_infra.runtime.emulator import Emulator


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulator]:
    """An AWS that nobody else uses."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def client(aws):
    """`client("s3")`"""

    def make(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=aws.endpoint,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    return make
