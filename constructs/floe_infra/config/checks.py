"""What sections say against each other: each check looks at a valid whole and names the offending keys."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from floe_infra.catalog.config import ROOT_SECRET, NessieConfig, PolarisConfig
from floe_infra.config.credentials import written_out
from floe_infra.database.config import OLDEST_TO_MOVE_TO
from floe_infra.fields import BUCKET_NAMES, Finding, is_token, shown
from floe_infra.model import Disabled
from floe_infra.secrets.config import VAULT_PATH, VAULT_PATHS
from floe_infra.secrets.in_files.config import InFilesConfig
from floe_infra.sizing.memory import Node, smallest

if TYPE_CHECKING:
    from floe_infra.cluster.config import GkeConfig, NodeGroupConfig
    from floe_infra.compute.config import TrinoConfig
    from floe_infra.config.platform import PlatformConfig


_Check = Callable[["PlatformConfig"], Iterator[Finding]]


class _UnsoundError(Exception):
    """A check asks for a section that is not what the file says."""


class _Sound:
    """A configuration without its unsound sections."""

    def __init__(self, config: PlatformConfig, unsound: Collection[str]) -> None:
        self._config = config
        self._unsound = unsound

    def in_place_of(self, section: str, kind: Any) -> PlatformConfig:
        """The configuration with another kind there, and no migration."""
        return self._config.model_copy(update={section: kind, "migration": Disabled()})

    def __getattr__(self, section: str) -> Any:
        if section in self._unsound:
            raise _UnsoundError
        return getattr(self._config, section)


def run(config: PlatformConfig, unsound: Collection[str] = ()) -> Iterator[Finding]:
    """All contradictions of a configuration. Checks that need an unsound section are passed over."""
    sections = [name for name in type(config).model_fields if hasattr(getattr(config, name), "clouds")]
    sound: Any = _Sound(config, unsound)
    checks: tuple[_Check, ...] = (
        *(partial(_no_secret_in, part) for part in type(config).model_fields),
        *(partial(_kind_exists_on_cloud, section) for section in sections),
        *(partial(_kind_carries_environment, section) for section in sections),
        *(partial(_key_in_region, section) for section in sections),
        *(partial(_has_what_it_needs, section) for section in _NEEDS),
        *(partial(_service_has_what_it_needs, section) for section in sections),
        _namespaces_are_ours,
        _edges_touch_us,
        _what_stays_has_a_home,
        _cloud_knows_the_cluster,
        _existing_secrets_can_be_there,
        _openbao_finds_nodes,
        _files_can_hold_all_secrets,
        _sops_has_its_clouds_key,
        _zone_in_region,
        _pods_have_addresses,
        _nodes_have_addresses,
        _data_loss,
        _buckets,
        _runs_fit,
        _trino_fits,
        _trino_has_an_exchange,
        _trino_reaches_googles_storage,
        _database_carries_production,
        partial(_migration_leads_somewhere, unsound),
        _catalog_namespaces,
        _catalog_root,
        _glue_has_buckets,
        _layers_are_no_profile,
        _namespaces_are_no_warehouse,
        _quota_carries_a_run,
        _charts_have_what_they_run,
    )
    for check in checks:
        with suppress(_UnsoundError):
            yield from check(sound)


_INSTEAD = {"openbao": "no key there unseals it; choose in_cluster, or vault with a server that is there already"}


def _no_secret_in(part: str, config: PlatformConfig) -> Iterator[Finding]:
    for path, what in written_out(getattr(config, part)):
        yield Finding(
            (part, *path),
            f"{what}, and Terraform's state keeps all that is in this file",
            "a secret's name, or a reference to one",
            "put it into the secret manager, let the chart read it from a Kubernetes Secret (`existingSecret`, "
            "`secretKeyRef`), and name that here; whoever has seen the file knows it now, so have it made anew",
        )


def _kind_exists_on_cloud(section: str, config: PlatformConfig) -> Iterator[Finding]:
    provider, chosen = config.cloud.provider, getattr(config, section)
    if provider not in chosen.clouds:
        allowed = f"on {', '.join(sorted(chosen.clouds))}"
        fix = _INSTEAD.get(chosen.kind, "choose another kind")
        yield Finding((section, "kind"), f"{chosen.kind} does not exist on {provider}", allowed, fix)


def _kind_carries_environment(section: str, config: PlatformConfig) -> Iterator[Finding]:
    chosen, tiers = getattr(config, section), ("local", "dev")
    if chosen.for_trying and config.environment not in tiers:
        message = f"{chosen.kind} is not for {config.environment}: {chosen.for_trying}"
        yield Finding((section, "kind"), message, f"only with environment {' or '.join(tiers)}", "choose another kind")


_NEEDS = {"cluster": "network", "database": "network", "catalog": "storage"}


def _has_what_it_needs(section: str, config: PlatformConfig) -> Iterator[Finding]:
    chosen, needed = getattr(config, section).kind, _NEEDS[section]
    if (
        chosen in ("none", "existing_eks", "existing_gke", "kubeconfig", "in_cluster")
        or getattr(config, needed).kind != "none"
    ):
        return
    yield Finding(
        (section,),
        f"{chosen} needs a {needed}, and that is `kind: none`",
        fix=f"choose a kind for `{needed}`, or set `{section}: {{kind: none}}`",
    )


def _service_has_what_it_needs(section: str, config: PlatformConfig) -> Iterator[Finding]:
    """A cluster, if it is nowhere else; and whatever it says it needs."""
    chosen = getattr(config, section)
    if (need := chosen.needs(config)) is None:
        return
    wanted = {
        "cluster": ("a cluster", chosen.construct is None),
        "database": ("a database", bool(need.databases)),
        "secrets": ("a secret operator", bool(need.all_reads) and config.cluster.kind != "none"),
    }
    for other, (words, wants) in wanted.items():
        if wants and getattr(config, other).kind == "none":
            fix = f"choose a kind for `{other}`, or for `{section}` another one or `kind: none`"
            yield Finding((section,), f"{chosen.kind} needs {words}, and `{other}` is `kind: none`", fix=fix)


def _namespaces_are_ours(config: PlatformConfig) -> Iterator[Finding]:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces"""
    for section, need in config.needs.items():
        if need.namespace == "default" or need.namespace.startswith("kube-"):
            yield Finding(
                (section, "namespace"),
                f"{need.namespace} is Kubernetes' own, and the platform makes, limits and removes its namespaces",
                "any name but default and kube-…",
            )


def _edges_touch_us(config: PlatformConfig) -> Iterator[Finding]:
    """A network policy is for pods of ours; a word among the ends is a section that has some."""
    sections = list(config.needs)
    for index, edge in enumerate(config.kubernetes.network_policies.edges):
        path = ("kubernetes", "network_policies", "edges", index)
        ends = {"client": edge.client, "server": edge.server}
        words = {end: text for end, text in ends.items() if text.isalpha()}
        for end, text in words.items():
            if text not in sections:
                allowed = f"one of {', '.join(sections)}, namespace/<name>, or a network"
                yield Finding((*path, end), f"{text!r} is no section with pods of its own", allowed)
        if not words:
            yield Finding(path, "neither end is a section of this file", "a section's name as client or server")


def _what_stays_has_a_home(config: PlatformConfig) -> Iterator[Finding]:
    """Of a cluster that is there already, when the file says which nodes it has."""
    pools = node_pools(config)
    if config.needs and pools and not _untainted(pools, spot=False):
        yield Finding(
            ("cluster", "node_groups"),
            "all nodes can be taken away, or tolerate only some: nothing carries databases, catalog and operators",
            "at least one group with `capacity_type: on_demand` and no taints",
            "name such a group, or no groups at all",
        )


def _cloud_knows_the_cluster(config: PlatformConfig) -> Iterator[Finding]:
    """What is in the cloud lets in the cloud's own identities, and what comes from the cluster's security group."""
    if config.cluster.kind != "kubeconfig":
        return
    for section in ("storage", "database", "secrets", "catalog"):
        chosen = getattr(config, section)
        if "local" not in chosen.clouds:
            yield Finding(
                (section, "kind"),
                f"{chosen.kind} lets in only whom the cloud knows, and of a cluster by kubeconfig it knows nothing",
                f"a kind that runs in the cluster, or `{section}: {{kind: none}}`",
                "choose such a kind, or for `cluster` one of the cloud's",
            )


_PART = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_SECRET_NAMES = {
    "in_cluster": (
        rf"{_PART}(\.{_PART})*",
        "Secret in the cluster",
        "lower-case letters, digits, hyphens and dots",
        "name the Secret that you put into the namespace {namespace}",
    ),
    **dict.fromkeys(
        ("vault", "openbao"),
        (VAULT_PATH, "secret in Vault", VAULT_PATHS, "give its path below the mount of the key-value engine"),
    ),
    "secret_manager": (
        "[A-Za-z0-9_-]{1,255}",
        "secret of Secret Manager's",
        "letters, digits, hyphens and underscores",
        "give the secret's id, without the project",
    ),
}
"""What AWS takes and others do not (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/,
https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create)."""


def _existing_secrets_can_be_there(config: PlatformConfig) -> Iterator[Finding]:
    secrets = config.secrets
    if secrets.kind == "none" or secrets.kind not in _SECRET_NAMES:
        return
    pattern, whose, allowed, fix = _SECRET_NAMES[secrets.kind]
    for section, need in config.needs.items():
        for existing in need.existing.values():
            if not re.fullmatch(pattern, existing.remote_name):
                message = f"no {whose} can be called {shown(existing.remote_name)}"
                yield Finding((section,), message, allowed, fix.format(namespace=secrets.namespace))


def _migration_leads_somewhere(unsound: Collection[str], config: _Sound) -> Iterator[Finding]:
    """Beside the server in use there is the other one of the two; and the new one is judged in the place that it is to
    take."""
    migration, used = config.migration, config.database
    if migration.kind == "none":
        return
    arriving = migration.kind == "arriving"
    if used.kind == "none" or (used.kind == "in_cluster") is not arriving:
        yield Finding(
            ("migration", "kind"),
            f"no data can be {migration.kind} while `database` is `kind: {used.kind}`",
            "arriving while it is in_cluster, leaving while it is a server of the cloud's",
            "remove the section",
        )
    elif arriving and not is_token(migration.database.engine_version):
        if int(migration.database.engine_version.partition(".")[0]) < OLDEST_TO_MOVE_TO:
            yield Finding(
                ("migration", "database", "engine_version"),
                f"data from PostgreSQL {OLDEST_TO_MOVE_TO} in the cluster does not go back to an older version",
                f"{OLDEST_TO_MOVE_TO} or newer",
            )
        there = config.in_place_of("database", migration.database)
        for finding in run(there, unsound):
            if finding.path[:1] == ("database",):
                yield replace(finding, path=("migration", *finding.path))


def _files_can_hold_all_secrets(config: PlatformConfig) -> Iterator[Finding]:
    """What the cloud itself makes while it is set up, nobody can have put into a file before."""
    if not isinstance(config.secrets, InFilesConfig):
        return
    needs = config.needs
    known = {name for need in needs.values() for name in (*need.all_secrets, *need.existing)}
    for section, need in needs.items():
        if made := ", ".join(name for name in need.reads if name not in known):
            kind = getattr(config, section).kind
            yield Finding(
                ("secrets", "kind"),
                f"{config.secrets.kind} holds what is known before, and {kind} makes {made} while it is set up",
                f"external_secrets, secret_manager, vault or openbao with {kind}",
                f"choose one of these, or a kind for `{section}` whose login is given: in_cluster, in dev and local",
            )


def _sops_has_its_clouds_key(config: PlatformConfig) -> Iterator[Finding]:
    secrets = config.secrets
    if secrets.kind != "sops":
        return
    for key, provider in (("kms_key_arn", "aws"), ("kms_key_name", "gcp")):
        if getattr(secrets, key) and config.cloud.provider != provider:
            message = f"is a key on {provider}, and the operator has no identity there"
            yield Finding(("secrets", key), message, "a key of the platform's own cloud, or `age`", "remove it")
        elif getattr(secrets, key) and config.cluster.kind == "kubeconfig":
            message = "lets in only whom the cloud knows, and of a cluster by kubeconfig it knows nothing"
            yield Finding(("secrets", key), message, "`age`", "encrypt to a key of age's")


def _openbao_finds_nodes(config: PlatformConfig) -> Iterator[Finding]:
    """Each server has a node of its own: one that finds none would stay pending, and the deployment with it."""
    secrets, pools = config.secrets, node_pools(config)
    if secrets.kind != "openbao" or not pools:
        return
    most = sum(group.max_size for group, _ in _untainted(pools, spot=False))
    if most < secrets.servers:
        yield Finding(
            ("secrets", "servers"),
            f"{secrets.servers} servers need as many on-demand nodes without taints, and there can be {most}",
            f"at most {most} with these node groups",
            "raise the on-demand node groups' `max_size`, or take fewer servers",
        )


def _data_loss(config: PlatformConfig) -> Iterator[Finding]:
    if config.allow_data_loss and config.environment not in ("local", "dev"):
        yield Finding(
            ("allow_data_loss",),
            f"has no effect in {config.environment}, where data is always kept",
            allowed="true only with environment local or dev",
            fix="remove it",
        )


def _buckets(config: PlatformConfig) -> Iterator[Finding]:
    """Names that are put together obey the storage's rules too, and are the names of different buckets."""
    storage, state = config.storage, config.state
    if storage.kind == "none":
        return
    kept_in = getattr(state, "bucket", None)
    taken = {kept_in: "state"} if kept_in and not storage.own_names else {}
    prefix, account_id = f"{config.name}-{config.environment}", config.cloud.account_id or "0" * 12
    for purpose in storage.buckets:
        name = storage.bucket_name(purpose, prefix=prefix, account_id=account_id)
        if not is_token(name) and (problem := storage.name_problem(name)):
            fix = "shorten or change `name`, or set `storage.bucket_prefix`"
            yield Finding(("storage",), f"the {purpose} bucket's name {shown(name, 99)} {problem}", BUCKET_NAMES, fix)
        if name in taken:
            message = f"the {purpose} bucket's name {shown(name, 99)} is that of the {taken[name]} bucket"
            yield Finding(("storage", "bucket_names", purpose), message, "a name of its own for each bucket")
        taken[name] = purpose


def _key_in_region(section: str, config: PlatformConfig) -> Iterator[Finding]:
    """A service takes only keys of the region it works in."""
    chosen, places = getattr(config, section), {"kms_key_arn": (":", 3), "kms_key_name": ("/", 3)}
    region = getattr(chosen, "region", None) or config.cloud.region
    for key, (separator, place) in places.items():
        name = getattr(chosen, key, None)
        if name and not is_token(name) and (elsewhere := name.split(separator)[place]) != region:
            yield Finding((section, key), f"the key is in {elsewhere}", f"a key in {region}")


def _zone_in_region(config: PlatformConfig) -> Iterator[Finding]:
    zone, region = getattr(config.cluster, "zone", None), config.cloud.region
    if zone and not is_token(zone) and zone.rpartition("-")[0] != region:
        yield Finding(("cluster", "zone"), f"{zone} is in another region", f"a zone of {region}")


_POD_BLOCK = 24
"""Prefix of what a node in GKE takes of the range for pods, with up to 110 of them
(https://cloud.google.com/kubernetes-engine/docs/how-to/flexible-pod-cidr)."""


def _pods_have_addresses(config: PlatformConfig) -> Iterator[Finding]:
    """All nodes that there can be, and those that come before others go, find a part of the range for pods."""
    network, cluster = config.network, config.cluster
    if network.kind != "gcp_network" or cluster.kind != "gke" or network.pods_prefix is None:
        return
    most, blocks = _most_nodes(cluster), 2 ** (_POD_BLOCK - network.pods_prefix)
    if most > blocks:
        yield Finding(
            ("network", "ranges", "pods") if network.ranges else ("network", "cidr"),
            f"the range for pods, a /{network.pods_prefix}, has addresses for {blocks} nodes, and there can be {most}, "
            "with one more of each machine type during an upgrade",
            f"a range for pods of /{_POD_BLOCK - (most - 1).bit_length()} or larger",
            "take a larger network, or lower the node groups' `max_size`",
        )


_NOT_FOR_NODES = 5
"""Addresses of a subnet that Google keeps (https://cloud.google.com/vpc/docs/subnets#unusable-ip-addresses-in-every-subnet),
and the API server's."""


def _nodes_have_addresses(config: PlatformConfig) -> Iterator[Finding]:
    """Likewise in the subnet itself. Where it is cut from `cidr`, pods run out of theirs long before."""
    network, cluster = config.network, config.cluster
    if network.kind != "gcp_network" or cluster.kind != "gke" or not network.ranges or is_token(network.ranges.nodes):
        return
    most, subnet = _most_nodes(cluster), IPv4Network(network.ranges.nodes)
    if most > (free := subnet.num_addresses - _NOT_FOR_NODES):
        yield Finding(
            ("network", "ranges", "nodes"),
            f"{subnet} has addresses for {free} nodes, and there can be {most}, with one more of each machine type "
            "during an upgrade",
            f"a /{32 - (most + _NOT_FOR_NODES - 1).bit_length()} or larger",
            "take a larger range, or lower the node groups' `max_size`",
        )


def _most_nodes(cluster: GkeConfig) -> int:
    """With those that come before others go, when GKE changes the nodes of a pool."""
    return sum(group.max_size + len(group.instance_types) for group in cluster.node_groups.values())


_Pool = tuple["NodeGroupConfig", Node]
"""A node group, and the smallest of its nodes."""


@dataclass(frozen=True)
class _Pod:
    """What is to find room, and where in the file its size is."""

    name: str
    memory_mib: int
    cpu: float
    prefix: str = ""
    section: str = "compute"

    def fits(self, node: Node) -> bool:
        return node.carries(self.memory_mib, self.cpu)

    def times_on(self, node: Node, beside: _Pod | None = None) -> int:
        """How many an otherwise empty node carries."""
        memory_mib = node.worker_mib - (beside.memory_mib if beside else 0)
        millicpu = node.worker_millicpu - (beside.cpu * 1000 if beside else 0)
        return max(int(min(memory_mib // self.memory_mib, millicpu // (self.cpu * 1000))), 0)

    def __str__(self) -> str:
        return f"{self.name} of {self.memory_mib} MiB and {self.cpu:g} CPU"


def _runs_fit(config: PlatformConfig) -> Iterator[Finding]:
    """Some node group must have room for a run: Kubernetes would leave its pod pending for ever."""
    if (run := _run(config)) and (pools := node_pools(config)):
        yield from _finds_room(run, pools)


def _run(config: PlatformConfig) -> _Pod | None:
    """Where the engine is none that works in it, the runtime says how large it is."""
    compute, runtime = config.compute, config.runtime
    if compute.kind in ("duckdb", "motherduck", "bigquery"):
        return _Pod("worker", compute.memory_gib * 1024, compute.cpu)
    if runtime.kind == "floe":
        return _Pod("run", runtime.run_memory_gib * 1024, runtime.run_cpu, prefix="run_", section="runtime")
    return None


def _trino_fits(config: PlatformConfig) -> Iterator[Finding]:
    """The coordinator finds room on demand, and the workers, all of them at once, where they are to run."""
    compute = config.compute
    if compute.kind != "trino":
        return
    if not (pools := node_pools(config)):
        return
    worker = _Pod("worker", compute.memory_gib * 1024, compute.cpu)
    coordinator = _Pod(
        "coordinator", compute.coordinator_memory_gib * 1024, compute.coordinator_cpu, prefix="coordinator_"
    )
    if not _placed_by_hand(compute, "coordinator"):
        yield from _finds_room_untainted(coordinator, pools, spot=False)
    if compute.workers and not _placed_by_hand(compute, "worker"):
        findings = list(_finds_room_untainted(worker, pools, spot=compute.spot))
        yield from findings or _all_workers_find_room(compute, worker, coordinator, pools)


_LENT_ON_GOOGLE = 481
"""The first release of Trino that takes access to Google's storage from the catalog
(https://github.com/trinodb/trino/pull/28423)."""


def _trino_reaches_googles_storage(config: PlatformConfig) -> Iterator[Finding]:
    """Trino keeps intermediate results on Google through S3's protocol, which knows static keys alone there
    (https://trino.io/docs/current/admin/fault-tolerant-execution.html#google-cloud-storage)."""
    compute, catalog = config.compute, config.catalog
    if compute.kind != "trino" or config.storage.kind != "gcs":
        return
    if compute.fault_tolerant:
        yield Finding(
            ("compute", "fault_tolerant"),
            "Trino gets at intermediate results on Google Cloud Storage with static HMAC keys alone, and the platform "
            "makes none that live so long",
            "false with storage gcs",
            "remove it, and set `spot: false` where no query may be lost with its node",
        )
    vends = catalog.kind != "none" and catalog.vends_credentials
    if vends and not is_token(compute.version) and int(compute.version) < _LENT_ON_GOOGLE:
        yield Finding(
            ("compute", "version"),
            f"Trino {compute.version} does not take the access to Google Cloud Storage that {catalog.kind} lends it",
            f"{_LENT_ON_GOOGLE} or newer with storage gcs",
        )


def _trino_has_an_exchange(config: PlatformConfig) -> Iterator[Finding]:
    compute = config.compute
    if compute.kind == "trino" and compute.fault_tolerant and not getattr(config.storage, "exchange", False):
        yield Finding(
            ("compute", "fault_tolerant"),
            "the intermediate results of queries need a bucket, and `storage` makes none",
            "true with storage.exchange: true",
            "set `storage: {exchange: true}`, or remove it",
        )


def node_pools(config: PlatformConfig) -> list[_Pool]:
    """The cluster's node groups; none where any of them is known only to Terraform, or nothing is said of them."""
    if config.cluster.kind == "none":
        return []
    groups = list(config.cluster.node_groups.values())
    if any(is_token(name) for group in groups for name in group.instance_types):
        return []
    return [(group, min(group.nodes, key=lambda node: node.worker_mib)) for group in groups]


def _untainted(pools: Sequence[_Pool], *, spot: bool) -> list[_Pool]:
    """Those for pods that tolerate no taint, unless it is that of spot nodes."""
    wanted = "spot" if spot else "on_demand"
    return [(group, node) for group, node in pools if group.capacity_type == wanted and not group.taints]


def _placed_by_hand(compute: TrinoConfig, role: str) -> bool:
    """Whether the chart's values say where pods go or how large they are, so that it is not known here."""
    given = compute.values.get(role)
    settled = {"affinity", "nodeSelector", "resources", "tolerations"}
    return isinstance(given, Mapping) and not settled.isdisjoint(given)


def _finds_room_untainted(pod: _Pod, pools: Sequence[_Pool], *, spot: bool) -> Iterator[Finding]:
    where = "spot" if spot else "on-demand"
    if fitting := _untainted(pools, spot=spot):
        yield from _finds_room(pod, fitting, f"{where} ")
    else:
        yield Finding(
            ("compute", "spot") if pod.name == "worker" else ("compute",),
            f"the {pod.name} runs on {where} nodes, and there is no {where} node group without taints of its own",
            f"a node group with `capacity_type: {where.replace('-', '_')}` and no taints",
            "add one, or set `spot: false`" if spot else "add one",
        )


def _finds_room(pod: _Pod, pools: Sequence[_Pool], where: str = "") -> Iterator[Finding]:
    nodes = [node for _, node in pools]
    if any(map(pod.fits, nodes)):
        return
    best = max(nodes, key=lambda node: (node.worker_mib, node.worker_millicpu))
    larger = smallest(pod.memory_mib, pod.cpu, best.type.architecture, type(best))
    group = f"{'an' if where.startswith('o') else 'a'} {where}node group"
    yield Finding(
        (pod.section, f"{pod.prefix}{'memory_gib' if pod.memory_mib > best.worker_mib else 'cpu'}"),
        f"a {pod} finds no room on any {where}node; the largest, {best}",
        allowed=f"at most {best.worker_mib // 1024} GiB and {best.worker_millicpu / 1000:g} CPU with these node groups",
        fix=(f"use {larger.type.name} or larger in {group}, or " if larger else "") + f"make the {pod.name} smaller",
    )


def _all_workers_find_room(
    compute: TrinoConfig, worker: _Pod, coordinator: _Pod, pools: Sequence[_Pool]
) -> Iterator[Finding]:
    """Scaled out, with every node group at its `max_size`."""
    fitting = _untainted(pools, spot=compute.spot)
    places = sum(group.max_size * worker.times_on(node) for group, node in fitting)
    if not compute.spot:
        homes = [node for _, node in fitting if coordinator.fits(node)]
        places -= min((worker.times_on(node) - worker.times_on(node, coordinator) for node in homes), default=0)
    wanted, where = compute.max_workers or compute.workers, "spot" if compute.spot else "on-demand"
    if places >= wanted:
        return
    nodes = " + ".join(f"{group.max_size} {node.type.name} × {worker.times_on(node)}" for group, node in fitting)
    yield Finding(
        ("compute", "max_workers" if compute.max_workers else "workers"),
        f"{wanted} times a {worker} need more than all {where} nodes there can be: {nodes}"
        + ("" if compute.spot else ", and the coordinator among them"),
        f"at most {places} with these node groups",
        f"raise the {where} node groups' `max_size`, or make the workers fewer or smaller",
    )


_PRODUCTION_DATABASE_GIB = 4


def _database_carries_production(config: PlatformConfig) -> Iterator[Finding]:
    """Dagster, the catalog and the lineage store share the server, and RDS allows one connection for each 9 531 392
    bytes of memory (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html): at most 112 with 1 GiB.
    Cloud SQL's shared cores are not covered by its service level agreement (https://cloud.google.com/sql/sla).
    """
    database = config.database
    if config.environment == "prod" and database.kind == "cloud_sql" and database.shares_a_core:
        yield Finding(
            ("database", "tier"),
            f"{database.tier} has a part of a processor, and Google promises no availability of that",
            "db-custom-… in prod",
            "choose db-custom-2-4096 or larger",
        )
    if config.environment != "prod" or database.kind != "rds" or database.memory_gib is None:
        return
    if database.memory_gib < _PRODUCTION_DATABASE_GIB:
        connections = database.memory_gib * 2**30 // 9_531_392
        yield Finding(
            ("database", "instance_class"),
            f"{database.instance_class} has {database.memory_gib} GiB, at most {connections} connections for Dagster, "
            "the catalog and the lineage store together",
            allowed=f"{_PRODUCTION_DATABASE_GIB} GiB or more in prod",
            fix="choose db.t3.medium or larger",
        )


def _catalog_namespaces(config: PlatformConfig) -> Iterator[Finding]:
    """Every layer has a namespace of its own: two locations cannot be one namespace's."""
    catalog, storage = config.catalog, config.storage
    if not isinstance(catalog, PolarisConfig | NessieConfig) or storage.kind == "none":
        return
    given, layers = catalog.namespaces, storage.layers
    for layer in given:
        if layer not in layers:
            message = f"there is no layer {shown(layer)} to name the namespace of"
            yield Finding(("catalog", "namespaces", layer), message, ", ".join(layers))
    taken: dict[str, str] = {}
    for layer in layers:
        name = given.get(layer, layer)
        if name in taken:
            message = f"{taken[name]} and {layer} would both be in the namespace {name}"
            yield Finding(("catalog", "namespaces"), message, "a name of its own for each layer")
        taken[name] = layer


def _glue_has_buckets(config: PlatformConfig) -> Iterator[Finding]:
    storage = config.storage
    if config.catalog.kind == "glue" and storage.kind != "none" and "local" in storage.clouds:
        message = f"a table of Glue's lies in S3, and {storage.kind} is in the cluster, of which Glue knows nothing"
        yield Finding(("catalog", "kind"), message, "only with storage s3", "choose polaris or nessie")


def _catalog_root(config: PlatformConfig) -> Iterator[Finding]:
    """Nobody could sign in as the administrator any more, not even to tell Polaris the new credentials."""
    if config.catalog.kind == "polaris" and getattr(config.secrets, "generations", {}).get(ROOT_SECRET, 1) != 1:
        yield Finding(
            ("secrets", "generations", ROOT_SECRET),
            "Polaris holds on to the credentials that its realm was made with, and takes new ones only from whoever "
            "knows the old ones",
            fix="remove it; reset them in Polaris, and put the new ones into the secret manager by hand",
        )


def _layers_are_no_profile(config: PlatformConfig) -> Iterator[Finding]:
    """floe-runtime knows storage by profiles, one for each layer, and one that serves what names none."""
    for index, layer in enumerate(getattr(config.storage, "layers", ())):
        if layer == "default":
            message = "floe-runtime's storage profile of this name is that of the first layer"
            yield Finding(("storage", "layers", index), message, "any other name", "rename the layer")


def _namespaces_are_no_warehouse(config: PlatformConfig) -> Iterator[Finding]:
    """floe-runtime takes a name that begins with the warehouse's for one that says it, and finds nothing."""
    catalog, storage = config.catalog, config.storage
    if not isinstance(catalog, PolarisConfig | NessieConfig) or storage.kind == "none":
        return
    warehouse = catalog.warehouse_name(prefix=f"{config.name}-{config.environment}")
    for layer in storage.layers:
        if catalog.namespaces.get(layer, layer) == warehouse:
            message = f"the namespace of {layer} is called like the warehouse, {warehouse}, that it is in"
            path = ("namespaces", layer) if layer in catalog.namespaces else ("warehouse",)
            yield Finding(("catalog", *path), message, "another name than the warehouse's", "rename one of them")


_CODE_SERVER = (1, 0.25)
"""GiB and processors that the server of the pipelines' code requests."""


def _quota_carries_a_run(config: PlatformConfig) -> Iterator[Finding]:
    """Beside the server of its code: Kubernetes would turn away its pod, again and again."""
    quota = config.kubernetes.quota
    if quota is None or config.cluster.kind == "none" or (run := _run(config)) is None:
        return
    wanted = {"memory_gib": run.memory_mib // 1024 + _CODE_SERVER[0], "cpu": run.cpu + _CODE_SERVER[1]}
    for key, least in wanted.items():
        if getattr(quota, key) < least:
            yield Finding(
                ("kubernetes", "quota", key),
                f"a {run} and the server of its code request more than a namespace may",
                f"at least {math.ceil(least)}",
                "raise the quota, or make runs smaller",
            )


def _charts_have_what_they_run(config: PlatformConfig) -> Iterator[Finding]:
    """floe-runtime's charts run in a cluster, and pipelines are in an image."""
    if not config.orchestration.enabled:
        return
    for section, words in {"cluster": "a cluster", "runtime": "a namespace, an identity and Secrets"}.items():
        if getattr(config, section).kind == "none":
            message = f"floe-runtime's charts need {words}, and `{section}` is `kind: none`"
            yield Finding(("orchestration", "enabled"), message, fix=f"choose a kind for `{section}`, or remove it")
    if config.runtime.kind != "none" and config.runtime.image is None:
        yield Finding(
            ("runtime",),
            "floe-runtime's charts are to be installed, and no image holds pipelines",
            "image: <repository>:<tag>",
            "build it from your pipelines, push it, and name it as `runtime.image`",
        )
