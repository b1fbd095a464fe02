"""What all models have in common."""

from __future__ import annotations

from typing import ClassVar

from floe_infra.model import Kind, Model


class _Base(Model):
    inherited: int = 0
    """What all have."""
    bare: int = 0
    own: int = 0
    """What the base says."""


class _Derived(_Base):
    named: ClassVar[str] = ""
    """What no field has."""
    own: int = 1
    """What the model
    itself says."""


def test_descriptions_stand_below_fields() -> None:
    assert _Base.descriptions() == {"inherited": "What all have.", "own": "What the base says."}


def test_a_model_has_the_descriptions_of_its_bases_and_its_own() -> None:
    assert _Derived.descriptions() == {"inherited": "What all have.", "own": "What the model\nitself says."}


def test_only_fields_are_described() -> None:
    assert Kind.descriptions() == {}
