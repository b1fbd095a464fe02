from __future__ import annotations

import ast
import copy
import dataclasses
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from catalog.programs.polaris_server import (
    CATALOG_ADMIN,
    Catalog,
    DroppedConnectionError,
    PolarisServer,
    Principal,
    Request,
    Response,
    State,
)
from floe_infra.catalog.programs import provision_polaris as program

ROOT_SECRET = "root's & secret=1+1/%ü"
DAGSTER = ("dagster-id", 'dagster"s secret & more')
TRINO = ("trino-id", "trino/secret+%")
ROLE = "arn:aws:iam::111122223333:role/acme-prod-lake"
STORAGE = {
    "storageType": "S3",
    "allowedLocations": ["s3://acme-bronze/", "s3://acme-silver/", "s3://acme-gold/"],
    "roleArn": ROLE,
    "region": "eu-west-1",
    "currentKmsKey": "arn:aws:kms:eu-west-1:111122223333:key/1",
    "allowedKmsKeys": ["arn:aws:kms:eu-west-1:111122223333:key/1"],
}
SPEC = program.Spec(
    url="",
    health_url="",
    realm="POLARIS",
    root_credentials="root",
    catalog=program.Catalog("lake", "s3://acme-bronze/", STORAGE, {"owner": "platform"}),
    namespaces=(
        program.Namespace(("bronze",), "s3://acme-bronze/bronze/"),
        program.Namespace(("silver",), "s3://acme-silver/silver/", {"layer": "silver"}),
        program.Namespace(("bronze", "raw"), "s3://acme-bronze/bronze/raw/"),
    ),
    catalog_roles=(
        program.CatalogRole("writer", ("CATALOG_MANAGE_CONTENT",)),
        program.CatalogRole("reader", ("TABLE_READ_DATA", "TABLE_LIST")),
    ),
    principal_roles=(
        program.PrincipalRole("DATA_ENGINEER", ("writer", "reader")),
        program.PrincipalRole("ANALYST", ("reader",)),
    ),
    principals=(
        program.Principal("dagster", "dagster", ("DATA_ENGINEER",)),
        program.Principal("trino", "trino", ("ANALYST",)),
    ),
    ready_timeout=5,
)


@dataclass
class Platform:
    """A server, a spec, the mounted secrets, and what the last run said."""

    server: PolarisServer
    folder: Path
    capsys: pytest.CaptureFixture[str]
    spec: program.Spec = SPEC
    out: str = ""
    err: str = ""

    def mount(self, name: str, client_id: str, client_secret: str) -> None:
        directory = self.folder / name
        directory.mkdir(exist_ok=True)
        (directory / "client_id").write_text(client_id)
        (directory / "client_secret").write_text(client_secret, encoding="utf-8")

    def write_spec(self) -> Path:
        spec = replace(
            self.spec,
            url=self.spec.url or self.server.url,
            health_url=self.spec.health_url or f"{self.server.url}/q/health/ready",
            root_credentials=str(self.folder / self.spec.root_credentials),
            principals=tuple(
                replace(principal, credentials=str(self.folder / principal.credentials))
                for principal in self.spec.principals
            ),
        )
        file = self.folder / "spec.json"
        file.write_text(json.dumps(dataclasses.asdict(spec)))
        return file

    def run(self) -> int:
        self.server.requests.clear()
        self.server.answers.clear()
        status = program.main([str(self.write_spec())])
        self.out, self.err = self.capsys.readouterr()
        return status

    def succeed(self) -> list[str]:
        """The lines of a run that must succeed."""
        assert (self.run(), self.err) == (0, "")
        return self.out.splitlines()

    def fail(self) -> str:
        """What a run that must fail said."""
        assert self.run() == 1
        [line] = self.err.splitlines()
        return line

    def change_catalog(self, **storage: Any) -> None:
        catalog = self.spec.catalog
        self.spec = replace(self.spec, catalog=replace(catalog, storage={**catalog.storage, **storage}))

    @property
    def exchanges(self) -> list[tuple[Request, Response]]:
        return list(zip(self.server.requests, self.server.answers, strict=True))

    @property
    def refused_tokens(self) -> int:
        return sum(answer.status == 401 and not request.is_sign_in for request, answer in self.exchanges)

    @property
    def lake(self) -> Catalog:
        return self.server.state.catalogs["lake"]


@pytest.fixture(autouse=True)
def _no_delays(monkeypatch):
    monkeypatch.setattr(program, "_ATTEMPT_DELAYS", (0.0,) * len(program._ATTEMPT_DELAYS))
    monkeypatch.setattr(program, "_CONFLICT_DELAYS", (0.0,) * len(program._CONFLICT_DELAYS))
    monkeypatch.setattr(program, "_READY_INTERVAL", 0.01)


@pytest.fixture
def platform(tmp_path, capsys) -> Iterator[Platform]:
    with PolarisServer("root-id", ROOT_SECRET) as server:
        platform = Platform(server, tmp_path, capsys)
        platform.mount("root", "root-id", ROOT_SECRET)
        platform.mount("dagster", *DAGSTER)
        platform.mount("trino", *TRINO)
        yield platform


def is_change(request: Request, method: str, end: str) -> bool:
    return request.method == method and request.path.endswith(end)


def error(status: int, kind: str = "SomeException", message: str = "no, since it is Monday") -> Response:
    return Response(status, {"error": {"message": message, "type": kind, "code": status}})


# What it makes


def test_first_run_makes_all_of_it(platform):
    platform.succeed()
    state = platform.server.state
    assert state.catalogs == {
        "lake": Catalog(
            kind="INTERNAL",
            properties={"owner": "platform", "default-base-location": "s3://acme-bronze/"},
            storage={
                **STORAGE,
                "allowedLocations": ["s3://acme-silver/", "s3://acme-gold/", "s3://acme-bronze/"],
                "pathStyleAccess": False,
            },
            roles={
                CATALOG_ADMIN: [],
                "writer": [{"type": "catalog", "privilege": "CATALOG_MANAGE_CONTENT"}],
                "reader": [
                    {"type": "catalog", "privilege": "TABLE_LIST"},
                    {"type": "catalog", "privilege": "TABLE_READ_DATA"},
                ],
            },
            namespaces={
                ("bronze",): {"location": "s3://acme-bronze/bronze/"},
                ("silver",): {"location": "s3://acme-silver/silver/", "layer": "silver"},
                ("bronze", "raw"): {"location": "s3://acme-bronze/bronze/raw/"},
            },
        )
    }
    assert state.principal_roles["DATA_ENGINEER"] == {("lake", "writer"), ("lake", "reader")}
    assert state.principal_roles["ANALYST"] == {("lake", "reader")}
    assert {name: (principal.client_id, principal.roles) for name, principal in state.principals.items()} == {
        "root": ("root-id", ["service_admin"]),
        "dagster": ("dagster-id", ["DATA_ENGINEER"]),
        "trino": ("trino-id", ["ANALYST"]),
    }
    assert state.secrets == {
        "root-id": ("root", ROOT_SECRET),
        "dagster-id": ("dagster", DAGSTER[1]),
        "trino-id": ("trino", TRINO[1]),
    }


def test_one_line_for_each_step(platform):
    assert platform.succeed() == [
        "catalog lake: made",
        "namespace bronze: made",
        "namespace silver: made",
        "namespace bronze.raw: made",
        "catalog role writer: made",
        "privileges of catalog role writer: made (CATALOG_MANAGE_CONTENT)",
        "catalog role reader: made",
        "privileges of catalog role reader: made (TABLE_READ_DATA, TABLE_LIST)",
        "principal role DATA_ENGINEER: made",
        "catalog roles of principal role DATA_ENGINEER: made (writer, reader)",
        "principal role ANALYST: made",
        "catalog roles of principal role ANALYST: made (reader)",
        "principal dagster: made",
        "roles of principal dagster: made (DATA_ENGINEER)",
        "credentials of principal dagster: changed (reset)",
        "principal trino: made",
        "roles of principal trino: made (ANALYST)",
        "credentials of principal trino: changed (reset)",
    ]


def test_second_run_only_looks(platform):
    platform.succeed()
    state = copy.deepcopy(platform.server.state)
    lines = platform.succeed()
    assert platform.server.changes == []
    assert platform.server.state == state
    assert {line.rpartition(": ")[2] for line in lines} == {"as it was"}


def test_what_others_made_is_left_alone(platform):
    platform.succeed()
    state = platform.server.state
    platform.lake.properties["theirs"] = "1"
    platform.lake.namespaces["sandbox",] = {"location": "s3://acme-gold/sandbox/"}
    platform.lake.namespaces["silver",]["theirs"] = "1"
    platform.lake.roles["theirs"] = [{"type": "catalog", "privilege": "TABLE_LIST"}]
    platform.lake.roles["writer"].append({"type": "namespace", "namespace": ["x"], "privilege": "TABLE_WRITE_DATA"})
    state.catalogs["other"] = Catalog("EXTERNAL", {"default-base-location": "s3://other/"}, copy.deepcopy(STORAGE))
    state.catalogs["other"].storage["allowedLocations"] = ["s3://other/"]
    state.principal_roles["ANALYST"].add(("lake", "theirs"))
    state.principals["theirs"] = Principal("their-id", roles=["ANALYST"])
    before = copy.deepcopy(state)
    platform.change_catalog(region="eu-west-2")
    platform.spec = replace(
        platform.spec,
        namespaces=(replace(SPEC.namespaces[1], properties={"layer": "2"}),),
        principal_roles=(program.PrincipalRole("ANALYST", ("writer",)),),
    )
    platform.succeed()
    before.catalogs["lake"].storage["region"] = "eu-west-2"
    before.catalogs["lake"].namespaces["silver",]["layer"] = "2"
    before.principal_roles["ANALYST"].add(("lake", "writer"))
    assert platform.server.state.without_versions() == before.without_versions()


def test_a_privilege_on_a_namespace_does_not_stand_for_one_on_the_catalog(platform):
    platform.succeed()
    platform.lake.roles["writer"] = [{"type": "namespace", "namespace": ["x"], "privilege": "CATALOG_MANAGE_CONTENT"}]
    platform.succeed()
    assert {"type": "catalog", "privilege": "CATALOG_MANAGE_CONTENT"} in platform.lake.roles["writer"]


def test_every_request_names_the_realm_and_signs_in_by_form(platform):
    platform.succeed()
    assert {request.headers["polaris-realm"] for request in platform.server.requests} == {"POLARIS"}
    first = platform.server.requests[0]
    assert first.headers["content-type"] == "application/x-www-form-urlencoded"
    assert first.form == {
        "grant_type": "client_credentials",
        "client_id": "root-id",
        "client_secret": ROOT_SECRET,
        "scope": "PRINCIPAL_ROLE:ALL",
    }


def test_off_aws(platform):
    storage = {
        "storageType": "S3",
        "allowedLocations": ["s3://acme-bronze", "s3://acme-silver"],
        "endpoint": "http://minio:9000",
        "pathStyleAccess": True,
        "stsUnavailable": True,
        "kmsUnavailable": False,
    }
    platform.spec = replace(SPEC, catalog=program.Catalog("lake", "s3://acme-bronze", storage))
    platform.succeed()
    assert platform.lake.storage["endpoint"] == "http://minio:9000"
    platform.succeed()
    assert platform.server.changes == []


def test_location_that_older_servers_add_by_themselves(platform):
    """Up to 1.6, Polaris adds the default base location to the allowed ones."""
    platform.spec = replace(SPEC, catalog=replace(SPEC.catalog, default_base_location="s3://acme-bronze/tables/"))
    platform.succeed()
    platform.lake.storage["allowedLocations"].append("s3://acme-bronze/tables/")
    platform.succeed()
    assert platform.server.changes == []


# What it changes


def test_allowed_locations_role_and_region(platform):
    platform.succeed()
    new_role = "arn:aws:iam::111122223333:role/other"
    platform.change_catalog(allowedLocations=["s3://acme-bronze/", "s3://new/"], roleArn=new_role, region="eu-west-3")
    lines = platform.succeed()
    assert lines[0] == (
        "catalog lake: changed (allowedLocations "
        'from ["s3://acme-bronze/", "s3://acme-gold/", "s3://acme-silver/"] to ["s3://acme-bronze/", "s3://new/"], '
        f'roleArn from "{ROLE}" to "{new_role}", region from "eu-west-1" to "eu-west-3")'
    )
    [request] = platform.server.changes
    assert (request.method, request.path) == ("PUT", "/api/management/v1/catalogs/lake")
    assert request.json == {"currentEntityVersion": 1, "storageConfigInfo": platform.spec.catalog.storage}
    assert platform.lake.storage["allowedLocations"] == ["s3://new/", "s3://acme-bronze/"]


def test_storage_key_that_is_no_longer_wanted(platform):
    platform.succeed()
    storage = {key: value for key, value in STORAGE.items() if "Kms" not in key}
    platform.spec = replace(SPEC, catalog=replace(SPEC.catalog, storage=storage))
    platform.succeed()
    assert "currentKmsKey" not in platform.lake.storage


def test_order_of_locations_does_not_matter(platform):
    platform.succeed()
    platform.change_catalog(allowedLocations=STORAGE["allowedLocations"][::-1])
    platform.succeed()
    assert platform.server.changes == []


def test_catalog_properties(platform):
    platform.succeed()
    platform.lake.properties["theirs"] = "1"
    platform.spec = replace(SPEC, catalog=replace(SPEC.catalog, properties={"owner": "data", "more": "2"}))
    assert platform.succeed()[0] == 'catalog lake: changed (owner from "platform" to "data", more from null to "2")'
    assert platform.lake.properties == {
        "owner": "data",
        "more": "2",
        "theirs": "1",
        "default-base-location": "s3://acme-bronze/",
    }
    assert "storageConfigInfo" not in platform.server.changes[0].json


def test_default_base_location(platform):
    platform.succeed()
    platform.spec = replace(SPEC, catalog=replace(SPEC.catalog, default_base_location="s3://acme-gold/"))
    platform.succeed()
    assert platform.lake.properties["default-base-location"] == "s3://acme-gold/"


def test_default_base_location_and_its_bucket_move_together(platform):
    platform.succeed()
    catalog = replace(SPEC.catalog, default_base_location="s3://new/")
    platform.spec = replace(SPEC, catalog=catalog)
    platform.change_catalog(allowedLocations=["s3://new/", *STORAGE["allowedLocations"]])
    platform.succeed()
    assert platform.lake.properties["default-base-location"] == "s3://new/"


def test_default_base_location_that_is_refused(platform):
    platform.succeed()
    platform.spec = replace(SPEC, catalog=replace(SPEC.catalog, default_base_location="s3://elsewhere/"))
    message = platform.fail()
    assert 'change catalog lake (default-base-location from "s3://acme-bronze/" to "s3://elsewhere/"): PUT' in message
    assert "400 Bad Request: BadRequestException: default-base-location 's3://elsewhere/' is not within" in message


def test_account_of_the_role_cannot_change(platform):
    platform.succeed()
    other = ROLE.replace("1111", "9999")
    platform.change_catalog(roleArn=other)
    message = platform.fail()
    assert f'roleArn from "{ROLE}" to "{other}"' in message
    assert "Cannot modify AWS account ID" in message


def test_namespace_properties(platform):
    platform.succeed()
    platform.lake.namespaces["silver",]["theirs"] = "1"
    namespace = replace(SPEC.namespaces[1], properties={"layer": "2", "owner": "data"})
    platform.spec = replace(SPEC, namespaces=(namespace,))
    assert 'namespace silver: changed (layer from "silver" to "2", owner from null to "data")' in platform.succeed()
    assert platform.lake.namespaces["silver",] == {
        "location": "s3://acme-silver/silver/",
        "layer": "2",
        "owner": "data",
        "theirs": "1",
    }


def test_namespace_that_lies_elsewhere(platform):
    platform.succeed()
    moved = replace(SPEC.namespaces[0], location="s3://acme-gold/bronze/")
    platform.spec = replace(SPEC, namespaces=(moved,))
    assert "namespace bronze lies at s3://acme-bronze/bronze/, wanted is s3://acme-gold/bronze/" in platform.fail()
    assert platform.server.changes == []


def test_slash_at_the_end_of_a_location_does_not_matter(platform):
    namespace = replace(SPEC.namespaces[0], location="s3://acme-bronze/bronze")
    platform.spec = replace(SPEC, namespaces=(namespace,))
    platform.succeed()
    platform.succeed()
    assert platform.server.changes == []


def test_external_catalog_of_this_name(platform):
    platform.succeed()
    platform.lake.kind = "EXTERNAL"
    assert "catalog lake is EXTERNAL, wanted is INTERNAL" in platform.fail()


def test_key_that_polaris_ignores(platform):
    platform.change_catalog(roleARN="misspelt")
    message = platform.fail()
    assert 'make catalog lake: Polaris accepted it and yet roleARN is null, wanted "misspelt"' in message


def test_key_that_polaris_ignores_in_a_change(platform):
    platform.succeed()
    platform.change_catalog(region="eu-west-2", roleARN="misspelt")
    assert 'Polaris accepted it and yet roleARN is null, wanted "misspelt"' in platform.fail()


def test_user_that_polaris_only_tells(platform):
    platform.succeed()
    platform.lake.storage["userArn"] = "arn:aws:iam::111122223333:user/polaris"
    platform.succeed()
    assert platform.server.changes == []


def test_property_that_polaris_drops(platform):
    platform.server.features["polaris.reserved-properties.should-throw"] = False
    namespace = replace(SPEC.namespaces[0], properties={"polaris.mine": "1"})
    platform.spec = replace(SPEC, namespaces=(namespace,))
    assert 'accepted it and yet polaris.mine is null, wanted "1"' in platform.fail()
    assert 'accepted it and yet polaris.mine is null, wanted "1"' in platform.fail()  # now by an update


# Namespaces


@pytest.mark.parametrize("name", ["sales data", "ünïcode", "50%", "%1F", "a&b=c;d,e", "bronze.raw", "(x)@[y]!$'~", "-"])
def test_unusual_names(platform, name):
    namespaces = (
        program.Namespace((name,), f"s3://acme-gold/{name}/", {"layer": "1"}),
        program.Namespace((name, name), f"s3://acme-gold/{name}/{name}/"),
    )
    platform.spec = replace(SPEC, namespaces=namespaces)
    platform.succeed()
    assert list(platform.lake.namespaces) == [(name,), (name, name)]
    platform.succeed()
    assert platform.server.changes == []
    platform.spec = replace(SPEC, namespaces=(replace(namespaces[0], properties={"layer": "2"}), namespaces[1]))
    platform.succeed()
    assert platform.lake.namespaces[name,]["layer"] == "2"


def test_unit_separator_stands_between_levels(platform):
    platform.succeed()
    paths = [request.path for request in platform.server.requests]
    assert "/api/catalog/v1/lake/namespaces/bronze%1Fraw" in paths


def test_catalog_with_an_unusual_name(platform):
    platform.spec = replace(SPEC, catalog=replace(SPEC.catalog, name="the lake/50%"))
    platform.succeed()
    assert "/api/catalog/v1/the%20lake%2F50%25/namespaces/bronze" in {r.path for r in platform.server.requests}
    platform.succeed()
    assert platform.server.changes == []


def test_outer_namespaces_come_first(platform):
    platform.spec = replace(SPEC, namespaces=SPEC.namespaces[::-1])
    platform.succeed()
    assert list(platform.lake.namespaces) == [("silver",), ("bronze",), ("bronze", "raw")]


def test_namespace_without_its_parent(platform):
    platform.spec = replace(SPEC, namespaces=SPEC.namespaces[2:])
    message = platform.fail()
    assert (
        "make namespace bronze.raw at s3://acme-bronze/bronze/raw/: POST /api/catalog/v1/lake/namespaces: 404"
        in message
    )
    assert "NoSuchNamespaceException: Cannot create namespace bronze.raw. Parent namespace does not exist." in message


@pytest.mark.parametrize(
    ("name", "location", "answer"),
    [
        ("a/b", "s3://acme-gold/a/b/", "400 Bad Request: IllegalArgumentException: Entity name must not contain '/'"),
        ("x", "s3://elsewhere/x/", "400 Bad Request: IllegalArgumentException: Namespace x has a custom location"),
        ("x", "s3://acme-bronze/bronze/x/", "403 Forbidden: ForbiddenException: Unable to create entity at location"),
    ],
)
def test_namespaces_that_polaris_refuses(platform, name, location, answer):
    platform.spec = replace(SPEC, namespaces=(SPEC.namespaces[0], program.Namespace((name,), location)))
    assert answer in platform.fail()


# Credentials


def test_rotated_secret(platform):
    platform.succeed()
    platform.mount("trino", TRINO[0], "new secret")
    lines = platform.succeed()
    assert [line for line in lines if not line.endswith(": as it was")] == [
        "credentials of principal trino: changed (reset)"
    ]
    [request] = platform.server.changes
    assert request.path == "/api/management/v1/principals/trino/reset"
    assert platform.server.state.secrets["trino-id"] == ("trino", "new secret")
    assert platform.server.state.secrets["dagster-id"] == ("dagster", DAGSTER[1])
    platform.succeed()
    assert platform.server.changes == []


def test_rotated_client_id(platform):
    platform.succeed()
    platform.mount("trino", "trino-id-2", "new secret")
    platform.succeed()
    assert platform.server.state.principals["trino"].client_id == "trino-id-2"
    assert "trino-id" not in platform.server.state.secrets


def test_credentials_of_another_principal(platform):
    platform.succeed()
    platform.server.state.principals["someone"] = Principal("someone-id")
    platform.server.state.secrets["someone-id"] = ("someone", "someone's")
    platform.mount("trino", "someone-id", "someone's")
    message = platform.fail()
    assert f"the credentials in {platform.folder / 'trino'} are not those of principal trino" in message
    assert platform.server.changes == []


def test_client_id_of_another_principal(platform):
    platform.succeed()
    platform.server.state.principals["someone"] = Principal("someone-id")
    platform.server.state.secrets["someone-id"] = ("someone", "someone's")
    platform.mount("trino", "someone-id", "not theirs")
    message = platform.fail()
    assert "409 Conflict: AlreadyExistsException: Client ID already in use: someone-id" in message
    assert len(platform.server.changes) == 1


def test_server_that_does_not_reset(platform):
    platform.server.features["ENABLE_CREDENTIAL_RESET"] = False
    message = platform.fail()
    assert "reset the credentials of principal dagster: POST /api/management/v1/principals/dagster/reset" in message
    assert "406 Not Acceptable: UnsupportedOperationException: Feature not enabled: ENABLE_CREDENTIAL_RESET" in message


def test_reset_that_broke_off_in_the_server(platform):
    """The server deletes the old secret, changes the principal and stores the new secret: three transactions."""
    platform.succeed()

    def break_off(request: Request) -> Response | None:
        if not is_change(request, "POST", "/trino/reset"):
            return None
        platform.server.state.secrets.pop("trino-id")
        return error(500, "RuntimeException", "Failed to reset PrincipalSecrets for clientId: trino-id")

    platform.mount("trino", TRINO[0], "new secret")
    platform.server.intercept = break_off
    assert "500 Internal Server Error: RuntimeException: Failed to reset" in platform.fail()
    platform.server.intercept = None
    platform.succeed()
    assert platform.server.state.secrets["trino-id"] == ("trino", "new secret")


def test_reset_that_did_not_help(platform):
    def reset_to_something_else(request: Request) -> Response | None:
        if not is_change(request, "POST", "/reset"):
            return None
        response = platform.server.handle(request)
        platform.server.state.secrets["dagster-id"] = ("dagster", "something else")
        return response

    platform.server.intercept = reset_to_something_else
    assert "sign in as principal dagster: the credentials are refused even after they were reset" in platform.fail()


def test_failure_of_the_trial_is_no_refusal(platform):
    """A server that cannot answer must not make us reset credentials in use."""
    platform.succeed()
    sign_ins = []

    def fail_second(request: Request) -> Response | None:
        if request.is_sign_in:
            sign_ins.append(request)
        return error(500) if len(sign_ins) == 2 else None

    platform.server.intercept = fail_second
    assert "sign in as principal dagster: POST /api/catalog/v1/oauth/tokens: 500" in platform.fail()
    assert platform.server.changes == []


# What goes wrong


def at(index: int, response: Response, server: PolarisServer, done: bool = False) -> Callable[[Request], Any]:
    """Answer so the request of this number, and no other; `done`: although it was done."""

    def intercept(request: Request) -> Response | None:
        if len(server.requests) != index + 1:
            return None
        if done:
            server.handle(request)
        return response

    return intercept


def test_every_failure_says_what_was_tried_and_what_the_server_said(platform):
    platform.succeed()
    requests = list(platform.server.requests)
    assert len(requests) > 40
    for index, request in enumerate(requests):
        platform.server.state = empty_state()
        platform.server.intercept = at(index, error(418), platform.server)
        message = platform.fail()
        tail = f": {request.method} {request.path}: 418 I'm a Teapot: SomeException: no, since it is Monday"
        assert message.startswith("provision_polaris: failed: ")
        assert message.endswith(tail)
        purpose = message.removeprefix("provision_polaris: failed: ").removesuffix(tail)
        assert purpose.split()[0] in {"look", "make", "grant", "reset", "sign"}


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 408, 415, 422, 500, 501, 599])
def test_statuses_that_fail_at_once(platform, status):
    platform.server.intercept = lambda request: error(status) if request.changes else None
    assert f"make catalog lake: POST /api/management/v1/catalogs: {status}" in platform.fail()
    assert len(platform.server.changes) == 1


@pytest.mark.parametrize("status", [200, 202, 204, 301, 307])
def test_success_of_another_kind_fails_too(platform, status):
    headers = {"Location": f"{platform.server.url}/elsewhere"} if status > 300 else {}
    platform.server.intercept = lambda request: Response(status, None, headers) if request.changes else None
    assert f"make catalog lake: POST /api/management/v1/catalogs: {status}" in platform.fail()
    assert len(platform.server.changes) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "m", "type": "T", "code": 400}}, ": T: m"),
        (
            {"error": "invalid_scope", "error_description": "The scope is invalid"},
            ": invalid_scope: The scope is invalid",
        ),
        ({"code": 500, "message": "logged (ID 1)"}, ": logged (ID 1)"),
        ("<html>\n  a proxy's page\n</html>", ": <html> a proxy's page </html>"),
        (["odd"], ': ["odd"]'),
        (None, ""),
        ({"error": {"message": None, "type": "NullPointerException", "code": 500}}, ": NullPointerException"),
        ("x" * 10_000, ": " + "x" * 1000),
    ],
)
def test_whatever_the_error_looks_like(platform, body, said):
    platform.server.intercept = lambda request: Response(400, body) if request.changes else None
    message = platform.fail()
    assert f"POST /api/management/v1/catalogs: 400 Bad Request{said}" in message
    assert len(message) < 2100


@pytest.mark.parametrize("body", ["<html>", "[]", '{"grants": null}', "{}"])
def test_answers_that_cannot_be_read(platform, body):
    platform.server.intercept = lambda r: Response(200, body) if is_change(r, "GET", "/grants") else None
    message = platform.fail()
    assert "look for the privileges of catalog role writer" in message
    assert "no JSON object" in message or "holds no list 'grants'" in message


def test_sign_in_that_grants_nothing(platform):
    platform.server.intercept = lambda _: Response(200, {})
    assert "sign in as root: POST /api/catalog/v1/oauth/tokens: the answer holds no access_token" in platform.fail()


def test_root_is_refused(platform):
    platform.mount("root", "root-id", "wrong")
    assert platform.fail() == (
        "provision_polaris: failed: sign in as root: POST /api/catalog/v1/oauth/tokens: "
        "401 Unauthorized: unauthorized_client: The client is not authorized"
    )


def test_realm_that_is_unknown(platform):
    platform.spec = replace(SPEC, realm="OTHER")
    assert "404 Not Found: MissingOrInvalidRealm: Missing or invalid realm" in platform.fail()


def test_one_who_may_not(platform):
    platform.server.state.principals["root"].roles.clear()
    assert "look for catalog lake: GET /api/management/v1/catalogs/lake: 403 Forbidden" in platform.fail()


def test_role_that_does_not_exist(platform):
    platform.spec = replace(SPEC, principals=(replace(SPEC.principals[0], principal_roles=("NOBODY",)),))
    message = platform.fail()
    assert (
        "grant NOBODY to principal dagster: PUT /api/management/v1/principals/dagster/principal-roles: 404" in message
    )


def test_privilege_that_does_not_exist(platform):
    platform.spec = replace(SPEC, catalog_roles=(program.CatalogRole("writer", ("DO_ALL",)),))
    assert "grant DO_ALL to catalog role writer: PUT" in platform.fail()


def test_buckets_of_another_catalog(platform):
    platform.succeed()
    platform.server.state.catalogs["other"] = platform.server.state.catalogs.pop("lake")
    assert "One or more of its locations overlaps with an existing catalog" in platform.fail()


# What is worth another attempt


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("done", [False, True])
def test_busy_server_is_asked_again(platform, status, done):
    platform.succeed()
    expected = platform.server.state.without_versions()
    answered: list[str] = []

    def busy_once(request: Request) -> Response | None:
        if not request.changes or request.path in answered:
            return None
        answered.append(request.path)
        if done:
            platform.server.handle(request)
        return Response(status)

    platform.server.state = empty_state()
    platform.server.intercept = busy_once
    platform.succeed()
    assert len(answered) > 10
    assert platform.server.state.without_versions() == expected


def test_busy_server_is_not_asked_for_ever(platform):
    platform.server.intercept = lambda request: error(503) if request.changes else None
    assert "POST /api/management/v1/catalogs: 503 Service Unavailable: SomeException" in platform.fail()
    assert len(platform.server.changes) == 1 + len(program._ATTEMPT_DELAYS)


@pytest.mark.parametrize(("said", "waited"), [("7", 7.0), ("100000", 60.0), ("Fri, 31 Dec 1999 23:59:59 GMT", 1.0)])
def test_server_says_how_long_it_is_busy(platform, monkeypatch, said, waited):
    slept: list[float] = []
    monkeypatch.setattr(program, "_ATTEMPT_DELAYS", (1.0,))
    monkeypatch.setattr(program, "time", SimpleNamespace(sleep=slept.append, monotonic=time.monotonic))
    platform.server.intercept = at(1, Response(503, None, {"Retry-After": said}), platform.server)
    platform.succeed()
    assert slept == [waited]


@pytest.mark.parametrize("done", [False, True])
def test_lost_connections(platform, done):
    platform.succeed()
    expected = platform.server.state.without_versions()

    def drop(index: int) -> Callable[[Request], None]:
        def intercept(request: Request) -> None:
            if len(platform.server.requests) == index + 1:
                if done:
                    platform.server.handle(request)
                raise DroppedConnectionError

        return intercept

    for index in range(len(platform.server.requests)):
        platform.server.state = empty_state()
        platform.server.intercept = drop(index)
        platform.succeed()
        assert platform.server.state.without_versions() == expected


def test_nobody_listens_at_the_api(platform):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        platform.spec = replace(SPEC, url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert "sign in as root: POST /api/catalog/v1/oauth/tokens: [Errno" in platform.fail()


def test_catalog_that_somebody_changes_at_the_same_time(platform):
    platform.succeed()
    platform.change_catalog(region="eu-west-2")
    platform.spec = replace(platform.spec, catalog=replace(platform.spec.catalog, properties={"owner": "data"}))
    seen = []

    def change_before(request: Request) -> None:
        if is_change(request, "PUT", "/catalogs/lake"):
            if len(seen) < 2:
                platform.lake.version += 1
                platform.lake.properties[f"theirs-{len(seen)}"] = "1"
            seen.append(request)

    platform.server.intercept = change_before
    platform.succeed()
    assert [request.json["currentEntityVersion"] for request in seen] == [1, 2, 3]
    assert platform.lake.storage["region"] == "eu-west-2"
    assert platform.lake.properties == {
        "owner": "data",
        "theirs-0": "1",
        "theirs-1": "1",
        "default-base-location": "s3://acme-bronze/",
    }


def test_catalog_that_somebody_changes_all_the_time(platform):
    platform.succeed()
    platform.change_catalog(region="eu-west-2")

    def change_before(request: Request) -> None:
        platform.lake.version += request.method == "PUT"

    platform.server.intercept = change_before
    assert "409 Conflict: CommitConflictException: Failed to update Catalog" in platform.fail()
    assert len(platform.server.changes) == 1 + len(program._CONFLICT_DELAYS)


def test_principal_and_namespace_that_are_changed_at_the_same_time(platform):
    platform.succeed()
    platform.mount("trino", TRINO[0], "new secret")
    platform.spec = replace(SPEC, namespaces=(replace(SPEC.namespaces[1], properties={"layer": "2"}),))
    refused = set()

    def refuse_once(request: Request) -> Response | None:
        if not request.changes or request.path in refused:
            return None
        refused.add(request.path)
        return error(409, "CommitConflictException", "Concurrent modification; retry later")

    platform.server.intercept = refuse_once
    platform.succeed()
    assert len(refused) == 2
    assert platform.server.state.secrets["trino-id"] == ("trino", "new secret")
    assert platform.lake.namespaces["silver",]["layer"] == "2"


def test_somebody_else_makes_it_first(platform):
    """Each creation finds that the same thing was made since the look: another run of the same job."""
    done = set()

    def make_first(request: Request) -> None:
        if request.method == "POST" and request.changes and request.content not in done:
            done.add(request.content)
            platform.server.handle(request)

    platform.server.intercept = make_first
    lines = platform.succeed()
    assert "catalog lake: as it was" in lines
    assert "principal trino: as it was" in lines


# Interruption


def empty_state() -> State:
    return PolarisServer("root-id", ROOT_SECRET).state


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("earlier", [False, True], ids=["from-nothing", "from-an-earlier-state"])
def test_interrupted_at_any_request_and_run_again(platform, earlier, done):
    start = empty_state()
    if earlier:
        platform.succeed()
        start = copy.deepcopy(platform.server.state)
        platform.mount("trino", "trino-id-2", "new secret")
        platform.mount("dagster", DAGSTER[0], "another new secret")
        platform.change_catalog(allowedLocations=[*STORAGE["allowedLocations"], "s3://new/"], region="eu-west-2")
        namespaces = (
            SPEC.namespaces[0],
            replace(SPEC.namespaces[1], properties={"layer": "2"}),
            program.Namespace(("new",), "s3://new/new/"),
        )
        reader = program.CatalogRole("reader", ("TABLE_READ_DATA", "NAMESPACE_LIST"))
        platform.spec = replace(platform.spec, namespaces=namespaces, catalog_roles=(SPEC.catalog_roles[0], reader))
    platform.server.state = copy.deepcopy(start)
    platform.succeed()
    expected = platform.server.state.without_versions()
    assert expected != start.without_versions()
    requests = len(platform.server.requests)
    for index in range(requests):
        platform.server.state = copy.deepcopy(start)
        platform.server.intercept = at(index, error(500), platform.server, done)
        platform.fail()
        platform.server.intercept = None
        platform.succeed()
        assert platform.server.state.without_versions() == expected, f"after request {index} of {requests}"


# Readiness and tokens


def test_waits_until_polaris_is_ready(platform):
    platform.server.health = [503, 404, 503]
    platform.succeed()
    assert platform.server.health == []


def test_polaris_that_does_not_become_ready(platform):
    platform.server.health = [503] * 10_000
    platform.spec = replace(SPEC, ready_timeout=0.1)
    message = platform.fail()
    assert f"wait for Polaris: GET {platform.server.url}/q/health/ready: not ready after 0.1 s" in message
    assert '503 Service Unavailable: {"status": "DOWN"' in message
    assert platform.server.requests == []


def test_nobody_listens_at_the_health_endpoint(platform):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        platform.spec = replace(SPEC, health_url=f"http://127.0.0.1:{unused.getsockname()[1]}/", ready_timeout=0.1)
        assert "Connection refused" in platform.fail()


def test_health_endpoint_that_never_answers(platform):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        platform.spec = replace(SPEC, health_url=f"http://127.0.0.1:{silent.getsockname()[1]}/", ready_timeout=0.3)
        start = time.monotonic()
        assert "timed out" in platform.fail()
        assert time.monotonic() - start < 3


def test_token_is_kept_while_it_lasts(platform):
    platform.succeed()
    tokens = {r.headers["authorization"] for r in platform.server.requests if not r.is_sign_in}
    assert len(tokens) == 1


def test_token_is_renewed_before_its_end(platform):
    platform.server.expires_in = 0
    platform.succeed()
    tokens = [r.headers["authorization"] for r in platform.server.requests if not r.is_sign_in]
    assert len(set(tokens)) == len(tokens)
    assert platform.refused_tokens == 0


def test_token_is_renewed_when_it_is_refused(platform):
    platform.server.token_uses = 3
    platform.succeed()
    assert platform.refused_tokens > 10
    platform.succeed()
    assert platform.server.changes == []


def test_token_that_is_never_accepted(platform):
    """As with several servers that each have keys of their own."""
    platform.server.token_uses = 0
    message = platform.fail()
    assert message.endswith("look for catalog lake: GET /api/management/v1/catalogs/lake: 401 Unauthorized")
    assert len(platform.server.requests) == 4


# Secrets


def test_no_secret_in_any_output(platform):
    """Not even when the server repeats what it was sent, in whatever form."""
    platform.mount("root", "root-id", ROOT_SECRET)
    hidden = [ROOT_SECRET, DAGSTER[1], TRINO[1]]
    platform.succeed()
    said = platform.out
    for index, request in enumerate(list(platform.server.requests)):
        platform.server.state = empty_state()
        echo = " ".join([*hidden, request.content.decode(), *request.headers.values(), *map(json.dumps, hidden)])
        platform.server.intercept = at(index, error(400, message=echo), platform.server)
        platform.run()
        said += platform.out + platform.err
    assert "***" in said
    for secret in hidden:
        for form in (secret, json.dumps(secret), *program.urlencode({"": secret}).split("=")[1:]):
            assert form not in said


def test_token_that_the_server_repeats(platform):
    platform.server.intercept = lambda r: None if r.is_sign_in else error(400, message=r.headers["authorization"])
    assert platform.fail().endswith(": 400 Bad Request: SomeException: Bearer ***")


def test_secret_at_the_end_of_a_long_message(platform):
    platform.server.intercept = lambda r: error(400, message="x" * 1890 + ROOT_SECRET) if r.changes else None
    assert ROOT_SECRET[:5] not in platform.fail()


def test_credentials_do_not_show_themselves():
    assert "hush" not in repr(program.Credentials("id", "hush"))


# The spec


def write(platform: Platform, edit: Callable[[dict[str, Any]], Any]) -> str:
    file = platform.write_spec()
    document = json.loads(file.read_text())
    edit(document)
    file.write_text(json.dumps(document))
    assert program.main([str(file)]) == 2
    out, err = platform.capsys.readouterr()
    assert out == ""
    assert platform.server.requests == []
    return err.removeprefix(f"provision_polaris: bad spec {file}: ").rstrip("\n")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda d: d.pop("url"), "url: missing"),
        (lambda d: d["catalog"].pop("storage"), "catalog.storage: missing"),
        (lambda d: d["namespaces"][1].pop("location"), "namespaces[1].location: missing"),
        (
            lambda d: d.update(relm="x"),
            "relm: not known; known are url, health_url, realm, root_credentials, catalog, ",
        ),
        (lambda d: d["principals"][0].update(secret="x"), "principals[0].secret: not known"),
        (lambda d: d.update(url=1), "url: must be a text"),
        (lambda d: d.update(url=""), "url: empty"),
        (lambda d: d.update(url="polaris:8181"), "url: 'polaris:8181' is no http:// or https:// URL"),
        (lambda d: d.update(health_url="http://polaris:x/"), "health_url: 'http://polaris:x/' is no http://"),
        (lambda d: d.update(realm="PÖLARIS"), "realm: must be printable ASCII"),
        (lambda d: d.update(realm="A\r\nX: y"), "realm: must be printable ASCII"),
        (lambda d: d.update(ready_timeout=0), "ready_timeout: must be more than 0 seconds"),
        (lambda d: d.update(ready_timeout=float("nan")), "ready_timeout: must be more than 0 seconds"),
        (lambda d: d.update(ready_timeout=True), "ready_timeout: must be a number"),
        (lambda d: d.update(catalog=[]), "catalog: must be an object"),
        (lambda d: d.update(namespaces={}), "namespaces: must be a list"),
        (lambda d: d["catalog"]["storage"].pop("storageType"), "catalog.storage.storageType: must be a text"),
        (lambda d: d["catalog"]["storage"].pop("allowedLocations"), "catalog.storage.allowedLocations: must be a list"),
        (lambda d: d["catalog"]["storage"].update(allowedLocations=[]), "catalog.storage.allowedLocations: empty"),
        (
            lambda d: d["catalog"]["storage"].update(allowedKmsKeys=["a", 1]),
            "catalog.storage.allowedKmsKeys[1]: must be a text",
        ),
        (lambda d: d["catalog"]["properties"].update(a=1), "catalog.properties.a: must be a text"),
        (
            lambda d: d["catalog"]["properties"].update({"default-base-location": "s3://x"}),
            "catalog.properties.default-base-location: belongs in catalog.default_base_location",
        ),
        (lambda d: d["namespaces"][0].update(name="bronze"), "namespaces[0].name: must be a list"),
        (lambda d: d["namespaces"][0].update(name=[]), "namespaces[0].name: empty"),
        (lambda d: d["namespaces"][0].update(name=["a", ""]), "namespaces[0].name[1]: empty"),
        (lambda d: d["namespaces"][0].update(name=["a\x1fb"]), "namespaces[0].name: a level cannot hold the character"),
        (
            lambda d: d["namespaces"][0].update(properties={"location": "s3://x"}),
            "namespaces[0].properties.location: belongs in namespaces[0].location",
        ),
        (lambda d: d["catalog_roles"][0].update(privileges=[None]), "catalog_roles[0].privileges[0]: must be a text"),
        (lambda d: d.update(root_credentials="/nowhere"), "root_credentials: cannot read /nowhere/client_id: No such"),
    ],
)
def test_bad_specs(platform, edit, message):
    assert write(platform, edit).startswith(message)


@pytest.mark.parametrize(("text", "message"), [("{", "the whole: not JSON"), ("[]", "the whole: must be an object")])
def test_no_spec_at_all(tmp_path, capsys, text, message):
    file = tmp_path / "spec.json"
    file.write_text(text)
    assert program.main([str(file)]) == 2
    assert message in capsys.readouterr().err


def test_file_that_is_not_there(tmp_path, capsys):
    assert program.main([str(tmp_path / "spec.json")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_usage(capsys):
    assert program.main([]) == 2
    assert capsys.readouterr().err == "usage: provision_polaris.py SPEC.json\n"


@pytest.mark.parametrize(
    ("client_id", "client_secret", "message"),
    [
        ("trino-id", "", "/trino/client_secret is empty"),
        ("trino-id", "\n", "/trino/client_secret is empty"),
        ("dagster-id", "x", "the same client id as principals[0].credentials"),
        ("root-id", "x", "the same client id as root_credentials"),
    ],
)
def test_bad_credentials(platform, client_id, client_secret, message):
    platform.mount("trino", client_id, client_secret)
    said = write(platform, lambda _: None)
    assert said.startswith("principals[1].credentials: ")
    assert said.endswith(message)


def test_newline_at_the_end_of_a_secret(platform):
    platform.mount("trino", "trino-id\n", "trino secret \r\n")
    platform.succeed()
    assert platform.server.state.secrets["trino-id"] == ("trino", "trino secret ")


# The file


def test_it_needs_nothing_but_python():
    tree = ast.parse(Path(program.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    assert imported <= sys.stdlib_module_names


def test_it_runs_as_in_the_pod(platform):
    copied = platform.folder / "provision_polaris.py"
    copied.write_bytes(Path(program.__file__).read_bytes())
    done = subprocess.run(
        [sys.executable, "-I", "-S", copied, platform.write_spec()], capture_output=True, text=True, cwd=platform.folder
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "catalog lake: made"


# What Polaris' own client says of the bodies


def models() -> tuple[dict[str, Any], dict[str, Any]]:
    """Models of the bodies of requests and of answers, by method and path."""
    management = pytest.importorskip("apache_polaris.sdk.management")
    catalog = pytest.importorskip("apache_polaris.sdk.catalog")
    requests = {
        "POST /api/management/v1/catalogs": management.CreateCatalogRequest,
        "PUT /api/management/v1/catalogs/[^/]+": management.UpdateCatalogRequest,
        "POST /api/management/v1/catalogs/[^/]+/catalog-roles": management.CreateCatalogRoleRequest,
        "PUT /api/management/v1/catalogs/[^/]+/catalog-roles/[^/]+/grants": management.AddGrantRequest,
        "POST /api/management/v1/principal-roles": management.CreatePrincipalRoleRequest,
        "PUT /api/management/v1/principal-roles/[^/]+/catalog-roles/[^/]+": management.GrantCatalogRoleRequest,
        "POST /api/management/v1/principals": management.CreatePrincipalRequest,
        "PUT /api/management/v1/principals/[^/]+/principal-roles": management.GrantPrincipalRoleRequest,
        "POST /api/management/v1/principals/[^/]+/reset": management.ResetPrincipalRequest,
        "POST /api/catalog/v1/[^/]+/namespaces": catalog.CreateNamespaceRequest,
        "POST /api/catalog/v1/[^/]+/namespaces/[^/]+/properties": catalog.UpdateNamespacePropertiesRequest,
    }
    answers = {
        "(POST|PUT|GET) /api/management/v1/catalogs(/[^/]+)?": management.Catalog,
        "(POST|GET) /api/management/v1/catalogs/[^/]+/catalog-roles(/[^/]+)?": management.CatalogRole,
        "GET /api/management/v1/catalogs/[^/]+/catalog-roles/[^/]+/grants": management.GrantResources,
        "(POST|GET) /api/management/v1/principal-roles(/[^/]+)?": management.PrincipalRole,
        "GET /api/management/v1/principal-roles/[^/]+/catalog-roles/[^/]+": management.CatalogRoles,
        "POST /api/management/v1/principals(/[^/]+/reset)?": management.PrincipalWithCredentials,
        "GET /api/management/v1/principals/[^/]+": management.Principal,
        "GET /api/management/v1/principals/[^/]+/principal-roles": management.PrincipalRoles,
        "POST /api/catalog/v1/[^/]+/namespaces": catalog.CreateNamespaceResponse,
        "GET /api/catalog/v1/[^/]+/namespaces/[^/]+": catalog.GetNamespaceResponse,
        "POST /api/catalog/v1/[^/]+/namespaces/[^/]+/properties": catalog.UpdateNamespacePropertiesResponse,
        "POST /api/catalog/v1/oauth/tokens": catalog.OAuthTokenResponse,
    }
    return requests, answers


def is_known(models: dict[str, Any], request: Request, body: Any) -> bool:
    """Whether the model takes the body and leaves nothing of it out, as it does with what it does not know."""
    [model] = [model for route, model in models.items() if re.fullmatch(route, f"{request.method} {request.path}")]
    taken = json.dumps(model.from_dict(body).to_dict(), default=lambda secret: secret.get_secret_value())
    return lies_in(body, json.loads(taken))


def lies_in(part: Any, whole: Any) -> bool:
    """Models leave nulls out, and add defaults."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(value is None or (key in whole and lies_in(value, whole[key])) for key, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(lies_in, part, whole))
    return bool(part == whole)


def test_bodies_are_those_of_polaris_own_client(platform):
    requests, answers = models()
    platform.succeed()
    seen = platform.exchanges
    platform.mount("trino", TRINO[0], "new secret")
    platform.change_catalog(region="eu-west-2")
    catalog = replace(platform.spec.catalog, properties={"owner": "data"})
    namespace = replace(SPEC.namespaces[1], properties={"layer": "2"})
    platform.spec = replace(platform.spec, catalog=catalog, namespaces=(namespace,))
    platform.succeed()
    seen += platform.exchanges
    for request, answer in seen:
        if request.changes:
            assert is_known(requests, request, request.json), request
        if answer.status < 300 and answer.body is not None:
            assert is_known(answers, request, answer.body), request
    assert len({re.sub("[^/]+$", "", request.path) for request, _ in seen if request.changes}) > 8
