"""NEXT_STEPS.md: the commands that are left to give, with this platform's names."""

from __future__ import annotations

from urllib.parse import urlsplit

from floe_infra.handoff import cube_values, dagster_values
from floe_infra.handoff.config import CHARTS_FOLDER, CUBE, DAGSTER
from floe_infra.handoff.dagster_values import MIGRATION
from floe_infra.handoff.parts import FLOE_RUNTIME, Parts


def values_file(chart: str, parts: Parts) -> str:
    """The name of the file with a chart's values."""
    return f"{chart}/values-{parts.config.environment}.yaml"


def next_steps(parts: Parts) -> str:
    """The text."""
    sections = [_what_this_is(parts), *(_install(parts) if parts.runtime else []), *_check(parts), *_caveats(parts)]
    return "\n\n".join(sections) + "\n"


def _what_this_is(parts: Parts) -> str:
    return (
        f"# {parts.context.prefix}: next steps\n\n"
        f"Written by `floe-infra handoff` for floe-runtime at commit {FLOE_RUNTIME}. `floe-infra handoff --check` says "
        "whether these files are still what is deployed. None of them holds a secret."
    )


def _install(parts: Parts) -> list[str]:
    assert parts.runtime
    secrets = f"kubectl -n {parts.runtime.namespace} get secret {' '.join(_secrets(parts))}"
    return [
        *_login(parts),
        f"## Secrets\n\nThe platform has made them; see that all are there:\n\n{_code(secrets)}",
        "What holds a secret goes on with its old value until it starts anew: "
        f"`kubectl -n {parts.runtime.namespace} rollout restart deployment`.",
        *_cube_keys(parts),
        *(_installed(parts) if parts.config.orchestration.enabled else _by_hand(parts)),
        _first_run(parts),
    ]


def _installed(parts: Parts) -> list[str]:
    assert parts.runtime
    commands = _code(
        *(f"helm -n {parts.runtime.namespace} status {chart}" for chart in parts.config.orchestration.charts)
    )
    return [
        f"## Installed\n\n`floe-infra deploy` has installed floe-runtime's charts with the values here:\n\n{commands}"
    ]


def _by_hand(parts: Parts) -> list[str]:
    runtime = parts.runtime
    assert runtime
    image = (
        " \\\n  --set 'dagster.dagster-user-deployments.deployments[0].image.repository=<image>'"
        " \\\n  --set-string 'dagster.dagster-user-deployments.deployments[0].image.tag=<tag>'"
    )
    dagster = f"{_upgrade(DAGSTER, parts)} --skip-schema-validation --wait --timeout 15m"
    cube = f"{_upgrade(CUBE, parts)} --wait --timeout 10m"
    tag = "" if runtime.image else "`<image>` and `<tag>` are those of your pipelines; never take `latest`. "
    return [
        "## Install\n\nFrom a checkout of floe-runtime, with this directory as `HANDOFF`. The releases must be called "
        "so, and come in this order: other charts know them by these names. "
        f"{tag}Schema validation is skipped because Dagster's schema points to an address that is gone.\n\n"
        + _code(
            "helm repo add dagster https://dagster-io.github.io/helm",
            f"helm dependency build {CHARTS_FOLDER}/{DAGSTER}",
            f"{dagster}{'' if runtime.image else image}",
            cube,
        ),
        "When platform.yaml changes, write these files anew and give the same commands: a checksum in the values "
        "starts the pipelines' pod anew. Before another release of Dagster, take away the job that has migrated its "
        f"database, since no job can be changed: `kubectl -n {runtime.namespace} delete job {MIGRATION}`.",
    ]


def _upgrade(chart: str, parts: Parts) -> str:
    assert parts.runtime
    command = f"helm upgrade --install {chart} {CHARTS_FOLDER}/{chart} -n {parts.runtime.namespace}"
    return f'{command} \\\n  -f "$HANDOFF/{values_file(chart, parts)}"'


def _first_run(parts: Parts) -> str:
    """Of a job that the pipelines' image has; floe-runtime's own demonstration calls one seed_bronze."""
    assert parts.runtime
    command = (
        f"kubectl -n {parts.runtime.namespace} exec deploy/floe-dagster-dagster-webserver -- \\\n"
        "  dagster job launch -w /dagster-workspace/workspace.yaml -j <job>"
    )
    return (
        "## Run a pipeline\n\nA run is a pod of its own, of the size that platform.yaml says. It also starts from "
        f"Dagster's pages:\n\n{_code(command, f'kubectl -n {parts.runtime.namespace} get pods -w')}"
    )


def _login(parts: Parts) -> list[str]:
    cluster = parts.cluster
    if cluster is None:
        return []
    command = None
    if cluster.kubeconfig_context:
        command = f"kubectl config use-context {cluster.kubeconfig_context}"
    elif parts.on_aws:
        command = f"aws eks update-kubeconfig --region {parts.context.region} --name {cluster.name}"
    elif parts.config.cloud.provider == "gcp" and cluster.location:
        place = f"--location {cluster.location} --project {parts.context.account_id}"
        command = f"gcloud container clusters get-credentials {cluster.name} {place}"
    return [f"## Log in\n\n{_code(command)}"] if command else []


def _secrets(parts: Parts) -> list[str]:
    storage, catalog, compute = parts.storage, parts.catalog, parts.compute
    there = {
        dagster_values.DATABASE_SECRET: parts.database is not None,
        dagster_values.CATALOG_SECRET: catalog is not None and catalog.scope is not None,
        dagster_values.STORAGE_SECRET: storage is not None and storage.secret is not None,
        dagster_values.COMPUTE_SECRET: compute is not None and compute.engine == "motherduck",
        cube_values.STORAGE_SECRET: storage is not None and storage.secret is not None,
        cube_values.SECRET: parts.config.secrets.kind != "none",
    }
    return [name for name, is_there in there.items() if is_there]


def _cube_keys(parts: Parts) -> list[str]:
    storage = parts.storage
    if not cube_values.needs_keys(parts) or storage is None or storage.scheme != "s3":
        return []
    assert parts.runtime
    own = [parts.preaggregations] if parts.preaggregations else []
    wanted = [*own, *(storage.buckets if cube_values.reads_files(parts) else ())]
    names = ", ".join(f"`{bucket.name}`" for bucket in wanted)
    literals = " \\\n".join(f'  --from-literal={key}="${variable}"' for key, variable in cube_values.KEYS.items())
    command = f"kubectl -n {parts.runtime.namespace} create secret generic {cube_values.STORAGE_SECRET} \\\n{literals}"
    return [
        "### Cube's access to storage\n\nfloe-cube lets no service account be named, so the platform gives it no role. "
        "Without access, it starts, and fails at the first file that it wants. Give it keys of a user who may use "
        f"{names}:\n\n{_code(command)}\n\nor a role to the namespace's `default` service account."
    ]


def _check(parts: Parts) -> list[str]:
    asked = ["floe-infra check"]
    if parts.runtime:
        asked.append("floe-infra check --in-cluster | kubectl apply -f -   # says how to see the result")
    about = "Real requests to all that there is, and what to do where one fails"
    also = "; the second as Dagster's pods send them, once its Secrets are there" if parts.runtime else ""
    ways = _ways(parts)
    looked_at = [f"To look at it from here:\n\n{_code(*ways)}"] if ways else []
    return [f"## Check\n\n{about}{also}:\n\n{_code(*asked)}", *looked_at]


def _ways(parts: Parts) -> list[str]:
    """To what is in the cluster."""
    lines = []
    if parts.runtime:
        namespace = parts.runtime.namespace
        lines += [
            f"kubectl -n {namespace} port-forward svc/floe-dagster-dagster-webserver 3000:80   # http://localhost:3000",
            f"kubectl -n {namespace} port-forward svc/floe-cube-api 4000:4000   # http://localhost:4000/readyz",
        ]
    for url, health in _endpoints(parts):
        forward = _forward(url)
        if forward:
            lines.append(f"{forward}   # {health}" if health else forward)
    return lines


def _endpoints(parts: Parts) -> list[tuple[str, str]]:
    compute = parts.compute
    found = [
        (parts.catalog.uri if parts.catalog else None, _catalog_health(parts)),
        (parts.telemetry.otlp_grpc if parts.telemetry else None, "OTLP by gRPC"),
        (parts.lineage.url if parts.lineage else None, "http://localhost:{port}/api/v1/namespaces"),
        (
            f"http://{compute.host}:{compute.port}" if compute and compute.host else None,
            "http://localhost:{port}/v1/info",
        ),
    ]
    return [(url, health.format(port=urlsplit(url).port)) for url, health in found if url]


def _catalog_health(parts: Parts) -> str:
    catalog = parts.catalog
    if catalog is None or catalog.uri is None:
        return ""
    page = f"http://localhost:{{port}}{urlsplit(catalog.uri).path}/v1/config?warehouse={catalog.warehouse}"
    return f"{page} answers 401 to whoever has no token" if catalog.scope else page


def _forward(url: str) -> str | None:
    """To a Service, by its name in the cluster."""
    address = urlsplit(url)
    service, _, rest = (address.hostname or "").partition(".")
    namespace, _, zone = rest.partition(".")
    if not zone.startswith("svc"):
        return None
    return f"kubectl -n {namespace} port-forward svc/{service} {address.port}:{address.port}"


def _caveats(parts: Parts) -> list[str]:
    notes = []
    if parts.catalog and parts.catalog.kind != "polaris":
        notes.append(
            f"floe-runtime speaks to Polaris alone: with {parts.catalog.kind}, platform.yaml is valid, but neither its "
            "dbt plugin nor its Dagster resource uses the catalog. PyIceberg, Trino and DuckDB do, by the files here."
        )
    if parts.compute and parts.compute.engine in ("trino", "bigquery"):
        notes.append(
            "floe-runtime's pipelines run DuckDB, whatever else there is; "
            f"{parts.compute.engine} answers queries, Cube's among them."
        )
    if parts.storage and parts.storage.scheme == "gs":
        notes.append("floe-runtime's own plugins are made for S3; on Google Cloud Storage expect gaps.")
    if parts.runtime and parts.runtime.dagster_version is None:
        notes.append(
            "Dagster's webserver and daemon are of the release that the chart has, 1.9; the lock file builds images on "
            "1.12. Name the image's in `runtime.dagster_version`: `dagster --version` in the image says it."
        )
    if parts.runtime and parts.config.kubernetes.network_policies.enabled:
        notes.append(
            "The network policies let no pod fetch DuckDB's extensions (extensions.duckdb.org, port 80), as the "
            "images' entrypoint tries: put them into the image, or allow it in `kubernetes.network_policies.edges` "
            "(`{client: runtime, server: 0.0.0.0/0, port: 80}`)."
        )
    notes.append("dbt does not write Iceberg tables yet: only what writes with PyIceberg does.")
    return ["## Know\n\n" + "\n".join(f"* {note}" for note in notes)]


def _code(*commands: str) -> str:
    return "\n".join(["```sh", *commands, "```"])
