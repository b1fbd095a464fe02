"""The catalog: who logs in gets a token, the layers' namespaces are there, and what is lent for a table is of use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from . import aws
from .credentials import Secret
from .here import CheckError, Here
from .web import ask

_SCHEMA = {
    "type": "struct",
    "schema-id": 0,
    "fields": [{"id": 1, "name": "checked", "required": False, "type": "boolean"}],
}
_LENT = "vended-credentials"
_LENDS_NOTHING = (
    "the catalog's log tells why it can lend no access to the storage: mostly a role that it may not assume"
)


@dataclass(frozen=True)
class Catalog:
    """An Iceberg REST catalog.

    Attributes:
        uri: without `/v1`.
        client: who logs in, keys `client_id` and `client_secret`; None where nobody does.
        scope: what the client asks for.
    """

    uri: str
    warehouse: str
    client: Secret | None = None
    scope: str = ""

    def log_in(self, here: Here) -> tuple[dict[str, str], str]:
        """The header with a token, and what was said of it."""
        if self.client is None:
            return {}, ""
        here.look_up(self.uri)
        login = self.client.read(here)
        form = {
            "grant_type": "client_credentials",
            "client_id": login["client_id"],
            "client_secret": login["client_secret"],
            "scope": self.scope,
        }
        fix = (
            f"the catalog does not know the client of the Secret {self.client.kubernetes_name}: see the log of the job "
            "that provisions the catalog, and whether the Secret is older than the last deploy"
        )
        answer = ask(
            here,
            "POST",
            f"{self.uri}/v1/oauth/tokens",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode(form).encode(),
            fixes={400: fix, 401: fix, 404: "see the catalog's URI: nothing there gives tokens"},
        ).json
        if not isinstance(answer.get("access_token"), str):
            raise CheckError(f"{self.uri}/v1/oauth/tokens: the answer holds no access_token")
        token = here.secret(answer["access_token"])
        return {"Authorization": f"Bearer {token}"}, f"a token for {answer.get('expires_in', '?')} s"

    def namespaces(self, here: Here) -> list[str]:
        """Those at the top, their levels joined by dots."""
        headers, _ = self.log_in(here)
        return self._list(here, headers, self._prefix(here, headers))

    def lend(self, here: Here, namespace: str) -> tuple[str, dict[str, str]]:
        """Where a new table would go, and what its client would be lent to write there.

        The table is staged only, and never made: nothing of it stays
        (`stage-create` in https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml).
        """
        headers, _ = self.log_in(here)
        table = {"name": f"floe_infra_check_{uuid4().hex[:8]}", "schema": _SCHEMA, "stage-create": True}
        answer = ask(
            here,
            "POST",
            f"{self.uri}/v1{self._prefix(here, headers)}/namespaces/{quote(namespace, safe='')}/tables",
            headers={**headers, "Content-Type": "application/json", "X-Iceberg-Access-Delegation": _LENT},
            content=json.dumps(table).encode(),
            fixes={
                **self._fixes("make tables"),
                **dict.fromkeys((400, 422, 500), _LENDS_NOTHING),
                404: f"the namespace {namespace} is missing: see the log of the job that provisions the catalog",
            },
        ).json
        lent = {**answer.get("config", {})}
        for each in answer.get("storage-credentials") or ():
            lent.update(each.get("config", {}))
        return str(answer["metadata"]["location"]), lent

    def _list(self, here: Here, headers: Mapping[str, str], prefix: str) -> list[str]:
        found: list[str] = []
        page: str | None = ""
        while page is not None:
            query = f"?{urlencode({'pageToken': page})}" if page else ""
            answer = ask(
                here,
                "GET",
                f"{self.uri}/v1{prefix}/namespaces{query}",
                headers=headers,
                fixes=self._fixes("list namespaces"),
            ).json
            found += [".".join(levels) for levels in answer.get("namespaces", [])]
            page = answer.get("next-page-token") or None
        return found

    def _prefix(self, here: Here, headers: Mapping[str, str]) -> str:
        """What the catalog wants its paths to begin with."""
        answer: dict[str, Any] = ask(
            here,
            "GET",
            f"{self.uri}/v1/config?{urlencode({'warehouse': self.warehouse})}",
            headers=headers,
            fixes={
                **self._fixes("use the warehouse"),
                404: f"there is no warehouse {self.warehouse}: see the log of the job that provisions the catalog",
            },
        ).json
        prefix = {**answer.get("defaults", {}), **answer.get("overrides", {})}.get("prefix", "")
        return f"/{prefix}" if prefix else ""

    def _fixes(self, what: str) -> dict[int | str, str]:
        role = self.scope.rpartition(":")[2] or "the client"
        return {401: "the catalog wants a login", 403: f"grant {role} what it needs to {what}: deploy again"}


@dataclass(frozen=True)
class CatalogLogin:
    """OAuth2: the client gets a token."""

    catalog: Catalog

    def run(self, here: Here) -> str:
        return f"{self.catalog.uri}: {self.catalog.log_in(here)[1]}"


@dataclass(frozen=True)
class Namespaces:
    """The layers' namespaces are in the catalog."""

    catalog: Catalog
    namespaces: Sequence[str]

    def run(self, here: Here) -> str:
        found = self.catalog.namespaces(here)
        return f"{self.catalog.uri}: {all_there(self.namespaces, found)}"


@dataclass(frozen=True)
class Glue:
    """The layers' databases are in AWS Glue.

    Attributes:
        catalog_id: whose catalog: an account's number.
        endpoint: if it is not AWS' own.
    """

    region: str
    databases: Sequence[str]
    catalog_id: str
    endpoint: str = ""

    def run(self, here: Here) -> str:
        """Each by name, as it is these that may be read, and not the list of all."""
        keys = aws.find_keys(here, self.region)
        url = self.endpoint or f"https://{aws.host('glue', self.region)}"
        for name in self.databases:
            aws.ask_json(
                here,
                keys,
                "glue",
                self.region,
                f"{url}/",
                "AWSGlue.GetDatabase",
                {"Name": name, "CatalogId": self.catalog_id},
                fixes={"EntityNotFoundException": f"the database {name} is missing: deploy again"},
            )
        return f"{url}: {', '.join(self.databases)}, as {keys.source}"


def all_there(wanted: Sequence[str], found: Sequence[str]) -> str:
    """The names, if each of them is there. Raises CheckError otherwise."""
    if missing := [name for name in wanted if name not in found]:
        raise CheckError(
            f"{', '.join(missing)} missing; there are {', '.join(sorted(found)) or 'none'}",
            "deploy again: it makes what is missing",
        )
    return ", ".join(wanted) or "no namespaces"
