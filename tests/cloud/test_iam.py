from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alone import PROD, synthesized
from floe_infra.cloud.iam import Role, service_trust
from floe_infra.config import load
from synthesized import resources


def role(**more: Any) -> dict[str, Any]:
    def make(stack: Any) -> None:
        trust = service_trust("eks.amazonaws.com", context=PROD, **more)
        context = replace(PROD, partition="aws-us-gov")
        Role(
            stack, "role", name="r", description="d", trust=trust, context=context, policies=["AmazonEKSClusterPolicy"]
        )

    return synthesized(make)


def test_a_service_acts_for_this_account_only():
    [block] = resources(role(source_arn="arn:aws:eks:::cluster/x"), "aws_iam_role").values()
    trust = block["assume_role_policy"]
    assert '"Principal" = {"Service" = "eks.amazonaws.com"}' in trust
    assert '"ArnLike" = {"aws:SourceArn" = "arn:aws:eks:::cluster/x"}' in trust
    assert '"StringEquals" = {"aws:SourceAccount" = "111122223333"}' in trust


def test_a_service_that_does_not_say_for_whom():
    [block] = resources(role(), "aws_iam_role").values()
    assert "Condition" not in block["assume_role_policy"]


def test_managed_policies_of_the_partition():
    [attached] = resources(role(), "aws_iam_role_policy_attachment").values()
    assert attached["policy_arn"] == "arn:aws-us-gov:iam::aws:policy/AmazonEKSClusterPolicy"


BOUNDARY = "arn:aws:iam::111122223333:policy/lakehouse-boundary"
EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/aws-*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_role_keeps_the_companys_boundary_and_path(example: Path, synth: Any):
    config = load(example)
    cloud = config.cloud.model_copy(update={"permissions_boundary": BOUNDARY, "role_path": "/lakehouse/"})
    foundation = synth(config.model_copy(update={"cloud": cloud}))["foundation"]
    roles = foundation["resource"]["aws_iam_role"].values()
    assert len(roles) > 5
    assert {(role["path"], role["permissions_boundary"]) for role in roles} == {("/lakehouse/", BOUNDARY)}


def test_nothing_is_said_of_what_nobody_wants():
    [block] = resources(role(), "aws_iam_role").values()
    assert not {"path", "permissions_boundary"} & block.keys()
