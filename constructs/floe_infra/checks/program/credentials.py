"""The platform's secrets, read where the program runs, by name: from the environment or the cloud's secret manager."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from . import aws, google
from .here import CheckError, Here
from .web import ask

GOOGLE = "https://secretmanager.googleapis.com"

Manager = Literal["aws", "google"]


@dataclass(frozen=True)
class Entry:
    """One value of a secret.

    Attributes:
        key: what it is called inside the secret.
        variable: the environment variable that holds it, if there is one.
        kubernetes_key: what it is called inside the Secret in the cluster, from which the job has the variable.
    """

    key: str
    variable: str
    kubernetes_key: str = ""


@dataclass(frozen=True)
class Secret:
    """Where a secret lies; never its value.

    Attributes:
        entries: its values.
        kubernetes_name: the Secret in the cluster.
        manager: the cloud whose secret manager has it; None where none does.
        name: what it is called there.
        region: of that secret manager, on AWS.
        project: likewise, on Google.
        endpoint: of that secret manager, if it is not the cloud's own.
    """

    entries: Sequence[Entry]
    kubernetes_name: str = ""
    manager: Manager | None = None
    name: str = ""
    region: str = ""
    project: str = ""
    endpoint: str = ""

    def read(self, here: Here) -> dict[str, str]:
        """Its values by key: from the environment if it has them all, else from the secret manager.

        Raises:
            CheckError: nobody has it.
        """
        told = {each.key: here.environment.get(each.variable, "") for each in self.entries}
        if not all(told.values()):
            told = self._from_manager(here)
        for value in told.values():
            here.secret(value)
        return told

    def _from_manager(self, here: Here) -> dict[str, str]:
        missing = " and ".join(each.variable for each in self.entries if not here.environment.get(each.variable))
        if here.in_cluster:
            raise CheckError(
                f"no {missing}: the Secret {self.kubernetes_name} is not there, or lacks a key",
                f"see what keeps it from being made: kubectl get externalsecret,secret {self.kubernetes_name}",
            )
        if not self.manager:
            raise CheckError(
                f"no {missing} in the environment, and no secret manager that has it",
                "set it, or run where it is: floe-infra check --in-cluster",
            )
        body = _as_object(self._from_aws(here) if self.manager == "aws" else self._from_google(here))
        try:
            return {each.key: str(body[each.key]) for each in self.entries}
        except KeyError as key:
            raise CheckError(f"secret {self.name}: it has no key {key}", "put it there") from None

    def _from_aws(self, here: Here) -> str:
        """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html"""
        keys = aws.find_keys(here, self.region)
        url = self.endpoint or f"https://{aws.host('secretsmanager', self.region)}"
        fix = f"make the secret {self.name}, or deploy again"
        answer = aws.ask_json(
            here,
            keys,
            "secretsmanager",
            self.region,
            f"{url}/",
            "secretsmanager.GetSecretValue",
            {"SecretId": self.name},
            fixes={"ResourceNotFoundException": fix},
        )
        return str(answer.get("SecretString", ""))

    def _from_google(self, here: Here) -> str:
        """https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access"""
        url = f"{self.endpoint or GOOGLE}/v1/projects/{self.project}/secrets/{self.name}/versions/latest:access"
        fixes: dict[int | str, str] = {
            401: "log in: gcloud auth application-default login",
            403: f"have yourself made a Secret Manager Secret Accessor of {self.name}",
            404: f"give the secret {self.name} a version, or deploy again",
        }
        answer = ask(here, "GET", url, headers=google.bearer(here), fixes=fixes).json
        return base64.b64decode(answer["payload"]["data"]).decode()


def _as_object(text: str) -> Mapping[str, Any]:
    """What is no object has no keys."""
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
