"""A team's own buckets and Glue databases, beside a platform that floe-infra has deployed.

Where the platform's buckets are is read from Terraform's state. The team's come of the modules `s3` and `glue-catalog`.
Pulumi runs these itself, and keeps what they make in its own state.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_hcl as hcl
import pulumi_terraform as terraform

MODULES = "../../terraform-modules"
"""Elsewhere, a module's source is `git::https://…/floe-infra.git//terraform-modules/s3?ref=v0.1.0`."""


def platform_outputs(state: Any) -> Mapping[str, Any]:
    """What `terraform output` says of the platform's foundation, whose state is a file (`path`) or in S3."""
    given = set(state) if isinstance(state, dict) else set()
    if given == {"path"}:
        return terraform.state.get_local_reference(path=os.path.abspath(state["path"])).outputs
    if given - {"region"} == {"bucket", "key"}:
        return terraform.state.get_s3_reference(**state).outputs
    raise pulumi.RunError("state: where the platform's state is, `path`; or `bucket`, `key` and, if need be, `region`.")


config = pulumi.Config()
team = config.require("team")
layers: list[str] = config.require_object("layers")
publishes = config.require("publishes")

warehouse: Mapping[str, str] = platform_outputs(config.require_object("state")).get("warehouse", {})
if publishes not in warehouse:
    there = ", ".join(sorted(warehouse)) or "none"
    raise pulumi.RunError(f"publishes: the platform has no layer {publishes!r}; it has {there}.")
if publishes in layers:
    raise pulumi.RunError(f"layers: {publishes!r} is the layer of the platform in which the team publishes.")

buckets = hcl.Module(
    "buckets",
    source=f"{MODULES}/s3",
    inputs={
        "bucket_name": f"{team}-{pulumi.get_stack()}",
        "layers": layers,
        "lifecycle_rules": {"noncurrent_versions_days": 14},
    },
)

# Keys are known before anything is made, so that a preview says which databases there will be.
databases = hcl.Module(
    "databases",
    source=f"{MODULES}/glue-catalog",
    inputs={
        "database_prefix": f"{team}_{pulumi.get_stack()}".replace("-", "_"),
        "layers": {
            **{layer: buckets.outputs["bucket_uris"][layer] for layer in layers},
            publishes: f"{warehouse[publishes]}/{team}",
        },
    },
)

pulumi.export("bucket_uris", buckets.outputs["bucket_uris"])
pulumi.export("kms_key_arn", buckets.outputs["kms_key_arn"])
pulumi.export("database_names", databases.outputs["database_names"])
