"""Lineage: Marquez takes an OpenLineage event, as floe-runtime sends it.

An event that leaves little behind: it has no datasets, its job is always `floe-infra-check`, in the namespace that the
platform's own runs have, and its run always has the same id. However often it is sent, there are one job and one run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from uuid import NAMESPACE_URL, uuid5

from .here import Here
from .web import ask

JOB = "floe-infra-check"
_PRODUCER = "urn:floe-infra:check"
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"


@dataclass(frozen=True)
class Lineage:
    """Where events go.

    Attributes:
        url: with its path.
        namespace: of the platform's runs.
    """

    url: str
    namespace: str

    def run(self, here: Here) -> str:
        event = {
            "eventType": "COMPLETE",
            "eventTime": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "run": {"runId": str(uuid5(NAMESPACE_URL, f"{_PRODUCER}:{self.namespace}"))},
            "job": {"namespace": self.namespace, "name": JOB},
            "inputs": [],
            "outputs": [],
            "producer": _PRODUCER,
            "schemaURL": _SCHEMA,
        }
        ask(
            here,
            "POST",
            self.url,
            headers={"Content-Type": "application/json"},
            content=json.dumps(event).encode(),
            # With 200, Marquez says that it has passed over an event of a kind that it does not know.
            expected=(201,),
            fixes={
                200: "the server has passed over the event: see of which version it is",
                401: "the server wants a login",
                404: "see the URL's path: Marquez has /api/v1/lineage",
            },
        )
        return f"{self.url}: took an event of job {JOB} in namespace {self.namespace}"
