"""What a plan is read as. The JSON is Terraform 1.11's, cut down to the members that are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from floe_infra.runtime.events import ConstructPaths
from floe_infra.runtime.plan import PlanSummary


def change(address: str, *actions: str, **more: Any) -> dict[str, Any]:
    kind = address.removeprefix("data.").split(".")[0]
    members = {"replace_paths": more.pop("replace_paths")} if "replace_paths" in more else {}
    return {"address": address, "type": kind, "change": {"actions": list(actions), **members}, **more}


def summary(directory: Path, *changes: dict[str, Any], **plan: Any) -> PlanSummary:
    return PlanSummary.from_json({"resource_changes": list(changes), **plan}, ConstructPaths(directory))


def test_changes_are_sorted_by_what_happens(tmp_path: Path) -> None:
    plan = summary(
        tmp_path,
        change("aws_vpc.a", "create"),
        change("aws_vpc.b", "update"),
        change("aws_vpc.c", "delete", "create"),
        change("aws_vpc.d", "create", "delete"),
        change("aws_vpc.e", "delete"),
        change("aws_vpc.f", "no-op"),
        change("data.aws_region.g", "read"),
    )
    assert [c.address for c in plan.adds] == ["aws_vpc.a"]
    assert [c.address for c in plan.updates] == ["aws_vpc.b"]
    assert [c.address for c in plan.replacements] == ["aws_vpc.c", "aws_vpc.d"]
    assert [c.address for c in plan.destroys] == ["aws_vpc.e"]
    assert [c.address for c in plan.no_ops] == ["aws_vpc.f"]
    assert not plan.losses


def test_what_loses_data_is_marked_with_the_reason(tmp_path: Path) -> None:
    plan = summary(
        tmp_path,
        change("aws_kms_key.k", "delete", "create", replace_paths=[["key_usage"], ["tags", 0, "name"]]),
        change("aws_s3_bucket.b", "delete"),
        change("aws_db_instance.d", "update"),
        change("aws_iam_role.r", "delete"),
    )
    assert [c.address for c in plan.losses] == ["aws_kms_key.k", "aws_s3_bucket.b"]
    assert plan.losses[0].replaced_by == ("key_usage", "tags[0].name")


def test_a_plan_is_empty_when_nothing_is_written(tmp_path: Path) -> None:
    quiet = change("aws_vpc.a", "no-op"), change("data.aws_region.r", "read")
    assert summary(tmp_path, *quiet, output_changes={"a": {"actions": ["no-op"]}}).empty
    assert not summary(tmp_path, *quiet, change("aws_vpc.b", "create")).empty
    assert not summary(tmp_path, *quiet, output_changes={"a": {"actions": ["update"]}}).empty
    assert not summary(tmp_path, change("aws_vpc.a", "no-op", previous_address="aws_vpc.b")).empty


def test_changes_name_their_construct(tmp_path: Path) -> None:
    note = {"metadata": {"path": "stack/network/vpc", "uniqueId": "network_vpc"}}
    synthesized = {"resource": {"aws_vpc": {"network_vpc": {"//": note}}}}
    (tmp_path / "cdk.tf.json").write_text(json.dumps(synthesized))
    plan = summary(tmp_path, change('aws_vpc.network_vpc["a"]', "create"), change("aws_vpc.other", "create"))
    assert [c.construct for c in plan.changes] == ["stack/network/vpc", None]
