"""Make in Vault, or OpenBao, the secrets that a platform needs, where they are not there yet; and, where that is its
business, the policies and roles of those who read them.

Runs in a pod, from a ConfigMap that holds this file alone (`python provision_vault.py SPEC.json`): hence one file and
the standard library only. Each step looks first, so it can be interrupted anywhere and run again. A value is written
with check-and-set, once: what is there is neither read nor written over, whoever made it. Written against OpenBao 2.6
and its sources (https://github.com/openbao/openbao), whose API is that of Vault.

Exit status: 0 when all is as the spec says, 1 when the server could not be brought there, 2 when the spec is wrong.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import ssl
import string
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

_DELAYS = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between attempts at a server that is starting, changes its leader, or is busy; the last one again and
again."""
_REQUEST_TIMEOUT = 30.0
_LONGEST_MESSAGE = 2000

_BUSY = {
    HTTPStatus.PRECONDITION_FAILED,  # a standby of Vault Enterprise that is behind
    HTTPStatus.TOO_MANY_REQUESTS,
    473,  # a standby that forwards nothing
    HTTPStatus.INTERNAL_SERVER_ERROR,  # no leader just now
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,  # sealed
    HTTPStatus.GATEWAY_TIMEOUT,
}
_DONE = (HTTPStatus.OK, HTTPStatus.NO_CONTENT)
_CHECK_AND_SET = "check-and-set"
"""In what the server says when somebody else has written first."""


# The spec


@dataclass(frozen=True)
class Made:
    """A value to make: so many letters and digits, some of each."""

    length: int

    def make(self) -> str:
        """Another one each time."""
        kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
        while True:
            value = "".join(secrets.choice("".join(kinds)) for _ in range(self.length))
            if all(set(kind) & set(value) for kind in kinds):
                return value


@dataclass(frozen=True)
class Spec:
    """What SPEC.json says: this class as JSON. It holds no secret.

    Attributes:
        address: the server, without a path.
        auth_mount: of the method that knows the cluster's service accounts.
        role: to log in as.
        token_file: with the service account's token.
        mount: of the key-value engine, version 2.
        secrets: by path below the mount, the content by key: a text, or `{"random": <length>}`.
        vault_namespace: the server's namespace, where it has such.
        ca_file: with the certificates of whoever signed the server's; those of the system when None.
        policies: by name.
        roles: of `auth_mount`, by name, with what the API takes.
        owned: policies and roles whose names begin so, and that are not here, are removed; none when empty.
        patience: seconds for which a server may be starting or busy, at each request.
        hint: what to do when the login is refused.
    """

    address: str
    auth_mount: str
    role: str
    token_file: str
    mount: str
    secrets: Mapping[str, Mapping[str, str | Made]]
    vault_namespace: str | None = None
    ca_file: str | None = None
    policies: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    owned: str = ""
    patience: float = 300
    hint: str = ""


class SpecError(Exception):
    """Something in the spec, or a file that it names, is not usable."""


def read_spec(text: str) -> Spec:
    """The spec in a JSON document.

    Raises:
        SpecError: a key is missing, unknown or of the wrong type.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise SpecError(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise SpecError("not an object")
    known = {each.name: each for each in dataclasses.fields(Spec)}
    optional = {name for name, each in known.items() if each.type not in ("str", _SECRETS)} | {"owned", "hint"}
    if unknown := document.keys() - known.keys():
        raise SpecError(f"{', '.join(sorted(unknown))}: not known; known are {', '.join(known)}")
    if missing := known.keys() - document.keys() - optional:
        raise SpecError(f"{', '.join(sorted(missing))}: missing")
    for name, value in document.items():
        if not isinstance(value, _TYPES[str(known[name].type)]) or isinstance(value, bool):
            raise SpecError(f"{name}: not of the type {known[name].type}")
    contents = {path: _content(path, content) for path, content in document["secrets"].items()}
    spec = Spec(**{**document, "secrets": contents})
    if not _is_url(spec.address):
        raise SpecError(f"address: {spec.address!r} is no http:// or https:// URL")
    return spec


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port, or a bracket
        return False


_SECRETS = "Mapping[str, Mapping[str, str | Made]]"
_TYPES: dict[str, Any] = {
    "str": str,
    "str | None": (str, type(None)),
    "float": (int, float),
    "Mapping[str, str]": dict,
    "Mapping[str, Mapping[str, Any]]": dict,
    _SECRETS: dict,
}


def _content(path: str, content: Any) -> dict[str, str | Made]:
    if not isinstance(content, dict) or not content:
        raise SpecError(f"secrets.{path}: not an object with something in it")
    return {key: _value(f"secrets.{path}.{key}", value) for key, value in content.items()}


def _value(where: str, value: Any) -> str | Made:
    if isinstance(value, str):
        return value
    length = value.get("random") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(length, int) or isinstance(length, bool) or length < 3:
        raise SpecError(f'{where}: neither a text nor {{"random": <length of 3 or more>}}')
    return Made(length)


# The server


class VaultError(Exception):
    """The server could not be brought to what the spec says."""


class RefusedError(VaultError):
    """The server gave another status than the expected ones."""

    def __init__(self, request: str, answer: Answer) -> None:
        self.status, self.message = answer.status, "; ".join(answer.errors)
        super().__init__(f"{request}: {' '.join(filter(None, (_status(answer.status), self.message)))}")


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """What was asked for."""
        data = self.body.get("data")
        return data if isinstance(data, dict) else {}

    @property
    def errors(self) -> list[str]:
        """What went wrong, in the server's words."""
        errors = self.body.get("errors")
        return [str(each).strip() for each in errors] if isinstance(errors, list) else []


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


class Vault:
    """The server's API, after a login with a service account's token.

    Attributes:
        token: the login's; empty before it.
    """

    def __init__(self, spec: Spec) -> None:
        self._url = urlsplit(spec.address)
        self._patience = spec.patience
        self._headers = {"X-Vault-Request": "true", "Accept": "application/json", "Connection": "close"}
        if spec.vault_namespace:
            self._headers["X-Vault-Namespace"] = spec.vault_namespace
        self._trust = ssl.create_default_context(cafile=spec.ca_file) if self._url.scheme == "https" else None
        self.token = ""

    def log_in(self, spec: Spec, jwt: str) -> None:
        """As the spec's role.

        Raises:
            VaultError: it was refused.
        """
        path = f"auth/{spec.auth_mount}/login"
        try:
            answer = self.ask(f"log in as {spec.role}", "POST", path, {"role": spec.role, "jwt": jwt})
        except RefusedError as refused:
            raise VaultError(f"{refused}. {spec.hint}" if spec.hint else str(refused)) from None
        auth = answer.body.get("auth")
        if not isinstance(auth, dict) or not isinstance(auth.get("client_token"), str):
            raise VaultError(f"log in as {spec.role}: POST {path}: the answer holds no token")
        self.token = auth["client_token"]

    def log_out(self) -> None:
        """The token ends by itself soon; not much depends on this."""
        with suppress(OSError, HTTPException):
            self._transfer("POST", "auth/token/revoke-self", None)

    def find(self, purpose: str, path: str, method: str = "GET") -> dict[str, Any] | None:
        """What lies at the path, or None."""
        answer = self.ask(purpose, method, path, None, (HTTPStatus.OK, HTTPStatus.NOT_FOUND))
        return answer.data if answer.status == HTTPStatus.OK else None

    def ask(
        self,
        purpose: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        expected: Iterable[int] = _DONE,
    ) -> Answer:
        """Until the server answers and is not busy. Every request here may be repeated: a value that was written
        already is then refused by check-and-set, and the step looks again.

        Raises:
            RefusedError: it answered something else than expected.
            VaultError: it did not answer.
        """
        request = f"{purpose}: {method} {path}"
        end = time.monotonic() + self._patience
        for delay in _delays():
            answer: Answer | None = None
            try:
                answer, trouble = self._transfer(method, path, body), ""
            except ssl.SSLCertVerificationError as error:
                raise VaultError(f"{request}: {error.verify_message}") from None
            except (OSError, HTTPException) as error:
                trouble = str(error) or type(error).__name__
            if answer and answer.status not in _BUSY:
                break
            if time.monotonic() + delay > end:
                break
            time.sleep(delay)
        if answer is None:
            raise VaultError(f"{request}: {trouble}")
        if answer.status not in expected:
            raise RefusedError(request, answer)
        return answer

    def _transfer(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        """One request. Neither redirects nor proxies are followed: they would get to see the token."""
        host, port = self._url.hostname or "", self._url.port
        connection = (
            HTTPSConnection(host, port, timeout=_REQUEST_TIMEOUT, context=self._trust)
            if self._trust
            else HTTPConnection(host, port, timeout=_REQUEST_TIMEOUT)
        )
        headers = {**self._headers, **({"X-Vault-Token": self.token} if self.token else {})}
        content = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, f"/v1/{quote(path)}", content, headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        return Answer(response.status, _object(text))


def _delays() -> Iterator[float]:
    yield from _DELAYS
    while True:
        yield _DELAYS[-1]


def _object(text: bytes) -> dict[str, Any]:
    """Empty where there is none; what is no JSON object, as an error in it."""
    if not text:
        return {}
    try:
        body = json.loads(text)
    except ValueError:
        return {"errors": [text.decode("utf-8", errors="replace")]}
    return body if isinstance(body, dict) else {"errors": [str(body)]}


# The steps


MADE = "made"
CHANGED = "changed"
REMOVED = "removed"
AS_IT_WAS = "as it was"


def provision(spec: Spec, vault: Vault, say: Callable[[str], None]) -> None:
    """Make all that the spec says, and say of each step what it did.

    Raises:
        VaultError: it could not be made.
    """
    for thing, step in _steps(spec, _Steps(spec, vault)):
        say(f"{thing}: {step()}")


def _steps(spec: Spec, do: _Steps) -> Iterator[tuple[str, Callable[[], str]]]:
    """Policies are there before the roles that have them, and go after them; values come when they can be read."""
    for name, text in spec.policies.items():
        yield f"policy {name}", partial(do.policy, name, text)
    for name, role in spec.roles.items():
        yield f"role {name}", partial(do.role, name, role)
    for name in do.strangers(do.roles, spec.roles):
        yield f"role {name}", partial(do.remove, do.roles, name)
    for name in do.strangers(do.policies, spec.policies):
        yield f"policy {name}", partial(do.remove, do.policies, name)
    for path, content in spec.secrets.items():
        yield f"secret {path}", partial(do.secret, path, content)


class _Steps:
    """Each looks, changes what differs, and says what it did."""

    def __init__(self, spec: Spec, vault: Vault) -> None:
        self._mount, self._owned, self._vault = spec.mount, spec.owned, vault
        self.policies = "sys/policies/acl"
        self.roles = f"auth/{spec.auth_mount}/role"

    def policy(self, name: str, text: str) -> str:
        path = f"{self.policies}/{name}"
        found = self._vault.find(f"look for policy {name}", path)
        if found is not None and found.get("policy") == text:
            return AS_IT_WAS
        self._vault.ask(f"write policy {name}", "POST", path, {"policy": text})
        return MADE if found is None else CHANGED

    def role(self, name: str, wanted: Mapping[str, Any]) -> str:
        path = f"{self.roles}/{name}"
        found = self._vault.find(f"look for role {name}", path)
        if found is not None and all(found.get(key) == value for key, value in wanted.items()):
            return AS_IT_WAS
        self._vault.ask(f"write role {name}", "POST", path, wanted)
        return MADE if found is None else CHANGED

    def strangers(self, collection: str, wanted: Iterable[str]) -> list[str]:
        """What is ours by its name, and no longer wanted."""
        if not self._owned:
            return []
        listed = self._vault.find(f"list {collection}", collection, "LIST") or {}
        return [name for name in listed.get("keys") or () if name.startswith(self._owned) and name not in wanted]

    def remove(self, collection: str, name: str) -> str:
        self._vault.ask(f"remove {name}", "DELETE", f"{collection}/{name}", None, (*_DONE, HTTPStatus.NOT_FOUND))
        return REMOVED

    def secret(self, path: str, content: Mapping[str, str | Made]) -> str:
        if self._is_there(path):
            return AS_IT_WAS
        values = {key: value.make() if isinstance(value, Made) else value for key, value in content.items()}
        body = {"data": values, "options": {"cas": 0}}
        try:
            self._vault.ask(f"write secret {path}", "POST", f"{self._mount}/data/{path}", body)
        except RefusedError as refused:
            # It was written before its answer was lost, or somebody was faster. To make is all that is allowed, so by
            # then the server can also say that changing is not.
            lost = _CHECK_AND_SET in refused.message or refused.status == HTTPStatus.FORBIDDEN
            if not (lost and self._is_there(path)):
                raise
        return MADE

    def _is_there(self, path: str) -> bool:
        """Whether it has a value that can be read, by what is known beside the value.

        Raises:
            VaultError: it had one, or has a place and none.
        """
        found = self._vault.find(f"look for secret {path}", f"{self._mount}/metadata/{path}")
        if found is None:
            return False
        newest = (found.get("versions") or {}).get(str(found.get("current_version")))
        now = datetime.now(timezone.utc).isoformat(timespec="microseconds")
        if newest and not newest.get("destroyed") and (newest.get("deletion_time") or "9") > now:
            return True
        raise VaultError(
            f"secret {path}: its newest version was deleted, or it never had one: undelete it, remove it with "
            "`kv metadata delete`, or raise its generation"
        )


# The command


def main(arguments: list[str]) -> int:
    """Run with the command's arguments; returns its exit status."""
    if len(arguments) != 1:
        print("usage: provision_vault.py SPEC.json", file=sys.stderr)
        return 2
    try:
        spec = read_spec(Path(arguments[0]).read_text(encoding="utf-8"))
        jwt = Path(spec.token_file).read_text(encoding="utf-8").strip()
        vault = Vault(spec)
    except (SpecError, OSError, ValueError) as error:
        print(f"provision_vault: bad spec {arguments[0]}: {error}", file=sys.stderr)
        return 2
    try:
        vault.log_in(spec, jwt)
        provision(spec, vault, lambda line: print(line, flush=True))
    except VaultError as failure:
        print(f"provision_vault: failed: {_tidy(str(failure), (vault.token, jwt))}", file=sys.stderr)
        return 1
    finally:
        if vault.token:
            vault.log_out()
    return 0


def _tidy(message: str, hidden: Iterable[str]) -> str:
    """One line, of which a server that repeats what it was sent cannot make a leak."""
    for secret in filter(None, hidden):
        message = message.replace(secret, "***")
    return " ".join(message.split())[:_LONGEST_MESSAGE]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
