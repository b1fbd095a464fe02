from __future__ import annotations

import re

import pytest

from alone import GOOGLE, synthesized_on_google
from floe_infra.cloud.google_iam import Account, account_id
from synthesized import resources


@pytest.mark.parametrize("words", [("nodes",), ("catalog", "polaris"), ("a" * 63, "b" * 63)])
def test_ids_are_what_google_takes(words):
    assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", account_id("a" * 24 + "-staging", *words))
    assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", account_id("a-dev", *words))


def test_ids_keep_words_apart():
    assert account_id("acme-prod", "a-b", "c") != account_id("acme-prod", "a", "b-c")
    assert account_id("acme-prod", "catalog", "polaris").startswith("acme-prod-catalog-pol-")


def test_an_account_has_the_roles_that_it_is_given_in_its_project():
    roles = ["roles/logging.logWriter", "roles/artifactregistry.reader"]

    def make(stack):
        name = account_id(GOOGLE.prefix, "nodes")
        Account(stack, "nodes", account_id=name, description="Nodes", context=GOOGLE, roles=roles)

    stack = synthesized_on_google(make)
    grants = resources(stack, "google_project_iam_member")
    assert {path: (block["project"], block["role"]) for path, block in grants.items()} == {
        "nodes/logging.logWriter": ("acme-data", "roles/logging.logWriter"),
        "nodes/artifactregistry.reader": ("acme-data", "roles/artifactregistry.reader"),
    }
    assert all(block["member"].startswith("${google_service_account.") for block in grants.values())
