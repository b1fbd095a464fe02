from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from floe_infra.compute.config import SHARED_SECRET, TrinoConfig
from floe_infra.modules.trino import RULES
from floe_infra.refs import BucketRef, CatalogRef, LineageRef, NodeGroupRef, StorageRef, Taint, TelemetryRef
from floe_infra.runtime.terraform import Terraform

from .in_cluster import ACCOUNT, NODES, SITE, TELEMETRY, secret, site
from .stand_ins import Case

SHARED = secret(SHARED_SECRET, "acme-prod/shared", "shared_secret")
CLIENT = secret("catalog-client-trino", "acme-prod/client", "client_id", "client_secret")
EXCHANGE = BucketRef(name="acme-exchange", arn="", uri="s3://acme-exchange")
SPOT = NodeGroupRef(
    name="spot",
    labels={"node-type": "spot"},
    taints=(Taint("spot", "true", "NoSchedule"),),
    spot=True,
    vcpu=4,
    memory_mib=16384,
    max_size=3,
)
S3 = StorageRef(layers={}, region="eu-west-1", exchange=EXCHANGE)
KEYS = secret("storage-keys", "acme-prod/storage", "access_key", "secret_key")
MINIO = {"endpoint": "http://minio:9000", "secret": "acme-prod/storage"}
IN_MINIO = replace(S3, endpoint="http://minio:9000", path_style=True, secret=KEYS)
WORKER_NODES = {
    "worker_node_selector": {"node-type": "spot"},
    "worker_tolerations": [{"key": "spot", "value": "true", "effect": "NoSchedule"}],
}
GROUP = {"name": "all", "maxQueued": 100, "hardConcurrencyLimit": 10, "softMemoryLimit": "80%"}
GROUPS = {"rootGroups": [GROUP], "selectors": [{"group": "all", "user": "${USER}"}]}
URI = "http://catalog.example.com:8181/api"
POLARIS = CatalogRef(
    kind="polaris",
    warehouse="lake",
    region="eu-west-1",
    uri=URI,
    scope="PRINCIPAL_ROLE:engineer",
    clients={"trino": CLIENT},
    vends_credentials=True,
)
NESSIE = CatalogRef(kind="nessie", warehouse="lake", region="eu-west-1", uri=URI)
GLUE = CatalogRef(kind="glue", warehouse="111122223333", region="eu-west-1")


def variables(catalog: CatalogRef | None) -> dict[str, Any]:
    """What the module is told of a catalog."""
    if catalog is None or catalog.uri is None:
        return {"type": "glue" if catalog else "none"}
    oauth2 = {"secret": CLIENT.remote_key, "scope": catalog.scope}
    return {
        "type": "rest",
        "uri": catalog.uri,
        "warehouse": catalog.warehouse,
        **({"oauth2": oauth2} if catalog.scope else {}),
        **({"vended_credentials": True} if catalog.vends_credentials else {}),
    }


def trino(
    catalog: CatalogRef | None,
    *,
    storage: StorageRef = S3,
    special: bool = False,
    telemetry: TelemetryRef | None = None,
    lineage: LineageRef | None = None,
    **config: Any,
) -> Callable[[Any], Any]:
    from floe_infra.compute.trino import Trino

    place = site("trino", SHARED, CLIENT, special=special, account=ACCOUNT if special else None)
    nodes = place.cluster.node_groups
    place = replace(place, cluster=replace(place.cluster, node_groups=(*nodes, SPOT) if special else nodes))
    return lambda scope: Trino(
        scope,
        "compute",
        config=TrinoConfig.model_validate(config),
        site=place,
        storage=storage,
        catalog=catalog,
        telemetry=telemetry,
        lineage=lineage,
    )


def case(
    catalog: CatalogRef | None, *, more: dict[str, Any] | None = None, storage: StorageRef = S3, **config: Any
) -> Case:
    """The module and the construct with the same configuration; `more` are variables that are none of it."""
    given = {
        "name": "acme-prod",
        "namespace": "query",
        "region": "eu-west-1",
        "shared_secret": SHARED.remote_key,
        "catalog": variables(catalog),
        **{{"version": "trino_version"}.get(name, name): value for name, value in config.items()},
        **(more or {}),
    }
    refs = {"telemetry": TELEMETRY, "lineage": LineageRef("http://marquez:5000")} if more else {}
    if storage.endpoint:
        given["s3_compatible"] = MINIO if storage.path_style else {**MINIO, "path_style": False}
    if config.get("fault_tolerant"):
        given["exchange_uri"] = EXCHANGE.uri
    return Case("trino", given, trino(catalog, special=bool(more), storage=storage, **refs, **config))


EVERYTHING = {
    **SITE,
    **WORKER_NODES,
    "service_account_annotations": ACCOUNT,
    "otlp_endpoint": TELEMETRY.otlp_grpc,
    "openlineage_url": "http://marquez:5000",
    "exchange_uri": EXCHANGE.uri,
}
SIZES: list[dict[str, Any]] = [
    {"memory_gib": memory, "coordinator_memory_gib": coordinator, "workers": workers, **more}
    for memory, coordinator, workers, more in (
        (4, 4, 1, {}),
        (5, 7, 2, {"max_workers": 2}),
        (7, 13, 3, {"max_workers": 4, "max_memory_per_node_gib": 3}),
        (28, 8, 5, {"max_memory_per_node_gib": 14, "spot": False}),
        (28, 8, 7, {"max_memory_per_query_gib": 50}),
        (28, 8, 5, {"max_memory_per_query_gib": 36}),
        (40, 20, 8, {"max_workers": 9, "max_memory_per_query_gib": 80}),
        (40, 320, 0, {}),
        (64, 64, 0, {"max_memory_per_node_gib": 33, "max_memory_per_query_gib": 33}),
        (64, 61, 0, {"max_memory_per_node_gib": 32, "max_memory_per_query_gib": 5}),
        (1024, 1023, 499, {"max_workers": 500}),
        (1021, 1024, 500, {"max_memory_per_node_gib": 512, "max_memory_per_query_gib": 1}),
    )
]
CASES = {
    "trino-default": case(POLARIS),
    "trino-all": case(
        POLARIS,
        more=EVERYTHING,
        namespace="sql",
        workers=2,
        max_workers=7,
        memory_gib=20,
        cpu=3.5,
        coordinator_memory_gib=6,
        coordinator_cpu=1.5,
        fault_tolerant=True,
        max_memory_per_query_gib=12,
        max_memory_per_node_gib=6,
        resource_groups=GROUPS,
        version="490",
        values={"image": {"pullPolicy": "Always"}, "coordinator": {"jvm": {"gcMethod": {"type": "UseG1GC"}}}},
    ),
    "trino-steady": case(
        GLUE, more={**EVERYTHING, "worker_node_selector": NODES, "worker_tolerations": []}, spot=False
    ),
    "trino-nessie": case(NESSIE),
    "trino-nessie-new": case(NESSIE, version="483", fault_tolerant=True, more=EVERYTHING),
    "trino-logged-in": case(replace(POLARIS, vends_credentials=False), version="482"),
    "trino-vended-to-anyone": case(replace(NESSIE, vends_credentials=True), version="483"),
    "trino-glue": case(GLUE),
    "trino-glue-new": case(GLUE, version="1000", workers=0),
    "trino-none": case(None, workers=1, values={"catalogs": {"memory": "connector.name=memory"}}),
    "trino-minio": case(NESSIE, storage=IN_MINIO, fault_tolerant=True),
    "trino-minio-host": case(NESSIE, storage=replace(IN_MINIO, path_style=False), fault_tolerant=True, version="483"),
    "trino-minio-vended": case(POLARIS, storage=IN_MINIO),
    "trino-minio-glue": case(GLUE, storage=IN_MINIO),
    "trino-minio-alone": case(None, storage=IN_MINIO, fault_tolerant=True),
    **{f"trino-size-{number}": case(NESSIE, **size) for number, size in enumerate(SIZES)},
}


@pytest.mark.parametrize("case", CASES)
def test_the_module_gives_what_the_construct_gives(case, given):
    assert given[case].by_module
    assert given[case].by_module == given[case].by_construct


NUMBERS: list[dict[str, Any]] = [
    {
        "workers": workers,
        "max_workers": max_workers,
        "memory_gib": memory,
        "coordinator_memory_gib": coordinator,
        "max_memory_per_node_gib": per_node,
        "max_memory_per_query_gib": per_query,
    }
    for workers, max_workers in ((0, None), (0, 1), (1, None), (4, 4), (4, 3), (4, 9))
    for memory, coordinator in ((4, 28), (10, 5), (28, 8), (1000, 1000))
    for per_node in (None, 2, 3, 14, 15, 525)
    for per_query in (None, 1, 7, 8, 29, 30, 4725)
]


def test_rules_say_what_the_models_say(tmp_path):
    """Of numbers that do not add up: `var.` is a case's object, and Terraform says which rules hold."""
    rules = {rule.variable: rule.condition for rule in RULES if rule.variable in NUMBERS[0]}
    conditions = [
        {name: f"${{{condition.replace('var.', f'local.case{index}.')}}}" for name, condition in rules.items()}
        for index in range(len(NUMBERS))
    ]
    document = {
        "locals": {f"case{index}": numbers for index, numbers in enumerate(NUMBERS)},
        "output": {"held": {"value": conditions}},
    }
    (tmp_path / "main.tf.json").write_text(json.dumps(document))
    terraform = Terraform(tmp_path)
    terraform.init()
    terraform.apply()
    for numbers, held in zip(NUMBERS, terraform.output()["held"], strict=True):
        config = TrinoConfig.model_validate({}).model_copy(update=numbers)
        found = {"max_workers" if finding.path == ("workers",) else finding.path[0] for finding in config.findings()}
        refused = {name for name, holds in held.items() if not holds}
        # The model says nothing more of memory with which Trino would not start.
        if "max_memory_per_node_gib" in refused:
            refused.discard("max_memory_per_query_gib")
        assert refused == found, numbers
