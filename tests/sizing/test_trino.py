"""Trino's arithmetic obeys Trino's own rules, whatever the pods' sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_infra.sizing.trino import REGION_MIB, Server, TrinoMemory, data_size, heap_size, quantity

LIMITS = st.integers(4 * 1024, 1024 * 1024)
SERVERS = st.builds(Server, LIMITS)
CLUSTERS = st.integers(0, 500).flatmap(
    lambda workers: st.builds(
        TrinoMemory,
        coordinator=SERVERS,
        worker=SERVERS,
        workers=st.just(workers),
        max_workers=st.none() | st.integers(workers, 500) if workers else st.none(),
    )
)


def cluster(**given: object) -> TrinoMemory:
    return TrinoMemory(**{"coordinator": Server(8192), "worker": Server(28672), "workers": 5, **given})


def test_the_derivation_is_shown():
    assert str(Server(28672)) == (
        "28672 MiB of a pod × 3/4 = 21504 MiB heap - 6452 headroom = 15052 MiB for queries;"
        " half of it, 7526 MiB, for one query"
    )
    assert str(cluster(max_workers=8)) == f"{Server(28672)}; 8 workers × 7526 = 60208 MiB"
    assert str(cluster(workers=0)) == f"{Server(8192)}; 1 coordinator × 2150 = 2150 MiB"


def test_what_is_given_is_not_derived():
    given = Server(28672, 10 * 1024)
    assert given.per_node_mib == 10240
    assert str(given).endswith("= 15052 MiB for queries; 10240 MiB, for one query")
    assert cluster(given_query_mib=20480).query_mib == 20480


@given(LIMITS)
def test_the_heap_leaves_a_quarter_of_the_pod_and_is_not_rounded_by_the_jvm(limit):
    heap = Server(limit).heap_mib
    assert limit * 0.75 - REGION_MIB < heap <= limit * 0.75
    assert heap % REGION_MIB == 0


@given(SERVERS)
def test_a_server_starts_and_has_room_for_two_queries(server):
    assert server.headroom_mib >= server.heap_mib * 0.3
    assert server.per_node_mib + server.headroom_mib < server.heap_mib
    assert 2 * server.per_node_mib <= server.pool_mib
    assert server.starts


@given(LIMITS, st.integers(1, 1024 * 1024))
def test_a_server_starts_only_with_less_than_the_heap(limit, per_node):
    server = Server(limit, per_node)
    assert server.starts == (per_node < server.pool_mib)


@given(CLUSTERS)
def test_no_limit_is_beyond_all_servers_together(memory):
    servers, server = memory.workers or 1, memory.worker if memory.workers else memory.coordinator
    assert memory.query_mib == servers * server.per_node_mib
    assert memory.query_mib < memory.total_mib <= memory.most_servers * server.pool_mib
    assert memory.adds_up


@given(CLUSTERS, st.integers(1, 1024 * 1024))
def test_revocable_memory_is_always_above_a_query_that_adds_up(memory, query):
    memory = TrinoMemory(memory.coordinator, memory.worker, memory.workers, memory.max_workers, query)
    if memory.adds_up:
        assert query < memory.total_mib


def test_limits_that_public_examples_ask_for_do_not_add_up():
    """8 GiB of heap on each of two workers, 1 GiB for a query on each of them, and 50 GiB for it on both."""
    memory = cluster(worker=Server(11 * 1024, 1024), workers=2, given_query_mib=50 * 1024)
    assert not memory.adds_up
    assert memory.most_query_mib == 2048


def test_without_workers_the_coordinator_works():
    memory = cluster(workers=0)
    assert memory.coordinator_works
    assert memory.query_mib == Server(8192).per_node_mib
    assert not cluster().coordinator_works


@pytest.mark.parametrize(("mib", "text"), [(8192, "8GB"), (7526, "7526MB"), (1024, "1GB"), (1023, "1023MB")])
def test_sizes_in_trinos_words(mib, text):
    assert data_size(mib) == text


def test_sizes_in_the_jvms_and_in_kubernetes_words():
    assert (heap_size(21504), quantity(28672)) == ("21504M", "28672Mi")
