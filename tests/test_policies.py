"""Every example's resources are encrypted, private, TLS only, versioned and protected; and the check itself sees."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from floe_infra.config import PlatformConfig, load
from floe_infra.synthesis import synthesize
from policies import EVERYTHING, NOTHING_TO_KEEP, POLICIES, PROJECT_ROLES, policy_problems
from synthesized import resources

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "floe-infra.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]

Made = dict[str, tuple[PlatformConfig, dict[str, Any]]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Each example's stacks, by the example's and the stack's name."""
    stacks: Made = {}
    for file in FILES:
        config = load(file)
        for stack in synthesize(config, tmp_path_factory.mktemp("out")):
            stacks[f"{file.stem} {stack.name.rpartition('-')[2]}"] = (config, json.loads(stack.file.read_text()))
    return stacks


def test_examples_keep_to_them(made: Made):
    assert {name: policy_problems(*stack) for name, stack in made.items()} == {name: [] for name in made}


def test_no_exception_stands_that_nothing_needs(made: Made):
    documents = [document for _, document in made.values()]
    types = {type for document in documents for part in ("resource", "ephemeral") for type in document.get(part, {})}
    assert set(POLICIES) | set(NOTHING_TO_KEEP) <= types
    assert not set(POLICIES) & set(NOTHING_TO_KEEP)
    roles = [block["role"] for each in documents for block in resources(each, "google_project_iam_member").values()]
    assert set(PROJECT_ROLES) == set(roles)
    assert set(EVERYTHING) <= {path for each in documents for path in resources(each, "aws_iam_role_policy")}


def test_each_service_account_has_a_role_of_its_own(made: Made):
    """And what Google calls a service account, likewise."""
    for name, (_, document) in made.items():
        trusts = [role["assume_role_policy"] for role in resources(document, "aws_iam_role").values()]
        subjects = [re.findall(r"system:serviceaccount:[\w.-]+:[\w.-]+", trust) for trust in trusts]
        members = resources(document, "google_service_account_iam_member").values()
        pairs = [(each["member"], each["service_account_id"]) for each in members]
        assert all(len(each) <= 1 for each in subjects), name
        for given in ([each[0] for each in subjects if each], *map(list, zip(*pairs, strict=True))):
            assert len(set(given)) == len(given), name


def change(block: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    here: Any = block
    for step in above:
        here = here[step]
        here = here[0] if isinstance(here, list) else here
    here[last] = value


@pytest.mark.parametrize(
    ("stack", "type", "path", "value"),
    [
        ("floe-infra foundation", "aws_s3_bucket", "force_destroy", True),
        ("floe-infra foundation", "aws_s3_bucket", "lifecycle.prevent_destroy", False),
        ("floe-infra foundation", "aws_s3_bucket_versioning", "versioning_configuration.status", "Suspended"),
        ("floe-infra foundation", "aws_s3_bucket_public_access_block", "block_public_policy", False),
        ("floe-infra foundation", "aws_s3_bucket_policy", "policy", "${data.aws_iam_policy_document.none.json}"),
        ("floe-infra foundation", "aws_db_instance", "publicly_accessible", True),
        ("floe-infra foundation", "aws_db_instance", "storage_encrypted", False),
        ("floe-infra foundation", "aws_db_instance", "password", "hunter2"),
        ("floe-infra foundation", "aws_db_instance", "deletion_protection", False),
        ("floe-infra foundation", "aws_db_parameter_group", "parameter", []),
        ("floe-infra foundation", "aws_eks_cluster", "vpc_config.endpoint_public_access", True),
        ("floe-infra foundation", "aws_eks_cluster", "vpc_config.public_access_cidrs", ["0.0.0.0/0"]),
        ("floe-infra foundation", "aws_launch_template", "metadata_options.http_tokens", "optional"),
        ("floe-infra foundation", "aws_launch_template", "block_device_mappings.ebs.encrypted", "false"),
        ("floe-infra foundation", "aws_kms_key", "enable_key_rotation", False),
        ("floe-infra foundation", "aws_kms_key", "policy", '{"Statement" = [{"Principal" = {"AWS" = "*"}}]}'),
        ("floe-infra foundation", "aws_kms_key", "policy", '{"Statement" = [{"Principal" = "*"}]}'),
        ("floe-infra foundation", "aws_cloudwatch_log_group", "kms_key_id", None),
        ("floe-infra foundation", "aws_subnet", "map_public_ip_on_launch", True),
        ("floe-infra foundation", "aws_flow_log", "vpc_id", "elsewhere"),
        ("floe-infra foundation", "aws_vpc_security_group_ingress_rule", "cidr_ipv4", "0.0.0.0/0"),
        ("floe-infra foundation", "aws_secretsmanager_secret_version", "secret_string", "hunter2"),
        ("floe-infra foundation", "aws_secretsmanager_secret_version", "secret_string_wo", "hunter2"),
        ("floe-infra foundation", "aws_iam_role", "assume_role_policy", '{"Principal" = {"AWS" = "*"}}'),
        ("floe-infra foundation", "aws_iam_role_policy", "policy", '{"Action" = "s3:*", "Resource" = "a"}'),
        ("floe-infra foundation", "aws_iam_role_policy", "policy", '{"Action" = "s3:GetObject", "Resource" = "*"}'),
        ("floe-infra services", "helm_release", "version", None),
        ("floe-infra services", "helm_release", "set", [{"name": "a", "value": "b"}]),
        ("floe-infra services", "kubernetes_namespace_v1", "metadata.labels", {}),
        ("floe-infra services", "kubernetes_storage_class_v1", "parameters", {"type": "gp3"}),
        ("gcp-prod foundation", "google_storage_bucket", "public_access_prevention", "inherited"),
        ("gcp-prod foundation", "google_storage_bucket", "encryption", None),
        ("gcp-prod foundation", "google_sql_database_instance", "settings.ip_configuration.ipv4_enabled", True),
        ("gcp-prod foundation", "google_sql_user", "password", "hunter2"),
        ("gcp-prod foundation", "google_container_cluster", "private_cluster_config.enable_private_nodes", False),
        ("gcp-prod foundation", "google_container_node_pool", "node_config.service_account", None),
        ("gcp-prod foundation", "google_project_iam_member", "role", "roles/editor"),
        ("gcp-prod foundation", "google_storage_bucket_iam_member", "member", "allUsers"),
        ("gcp-prod foundation", "google_kms_crypto_key", "rotation_period", None),
    ],
)
def test_what_does_not_keep_to_them_is_seen(made: Made, stack: str, type: str, path: str, value: Any):
    config, document = copy.deepcopy(made[stack])
    for block in document["resource"][type].values():
        change(block, path, value)
    assert policy_problems(config, document)


def test_a_type_that_nobody_knows_is_seen(made: Made):
    config, _ = made["floe-infra foundation"]
    assert policy_problems(config, {"resource": {"aws_new": {"x": {}}}}) == [
        "aws_new.x: is of a type for which no policy is written down, in neither table"
    ]
