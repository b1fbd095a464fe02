"""A module plans what its construct plans, whatever the variables say: derived as it is, this is what proves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from floe_infra.catalog.config import GlueConfig
from floe_infra.cluster.config import EksConfig
from floe_infra.database.config import RdsConfig
from floe_infra.needs import Needs, Password
from floe_infra.network.config import VpcConfig
from floe_infra.refs import BucketRef, NetworkRef, SecretRef, StorageRef
from floe_infra.runtime.emulator import Emulator
from floe_infra.secrets.config import ExternalSecretsConfig
from floe_infra.storage.config import S3Config

from .conftest import HAS_AWS
from .plans import Case, Planned, planned

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not HAS_AWS, reason="no AWS provider")]

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"


def s3(**config: Any) -> Callable[[Any, Any], Any]:
    from floe_infra.storage.s3 import S3Storage

    whole = S3Config.model_validate({"bucket_prefix": "acme-prod", **config})
    return lambda scope, context: S3Storage(scope, "storage", config=whole, context=context)


def vpc(**config: Any) -> Callable[[Any, Any], Any]:
    from floe_infra.network.vpc import Vpc

    whole = VpcConfig.model_validate(config)
    return lambda scope, context: Vpc(scope, "network", config=whole, context=context)


def rds(*groups: str, **config: Any) -> Callable[[Any, Any], Any]:
    from floe_infra.database.rds import RdsDatabase
    from floe_infra.modules.rds import _only

    whole = RdsConfig.model_validate(config)

    def build(scope: Any, context: Any) -> None:
        database = RdsDatabase(scope, "database", config=whole, context=context, network=NETWORK)
        for group in groups:
            database.allow_from(_only(group))

    return build


def eks(**config: Any) -> Callable[[Any, Any], Any]:
    from floe_infra.cluster.eks import EksCluster

    whole = EksConfig.model_validate(config)
    return lambda scope, context: EksCluster(scope, "cluster", config=whole, context=context, network=NETWORK)


def glue(layers: dict[str, str], **config: Any) -> Callable[[Any, Any], Any]:
    from floe_infra.catalog.glue import GlueCatalog

    buckets = {layer: BucketRef(name="", arn="", uri=uri) for layer, uri in layers.items()}
    storage = StorageRef(layers=buckets, region="eu-west-1")
    whole = GlueConfig.model_validate(config)
    return lambda scope, context: GlueCatalog(scope, "catalog", config=whole, context=context, storage=storage)


def roles(needs: dict[str, Needs], secrets: dict[str, SecretRef]) -> Callable[[Any, Any], Any]:
    """What the platform grants, on a cluster, buckets and secrets that are there already."""
    from floe_infra.cluster.identity import Identities
    from floe_infra.grants import Grants
    from floe_infra.secrets.aws_secrets_manager import let_read
    from floe_infra.storage.s3_access import S3Access

    def build(scope: Any, context: Any) -> None:
        class Cloud(Identities):
            def identity(self, id: str, **account: str) -> Any:
                return self.add(id, **account).ref

            def make(self, name: str, _: Any) -> SecretRef:
                return secrets[name]

            def grant_read(self, identity: Any, wanted: Any) -> None:
                let_read(self, identity, wanted, context)

        cloud: Any = Cloud(scope, "cloud", provider_arn=OIDC["oidc_provider_arn"], issuer=ISSUER, context=context)
        storage = S3Access(scope, "storage", context=context, ref=BUCKETS)
        none: dict[str, Any] = dict.fromkeys(("catalog", "compute", "database"))
        Grants(scope, "grants", needs=needs, cluster=cloud, storage=storage, secrets=cloud if secrets else None, **none)

    return build


def secrets(content: dict[str, dict[str, str | Password]], **config: Any) -> Callable[[Any, Any], Any]:
    from floe_infra.secrets.aws_secrets_manager import AwsSecretsManager

    whole = ExternalSecretsConfig.model_validate(config)

    def build(scope: Any, context: Any) -> None:
        manager = AwsSecretsManager(scope, "secrets", config=whole, context=context)
        for name, keys in content.items():
            manager.make(name, keys)

    return build


SUBNETS = ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"]
NETWORK = NetworkRef(id="vpc-0a1b2c3d4e5f60718", cidr="", private_subnet_ids=tuple(SUBNETS))
PLACE = {"vpc_id": NETWORK.id, "subnet_ids": SUBNETS}
OWN_SUBNETS = {"private": ["10.0.0.0/20", "10.0.16.0/20"], "public": ["10.0.32.0/24", "10.0.33.0/24"]}
SYSTEM = {"instance_types": ["m5.xlarge", "m5a.xlarge"], "min_size": 2, "max_size": 4}
SPOT = {
    "instance_types": ["m7g.xlarge", "m6g.xlarge", "m8g.xlarge"],
    "capacity_type": "spot",
    "desired_size": 2,
    "disk_gib": 80,
    "labels": {"team": "data"},
    "taints": [{"key": "dedicated", "value": "trino", "effect": "NoExecute"}],
}
ACCESS = {
    "public_access_cidrs": ["203.0.113.0/24"],
    "private_access_cidrs": ["10.8.0.0/16", "10.9.0.0/16"],
    "admin_arns": ["arn:aws:iam::111122223333:role/admin"],
    "addon_versions": {"coredns": "v1.12.1-eksbuild.2", "vpc-cni": "v1.20.0-eksbuild.1"},
    "log_retention_days": 30,
    "kms_key_arn": KEY,
}
LAYERS = {"bronze": "s3://acme-bronze", "gold": "s3://acme-gold"}
ISSUER = "https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D"
OIDC = {
    "oidc_provider_arn": f"arn:aws:iam::111122223333:oidc-provider/{ISSUER.removeprefix('https://')}",
    "oidc_issuer": ISSUER,
}
ARNS = {"bronze": "arn:aws:s3:::acme-bronze", "gold": "arn:aws:s3:::acme-gold"}
BUCKETS = StorageRef(
    layers={layer: BucketRef(name=arn, arn=arn, uri="") for layer, arn in ARNS.items()},
    region="eu-west-1",
    kms_key_arn=KEY,
    exchange=BucketRef(name="", arn="arn:aws:s3:::acme-exchange", uri=""),
    compute_logs=BucketRef(name="", arn="arn:aws:s3:::acme-logs", uri=""),
)
SECRETS = {
    name: SecretRef(name, f"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{name}", (), KEY)
    for name in ("polaris-root", "trino", "database-polaris")
}
UNPROTECTED = {"environment": "dev", "allow_data_loss": True}
"""Names then begin with `acme-dev`."""
ONE_BUCKET = {"layout": "single_bucket", "bucket_names": {"warehouse": "acme-prod"}}
CASES = {
    "s3-default": Case("s3", {"bucket_name": "acme-prod"}, s3(**ONE_BUCKET)),
    "s3-all": Case(
        "s3",
        {
            "bucket_name": "acme-prod",
            "layers": ["bronze", "gold_2"],
            "preaggregations": True,
            "exchange": True,
            "compute_logs": True,
            "preaggregations_expire_days": 3,
            "compute_logs_expire_days": 4,
            "logs_expire_days": 5,
            "lifecycle_rules": {"abort_incomplete_uploads_days": 2, "noncurrent_versions_days": 6},
        },
        s3(
            layers=["bronze", "gold_2"],
            preaggregations=True,
            exchange=True,
            compute_logs=True,
            preaggregations_expire_days=3,
            compute_logs_expire_days=4,
            logs_expire_days=5,
            lifecycle={"abort_incomplete_uploads_days": 2, "noncurrent_versions_days": 6},
        ),
    ),
    "s3-existing-key": Case(
        "s3",
        {
            "bucket_name": "acme-prod",
            "kms_key_arn": KEY,
            "exchange": True,
            "lifecycle_rules": {"intelligent_tiering": False},
        },
        s3(**ONE_BUCKET, kms_key_arn=KEY, exchange=True, lifecycle={"intelligent_tiering": False}),
    ),
    "vpc-default": Case("vpc", {"name": "acme-prod"}, vpc()),
    "vpc-single": Case(
        "vpc",
        {"name": "acme-dev", "zones": 2, "nat": "single", "flow_logs_days": 14, "deletion_protection": False},
        vpc(zones=2, nat="single", flow_logs_days=14),
        UNPROTECTED,
    ),
    "vpc-own-subnets": Case(
        "vpc",
        {"name": "acme-prod", "zones": 2, "subnets": OWN_SUBNETS, "kms_key_arn": KEY},
        vpc(zones=2, subnets=OWN_SUBNETS, kms_key_arn=KEY),
    ),
    "rds-default": Case("rds", {"name": "acme-prod", **PLACE}, rds()),
    "rds-all": Case(
        "rds",
        {
            "name": "acme-dev",
            **PLACE,
            "engine_version": "17.4",
            "performance_insights": False,
            "deletion_protection": False,
            "allowed_security_groups": {"cluster": "sg-0a1b2c3d4e5f60718"},
            "kms_key_arn": KEY,
        },
        rds("sg-0a1b2c3d4e5f60718", engine_version="17.4", performance_insights=False, kms_key_arn=KEY),
        UNPROTECTED,
    ),
    "rds-own-snapshot": Case(
        "rds",
        {"name": "acme-prod", **PLACE, "final_snapshot_name": "the-last", "kms_key_arn": KEY, "multi_az": False},
        rds(final_snapshot_name="the-last", kms_key_arn=KEY, multi_az=False),
    ),
    "eks-one-group": Case(
        "eks",
        {"cluster_name": "acme-prod", **PLACE, "node_groups": {"system": SYSTEM}},
        eks(node_groups={"system": SYSTEM}),
    ),
    "eks-all": Case(
        "eks",
        {
            "cluster_name": "acme-prod",
            **PLACE,
            "kubernetes_version": "1.34",
            "node_groups": {"system": SYSTEM, "spot": SPOT},
            **ACCESS,
        },
        eks(version="1.34", node_groups={"system": SYSTEM, "spot": SPOT}, **ACCESS),
    ),
    "roles-one": Case(
        "service-account-roles",
        {
            "name": "acme-prod",
            **OIDC,
            "bucket_arns": ARNS,
            "buckets_kms_key_arn": KEY,
            "service_accounts": {
                "query": {"namespace": "query", "service_account": "trino", "storage": "read_write"},
            },
        },
        roles({"compute": Needs("query", service_account="trino", storage="read_write")}, {}),
    ),
    "roles-all": Case(
        "service-account-roles",
        {
            "name": "acme-prod",
            **OIDC,
            "bucket_arns": ARNS,
            "exchange_bucket_arn": "arn:aws:s3:::acme-exchange",
            "compute_logs_bucket_arn": "arn:aws:s3:::acme-logs",
            "buckets_kms_key_arn": KEY,
            "service_accounts": {
                "catalog": {"namespace": "catalog", "service_account": "polaris", "storage": "lend"},
                "query": {
                    "namespace": "query",
                    "service_account": "trino",
                    "storage": "read_write",
                    "exchange": True,
                },
                "floe": {"namespace": "floe", "service_account": "dagster", "compute_logs": True},
                "catalog-secrets": {
                    "namespace": "catalog",
                    "service_account": "secret-reader",
                    "secrets": {
                        "arns": [SECRETS[name].remote_key for name in ("polaris-root", "database-polaris")],
                        "kms_key_arns": [KEY],
                    },
                },
                "query-secrets": {
                    "namespace": "query",
                    "service_account": "secret-reader",
                    "secrets": {"arns": [SECRETS["trino"].remote_key], "kms_key_arns": [KEY]},
                },
            },
        },
        roles(
            {
                "catalog": Needs(
                    "catalog",
                    service_account="polaris",
                    storage="lend",
                    databases=("polaris",),
                    secrets={"polaris-root": {}},
                ),
                "compute": Needs(
                    "query", service_account="trino", storage="read_write", exchange=True, secrets={"trino": {}}
                ),
                "runtime": Needs("floe", service_account="dagster", compute_logs=True),
            },
            SECRETS,
        ),
    ),
    "secrets-default": Case(
        "secrets-manager",
        {"name": "acme-prod", "secrets": {"vendor": {"values": {"user": "acme"}}}},
        secrets({"vendor": {"user": "acme"}}),
        {"begins": "acme-prod"},
    ),
    "secrets-all": Case(
        "secrets-manager",
        {
            "name": "acme-dev",
            "secrets": {
                "login": {"values": {"user": "acme"}, "generate": {"password": 40}},
                "cube": {"generate": {"sql": 24, "api": 40}, "generation": 3},
            },
            "kms_key_arn": KEY,
            "deletion_protection": False,
        },
        secrets(
            {
                "login": {"user": "acme", "password": Password(40)},
                "cube": {"sql": Password(24), "api": Password(40)},
            },
            kms_key_arn=KEY,
            generations={"cube": 3},
        ),
        {"begins": "acme-dev", "protects": False},
    ),
    "glue-catalog": Case(
        "glue-catalog",
        {"database_prefix": "acme_prod", "layers": LAYERS},
        glue(LAYERS, database_prefix="acme_prod"),
        {"begins": "acme_prod"},
    ),
}


@pytest.fixture(scope="module")
def plans(aws: Emulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Planned]:
    return planned(CASES, tmp_path_factory.mktemp("plans"), aws)


@pytest.mark.parametrize("case", CASES)
def test_the_module_plans_what_the_construct_plans(case, plans):
    module, construct = plans[case].by_module, plans[case].by_construct
    assert module
    assert sorted((module - construct).elements()) == sorted((construct - module).elements())
