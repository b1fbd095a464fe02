"""What the README says of the way to a running pipeline, and what is there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from typer.main import get_command

from floe_infra.cli.main import app

from .handed_over import ROOT, handed_over

README = (ROOT / "README.md").read_text()
SECTION = README.partition("## From an empty account")[2].partition("\n## ")[0]


def blocks(text: str, language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [content for name, content in fenced if name == language]


def commands(text: str) -> list[str]:
    """Each on one line, without comments."""
    joined = "\n".join(blocks(text, "sh")).replace("\\\n", " ")
    return [" ".join(line.split()) for each in joined.splitlines() if (line := re.sub(r"\s# .*", "", each).strip())]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of the file that the README puts together, with what its cloud calls the cluster."""
    folder = tmp_path_factory.mktemp("readme")
    first, *_ = blocks(README.partition("## A first file")[2], "yaml")
    (folder / "floe-infra.yaml").write_text(first + "".join(blocks(SECTION, "yaml")))
    return handed_over(folder / "floe-infra.yaml", folder)


def test_the_tree_is_what_is_written(files):
    [tree] = blocks(SECTION, "")
    assert [line.split()[0] for line in tree.splitlines()] == [f"handoff/{name}" for name in sorted(files)]


def test_commands_are_those_of_the_next_steps(files):
    there = commands(files["NEXT_STEPS.md"])
    ours = [each.replace("seed_bronze", "<job>") for each in commands(SECTION)]
    told = [each for each in ours if each.startswith(("helm ", "kubectl "))]
    assert len(told) == 5
    assert set(told) <= set(there)
    assert [each for each in there if each in told] == told  # in this order
    login = next(each for each in there if each.startswith("aws eks "))
    assert any(each.partition(" --name")[0] == login.partition(" --name")[0] for each in ours)


def test_every_command_of_ours_exists():
    group: Any = get_command(app)
    piped = [each.partition(" |")[0].split() for each in commands(README)]
    given = [words for words in piped if words[0] == "floe-infra"]
    listed = re.findall(r"^floe-infra ([a-z-]+)", README, re.MULTILINE)
    assert {words[1] for words in given} | set(listed) <= set(group.commands)
    for words in given:
        options = {name for option in group.commands[words[1]].params for name in option.opts}
        assert {word for word in words[2:] if word.startswith("-")} <= options, words


def test_what_the_readme_points_to_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
