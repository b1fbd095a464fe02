"""What Terraform would say of arguments, for providers whose binary is not here.

Each binding wheel carries a jsii assembly that lists every argument with its type, whether it is required, and (in its
documentation) its exact name in Terraform. CDKTF checks constructs against it when they are made, but not what is
written by hand (`add_override`, ephemeral resources), and not what became of an argument; here the outcome is checked.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

Type = dict[str, Any]
"""A type as jsii writes it: `primitive`, `collection`, `union` or `fqn`."""


def conformance_problems(stack: dict[str, Any]) -> list[str]:
    """Unknown, missing and wrongly typed arguments of a `cdk.tf.json`, each with address and path.

    Checked are `resource`, `data`, `ephemeral` and `provider` blocks at every depth. Bindings know no ephemeral
    resources: these are held to the data source, or else the resource, of the same type, and pass where neither exists.
    Of providers that come without bindings, the arguments in use are written down here.

    Stricter than Terraform in one way: it turns `"5"` into a number and a number into a string, which CDKTF never
    leaves to it. A string that is one interpolation (`${…}`) can be anything.
    """
    blocks = [
        (section, type, name, block)
        for section in ("resource", "data", "ephemeral")
        for type, named in stack.get(section, {}).items()
        for name, block in named.items()
    ] + [
        ("provider", provider, str(index), block)
        for provider, configurations in stack.get("provider", {}).items()
        for index, block in enumerate(_listed(configurations))
    ]
    return [problem for each in blocks for problem in _block_problems(*each)]


def _block_problems(section: str, type: str, name: str, block: dict[str, Any]) -> Iterator[str]:
    address = f"{type}.{name}" if section == "resource" else f"{section}.{type}.{name}"
    provider = type.partition("_")[0]
    bindings = _bindings(provider)
    if bindings is None:
        yield f"{address}: the bindings of provider {provider} are not installed, so nothing can be said of it"
        return
    arguments = bindings.arguments(section, type)
    if arguments is not None:
        known = arguments | _META_ARGUMENTS[section]
        for path, problem in [*_Check(bindings).body(block, known), *_ignored(block, known)]:
            yield f"{address}: {path}: {problem}"
    elif section != "ephemeral":
        yield f"{address}: provider {provider} has no such {section}"


@dataclass(frozen=True)
class Argument:
    """A block may be written as an object or as a list of objects; an attribute only as its type says."""

    type: Type
    required: bool = False
    is_block: bool = False


Arguments = dict[str, Argument]


class Bindings:
    """The arguments that one provider's bindings know.

    AWS' assembly is 130 MB and describes mostly Python's attributes: of it only what says arguments is kept, and parsed
    when it is asked for.
    """

    def __init__(self, assembly: bytes) -> None:
        self._types = {fqn: text for fqn, text in _types(assembly) if _SAYS_ARGUMENTS.search(text)}
        found = ((fqn, _REPRESENTS.search(text)) for fqn, text in self._types.items())
        self._classes = {(_SECTIONS[match[1]], match[2].decode()): fqn for fqn, match in found if match}
        self._structs = dict(_META_STRUCTS)

    def arguments(self, section: str, type: str) -> Arguments | None:
        """What a block takes besides meta-arguments; None when there is no such type."""
        sections = ("data", "resource") if section == "ephemeral" else (section,)
        fqn = next((self._classes[key] for each in sections if (key := (each, type)) in self._classes), None)
        if fqn is None:
            return None
        parameters = self._parsed(fqn)["initializer"]["parameters"]
        [config] = (parameter for parameter in parameters if parameter["name"] == "config")
        return self.struct(config["type"]["fqn"])

    def struct(self, fqn: str) -> Arguments:
        if fqn not in self._structs:
            properties = self._parsed(fqn).get("properties", [])
            self._structs[fqn] = dict(_argument(property) for property in properties)
        return self._structs[fqn]

    def _parsed(self, fqn: str) -> dict[str, Any]:
        parsed: dict[str, Any] = json.JSONDecoder().raw_decode(self._types[fqn].decode())[0]
        return parsed


_TYPE = re.compile(rb'"(@cdktf/provider-[\w.-]+)":\s*(?={)')
_SAYS_ARGUMENTS = re.compile(rb'"kind":\s*"interface"|"summary":\s*"Represents a {@link ')
_REPRESENTS = re.compile(rb'"summary":\s*"Represents a {@link https://[^ ]+/docs(?:/([a-z-]+)/\w+)? (\w+)}')
_SECTIONS = {b"resources": "resource", b"data-sources": "data", None: "provider"}
_DOCUMENTED_NAME = re.compile(r"Docs at Terraform Registry: {@link [^ }]+#(\w+) ")


class Known(Bindings):
    """A provider whose arguments are written down here."""

    def __init__(self, arguments: dict[tuple[str, str], Arguments]) -> None:
        self._structs, self._arguments = _META_STRUCTS, arguments

    def arguments(self, section: str, type: str) -> Arguments | None:
        return self._arguments.get((section, type))


@cache
def _bindings(provider: str) -> Bindings | None:
    if provider in _WITHOUT_BINDINGS:
        return Known(_WITHOUT_BINDINGS[provider])
    spec = find_spec(f"cdktf_cdktf_provider_{provider}")
    if spec is None or spec.origin is None:
        return None
    [archive] = (Path(spec.origin).parent / "_jsii").glob("*.jsii.tgz")
    with tarfile.open(archive) as files:
        assembly = files.extractfile("package/.jsii")
        assert assembly is not None
        return Bindings(assembly.read())


def _types(assembly: bytes) -> Iterator[tuple[str, bytes]]:
    """Each type's name, and text that begins with its JSON."""
    keys = list(_TYPE.finditer(assembly))
    ends = [following.start() for _, following in pairwise(keys)] + [len(assembly)]
    for key, end in zip(keys, ends, strict=True):
        yield key[1].decode(), assembly[key.end() : end]


def _argument(property: dict[str, Any]) -> tuple[str, Argument]:
    docs = property["docs"]
    documented = _DOCUMENTED_NAME.search(f"{docs.get('summary')} {docs.get('remarks')}")
    converted = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", property["name"])
    name = documented[1] if documented else converted  # equals is called equal_to, for one
    return name, Argument(property["type"], not property.get("optional"), docs.get("summary") == f"{name} block.")


_ANY = {"primitive": "any"}
_STRING = {"primitive": "string"}
_BOOLEAN = {"primitive": "boolean"}
_STRINGS = {"collection": {"kind": "array", "elementtype": _STRING}}
_CONDITIONS = {"collection": {"kind": "array", "elementtype": {"fqn": "terraform.condition"}}}
_META_STRUCTS: dict[str, Arguments] = {
    "terraform.condition": {"condition": Argument(_ANY, required=True), "error_message": Argument(_STRING, True)},
    "terraform.lifecycle": {
        "create_before_destroy": Argument(_BOOLEAN),
        "prevent_destroy": Argument(_BOOLEAN),
        "ignore_changes": Argument(_ANY),  # names, or the word all
        "replace_triggered_by": Argument(_STRINGS),
        "precondition": Argument(_CONDITIONS, is_block=True),
        "postcondition": Argument(_CONDITIONS, is_block=True),
    },
}
_META: Arguments = {
    "count": Argument(_ANY),
    "for_each": Argument(_ANY),
    "depends_on": Argument(_STRINGS),
    "provider": Argument(_STRING),
    "lifecycle": Argument({"fqn": "terraform.lifecycle"}, is_block=True),
}
_META_ARGUMENTS: dict[str, Arguments] = {
    "resource": _META | {"provisioner": Argument(_ANY), "connection": Argument(_ANY)},
    "data": _META,
    "ephemeral": _META,
    "provider": {"alias": Argument(_STRING), "version": Argument(_STRING)},
}
_BUILTIN: dict[tuple[str, str], Arguments] = {
    ("resource", "terraform_data"): {"input": Argument(_ANY), "triggers_replace": Argument(_ANY)},
    ("data", "terraform_remote_state"): {
        "backend": Argument(_STRING, required=True),
        "config": Argument(_ANY),
        "defaults": Argument(_ANY),
        "workspace": Argument(_STRING),
    },
}

_NUMBER = {"primitive": "number"}
_RANDOM: dict[tuple[str, str], Arguments] = {
    ("ephemeral", "random_password"): {
        "length": Argument(_NUMBER, required=True),
        **dict.fromkeys(("lower", "upper", "numeric", "special"), Argument(_BOOLEAN)),
        **dict.fromkeys(("min_lower", "min_upper", "min_numeric", "min_special"), Argument(_NUMBER)),
        "override_special": Argument(_STRING),
    },
}
"""https://registry.terraform.io/providers/hashicorp/random/latest/docs/ephemeral-resources/password"""
_WITHOUT_BINDINGS = {"terraform": _BUILTIN, "random": _RANDOM}

Problems = Iterator[tuple[str, str]]
"""Path below the block, and what is wrong there."""


class _Check:
    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings

    def body(self, body: Any, arguments: Arguments, path: str = "") -> Problems:
        """A block's body: besides arguments it may hold a comment and generated blocks."""
        if not isinstance(body, dict):
            yield path, _wanted("a block", body)
            return
        generated = body.get("dynamic", {})
        for name, blocks in generated.items():
            where = _join(_join(path, "dynamic"), name)
            if name in arguments and arguments[name].is_block:
                content = [block.get("content") for block in _listed(blocks)]
                yield from self._value(content, arguments[name].type, f"{where}.content", in_block=True)
            else:
                yield where, _unknown(name, [each for each, argument in arguments.items() if argument.is_block])
        given = {name: value for name, value in body.items() if name not in ("//", "dynamic")}
        yield from self._object(given, arguments, path, generated)

    def _object(
        self, given: dict[str, Any], arguments: Arguments, path: str, generated: Collection[str] = ()
    ) -> Problems:
        for name, value in given.items():
            if name not in arguments:
                yield _join(path, name), _unknown(name, arguments)
            elif value is not None:
                argument = arguments[name]
                yield from self._value(value, argument.type, _join(path, name), in_block=argument.is_block)
        for name, argument in arguments.items():
            absent = given.get(name) is None or (argument.is_block and given[name] == [])
            if argument.required and absent and name not in generated:
                yield _join(path, name), "is required, and missing"

    def _value(self, value: Any, type: Type, path: str, *, in_block: bool = False) -> Problems:
        """`in_block`: the type is a block's, whose one object and list of one object mean the same."""
        if _is_token(value):
            return
        match type:
            case {"union": {"types": types}}:
                [wanted] = (each for each in types if each.get("fqn") != "cdktf.IResolvable")
                yield from self._value(value, wanted, path, in_block=in_block)
            case {"primitive": primitive}:
                if not _PRIMITIVES[primitive](value):
                    yield path, _wanted(f"a {primitive}", value)
            case {"collection": {"kind": "map", "elementtype": element}}:
                if not isinstance(value, dict):
                    yield path, _wanted("a map", value)
                    return
                for key, each in value.items():
                    yield from self._value(each, element, f"{path}[{json.dumps(key)}]")
            case {"collection": {"kind": "array", "elementtype": element}}:
                if in_block and isinstance(value, dict):
                    value = [value]
                if not isinstance(value, list):
                    yield path, _wanted("a list", value)
                    return
                for index, each in enumerate(value):
                    yield from self._value(each, element, f"{path}[{index}]", in_block=in_block)
            case {"fqn": fqn}:
                yield from self._struct(value, self._bindings.struct(fqn), path, in_block=in_block)

    def _struct(self, value: Any, arguments: Arguments, path: str, *, in_block: bool) -> Problems:
        if in_block and isinstance(value, list):
            if len(value) > 1:
                yield path, f"is given {len(value)} times; one is allowed"
            for index, each in enumerate(value):
                yield from self.body(each, arguments, f"{path}[{index}]")
        elif in_block:
            yield from self.body(value, arguments, path)
        elif isinstance(value, dict):
            yield from self._object(value, arguments, path)
        else:
            yield path, _wanted("an object", value)


_PRIMITIVES: dict[str, Callable[[Any], bool]] = {
    "any": lambda _: True,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


def _is_token(value: Any) -> bool:
    """Whether the string is one interpolation and nothing else, whose value can be of any type."""
    if not (isinstance(value, str) and value.startswith("${") and value.endswith("}")):
        return False
    depth = 0
    for position, character in enumerate(value):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if position > 0 and depth == 0:
            return position == len(value) - 1
    return False


def _ignored(block: dict[str, Any], arguments: Arguments) -> Problems:
    """Terraform refuses to ignore changes of what is not there."""
    for lifecycle in _listed(block.get("lifecycle", {})):
        names = lifecycle.get("ignore_changes", []) if isinstance(lifecycle, dict) else []
        for name in names if isinstance(names, list) else []:
            root = re.split(r"[.\[]", name)[0]
            if root not in arguments and root != "all":
                yield "lifecycle.ignore_changes", f"{root} is {_unknown(root, arguments)}"


def _unknown(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return "not an argument" + (f"; {close[0]} is" if close else "")


def _wanted(wanted: str, value: Any) -> str:
    return f"{wanted} is wanted, not {json.dumps(value)[:80]}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
