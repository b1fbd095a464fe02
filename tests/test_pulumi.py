"""The program for Pulumi runs, with Pulumi's own mocks in place of its engine, and the modules take what it says.

The package that a program speaks to (`pulumi_hcl`) hands inputs to a module by name, without types: what a module
takes is therefore read from its `variables.tf` here, and what it answers from its `outputs.tf`; and Terraform plans
the modules with exactly these inputs.
"""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import hcl2
import pulumi
import pytest
from packaging.requirements import Requirement
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks
from pulumi.runtime.rpc import UNKNOWN
from pulumi.runtime.settings import get_root_resource
from ruamel.yaml import YAML

from floe_infra.cloud.aws import _SERVICES
from floe_infra.config import load
from floe_infra.runtime import providers
from floe_infra.runtime.emulator import Emulator
from floe_infra.runtime.terraform import Terraform, find_program
from floe_infra.synthesis import synthesize

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "pulumi"
PROJECT = YAML(typ="safe").load(EXAMPLE / "Pulumi.yaml")
WAREHOUSE = {layer: f"s3://acme-dev-{layer}" for layer in ("bronze", "silver", "gold")}
FILE = {"path": "../../terraform-state/acme-dev-foundation.tfstate"}
OF_PYTHON = {"string": str, "number": (int, float), "bool": bool, "list": list, "map": dict, "object": dict}

Answer = Callable[[str, Mapping[str, Any]], Any]
"""A module's outputs, from its name and inputs."""


def blocks(module: str, kind: str) -> dict[str, dict[str, Any]]:
    """A module's variables or outputs, by name."""
    text = (ROOT / "terraform-modules" / module / f"{kind}s.tf").read_text()
    return {name.strip('"'): block for each in hcl2.loads(text)[kind] for name, block in each.items()}


def declared(module: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs that a module has, as if made: by layer where their expression goes through layers."""
    return {
        name: {layer: f"s3://{layer}.{name.replace('_', '-')}" for layer in inputs["layers"]}
        if "for layer," in block["value"]
        else f"the {name}"
        for name, block in blocks(module, "output").items()
    }


@dataclass
class Engine(Mocks):
    """What Pulumi's engine is asked for, and answers."""

    answer: Answer = declared
    outputs: Mapping[str, Any] = field(default_factory=lambda: {"warehouse": WAREHOUSE})
    read: list[MockCallArgs] = field(default_factory=list)
    made: dict[str, MockResourceArgs] = field(default_factory=dict)

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        self.read.append(args)
        return {"outputs": self.outputs}, []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made[args.name] = args
        return "", {"outputs": self.answer(Path(args.inputs["source"]).name, args.inputs["inputs"])}


@dataclass(frozen=True)
class Run:
    """What came of a run of the program."""

    engine: Engine
    exports: dict[str, Any]

    def inputs(self, name: str) -> dict[str, Any]:
        inputs: dict[str, Any] = self.engine.made[name].inputs["inputs"]
        return inputs


@pytest.fixture
def run(monkeypatch) -> Callable[..., Run]:
    """Runs the program in its folder, as `pulumi up` does in a stack named `dev`."""
    monkeypatch.chdir(EXAMPLE)

    def run(engine: Engine | None = None, *, preview: bool = False, **given: Any) -> Run:
        engine = engine or Engine()
        defaults = {key: value["default"] for key, value in PROJECT["config"].items() if "default" in value}
        values = {**defaults, "team": "acme-marketing", "state": FILE, **given}
        pulumi.runtime.set_mocks(engine, project=PROJECT["name"], stack="dev", preview=preview)
        pulumi.runtime.set_all_config(
            {
                f"{PROJECT['name']}:{key}": value if isinstance(value, str) else json.dumps(value)
                for key, value in values.items()
                if value is not None
            }
        )
        exports: dict[str, Any] = {}

        @pulumi.runtime.test
        def program() -> pulumi.Output[None]:
            runpy.run_path(str(EXAMPLE / "__main__.py"), run_name="__main__")
            return pulumi.Output.all(**get_root_resource().outputs).apply(exports.update)

        program()
        return Run(engine, exports)

    return run


@pytest.fixture
def up(run) -> Run:
    return run()


@pytest.mark.parametrize(("name", "module"), [("buckets", "s3"), ("databases", "glue-catalog")])
def test_modules_are_given_what_they_take(up, name, module):
    made = up.engine.made[name]
    assert (made.typ, made.custom) == ("hcl:index:Module", False)
    assert (EXAMPLE / made.inputs["source"]).resolve() == ROOT / "terraform-modules" / module
    variables = blocks(module, "variable")
    required = {variable for variable, block in variables.items() if "default" not in block}
    assert required <= up.inputs(name).keys() <= variables.keys()
    for variable, value in up.inputs(name).items():
        declared = variables[variable]["type"]
        kind = re.match(r"(?:\$\{)?(\w+)", declared)
        assert kind
        assert isinstance(value, OF_PYTHON[kind[1]])
        if kind[1] == "object":  # of these, Terraform drops what it does not know
            assert value.keys() <= set(re.findall(r"(\w+) =", declared))


def test_both_modules_are_used(up):
    assert up.engine.made.keys() == {"buckets", "databases"}


def test_buckets(up):
    assert up.inputs("buckets") == {
        "bucket_name": "acme-marketing-dev",
        "layers": ["landing", "curated"],
        "lifecycle_rules": {"noncurrent_versions_days": 14},
    }


def test_databases_lie_in_the_teams_buckets_and_in_the_platforms(up):
    assert up.inputs("databases") == {
        "database_prefix": "acme_marketing_dev",
        "layers": {
            "landing": "s3://landing.bucket-uris",
            "curated": "s3://curated.bucket-uris",
            "gold": "s3://acme-dev-gold/acme-marketing",
        },
    }


def test_exports(up):
    assert up.exports == {
        "bucket_uris": {"landing": "s3://landing.bucket-uris", "curated": "s3://curated.bucket-uris"},
        "kms_key_arn": "the kms_key_arn",
        "database_names": {layer: f"s3://{layer}.database-names" for layer in ("landing", "curated", "gold")},
    }


def test_configuration_is_followed(run):
    up = run(team="lab", layers=["raw"], publishes="silver")
    assert up.inputs("buckets")["bucket_name"] == "lab-dev"
    assert up.inputs("databases")["layers"] == {"raw": "s3://raw.bucket-uris", "silver": "s3://acme-dev-silver/lab"}


def test_a_preview_says_which_databases_there_will_be(run):
    """Though where their tables lie is known only when there are buckets."""
    up = run(Engine(lambda *_: UNKNOWN), preview=True)
    layers = up.inputs("databases")["layers"]
    assert isinstance(layers.pop("landing"), pulumi.output.Unknown)
    assert isinstance(layers.pop("curated"), pulumi.output.Unknown)
    assert layers == {"gold": "s3://acme-dev-gold/acme-marketing"}
    assert up.exports == {}


def test_state_in_a_file(up):
    (read,) = up.engine.read
    assert read.token == "terraform:state:getLocalReference"
    assert read.args == {"path": str(ROOT / "terraform-state" / "acme-dev-foundation.tfstate")}


def test_state_in_s3(run):
    state = {"bucket": "acme-dev-state", "key": "floe-infra/acme-dev-foundation.tfstate", "region": "eu-west-1"}
    (read,) = run(state=state).engine.read
    assert read.token == "terraform:state:getS3Reference"
    assert read.args == state


def test_the_states_region_may_be_the_environments(run):
    state = {"bucket": "acme-dev-state", "key": "floe-infra/acme-dev-foundation.tfstate"}
    (read,) = run(state=state).engine.read
    assert read.args == state


@pytest.mark.parametrize(
    "state",
    [{}, "terraform.tfstate", {"bucket": "b"}, {"path": "a", "bucket": "b"}, {"bucket": "b", "key": "k", "x": 1}],
)
def test_no_such_state(run, state):
    with pytest.raises(pulumi.RunError, match=r"^state: where the platform's state is, `path`; or `bucket`, `key`"):
        run(state=json.dumps(state))


@pytest.mark.parametrize("key", ["team", "layers", "publishes", "state"])
def test_what_is_missing_is_named(run, key):
    with pytest.raises(pulumi.RunError, match=f"'lake-team:{key}'"):
        run(**{key: None})


def test_the_platform_has_no_such_layer(run):
    with pytest.raises(
        pulumi.RunError, match=r"^publishes: the platform has no layer 'platinum'; it has bronze, gold, s"
    ):
        run(publishes="platinum")


def test_the_platform_has_no_warehouse(run):
    with pytest.raises(pulumi.RunError, match=r"^publishes: the platform has no layer 'gold'; it has none\.$"):
        run(Engine(outputs={"cluster_name": "acme-dev"}))


def test_a_layer_is_the_platforms(run):
    with pytest.raises(pulumi.RunError, match=r"^layers: 'gold' is the layer of the platform"):
        run(layers=["landing", "gold"])


def test_a_platform_says_what_is_read(tmp_path):
    """The foundation has the output that the program reads, with the layer in which teams publish unless told."""
    foundation = synthesize(load(ROOT / "examples" / "aws-dev.yaml"), tmp_path / "out")[0]
    warehouse = json.loads(foundation.file.read_text())["output"]["warehouse"]["value"]
    assert PROJECT["config"]["publishes"]["default"] in warehouse
    assert all(uri.startswith("s3://") for uri in warehouse.values())


def test_versions_are_those_tested():
    for line in (EXAMPLE / "requirements.txt").read_text().splitlines():
        requirement = Requirement(line)
        assert metadata.version(requirement.name) in requirement.specifier


@pytest.mark.slow
@pytest.mark.skipif(
    not any("aws" in name for mirror in providers.mirrors() for name in mirror.providers), reason="no AWS provider"
)
def test_terraform_takes_what_the_modules_are_given(up, tmp_path):
    """Types, and every rule that a module has for its variables."""
    shutil.copytree(ROOT / "terraform-modules", tmp_path / "modules", ignore=shutil.ignore_patterns(".terraform*"))
    modules = {
        name: {"source": f"./modules/{Path(made.inputs['source']).name}", **made.inputs["inputs"]}
        for name, made in up.engine.made.items()
    }
    with Emulator() as aws:
        emulated = {
            "region": "eu-west-1",
            "endpoints": [dict.fromkeys(_SERVICES, aws.endpoint)],
            "skip_credentials_validation": True,
        }
        document = {
            "provider": {"aws": emulated},
            "module": modules,
            "output": {
                "buckets": {"value": "${module.buckets.bucket_uris}"},
                "databases": {"value": "${module.databases.database_names}"},
            },
        }
        (tmp_path / "main.tf.json").write_text(json.dumps(document))
        terraform = Terraform(tmp_path, environment=aws.environment)
        terraform.init()
        terraform.plan(tmp_path / "plan")
    shown = subprocess.run(
        [find_program(), "show", "-json", "plan"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    planned = json.loads(shown.stdout)["planned_values"]["outputs"]
    assert planned["buckets"]["value"] == {
        layer: f"s3://acme-marketing-dev-{layer}" for layer in ("landing", "curated")
    }
    assert planned["databases"]["value"] == {
        layer: f"acme_marketing_dev_{layer}" for layer in ("landing", "curated", "gold")
    }
