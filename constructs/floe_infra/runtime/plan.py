"""What a plan would do, and what of that touches data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from floe_infra.runtime.events import ConstructPaths

STATEFUL_TYPES = frozenset(
    {
        "aws_db_instance",
        "aws_dynamodb_table",
        "aws_ebs_volume",
        "aws_efs_file_system",
        "aws_glue_catalog_database",
        "aws_glue_catalog_table",
        "aws_kms_key",
        "aws_rds_cluster",
        "aws_s3_bucket",
        "aws_secretsmanager_secret",
        "google_bigquery_dataset",
        "google_bigquery_table",
        "google_compute_disk",
        "google_kms_crypto_key",
        "google_secret_manager_secret",
        "google_sql_database",
        "google_sql_database_instance",
        "google_storage_bucket",
    }
)
"""Resource types whose loss is a loss of data: what they hold does not come back with the next apply.

Keys count, since what they encrypted is lost with them.
"""

Action = Literal["create", "read", "update", "replace", "delete", "forget", "no-op"]


@dataclass(frozen=True)
class Change:
    """What happens to one resource."""

    address: str
    type: str
    action: Action
    construct: str | None = None
    replaced_by: tuple[str, ...] = ()
    """Of a replacement: the arguments whose change cannot be made in place."""
    moved_from: str | None = None

    @property
    def stateful(self) -> bool:
        return self.type in STATEFUL_TYPES

    @property
    def loses_data(self) -> bool:
        """True when data would be gone: a stateful resource that is replaced or destroyed."""
        return self.stateful and self.action in ("replace", "delete")


@dataclass(frozen=True)
class PlanSummary:
    """Every resource of a plan, in the order of the plan."""

    changes: tuple[Change, ...]
    outputs_change: bool = False

    @classmethod
    def from_json(cls, plan: Mapping[str, Any], constructs: ConstructPaths) -> PlanSummary:
        """Read the output of ``terraform show -json PLANFILE``."""
        outputs = plan.get("output_changes", {}).values()
        return cls(
            tuple(_change(change, constructs) for change in plan.get("resource_changes", [])),
            outputs_change=any(output["actions"] != ["no-op"] for output in outputs),
        )

    def of(self, *actions: Action) -> tuple[Change, ...]:
        """The changes with one of these actions."""
        return tuple(change for change in self.changes if change.action in actions)

    @property
    def adds(self) -> tuple[Change, ...]:
        return self.of("create")

    @property
    def updates(self) -> tuple[Change, ...]:
        return self.of("update")

    @property
    def replacements(self) -> tuple[Change, ...]:
        return self.of("replace")

    @property
    def destroys(self) -> tuple[Change, ...]:
        return self.of("delete")

    @property
    def no_ops(self) -> tuple[Change, ...]:
        return self.of("no-op")

    @property
    def losses(self) -> tuple[Change, ...]:
        """What would lose data."""
        return tuple(change for change in self.changes if change.loses_data)

    @property
    def empty(self) -> bool:
        """True when applying would change nothing, in resources, in their addresses or in outputs."""
        quiet = all(change.action in ("no-op", "read") and not change.moved_from for change in self.changes)
        return quiet and not self.outputs_change


def _change(record: Mapping[str, Any], constructs: ConstructPaths) -> Change:
    address = record["address"]
    return Change(
        address=address,
        type=record["type"],
        action=_action(record["change"]["actions"]),
        construct=constructs.get(address),
        replaced_by=tuple(_argument(path) for path in record["change"].get("replace_paths", [])),
        moved_from=record.get("previous_address"),
    )


def _action(actions: list[str]) -> Action:
    """Terraform says a replacement as two actions, whose order is that of `create_before_destroy`."""
    single: dict[str, Action] = {
        "create": "create",
        "read": "read",
        "update": "update",
        "delete": "delete",
        "forget": "forget",
        "no-op": "no-op",
    }
    return single[actions[0]] if len(actions) == 1 else "replace"


def _argument(path: list[str | int]) -> str:
    """`["vpc_config", 0, "subnet_ids"]` as `vpc_config[0].subnet_ids`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
