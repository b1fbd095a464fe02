"""An event, to a server that takes what Marquez takes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from checks.servers import Answer, Request, always, answering
from floe_infra.checks.program.here import CheckError, Here
from floe_infra.checks.program.lineage import Lineage


def marquez(request: Request) -> Answer:
    """Answers 201 to what `LineageEvent` takes, and 422 to anything else."""
    assert (request.method, request.path) == ("POST", "/api/v1/lineage")
    event = request.json
    datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00"))
    UUID(event["run"]["runId"])
    needed = {event["job"]["namespace"], event["job"]["name"], event["producer"], event["schemaURL"]}
    return (201, b"") if all(needed) else (422, {"errors": ["must not be null"]})


def test_it_is_taken_and_leaves_one_job_with_one_run():
    with answering(marquez) as server:
        check = Lineage(f"{server.url}/api/v1/lineage", "acme-prod")
        said = check.run(Here({}))
        check.run(Here({}))
        Lineage(check.url, "acme-dev").run(Here({}))
    assert said == f"{server.url}/api/v1/lineage: took an event of job floe-infra-check in namespace acme-prod"
    first, second, other = (request.json for request in server.requests)
    assert first["run"] == second["run"] != other["run"]
    assert first["job"] == {"namespace": "acme-prod", "name": "floe-infra-check"}
    assert (first["inputs"], first["outputs"], first["eventType"]) == ([], [], "COMPLETE")


@pytest.mark.parametrize(
    ("answer", "reason", "fix"),
    [
        (always(404, {"code": 404, "message": "HTTP 404 Not Found"}), "404 Not Found", "/api/v1/lineage"),
        (always(200, b"{}"), "200 OK", "passed over"),
        (always(401, b""), "401 Unauthorized", "wants a login"),
        (always(422, {"errors": ["run must not be null"]}), "run must not be null", ""),
        (always(500, {"code": 500, "message": "There was an error"}), "There was an error", "log"),
    ],
)
def test_it_is_refused(answer, reason, fix):
    with answering(answer) as server, pytest.raises(CheckError) as failed:
        Lineage(f"{server.url}/lineage", "acme").run(Here({}))
    assert reason in failed.value.reason
    assert fix in failed.value.fix
