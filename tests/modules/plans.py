"""What Terraform would make of a module, and of the construct that it is generated from."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from floe_infra.cloud.aws import _SERVICES
from floe_infra.context import Context
from floe_infra.modules.definition import ModuleContext
from floe_infra.runtime.emulator import Emulator
from floe_infra.runtime.terraform import Terraform, find_program

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


def of_module(name: str, given: dict[str, Any], directory: Path, aws: Emulator) -> Counter[str]:
    """The plan of a module with these variables."""
    shutil.copytree(MODULES / name, directory / name, ignore=shutil.ignore_patterns(".terraform*", "examples", "tests"))
    document = {"provider": {"aws": provider(aws)}, "module": {"it": {"source": f"./{name}", **given}}}
    return _plan(document, directory, aws)


def of_construct(build: Build, directory: Path, aws: Emulator, **context: Any) -> Counter[str]:
    """The plan of what `build` makes, in the same region and account.

    Args:
        context: what differs from `CONTEXT`; `begins` is what names begin with instead.
    """
    from cdktf import App, TerraformStack
    from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
    from cdktf_cdktf_provider_aws.provider import AwsProvider

    directory.mkdir()
    app = App(outdir=str(directory / "cdktf.out"))
    stack = TerraformStack(app, "it")
    AwsProvider(stack, "aws")
    account = DataAwsCallerIdentity(stack, "account").account_id
    kind = ModuleContext if "begins" in context else Context
    build(stack, kind(**{**CONTEXT, "account_id": account, **context}))
    app.synth()
    document = json.loads((directory / "cdktf.out/stacks/it/cdk.tf.json").read_text())
    del document["terraform"]["backend"], document["terraform"]["required_providers"]
    return _plan({**document, "provider": {"aws": provider(aws)}}, directory, aws)


def _plan(document: dict[str, Any], directory: Path, aws: Emulator) -> Counter[str]:
    directory.mkdir(exist_ok=True)
    (directory / "main.tf.json").write_text(json.dumps(document))
    terraform = Terraform(directory, environment=aws.environment)
    terraform.init()
    terraform.plan(directory / "plan")
    show = [find_program(), "show", "-json", "plan"]
    planned = json.loads(subprocess.run(show, cwd=directory, check=True, capture_output=True).stdout)
    return Counter(
        json.dumps([change["mode"], change["type"], _known(change["change"])], sort_keys=True, indent=1)
        for change in planned["resource_changes"]
    )


def _known(change: dict[str, Any]) -> dict[str, Any]:
    """What is known of a resource, and what only AWS will say."""
    return {"after": change["after"], "unknown": change["after_unknown"]}
