"""Catalogs: Polaris as the provisioning program's tests know it, Glue on the emulator, and a server of few words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalog.programs import polaris_server as polaris
from checks.servers import Answer, Request, always, answering
from floe_infra.checks.program.catalog import Catalog, CatalogLogin, Glue, Namespaces
from floe_infra.checks.program.credentials import Entry, Secret
from floe_infra.checks.program.here import CheckError, Here, OnlyInClusterError

SECRET = Secret((Entry("client_id", "ID"), Entry("client_secret", "SECRET")), "floe-dagster-catalog-secret")
LOGIN = {"ID": "runtime-id", "SECRET": "runtime-secret"}
SCOPE = "PRINCIPAL_ROLE:data_engineer"


@pytest.fixture
def server() -> Iterator[polaris.PolarisServer]:
    """With a catalog of three namespaces, and a client of its own."""
    with polaris.PolarisServer("root", "root-secret") as server:
        namespaces = {(name,): {"location": f"s3://lake/{name}/"} for name in ("bronze", "silver", "gold")}
        server.state.catalogs["lake"] = polaris.Catalog("INTERNAL", {}, {}, namespaces=namespaces)
        server.state.principals["runtime"] = polaris.Principal("runtime-id", roles=[polaris.SERVICE_ADMIN])
        server.state.secrets["runtime-id"] = ("runtime", "runtime-secret")

        def as_clients_ask(request: polaris.Request) -> polaris.Response | None:
            """Which send no realm, and ask what the provisioning program does not."""
            request.headers["polaris-realm"] = "POLARIS"
            path, _, query = request.path.partition("?")
            if path == "/api/catalog/v1/config":
                answer = polaris.Response(200, {"defaults": {}, "overrides": {"prefix": "lake"}})
                missing = {"error": {"message": "Unable to find warehouse", "type": "NotFoundException", "code": 404}}
                found = query == "warehouse=lake"
                return _if_known(server, request) or (answer if found else polaris.Response(404, missing))
            if (request.method, path) == ("GET", "/api/catalog/v1/lake/namespaces"):
                listed = [list(name) for name in server.state.catalogs["lake"].namespaces]
                return _if_known(server, request) or polaris.Response(200, {"namespaces": listed})
            return None

        server.intercept = as_clients_ask
        yield server


def _if_known(server: polaris.PolarisServer, request: polaris.Request) -> polaris.Response | None:
    principal = server._authenticated(request)
    if principal is None:
        return polaris.Response(401)
    if polaris.SERVICE_ADMIN in server.state.principals[principal].roles:
        return None
    message = f"Principal '{principal}' is not authorized for op LIST_NAMESPACES"
    return polaris.Response(403, {"error": {"message": message, "type": "ForbiddenException", "code": 403}})


@pytest.fixture
def lake(server) -> Catalog:
    return Catalog(f"{server.url}/api/catalog", "lake", SECRET, SCOPE)


def test_the_client_logs_in(server, lake):
    assert CatalogLogin(lake).run(Here(LOGIN)) == f"{server.url}/api/catalog: a token for 3600 s"
    assert server.requests[0].form["scope"] == SCOPE


def test_the_layers_namespaces_are_there(server, lake):
    assert Namespaces(lake, ["bronze", "gold"]).run(Here(LOGIN)) == f"{server.url}/api/catalog: bronze, gold"


def test_a_wrong_client_secret(lake):
    with pytest.raises(CheckError) as failed:
        CatalogLogin(lake).run(Here({**LOGIN, "SECRET": "swordfish"}))
    assert "401 Unauthorized: unauthorized_client: The client is not authorized" in failed.value.reason
    assert "floe-dagster-catalog-secret" in failed.value.fix
    assert "swordfish" not in failed.value.reason


def test_no_secret_is_read_for_a_catalog_that_is_not_here():
    secret = Secret(SECRET.entries, manager="aws", name="would-be-asked-for", region="eu-west-1")
    inside = Catalog("http://polaris.catalog.svc.cluster.local:8181/api/catalog", "lake", secret, SCOPE)
    with pytest.raises(OnlyInClusterError):
        CatalogLogin(inside).run(Here({"PATH": "", "HOME": "/nowhere"}))


def test_a_missing_namespace(lake):
    with pytest.raises(CheckError) as failed:
        Namespaces(lake, ["gold", "platinum"]).run(Here(LOGIN))
    assert failed.value.reason == "platinum missing; there are bronze, gold, silver"


def test_a_missing_warehouse(server):
    other = Catalog(f"{server.url}/api/catalog", "sea", SECRET, SCOPE)
    with pytest.raises(CheckError, match="404 Not Found: NotFoundException: Unable to find warehouse") as failed:
        Namespaces(other, ["gold"]).run(Here(LOGIN))
    assert "no warehouse sea" in failed.value.fix


def test_a_client_without_a_role(server, lake):
    server.state.principals["runtime"].roles = []
    with pytest.raises(CheckError, match="403 Forbidden: ForbiddenException: Principal 'runtime'") as failed:
        Namespaces(lake, ["gold"]).run(Here(LOGIN))
    assert failed.value.fix == "grant data_engineer what it needs to use the warehouse: deploy again"


def test_a_catalog_that_nobody_logs_in_to():
    """Nessie, whose lists come in pages."""

    def answer(request: Request) -> Answer:
        assert "authorization" not in request.headers
        if request.path == "/iceberg/v1/config":
            return 200, {"defaults": {"prefix": "main"}, "overrides": {}}
        assert request.path == "/iceberg/v1/main/namespaces"
        if request.query.get("pageToken") == "2":
            return 200, {"namespaces": [["gold"], ["a", "b"]]}
        return 200, {"namespaces": [["bronze"]], "next-page-token": "2"}

    with answering(answer) as server:
        catalog = Catalog(f"{server.url}/iceberg", "warehouse")
        assert Namespaces(catalog, ["bronze", "gold", "a.b"]).run(Here({})).endswith(": bronze, gold, a.b")


def test_a_catalog_that_wants_a_login_after_all():
    with answering(always(401, b"")) as server, pytest.raises(CheckError, match="401 Unauthorized") as failed:
        Namespaces(Catalog(server.url, "lake"), []).run(Here({}))
    assert failed.value.fix == "the catalog wants a login"


def test_a_table_that_is_only_staged_may_be_refused():
    def answer(request: Request) -> Answer:
        if request.path == "/v1/config":
            return 200, {}
        error = {"message": "Failed to get subscoped credentials: not authorized to perform: sts:AssumeRole"}
        return 400, {"error": {**error, "type": "UnprocessableEntityException", "code": 400}}

    with answering(answer) as server, pytest.raises(CheckError, match="sts:AssumeRole") as failed:
        Catalog(server.url, "lake").lend(Here({}), "gold")
    assert "a role that it may not assume" in failed.value.fix


# Glue


@pytest.fixture(scope="module")
def glue(aws, client) -> Glue:
    for name in ("acme_bronze", "acme_gold"):
        client("glue").create_database(DatabaseInput={"Name": name})
    return Glue("eu-west-1", ["acme_bronze", "acme_gold"], "123456789012", aws.endpoint)


def test_glues_databases_are_there(glue):
    said = glue.run(Here({"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-key"}))
    assert said == f"{glue.endpoint}: acme_bronze, acme_gold, as environment"


def test_a_missing_database(glue):
    with pytest.raises(CheckError, match="EntityNotFoundException") as failed:
        Glue("eu-west-1", ["acme_gone"], "123456789012", glue.endpoint).run(
            Here({"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-key"})
        )
    assert failed.value.fix == "the database acme_gone is missing: deploy again"


def test_glue_denies_access():
    said = {"__type": "AccessDeniedException", "Message": "User: x is not authorized to perform: glue:GetDatabase"}
    with answering(always(400, said)) as server, pytest.raises(CheckError, match="glue:GetDatabase") as failed:
        Glue("eu-west-1", ["gold"], "1", server.url).run(
            Here({"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-key"})
        )
    assert failed.value.fix.startswith("environment is who asks: let it do this")
    [request] = server.requests
    assert request.headers["x-amz-target"] == "AWSGlue.GetDatabase"
    assert request.json == {"Name": "gold", "CatalogId": "1"}
