"""What Terraform would make of a module, and of the construct that it is generated from."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from floe_infra.cloud.aws import _SERVICES
from floe_infra.context import Context
from floe_infra.modules.definition import ModuleContext
from floe_infra.runtime.emulator import Emulator
from floe_infra.runtime.terraform import Terraform

from .terraform import shown

MODULES = Path(__file__).parents[2] / "terraform-modules"
CONTEXT: dict[str, Any] = {"name": "acme", "environment": "prod", "region": "eu-west-1"}
"""Names then begin with `acme-prod`."""

Build = Callable[[Any, Context], Any]


def provider(aws: Emulator) -> dict[str, Any]:
    """The emulator's."""
    return {
        "region": CONTEXT["region"],
        "endpoints": [dict.fromkeys(_SERVICES, aws.endpoint)],
        "s3_use_path_style": True,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": "true",
    }


@dataclass(frozen=True)
class Case:
    """A module with some variables, and the construct with the same configuration.

    Attributes:
        context: what the construct's context differs in from `CONTEXT`; `begins` is what names begin with instead.
    """

    module: str
    variables: Mapping[str, Any]
    build: Build
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """The resources of a case, each as text."""

    by_module: Counter[str] = field(default_factory=Counter)
    by_construct: Counter[str] = field(default_factory=Counter)


def planned(cases: Mapping[str, Case], directory: Path, aws: Emulator) -> dict[str, Planned]:
    """What Terraform would make of every case, all in one plan: starting the provider takes longer than planning."""
    for name in {case.module for case in cases.values()}:
        without = shutil.ignore_patterns(".terraform*", "examples", "tests")
        shutil.copytree(MODULES / name, directory / name, ignore=without)
    modules = {id: {"source": f"./{case.module}", **case.variables} for id, case in cases.items()}
    document = {**_constructs(cases, directory), "module": modules, "provider": {"aws": provider(aws)}}
    (directory / "main.tf.json").write_text(json.dumps(document))
    terraform = Terraform(directory, environment=aws.environment)
    terraform.init()
    terraform.plan(directory / "plan")
    found = {id: Planned() for id in cases}
    for change in shown(directory, "plan")["resource_changes"]:
        resource = json.dumps([change["mode"], change["type"], _known(change["change"])], sort_keys=True, indent=1)
        if module := change.get("module_address"):
            found[module.removeprefix("module.")].by_module[resource] += 1
        else:
            found[next(id for id in cases if change["name"].startswith(f"{id}_"))].by_construct[resource] += 1
    return found


def _constructs(cases: Mapping[str, Case], directory: Path) -> dict[str, Any]:
    """The Terraform JSON of all constructs, in the emulator's account."""
    from cdktf import App, TerraformStack
    from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
    from cdktf_cdktf_provider_aws.provider import AwsProvider
    from constructs import Construct

    app = App(outdir=str(directory / "cdktf.out"))
    stack = TerraformStack(app, "it")
    AwsProvider(stack, "aws")
    account = DataAwsCallerIdentity(stack, "account").account_id
    for id, case in cases.items():
        kind = ModuleContext if "begins" in case.context else Context
        case.build(Construct(stack, id), kind(**{**CONTEXT, "account_id": account, **case.context}))
    app.synth()
    document: dict[str, Any] = json.loads((directory / "cdktf.out/stacks/it/cdk.tf.json").read_text())
    del document["terraform"]["backend"], document["terraform"]["required_providers"]
    return document


def _known(change: dict[str, Any]) -> dict[str, Any]:
    """What is known of a resource, and what only AWS will say."""
    return {"after": change["after"], "unknown": change["after_unknown"]}
