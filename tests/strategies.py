"""Random configurations, drawn from the models themselves: a new section, kind or field is in them from its first day.

What a field takes is read from its annotation; where values obey a rule that no annotation says (equal machine types,
networks inside one another), it stands below. Sections are drawn one by one. What they say against each other is then
taken out again, until a valid whole is left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from ipaddress import IPv4Network
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from floe_infra.cluster.config import GkeNodeGroupConfig, InstanceTypeName, MachineTypeName, NodeGroupConfig, PublicCidr
from floe_infra.compute.config import TrinoConfig, TrinoVersion
from floe_infra.config import PlatformConfig
from floe_infra.config.shape import Shape
from floe_infra.database.config import InstanceClass, SqlTier
from floe_infra.fields import Cidr, Matches
from floe_infra.kubernetes.config import NAMESPACE, NetworkEnd
from floe_infra.model import Model
from floe_infra.network.config import Ranges, VpcConfig

Data = dict[str, Any]
Path = tuple[str | int, ...]

MARK = "zz"
"""Stands behind every `${` and `%{` in a text of the user's, and behind none of ours."""
_PIECES = (
    *(f"${{{MARK}}}", f"%{{{MARK}}}", f"$${{{MARK}}}", f"%%{{{MARK}}}", f"$$${{{MARK}}}", f'${{{MARK}("a")}}'),
    *('"', "'", "\\", "\n", "\r\n", "\t", "$", "%", "$$", "{", "}", "{{ .x }}", "#{", "<<EOT\n", "*/", "//", "#", "`"),
    *("é", "日本", "😀", "\u2028", "\u0085", "\u202e", "\x7f", "\x00", "null", "0815", "true", " ", "a", "-", ":"),
)
TEXT = st.lists(st.sampled_from(_PIECES), max_size=5).map("".join)
"""What breaks a document, or a template, that holds it as it is."""
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(-1e6, 1e6) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
_PRIVATE = ("10.0.0.0/8", "172.20.0.0/14", "192.168.0.0/16")


@st.composite
def _networks(draw: st.DrawFn, within: tuple[str, ...], shortest: int, longest: int) -> str:
    block = IPv4Network(draw(st.sampled_from(within)))
    prefix = draw(st.integers(max(shortest, block.prefixlen), longest))
    index = draw(st.integers(0, 2 ** (prefix - block.prefixlen) - 1))
    return str(IPv4Network((int(block.network_address) + index * 2 ** (32 - prefix), prefix)))


@st.composite
def _vpcs_with_subnets(draw: st.DrawFn) -> Data:
    cidr, zones = draw(_networks(_PRIVATE, 16, 20)), draw(st.integers(2, 3))
    parts = draw(st.permutations([str(part) for part in IPv4Network(cidr).subnets(3)]))
    return {"cidr": cidr, "zones": zones, "subnets": {"private": parts[:zones], "public": parts[zones : 2 * zones]}}


@st.composite
def _ranges(draw: st.DrawFn) -> Data:
    blocks = draw(st.permutations(["10.0.0.0/12", "10.64.0.0/12", "192.168.0.0/16", "172.20.0.0/16"]))
    longest = {"nodes": 26, "pods": 20, "services": 24, "private_services": 24}
    return {
        key: draw(_networks((block,), 16, most)) for block, (key, most) in zip(blocks, longest.items(), strict=True)
    }


def _equal_types(families: tuple[str, ...], sizes: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.sampled_from(sizes).flatmap(
        lambda size: st.lists(st.sampled_from([each + size for each in families]), min_size=1, max_size=5, unique=True)
    )


_EC2 = _equal_types(("m5", "m5a", "m5d", "m6i", "m6a"), (".large", ".xlarge", ".2xlarge", ".4xlarge"))
_GOOGLE = _equal_types(("n2-standard", "n2d-standard", "e2-standard", "t2d-standard"), ("-2", "-4", "-8", "-16"))
_GROUP = {
    "name": TEXT,
    "maxQueued": st.integers(0, 1000),
    "hardConcurrencyLimit": st.integers(1, 100),
    "softMemoryLimit": st.sampled_from(["80%", "10GB"]),
}
_RESOURCE_GROUPS = st.fixed_dictionaries(
    {
        "rootGroups": st.lists(st.fixed_dictionaries(_GROUP), min_size=1, max_size=2),
        "selectors": st.lists(st.fixed_dictionaries({"group": TEXT}, optional={"user": TEXT}), min_size=1, max_size=2),
    }
)


def _rule(annotation: Any) -> Matches:
    """The narrowest that an annotation names."""
    return [each for each in Shape.of(annotation).metadata if isinstance(each, Matches)][-1]


ROOT = Shape(PlatformConfig)
SECTIONS = [name for name in PlatformConfig.model_fields if ROOT.child(name).alternatives and name != "cloud"]
"""Those with kinds."""
_BY_RULE: dict[Matches, st.SearchStrategy[str]] = {
    _rule(Cidr): _networks(("0.0.0.0/0",), 8, 32),
    _rule(PublicCidr): _networks(("8.0.0.0/8", "203.0.113.0/24"), 8, 32),
    _rule(InstanceTypeName): _EC2.map(lambda names: names[0]),
    _rule(MachineTypeName): _GOOGLE.map(lambda names: names[0]),
    _rule(InstanceClass): st.sampled_from(["db.t3.micro", "db.t4g.medium", "db.m5.large", "db.m8gd.2xlarge"]),
    _rule(SqlTier): st.sampled_from(["db-g1-small", "db-f1-micro", "db-custom-2-4096", "db-custom-4-26624"]),
    _rule(TrinoVersion): st.integers(479, 9999).map(str),
    _rule(NetworkEnd): st.sampled_from(SECTIONS) | st.just(f"{NAMESPACE}bi") | _networks(_PRIVATE, 8, 32),
}
"""Texts with a rule that is more than a regular expression."""
_BY_FIELD: dict[tuple[type[BaseModel], str], st.SearchStrategy[Any]] = {
    (NodeGroupConfig, "instance_types"): _EC2,
    (GkeNodeGroupConfig, "instance_types"): _GOOGLE,
    (TrinoConfig, "resource_groups"): _RESOURCE_GROUPS,
}
_BY_MODEL: dict[type[BaseModel], st.SearchStrategy[Data]] = {Ranges: _ranges()}
_OVER_MODEL: dict[type[BaseModel], st.SearchStrategy[Data]] = {VpcConfig: st.just({}) | _vpcs_with_subnets()}
"""Laid over what is drawn field by field."""


@cache
def of_model(model: type[BaseModel]) -> st.SearchStrategy[Data]:
    """A mapping that the model takes, but for what its values say against each other."""
    if model in _BY_MODEL:
        return _BY_MODEL[model]
    tag = next(iter(model.model_fields))
    fields = {name: _of_field(model, name) for name in model.model_fields}
    needed = {name for name, field in model.model_fields.items() if field.is_required()} | (
        {tag} if get_origin(model.model_fields[tag].annotation) is Literal else set()
    )

    @st.composite
    def mapping(draw: st.DrawFn) -> Data:
        chosen = {name for name in fields if name in needed or not draw(st.integers(0, 2))}
        return {name: draw(fields[name]) for name in chosen} | draw(_OVER_MODEL.get(model, st.just({})))

    return mapping()


def _of_field(model: type[BaseModel], name: str) -> st.SearchStrategy[Any]:
    strategy = _BY_FIELD.get((model, name), st.deferred(lambda: _of_shape(Shape(model).child(name))))
    annotation = model.model_fields[name].annotation
    return st.none() | strategy if NoneType in get_args(annotation) else strategy


def _of_shape(shape: Shape) -> st.SearchStrategy[Any]:
    if shape.alternatives:
        return st.one_of(*map(of_model, shape.alternatives.values()))
    if shape.fields:
        return of_model(shape.type)
    arguments = get_args(shape.type)
    match get_origin(shape.type) or shape.type:
        case origin if origin is Literal:
            return st.sampled_from(arguments)
        case origin if origin is dict:
            inner = _of_shape(Shape.of(arguments[1]))
            return st.dictionaries(_of_shape(shape.keys), inner, **_sizes(shape, 3))
        case origin if origin is list:
            return st.lists(_of_shape(Shape.of(arguments[0])), **_sizes(shape, 3))
        case plain if plain is bool:
            return st.booleans()
        case plain if plain is int:
            return st.integers(*_bounds(shape))
        case plain if plain is float:
            return st.floats(*_bounds(shape), allow_subnormal=False)
        case plain if plain is str:
            return _texts(shape)
        case plain if plain is Any:
            return ANYTHING
    raise TypeError(f"no values are known of {shape}")


def _bounds(shape: Shape) -> tuple[Any, Any]:
    least = [each.ge for each in shape.metadata if isinstance(each, Ge)]
    most = [each.le for each in shape.metadata if isinstance(each, Le)]
    return (least or [None])[0], (most or [None])[0]


def _sizes(shape: Shape, usual: int) -> dict[str, int]:
    least = max([each.min_length for each in shape.metadata if isinstance(each, MinLen)], default=0)
    most = min([each.max_length for each in shape.metadata if isinstance(each, MaxLen)], default=usual)
    return {"min_size": least, "max_size": max(least, min(most, usual))}


def _texts(shape: Shape) -> st.SearchStrategy[str]:
    rules = [each for each in shape.metadata if isinstance(each, Matches)]
    longest = min([each.max_length for each in shape.metadata if isinstance(each, MaxLen)], default=None)
    if not rules:
        return TEXT
    if rules[-1] in _BY_RULE:
        return _BY_RULE[rules[-1]]

    def fits(text: str) -> bool:
        in_all = all(re.fullmatch(rule.pattern, text) and not (rule.refuse and rule.refuse(text)) for rule in rules)
        return in_all and len(text) <= (longest or len(text))

    made = st.from_regex(rules[-1].pattern, fullmatch=True)
    # Where a rule lets texts through that break things, they are tried.
    odd = [text for text in _odd_texts() if fits(text)]
    return (st.sampled_from(odd) | made.filter(fits)) if odd else made.filter(fits)


@cache
def _odd_texts() -> tuple[str, ...]:
    templates = (f"${{{MARK}}}", f"%{{{MARK}}}", '"', "\\", "é", "😀")
    stems = ("", "a", "oci://a/", "https://a/", "https://", "http://a", "arn:aws:iam::111122223333:role/", "a:1")
    return tuple(f"{stem}{template}{end}" for stem in stems for template in templates for end in ("", "b"))


PROVIDERS = {model.model_fields["provider"].default: model for model in ROOT.child("cloud").alternatives.values()}
KINDS: dict[tuple[str, str], Any] = {
    (section, word): kind for section in SECTIONS for word, kind in ROOT.child(section).alternatives.items()
}
"""Every kind of every section."""


@st.composite
def drafts(draw: st.DrawFn, section: str = "", kind: str = "") -> Data:
    """A file whose sections are sound, each for itself; one of them of this kind."""
    wanted: Any = KINDS.get((section, kind))
    provider = draw(st.sampled_from(sorted(wanted.clouds if wanted else PROVIDERS)))
    trying = ["local", "dev"]
    environment = draw(st.sampled_from(trying if wanted and wanted.for_trying else [*trying, "staging", "prod"]))
    data: Data = {"environment": environment, "cloud": draw(of_model(PROVIDERS[provider]))}
    for name in PlatformConfig.model_fields:
        if name == section:
            data[name] = draw(of_model(wanted))
        elif name in SECTIONS:
            if not draw(st.integers(0, 2)):
                data[name] = draw(of_model(draw(st.sampled_from(_usable(name, provider, environment)))))
        elif name not in data and (PlatformConfig.model_fields[name].is_required() or draw(st.booleans())):
            data[name] = draw(_of_field(PlatformConfig, name))
    return data


def _usable(section: str, provider: str, environment: str) -> list[Any]:
    """What a section can be there. A cluster is always one, or nearly nothing else would be left."""
    found = [kind for (where, word), kind in KINDS.items() if where == section and (where, word) != ("cluster", "none")]
    return [
        kind for kind in found if provider in kind.clouds and (environment in ("local", "dev") or not kind.for_trying)
    ] or [KINDS["cluster", "none"]]


def configurations(section: str = "", kind: str = "") -> st.SearchStrategy[Data]:
    """A file that is valid as a whole; with a section of this kind."""
    return drafts(section, kind).map(lambda draft: made_valid(draft, section)).filter(bool)


def made_valid(draft: Data, section: str = "") -> Data:
    """The draft without what is said against the rest of it, but with this section; nothing where that cannot be."""
    data: Data = json.loads(json.dumps(draft))
    for _ in range(200):
        try:
            PlatformConfig.model_validate(data)
        except ValidationError as error:
            path = next(_offenders(data, error))
            if path[:1] == (section,) and (len(path) == 1 or path[1:] == ("kind",)):
                others = [name for name in data if name in SECTIONS and name != section]
                path = (others[0],) if others else ()
            if not _take_out(data, path):
                return {}
        else:
            return data
    return {}


def _offenders(data: Data, error: ValidationError) -> Iterator[Path]:
    """Where the mistakes are, in the data's own terms: pydantic names the chosen kinds besides."""
    for details in error.errors():
        findings = details.get("ctx", {}).get("findings")
        for below in [finding.path for finding in findings] if findings else [()]:
            path: Path = ()
            here: Any = data
            for step in (*details["loc"], *below):
                known = isinstance(here, Mapping) and step in here
                if known or (isinstance(here, list) and isinstance(step, int) and step < len(here)):
                    here = here[step]
                    path = (*path, step)
                elif not path and step in SECTIONS:
                    path = (step,)
                    break
            yield path


def _take_out(data: Data, path: Path) -> bool:
    """Whether there was something to take out. A section that is at odds with others as it is by itself goes."""
    if not path or path[0] not in (*SECTIONS, "kubernetes", "allow_data_loss", "cloud") or path == ("cloud",):
        return False
    if len(path) == 1 or path[1:] == ("kind",):
        if path[0] in data:
            del data[path[0]]
        else:
            data[path[0]] = {"kind": "none"}
        return True
    here: Any = data
    for step in path[:-1]:
        here = here[step]
    del here[path[-1]]
    return True


def as_text(data: Data) -> str:
    """A file with this content, one value a line."""
    text = json.dumps(data, indent=1, ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f\u2028-\u202e\ufeff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", text)


class Spot(NamedTuple):
    """A value in a file, and what the models say of it."""

    path: Path
    shape: Shape
    value: Any
    nullable: bool
    required: bool


def spots(data: Data, shape: Shape = ROOT, path: Path = ()) -> Iterator[Spot]:
    """Every value that a model says something of; those in charts' values are the charts' business."""
    for key, value in data.items():
        field, inner = shape.fields.get(key), shape.child(key)
        if inner.type is Any or (not field and not get_args(shape.type)):
            continue
        nullable = bool(field and NoneType in get_args(field.annotation))
        yield from _spots(Spot((*path, key), inner, value, nullable, bool(field and field.is_required())))


def _spots(spot: Spot) -> Iterator[Spot]:
    yield spot
    shape = spot.shape
    if isinstance(spot.value, Mapping):
        if shape.alternatives:
            shape = Shape(shape.alternatives.get(spot.value.get(shape.tag, ""), Model))
        yield from spots(dict(spot.value), shape, spot.path)
    elif isinstance(spot.value, list):
        inner = shape.child(0)
        for index, value in enumerate(spot.value):
            yield from _spots(Spot((*spot.path, index), inner, value, nullable=False, required=False))


class Broken(NamedTuple):
    """A file with one mistake, and where that is."""

    data: Data
    path: Path
    what: str


@st.composite
def broken(draw: st.DrawFn) -> list[Broken]:
    """A valid file, and what becomes of it when somebody puts a mistake into it, at one place or another."""
    data = draw(configurations())
    found = list(spots(data))
    places = {
        what: fitting for what, (fits, _) in _MISTAKES.items() if (fitting := [spot for spot in found if fits(spot)])
    }
    made = []
    for what in sorted(places):
        spot = draw(st.sampled_from(places[what]))
        made.append(Broken(with_value(data, spot.path, draw(_MISTAKES[what][1](spot))), spot.path, what))
    return made


def with_value(data: Data, path: Path, value: Any) -> Data:
    changed: Data = json.loads(json.dumps(data))
    here: Any = changed
    for step in path[:-1]:
        here = here[step]
    if value is GONE:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    return changed


GONE = object()
_OF_OTHER_TYPES: dict[Any, list[Any]] = {
    str: [5, 1.5, True, [], ["a"], {}, {"a": "b"}],
    int: ["5", 1.5, True, [5], {}, "", "x"],
    float: ["5", True, [5.0], {}, ""],
    bool: ["yes", 1, 0, [True], {}, "true"],
    list: ["a", 5, True, {}, {"a": 1}],
    dict: ["a", 5, True, [], [{}]],
}


def _plain(spot: Spot) -> Any:
    """`str`, `int`, …; of models and unions, `dict`."""
    shape = spot.shape
    if shape.alternatives or shape.fields:
        return dict
    if shape.choices:
        return type(get_args(shape.type)[0])
    return get_origin(shape.type) or shape.type


def _beyond(spot: Spot) -> list[Any]:
    low, high = _bounds(spot.shape) if _plain(spot) in (int, float) else (None, None)
    return [*([low - 1] if low is not None else []), *([high + 1] if high is not None else [])]


def _ruled(spot: Spot) -> bool:
    return _plain(spot) is str and any(isinstance(each, Matches) for each in spot.shape.metadata)


_MISTAKES: dict[str, tuple[Callable[[Spot], bool], Callable[[Spot], st.SearchStrategy[Any]]]] = {
    "type": (lambda spot: _plain(spot) in _OF_OTHER_TYPES, lambda spot: st.sampled_from(_OF_OTHER_TYPES[_plain(spot)])),
    "null": (lambda spot: not spot.nullable, lambda _: st.none()),
    "bounds": (lambda spot: bool(_beyond(spot)), lambda spot: st.sampled_from(_beyond(spot))),
    "text": (_ruled, lambda spot: st.just(f"{spot.value or ''}\n\x00\u2028 $")),
    "word": (lambda spot: bool(spot.shape.choices), lambda _: st.sampled_from(["nothing", 10**9, "", "Prod"])),
    "key": (
        lambda spot: _plain(spot) is dict and isinstance(spot.value, dict) and get_origin(spot.shape.type) is not dict,
        lambda spot: TEXT.map(lambda key: {**spot.value, f"unknown {key}": 1}),
    ),
    "required": (lambda spot: spot.required, lambda _: st.just(GONE)),
    "kind": (
        lambda spot: len(spot.path) == 1 and spot.path[0] in SECTIONS and isinstance(spot.value, dict),
        lambda spot: st.sampled_from([{**spot.value, "kind": word} for word in ("azure", "", 5, None, ["none"])]),
    ),
}
"""By name, where a mistake can be made, and how."""


@st.composite
def mixtures(draw: st.DrawFn) -> Data:
    """Sections of two files in one: they may be at odds."""
    one, other = draw(configurations()), draw(drafts())
    taken = draw(st.lists(st.sampled_from(sorted(other)), min_size=1, max_size=3, unique=True))
    return one | {name: other[name] for name in taken}
