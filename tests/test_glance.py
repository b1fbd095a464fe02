from __future__ import annotations

from pathlib import Path

import pytest

from floe_infra.glance import bindings

ROOT = Path(__file__).parents[1]


def test_the_production_example_needs_aws() -> None:
    assert bindings(ROOT / "floe-infra.yaml") == ("aws",)


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("cloud:\n  provider: aws\n", ("aws",)),
        ('cloud: {region: eu-west-1, provider: "aws"}\n', ("aws",)),
        ("cloud:\n  provider: gcp\n", ("google",)),
        ("cloud:\n  provider: local  # not provider: aws\n", ()),
        ("# provider: aws\ncloud:\n  provider: local\n", ()),
        ("name: acme\n", ()),
    ],
)
def test_the_cloud_is_seen(tmp_path: Path, text: str, needed: tuple[str, ...]) -> None:
    (tmp_path / "file.yaml").write_text(text)

    assert bindings(tmp_path / "file.yaml") == needed


@pytest.mark.parametrize("name", ["missing.yaml", ".", "nul\0"])
def test_what_cannot_be_read_needs_nothing(tmp_path: Path, name: str) -> None:
    assert bindings(f"{tmp_path}/{name}") == ()


def test_what_is_no_text_needs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_bytes(b"\xff\xfeprovider: \x00")

    assert bindings(tmp_path / "file.yaml") == ()
