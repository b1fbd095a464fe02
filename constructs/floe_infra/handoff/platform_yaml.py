"""platform.yaml: where floe-runtime finds everything.

Its models refuse every key that they do not know, so that only such are here. Much of it they take and never read; what
is left out here is what would say nothing.
"""

from __future__ import annotations

import re
from typing import Any

from floe_infra.fields import is_token
from floe_infra.handoff.parts import LOGS_PREFIX, Parts
from floe_infra.refs import BucketRef, CatalogRef

VERSION = "1.2.0"

_CATALOGS = ("polaris", "glue", "nessie")
_ROLE_ARN = re.compile(r"arn:aws:iam::\d{12}:role/[\w+=,.@-]+")
_KEY_ARN = re.compile(r"arn:aws:kms:[a-z0-9-]+:\d{12}:key/[a-f0-9-]+")

_TRACING = {"sampling": {"sampling_type": "always_on"}, "exporters": {"jaeger": False, "otlp": True}}
"""Everything is sent, and the collector alone decides what is kept."""

Section = dict[str, Any]


def platform_yaml(parts: Parts) -> Section:
    """The document."""
    layers = _layers(parts) if parts.storage and parts.catalog else {}
    sections = {
        "infrastructure": _infrastructure(parts),
        "security": _security(parts),
        "storage": _storage(parts),
        "catalogs": {"default": _catalog(parts, parts.catalog)} if parts.catalog else {},
        "compute": {"default": _compute(parts)},
        "layers": layers,
        "observability": _observability(parts),
    }
    return {"version": VERSION, **{name: section for name, section in sections.items() if section}}


def _storage(parts: Parts) -> Section:
    """A profile for each layer. The one called default serves what names none, and is the first layer's."""
    if parts.storage is None:
        return {}
    layers = parts.storage.layers
    first = next(iter(layers.values()))
    return {name: _profile(parts, bucket) for name, bucket in {"default": first, **layers}.items()}


def _profile(parts: Parts, bucket: BucketRef) -> Section:
    storage = parts.storage
    assert storage
    if storage.scheme == "gs":
        return {
            "type": "gcs",
            "region": storage.region,
            "bucket": bucket.name,
            "credentials": {"mode": "service_account"},
        }
    role = _role(parts, parts.storage_role)
    return {
        "type": "s3",
        **({"endpoint": storage.endpoint} if storage.endpoint else {}),
        "region": storage.region,
        "bucket": bucket.name,
        "path_style_access": storage.path_style,
        # Keys are two values, and a reference names one: they come by AWS_ACCESS_KEY_ID and its like.
        "credentials": {"mode": "iam_role", "role_arn": role} if role else {"mode": "static"},
    }


def _catalog(parts: Parts, catalog: CatalogRef) -> Section:
    return {
        "type": catalog.kind if catalog.kind in _CATALOGS else "rest",
        "uri": catalog.uri or _glue_uri(parts, catalog),
        "warehouse": catalog.warehouse,
        "credentials": _login(parts, catalog),
        "access_delegation": "vended-credentials" if catalog.vends_credentials else "none",
    }


def _glue_uri(parts: Parts, catalog: CatalogRef) -> str:
    """Glue's own Iceberg REST endpoint (https://docs.aws.amazon.com/glue/latest/dg/connect-glu-iceberg-rest.html)."""
    domain = "amazonaws.com.cn" if parts.context.partition == "aws-cn" else "amazonaws.com"
    return f"{catalog.endpoint or f'https://glue.{catalog.region}.{domain}'}/iceberg"


def _login(parts: Parts, catalog: CatalogRef) -> Section:
    if catalog.scope:
        return {
            "mode": "oauth2",
            "client_id": {"secret_ref": "polaris-client-id"},
            "client_secret": {"secret_ref": "polaris-client-secret"},
            "scope": catalog.scope,
        }
    role = _role(parts, parts.identity.role_arn) if parts.identity and parts.on_aws else None
    return {"mode": "iam_role", "role_arn": role} if catalog.uri is None and role else {"mode": "static"}


def _compute(parts: Parts) -> Section:
    """DuckDB, whatever engine there is, and where there is none: it runs the pipelines, and floe-runtime compiles none
    without a profile, nor knows Trino and MotherDuck as types. What is said of Trino here is a note for people; Cube
    is told of it in its values."""
    compute, run = parts.compute, parts.run
    properties: Section = {"path": parts.database_path}
    if compute or parts.runtime:
        properties |= {"threads": run.threads, "memory_limit": run.memory_limit}
    if compute is None:
        return {"type": "duckdb", "properties": properties}
    if compute.engine == "trino":
        properties["trino"] = {"host": compute.host, "port": compute.port, "catalog": compute.catalog}
    if compute.engine == "bigquery":
        told = compute.environment
        project = {"project": told["GOOGLE_CLOUD_PROJECT"], "dataset": told["BIGQUERY_DATASET"]}
        properties |= {**project, "location": told["BIGQUERY_LOCATION"]}
        return {"type": "bigquery", "properties": properties, "credentials": {"mode": "service_account"}}
    return {"type": "duckdb", "properties": properties}


def _layers(parts: Parts) -> Section:
    assert parts.catalog
    return {
        layer: {"name": layer, "storage_ref": layer, "namespace": namespace}
        for layer, namespace in parts.catalog.namespaces.items()
    }


def _observability(parts: Parts) -> Section:
    """A signal is switched off by leaving out where it goes; its own switch does nothing."""
    telemetry, lineage = parts.telemetry, parts.lineage_url
    endpoints = {
        **({"otlp_endpoint": telemetry.otlp_grpc} if telemetry else {}),
        **({"lineage_endpoint": lineage} if lineage else {}),
    }
    logs = _compute_logs(parts)
    if not endpoints and not logs:
        return {}
    prefix, environment = parts.context.prefix, parts.context.environment
    attributes = {"service.name": prefix, "deployment.environment": environment, "namespace": prefix}
    return {**endpoints, "attributes": attributes, **({"tracing": _TRACING} if telemetry else {}), **logs}


def _compute_logs(parts: Parts) -> Section:
    storage = parts.storage
    if storage is None or storage.compute_logs is None:
        return {}
    days = getattr(parts.config.storage, "compute_logs_expire_days", None)
    return {
        "compute_logs": {
            "manager_type": "gcs" if storage.scheme == "gs" else "s3",
            "bucket": storage.compute_logs.name,
            "prefix": LOGS_PREFIX,
            **({"retention_days": days} if days else {}),
        }
    }


def _infrastructure(parts: Parts) -> Section:
    resources = parts.run.resources
    profile = {"requests": resources, "limits": resources, "env": parts.run.environment}
    return {
        "cloud": _cloud(parts),
        **({"resource_profiles": {"transform": profile}} if parts.compute or parts.runtime else {}),
    }


def _cloud(parts: Parts) -> Section:
    cloud, context, storage = parts.config.cloud, parts.context, parts.storage
    emulator = context.endpoint
    if parts.config.storage.kind == "localstack" and storage:
        emulator = storage.endpoint
    if emulator:
        return {"provider": "local", "localstack": {"enabled": True, "endpoint": emulator}}
    if cloud.provider == "local":
        return {"provider": "local"}
    if not parts.on_aws:
        return {"provider": cloud.provider, "region": context.region}
    return {"provider": "aws", "region": context.region, "aws": _aws(parts)}


def _aws(parts: Parts) -> Section:
    network, identity, storage = parts.network, parts.identity, parts.storage
    kinds = {"private": network.private_subnet_ids, "public": network.public_subnet_ids} if network else {}
    subnets = {kind: list(ids) for kind, ids in kinds.items() if ids}
    role = _role(parts, identity.role_arn if identity else None)
    key = _known(storage.kms_key_arn if storage else None, _KEY_ARN)
    return {
        "account_id": parts.context.account_id,
        **({"vpc": {"id": network.id, "subnets": subnets}} if network else {}),
        **({"iam": {"service_accounts": {"dagster": {"role_arn": role}}}} if role else {}),
        **({"kms": {"key_arn": key}} if key else {}),
    }


def _security(parts: Parts) -> Section:
    if parts.runtime is None:
        return {}
    backends: Section = {"primary": "kubernetes", "kubernetes": {"namespace": parts.runtime.namespace}}
    context = parts.context
    if parts.on_aws and parts.config.secrets.kind == "external_secrets":
        prefix = f"{context.path}/"
        backends["aws_secrets_manager"] = {"enabled": True, "region": context.region, "prefix": prefix}
    encrypted = parts.on_aws and parts.storage and parts.storage.kms_key_arn
    at_rest = {"encryption": {"at_rest": {"enabled": True, "provider": "aws_kms"}}} if encrypted else {}
    return {"secret_backends": backends, **at_rest}


def _role(parts: Parts, arn: str | None) -> str | None:
    return _known(arn, _ROLE_ARN) if parts.context.role_path == "/" else None


def _known(arn: str | None, pattern: re.Pattern[str]) -> str | None:
    """An ARN that floe-runtime takes: it knows one partition of AWS, no paths of roles and no multi-region keys. Of one
    that only Terraform knows, its construct has seen to that."""
    return arn if arn and (is_token(arn) or pattern.fullmatch(arn)) else None
