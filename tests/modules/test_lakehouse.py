"""The module of modules: that it is put together as the platform is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from floe_infra.config.platform import PlatformConfig
from floe_infra.hcl.template import unescaped
from floe_infra.modules import NAMES, load
from floe_infra.modules.composition import Child
from floe_infra.modules.definition import GenerationError
from floe_infra.modules.json_text import Json, decoded
from floe_infra.modules.lakehouse import MODULE, PLATFORM
from floe_infra.runtime.emulator import Emulator
from floe_infra.runtime.terraform import Terraform
from floe_infra.synthesis import synthesize

from . import stand_ins
from .conftest import HAS_AWS
from .plans import provider
from .terraform import passes_its_own_tests, shown

needs_aws = pytest.mark.skipif(not HAS_AWS, reason="no AWS provider")


def test_every_variable_of_a_child_is_wired_or_the_users_or_left():
    for child in MODULE.children:
        given = child.arguments()
        assert child.wired.items() <= given.items()
        for name, value in given.items():
            if name not in child.wired:
                assert f"var.{child.name}.{name}" in value


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"wired": {"colour": '"red"'}, "settings": "x"}, "no variables"),
        ({"wired": {}}, "nobody gives"),
    ],
)
def test_what_does_not_fit_ends_generation(more, message):
    with pytest.raises(GenerationError, match=message):
        Child(load("vpc"), **more).fields()


def test_a_default_that_null_would_bring_back_ends_generation():
    child = Child(load("polaris"), {}, "x")
    with pytest.raises(GenerationError, match="max_replicas is null or 5"):
        child.fields()


def copied(directory: Path) -> Path:
    """All modules, with stand-ins for what is in the cluster."""
    for name in NAMES:
        stand_ins.copied(name, directory / name)
    return directory


@pytest.mark.slow
@needs_aws
def test_its_own_tests(tmp_path):
    passes_its_own_tests(copied(tmp_path) / "lakehouse")


SETTINGS: dict[str, Any] = {
    "name": "acme-prod",
    "vpc": {"cidr": "10.20.0.0/16"},
    "quota": {"pods": 50},
    "polaris": {"replicas": 3, "autoscaling": False, "namespaces": {"gold": "marts"}},
    "trino": {"workers": 3, "max_workers": 8, "memory_gib": 24, "cpu": 6},
    "jaeger": {"storage": {"size_gib": 50}, "memory_mib": 4096},
    "marquez": {"replicas": 1, "retention_days": 90},
    "otel_collector": {"sampling_percentage": 50},
    "secret_refresh_minutes": 20,
}
"""Of the module; `platform` says the same."""


def platform() -> PlatformConfig:
    kinds = {"network": "vpc", "cluster": "eks", "storage": "s3", "database": "rds", "secrets": "external_secrets"}
    whole: dict[str, Any] = {name: {"kind": kind} for name, kind in kinds.items()}
    return PlatformConfig.model_validate(
        {
            **whole,
            "name": "acme",
            "environment": "prod",
            "cloud": {"provider": "aws", "region": "eu-west-1", "account_id": "123456789012"},
            "cluster": {"kind": "eks", "node_groups": PLATFORM.cluster.model_dump()["node_groups"]},
            "network": {"kind": "vpc", "cidr": "10.20.0.0/16"},
            "storage": {"kind": "s3", "compute_logs": True, "bucket_prefix": "acme-prod"},
            "secrets": {"kind": "external_secrets", "refresh_minutes": 20},
            "kubernetes": {"quota": {"pods": 50}},
            "catalog": {"kind": "polaris", "replicas": 3, "max_replicas": None, "namespaces": {"gold": "marts"}},
            "compute": {"kind": "trino", "workers": 3, "max_workers": 8, "memory_gib": 24, "cpu": 6},
            "traces": {"kind": "jaeger", "storage": {"kind": "badger", "size_gib": 50}, "memory_mib": 4096},
            "lineage": {"kind": "marquez", "replicas": 1, "retention_days": 90},
            "telemetry": {"kind": "otel_collector", "sampling_percentage": 50},
        }
    )


def made(directory: Path) -> dict[str, Any]:
    """What the module's helm and kubernetes providers would have been given, all values known."""
    modules = shown(directory)["values"]["root_module"]["child_modules"]
    [lakehouse] = [each for each in modules if each["address"] == "module.lakehouse"]
    return stand_ins._keyed(
        ("helm_release" if each["name"].startswith("helm_release") else each["name"], each["values"]["input"])
        for each in resources(lakehouse)
        if each["type"] == "terraform_data"
    )


def resources(module: dict[str, Any]) -> list[dict[str, Any]]:
    inside = [each for child in module.get("child_modules", []) for each in resources(child)]
    return [*module.get("resources", []), *inside]


def synthesized(config: PlatformConfig, out: Path) -> dict[str, Any]:
    """What the platform gives them; what comes from elsewhere as the expression."""
    [_, services] = synthesize(config, out)
    document = json.loads(services.file.read_text())
    return stand_ins._keyed(
        (type, {**body, "values": [json.dumps(read(each)) for each in body["values"]]} if "values" in body else body)
        for type, named in document["resource"].items()
        for body in named.values()
    )


def read(values: Any) -> Any:
    """What JSON says that has Terraform's expressions in it."""
    if isinstance(values, str):
        values = decoded(values)
    if isinstance(values, Json):
        return plain(values.value)
    return values


def plain(value: Any) -> Any:
    """Of JSON in JSON too, and with what is escaped for Terraform as it takes it."""
    if isinstance(value, Json):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return unescaped(value) if isinstance(value, str) else value


def differences(one: Any, other: Any, at: str, *, ordered: bool = True) -> list[str]:
    """Where the module's and the platform's values differ. Of what the platform's first stack makes it is
    known what it must be."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            each
            for key in sorted({*one, *other})
            for each in differences(one.get(key, "nothing"), other.get(key, "nothing"), f"{at}.{key}", ordered=ordered)
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        if not ordered:
            other = [next((each for each in other if same(item, each)), "nothing") for item in one]
        return [
            each
            for index, (item, its) in enumerate(zip(one, other, strict=True))
            for each in differences(item, its, f"{at}[{index}]", ordered=ordered)
        ]
    if isinstance(other, str) and isinstance(one, str) and re.fullmatch(_expected(other), one):
        return []
    return [] if one == other else [f"{at}: {one!r} instead of {other!r}"]


def same(one: Any, other: Any) -> bool:
    return not differences(one, other, "", ordered=False)


def _expected(text: str) -> str:
    """A pattern of what stands where the platform reads its first stack's outputs."""
    before, *pairs = OUTPUT.split(text)
    wanted = [_made_as(name) + re.escape(after) for name, after in zip(pairs[::2], pairs[1::2], strict=True)]
    return re.escape(before) + "".join(wanted)


def _made_as(output: str) -> str:
    [(pattern, wanted)] = [each for each in MADE_AS.items() if re.fullmatch(each[0], output)]
    return re.sub("NAME", lambda _: re.fullmatch(pattern, output)[1].replace("_", "-"), wanted)  # type: ignore[index]


OUTPUT = re.compile(r"\$\{data\.terraform_remote_state\.foundation\.outputs\.services_(\w+)\}")
_ROLE = r"arn:aws:iam::\d+:role/acme-prod-"
_ANNOTATION = "_annotations_eks_amazonaws_com_role_arn"
MADE_AS = {
    "secret_database_admin_remote_key": r"arn:aws:secretsmanager:.+:secret:rds!.+",
    "secret_(?!database_admin)(.+)_remote_key": "acme-prod/NAME",
    "storage_layers_(.+)_uri": "s3://acme-prod-NAME",
    "storage_kms_key_arn": r"arn:aws:kms:.+:key/.+",
    f"identity_catalog{_ANNOTATION}": rf"{_ROLE}catalog\.polaris",
    f"identity_compute{_ANNOTATION}": rf"{_ROLE}query\.trino",
    "lent_role_catalog": rf"{_ROLE}storage-catalog\.polaris",
    f"reader_(.+){_ANNOTATION}": rf"{_ROLE}NAME\.secret-reader",
    f"cluster_autoscaler{_ANNOTATION}": rf"{_ROLE}kube-system\.cluster-autoscaler",
    "cluster_name": "acme-prod",
    "database_host": r"\S+",
}
"""By the output, which the platform finds by ARNs where the module has names: what it must be."""
CALLED = {
    "databases-secrets": "database-secrets",
    "marquez-secrets": "lineage-secrets",
    "polaris-secrets": "catalog-secrets",
    "trino-secrets": "compute-secrets",
}
"""Releases with Secrets: a module knows itself, and the platform its sections."""
NOT_MADE = {"helm_release runtime-secrets"}
"""What works with the tables is not the module's: it brings its own ExternalSecrets, and is told of store and names."""
SORTED = {"helm_release databases", "helm_release database-secrets", "helm_release polaris-provisioning"}
"""Terraform sorts maps, which the platform has in the order of its file: here of databases and layers."""
POLICIES = "helm_release network-policies"
"""The platform has a policy for each pod, and the module one for each end of a connection: what they allow counts."""


@pytest.fixture(scope="module")
def deployed(aws: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The module with `SETTINGS`, and its example, in one apply: most of the time it is waited for the database."""
    directory = copied(tmp_path_factory.mktemp("modules"))
    stand_ins.example("lakehouse", directory / "lakehouse")
    root = directory / "root"
    root.mkdir()
    document = {
        "provider": {"aws": provider(aws)},
        "module": {
            "lakehouse": {"source": "../lakehouse", **SETTINGS},
            "example": {"source": "../lakehouse/examples/complete"},
        },
        "output": {"example": {"value": "${module.example}"}},
    }
    (root / "main.tf.json").write_text(json.dumps(document))
    terraform = Terraform(root, environment=aws.environment)
    terraform.init()
    terraform.apply()
    return terraform


@pytest.mark.slow
@needs_aws
def test_it_is_deployed_like_its_example_and_stays(deployed):
    assert all(deployed.output()["example"].values())
    deployed.plan(deployed.directory / "plan")
    changes = shown(deployed.directory, "plan")["resource_changes"]
    assert [each["address"] for each in changes if each["change"]["actions"] not in (["no-op"], ["read"])] == []


@pytest.fixture(scope="module")
def both(deployed: Terraform, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the module gives to Helm and Kubernetes, and what the platform with the same settings does."""
    given = {
        re.sub(r"(?<= )\S+$", lambda name: CALLED.get(name[0], name[0]), key): body
        for key, body in made(deployed.directory).items()
    }
    return given, synthesized(platform(), tmp_path_factory.mktemp("platform"))


@pytest.mark.slow
@needs_aws
def test_everything_that_the_platform_makes_is_made(both):
    module, platform = both
    assert set(platform) - set(module) == NOT_MADE
    assert set(module) <= set(platform)


@pytest.mark.slow
@needs_aws
def test_it_is_wired_as_the_platform_is(both):
    module, platform = both
    found = [
        each
        for key in sorted({*module} & {*platform})
        if not key.startswith(POLICIES)
        for each in differences(
            without_names(module[key]), without_names(platform[key]), key, ordered=key not in SORTED
        )
    ]
    assert found == []


def without_names(release: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in release.items() if not (key == "name" and value in {*CALLED, *CALLED.values()})
    }


@pytest.mark.slow
@needs_aws
def test_the_same_may_talk_to_each_other(both):
    module, platform = (allowed(each) for each in both)
    assert len(module) > 50
    assert module == platform


def allowed(releases: dict[str, Any]) -> set[tuple[str, ...]]:
    """Each connection by itself: where it is allowed, of which pods, to which side, with whom, and by which port."""
    return {
        (
            manifest["metadata"]["namespace"],
            _text(_selector(manifest["spec"]["podSelector"])),
            direction,
            _text(_block(peer["ipBlock"]) if "ipBlock" in peer else [*map(_selector, _selectors(peer))]),
            _text(port),
        )
        for key, release in releases.items()
        if key.startswith(POLICIES)
        for manifest in release["values"]["manifests"]
        for direction, end in (("ingress", "from"), ("egress", "to"))
        for rule in manifest["spec"].get(direction, [])
        for peer in rule[end]
        for port in rule.get("ports") or [None]
    }


def _selectors(peer: dict[str, Any]) -> list[dict[str, Any]]:
    return [peer["namespaceSelector"], peer.get("podSelector", {})]


def _selector(selector: dict[str, Any]) -> dict[str, Any]:
    """By no labels everything is selected."""
    return {key: labels for key, labels in selector.items() if labels}


def _block(block: dict[str, Any]) -> dict[str, Any]:
    """Without holes that there are none of; with words for what Terraform alone knows in the platform."""
    known = {"10.20.0.0/16": "VPC", SERVICES: "Services"}
    cidr = (
        "VPC" if "network_cidr" in block["cidr"] else "Services" if "service_cidr" in block["cidr"] else block["cidr"]
    )
    return {"cidr": known.get(cidr, cidr), "except": block.get("except", [])}


SERVICES = "172.20.0.0/16"
"""The emulator's."""


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
