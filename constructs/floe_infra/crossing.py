"""How refs get from one stack to another.

CDKTF would carry every token over by itself, as an output that is marked sensitive: a plan of the second stack could
then show none of the values that it went into. So it is done here: an output with a name for each token, and the
other stack reads the first one's state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from cdktf import TerraformOutput, TerraformRemoteState
from constructs import Construct

from floe_infra.fields import is_token
from floe_infra.refs import CARRIED

T = TypeVar("T")


class Crossing:
    """From one stack to another.

    Args:
        source: a scope of the first stack; the outputs are made there.
        remote: the first stack's state, as the second one reads it.
    """

    def __init__(self, source: Construct, remote: TerraformRemoteState) -> None:
        self._source, self._remote = source, remote
        self._carried: dict[str, str] = {}

    def carry(self, name: str, value: T) -> T:
        """The value with every token in it, however deep, replaced by one of the second stack.

        Args:
            name: begins the outputs' names; the path of field names and keys follows.
        """
        carried: T = _walk(value, name, self._token)
        return carried

    def _token(self, token: str, name: str) -> str:
        if token not in self._carried:
            TerraformOutput(self._source, name, value=token).override_logical_id(f"{CARRIED}{name}")
            self._carried[token] = self._remote.get_string(f"{CARRIED}{name}")
        return self._carried[token]


def _walk(value: Any, name: str, replace: Callable[[str, str], str]) -> Any:
    if is_token(value):
        return replace(value, name)
    if is_dataclass(value) and not isinstance(value, type):
        given = {field.name: getattr(value, field.name) for field in fields(value)}
        return type(value)(**_walk(given, name, replace))
    if isinstance(value, Mapping):
        return {key: _walk(item, f"{name}_{_word(key)}", replace) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_walk(item, f"{name}_{index}", replace) for index, item in enumerate(value))
    return value


def _word(key: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in key)
