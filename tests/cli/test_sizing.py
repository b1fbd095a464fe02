from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from floe_infra.cli.main import _run

HEAD = "name: acme\nenvironment: prod\ncloud: {region: eu-west-1, account_id: '111122223333'}\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sizing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Exit code, standard output and standard error of `sizing` for a file of these sections."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(sections: str, *arguments: str) -> tuple[int, str, str]:
        (tmp_path / "floe-infra.yaml").write_text(HEAD + sections)
        monkeypatch.setattr(sys, "argv", ["floe-infra", "sizing", *arguments])
        code = _run()
        return code, *capsys.readouterr()

    return run


def rows(out: str) -> dict[str, list[str]]:
    """The cells of each row, by its label."""
    cells = [[cell for cell in line.split("  ") if cell.strip()] for line in out.splitlines()]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in cells if row}


def test_nodes_with_each_step(sizing: Run):
    code, out, err = sizing("compute: {kind: none}\n")
    assert (code, err) == (0, "")
    table = rows(out)
    assert table["Nodes, MiB"] == ["system", "workers"]
    assert table["instance type"] == ["m5.xlarge", "m5.2xlarge"]
    assert table["nodes"] == ["3 to 6 on-demand", "2 to 10 spot"]
    steps = ("nominal memory", "- firmware and kernel", "- kubelet", "- eviction threshold", "= allocatable")
    assert [table[step][0] for step in steps] == ["16384", "1229", "893", "100", "14162"]
    assert (table["- daemonsets"][0], table["= for one worker"][0]) == ("512", "13650")
    assert table["its CPU, in 1/1000"] == ["3670", "7660"]


def test_what_is_not_chosen_is_not_printed(sizing: Run):
    _, out, _ = sizing("compute: {kind: duckdb}\n")
    assert "DuckDB" in out
    assert "Trino" not in out
    _, out, _ = sizing("compute: {kind: trino}\n")
    assert "DuckDB" not in out
    assert "Trino" in out


def test_duckdb(sizing: Run):
    table = rows(sizing("compute: {kind: duckdb, memory_gib: 8, cpu: 2.5}\n")[1])
    assert [table[row] for row in ("pod", "memory limit", "CPU", "threads")] == [["8192"], ["6144"], ["2.5"], ["3"]]


def test_trino(sizing: Run):
    table = rows(sizing("compute: {kind: trino, max_workers: 8}\n")[1])
    assert table["Trino, MiB"] == ["coordinator", "worker"]
    assert table["pods"] == ["1", "5 to 8"]
    assert table["memory of a pod"] == ["8192", "28672"]
    assert table["× 3/4 = heap"] == ["6144", "21504"]
    assert table["- headroom"] == ["1844", "6452"]
    assert table["= for queries"] == ["4300", "15052"]
    assert table["query.max-memory-per-node"] == ["2150", "7526"]
    assert table["query.max-memory"] == ["37630"]
    assert table["query.max-total-memory"] == ["75260"]


def test_trino_without_workers(sizing: Run):
    table = rows(sizing("compute: {kind: trino, workers: 0}\n")[1])
    assert table["Trino, MiB"] == ["coordinator"]
    assert table["query.max-memory"] == ["2150"]


def test_as_json(sizing: Run):
    code, out, err = sizing("compute: {kind: trino}\n", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found.keys() == {"nodes", "trino"}
    assert found["nodes"]["workers"]["worker_mib"] == 28805
    assert found["trino"]["worker"]["heap_mib"] == 21504
    assert found["trino"]["max_workers"] is None


def test_many_node_groups_stand_below_each_other(sizing: Run):
    groups = ", ".join(f"a-rather-long-name-{index}: {{instance_types: [m5.24xlarge]}}" for index in range(5))
    _, out, _ = sizing(f"compute: {{kind: none}}\ncluster: {{node_groups: {{{groups}}}}}\n")
    assert out.count("nominal memory") == 2
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_nothing_to_size(sizing: Run):
    sections = "cluster: {kind: none}\ncompute: {kind: none}\n"
    code, out, err = sizing(sections)
    assert (code, out) == (0, "")
    assert "no nodes" in err
    assert json.loads(sizing(sections, "--json")[1]) == {}


def test_a_cluster_of_which_nothing_is_said(sizing: Run):
    _, out, _ = sizing("cluster: {kind: existing_eks, name: shared}\ncompute: {kind: trino}\n")
    assert "Nodes" not in out
    assert "Trino" in out


def test_numbers_that_do_not_add_up_are_refused(sizing: Run):
    code, out, err = sizing("compute: {kind: trino, max_memory_per_query_gib: 100}\n")
    assert (code, out) == (2, "")
    assert "floe-infra.yaml:4:" in err
    assert "5 workers × 7526 = 37630 MiB" in err
