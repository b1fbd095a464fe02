"""`floe-infra sizing`"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from rich.table import Table

from floe_infra.cli.options import CONFIG_FILE, AsJson, ConfigFile
from floe_infra.cli.output import errors, print_json, results
from floe_infra.compute.config import DuckDbConfig, TrinoConfig
from floe_infra.config import PlatformConfig, load
from floe_infra.config.checks import node_pools
from floe_infra.sizing.memory import Node
from floe_infra.sizing.trino import HEAP_PARTS, Server

_ACROSS = 4
"""Columns: more would not fit a terminal of 80 characters."""
_NODES = {
    "type": "instance type",
    "sizes": "nodes",
    "nominal_mib": "nominal memory",
    "firmware_mib": "- firmware and kernel",
    "kubelet_mib": "- kubelet",
    "eviction_mib": "- eviction threshold",
    "allocatable_mib": "= allocatable",
    "daemonsets_mib": "- daemonsets",
    "worker_mib": "= for one worker",
    "worker_millicpu": "its CPU, in 1/1000",
}
_DUCKDB = {"pod_mib": "pod", "memory_limit_mib": "memory limit", "cpu": "CPU", "threads": "threads"}
_TRINO = {
    "pods": "pods",
    "cpu": "CPU of a pod",
    "limit_mib": "memory of a pod",
    "heap_mib": "× {}/{} = heap".format(*HEAP_PARTS),
    "headroom_mib": "- headroom",
    "pool_mib": "= for queries",
    "per_node_mib": "query.max-memory-per-node",
    "query_mib": "query.max-memory",
    "total_mib": "query.max-total-memory",
}

Columns = Mapping[str, Mapping[str, Any]]


def sizing(config_file: ConfigFile = CONFIG_FILE, as_json: AsJson = False) -> None:
    """Show how much of its nodes pods can have, and what the query engine makes of it."""
    config = load(config_file)
    nodes, compute = _nodes(config), config.compute
    if as_json:
        print_json(
            {
                **({"nodes": nodes} if nodes else {}),
                **({"duckdb": _duckdb(compute)} if isinstance(compute, DuckDbConfig) else {}),
                **({"trino": _trino(compute)} if isinstance(compute, TrinoConfig) else {}),
            }
        )
        return
    for some in _slices(nodes):
        _show("Nodes", _NODES, {name: {**node, "sizes": _sizes(node)} for name, node in some.items()})
    if isinstance(compute, DuckDbConfig):
        _show("DuckDB", _DUCKDB, {"a run": _duckdb(compute)})
    elif isinstance(compute, TrinoConfig):
        _show("Trino", _TRINO, _roles(_trino(compute)))
    elif not nodes:
        errors.print("There are no nodes and no query engine to size.", markup=False)


def _nodes(config: PlatformConfig) -> dict[str, dict[str, Any]]:
    """By node group. Memory is in MiB, here as everywhere below."""
    if config.cluster.kind == "none":
        return {}
    return {
        name: {
            "capacity_type": group.capacity_type,
            "min_size": group.min_size,
            "max_size": group.max_size,
            **_node(node),
        }
        for name, (group, node) in zip(config.cluster.node_groups, node_pools(config), strict=True)
    }


def _node(node: Node) -> dict[str, Any]:
    return {
        "type": node.type.name,
        "nominal_mib": node.nominal_mib,
        "firmware_mib": node.firmware_mib,
        "kubelet_mib": node.kubelet_mib,
        "eviction_mib": node.eviction_mib,
        "allocatable_mib": node.allocatable_mib,
        "daemonsets_mib": node.daemonsets_mib,
        "worker_mib": node.worker_mib,
        "worker_millicpu": node.worker_millicpu,
    }


def _duckdb(config: DuckDbConfig) -> dict[str, Any]:
    from floe_infra.runtime import fast_import

    fast_import.enable()
    from floe_infra.compute.duckdb import memory_limit_mib, threads

    pod_mib = config.memory_gib * 1024
    return {
        "pod_mib": pod_mib,
        "memory_limit_mib": memory_limit_mib(pod_mib),
        "cpu": config.cpu,
        "threads": threads(config.cpu),
    }


def _trino(config: TrinoConfig) -> dict[str, Any]:
    memory = config.memory
    coordinator = {"cpu": config.coordinator_cpu, **_server(memory.coordinator)}
    worker = {"cpu": config.cpu, **_server(memory.worker)}
    return {
        "coordinator": coordinator,
        **({"worker": worker} if config.workers else {}),
        "workers": config.workers,
        "max_workers": config.max_workers,
        "query_mib": memory.query_mib,
        "total_mib": memory.total_mib,
    }


def _server(server: Server) -> dict[str, int]:
    return {
        "limit_mib": server.limit_mib,
        "heap_mib": server.heap_mib,
        "headroom_mib": server.headroom_mib,
        "pool_mib": server.pool_mib,
        "per_node_mib": server.per_node_mib,
    }


def _sizes(node: Mapping[str, Any]) -> str:
    return f"{_range(node['min_size'], node['max_size'])} {node['capacity_type'].replace('_', '-')}"


def _roles(trino: Mapping[str, Any]) -> Columns:
    """What all servers give together stands with those that do the work."""
    roles = {name: {**trino[name], "pods": "1"} for name in ("coordinator", "worker") if name in trino}
    working = roles["worker" if "worker" in roles else "coordinator"]
    working |= {"query_mib": trino["query_mib"], "total_mib": trino["total_mib"]}
    if "worker" in roles:
        roles["worker"]["pods"] = _range(trino["workers"], trino["max_workers"])
    return roles


def _range(least: int, most: int | None) -> str:
    return f"{least}" if most in (None, least) else f"{least} to {most}"


def _slices(columns: Columns) -> Iterator[Columns]:
    rest = iter(columns.items())
    while some := dict(islice(rest, _ACROSS)):
        yield some


def _show(title: str, rows: Mapping[str, str], columns: Columns) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"{title}, MiB", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", overflow="fold")
    for key, label in rows.items():
        style = "bold" if label.startswith("=") else ""
        table.add_row(label, *(_cell(column.get(key, "")) for column in columns.values()), style=style)
    results.print(table)
    results.print()


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
