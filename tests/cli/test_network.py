from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from floe_infra.cli.main import _run

HEAD = "name: acme\nenvironment: dev\ncloud: {region: eu-west-1, account_id: '111122223333'}\n"
SMALL = "telemetry: {kind: none}\ntraces: {kind: none}\nlineage: {kind: none}\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Exit code, standard output and standard error of `network` for a file of these sections."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(sections: str, *arguments: str) -> tuple[int, str, str]:
        (tmp_path / "floe-infra.yaml").write_text(HEAD + SMALL + sections)
        monkeypatch.setattr(sys, "argv", ["floe-infra", "network", *arguments])
        code = _run()
        return code, *capsys.readouterr()

    return run


def test_a_table_of_what_is_reachable(network: Run):
    code, out, err = network("")
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert ["catalog/polaris-provisioning", "catalog/polaris", "8181,", "8182"] in rows
    assert ["database/databases", "PostgreSQL", "5432"] in rows
    assert "Everything else is refused." in err


def test_json_for_scripts(network: Run):
    code, out, _ = network("", "--json")
    found = json.loads(out)
    assert (code, found["enforced"]) == (0, True)
    assert {"client": "floe/dagster", "server": "catalog/polaris", "ports": [8181]} in found["reachable"]
    assert {"client": "floe/dagster", "server": "floe/floe-cube", "ports": []} in found["reachable"]


def test_edges_of_the_file_are_in_it(network: Run):
    edge = "{client: namespace/bi, server: catalog, port: 8181}"
    _, out, _ = network(f"kubernetes: {{network_policies: {{edges: [{edge}]}}}}\n", "--json")
    assert {"client": "bi/*", "server": "catalog/polaris", "ports": [8181]} in json.loads(out)["reachable"]


@pytest.mark.parametrize(
    "sections",
    [
        "kubernetes: {network_policies: {enabled: false}}\n",
        "cluster: {kind: none}\ncatalog: {kind: glue}\nruntime: {kind: none}\n",
    ],
)
def test_none(network: Run, sections: str):
    code, out, err = network(sections)
    assert (code, out) == (0, "")
    assert "There are no network policies" in err


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        ("{client: namespace/bi, server: telemetry, port: 4317}", "'telemetry' is no section with pods of its own"),
        ("{client: namespace/bi, server: 10.0.0.0/8, port: 80}", "neither end is a section of this file"),
        ("{client: catalog, server: 10.0.0.1/8, port: 80}", "is no network"),
        ("{client: catalog, server: 10.0.0.0/8, port: 0}", "is too small"),
    ],
)
def test_an_edge_that_leads_nowhere_is_refused(network: Run, edge: str, message: str):
    code, _, err = network(f"kubernetes: {{network_policies: {{edges: [{edge}]}}}}\n")
    assert code == 2
    assert message in " ".join(err.split())
