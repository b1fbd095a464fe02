"""Make in Polaris what a platform needs: catalog, namespaces, roles, grants and principals with known credentials.

Runs in a pod, from a ConfigMap that holds this file alone (`python provision_polaris.py SPEC.json`): hence one file
and the standard library only. Each step looks first and then makes or changes what differs, so that it can be
interrupted anywhere and run again. What the spec does not name is left alone. Written against the sources of Apache
Polaris 1.7 (https://github.com/apache/polaris, `spec/polaris-management-service.yml` and the services behind it).

Exit status: 0 when all is as the spec says, 1 when Polaris could not be brought there, 2 when the spec is wrong.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, quote, quote_plus, urlencode, urlsplit

ALL_ROLES = "PRINCIPAL_ROLE:ALL"
BASE_LOCATION = "default-base-location"
LEVEL_SEPARATOR = "\x1f"
"""Between the levels of a namespace in a path (Iceberg's REST specification)."""

_ATTEMPT_DELAYS = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between attempts at a server that is restarting or busy."""
_CONFLICT_DELAYS = (0.2, 0.5, 1.0, 2.0)
"""Seconds until a step starts anew after somebody else changed the same thing."""
_LONGEST_DELAY = 60.0
_READY_INTERVAL = 2.0
_REQUEST_TIMEOUT = 30.0
_TOKEN_MARGIN = 30.0
"""Seconds before its end from which a token is no longer used."""
_LONGEST_MESSAGE = 2000

_BUSY = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_CREDENTIALS_REFUSED = {"unauthorized_client", "invalid_client"}
"""Polaris says the first (with 401), RFC 6749 the second."""


# The spec


@dataclass(frozen=True)
class Catalog:
    """An internal catalog.

    Attributes:
        name: what clients give as warehouse.
        default_base_location: where namespaces without a location of their own go.
        storage: `storageConfigInfo` as the API takes it: `storageType`, `allowedLocations`, `roleArn` and so on. It is
            taken as a whole: a key that is not here is removed from the catalog.
        properties: further properties. Others that the catalog has are kept.
    """

    name: str
    default_base_location: str
    storage: dict[str, Any]
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Namespace:
    """A namespace.

    Attributes:
        name: its levels, outermost first.
        location: unless the catalog allows others, one of its allowed locations, or the location of the level above,
            followed by the namespace's own name. It cannot be changed later.
        properties: further properties. Others that the namespace has are kept.
    """

    name: tuple[str, ...]
    location: str
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CatalogRole:
    """A role in the catalog, and its privileges on the whole catalog (`CATALOG_MANAGE_CONTENT`)."""

    name: str
    privileges: tuple[str, ...] = ()


@dataclass(frozen=True)
class PrincipalRole:
    """A role that principals have, and the catalog's roles that come with it."""

    name: str
    catalog_roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Principal:
    """Somebody who signs in.

    Attributes:
        name: unique in the realm.
        credentials: directory of the files `client_id` and `client_secret`, which are made valid.
        principal_roles: its roles.
    """

    name: str
    credentials: str
    principal_roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spec:
    """What SPEC.json says: this class as JSON. It holds no secret, only where their files are.

    Attributes:
        url: Polaris' base, without `/api`.
        health_url: what answers 200 once Polaris is ready.
        realm: sent as `Polaris-Realm`.
        root_credentials: directory of the files `client_id` and `client_secret` of one who may do all this.
        catalog: the catalog.
        namespaces: its namespaces. A nested one needs the level above, here or in Polaris.
        catalog_roles: roles in it.
        principal_roles: roles of principals.
        principals: who signs in.
        ready_timeout: seconds to wait for Polaris.
    """

    url: str
    health_url: str
    realm: str
    root_credentials: str
    catalog: Catalog
    namespaces: tuple[Namespace, ...] = ()
    catalog_roles: tuple[CatalogRole, ...] = ()
    principal_roles: tuple[PrincipalRole, ...] = ()
    principals: tuple[Principal, ...] = ()
    ready_timeout: float = 300


class SpecError(Exception):
    """Something in the spec, or a file that it names, is not usable."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key or 'the whole'}: {message}")


def read_spec(text: str) -> Spec:
    """The spec in a JSON document.

    Raises:
        SpecError: a key is missing, unknown or of the wrong type, or its value cannot be right.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise SpecError("", f"not JSON: {error}") from None
    spec: Spec = _read(Spec, document, "")
    _check(spec)
    return spec


def _read(kind: Any, value: Any, key: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _read_object(kind, value, key)
    if typing.get_origin(kind) is tuple:
        items = _of_type(list, value, key)
        return tuple(_read(typing.get_args(kind)[0], item, f"{key}[{index}]") for index, item in enumerate(items))
    if typing.get_origin(kind) is dict:
        entries = _of_type(dict, value, key)
        return {name: _read(typing.get_args(kind)[1], entry, f"{key}.{name}") for name, entry in entries.items()}
    if kind is Any:
        return value
    if kind is str and not _of_type(str, value, key):
        raise SpecError(key, "empty")
    return _of_type(kind, value, key)


def _read_object(kind: Any, value: Any, key: str) -> Any:
    entries = _of_type(dict, value, key)
    kinds = typing.get_type_hints(kind)
    prefix = f"{key}." if key else ""
    for name in entries:
        if name not in kinds:
            raise SpecError(f"{prefix}{name}", f"not known; known are {', '.join(kinds)}")
    for parameter in dataclasses.fields(kind):
        optional = not (parameter.default is dataclasses.MISSING and parameter.default_factory is dataclasses.MISSING)
        if parameter.name not in entries and not optional:
            raise SpecError(f"{prefix}{parameter.name}", "missing")
    return kind(**{name: _read(kinds[name], entry, f"{prefix}{name}") for name, entry in entries.items()})


_TYPES = {str: "a text", float: "a number", list: "a list", dict: "an object"}


def _of_type(kind: type, value: Any, key: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
        raise SpecError(key, f"must be {_TYPES[kind]}")
    return value


def _check(spec: Spec) -> None:
    for key, url in (("url", spec.url), ("health_url", spec.health_url)):
        if not _is_url(url):
            raise SpecError(key, f"{url!r} is no http:// or https:// URL")
    if not (spec.realm.isascii() and spec.realm.isprintable()):
        raise SpecError("realm", "must be printable ASCII, since it goes into a header")
    if not 0 < spec.ready_timeout < float("inf"):
        raise SpecError("ready_timeout", "must be more than 0 seconds, and finite")
    _read(str, spec.catalog.storage.get("storageType"), "catalog.storage.storageType")
    for name, value in {"allowedLocations": None, **spec.catalog.storage}.items():
        if name == "allowedLocations" or isinstance(value, list):
            _read(tuple[str, ...], value, f"catalog.storage.{name}")
    if not spec.catalog.storage["allowedLocations"]:
        raise SpecError("catalog.storage.allowedLocations", "empty")
    if BASE_LOCATION in spec.catalog.properties:
        raise SpecError(f"catalog.properties.{BASE_LOCATION}", "belongs in catalog.default_base_location")
    for index, namespace in enumerate(spec.namespaces):
        key = f"namespaces[{index}]"
        if not namespace.name:
            raise SpecError(f"{key}.name", "empty")
        if any(LEVEL_SEPARATOR in level for level in namespace.name):
            raise SpecError(f"{key}.name", "a level cannot hold the character that separates levels")
        if "location" in namespace.properties:
            raise SpecError(f"{key}.properties.location", f"belongs in {key}.location")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port, or a bracket
        return False


@dataclass(frozen=True)
class Credentials:
    """What a client signs in with."""

    client_id: str
    client_secret: str = field(repr=False)


def read_credentials(spec: Spec) -> tuple[Credentials, list[Credentials]]:
    """The credentials of root, and of the spec's principals in their order.

    Raises:
        SpecError: a file is missing or empty, or two of them hold the same client id.
    """
    directories = {"root_credentials": spec.root_credentials}
    for index, principal in enumerate(spec.principals):
        directories[f"principals[{index}].credentials"] = principal.credentials
    read: list[Credentials] = []
    owners: dict[str, str] = {}
    for key, directory in directories.items():
        credentials = Credentials(*(_secret(Path(directory, name), key) for name in ("client_id", "client_secret")))
        if credentials.client_id in owners:
            raise SpecError(key, f"the same client id as {owners[credentials.client_id]}")
        owners[credentials.client_id] = key
        read.append(credentials)
    return read[0], read[1:]


def _secret(file: Path, key: str) -> str:
    try:
        text = file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise SpecError(key, f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SpecError(key, f"{file} is no UTF-8 text") from None
    if not text:
        raise SpecError(key, f"{file} is empty")
    return text


# The server


class ProvisioningError(Exception):
    """Polaris could not be brought to what the spec says."""


class RefusedError(ProvisioningError):
    """Polaris gave another status than the expected one."""

    def __init__(self, request: str, answer: Answer) -> None:
        self.error, message = _error_of(answer.text)
        parts = (request, _status(answer.status), self.error, message)
        super().__init__(": ".join(part for part in parts if part))


class ConflictError(RefusedError):
    """It exists already, or somebody else changed it in between."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    retry_after: float = 0

    def body(self, request: str) -> dict[str, Any]:
        """Empty when there is none, as after a grant."""
        try:
            body = json.loads(self.text) if self.text else {}
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ProvisioningError(f"{request}: {_status(self.status)}, but the answer is no JSON object")
        return body


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _error_of(text: str) -> tuple[str, str]:
    """Kind and message in an error's body: Iceberg's model, OAuth's, Polaris' own for a broken answer, or neither."""
    try:
        body = json.loads(text)
    except ValueError:
        return "", text
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return str(error.get("type") or ""), str(error.get("message") or "")
    if isinstance(error, str):
        return error, str(body.get("error_description") or "")
    if isinstance(body, dict) and body.get("message"):
        return "", str(body["message"])
    return "", text


def _path(*segments: str) -> str:
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


def _management(*segments: str) -> str:
    return f"/api/management/v1{_path(*segments)}"


def _transfer(url: SplitResult, method: str, headers: Mapping[str, str], content: str | None, timeout: float) -> Answer:
    """One request. Neither redirects nor proxies are followed: they would get to see the credentials."""
    connect = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = connect(url.hostname or "", url.port, timeout=timeout)
    try:
        connection.request(
            method,
            f"{url.path or '/'}{'?' if url.query else ''}{url.query}",
            content.encode() if content is not None else None,
            {**headers, "Accept": "application/json", "Connection": "close"},
        )
        response = connection.getresponse()
        text = response.read().decode("utf-8", errors="replace")
        retry_after = response.headers.get("Retry-After", "")
    finally:
        connection.close()
    return Answer(response.status, text, float(retry_after) if retry_after.isdecimal() else 0)


def wait_until_ready(url: str, timeout: float) -> None:
    """Wait until the URL answers 200.

    Args:
        url: the health endpoint.
        timeout: seconds.

    Raises:
        ProvisioningError: it did not in time; the message says what it answered last.
    """
    end = time.monotonic() + timeout
    while True:
        left = max(end - time.monotonic(), 0.1)
        try:
            answer = _transfer(urlsplit(url), "GET", {}, None, min(_REQUEST_TIMEOUT, left))
            if answer.status == HTTPStatus.OK:
                return
            last = f"{_status(answer.status)}: {answer.text}"
        except (OSError, HTTPException) as error:
            last = _reason(error)
        if time.monotonic() >= end:
            raise ProvisioningError(
                f"wait for Polaris: GET {url}: not ready after {timeout:g} s; the last answer was: {last}"
            )
        time.sleep(min(_READY_INTERVAL, max(end - time.monotonic(), 0)))


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


class Polaris:
    """The server's API as root, with retries where they help, and with a token that is renewed."""

    def __init__(self, url: str, realm: str, root: Credentials) -> None:
        self._url = urlsplit(url.rstrip("/"))
        self._realm = realm
        self._root = root
        self.token = ""
        """Of the last sign-in."""
        self._token_end = 0.0

    def find(self, purpose: str, path: str) -> dict[str, Any] | None:
        """What lies at the path, or None."""
        return self._ask(purpose, "GET", path, None, {HTTPStatus.OK, HTTPStatus.NOT_FOUND})

    def get(self, purpose: str, path: str) -> dict[str, Any]:
        """What lies at the path."""
        return self._ask(purpose, "GET", path, None, {HTTPStatus.OK}) or {}

    def send(self, purpose: str, method: str, path: str, body: dict[str, Any], expected: HTTPStatus) -> dict[str, Any]:
        """The server's answer to a change."""
        return self._ask(purpose, method, path, body, {expected}) or {}

    def accepts(self, purpose: str, credentials: Credentials) -> bool:
        """Whether one can sign in with them."""
        try:
            self._sign_in(purpose, credentials)
        except RefusedError as refused:
            if refused.error in _CREDENTIALS_REFUSED:
                return False
            raise
        return True

    def _ask(
        self, purpose: str, method: str, path: str, body: dict[str, Any] | None, expected: set[HTTPStatus]
    ) -> dict[str, Any] | None:
        content = None if body is None else json.dumps(body)
        request = f"{purpose}: {method} {path}"
        answer = self._exchange(request, method, path, self._authorized(), content)
        if answer.status == HTTPStatus.UNAUTHORIZED:  # expired early, or the server has new keys
            self.token = ""
            answer = self._exchange(request, method, path, self._authorized(), content)
        if answer.status not in expected:
            raise (ConflictError if answer.status == HTTPStatus.CONFLICT else RefusedError)(request, answer)
        return None if answer.status == HTTPStatus.NOT_FOUND else answer.body(request)

    def _authorized(self) -> dict[str, str]:
        if not self.token or time.monotonic() >= self._token_end:
            start = time.monotonic()
            granted = self._sign_in("sign in as root", self._root)
            lifetime = float(granted.get("expires_in") or 0)
            self.token = granted["access_token"]
            self._token_end = start + lifetime - min(_TOKEN_MARGIN, lifetime / 2)
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    def _sign_in(self, purpose: str, credentials: Credentials) -> dict[str, Any]:
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "scope": ALL_ROLES,
        }
        path = "/api/catalog/v1/oauth/tokens"
        request = f"{purpose}: POST {path}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._exchange(request, "POST", path, headers, urlencode(form))
        if answer.status != HTTPStatus.OK:
            raise RefusedError(request, answer)
        granted = answer.body(request)
        if not isinstance(granted.get("access_token"), str):
            raise ProvisioningError(f"{request}: the answer holds no access_token")
        return granted

    def _exchange(self, request: str, method: str, path: str, headers: dict[str, str], content: str | None) -> Answer:
        """Ask until the server answers and is not busy. Every request here may be repeated: what was done already
        then answers 409, and the step looks again."""
        url = self._url._replace(path=f"{self._url.path}{path}", query="")
        headers = {**headers, "Polaris-Realm": self._realm}
        for delay in _ATTEMPT_DELAYS:
            try:
                answer = _transfer(url, method, headers, content, _REQUEST_TIMEOUT)
            except (OSError, HTTPException):
                time.sleep(delay)
                continue
            if answer.status not in _BUSY:
                return answer
            time.sleep(min(max(delay, answer.retry_after), _LONGEST_DELAY))
        try:
            return _transfer(url, method, headers, content, _REQUEST_TIMEOUT)
        except (OSError, HTTPException) as error:
            raise ProvisioningError(f"{request}: {_reason(error)}") from None


# The steps


MADE = "made"
AS_IT_WAS = "as it was"


def provision(spec: Spec, polaris: Polaris, credentials: Iterable[Credentials], say: Callable[[str], None]) -> None:
    """Make all that the spec says, and say of each step what it did.

    Args:
        spec: what is wanted.
        polaris: the server.
        credentials: those of the spec's principals, in their order.
        say: takes a line.

    Raises:
        ProvisioningError: what is there cannot be changed to what is wanted, or Polaris gave an unexpected answer.
    """
    for thing, step in _steps(spec, _Steps(spec.catalog.name, polaris), credentials):
        say(f"{thing}: {_settled(step)}")


def _steps(spec: Spec, do: _Steps, credentials: Iterable[Credentials]) -> Iterator[tuple[str, Callable[[], str]]]:
    yield f"catalog {spec.catalog.name}", partial(do.catalog, spec.catalog)
    for namespace in sorted(spec.namespaces, key=lambda namespace: len(namespace.name)):  # outer ones first
        yield f"namespace {_dotted(namespace)}", partial(do.namespace, namespace)
    for catalog_role in spec.catalog_roles:
        yield f"catalog role {catalog_role.name}", partial(do.catalog_role, catalog_role)
        yield f"privileges of catalog role {catalog_role.name}", partial(do.privileges, catalog_role)
    for principal_role in spec.principal_roles:
        yield f"principal role {principal_role.name}", partial(do.principal_role, principal_role)
        yield f"catalog roles of principal role {principal_role.name}", partial(do.catalog_roles, principal_role)
    for principal, known in zip(spec.principals, credentials, strict=True):
        yield f"principal {principal.name}", partial(do.principal, principal)
        yield f"roles of principal {principal.name}", partial(do.principal_roles, principal)
        yield f"credentials of principal {principal.name}", partial(do.credentials, principal, known)


def _settled(step: Callable[[], str]) -> str:
    """What the step did. After a conflict it looks anew."""
    for delay in _CONFLICT_DELAYS:
        try:
            return step()
        except ConflictError:
            time.sleep(delay)
    return step()


class Difference(NamedTuple):
    key: str
    found: Any
    wanted: Any

    def __str__(self) -> str:
        return f"{self.key} from {json.dumps(self.found)} to {json.dumps(self.wanted)}"


class _Steps:
    """Each looks, changes what differs, and says what it did."""

    def __init__(self, catalog: str, polaris: Polaris) -> None:
        self._catalog = catalog
        self._polaris = polaris

    def catalog(self, wanted: Catalog) -> str:
        path = _management("catalogs", wanted.name)
        found = self._polaris.find(f"look for catalog {wanted.name}", path)
        if found is None:
            return self._make_catalog(wanted)
        if found.get("type") != "INTERNAL":
            raise ProvisioningError(
                f"catalog {wanted.name} is {found.get('type')}, wanted is INTERNAL: its type cannot be changed"
            )
        properties, storage = _property_differences(wanted, found), _storage_differences(wanted, found)
        if not properties and not storage:
            return AS_IT_WAS
        body: dict[str, Any] = {"currentEntityVersion": found.get("entityVersion")}
        if properties:  # taken as a whole, so others' go with ours
            body["properties"] = {**(found.get("properties") or {}), **_properties(wanted)}
        if storage:
            body["storageConfigInfo"] = wanted.storage
        changes = _joined(properties + storage)
        purpose = f"change catalog {wanted.name} ({changes})"
        changed = self._polaris.send(purpose, "PUT", path, body, HTTPStatus.OK)
        _insist(purpose, _property_differences(wanted, changed) + _storage_differences(wanted, changed))
        return f"changed ({changes})"

    def _make_catalog(self, wanted: Catalog) -> str:
        purpose = f"make catalog {wanted.name}"
        catalog = {
            "type": "INTERNAL",
            "name": wanted.name,
            "properties": _properties(wanted),
            "storageConfigInfo": wanted.storage,
        }
        made = self._polaris.send(purpose, "POST", _management("catalogs"), {"catalog": catalog}, HTTPStatus.CREATED)
        _insist(purpose, _property_differences(wanted, made) + _storage_differences(wanted, made))
        return MADE

    def namespace(self, wanted: Namespace) -> str:
        name = _dotted(wanted)
        collection = f"/api/catalog/v1{_path(self._catalog, 'namespaces')}"
        path = f"{collection}{_path(LEVEL_SEPARATOR.join(wanted.name))}"
        found = self._polaris.find(f"look for namespace {name}", path)
        if found is None:
            purpose = f"make namespace {name} at {wanted.location}"
            body = {"namespace": wanted.name, "properties": {**wanted.properties, "location": wanted.location}}
            made = self._polaris.send(purpose, "POST", collection, body, HTTPStatus.OK)
            _insist(purpose, _location_differences(wanted, made) + _differences(wanted.properties, made))
            return MADE
        if moved := _location_differences(wanted, found):
            raise ProvisioningError(
                f"namespace {name} lies at {moved[0].found}, wanted is {wanted.location}: "
                "Polaris does not move a namespace, since its tables' files stay where they are"
            )
        differences = _differences(wanted.properties, found)
        if not differences:
            return AS_IT_WAS
        purpose = f"change namespace {name} ({_joined(differences)})"
        updates = {difference.key: difference.wanted for difference in differences}
        changed = self._polaris.send(
            purpose, "POST", f"{path}/properties", {"removals": [], "updates": updates}, HTTPStatus.OK
        )
        _insist(purpose, [difference for difference in differences if difference.key not in changed.get("updated", [])])
        return f"changed ({_joined(differences)})"

    def catalog_role(self, wanted: CatalogRole) -> str:
        roles = _management("catalogs", self._catalog, "catalog-roles")
        return self._named("catalog role", "catalogRole", roles, wanted.name)

    def principal_role(self, wanted: PrincipalRole) -> str:
        return self._named("principal role", "principalRole", _management("principal-roles"), wanted.name)

    def principal(self, wanted: Principal) -> str:
        return self._named("principal", "principal", _management("principals"), wanted.name)

    def _named(self, kind: str, key: str, collection: str, name: str) -> str:
        if self._polaris.find(f"look for {kind} {name}", f"{collection}{_path(name)}") is not None:
            return AS_IT_WAS
        self._polaris.send(f"make {kind} {name}", "POST", collection, {key: {"name": name}}, HTTPStatus.CREATED)
        return MADE

    def privileges(self, role: CatalogRole) -> str:
        path = _management("catalogs", self._catalog, "catalog-roles", role.name, "grants")
        purpose = f"look for the privileges of catalog role {role.name}"
        grants = _listed(purpose, self._polaris.get(purpose, path), "grants")
        held = [grant.get("privilege") for grant in grants if grant.get("type") == "catalog"]
        return self._granted(
            f"catalog role {role.name}",
            path,
            held,
            {privilege: {"grant": {"type": "catalog", "privilege": privilege}} for privilege in role.privileges},
        )

    def catalog_roles(self, role: PrincipalRole) -> str:
        path = _management("principal-roles", role.name, "catalog-roles", self._catalog)
        return self._roles(f"principal role {role.name}", path, "catalogRole", role.catalog_roles)

    def principal_roles(self, principal: Principal) -> str:
        path = _management("principals", principal.name, "principal-roles")
        return self._roles(f"principal {principal.name}", path, "principalRole", principal.principal_roles)

    def _roles(self, grantee: str, path: str, key: str, wanted: Iterable[str]) -> str:
        purpose = f"look for the roles of {grantee}"
        held = [role.get("name") for role in _listed(purpose, self._polaris.get(purpose, path), "roles")]
        return self._granted(grantee, path, held, {role: {key: {"name": role}} for role in wanted})

    def _granted(self, grantee: str, path: str, held: Collection[Any], wanted: Mapping[str, dict[str, Any]]) -> str:
        missing = [name for name in wanted if name not in held]
        for name in missing:
            self._polaris.send(f"grant {name} to {grantee}", "PUT", path, wanted[name], HTTPStatus.CREATED)
        return f"{MADE} ({', '.join(missing)})" if missing else AS_IT_WAS

    def credentials(self, principal: Principal, wanted: Credentials) -> str:
        """Reset only what is refused: a reset shuts out, for a moment, whoever uses the same credentials."""
        path = _management("principals", principal.name)
        trial = f"sign in as principal {principal.name}"
        if self._polaris.accepts(trial, wanted):
            owner = self._polaris.get(f"look for principal {principal.name}", path)
            if owner.get("clientId") != wanted.client_id:
                raise ProvisioningError(
                    f"the credentials in {principal.credentials} are not those of principal {principal.name}"
                )
            return AS_IT_WAS
        body = {"clientId": wanted.client_id, "clientSecret": wanted.client_secret}
        try:
            self._polaris.send(
                f"reset the credentials of principal {principal.name}", "POST", f"{path}/reset", body, HTTPStatus.OK
            )
        except ConflictError as conflict:
            if conflict.error == "AlreadyExistsException":  # another principal has this client id, and will keep it
                raise ProvisioningError(str(conflict)) from None
            raise
        if not self._polaris.accepts(trial, wanted):
            raise ProvisioningError(f"{trial}: the credentials are refused even after they were reset")
        return "changed (reset)"


def _dotted(namespace: Namespace) -> str:
    return ".".join(namespace.name)


def _joined(differences: Iterable[Difference]) -> str:
    return ", ".join(map(str, differences))


def _listed(purpose: str, answer: dict[str, Any], key: str) -> list[dict[str, Any]]:
    if not isinstance(answer.get(key), list):
        raise ProvisioningError(f"{purpose}: the answer holds no list {key!r}")
    items: list[dict[str, Any]] = answer[key]
    return items


def _insist(purpose: str, differences: Collection[Difference]) -> None:
    """Polaris ignores keys that it does not know: what it answers shows what it took."""
    if differences:
        kept = ", ".join(
            f"{key} is {json.dumps(found)}, wanted {json.dumps(wanted)}" for key, found, wanted in differences
        )
        raise ProvisioningError(f"{purpose}: Polaris accepted it and yet {kept}")


def _properties(wanted: Catalog) -> dict[str, str]:
    return {**wanted.properties, BASE_LOCATION: wanted.default_base_location}


def _property_differences(wanted: Catalog, found: dict[str, Any]) -> list[Difference]:
    return _differences(_properties(wanted), found)


def _differences(wanted: Mapping[str, str], found: dict[str, Any]) -> list[Difference]:
    held = found.get("properties") or {}
    return [Difference(key, held.get(key), value) for key, value in wanted.items() if held.get(key) != value]


def _location_differences(wanted: Namespace, found: dict[str, Any]) -> list[Difference]:
    held = (found.get("properties") or {}).get("location")
    if isinstance(held, str) and held.rstrip("/") == wanted.location.rstrip("/"):  # Polaris adds the slash
        return []
    return [Difference("location", held, wanted.location)]


def _storage_differences(wanted: Catalog, found: dict[str, Any]) -> list[Difference]:
    left, right = _said(wanted.storage), _said(found.get("storageConfigInfo") or {})
    base = wanted.default_base_location
    if base not in left["allowedLocations"]:  # up to 1.6, Polaris adds it
        right["allowedLocations"] = [location for location in right.get("allowedLocations", []) if location != base]
    keys = {**left, **right}  # in this order
    return [Difference(key, right.get(key), left.get(key)) for key in keys if right.get(key) != left.get(key)]


def _said(storage: Mapping[str, Any]) -> dict[str, Any]:
    """What a storage configuration says, in whatever order: Polaris keeps sets, and answers null or false for the
    rest. `userArn` it only tells."""
    return {
        key: sorted(value) if isinstance(value, list) else value
        for key, value in storage.items()
        if key != "userArn" and value not in (None, False, "", [])
    }


# The command


def main(arguments: list[str]) -> int:
    """Run with the command's arguments; returns its exit status."""
    if len(arguments) != 1:
        print("usage: provision_polaris.py SPEC.json", file=sys.stderr)
        return 2
    try:
        spec = read_spec(Path(arguments[0]).read_text(encoding="utf-8"))
        root, principals = read_credentials(spec)
    except (SpecError, OSError, UnicodeDecodeError) as error:
        print(f"provision_polaris: bad spec {arguments[0]}: {error}", file=sys.stderr)
        return 2
    polaris = Polaris(spec.url, spec.realm, root)
    try:
        wait_until_ready(spec.health_url, spec.ready_timeout)
        provision(spec, polaris, principals, lambda line: print(line, flush=True))
    except ProvisioningError as failure:
        hidden = [polaris.token, *(credentials.client_secret for credentials in (root, *principals))]
        print(f"provision_polaris: failed: {_tidy(str(failure), hidden)}", file=sys.stderr)
        return 1
    return 0


def _tidy(message: str, secrets: Iterable[str]) -> str:
    """One line, of which a server that repeats what it was sent cannot make a leak."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for form in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]):
            message = message.replace(form, "***")
    return " ".join(message.split())[:_LONGEST_MESSAGE]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
