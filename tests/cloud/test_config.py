from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from floe_infra.cloud import AwsCloud, GoogleCloud, LocalCloud
from floe_infra.config import PlatformConfig

CLUSTER = {"kind": "kubeconfig", "context": "kind-floe"}


def platform(cloud: Any, **sections: Any) -> PlatformConfig:
    return PlatformConfig.model_validate({"name": "acme", "environment": "dev", "cloud": cloud, **sections})


def paths(cloud: Any, **sections: Any) -> set[tuple[Any, ...]]:
    with pytest.raises(ValidationError) as error:
        platform(cloud, **sections)
    return {
        (*each["loc"], *finding.path) for each in error.value.errors() for finding in each["ctx"].get("findings", ())
    }


def test_without_a_provider_it_is_aws():
    assert isinstance(platform({"region": "eu-west-1"}).cloud, AwsCloud)


def test_no_cloud_has_neither_account_nor_endpoint():
    cloud = platform({"provider": "local"}, cluster=CLUSTER).cloud
    assert isinstance(cloud, LocalCloud)
    assert (cloud.region, cloud.account_id, cloud.endpoint) == ("us-east-1", None, None)


@pytest.mark.parametrize("key", ["region", "account_id", "endpoint", "tags"])
def test_on_no_cloud_nothing_is_to_be_said_of_one(key):
    with pytest.raises(ValidationError) as error:
        platform({"provider": "local", key: "eu-west-1"}, cluster=CLUSTER)
    assert [(each["type"], each["loc"]) for each in error.value.errors()] == [
        ("extra_forbidden", ("cloud", "local", key))
    ]


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ("network", {"kind": "vpc"}),
        ("cluster", {"kind": "existing_eks", "name": "shared"}),
        ("storage", {"kind": "s3"}),
        ("database", {"kind": "rds"}),
        ("secrets", {"kind": "external_secrets"}),
        ("catalog", {"kind": "glue"}),
        ("state", {"kind": "s3", "bucket": "acme-state"}),
    ],
)
def test_kinds_of_aws_do_not_exist_on_no_cloud(section, kind):
    assert (section, "kind") in paths({"provider": "local"}, **{"cluster": CLUSTER, section: kind})


AWS = {"region": "eu-west-1", "account_id": "111122223333"}


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("permissions_boundary", "lakehouse-boundary", "is not valid here"),
        ("permissions_boundary", "arn:aws:iam::111122223333:role/lakehouse", "is not valid here"),
        ("permissions_boundary", "arn:aws:iam::444455556666:policy/a", "the policy is in the account 444455556666"),
        ("permissions_boundary", "arn:aws-cn:iam::111122223333:policy/a", "the policy is in the partition aws-cn"),
        ("role_path", "lakehouse", "is not valid here"),
        ("role_path", "/lakehouse", "is not valid here"),
        ("role_path", "/a b/", "is not valid here"),
    ],
)
def test_what_no_role_can_have(key, value, says):
    with pytest.raises(ValidationError) as error:
        platform({**AWS, key: value})
    [found] = error.value.errors()
    assert says in found["msg"]
    assert key in (*found["loc"], *(step for finding in found["ctx"]["findings"] for step in finding.path))


@pytest.mark.parametrize(
    "cloud",
    [
        {**AWS, "permissions_boundary": "arn:aws:iam::111122223333:policy/teams/lake", "role_path": "/teams/lake/"},
        {**AWS, "permissions_boundary": "arn:aws:iam::aws:policy/PowerUserAccess"},
        {"region": "cn-north-1", "permissions_boundary": "arn:aws-cn:iam::111122223333:policy/a"},
        {"region": "us-gov-west-1", "permissions_boundary": "arn:aws-us-gov:iam::111122223333:policy/a"},
    ],
)
def test_what_every_role_can_have(cloud):
    assert platform(cloud).cloud.permissions_boundary == cloud["permissions_boundary"]


GOOGLE = {"provider": "gcp", "project": "acme-data-prod", "region": "europe-west4"}


def test_googles_project_is_what_pays():
    cloud = GoogleCloud.model_validate(GOOGLE)
    assert (cloud.account_id, cloud.place) == ("acme-data-prod", "europe-west4, project acme-data-prod")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("region", "europe-west4-a"),
        ("region", "eu-west-1"),
        ("region", "EU"),
        ("project", "123456789012"),
        ("project", "short"),
        ("project", "ends-with-"),
        ("project", "Acme-Data"),
        ("project", "a" * 31),
        ("labels", {"Owner": "data"}),
        ("labels", {"owner": "Data Platform"}),
        ("labels", {"4711": "a"}),
        ("labels", {"goog-terraform": "a"}),
        ("labels", {"floe-infra-platform": "a"}),
        ("labels", {"a" * 64: "a"}),
        ("labels", {"a": "a" * 64}),
        ("groups_domain", "example"),
        ("groups_domain", "gke-security-groups@example.com"),
    ],
)
def test_what_google_would_refuse_is_refused(key, value):
    with pytest.raises(ValidationError) as error:
        GoogleCloud.model_validate(GOOGLE | {key: value})
    assert {each["loc"][0] for each in error.value.errors()} == {key}


@pytest.mark.parametrize("region", ["us-central1", "europe-west12", "northamerica-northeast2", "me-central2"])
def test_regions_of_google(region):
    assert GoogleCloud.model_validate(GOOGLE | {"region": region}).region == region


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ("network", {"kind": "vpc"}),
        ("cluster", {"kind": "existing_eks", "name": "shared"}),
        ("storage", {"kind": "s3"}),
        ("database", {"kind": "rds"}),
        ("secrets", {"kind": "external_secrets"}),
        ("catalog", {"kind": "glue"}),
        ("state", {"kind": "s3", "bucket": "acme-state"}),
    ],
)
def test_kinds_of_aws_do_not_exist_on_google(section, kind):
    assert (section, "kind") in paths(GOOGLE, **{"cluster": CLUSTER, section: kind})
