"""Google: a token of who we are there."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlencode

from .here import CheckError, Here
from .web import ask

_TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"
_REFRESH = "https://oauth2.googleapis.com/token"


def find_token(here: Here) -> str:
    """An access token, as Google's own clients find it: in a pod from the metadata server; elsewhere from the
    environment, from what `gcloud auth application-default login` has left, or from `gcloud`.

    Raises:
        CheckError: there is none.
    """
    if here.in_cluster:
        return _of_pod(here)
    found = here.environment.get("GOOGLE_OAUTH_ACCESS_TOKEN") or _of_user(here)
    found = found or here.memory.get("gcloud", lambda: _from_command_line(here))
    if not found:
        raise CheckError("there are no credentials of Google's", "log in: gcloud auth application-default login")
    return here.secret(found)


def bearer(here: Here) -> dict[str, str]:
    """The header that goes with every request."""
    return {"Authorization": f"Bearer {find_token(here)}"}


def _of_pod(here: Here) -> str:
    """https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity#metadata_server"""
    server = here.environment.get("GCE_METADATA_HOST") or "metadata.google.internal"
    fix = "annotate the service account with iam.gke.io/gcp-service-account, and let it act as that account"
    url = f"http://{server}{_TOKEN}"
    answer = ask(here, "GET", url, headers={"Metadata-Flavor": "Google"}, fixes=dict.fromkeys((403, 404, 500), fix))
    return here.secret(answer.json["access_token"])


def _of_user(here: Here) -> str | None:
    """A service account's key, which would have to sign something, is left to `gcloud`."""
    told = here.environment
    default = Path(told.get("HOME", "/"), ".config", "gcloud", "application_default_credentials.json")
    try:
        held = json.loads(Path(told.get("GOOGLE_APPLICATION_CREDENTIALS") or default).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if held.get("type") != "authorized_user":
        return None
    form = {
        "grant_type": "refresh_token",
        "client_id": held["client_id"],
        "client_secret": here.secret(held["client_secret"]),
        "refresh_token": here.secret(held["refresh_token"]),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    fix = "log in anew: gcloud auth application-default login"
    answer = ask(here, "POST", _REFRESH, headers=headers, content=urlencode(form).encode(), fixes={400: fix, 401: fix})
    return str(answer.json["access_token"])


def _from_command_line(here: Here) -> str | None:
    program = shutil.which("gcloud", path=here.environment.get("PATH"))
    if program is None:
        return None
    try:
        said = subprocess.run(
            [program, "auth", "print-access-token", "--quiet"],
            env=dict(here.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=here.left,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return said.strip() or None
