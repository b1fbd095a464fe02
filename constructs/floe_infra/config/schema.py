"""The JSON Schema of the configuration file, for editors: `python -m floe_infra.config.schema`.

It accepts whatever the loader accepts. It cannot refuse all that the loader refuses: what sections say against each
other is no matter of schemas.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from floe_infra.cloud.config import AwsCloud
from floe_infra.config.platform import PlatformConfig
from floe_infra.config.shape import Shape
from floe_infra.fields import shown
from floe_infra.sizing.tiers import KINDS, ON_CLOUD, TIERS

FILE = Path("schemas/floe-infra.schema.json")


def schema() -> dict[str, Any]:
    """The schema, as data."""
    whole = PlatformConfig.model_json_schema(schema_generator=_Generator)
    definitions = whole["$defs"]
    for model, defaults in _tiers():
        _say_what_tiers_differ_in(definitions[model.__name__]["properties"], model, defaults)
    for definition in (*definitions.values(), whole):
        for property in definition["properties"].values():
            if isinstance(property.get("default"), dict) and property["default"]:
                del property["default"]  # a whole section's, which depends on the tier
    whole["title"] = "floe-infra.yaml"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def text() -> str:
    """The schema's file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


class _Generator(GenerateJsonSchema):
    """Pydantic's, as editors want it: titles for people, and kinds that are chosen before they are checked."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """A key is its own title."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        made["description"] = " ".join(made["description"].split())
        for key, text in schema["cls"].descriptions().items():
            made["properties"][key].setdefault("description", " ".join(text.split()))
        required = [key for key in made.pop("required", []) if key not in _FILLED]
        tag, chosen = next(iter(made["properties"].items()))
        if "const" in chosen and schema["cls"] not in _USUAL:
            required.insert(0, tag)
        if required:
            made["required"] = required
        del made["title"]
        return {"title": f"{tag}: {chosen['const']}", **made} if "const" in chosen else made

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """`anyOf`, as a section may leave out its kind. `discriminator` is OpenAPI's and means nothing here."""
        return {"anyOf": super().tagged_union_schema(schema)["oneOf"]}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """No other keys than those of the pattern."""
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made


def _keys(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield key
            yield from _keys(value)


_FILLED = set(_keys(TIERS))
"""What the file need not say where the tier says it."""


def _tiers() -> Iterator[tuple[type[BaseModel], dict[str, dict[str, Any]]]]:
    """The models that tiers have values for, with these values by environment."""
    sections = {name for tier in TIERS.values() for name in tier}
    for name in sorted(sections):
        section, _, kind = name.partition(".")
        shape = Shape(PlatformConfig).child(section)
        model = shape.alternatives[kind] if kind else shape.type
        yield from _nested(model, _defaults(name))


def _defaults(section: str) -> dict[str, dict[str, Any]]:
    """By environment, and by environment on a cloud where that makes a difference."""
    general = {tier: values.get(section, {}) for tier, values in TIERS.items()}
    return general | {
        f"{tier} on {cloud}": {**general[tier], **values[section]}
        for cloud, tiers in ON_CLOUD.items()
        for tier, values in tiers.items()
        if section in values
    }


def _nested(
    model: type[BaseModel], defaults: dict[str, dict[str, Any]]
) -> Iterator[tuple[type[BaseModel], dict[str, dict[str, Any]]]]:
    yield model, defaults
    for key in model.model_fields:
        inner = Shape(model).child(key)
        if inner.fields:
            yield from _nested(inner.type, {tier: values.get(key, {}) for tier, values in defaults.items()})


_USUAL = (
    {AwsCloud}
    | {
        Shape(PlatformConfig).child(section).alternatives[kind]
        for kinds in KINDS.values()
        for section, kind in kinds.items()
    }
    | {
        Shape(model).child(key).alternatives[value["kind"]]
        for model, tiers in _tiers()
        for defaults in tiers.values()
        for key, value in defaults.items()
        if isinstance(value, Mapping) and "kind" in value
    }
)
"""The models of sections, and of parts of them, that leave out their kind, and of the cloud without its provider."""


def _say_what_tiers_differ_in(
    properties: dict[str, Any], model: type[BaseModel], defaults: dict[str, dict[str, Any]]
) -> None:
    for key, property in properties.items():
        given = {tier: values.get(key, model.model_fields[key].default) for tier, values in defaults.items()}
        if any(isinstance(value, (Mapping, BaseModel)) for value in given.values()):
            continue
        tiers: dict[str, list[str]] = {}
        for tier, value in given.items():
            tiers.setdefault(shown(value), []).append(tier)
        if len(tiers) > 1:
            property.pop("default")
            words = "; ".join(f"{value} in {', '.join(names)}" for value, names in tiers.items())
            property["description"] += f" When left out: {words}."


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
