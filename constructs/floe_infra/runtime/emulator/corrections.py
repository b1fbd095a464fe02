"""Where moto's answers differ from AWS, so that Terraform would want to change what it has just made.

Each correction replaces one name of moto and says what AWS returns instead. They hold only while an emulator runs:
:func:`corrected` puts moto's own back, so that a process which also uses moto directly is not affected. Found with
moto 5.2 and the AWS provider 5.100; one that moto has learned meanwhile does no harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

import moto.eks
import moto.eks.models
import moto.eks.responses
import moto.iam.models
from moto.core.responses import ActionResult
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.kms.responses import KmsResponse
from moto.moto_api._internal import mock_random
from moto.rds.models import DBInstance, DBParameterGroup
from moto.rds.responses import RDSResponse
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response
from werkzeug.routing import Rule

from floe_infra.runtime.emulator.eks_api import eks_backends

_MISSING = object()
_CORRECTIONS: list[tuple[Any, str, Callable[[Any], Any]]] = [
    (moto.eks, "eks_backends", lambda _: eks_backends),
    (moto.eks.models, "eks_backends", lambda _: eks_backends),
    (moto.eks.responses, "eks_backends", lambda _: eks_backends),
    # AWS has its managed policies from the start; moto loads them only when told to by the environment.
    (moto.iam.models, "load_iam_aws_managed_policies", lambda _: lambda: True),
]


@contextmanager
def corrected() -> Iterator[None]:
    """Let moto answer as AWS does, for as long as the context lasts."""
    own = [(owner, name, vars(owner).get(name, _MISSING)) for owner, name, _ in _CORRECTIONS]
    for owner, name, correction in _CORRECTIONS:
        setattr(owner, name, correction(getattr(owner, name, None)))
    try:
        yield
    finally:
        for owner, name, original in own:
            if original is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, original)


def _corrects(owner: Any, name: str) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Register a function from moto's method (None where moto has none) to the one that takes its place."""

    def register(correction: Callable[[Any], Any]) -> Callable[[Any], Any]:
        _CORRECTIONS.append((owner, name, correction))
        return correction

    return register


# Routing


@_corrects(Rule, "compile")
def _one_rule_at_a_time(compile: Any) -> Any:
    """Threads that build rules at the same time fail in CPython 3.11 with `SystemError: AST constructor recursion depth
    mismatch` (https://github.com/python/cpython/issues/106905), and moto builds rules at a service's first request."""
    lock = RLock()

    def locked(rule: Any) -> None:
        with lock:
            compile(rule)

    return locked


# EC2


@_corrects(SecurityGroupRule, "description")
def _rule_description(_: Any) -> Any:
    """A rule from a security group or prefix list has its description too; moto reads only an address range's."""

    def description(rule: Any) -> str | None:
        found: str | None = rule.ip_range.get("Description") or rule.source_group.get("Description")
        return found

    return property(description)


@_corrects(LaunchTemplate, "create_version")
def _launch_template_version(original: Any) -> Any:
    """The tags of the template itself are no part of its data; moto lists them among what instances get."""

    def create_version(self: Any, data: dict[str, Any], description: str) -> Any:
        tags = [t for t in data.get("TagSpecifications") or [] if t["ResourceType"] != "launch-template"]
        return original(self, {**data, "TagSpecifications": tags}, description)

    return create_version


@_corrects(LaunchTemplate, "tags")
def _launch_template_tags(_: Any) -> Any:
    """The template's own tags, as they are now; moto answers those of its creation."""
    return property(lambda self: self.get_tags(), lambda *_: None)


@_corrects(NatGatewayBackend, "delete_nat_gateway")
def _delete_nat_gateway(original: Any) -> Any:
    """The gateway's network interface goes with it; moto leaves it in the subnet."""

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        gateway = original(self, nat_gateway_id)
        for address in gateway.address_set:
            self.enis.pop(address["networkInterfaceId"], None)
        return gateway

    return delete_nat_gateway


# KMS


@_corrects(KmsResponse, "enable_key_rotation")
def _enable_rotation(original: Any) -> Any:
    """Remember the period, 365 days unless told otherwise; moto drops it."""

    def enable_key_rotation(self: Any) -> str:
        answer: str = original(self)
        key = self.kms_backend.describe_key(self._get_param("KeyId"))
        key.rotation_period_in_days = self._get_param("RotationPeriodInDays") or 365
        return answer

    return enable_key_rotation


@_corrects(KmsResponse, "get_key_rotation_status")
def _rotation_status(original: Any) -> Any:
    """The period is part of the answer when rotation is on."""

    def get_key_rotation_status(self: Any) -> str:
        status = json.loads(original(self))
        key = self.kms_backend.describe_key(self._get_param("KeyId"))
        if status["KeyRotationEnabled"]:
            status["RotationPeriodInDays"] = getattr(key, "rotation_period_in_days", 365)
        return json.dumps(status)

    return get_key_rotation_status


# RDS

_ENGINE_RELEASES = {"postgres": {"13": "13.21", "14": "14.18", "15": "15.13", "16": "16.9", "17": "17.5"}}
"""What RDS makes of a major version alone."""


@_corrects(DBInstance, "__init__")
def _db_instance(original: Any) -> Any:
    """Each instance has its own resource id (the provider's id for it), a full version, today's certificate."""

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("ca_certificate_identifier", "rds-ca-rsa2048-g1")
        original(self, *args, **kwargs)
        self.dbi_resource_id = "db-" + mock_random.get_random_string(26).upper()
        self.enable_performance_insights = kwargs.get("enable_performance_insights", False)
        self.performance_insights_kms_key_id = kwargs.get("performance_insights_kms_key_id")
        self.performance_insights_retention_period = kwargs.get("performance_insights_retention_period")
        if self.db_cluster_identifier is None:
            releases = _ENGINE_RELEASES.get(self.engine, {})
            self.engine_version = releases.get(self.engine_version, self.engine_version)

    return init


@_corrects(DBInstance, "performance_insights_enabled")
def _performance_insights(_: Any) -> Any:
    """Moto keeps the argument of the request (its ``modify`` sets it by that name) but answers nothing."""
    return property(lambda self: bool(self.enable_performance_insights))


@_corrects(DBParameterGroup, "update_parameters")
def _parameters_of_the_user(original: Any) -> Any:
    """A parameter that was set has the source ``user``; the provider reads no others."""

    def update_parameters(self: Any, new_parameters: Any) -> None:
        original(self, [{"Source": "user", **parameter} for parameter in new_parameters])

    return update_parameters


@_corrects(RDSResponse, "reset_db_parameter_group")
def _reset_parameters(_: Any) -> Any:
    """A parameter that leaves the configuration goes back to the engine's default."""

    def reset_db_parameter_group(self: Any) -> ActionResult:
        name = self.params.get("DBParameterGroupName")
        group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
        for parameter in self.params.get("Parameters", []):
            group.parameters.pop(parameter["ParameterName"], None)
        return ActionResult({"DBParameterGroupName": name})

    return reset_db_parameter_group


# S3


@_corrects(FakeBucket, "set_lifecycle")
def _set_lifecycle(original: Any) -> Any:
    """Keep what moto's rules have no place for, beside them."""

    def set_lifecycle(self: Any, rules: list[dict[str, Any]]) -> None:
        original(self, rules)
        for rule, requested in zip(self.rules, rules, strict=True):
            rule.requested = requested

    return set_lifecycle


@_corrects(FakeBucket, "_log_permissions_enabled_policy")
def _log_permissions(_: Any) -> Any:
    """The principal of a statement may be `"*"`, on which moto fails; one that may write logs is looked for anew.

    AWS takes the configuration either way, and delivers nothing without the permission: moto's refusal is kept.
    """

    def log_permissions_enabled_policy(target_bucket: Any, target_prefix: str | None) -> bool:
        if not target_bucket.policy:
            return False
        bucket = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}"
        targets = {f"{bucket}/{target_prefix or ''}*", f"{bucket}/*"}
        return any(
            statement["Effect"] == "Allow"
            and isinstance(principal := statement.get("Principal"), dict)
            and "logging.s3.amazonaws.com" in _listed(principal.get("Service"))
            and "s3:PutObject" in _listed(statement.get("Action"))
            and targets & set(_listed(statement.get("Resource")))
            for statement in _listed(json.loads(target_bucket.policy)["Statement"])
        )

    return staticmethod(log_permissions_enabled_policy)


def _listed(value: Any) -> list[Any]:
    """IAM lets a list of one be written without the brackets."""
    return value if isinstance(value, list) else [value]


@_corrects(FakeBucket, "get_permission")
def _bucket_permission(original: Any) -> Any:
    """A statement with a condition is left out: moto evaluates none, so a refusal of plain HTTP refused everything."""

    def get_permission(self: Any, action: str, resource: str) -> Any:
        policy = self.policy
        if not policy:
            return original(self, action, resource)
        document = json.loads(policy)
        document["Statement"] = [each for each in _listed(document["Statement"]) if "Condition" not in each]
        self.policy = json.dumps(document).encode()
        try:
            return original(self, action, resource)
        finally:
            self.policy = policy

    return get_permission


@_corrects(S3Response, "serialized")
def _s3_answer(original: Any) -> Any:
    """Lifecycle: how many noncurrent versions stay, and object sizes. Logging: the format of the logs' keys."""

    def serialized(self: Any, action_result: Any) -> Any:
        answer = action_result.result
        if isinstance(answer, dict):  # not an error
            if "Rules" in answer and self.data.get("Action") == "GetBucketLifecycleConfiguration":
                kept = self.backend.get_bucket_lifecycle(self.bucket_name)
                for rule, original_rule in zip(answer["Rules"], kept, strict=True):
                    _complete_lifecycle_rule(rule, original_rule.requested)
            elif "LoggingEnabled" in answer:
                requested = self.backend.get_bucket_logging(self.bucket_name).get("TargetObjectKeyFormat")
                key_format = {kind: settings or {} for kind, settings in (requested or {}).items()}
                answer["LoggingEnabled"]["TargetObjectKeyFormat"] = key_format or None
        return original(self, action_result)

    return serialized


def _complete_lifecycle_rule(answer: dict[str, Any], requested: dict[str, Any]) -> None:
    noncurrent = requested.get("NoncurrentVersionExpiration") or {}
    if "NewerNoncurrentVersions" in noncurrent:
        answer["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = noncurrent["NewerNoncurrentVersions"]
    conditions = requested.get("Filter") or {}
    _copy_object_sizes(conditions, answer.get("Filter"))
    _copy_object_sizes(conditions.get("And") or {}, (answer.get("Filter") or {}).get("And"))


def _copy_object_sizes(requested: dict[str, Any], answer: dict[str, Any] | None) -> None:
    for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if answer is not None and name in requested:
            answer[name] = requested[name]
