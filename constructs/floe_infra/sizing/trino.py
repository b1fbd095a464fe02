"""How much memory a query may use in Trino: from a pod's limit to the heap, to one node's share, to all workers'.

Trino checks some of it when it starts, one server for itself; that a query's limit is not beyond all workers together
nobody checks, and then it never holds. So everything is derived from the pod, in MiB, and what a file says otherwise is
compared before anything is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from floe_infra.unknown import either, least, most, otherwise

HEAP_PARTS = (3, 4)
"""The heap's part of a pod's limit. Compiled code (up to 512 MiB: the chart's `ReservedCodeCacheSize`), metaspace,
direct buffers, thread stacks and the collector's own tables lie beside it, and the kernel kills a pod that exceeds its
limit. Trino advises 70 to 85 % of what there is (https://trino.io/docs/current/installation/deployment.html#jvm-config).
"""
HEADROOM_PARTS = (3, 10)
"""The headroom's part of the heap, for what Trino does not track: Trino's own default
(https://trino.io/docs/current/admin/properties-resource-management.html#memory-heap-headroom-per-node)."""
REGION_MIB = 32
"""The chart's `G1HeapRegionSize`. The JVM rounds a heap up to whole regions; a whole number of them stays as it is."""


@dataclass(frozen=True)
class Server:
    """One Trino server, coordinator or worker. `str()` shows the derivation."""

    limit_mib: int
    """The pod's memory, request and limit alike."""
    given_per_node_mib: int | None = None
    """What the file says for `per_node_mib`."""

    @property
    def heap_mib(self) -> int:
        """`-Xmx`."""
        part, whole = HEAP_PARTS
        return self.limit_mib * part // whole // REGION_MIB * REGION_MIB

    @property
    def headroom_mib(self) -> int:
        """`memory.heap-headroom-per-node`."""
        part, whole = HEADROOM_PARTS
        return ceil(self.heap_mib * part / whole)

    @property
    def pool_mib(self) -> int:
        """What is left of the heap for all queries."""
        return self.heap_mib - self.headroom_mib

    @property
    def per_node_mib(self) -> int:
        """`query.max-memory-per-node`: half the pool, so that two queries at their limit fit beside each other."""
        return otherwise(self.given_per_node_mib, self.pool_mib // 2)

    @property
    def headroom(self) -> str:
        """`headroom_mib`, as Trino's properties have it."""
        return data_size(self.headroom_mib)

    @property
    def per_node(self) -> str:
        """`per_node_mib`, likewise."""
        return data_size(self.per_node_mib)

    @property
    def starts(self) -> bool:
        """Whether Trino takes the numbers. Its code lets the sum equal the heap, its documentation does not."""
        return self.per_node_mib + self.headroom_mib < self.heap_mib

    def __str__(self) -> str:
        part, whole = HEAP_PARTS
        half = "half of it, " if self.given_per_node_mib is None else ""
        return (
            f"{self.limit_mib} MiB of a pod × {part}/{whole} = {self.heap_mib} MiB heap - {self.headroom_mib} headroom "
            f"= {self.pool_mib} MiB for queries; {half}{self.per_node_mib} MiB, for one query"
        )


@dataclass(frozen=True)
class TrinoMemory:
    """All servers together. `str()` shows the derivation."""

    coordinator: Server
    worker: Server
    workers: int
    """With none, the coordinator does the work."""
    max_workers: int | None = None
    """With autoscaling."""
    given_query_mib: int | None = None
    """What the file says for `query_mib`."""

    @property
    def coordinator_works(self) -> bool:
        """`node-scheduler.include-coordinator`."""
        return self.workers == 0

    @property
    def server(self) -> Server:
        """The one of those that do the work."""
        return self.coordinator if self.coordinator_works else self.worker

    @property
    def most_servers(self) -> int:
        """Servers that do the work, scaled out."""
        return most(self.workers, otherwise(self.max_workers, 1))

    @property
    def per_node_mib(self) -> int:
        """What one query can get of one server."""
        return either(self.coordinator_works, self.coordinator.per_node_mib, self.worker.per_node_mib)

    @property
    def pool_mib(self) -> int:
        """What all queries can get of one server."""
        return either(self.coordinator_works, self.coordinator.pool_mib, self.worker.pool_mib)

    @property
    def most_query_mib(self) -> int:
        """What one query can get of all servers, scaled out."""
        return self.most_servers * self.per_node_mib

    @property
    def query_mib(self) -> int:
        """`query.max-memory`: what one query gets of the servers that are always there."""
        return otherwise(self.given_query_mib, most(self.workers, 1) * self.per_node_mib)

    @property
    def query(self) -> str:
        """`query_mib`, as Trino's properties have it."""
        return data_size(self.query_mib)

    @property
    def total_mib(self) -> int:
        """`query.max-total-memory`, revocable memory included: twice `query_mib`, as is Trino's default, but no more
        than there is. It has to be above `query_mib`."""
        return least(2 * self.query_mib, self.most_servers * self.pool_mib)

    @property
    def total(self) -> str:
        """`total_mib`, as Trino's properties have it."""
        return data_size(self.total_mib)

    @property
    def adds_up(self) -> bool:
        """Whether no limit is beyond what there is."""
        return self.coordinator.starts and self.server.starts and self.query_mib <= self.most_query_mib

    def __str__(self) -> str:
        role = "coordinator" if self.coordinator_works else "worker"
        servers = f"{self.most_servers} {role}{'' if self.most_servers == 1 else 's'}"
        return f"{self.server}; {servers} × {self.server.per_node_mib} = {self.most_query_mib} MiB"


def data_size(mib: int) -> str:
    """As Trino's properties have it, whose units are powers of 1024
    (https://trino.io/docs/current/admin/properties.html#data-size)."""
    return either(mib % 1024 == 0, f"{mib // 1024}GB", f"{mib}MB")


def heap_size(mib: int) -> str:
    """As the JVM has it, for `-Xmx`."""
    return f"{mib}M"


def quantity(mib: int) -> str:
    """As Kubernetes has it."""
    return f"{mib}Mi"
