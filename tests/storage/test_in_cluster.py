from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from alone import DISPOSABLE, PROD
from chart_values import value_problems
from floe_infra.config import PlatformConfig
from floe_infra.fields import Finding
from floe_infra.kubernetes.config import ChartsConfig
from floe_infra.storage import LocalStackConfig, MinioConfig, RustFsConfig, SeaweedFsConfig
from floe_infra.storage.programs import make_buckets
from in_cluster import STEADY, CopiedSecrets, objects, releases, secret, site, synthesized
from synthesized import resources

KINDS = {config.model_fields["kind"].default: config for config in (RustFsConfig, SeaweedFsConfig, MinioConfig)}
ALL = {**KINDS, "localstack": LocalStackConfig}
KEYS = secret("storage-credentials", "access_key", "secret_key")


def made(kind: str, *, context: Any = PROD, generation: int = 1, **fields: Any) -> tuple[dict[str, Any], Any]:
    servers = []

    def make(stack: Any) -> None:
        keys = secret("storage-credentials", "access_key", "secret_key", generation=generation)
        place = site(secrets=[keys], context=context, cluster_secrets=CopiedSecrets(), charts=ChartsConfig())
        config = ALL[kind].model_validate({"kind": kind, **fields})
        servers.append(config.load_service()(stack, "storage", config=config, site=place))

    return synthesized(make), servers[0]


def job(kind: str = "rustfs", **fields: Any) -> dict[str, Any]:
    return objects(made(kind, **fields)[0])["Job/buckets"]["spec"]["template"]["spec"]


@pytest.mark.parametrize(
    ("kind", "endpoint"),
    [
        ("rustfs", "http://rustfs-svc.storage.svc.cluster.local:9000"),
        ("seaweedfs", "http://seaweedfs-all-in-one.storage.svc.cluster.local:8333"),
        ("minio", "http://minio.storage.svc.cluster.local:9000"),
        ("localstack", "http://localstack.storage.svc.cluster.local:4566"),
    ],
)
def test_others_find_s3_there(kind, endpoint):
    ref = made(kind)[1].ref
    assert (ref.endpoint, ref.path_style, ref.region) == (endpoint, True, "us-east-1")
    assert {layer: bucket.uri for layer, bucket in ref.layers.items()} == {
        layer: f"s3://acme-prod-{layer}" for layer in ("bronze", "silver", "gold")
    }
    assert ref.secret == KEYS
    assert ref.kms_key_arn is None


def test_one_bucket_for_all_layers():
    ref = made("rustfs", layout="single_bucket")[1].ref
    assert [bucket.name for bucket in ref.buckets] == ["acme-prod-warehouse"]
    assert ref.layers["gold"].name == "acme-prod-warehouse"


def test_every_bucket_is_made_that_others_are_told_of():
    ref = made("rustfs", exchange=True, preaggregations=True, bucket_names={"gold": "treasure"})[1].ref
    [container] = job(exchange=True, preaggregations=True, bucket_names={"gold": "treasure"})["containers"]
    told = {bucket.name for bucket in (*ref.buckets, ref.exchange, ref.preaggregations)}
    assert container["command"][:2] == ["python", "/program/make_buckets.py"]
    assert set(container["command"][2:]) == told
    assert "treasure" in told


@pytest.mark.parametrize("kind", ALL)
def test_the_job_has_the_keys_and_the_address(kind):
    [container] = job(kind, generation=2)["containers"]
    given = {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}
    assert given["S3_ENDPOINT"] == made(kind)[1].ref.endpoint
    assert given["S3_SECRET_KEY"] == {"secretKeyRef": {"name": "storage-credentials-2", "key": "secret_key"}}
    assert job(kind)["nodeSelector"] == STEADY["nodeSelector"]


def test_the_program_is_mounted_whole():
    data = objects(made("rustfs")[0])["ConfigMap/buckets"]["data"]
    assert data == {"make_buckets.py": Path(make_buckets.__file__).read_text(encoding="utf-8")}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("context", "kept"), [(PROD, True), (DISPOSABLE, False)])
def test_what_is_on_disk_is_kept(kind, context, kept):
    release = resources(made(kind, context=context)[0], "helm_release")[f"storage/{kind}/release"]
    assert release.get("lifecycle", {}).get("prevent_destroy", False) is kept


@pytest.mark.parametrize("kind", ALL)
def test_charts_read_every_value(kind):
    assert value_problems(made(kind)[0]) == []


@pytest.mark.parametrize("kind", ALL)
def test_ones_own_values_are_laid_over(kind):
    values = releases(made(kind, values={"fullnameOverride": "mine"})[0])[kind]["values"]
    assert values["fullnameOverride"] == "mine"


def platform(kind: str, environment: str = "dev", **storage: Any) -> PlatformConfig:
    cluster = {"kind": "kubeconfig", "context": "kind-floe"}
    given = {"name": "acme", "environment": environment, "cloud": {"provider": "local"}, "cluster": cluster}
    database = {"kind": "in_cluster" if environment == "dev" else "none"}
    off = {section: {"kind": "none"} for section in ("catalog", "lineage")} if environment != "dev" else {}
    return PlatformConfig.model_validate({**given, "storage": {"kind": kind, **storage}, "database": database, **off})


def findings(*arguments: Any, **storage: Any) -> list[Finding]:
    with pytest.raises(ValidationError) as error:
        platform(*arguments, **storage)
    return [finding for each in error.value.errors() for finding in each["ctx"]["findings"]]


@pytest.mark.parametrize("environment", ["staging", "prod"])
@pytest.mark.parametrize("kind", ALL)
def test_they_carry_nothing_that_matters(kind, environment):
    [finding] = findings(kind, environment)
    assert finding.path == ("storage", "kind")
    assert finding.message.startswith(f"{kind} is not for {environment}: ")


@pytest.mark.parametrize(("kind", "warned"), [("minio", True), ("localstack", True), ("rustfs", False)])
def test_warnings(kind, warned):
    assert ("storage" in platform(kind).warnings) is warned


def test_names_obey_s3s_rules():
    found = findings("rustfs", layers=["bronze"], bucket_prefix="a" * 60)
    assert [each.message.rpartition('"')[2] for each in found] == [" has 67 characters", " has 73 characters"]


def test_two_buckets_never_have_one_name():
    assert any(
        "is that of the" in each.message for each in findings("rustfs", bucket_names={"gold": "acme-dev-bronze"})
    )


def test_whoever_uses_the_storage_reads_its_keys():
    needs = platform("rustfs").needs
    assert "storage-credentials" in needs["storage"].secrets
    assert {section for section, need in needs.items() if "storage-credentials" in need.reads} == {
        "catalog",
        "runtime",
    }


def test_a_cluster_is_needed():
    with pytest.raises(ValidationError, match="rustfs needs a cluster"):
        PlatformConfig.model_validate(
            {"name": "acme", "environment": "local", "cloud": {"region": "eu-west-1"}, "storage": {"kind": "rustfs"}}
        )
