"""The JSON Schema agrees with the loader as far as a schema can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from edited_files import edited_files
from floe_infra.config import ConfigError
from floe_infra.config.document import Document
from floe_infra.config.load import validate
from floe_infra.config.schema import FILE, schema, text

ROOT = Path(__file__).parents[2]
SCHEMA = Draft202012Validator(schema())
HEAD = {"name": "acme", "environment": "dev", "cloud": {"region": "eu-west-1"}}
FILES = [ROOT / "floe-infra.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]


def refused(data: dict[str, Any]) -> bool:
    return not SCHEMA.is_valid(data)


def test_the_committed_schema_is_that_of_the_models():
    assert (ROOT / FILE).read_text(encoding="utf-8") == text(), "make schemas"


def test_it_is_a_schema():
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_examples_are_valid_and_name_the_schema(file: Path):
    SCHEMA.validate(Document.read(file).data)
    reference = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / reference).resolve() == ROOT / FILE


def test_every_key_is_described():
    whole = schema()
    for name, model in {"": whole, **whole["$defs"]}.items():
        assert "\n" not in model["description"], name
        for key, value in model["properties"].items():
            assert value["description"].endswith("."), f"{name}.{key}"
            assert "\n" not in value["description"], f"{name}.{key}"


def test_defaults_of_tiers_are_told_apart():
    storage = schema()["$defs"]["S3Config"]["properties"]
    assert storage["logs_expire_days"]["description"].endswith("30 in local, dev; 90 in staging; 365 in prod.")
    assert "default" not in storage["logs_expire_days"]
    assert storage["preaggregations_expire_days"]["default"] == 30


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"network": {}},
        {"network": {"zones": 2}},
        {"network": {"kind": "existing_vpc", "vpc_id": "vpc-12345678", "private_subnet_ids": ["subnet-12345678"] * 2}},
        {"cluster": {"node_groups": {"workers": {"max_size": 9}}}},
        {"state": {"kind": "s3", "bucket": "acme-state"}},
        {"storage": {"kms_key_arn": None}},
    ],
)
def test_what_is_fine(section: dict[str, Any]):
    SCHEMA.validate({**HEAD, **section})


@pytest.mark.parametrize(
    "section",
    [
        {"netwrok": {}},
        {"name": "Acme"},
        {"environment": "production"},
        {"cloud": {}},
        {"cloud": {"region": "eu"}},
        {"cloud": {"region": "eu-west-1", "account_id": 111122223333}},
        {"network": None},
        {"network": "vpc"},
        {"network": {"kind": "vcp"}},
        {"network": {"zones": 7}},
        {"network": {"zones": "3"}},
        {"network": {"cidr": "10.0.0.0"}},
        {"network": {"vpc_id": "vpc-12345678"}},
        {"network": {"kind": "existing_vpc"}},
        {"state": {"bucket": "acme-state"}},
        {"storage": {"layers": []}},
        {"storage": {"layers": ["A"]}},
        {"storage": {"bucket_prefix": "A_"}},
        {"storage": {"lifecycle": {"x": 1}}},
        {"cluster": {"node_groups": {"Bad_Name": {"instance_types": ["m5.large"]}}}},
        {"compute": {"cpu": 0}},
    ],
)
def test_what_is_not(section: dict[str, Any]):
    assert refused({**HEAD, **section})


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(edited_files())
def test_it_never_refuses_what_the_loader_accepts(content: str):
    try:
        document = Document(content, "f.yaml")
        validate(document)
    except ConfigError:
        return
    SCHEMA.validate(document.data)
