"""What a deployed platform is asked, as Terraform has filled it in; buckets and databases on the emulator answer."""

from __future__ import annotations

import pytest

from floe_infra.checks import CHECKS
from floe_infra.checks.program.run import read, run, succeeded
from floe_infra.cli.handoff import deployed_files

from .conftest import needs_aws_provider

pytestmark = [pytest.mark.slow, needs_aws_provider]


def test_local_example_answers_until_something_is_missing(deploy):
    platform = deploy("examples/local.yaml")
    environment = platform.aws.environment
    checks = read(deployed_files(platform.config, platform.out, environment=environment)[CHECKS])

    found = list(run(checks, environment, timeout=15))
    assert succeeded(found), [result.line for result in found]
    assert [result.name for result in found] == ["storage bronze", "storage silver", "storage gold", "catalog glue"]
    buckets = [check.what.uri.removeprefix("s3://") for check in checks[:3]]
    assert not any("Contents" in platform.client("s3").list_objects_v2(Bucket=bucket) for bucket in buckets)

    database = platform.config.catalog.database_name("gold", prefix="floe-local")
    platform.client("glue").delete_database(Name=database)
    *storage, glue = run(checks, environment, timeout=15)
    assert succeeded(storage)
    assert (glue.state, glue.fix) == ("failed", f"the database {database} is missing: deploy again")
