"""What every resource keeps to, whatever the configuration says: encrypted, private, TLS only, versioned, protected.

By type of resource, so that no kind escapes: what is of a type that is in neither table is a problem itself. Used on
every example (`test_policies.py`) and on random configurations (`test_properties.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from floe_infra.config import PlatformConfig

Block = dict[str, Any]
Problems = Iterator[str]


@dataclass(frozen=True)
class Stack:
    """A synthesized stack, and what it was made from."""

    config: PlatformConfig
    document: dict[str, Any]

    def of(self, type: str) -> dict[str, Block]:
        return self.document.get("resource", {}).get(type, {})

    def about(self, type: str, argument: str, of: str, name: str) -> list[Block]:
        """Blocks of a type whose argument refers to a resource."""
        reference = f"${{{of}.{name}."
        return [block for block in self.of(type).values() if str(block.get(argument, "")).startswith(reference)]

    def statements(self, policy: str) -> list[Block]:
        """Those of a policy document that a policy refers to."""
        documents = self.document.get("data", {}).get("aws_iam_policy_document", {})
        name = policy.removeprefix("${data.aws_iam_policy_document.").removesuffix(".json}")
        return documents[name]["statement"] if name in documents else []


Policy = Callable[[Stack, str, Block], Problems]


def policy_problems(config: PlatformConfig, document: dict[str, Any]) -> list[str]:
    """What a stack's resources do not keep to, each with its address."""
    stack = Stack(config, document)
    found = [
        f"{type}.{name}: {problem}"
        for section in ("resource", "ephemeral")
        for type, blocks in document.get(section, {}).items()
        for name, block in blocks.items()
        for problem in _of_type(stack, type, name, block)
    ]
    return [*found, *_outputs(document)]


def _of_type(stack: Stack, type: str, name: str, block: Block) -> Problems:
    if type in POLICIES:
        for policy in POLICIES[type]:
            yield from policy(stack, name, block)
    elif type not in NOTHING_TO_KEEP:
        yield "is of a type for which no policy is written down, in neither table"


def _outputs(document: dict[str, Any]) -> Problems:
    for name, output in document.get("output", {}).items():
        if output.get("sensitive"):
            yield f"output.{name}: holds something that nobody may see"


def _at(block: Any, path: str) -> Any:
    """`a.b.c`; lists of one block as the block."""
    for step in path.split("."):
        while isinstance(block, list):
            block = block[0] if block else {}
        block = block.get(step) if isinstance(block, dict) else None
    return {"true": True, "false": False}.get(block, block) if isinstance(block, str) else block


def has(**wanted: Any) -> Policy:
    """Arguments with exactly these values; `__` in a name leads into a block. `...` stands for any value at all."""

    def check(_: Stack, __: str, block: Block) -> Problems:
        for path, value in wanted.items():
            given = _at(block, path.replace("__", "."))
            if given in (None, "") if value is ... else given != value:
                yield f"{path} is {given!r}, not {'set' if value is ... else repr(value)}"

    return check


def lacks(*arguments: str) -> Policy:
    """Without arguments that would put a value into the state."""

    def check(_: Stack, __: str, block: Block) -> Problems:
        yield from (f"{argument} is set" for argument in arguments if _at(block, argument) not in (None, ""))

    return check


def kept(stack: Stack, _: str, block: Block) -> Problems:
    """Held by `prevent_destroy` unless file and environment both give it up."""
    if stack.config.keeps_data and _at(block, "lifecycle.prevent_destroy") is not True:
        yield "nothing keeps it from being destroyed"


def protected(argument: str, *, inverted: bool = False) -> Policy:
    """The service's own protection follows the platform's."""

    def check(stack: Stack, _: str, block: Block) -> Problems:
        if _at(block, argument) is not (stack.config.keeps_data != inverted):
            yield f"{argument} is {_at(block, argument)!r}, and keeps_data {stack.config.keeps_data}"

    return check


def beside(type: str, argument: str, **wanted: Any) -> Policy:
    """Exactly one resource of another type is about it, and has these values."""

    def check(stack: Stack, name: str, block: Block) -> Problems:
        own = next(type for type in ("aws_s3_bucket", "aws_vpc") if name in stack.of(type))
        found = stack.about(type, argument, own, name)
        if len(found) != 1:
            yield f"{len(found)} {type} are about it"
        for each in found:
            yield from (f"{type}: {problem}" for problem in has(**wanted)(stack, name, each))

    return check


def only_tls(stack: Stack, name: str, _: Block) -> Problems:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"""
    policies = stack.about("aws_s3_bucket_policy", "bucket", "aws_s3_bucket", name)
    statements = [each for policy in policies for each in stack.statements(policy["policy"])]
    denied = [
        each
        for each in statements
        if each.get("effect") == "Deny"
        and {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]} in each["condition"]
    ]
    if not denied:
        yield "answers without TLS"
    for each in statements:
        if each.get("effect") != "Deny" and any("*" in who["identifiers"] for who in each.get("principals", [])):
            yield "lets everybody in"


def encrypted_bucket(stack: Stack, name: str, _: Block) -> Problems:
    """With a key of one's own; logs, which S3 delivers, with S3's (https://docs.aws.amazon.com/AmazonS3/latest/userguide/
    enable-server-access-logging.html)."""
    type = "aws_s3_bucket_server_side_encryption_configuration"
    rule = "rule.apply_server_side_encryption_by_default"
    for each in stack.about(type, "bucket", "aws_s3_bucket", name):
        if _at(each, f"{rule}.sse_algorithm") != "aws:kms" and "_logs_bucket_" not in name:
            yield f"is encrypted by {_at(each, f'{rule}.sse_algorithm')}"


def public_only_when_said(stack: Stack, _: str, block: Block) -> Problems:
    cidrs, given = _at(block, "vpc_config.public_access_cidrs"), stack.config.cluster.public_access_cidrs
    if _at(block, "vpc_config.endpoint_public_access") is not bool(given) or sorted(cidrs or []) != sorted(given):
        yield "can be reached from networks that the file does not name"


def from_named_networks(_: Stack, __: str, block: Block) -> Problems:
    if {block.get("cidr_ipv4"), block.get("cidr_ipv6")} & {"0.0.0.0/0", "::/0"}:
        yield "lets the whole internet in"


def private(_: Stack, __: str, block: Block) -> Problems:
    if block.get("map_public_ip_on_launch"):
        yield "gives public addresses"


def only_tls_to_the_database(_: Stack, __: str, block: Block) -> Problems:
    if {"name": "rds.force_ssl", "value": "1"} not in block["parameter"]:
        yield "answers without TLS"


def no_rules(_: Stack, __: str, block: Block) -> Problems:
    if block.get("ingress") or block.get("egress"):
        yield "has rules of its own"


def trusts_somebody(_: Stack, __: str, block: Block) -> Problems:
    if re.search(r'"(AWS|Service|Federated|Principal)" = "\*"', block.get("assume_role_policy", "")):
        yield "anybody may act as it"


def key_policy(stack: Stack, _: str, block: Block) -> Problems:
    """Named principals alone: the account, whose IAM policies then count, and CloudWatch's logs."""
    principals = re.findall(r'"Principal" = \{"(\w+)" = "([^"]*)"\}', block["policy"])
    if len(principals) != block["policy"].count('"Principal"') or any("*" in who for _, who in principals):
        yield f"the policy lets in {principals}"
    account = [who for kind, who in principals if kind == "AWS"]
    if len(account) != 1 or not account[0].endswith(":root"):
        yield f"the account is not its owner: {account}"


EVERYTHING = {
    "cluster/autoscaler_policy": "what is only looked at has no resource that these calls would know",
}
"""Policies with `Resource: "*"`, by construct path; why."""


def named_resources(stack: Stack, _: str, block: Block) -> Problems:
    """Exactly named resources, and no action that stands for all of a service's."""
    path = block["//"]["metadata"]["path"].split("/", 1)[1]
    policy = block["policy"]
    if policy.startswith("${data.aws_iam_policy_document."):
        statements = stack.statements(policy)
        resources = [each for statement in statements for each in statement.get("resources", [])]
        actions = [each for statement in statements for each in statement.get("actions", [])]
        assert statements, path
    else:
        resources = _texts(policy, "Resource")
        actions = _texts(policy, "Action")
    if not resources or not actions:
        yield f"cannot be read: {policy[:200]}"
    if "*" in resources and path not in EVERYTHING:
        yield "is about every resource there is"
    yield from (f"allows {action}" for action in actions if action == "*" or action.endswith(":*"))


def _texts(policy: str, key: str) -> list[str]:
    found = re.findall(rf'"{key}" = (\[[^\]]*\]|"[^"]*"|[\w.\[\]-]+)', policy)
    return [text for each in found for text in (re.findall(r'"([^"]*)"', each) or [each])]


def narrow_role(_: Stack, __: str, block: Block) -> Problems:
    """https://cloud.google.com/iam/docs/roles-overview#basic"""
    if block["role"] in ("roles/owner", "roles/editor", "roles/viewer") or block["role"].endswith(".admin"):
        yield f"gives {block['role']}"
    if block["member"] in ("allUsers", "allAuthenticatedUsers"):
        yield "is for everybody"


PROJECT_ROLES = {
    "roles/artifactregistry.reader": "nodes read images",
    "roles/container.defaultNodeServiceAccount": "what GKE's nodes need, and no more",
    "roles/bigquery.jobUser": "a query is a job of the project's; on which data, datasets say",
    "roles/cloudsql.instanceUser": "bound to one server by a condition",
}
"""What is given in the whole project; why."""


def known_in_the_project(_: Stack, __: str, block: Block) -> Problems:
    if block["role"] not in PROJECT_ROLES:
        yield f"gives {block['role']} in the whole project"
    elif block["role"].startswith("roles/cloudsql") and "condition" not in block:
        yield "is about every server of the project"


def closed_to_the_world(_: Stack, __: str, block: Block) -> Problems:
    if block.get("allow") and "0.0.0.0/0" in block.get("source_ranges", []):
        yield "lets the whole internet in"


def encrypted_on_google(argument: str, section: str, but: str = "") -> Policy:
    """With a key of one's own, unless the file says that Google's will do; what services deliver, with Google's."""

    def check(stack: Stack, name: str, block: Block) -> Problems:
        if getattr(stack.config, section).own_key and not _at(block, argument) and not (but and but in name):
            yield f"{argument} names no key"

    return check


def pinned(_: Stack, __: str, block: Block) -> Problems:
    """A chart from a repository in one version, over TLS; or from a folder, of which the user answers."""
    repository = block.get("repository")
    if repository and not str(repository).startswith(("https://", "oci://", "http://")):
        yield f"comes from {repository}"
    if repository and not re.fullmatch(r"\d+\.\d+\.\d+[\w.+-]*", str(block.get("version", ""))):
        yield f"is of version {block.get('version')!r}"
    if block.get("set") or block.get("set_sensitive") or block.get("set_wo"):
        yield "has values beside its values"


def pods_are_limited(stack: Stack, _: str, block: Block) -> Problems:
    labels = _at(block, "metadata.labels") or block.get("labels") or {}
    level = labels.get("pod-security.kubernetes.io/enforce")
    name = _at(block, "metadata.name")
    looser = {
        need.namespace: getattr(stack.config, section).pod_security
        for section, need in stack.config.needs.items()
        if getattr(stack.config, section).pod_security != "restricted"
    }
    if level != looser.get(name, "restricted"):
        yield f"enforces {level}"


def encrypted_disks(stack: Stack, _: str, block: Block) -> Problems:
    if "aws" in _at(block, "storage_provisioner") and _at(block, "parameters.encrypted") is not True:
        yield "makes disks that are not encrypted"


def secret_is_written_once(stack: Stack, name: str, block: Block) -> Problems:
    """By write-only arguments, which no state holds, and from what is ephemeral."""
    values = [str(value) for key, value in block.items() if key.endswith("_wo")]
    if not values:
        yield "has no value that is only written"
    yield from (f"holds a value that is known: {value[:80]}" for value in values if "ephemeral." not in value)


def long_enough(_: Stack, __: str, block: Block) -> Problems:
    length = block.get("length") or block.get("password_length") or 0
    if length < 40:
        yield f"is {length} characters long"


BUCKET: list[Policy] = [
    kept,
    protected("force_destroy", inverted=True),
    beside("aws_s3_bucket_versioning", "bucket", versioning_configuration__status="Enabled"),
    beside("aws_s3_bucket_server_side_encryption_configuration", "bucket"),
    beside(
        "aws_s3_bucket_public_access_block",
        "bucket",
        **dict.fromkeys(
            ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
        ),
    ),
    beside("aws_s3_bucket_ownership_controls", "bucket", rule__object_ownership="BucketOwnerEnforced"),
    beside("aws_s3_bucket_policy", "bucket"),
    only_tls,
    encrypted_bucket,
]

POLICIES: dict[str, list[Policy]] = {
    "aws_s3_bucket": BUCKET,
    "aws_db_instance": [
        kept,
        protected("deletion_protection"),
        has(
            storage_encrypted=True,
            kms_key_id=...,
            publicly_accessible=False,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=...,
            copy_tags_to_snapshot=True,
            backup_retention_period=...,
            iam_database_authentication_enabled=True,
        ),
        lacks("password", "password_wo"),
    ],
    "aws_db_parameter_group": [only_tls_to_the_database],
    "aws_eks_cluster": [
        has(
            vpc_config__endpoint_private_access=True,
            encryption_config__resources=["secrets"],
            encryption_config__provider__key_arn=...,
            access_config__authentication_mode="API",
            enabled_cluster_log_types=["api", "audit", "authenticator", "controllerManager", "scheduler"],
        ),
        public_only_when_said,
    ],
    "aws_launch_template": [
        has(
            metadata_options__http_tokens="required",
            metadata_options__http_put_response_hop_limit=1,
            block_device_mappings__ebs__encrypted=True,
        ),
        lacks("user_data", "key_name"),
    ],
    "aws_kms_key": [kept, has(enable_key_rotation=True), key_policy],
    "aws_cloudwatch_log_group": [has(kms_key_id=..., retention_in_days=...)],
    "aws_subnet": [
        lambda _, __, block: iter(["gives public addresses"] if block.get("map_public_ip_on_launch") else [])
    ],
    "aws_vpc": [beside("aws_flow_log", "vpc_id", traffic_type="ALL")],
    "aws_default_security_group": [no_rules],
    "aws_vpc_security_group_ingress_rule": [from_named_networks],
    "aws_security_group": [no_rules],
    "aws_secretsmanager_secret": [kept, has(kms_key_id=...)],
    "aws_secretsmanager_secret_version": [lacks("secret_string", "secret_binary"), secret_is_written_once],
    "aws_secretsmanager_random_password": [long_enough],
    "random_password": [long_enough],
    "aws_iam_role": [trusts_somebody],
    "aws_iam_role_policy": [named_resources],
    "aws_glue_catalog_database": [kept],
    "google_storage_bucket": [
        kept,
        protected("force_destroy", inverted=True),
        has(uniform_bucket_level_access=True, public_access_prevention="enforced", versioning__enabled=True),
        encrypted_on_google("encryption.default_kms_key_name", "storage", but="_logs_bucket_"),
    ],
    "google_sql_database_instance": [
        kept,
        protected("deletion_protection"),
        protected("settings.deletion_protection_enabled"),
        has(
            settings__ip_configuration__ssl_mode="ENCRYPTED_ONLY",
            settings__ip_configuration__ipv4_enabled=False,
            settings__ip_configuration__private_network=...,
            settings__backup_configuration__enabled=True,
            settings__backup_configuration__point_in_time_recovery_enabled=True,
        ),
        lacks("root_password", "root_password_wo"),
    ],
    "google_sql_user": [lacks("password")],
    "google_container_cluster": [
        has(
            private_cluster_config__enable_private_nodes=True,
            workload_identity_config__workload_pool=...,
            enable_legacy_abac=False,
            enable_shielded_nodes=True,
            datapath_provider="ADVANCED_DATAPATH",
            master_auth__client_certificate_config__issue_client_certificate=False,
        ),
        encrypted_on_google("database_encryption.key_name", "cluster"),
    ],
    "google_container_node_pool": [
        has(
            network_config__enable_private_nodes=True,
            node_config__shielded_instance_config__enable_secure_boot=True,
            node_config__shielded_instance_config__enable_integrity_monitoring=True,
            node_config__workload_metadata_config__mode="GKE_METADATA",
            node_config__service_account=...,
        )
    ],
    "google_kms_crypto_key": [kept, has(rotation_period=...)],
    "google_compute_subnetwork": [has(private_ip_google_access=True, log_config__flow_sampling=...)],
    "google_compute_firewall": [closed_to_the_world],
    "google_secret_manager_secret": [kept, protected("deletion_protection")],
    "google_secret_manager_secret_version": [lacks("secret_data"), secret_is_written_once],
    "google_bigquery_dataset": [kept, protected("delete_contents_on_destroy", inverted=True)],
    "google_bigquery_connection_iam_member": [narrow_role],
    "google_bigquery_dataset_iam_member": [narrow_role],
    "google_kms_crypto_key_iam_member": [narrow_role],
    "google_secret_manager_secret_iam_member": [narrow_role],
    "google_service_account_iam_member": [narrow_role],
    "google_storage_bucket_iam_member": [narrow_role],
    "google_project_iam_member": [narrow_role, known_in_the_project],
    "helm_release": [pinned],
    "kubernetes_namespace_v1": [pods_are_limited],
    "kubernetes_labels": [pods_are_limited],
    "kubernetes_storage_class_v1": [encrypted_disks],
}
"""By type of resource."""

NOTHING_TO_KEEP = {
    **dict.fromkeys(
        (
            "aws_s3_bucket_lifecycle_configuration",
            "aws_s3_bucket_logging",
            "aws_s3_bucket_ownership_controls",
            "aws_s3_bucket_policy",
            "aws_s3_bucket_public_access_block",
            "aws_s3_bucket_server_side_encryption_configuration",
            "aws_s3_bucket_versioning",
            "aws_flow_log",
        ),
        "held to it with the bucket or the network that it is about",
    ),
    **dict.fromkeys(
        (
            "aws_db_subnet_group",
            "aws_eip",
            "aws_internet_gateway",
            "aws_nat_gateway",
            "aws_route",
            "aws_route_table",
            "aws_route_table_association",
            "aws_vpc_endpoint",
            "google_compute_global_address",
            "google_compute_network",
            "google_compute_router",
            "google_compute_router_nat",
            "google_service_networking_connection",
        ),
        "a way through the network: who may go it, security groups and firewalls say",
    ),
    **dict.fromkeys(
        ("aws_eks_access_entry", "aws_eks_access_policy_association"), "whom the file names as administrators"
    ),
    **dict.fromkeys(("aws_eks_addon", "aws_eks_node_group"), "what it is made of, its launch template and role say"),
    "aws_iam_openid_connect_provider": "roles say whom of it they trust",
    "aws_iam_role_policy_attachment": "AWS' own policies for its own services",
    "aws_kms_alias": "a name",
    "google_bigquery_connection": "its account may do what buckets say",
    "google_kms_key_ring": "cannot be destroyed at all",
    "google_logging_project_bucket_config": "logs of the control plane, encrypted by Google",
    "google_logging_project_exclusion": "what is in the bucket already",
    "google_logging_project_sink": "into the bucket",
    "google_project_service": "an API",
    "google_service_account": "an identity without keys",
    "kubernetes_persistent_volume_claim_v1": "what keeps it is its storage class",
    "terraform_data": "a random name",
}
"""Types of resource about which nothing more is to be said; why."""
