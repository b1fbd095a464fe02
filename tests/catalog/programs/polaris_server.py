"""A server that answers as Apache Polaris 1.7 does, as far as the provisioning program asks it.

Statuses, kinds and messages of errors, the order of checks, what is ignored, what is answered as null and what a
failure in the middle leaves behind follow the server's sources: `spec/polaris-management-service.yml`,
`PolarisAdminService`, `CatalogEntity`, `LocalIcebergCatalog`, `EntityNameValidator`, `ReservedProperties`, `JWTBroker`
and the exception mappers of https://github.com/apache/polaris.
"""

from __future__ import annotations

import copy
import json
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

ROOT = "root"
SERVICE_ADMIN = "service_admin"
CATALOG_ADMIN = "catalog_admin"
PRIVILEGES = {
    "CATALOG_MANAGE_ACCESS",
    "CATALOG_MANAGE_CONTENT",
    "CATALOG_MANAGE_METADATA",
    "NAMESPACE_LIST",
    "TABLE_LIST",
    "TABLE_READ_DATA",
    "TABLE_READ_PROPERTIES",
    "TABLE_WRITE_DATA",
}
_COMMON_KEYS = ("storageType", "allowedLocations", "storageName")
_S3_KEYS = (
    *_COMMON_KEYS,
    "roleArn",
    "externalId",
    "userArn",
    "currentKmsKey",
    "allowedKmsKeys",
    "region",
    "endpoint",
    "stsEndpoint",
    "stsUnavailable",
    "endpointInternal",
    "pathStyleAccess",
    "kmsUnavailable",
)
STORAGE_KEYS = {"S3": _S3_KEYS, "GCS": (*_COMMON_KEYS, "gcsServiceAccount"), "AZURE": _S3_KEYS}
LOCATION_PREFIXES = {"S3": ("s3://", "s3a://"), "GCS": ("gs://",)}


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def segments(self) -> list[str]:
        return [unquote(segment) for segment in self.path.strip("/").split("/")]

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.content.decode(), keep_blank_values=True).items()}

    @property
    def is_sign_in(self) -> bool:
        return self.path.endswith("/oauth/tokens")

    @property
    def changes(self) -> bool:
        return self.method != "GET" and not self.is_sign_in


@dataclass
class Response:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class DroppedConnectionError(Exception):
    """Raised by a test: the client gets no answer."""


class PolarisError(Exception):
    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.response = Response(status, {"error": {"message": message, "type": kind, "code": status}})


@dataclass
class Principal:
    client_id: str
    version: int = 1
    roles: list[str] = field(default_factory=list)


@dataclass
class Catalog:
    kind: str
    properties: dict[str, str]
    storage: dict[str, Any]
    version: int = 1
    roles: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {CATALOG_ADMIN: []})
    namespaces: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)


@dataclass
class State:
    """What the server's database holds. Nothing in it depends on how often or in what order it was changed, but for
    the versions."""

    principals: dict[str, Principal] = field(default_factory=dict)
    secrets: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Principal and client secret by client id."""
    principal_roles: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: {SERVICE_ADMIN: set()})
    """The roles' catalog roles."""
    catalogs: dict[str, Catalog] = field(default_factory=dict)

    def without_versions(self) -> State:
        state = copy.deepcopy(self)
        for thing in (*state.principals.values(), *state.catalogs.values()):
            thing.version = 0
        return state


class PolarisServer:
    """The server, on a port of its own while the context is open.

    Attributes:
        state: what it holds.
        requests: those to the API that it got.
        answers: what it answered them.
        intercept: called with each of them; what it returns is answered instead. It may change the state, have the
            request done (`handle`), or raise DroppedConnectionError.
        health: statuses that the health endpoint answers, in turn; 200 after them.
        features: what an operator can switch.
        expires_in: what is said of a token's life, in seconds.
        token_uses: how many requests a token is good for; None: for ever.
    """

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.state = State(
            principals={ROOT: Principal(client_id, roles=[SERVICE_ADMIN])}, secrets={client_id: (ROOT, client_secret)}
        )
        self.requests: list[Request] = []
        self.answers: list[Response] = []
        self.intercept: Callable[[Request], Response | None] | None = None
        self.health: list[int] = []
        self.features = {"ENABLE_CREDENTIAL_RESET": True, "polaris.reserved-properties.should-throw": True}
        self.expires_in = 3600
        self.token_uses: int | None = None
        self.tokens: dict[str, tuple[str, int]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> PolarisServer:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def changes(self) -> list[Request]:
        return [request for request in self.requests if request.changes]

    def answer(self, request: Request) -> Response:
        if request.path == "/q/health/ready":
            status = self.health.pop(0) if self.health else 200
            return Response(status, {"status": "UP" if status == 200 else "DOWN", "checks": []})
        self.requests.append(request)
        response = self.intercept(request) if self.intercept else None
        self.answers.append(response := response or self.handle(request))
        return response

    def handle(self, request: Request) -> Response:
        try:
            if request.headers.get("polaris-realm") != "POLARIS":
                raise PolarisError(404, "MissingOrInvalidRealm", "Missing or invalid realm")
            return self._route(request)
        except PolarisError as error:
            return error.response

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                try:
                    with server._lock:
                        response = server.answer(Request(self.command, self.path, headers, content))
                except DroppedConnectionError:
                    self.close_connection = True
                    return
                body = response.body if isinstance(response.body, str) else json.dumps(response.body)
                data = b"" if response.body is None else body.encode()
                self.send_response(response.status)
                for name, value in {**response.headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self) -> None:
                self.respond()

            def do_POST(self) -> None:
                self.respond()

            def do_PUT(self) -> None:
                self.respond()

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    # Routes

    def _route(self, request: Request) -> Response:
        match request.method, *request.segments:
            case "POST", "api", "catalog", "v1", "oauth", "tokens":
                return self._sign_in(request)
        principal = self._authenticated(request)
        if principal is None:
            return Response(401, headers={"WWW-Authenticate": "Bearer"})  # Quarkus answers no body
        if SERVICE_ADMIN not in self.state.principals[principal].roles:
            raise PolarisError(403, "ForbiddenException", f"Principal '{principal}' is not authorized for op")
        if request.method != "GET" and request.headers.get("content-type") != "application/json":
            return Response(415)
        match request.method, *request.segments:
            case method, "api", "management", "v1", *path:
                return self._management(method, path, request)
            case method, "api", "catalog", "v1", catalog, "namespaces", *path:
                return self._namespaces(method, self._catalog(catalog), path, request)
        return Response(404)

    def _management(self, method: str, path: list[str], request: Request) -> Response:
        match method, *path:
            case "POST", "catalogs":
                return self._create_catalog(request.json["catalog"])
            case "GET", "catalogs", name:
                return Response(200, self._catalog_body(name))
            case "PUT", "catalogs", name:
                return self._update_catalog(name, request.json)
            case "POST", "catalogs", catalog, "catalog-roles":
                return self._create_catalog_role(catalog, request.json["catalogRole"]["name"])
            case "GET", "catalogs", catalog, "catalog-roles", name:
                self._catalog_role(catalog, name)
                return Response(200, {"name": name, "properties": {}, "entityVersion": 1})
            case "GET", "catalogs", catalog, "catalog-roles", name, "grants":
                return Response(200, {"grants": self._catalog_role(catalog, name)})
            case "PUT", "catalogs", catalog, "catalog-roles", name, "grants":
                return self._grant(self._catalog_role(catalog, name), request.json["grant"])
            case "POST", "principal-roles":
                return self._create_principal_role(request.json["principalRole"]["name"])
            case "GET", "principal-roles", name:
                self._principal_role(name)
                return Response(200, {"name": name, "federated": False, "properties": {}, "entityVersion": 1})
            case "GET", "principal-roles", name, "catalog-roles", catalog:
                self._catalog(catalog)
                roles = sorted(role for where, role in self._principal_role(name) if where == catalog)
                return Response(200, {"roles": [{"name": role} for role in roles]})
            case "PUT", "principal-roles", name, "catalog-roles", catalog:
                self._catalog_role(catalog, role := request.json["catalogRole"]["name"])
                self._principal_role(name).add((catalog, role))
                return Response(201)
            case "POST", "principals":
                return self._create_principal(request.json["principal"]["name"])
            case "GET", "principals", name:
                return Response(200, self._principal_body(name))
            case "POST", "principals", name, "reset":
                return self._reset(name, request.json)
            case "GET", "principals", name, "principal-roles":
                return Response(200, {"roles": [{"name": role} for role in self._principal(name).roles]})
            case "PUT", "principals", name, "principal-roles":
                self._principal_role(role := request.json["principalRole"]["name"])
                roles = self._principal(name).roles
                roles[:] = sorted({*roles, role})
                return Response(201)
        return Response(404)

    # Signing in

    def _sign_in(self, request: Request) -> Response:
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            return Response(415)
        form = request.form
        if form.get("grant_type") != "client_credentials":
            return _oauth_error(400, "unsupported_grant_type", "The grant type is invalid")
        if not form.get("client_id") or not form.get("client_secret"):
            return _oauth_error(400, "invalid_client", "The Client is invalid")
        scopes = form.get("scope", "").split(" ")
        if not all(scope.startswith("PRINCIPAL_ROLE:") and scope != "PRINCIPAL_ROLE:" for scope in scopes):
            return _oauth_error(400, "invalid_scope", "The scope is invalid")
        principal, secret = self.state.secrets.get(form["client_id"], (None, None))
        if principal is None or secret != form["client_secret"]:
            return _oauth_error(401, "unauthorized_client", "The client is not authorized")
        token = f"token-{secrets.token_hex(8)}"
        self.tokens[token] = (principal, 0)
        return Response(200, {"access_token": token, "token_type": "bearer", "expires_in": self.expires_in})

    def _authenticated(self, request: Request) -> str | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        principal, uses = self.tokens.get(token, (None, 0))
        if principal is None or (self.token_uses is not None and uses >= self.token_uses):
            return None
        self.tokens[token] = (principal, uses + 1)
        return principal

    # Catalogs

    def _catalog(self, name: str) -> Catalog:
        return _found(self.state.catalogs, name, f"TopLevelEntity of type CATALOG does not exist: {name}")

    def _catalog_body(self, name: str) -> dict[str, Any]:
        catalog = self._catalog(name)
        return {
            "type": catalog.kind,
            "name": name,
            "properties": catalog.properties,
            "createTimestamp": 1,
            "lastUpdateTimestamp": 1,
            "entityVersion": catalog.version,
            "storageConfigInfo": {
                key: catalog.storage.get(key) for key in STORAGE_KEYS[catalog.storage["storageType"]]
            },
        }

    def _create_catalog(self, wanted: dict[str, Any]) -> Response:
        catalog = Catalog(wanted["type"], dict(wanted["properties"]), _storage(wanted["storageConfigInfo"]))
        _check_base_location(catalog)
        self._check_catalog_overlap("create", wanted["name"], catalog)
        catalog.properties = self._unreserved(catalog.properties)
        if wanted["name"] in self.state.catalogs:
            message = f"Cannot create Catalog {wanted['name']}. Catalog already exists or resolution failed"
            raise PolarisError(409, "AlreadyExistsException", message)
        self.state.catalogs[wanted["name"]] = catalog
        self.state.principal_roles[SERVICE_ADMIN].add((wanted["name"], CATALOG_ADMIN))
        return Response(201, self._catalog_body(wanted["name"]))

    def _update_catalog(self, name: str, update: dict[str, Any]) -> Response:
        current = self._catalog(name)
        expected = update.get("currentEntityVersion")
        if current.version != expected:
            message = f"Failed to update Catalog; currentEntityVersion '{current.version}', expected '{expected or 0}'"
            raise PolarisError(409, "CommitConflictException", message)
        updated = copy.deepcopy(current)
        if update.get("properties") is not None:
            base = update["properties"].get("default-base-location") or current.properties["default-base-location"]
            updated.properties = {**self._unreserved(update["properties"]), "default-base-location": base}
        if update.get("storageConfigInfo") is not None:
            updated.storage = _storage(update["storageConfigInfo"])
        _check_base_location(updated)
        _check_storage_change(current.storage, updated.storage)
        self._check_catalog_overlap("update", name, updated)
        updated.version += 1
        self.state.catalogs[name] = updated
        return Response(200, self._catalog_body(name))

    def _check_catalog_overlap(self, verb: str, name: str, catalog: Catalog) -> None:
        for other, existing in self.state.catalogs.items():
            if other != name and any(_overlap(a, b) for a in _locations(catalog) for b in _locations(existing)):
                place = "locations overlaps" if verb == "create" else "new locations overlaps"
                message = f"Cannot {verb} Catalog {name}. One or more of its {place} with an existing catalog"
                raise PolarisError(400, "ValidationException", message)

    def _unreserved(self, properties: dict[str, str]) -> dict[str, str]:
        reserved = {key for key in properties if re.match(r"polaris\.(?!config\.)", key)}
        if reserved and self.features["polaris.reserved-properties.should-throw"]:
            message = f"Property '{min(reserved)}' matches reserved prefix 'polaris.'"
            raise PolarisError(400, "IllegalArgumentException", message)
        return {key: value for key, value in properties.items() if key not in reserved}

    # Namespaces

    def _namespaces(self, method: str, catalog: Catalog, path: list[str], request: Request) -> Response:
        match method, *path:
            case ("POST",):
                return self._create_namespace(catalog, request.json)
            case "GET", encoded:
                name = tuple(encoded.split("\x1f"))
                return Response(200, {"namespace": list(name), "properties": _namespace(catalog, name)})
            case "POST", encoded, "properties":
                return self._update_namespace(_namespace(catalog, tuple(encoded.split("\x1f"))), request.json)
        return Response(404)

    def _create_namespace(self, catalog: Catalog, wanted: dict[str, Any]) -> Response:
        name = tuple(wanted["namespace"])
        for level in name:
            _check_entity_name(level)
        if len(name) > 1 and name[:-1] not in catalog.namespaces:
            message = f"Cannot create namespace {'.'.join(name)}. Parent namespace does not exist."
            raise PolarisError(404, "NoSuchNamespaceException", message)
        properties = self._unreserved(wanted.get("properties") or {})
        parents = [catalog.namespaces[name[:-1]]["location"]] if len(name) > 1 else catalog.storage["allowedLocations"]
        location = properties.setdefault("location", f"{_slashed(parents[0])}{name[-1]}/")
        for sibling, held in catalog.namespaces.items():
            if sibling[:-1] == name[:-1] and sibling != name and _overlap(location, held["location"]):
                message = (
                    f"Unable to create entity at location '{location}' because it conflicts with existing table or "
                    f"namespace at location '{held['location']}'"
                )
                raise PolarisError(403, "ForbiddenException", message)
        defaults = [f"{_slashed(parent)}{name[-1]}/" for parent in parents]
        if _slashed(location) not in defaults:
            message = (
                f"Namespace {name[-1]} has a custom location, which is not enabled. "
                f"Expected a location in: [{', '.join(defaults)}]. Got location: {_slashed(location)}]"
            )
            raise PolarisError(400, "IllegalArgumentException", message)
        if name in catalog.namespaces:
            message = f"Cannot create namespace {'.'.join(name)}. Namespace already exists"
            raise PolarisError(409, "AlreadyExistsException", message)
        catalog.namespaces[name] = {**properties, "location": _slashed(location)}
        return Response(200, {"namespace": list(name), "properties": catalog.namespaces[name]})

    def _update_namespace(self, properties: dict[str, str], update: dict[str, Any]) -> Response:
        updates = self._unreserved(update.get("updates") or {})
        if "location" in updates:  # refused whatever it is: the namespace is checked as if it lay in itself
            message = "Namespace has a custom location, which is not enabled."
            raise PolarisError(400, "IllegalArgumentException", message)
        properties.update(updates)
        return Response(200, {"updated": list(updates), "removed": [], "missing": []})

    # Roles and grants

    def _catalog_role(self, catalog: str, name: str) -> list[dict[str, Any]]:
        return _found(self._catalog(catalog).roles, name, f"CatalogRole does not exist: {name}")

    def _create_catalog_role(self, catalog: str, name: str) -> Response:
        roles = self._catalog(catalog).roles
        if name in roles:
            message = f"Cannot create CatalogRole {name} in {catalog}. CatalogRole already exists or resolution failed"
            raise PolarisError(409, "AlreadyExistsException", message)
        roles[name] = []
        return Response(201, {"name": name, "properties": {}, "entityVersion": 1})

    def _grant(self, held: list[dict[str, Any]], grant: dict[str, Any]) -> Response:
        if grant.get("type") != "catalog" or grant.get("privilege") not in PRIVILEGES:
            message = f'Cannot deserialize value of type `CatalogPrivilege` from String "{grant.get("privilege")}"'
            raise PolarisError(400, "InvalidFormatException", message)
        if grant not in held:
            held.append(grant)
            held.sort(key=str)
        return Response(201)

    def _principal_role(self, name: str) -> set[tuple[str, str]]:
        message = f"TopLevelEntity of type PRINCIPAL_ROLE does not exist: {name}"
        return _found(self.state.principal_roles, name, message)

    def _create_principal_role(self, name: str) -> Response:
        if name in self.state.principal_roles:
            message = f"Cannot create PrincipalRole {name}. PrincipalRole already exists or resolution failed"
            raise PolarisError(409, "AlreadyExistsException", message)
        self.state.principal_roles[name] = set()
        return Response(201, {"name": name, "federated": False, "properties": {}, "entityVersion": 1})

    # Principals

    def _principal(self, name: str) -> Principal:
        return _found(self.state.principals, name, f"TopLevelEntity of type PRINCIPAL does not exist: {name}")

    def _principal_body(self, name: str) -> dict[str, Any]:
        principal = self._principal(name)
        return {
            "name": name,
            "clientId": principal.client_id,
            "properties": {},
            "createTimestamp": 1,
            "lastUpdateTimestamp": 1,
            "entityVersion": principal.version,
        }

    def _create_principal(self, name: str) -> Response:
        if name in self.state.principals:
            message = f"Cannot create Principal {name}. Principal already exists or resolution failed"
            raise PolarisError(409, "AlreadyExistsException", message)
        client_id, secret = secrets.token_hex(8), secrets.token_hex(16)
        self.state.principals[name] = Principal(client_id)
        self.state.secrets[client_id] = (name, secret)
        return Response(201, self._with_credentials(name))

    def _reset(self, name: str, wanted: dict[str, Any]) -> Response:
        if not self.features["ENABLE_CREDENTIAL_RESET"]:
            message = "Feature not enabled: ENABLE_CREDENTIAL_RESET"
            raise PolarisError(406, "UnsupportedOperationException", message)
        principal = self._principal(name)
        client_id = wanted.get("clientId") or principal.client_id
        if self.state.secrets.get(client_id, (name,))[0] != name:
            raise PolarisError(409, "AlreadyExistsException", f"Client ID already in use: {client_id}")
        self.state.secrets.pop(principal.client_id, None)
        principal.client_id = client_id
        principal.version += 1
        self.state.secrets[client_id] = (name, wanted.get("clientSecret") or secrets.token_hex(16))
        return Response(200, self._with_credentials(name))

    def _with_credentials(self, name: str) -> dict[str, Any]:
        client_id = self._principal(name).client_id
        credentials = {"clientId": client_id, "clientSecret": self.state.secrets[client_id][1]}
        return {"principal": self._principal_body(name), "credentials": credentials}


def _oauth_error(status: int, error: str, description: str) -> Response:
    return Response(status, {"error": error, "error_description": description, "error_uri": None})


def _found(things: dict[str, Any], name: str, message: str) -> Any:
    if name not in things:
        raise PolarisError(404, "NotFoundException", message)
    return things[name]


def _namespace(catalog: Catalog, name: tuple[str, ...]) -> dict[str, str]:
    if name not in catalog.namespaces:
        raise PolarisError(404, "NoSuchNamespaceException", f"Namespace does not exist: {'.'.join(name)}")
    return catalog.namespaces[name]


def _check_entity_name(name: str) -> None:
    if not name or name in (".", ".."):
        raise PolarisError(400, "IllegalArgumentException", "Entity name must not be empty, '.' or '..'")
    for character in name:
        if re.match(r"[\x00-\x1f\x7f-\x9f]", character):
            raise PolarisError(400, "IllegalArgumentException", "Entity name must not contain control characters")
        if character in '/\\:*?"<>|#+`':
            message = f"Entity name must not contain '{character}': {name}"
            raise PolarisError(400, "IllegalArgumentException", message)
    if name != name.strip():
        message = f"Entity name must not have leading or trailing whitespace: {name}"
        raise PolarisError(400, "IllegalArgumentException", message)


def _storage(wanted: dict[str, Any]) -> dict[str, Any]:
    """Keys that it does not know are ignored; the order of locations is lost."""
    type = wanted["storageType"]
    if type not in STORAGE_KEYS:
        raise PolarisError(400, "IllegalArgumentException", f"Unsupported storage type: {type}")
    storage = {key: wanted[key] for key in STORAGE_KEYS[type] if key in wanted and key != "userArn"}
    if storage.get("roleArn") is not None and not re.fullmatch(".+:(.*):.+:.*:(.*):.+", storage["roleArn"]):
        raise PolarisError(400, "IllegalArgumentException", f"Invalid role ARN format: {storage['roleArn']}")
    for location in storage["allowedLocations"]:
        prefixes = LOCATION_PREFIXES.get(type, ("",))
        if not location.startswith(prefixes):
            message = f"Location prefix not allowed: '{location}', expected prefixes: '{','.join(prefixes)}'"
            raise PolarisError(400, "IllegalArgumentException", message)
    storage["allowedLocations"] = sorted(storage["allowedLocations"], reverse=True)
    if type == "S3":
        storage.setdefault("pathStyleAccess", False)
    return storage


def _check_storage_change(current: dict[str, Any], updated: dict[str, Any]) -> None:
    if current["storageType"] != updated["storageType"]:
        message = f"Cannot modify storage type of storage config from {current} to {updated}"
        raise PolarisError(400, "BadRequestException", message)
    if _account(current) != _account(updated):
        message = f"Cannot modify AWS account ID in storage config from {current} to {updated}"
        raise PolarisError(400, "BadRequestException", message)
    if current.get("externalId") != updated.get("externalId"):
        message = f"Cannot modify ExternalId in storage config from {current} to {updated}"
        raise PolarisError(400, "BadRequestException", message)


def _account(storage: dict[str, Any]) -> str | None:
    return storage["roleArn"].split(":")[4] if storage.get("roleArn") else None


def _check_base_location(catalog: Catalog) -> None:
    base, allowed = catalog.properties["default-base-location"], catalog.storage["allowedLocations"]
    if not any(_slashed(base).startswith(_slashed(location)) for location in allowed):
        message = f"default-base-location '{base}' is not within any of the allowed locations {allowed}"
        raise PolarisError(400, "BadRequestException", message)


def _locations(catalog: Catalog) -> set[str]:
    return {catalog.properties["default-base-location"], *catalog.storage["allowedLocations"]}


def _slashed(location: str) -> str:
    return location if location.endswith("/") else f"{location}/"


def _overlap(left: str, right: str) -> bool:
    return _slashed(left).startswith(_slashed(right)) or _slashed(right).startswith(_slashed(left))
