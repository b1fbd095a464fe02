"""Secrets that somebody wrote into the file: they would be in Terraform's state and in Helm's releases for good.

Told by what is certain enough to refuse a file: tokens whose form says whose they are, private keys, a URL with a
password, and text under a key that says that it is one. What names a secret, or refers to one, passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from floe_infra.fields import is_token

Path = tuple[str | int, ...]

_FORMS = {
    "an access key of AWS": r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
    "a private key": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|\bAGE-SECRET-KEY-1[0-9A-Z]{20,}",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+",
    "a token of GitHub": r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,})",
    "a token of GitLab": r"\bglpat-[A-Za-z0-9_-]{20}",
    "a token of Grafana": r"\b(glc_[A-Za-z0-9+/=]{32,}|glsa_[A-Za-z0-9]{32}_[0-9a-f]{8})",
    "a token of Vault": r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}",
    "a token of Slack": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "an API key of Google": r"\bAIza[A-Za-z0-9_-]{35}",
}
_FORM = {what: re.compile(pattern) for what, pattern in _FORMS.items()}
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/?#\"'<>]*:[^\s/?#\"'<>]*@[^\s\"'<>]+", re.IGNORECASE)

_SAYS_SO = re.compile(
    r"(password|passwd|passphrase|apikey|apisecret|secretkey|secretaccesskey|clientsecret|sharedsecret|privatekey"
    r"|(access|api|auth|bearer|refresh|root|session|security)token)$|^(token|(proxy)?authorization|pgpass(word)?)$"
)
"""How the last word of a key ends, in small letters and digits alone, when its value is a secret itself."""
_REFERENCE = re.compile(
    r"^(true|false|null|none)$|\$\{|\$\(|\{\{|<%|^\$[A-Za-z_]|^%|^(/|file:|ref\+|vault:|secretref:|env:)|\.(pem|key|crt|json|ya?ml|txt|db)$",
    re.IGNORECASE,
)
"""In the value: an environment variable, a template, a file; or a switch."""
_PROPERTY = re.compile(r"^[ \t]*([A-Za-z][\w.-]*)[ \t]*[=:][ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
"""A line of a property file."""


def written_out(part: Any) -> Iterator[tuple[Path, str]]:
    """Where in a part of the configuration a secret stands, and what it is."""
    yield from _in(part, (), "")


def _in(value: Any, path: Path, key: str) -> Iterator[tuple[Path, str]]:
    """Of a list, each is what the list's key says. Of a model's own fields none is a secret, whatever it is called."""
    if isinstance(value, BaseModel):
        for name, item in value:
            yield from _in(item, (*path, name), "")
    elif isinstance(value, Mapping):
        yield from _in_mapping(value, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _in(item, (*path, index), key)
    elif isinstance(value, str) and not is_token(value) and (what := _what(value, key)):
        yield path, what


def _in_mapping(value: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    """With `name` and `value` in it, as Kubernetes has environment variables and headers, it is a key and its value.
    Beside a Secret's name there are the names of its keys."""
    named = value.get("name")
    keys_by_name = {key for key in value if _plain(key) == "secretkey"} if "secretName" in value else set()
    for key, item in value.items():
        meant = named if key == "value" and isinstance(named, str) else "" if key in keys_by_name else key
        yield from _in(item, (*path, key), meant)


def _what(text: str, key: str) -> str | None:
    for what, form in _FORM.items():
        if form.search(text):
            return f"holds {what}"
    if any(map(_has_password, _URL.findall(text))):
        return "holds a URL with a password"
    if "\n" in text or "=" in text:
        pairs = _PROPERTY.findall(text)
        found = next((name for name, value in pairs if _is_secret(name.rpartition(".")[2], value)), None)
        if found:
            return f"holds a secret, as {found} says"
    return "is a secret, as its key says" if _is_secret(key, text) else None


def _has_password(url: str) -> bool:
    try:
        password = urlsplit(url).password
    except ValueError:
        return False
    return bool(password) and not _REFERENCE.search(password or "")


def _is_secret(key: str, value: str) -> bool:
    """The name of a key within a Secret is none (`password: postgresql-password`), nor is what is filled in later."""
    says_so = _SAYS_SO.search(_plain(key))
    return bool(says_so and value.strip() and not _REFERENCE.search(value) and not _SAYS_SO.search(_plain(value)))


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
