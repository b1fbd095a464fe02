"""Every block that the examples synthesize has the arguments that its provider knows; and the check itself sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from floe_infra.config import load
from floe_infra.synthesis import synthesize
from provider_schema import conformance_problems

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "floe-infra.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_examples_conform(file: Path, tmp_path: Path):
    stacks = synthesize(load(file), tmp_path / "cdktf.out")
    assert {stack.name: conformance_problems(json.loads(stack.file.read_text())) for stack in stacks} == {
        stack.name: [] for stack in stacks
    }


def resource(type: str, **arguments: Any) -> list[str]:
    return conformance_problems({"resource": {type: {"x": arguments}}})


CLUSTER = {"name": "a", "role_arn": "${aws_iam_role.x.arn}", "vpc_config": {"subnet_ids": ["subnet-1"]}}
RELEASE = {"name": "a", "chart": "b"}
_JOB = {"metadata": {}, "spec": {"template": {"metadata": {}}}}
CRON_JOB = {"metadata": {}, "spec": {"schedule": "@daily", "job_template": _JOB}}


def deployment(**container: Any) -> dict[str, Any]:
    """With its single blocks written once as lists and once as objects."""
    pod = {"metadata": [{"labels": {"app": "a"}}], "spec": {"container": [{"name": "c"} | container]}}
    return {"metadata": {"name": "a"}, "spec": [{"selector": {"match_labels": {"app": "a"}}, "template": [pod]}]}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="only what is required"),
        pytest.param({"vpc_config": [CLUSTER["vpc_config"]]}, id="a list of one block"),
        pytest.param({"vpc_config": "${local.vpc}"}, id="a token for a block"),
        pytest.param({"tags": "${{ for k, v in local.t : k => v }}"}, id="an expression for a map"),
        pytest.param({"enabled_cluster_log_types": ["api", "${local.more}"]}, id="a token in a list"),
        pytest.param({"//": {"metadata": {}}, "timeouts": {"create": "1h", "//": "long"}}, id="comments"),
        pytest.param({"count": 2, "depends_on": ["aws_vpc.x"], "provider": "aws.other"}, id="meta-arguments"),
        pytest.param(
            {"lifecycle": {"prevent_destroy": True, "ignore_changes": ["tags", "vpc_config[0].x"]}}, id="kept"
        ),
        pytest.param({"lifecycle": {"ignore_changes": ["all"]}}, id="no changes"),
        pytest.param({"lifecycle": {"precondition": [{"condition": "${a}", "error_message": "b"}]}}, id="condition"),
        pytest.param({"vpc_config": None, "dynamic": {"vpc_config": {"content": {"subnet_ids": []}}}}, id="generated"),
        pytest.param({"encryption_config": {"resources": [], "provider": {"key_arn": "${a}"}}}, id="deep"),
    ],
)
def test_what_terraform_takes(changed):
    assert resource("aws_eks_cluster", **CLUSTER | changed) == []


@pytest.mark.parametrize(
    ("type", "arguments"),
    [
        pytest.param("kubernetes_deployment_v1", deployment(), id="deep"),
        pytest.param("kubernetes_manifest", {"manifest": {"a": [1, "b", None], "b": {"c": True}}}, id="a free map"),
        pytest.param("kubernetes_cron_job_v1", CRON_JOB, id="an argument documented without its name"),
        pytest.param("helm_release", RELEASE | {"set": [{"name": "c", "value": "d"}]}, id="a list of objects"),
        pytest.param("terraform_data", {"input": 1}, id="built in"),
    ],
)
def test_what_other_providers_take(type, arguments):
    assert resource(type, **arguments) == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"nmae": "a"}, "nmae: not an argument; name is"),
        ({"arn": "a"}, "arn: not an argument"),  # the provider's own answer
        ({"forceDetachPolicies": True}, "forceDetachPolicies: not an argument; force_detach_policies is"),
        ({"assume_role_policy": None}, "assume_role_policy: is required, and missing"),
        ({"max_session_duration": "1h"}, 'max_session_duration: a number is wanted, not "1h"'),
        ({"max_session_duration": True}, "max_session_duration: a number is wanted, not true"),
        ({"max_session_duration": [1]}, "max_session_duration: a number is wanted, not [1]"),
        ({"max_session_duration": "1${a}"}, 'max_session_duration: a number is wanted, not "1${a}"'),
        ({"max_session_duration": "${a}${b}"}, 'max_session_duration: a number is wanted, not "${a}${b}"'),
        ({"max_session_duration": "$${a}"}, 'max_session_duration: a number is wanted, not "$${a}"'),
        ({"force_detach_policies": "yes"}, 'force_detach_policies: a boolean is wanted, not "yes"'),
        ({"force_detach_policies": 1}, "force_detach_policies: a boolean is wanted, not 1"),
        ({"name": 5}, "name: a string is wanted, not 5"),
        ({"name": False}, "name: a string is wanted, not false"),
        ({"name": ["a"]}, 'name: a string is wanted, not ["a"]'),
        ({"name": {"a": "b"}}, 'name: a string is wanted, not {"a": "b"}'),
        ({"managed_policy_arns": "a"}, 'managed_policy_arns: a list is wanted, not "a"'),
        ({"managed_policy_arns": {"a": "b"}}, 'managed_policy_arns: a list is wanted, not {"a": "b"}'),
        ({"managed_policy_arns": ["a", 1]}, "managed_policy_arns[1]: a string is wanted, not 1"),
        ({"tags": "a"}, 'tags: a map is wanted, not "a"'),
        ({"tags": ["a"]}, 'tags: a map is wanted, not ["a"]'),
        ({"tags": {"a": {}}}, 'tags["a"]: a string is wanted, not {}'),
        ({"inline_policy": "a"}, 'inline_policy: a list is wanted, not "a"'),
        ({"inline_policy": ["a"]}, 'inline_policy[0]: a block is wanted, not "a"'),
        ({"inline_policy": {"policy": 1}}, "inline_policy[0].policy: a string is wanted, not 1"),
        ({"inline_policy": [{}, {"polciy": "a"}]}, "inline_policy[1].polciy: not an argument; policy is"),
        ({"depends_on": "aws_vpc.x"}, 'depends_on: a list is wanted, not "aws_vpc.x"'),
        ({"lifecycle": {"prevent_destory": True}}, "lifecycle.prevent_destory: not an argument; prevent_destroy is"),
        ({"lifecycle": {"prevent_destroy": "no"}}, 'lifecycle.prevent_destroy: a boolean is wanted, not "no"'),
        ({"lifecycle": {"ignore_changes": ["tagz"]}}, "lifecycle.ignore_changes: tagz is not an argument; tags is"),
    ],
)
def test_what_is_wrong_with_a_role(changed, problem):
    role = {"assume_role_policy": "{}"} | changed
    assert resource("aws_iam_role", **role) == [f"aws_iam_role.x: {problem}"]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"vpc_config": "a"}, 'vpc_config: a block is wanted, not "a"'),
        ({"vpc_config": None}, "vpc_config: is required, and missing"),
        ({"vpc_config": []}, "vpc_config: is required, and missing"),
        ({"vpc_config": {}}, "vpc_config.subnet_ids: is required, and missing"),
        ({"vpc_config": [CLUSTER["vpc_config"]] * 2}, "vpc_config: is given 2 times; one is allowed"),
        ({"timeouts": [{"craete": "1h"}]}, "timeouts[0].craete: not an argument; create is"),
        ({"dynamic": {"timeouts": {"content": {"day": 1}}}}, "dynamic.timeouts.content[0].day: not an argument"),
        ({"dynamic": {"timeout": {"content": {}}}}, "dynamic.timeout: not an argument; timeouts is"),
        ({"dynamic": {"name": {"content": {}}}}, "dynamic.name: not an argument"),  # it is one, but no block
    ],
)
def test_what_is_wrong_with_a_clusters_blocks(changed, problem):
    assert resource("aws_eks_cluster", **CLUSTER | changed) == [f"aws_eks_cluster.x: {problem}"]


@pytest.mark.parametrize(
    ("container", "problem"),
    [
        ({"image_pul_policy": "Always"}, "image_pul_policy: not an argument; image_pull_policy is"),
        ({"name": None}, "name: is required, and missing"),
        ({"args": "-v"}, 'args: a list is wanted, not "-v"'),
        ({"port": {"container_port": "http"}}, 'port[0].container_port: a number is wanted, not "http"'),
        ({"resources": {"limits": ["1Gi"]}}, 'resources.limits: a map is wanted, not ["1Gi"]'),
        ({"security_context": {"privileged": "no"}}, 'security_context.privileged: a boolean is wanted, not "no"'),
    ],
)
def test_what_is_wrong_deep_in_a_deployment(container, problem):
    where = "kubernetes_deployment_v1.x: spec[0].template[0].spec.container[0]"
    problems = resource("kubernetes_deployment_v1", **deployment(**container))
    assert problems == [f"{where}.{problem}"]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"chart": None}, "chart: is required, and missing"),
        ({"values": "{}"}, 'values: a list is wanted, not "{}"'),
        ({"values": [{"a": 1}]}, 'values[0]: a string is wanted, not {"a": 1}'),
        ({"set": {"name": "c"}}, 'set: a list is wanted, not {"name": "c"}'),  # an attribute, not a block
        ({"set": [{"value": "d"}]}, "set[0].name: is required, and missing"),
        ({"set": [{"name": "c", "//": "d"}]}, "set[0].//: not an argument"),
        ({"postrender": [{"binary_path": "c"}]}, 'postrender: an object is wanted, not [{"binary_path": "c"}]'),
    ],
)
def test_what_is_wrong_with_a_release(changed, problem):
    assert resource("helm_release", **RELEASE | changed) == [f"helm_release.x: {problem}"]


def test_all_problems_at_once():
    problems = resource("aws_eks_cluster", nme="a", vpc_config={"subnet_ids": "a", "endpoint": True})
    assert [problem.split(": ")[1] for problem in problems] == [
        "nme", "vpc_config.subnet_ids", "vpc_config.endpoint", "name", "role_arn"
    ]  # fmt: skip


def test_types_that_no_provider_has():
    assert resource("aws_s3_buckett") == ["aws_s3_buckett.x: provider aws has no such resource"]
    assert resource("asw_s3_bucket") == [
        "asw_s3_bucket.x: the bindings of provider asw are not installed, so nothing can be said of it"
    ]


def test_data_sources_have_arguments_of_their_own():
    stack = {"data": {"aws_iam_role": {"x": {"name": "a", "path": "/"}}, "aws_flow_log": {"x": {}}}}
    assert conformance_problems(stack) == [
        "data.aws_iam_role.x: path: not an argument",
        "data.aws_flow_log.x: provider aws has no such data",
    ]


def test_what_is_built_into_terraform():
    stack = {"data": {"terraform_remote_state": {"x": {"backend": "s3", "confg": {}}}, "terraform_dat": {"x": {}}}}
    assert conformance_problems(stack) == [
        "data.terraform_remote_state.x: confg: not an argument; config is",
        "data.terraform_dat.x: provider terraform has no such data",
    ]


def test_ephemeral_resources_are_held_to_their_data_source():
    stack = {"ephemeral": {"aws_secretsmanager_random_password": {"x": {"password_lenght": 32}}, "aws_new": {"x": {}}}}
    assert conformance_problems(stack) == [
        "ephemeral.aws_secretsmanager_random_password.x: password_lenght: not an argument; password_length is"
    ]


def test_providers_without_bindings_are_held_to_what_is_written_down():
    stack = {"ephemeral": {"random_password": {"x": {"lenght": 32, "special": "no"}}}}
    assert conformance_problems(stack) == [
        "ephemeral.random_password.x: lenght: not an argument; length is",
        'ephemeral.random_password.x: special: a boolean is wanted, not "no"',
        "ephemeral.random_password.x: length: is required, and missing",
    ]


def test_providers():
    kubernetes = {"host": "${local.host}", "exec": {"api_version": "v1", "command": "aws", "arg": ["eks"]}}
    stack = {
        "provider": {
            "aws": [{"region": "eu-west-1", "alias": "a"}, {"regoin": "eu-west-1", "assume_role": [{"duration": 5}]}],
            "helm": {"kubernetes": kubernetes},
            "kubernetes": [{"host": True, "exec": [{"command": "aws"}]}],
        }
    }
    assert conformance_problems(stack) == [
        "provider.aws.1: regoin: not an argument; region is",
        "provider.aws.1: assume_role[0].duration: a string is wanted, not 5",
        "provider.helm.0: kubernetes.exec.arg: not an argument; args is",
        "provider.kubernetes.0: host: a string is wanted, not true",
        "provider.kubernetes.0: exec[0].api_version: is required, and missing",
    ]
