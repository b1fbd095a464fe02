"""Tokens, as Google's clients find them."""

from __future__ import annotations

import json

import pytest

from checks.servers import always, answering
from floe_infra.checks.program import google as program
from floe_infra.checks.program.here import CheckError, Here


def test_a_pod_asks_the_metadata_server():
    said = {"access_token": "ya29.pod", "expires_in": 3599, "token_type": "Bearer"}
    with answering(always(200, said)) as server:
        host = server.url.removeprefix("http://")
        here = Here({"GCE_METADATA_HOST": host, "GOOGLE_OAUTH_ACCESS_TOKEN": "of-somebody-else"}, in_cluster=True)
        assert program.bearer(here) == {"Authorization": "Bearer ya29.pod"}
        assert here.printable("ya29.pod") == "***"
    [request] = server.requests
    assert request.path == "/computeMetadata/v1/instance/service-accounts/default/token"
    assert request.headers["metadata-flavor"] == "Google"


def test_a_pod_that_may_not_act_as_the_account():
    said = {"error": {"code": 403, "message": "Permission 'iam.serviceAccounts.getAccessToken' denied"}}
    with answering(always(403, said)) as server, pytest.raises(CheckError, match="getAccessToken") as failed:
        program.find_token(Here({"GCE_METADATA_HOST": server.url.removeprefix("http://")}, in_cluster=True))
    assert "iam.gke.io/gcp-service-account" in failed.value.fix


def test_elsewhere_what_terraform_takes_too():
    assert program.find_token(Here({"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29"})) == "ya29"


def test_who_has_logged_in(monkeypatch, tmp_path):
    held = {"type": "authorized_user", "client_id": "c", "client_secret": "cs", "refresh_token": "1//refresh"}
    (tmp_path / "adc.json").write_text(json.dumps(held))
    with answering(always(200, {"access_token": "ya29.user"})) as server:
        monkeypatch.setattr(program, "_REFRESH", server.url)
        here = Here({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "adc.json")})
        assert program.find_token(here) == "ya29.user"
    form = server.requests[0].form
    assert (form["grant_type"], form["refresh_token"]) == ("refresh_token", "1//refresh")
    assert here.printable("1//refresh") == "***"


def test_a_login_that_has_ended(monkeypatch, tmp_path):
    held = {"type": "authorized_user", "client_id": "c", "client_secret": "cs", "refresh_token": "1//refresh"}
    (tmp_path / "adc.json").write_text(json.dumps(held))
    said = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    here = Here({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "adc.json")})
    with answering(always(400, said)) as server:
        monkeypatch.setattr(program, "_REFRESH", server.url)
        with pytest.raises(CheckError, match="expired or revoked") as failed:
            program.find_token(here)
    assert "log in anew" in failed.value.fix


def test_gclouds_own_login(tmp_path):
    gcloud = tmp_path / "gcloud"
    gcloud.write_text("#!/bin/sh\n[ \"$1 $2\" = 'auth print-access-token' ] && echo ya29.gcloud\n")
    gcloud.chmod(0o755)
    assert program.find_token(Here({"PATH": f"{tmp_path}:/bin:/usr/bin", "HOME": str(tmp_path)})) == "ya29.gcloud"


def test_nobody(tmp_path):
    with pytest.raises(CheckError, match="no credentials of Google's"):
        program.find_token(Here({"PATH": str(tmp_path), "HOME": str(tmp_path)}))
