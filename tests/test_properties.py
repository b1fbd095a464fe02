"""Any valid configuration synthesizes, any broken one is told where and why, and a user's text stays text.

By default as many as a minute or two allow, and the same ones every time. `FLOE_INFRA_EXAMPLES=20` multiplies them, and
draws others at each run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import kubernetes_validate
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chart_values import emitted_values, merged
from floe_infra.config import ConfigError, PlatformConfig
from floe_infra.config.document import Document
from floe_infra.config.load import validate
from floe_infra.config.problems import Problem, dotted
from floe_infra.synthesis import SynthesizedStack, synthesize
from policies import policy_problems
from provider_schema import conformance_problems
from strategies import KINDS, MARK, Broken, as_text, broken, configurations, mixtures

TIMES = int(os.environ.get("FLOE_INFRA_EXAMPLES", "1"))


def examples(number: int, *phases: Phase) -> settings:
    return settings(
        max_examples=number * TIMES,
        phases=phases or tuple(Phase),
        derandomize=TIMES == 1,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@examples(100)
@given(configurations())
def test_a_file_says_what_python_says(data: dict[str, Any]):
    assert validate(Document(as_text(data), "f.yaml")) == PlatformConfig.model_validate(data)


@examples(150)
@given(broken())
def test_a_mistake_is_found_where_it_was_made(mistakes: list[Broken]):
    for mistake in mistakes:
        text, place = as_text(mistake.data), dotted(mistake.path)
        with pytest.raises(ConfigError) as refusal:
            validate(Document(text, "f.yaml"))
        assert_located(refusal.value.problems, text)
        found = [problem.key for problem in refusal.value.problems]
        assert any(key.startswith(place) or place.startswith(key) for key in found), (mistake.what, place, found)


@examples(100)
@given(mixtures())
def test_contradictions_are_located(data: dict[str, Any]):
    text = as_text(data)
    try:
        validate(Document(text, "f.yaml"))
    except ConfigError as refusal:
        assert_located(refusal.problems, text)


def assert_located(problems: Sequence[Problem], text: str) -> None:
    """Each in a line that there is, with what is allowed or what to do."""
    lines = text.split("\n")
    for problem in problems:
        assert problem.file == "f.yaml"
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.key, problem
        assert problem.allowed or problem.fix or " is not " in problem.message, problem


@pytest.mark.slow
@pytest.mark.parametrize(("section", "kind"), KINDS)
def test_every_kind_synthesizes_whatever_is_beside_it(section: str, kind: str, tmp_path: Path):
    @examples(2, Phase.generate)  # each costs too much to look for a smaller one
    @given(configurations(section, kind), st.integers(0, 2))
    def check(data: dict[str, Any], format: int) -> None:
        config, out = PlatformConfig.model_validate(data), Path(mkdtemp(dir=tmp_path))
        stacks = synthesized(config, out, hcl=format == 2)
        problems = hcl_problems(stacks) if format == 2 else json_problems(config, stacks)
        assert problems == [], as_text(data)

    check()
    assert_is_hcl(tmp_path)


def json_problems(config: PlatformConfig, stacks: Sequence[SynthesizedStack]) -> list[str]:
    documents = [json.loads(stack.file.read_text()) for stack in stacks]
    return [
        problem
        for document in documents
        for problem in (
            *stack_problems(document),
            *policy_problems(config, document),
            *lost_values(config, document),
        )
    ]


def hcl_problems(stacks: Sequence[SynthesizedStack]) -> list[str]:
    return [problem for stack in stacks for problem in text_problems(stack.name, stack.file.read_text())]


_TEMPLATE_OF_THE_USERS = re.compile(rf"(?<!\$)\$\{{{MARK}|(?<!%)%\{{{MARK}")


def synthesized(config: PlatformConfig, out: Path, *, hcl: bool = False) -> list[SynthesizedStack]:
    """The stacks; none where files that the configuration names are not there, which is said in words."""
    try:
        return synthesize(config, out, hcl=hcl)
    except ConfigError:
        return []


def text_problems(where: str, text: str) -> Iterator[str]:
    if found := _TEMPLATE_OF_THE_USERS.search(text):
        yield f"{where}: Terraform would evaluate {text[max(found.start() - 60, 0) : found.end() + 60]!r}"
    if "TfToken" in text:
        yield f"{where}: an unresolved token"


def stack_problems(document: dict[str, Any]) -> Iterator[str]:
    yield from conformance_problems(document)
    for where, text in strings(document):
        yield from text_problems(where, text)
    for name, block in document.get("resource", {}).get("helm_release", {}).items():
        if "manifests_chart" in block["chart"]:
            for manifest in emitted_values(block)["manifests"]:
                yield from (f"{name}: {problem}" for problem in manifest_problems(manifest))


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"{path} (key)", key
            yield from strings(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from strings(item, f"{path}[{index}]")


def manifest_problems(manifest: dict[str, Any]) -> Iterator[str]:
    try:
        kubernetes_validate.validate(manifest, "1.33", strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        pass  # custom ones
    except kubernetes_validate.ValidationError as error:
        yield f"{manifest['kind']} {manifest['metadata']['name']}: {error.message[:300]}"


def lost_values(config: PlatformConfig, document: dict[str, Any]) -> list[str]:
    """Charts' values in the file that do not arrive at Helm as they were written."""
    releases = [emitted_values(block) for block in document.get("resource", {}).get("helm_release", {}).values()]
    given = {name: getattr(section, "values", None) for name, section in config} if releases else {}
    return [
        f"{name}.values is not what Helm gets"
        for name, values in given.items()
        if values and not any(merged(release, values, keep_nulls=True) == release for release in releases)
    ]


def assert_is_hcl(directory: Path) -> None:
    if terraform := shutil.which("terraform"):
        for file in directory.rglob("cdk.tf"):
            file.rename(file.with_suffix(".tf"))  # `fmt` heeds nothing else
        ran = subprocess.run([terraform, "fmt", "-check", "-recursive"], cwd=directory, capture_output=True, text=True)
        assert ran.returncode in (0, 3), ran.stderr[:2000]  # 3: it would write some of it in another way
