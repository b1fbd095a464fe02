"""Checkov's word on Terraform files, and the few times when it is not taken.

Whatever Checkov says is mended rather than suppressed. What is suppressed is listed here, once, as narrowly as names
allow, and with the reason; docs/checkov.yaml tells Checkov the same of one's own platform.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CHECKOV = Path(sys.prefix) / "checkov" / "bin" / "checkov"
"""`scripts/setup` puts it there: its dependencies do not go together with ours."""


@dataclass(frozen=True)
class Failed:
    """A check that a block does not pass."""

    check: str
    name: str
    """What the check asks for, in Checkov's words."""
    stack: str
    """The folder that the block is in, below the one that was scanned."""
    block: str
    """`aws_s3_bucket.storage_logs_bucket_F30D43C9`; `data.…` of a data source."""

    def __str__(self) -> str:
        return f"{self.check} {self.stack}: {self.block}: {self.name}"


@dataclass(frozen=True)
class Report:
    """What Checkov found."""

    failed: tuple[Failed, ...]
    passed: int


@dataclass(frozen=True)
class Suppression:
    """One decision not to do what Checkov asks for."""

    check: str
    blocks: str
    """A pattern that blocks match as a whole."""
    reason: str
    stacks: str = ".*"
    """Likewise of stacks."""

    def covers(self, failed: Failed) -> bool:
        """Whether it is this what failed."""
        return bool(
            failed.check == self.check
            and re.fullmatch(self.blocks, failed.block)
            and re.fullmatch(self.stacks, failed.stack)
        )


def _blocks(type: str, names: str) -> str:
    """Of a stack, where a checksum ends each name, and of a module, where `[0]` or a member's key may."""
    return rf"(module\.\w+\.)*{type}\.({names})(_[0-9A-F]{{8}}|\[(0|\"[\w-]+\")\])?"


_S3_BUCKETS = _blocks(
    "aws_s3_bucket",
    r"storage_layers_\w+_bucket|warehouse|(storage_)?(logs|preaggregations|exchange|compute_logs)(_bucket)?",
)
_RDS = _blocks("aws_db_instance", "(database_)?instance")
_CLOUD_SQL = _blocks("google_sql_database_instance", "(database_)?instance")

SUPPRESSIONS = (
    Suppression(
        "CKV2_AWS_57",
        _blocks("aws_secretsmanager_secret", r"secrets_[\w-]+|secret"),
        "Secrets Manager rotates a secret by a Lambda function that can log in to what the secret opens; PostgreSQL, "
        "Polaris and Trino take another password only together with their own. A secret is made anew, everywhere at "
        "once, when its generation is raised. The one password that AWS can rotate, the database administrator's, RDS "
        "does rotate, every seven days.",
    ),
    Suppression(
        "CKV2_AWS_62",
        _S3_BUCKETS,
        "A notification protects nothing: nobody here would receive it. Each access is in the bucket's access log, and "
        "each use of its key in CloudTrail.",
    ),
    Suppression(
        "CKV_AWS_144",
        _S3_BUCKETS,
        "A copy in another region is the owner's decision: the law may say where data has to stay, and a copy costs as "
        "much again. Objects copied one by one, out of order, are no Iceberg table either: metadata names files by the "
        "bucket that they are in. What was overwritten or deleted can be had back from its versions.",
    ),
    Suppression(
        "CKV_AWS_145",
        _blocks("aws_s3_bucket", "storage_logs_bucket|logs"),
        "S3 delivers access logs only to a bucket that encrypts with S3's own keys, which this one does "
        "(https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html).",
    ),
    Suppression(
        "CKV_AWS_157",
        _RDS,
        "Outside of production the database has no standby, which would double its price; its backups are there. In "
        "production it has one.",
        stacks=r".*-(dev|staging)-foundation",
    ),
    Suppression(
        "CKV_AWS_293",
        _RDS,
        "What two keys, the environment and `allow_data_loss`, declare fit to be thrown away has no protection from "
        "being thrown away: `floe-infra destroy` could not remove it. With either key missing it is protected.",
        stacks=r".*-dev-foundation",
    ),
    Suppression(
        "CKV_GCP_6",
        _CLOUD_SQL,
        "No connection is taken without TLS (`ENCRYPTED_ONLY`). Checkov also wants client certificates, whose private "
        "keys Terraform would make, and keep in its state.",
    ),
    Suppression(
        "CKV_GCP_79",
        _CLOUD_SQL,
        "PostgreSQL 16, as everywhere on the platform, gets security fixes until November 2028 "
        "(https://www.postgresql.org/support/versioning/). `database.engine_version` takes up to 18.",
    ),
    Suppression(
        "CKV_GCP_111",
        _CLOUD_SQL,
        "With statements, the log gets the passwords that a CREATE ROLE or ALTER ROLE sets in clear text, and whoever "
        "may read logs has them. Who connected, and how long each statement took, is logged; "
        "`database.database_flags` can have the rest, by pgAudit, which leaves passwords out.",
    ),
    Suppression(
        "CKV_GCP_62",
        _blocks("google_storage_bucket", "storage_logs_bucket|logs"),
        "This bucket receives the usage logs of all others. Its own could only go to itself, and each delivery would "
        "have to be logged by another.",
    ),
)


def unexplained(failed: Iterable[Failed]) -> list[Failed]:
    """What no suppression covers."""
    return [each for each in failed if not any(suppression.covers(each) for suppression in SUPPRESSIONS)]


def idle(failed: Iterable[Failed]) -> list[tuple[str, str]]:
    """Suppressed checks that nothing fails any more, each with its pattern."""
    seen = list(failed)
    return [
        (suppression.check, suppression.blocks)
        for suppression in SUPPRESSIONS
        if not any(map(suppression.covers, seen))
    ]


def scan(folder: Path) -> Report:
    """Let Checkov look at all HCL below a folder, each file in the folder of its stack or module, in one go: it takes
    longer to start than to look. It asks nobody on the network.

    Of CDKTF's JSON it would see less: neither what is in policies made by `jsonencode`, nor flags of databases, over
    which it falls there.
    """
    options = ["--directory", folder, "--framework", "terraform", "--output", "json", "--skip-download", "--compact"]
    run = subprocess.run([CHECKOV, *options], capture_output=True, text=True, env={**os.environ, "LOG_LEVEL": "ERROR"})
    if run.returncode not in (0, 1):
        raise AssertionError(f"Checkov ended with {run.returncode}:\n{run.stderr[-4000:]}")
    found = json.loads(run.stdout)
    if "results" not in found:
        raise AssertionError(f"Checkov found nothing to look at in {folder}: {run.stdout[:400]}")
    if unread := found["results"]["parsing_errors"]:
        raise AssertionError(f"Checkov cannot read {', '.join(unread)}")
    if crashed := re.findall(r"Failed to run check .*", run.stderr):
        raise AssertionError("Checkov itself failed:\n" + "\n".join(crashed))
    failed = tuple(
        Failed(
            check=record["check_id"],
            name=record["check_name"],
            stack=Path(record["file_path"].lstrip("/")).parent.as_posix(),
            block=record["resource"],
        )
        for record in found["results"]["failed_checks"]
    )
    return Report(failed, passed=found["summary"]["passed"])
