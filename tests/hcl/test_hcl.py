"""Both forms of every example say the same: to a reader of HCL that is not ours, and to Terraform's plan."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import hcl2
import pytest

from floe_infra.cli.demo import on_emulator
from floe_infra.config import PlatformConfig, load
from floe_infra.hcl.template import parts
from floe_infra.runtime import providers
from floe_infra.runtime.emulator import Emulator
from floe_infra.runtime.terraform import Terraform, find_program
from floe_infra.synthesis import synthesize

ROOT = Path(__file__).parents[2]
EXAMPLES = ["floe-infra.yaml", "examples/aws-nessie.yaml", "examples/gcp-prod.yaml", "examples/local-cluster.yaml"]
"""Each resource and each service is in one of them; the other reader takes its time."""


@pytest.fixture(scope="module", params=EXAMPLES)
def forms(request, tmp_path_factory) -> list[tuple[Any, Path]]:
    """Each stack's JSON, and its file of HCL."""
    out = tmp_path_factory.mktemp("forms")
    config = load(ROOT / request.param)
    documents = [json.loads(stack.file.read_text()) for stack in synthesize(config, out / "json")]
    return list(zip(documents, [stack.file for stack in synthesize(config, out / "hcl", hcl=True)], strict=True))


def test_formatted(forms):
    for _, file in forms:
        subprocess.run([find_program(), "fmt", "-check", file], check=True, capture_output=True)


def test_no_reference_is_in_quotes_alone(forms):
    for _, file in forms:
        assert not re.findall(r' = "\$\{[^{}"]+\}"$', file.read_text(), flags=re.MULTILINE)


@pytest.mark.slow
def test_the_same_is_read(forms):
    for document, file in forms:
        wanted = {path: _written(value) for path, value in _leaves(_plain(document))}
        got = {path: _read(value) for path, value in _leaves(_unlisted(hcl2.loads(file.read_text())))}
        assert got == wanted


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Values by path; a block that is there once may be written as a list or as itself."""
    if isinstance(value, dict):
        yield path, dict
        for key, each in value.items():
            yield from _leaves(each, f"{path}/{key}")
    elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        yield from _leaves(value[0], path)
    elif isinstance(value, list):
        yield from [(path, list)] if value else ()  # no block at all, or none in a list of them
        for index, each in enumerate(value):
            yield from _leaves(each, f"{path}/{index}")
    else:
        yield path, value


def _plain(value: Any) -> Any:
    """Without notes."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key != "//"}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _unlisted(document: Any) -> Any:
    """What the other reader finds, in the nesting of Terraform JSON: blocks of one type and with one label together."""
    if isinstance(document, list):
        return [_unlisted(each) for each in document]
    if not isinstance(document, dict):
        return document
    merged: dict[str, Any] = {}
    for key, value in document.items():
        if key == "__is_block__":
            continue
        name = key.strip('"')
        labelled = isinstance(value, list) and value and all(_is_labelled(each) for each in value)
        inside = _merged([_unlisted(each) for each in value]) if labelled else _unlisted(value)
        merged[name] = inside
    return merged


def _is_labelled(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) == 1
        and next(iter(value)).startswith('"')
        and "__is_block__" not in value
    )


def _merged(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for block in blocks:
        for label, inside in block.items():
            known = merged.get(label)
            both = known and inside and not ({*known} & {*inside})
            merged[label] = {**known, **inside} if both else [known, inside] if label in merged else inside
    return merged


def _written(value: Any) -> Any:
    """A leaf of Terraform JSON."""
    return (
        "".join(_bare(part.text) if part.kind != "text" else part.text for part in parts(value))
        if isinstance(value, str)
        else value
    )


def _read(value: Any) -> Any:
    """A leaf as the other reader shows it: strings with their quotes and escapes, expressions in braces."""
    if not isinstance(value, str):
        return value
    if not value.startswith('"'):
        return _bare(value.removeprefix("${").removesuffix("}"))
    if heredoc := re.fullmatch(r'"<<-EOT\n(.*\n) *EOT"', value, re.DOTALL):
        return _written(dedent(heredoc[1]))
    return "".join(
        _bare(part.text) if part.kind != "text" else json.loads(f'"{part.text}"') for part in parts(value[1:-1])
    )


def _bare(code: str) -> str:
    """An expression without what only layout makes of it."""
    return re.sub(r'[\s"()]|,(?=[\])}])', "", code)


@pytest.mark.slow
@pytest.mark.skipif(
    not any("aws" in name for mirror in providers.mirrors() for name in mirror.providers), reason="no AWS provider"
)
def test_the_same_is_planned(tmp_path):
    with Emulator() as aws:
        config = on_emulator(load(ROOT / "floe-infra.yaml"), aws.endpoint)
        plans = [_planned(config, tmp_path / form, aws.environment, hcl=form == "hcl") for form in ("json", "hcl")]
    assert plans[0]["planned_values"]["root_module"]["resources"]
    for part in ("planned_values", "resource_changes", "output_changes"):
        assert plans[0][part] == plans[1][part]


def _planned(config: PlatformConfig, out: Path, environment: dict[str, str], *, hcl: bool) -> Any:
    directory = synthesize(config, out, hcl=hcl)[0].directory
    terraform = Terraform(directory, environment=environment)
    terraform.init()
    terraform.plan(out / "plan")
    show = [find_program(), "show", "-json", out / "plan"]
    return json.loads(subprocess.run(show, cwd=directory, check=True, capture_output=True).stdout)


def test_labels_of_digits_stay_text(tmp_path):
    cloud = {"provider": "gcp", "project": "acme-data", "region": "europe-west4", "labels": {"cost-center": "0815"}}
    config = PlatformConfig.model_validate(
        {"name": "acme", "environment": "dev", "cloud": cloud, "cluster": {"kind": "none"}}
    )
    [foundation] = synthesize(config, tmp_path / "cdktf.out", hcl=True)
    provider = foundation.file.read_text().partition('provider "google" {')[2].partition("}")[0]
    assert '    cost-center            = "0815"\n' in provider
