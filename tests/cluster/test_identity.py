from __future__ import annotations

from typing import Any

import pytest
from cdktf import TerraformOutput
from hypothesis import given
from hypothesis import strategies as st

from alone import PROD, synthesized
from floe_infra.cloud.iam import role_name
from floe_infra.cluster.identity import Identities
from synthesized import resources

PROVIDER = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0A1B"


def runtime(**more: Any) -> dict[str, Any]:
    def make(stack: Any) -> None:
        identities = Identities(
            stack,
            "identities",
            provider_arn=PROVIDER,
            issuer="https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B",
            context=PROD,
        )
        ref = identities.add("runtime", namespace="floe", service_account="dagster", **more).ref
        assert (ref.namespace, ref.service_account) == ("floe", "dagster")
        TerraformOutput(stack, "annotations", value=dict(ref.annotations))
        TerraformOutput(stack, "role", value=ref.role)

    return synthesized(make)


def test_the_role_is_for_exactly_one_service_account():
    [role] = resources(runtime(), "aws_iam_role").values()
    trust = role["assume_role_policy"]
    assert f'"Principal" = {{"Federated" = "{PROVIDER}"}}' in trust
    assert '["system:serviceaccount:floe:dagster", "sts.amazonaws.com"]' in trust
    assert trust.count('trimprefix("https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B", "https://")') == 2
    assert '"StringEquals"' in trust
    assert "StringLike" not in trust
    assert role["name"] == "acme-prod-floe.dagster"


def test_the_service_account_carries_the_roles_arn():
    stack = runtime()
    [address] = stack["resource"]["aws_iam_role"]
    assert stack["output"]["annotations"]["value"] == {"eks.amazonaws.com/role-arn": f"${{aws_iam_role.{address}.arn}}"}
    assert stack["output"]["role"]["value"] == f"${{aws_iam_role.{address}.name}}"


def test_no_permission_unless_asked_for():
    assert "aws_iam_role_policy_attachment" not in runtime()["resource"]
    [attached] = resources(runtime(policies=["AmazonEKS_CNI_Policy"]), "aws_iam_role_policy_attachment").values()
    assert attached["policy_arn"] == "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a-b", "c"), ("a", "b-c")), (("n" * 40, "s" * 40), ("n" * 40, "s" * 39 + "t"))],
)
def test_two_service_accounts_never_share_a_name(one, other):
    assert role_name("acme-prod", *one) != role_name("acme-prod", *other)


def test_a_long_name_stays_the_same_and_readable():
    name = role_name("acme-prod", "kube-system", "s" * 60)
    assert name == role_name("acme-prod", "kube-system", "s" * 60)
    assert name.startswith("acme-prod-kube-system.sss")
    assert len(name) == 64


@given(
    prefix=st.from_regex(r"[a-z]{1,32}", fullmatch=True),
    namespace=st.from_regex(r"[a-z]{1,63}", fullmatch=True),
    service_account=st.from_regex(r"[a-z][a-z0-9.-]{0,200}[a-z]", fullmatch=True),
)
def test_every_name_is_one_that_iam_takes(prefix, namespace, service_account):
    assert 1 <= len(role_name(prefix, namespace, service_account)) <= 64
