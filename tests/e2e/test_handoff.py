"""What a deployed platform hands over, as Terraform has computed it, in the hands of those whom it is for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from duckdb_offline import connected

from .conftest import ROOT, Deployed, needs_aws_provider

pytestmark = [pytest.mark.slow, needs_aws_provider]

EXAMPLE = "examples/local.yaml"


@dataclass(frozen=True)
class HandedOver:
    """The files, and what is needed to use them."""

    platform: Deployed
    directory: Path
    config_file: Path

    def text(self, name: str) -> str:
        return (self.directory / name).read_text()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`floe-infra handoff`, as whoever deployed the platform calls it."""
        where = {"-c": self.config_file, "-o": self.directory, "--out": self.platform.out}
        options = [word for option, path in where.items() for word in (option, str(path))]
        return subprocess.run(
            [sys.executable, "-m", "floe_infra", "handoff", *options, *arguments],
            env={**os.environ, **self.platform.aws.environment, "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The variables that `.env.example` names, and none of those that would say where the emulator is."""
        known = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        return {name: known[name] for name in re.findall(r"^(AWS_\w+)=", self.text(".env.example"), re.MULTILINE)}


@pytest.fixture(scope="module")
def handed_over(deploy: Callable[[str], Deployed], tmp_path_factory: pytest.TempPathFactory) -> HandedOver:
    platform = deploy(EXAMPLE)
    folder = tmp_path_factory.mktemp("handoff")
    config_file = folder / "floe-infra.yaml"
    config_file.write_text((ROOT / EXAMPLE).read_text().replace("http://localhost:4566", platform.aws.endpoint))
    made = HandedOver(platform, folder / "handoff", config_file)
    run = made.command()
    assert run.returncode == 0, run.stderr
    return made


@pytest.fixture
def engine(tmp_path: Path, handed_over: HandedOver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """DuckDB, with the same variables."""
    for name, value in {**handed_over.environment, "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    with connected(tmp_path / "extensions") as connection:
        yield connection


def test_local_example_hands_over_what_is_there(handed_over):
    platform = handed_over.platform
    spec = yaml.safe_load(handed_over.text("platform.yaml"))
    buckets = {bucket["Name"] for bucket in platform.client("s3").list_buckets()["Buckets"]}
    assert {profile["bucket"] for profile in spec["storage"].values()} < buckets
    databases = {database["Name"] for database in platform.client("glue").get_databases()["DatabaseList"]}
    assert {layer["namespace"] for layer in spec["layers"].values()} == databases

    catalog = yaml.safe_load(handed_over.text("pyiceberg.yaml"))["catalog"]["default"]
    assert catalog["glue.endpoint"] == catalog["s3.endpoint"] == platform.aws.endpoint
    files = [path for path in handed_over.directory.rglob("*") if path.is_file()]
    assert not any("${" in path.read_text() for path in files)
    assert "handoff" not in platform.outputs
    assert handed_over.command("--check").returncode == 0


def test_pyiceberg_writes_a_table_that_duckdb_reads_back(handed_over, engine, tmp_path):
    table = _write_with_pyiceberg(handed_over, tmp_path)
    spec = yaml.safe_load(handed_over.text("platform.yaml"))
    bucket, namespace = spec["storage"]["bronze"]["bucket"], spec["layers"]["bronze"]["namespace"]
    assert table["location"] == f"s3://{bucket}/{namespace}/words"
    kept = handed_over.platform.client("glue").get_table(DatabaseName=namespace, Name="words")["Table"]
    assert kept["Parameters"]["metadata_location"] == table["metadata"]

    engine.execute(handed_over.text("duckdb-attach.sql"))
    read = engine.execute("FROM iceberg_scan(?) ORDER BY id", [table["metadata"]]).fetchall()
    assert read == [(1, "lake"), (2, "house"), (3, "lakehouse")]
    assert engine.execute("SELECT count(*) FROM iceberg_snapshots(?)", [table["metadata"]]).fetchone() == (2,)


def _write_with_pyiceberg(handed_over: HandedOver, tmp_path: Path) -> dict[str, str]:
    """A process that is given the written file and the variables that `.env.example` names, and nothing else."""
    (tmp_path / ".pyiceberg.yaml").write_text(handed_over.text("pyiceberg.yaml"))
    program = dedent(
        """
        import json
        import pyarrow
        from pyiceberg.catalog import load_catalog

        catalog = load_catalog("default")
        rows = pyarrow.table({"id": [1, 2], "word": ["lake", "house"]})
        table = catalog.create_table("floe_local_bronze.words", schema=rows.schema)
        table.append(rows)
        table.append(pyarrow.table({"id": [3], "word": ["lakehouse"]}))
        found = catalog.load_table("floe_local_bronze.words")
        assert found.scan().to_arrow().sort_by("id")["id"].to_pylist() == [1, 2, 3]
        print(json.dumps({"location": found.location(), "metadata": found.metadata_location}))
        """
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], "PYICEBERG_HOME": str(tmp_path), **handed_over.environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answer: dict[str, str] = json.loads(run.stdout)
    return answer
