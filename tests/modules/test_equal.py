"""A module plans what its construct plans, whatever the variables say: derived as it is, this is what proves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from floe_infra.storage.config import S3Config

from .conftest import HAS_AWS
from .plans import of_construct, of_module

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not HAS_AWS, reason="no AWS provider")]

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"


@dataclass(frozen=True)
class Case:
    module: str
    variables: dict[str, Any]
    build: Callable[[Any, Any], Any]
    context: dict[str, Any] = field(default_factory=dict)


def s3(**config: Any) -> Callable[[Any, Any], Any]:
    from floe_infra.storage.s3 import S3Storage

    whole = S3Config.model_validate({"bucket_prefix": "acme-prod", **config})
    return lambda scope, context: S3Storage(scope, "storage", config=whole, context=context)


UNPROTECTED = {"environment": "dev", "name": "acme-prod", "allow_data_loss": True}
ONE_BUCKET = {"layout": "single_bucket", "bucket_names": {"warehouse": "acme-prod"}}
CASES = {
    "s3-default": Case("s3", {"bucket_name": "acme-prod"}, s3(**ONE_BUCKET)),
    "s3-all": Case(
        "s3",
        {
            "bucket_name": "acme-prod",
            "layers": ["bronze", "gold_2"],
            "preaggregations": True,
            "exchange": True,
            "compute_logs": True,
            "preaggregations_expire_days": 3,
            "compute_logs_expire_days": 4,
            "logs_expire_days": 5,
            "lifecycle_rules": {"abort_incomplete_uploads_days": 2, "noncurrent_versions_days": 6},
        },
        s3(
            layers=["bronze", "gold_2"],
            preaggregations=True,
            exchange=True,
            compute_logs=True,
            preaggregations_expire_days=3,
            compute_logs_expire_days=4,
            logs_expire_days=5,
            lifecycle={"abort_incomplete_uploads_days": 2, "noncurrent_versions_days": 6},
        ),
    ),
    "s3-existing-key": Case(
        "s3",
        {
            "bucket_name": "acme-prod",
            "kms_key_arn": KEY,
            "exchange": True,
            "lifecycle_rules": {"intelligent_tiering": False},
        },
        s3(**ONE_BUCKET, kms_key_arn=KEY, exchange=True, lifecycle={"intelligent_tiering": False}),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_module_plans_what_the_construct_plans(case, aws, tmp_path):
    module = of_module(case.module, case.variables, tmp_path / "module", aws)
    construct = of_construct(case.build, tmp_path / "construct", aws, **case.context)
    assert module
    assert sorted((module - construct).elements()) == sorted((construct - module).elements())
