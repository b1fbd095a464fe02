from __future__ import annotations

import pytest

from alone import synthesized_on_google
from floe_infra.needs import Password
from floe_infra.secrets.ephemeral import encode, random

CONTENT = {"username": 'po"laris ${x}', "password": Password(length=48)}


def test_passwords_come_from_a_provider_that_keeps_none():
    made = []
    stack = synthesized_on_google(lambda stack: made.append(random(stack, "database-polaris", CONTENT)))
    assert stack["ephemeral"]["random_password"] == {
        "database_polaris_password": {
            "length": 48,
            "special": False,
            "min_lower": 1,
            "min_upper": 1,
            "min_numeric": 1,
        }
    }
    assert made[0]["password"] == "ephemeral.random_password.database_polaris_password.result"
    provider = stack["terraform"]["required_providers"]["random"]
    assert provider == {"source": "hashicorp/random", "version": ">= 3.7.0, < 4.0.0"}


def test_what_is_known_stays_what_it_is():
    made = []
    synthesized_on_google(lambda stack: made.append(random(stack, "database-polaris", CONTENT)))
    assert encode(made[0]) == (
        '${jsonencode({"username" = "po\\"laris $${x}", '
        '"password" = ephemeral.random_password.database_polaris_password.result})}'
    )


@pytest.mark.parametrize("content", [{}, {"client_id": "root"}])
def test_without_a_password_nothing_is_made(content):
    stack = synthesized_on_google(lambda stack: random(stack, "fixed", content))
    assert "ephemeral" not in stack
    assert "random" not in stack["terraform"]["required_providers"]
