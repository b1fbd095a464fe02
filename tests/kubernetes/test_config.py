from __future__ import annotations

import pytest
from pydantic import ValidationError

from floe_infra.kubernetes.config import ChartPlace, ChartsConfig


def test_charts_come_from_their_projects():
    assert ChartsConfig().locate("trino", "https://trinodb.github.io/charts") == ChartPlace(
        "https://trinodb.github.io/charts", "trino"
    )


def test_a_mirror_holds_them_all():
    charts = ChartsConfig(repository="oci://registry.example.com/charts")
    assert charts.locate("trino", "https://elsewhere") == ChartPlace("oci://registry.example.com/charts", "trino")


@pytest.mark.parametrize(("path", "place"), [("charts", "../../../charts/trino"), ("/srv/charts", "/srv/charts/trino")])
def test_a_folder_is_taken_from_beside_the_output(path, place):
    assert ChartsConfig(path=path).locate("trino", "https://elsewhere") == ChartPlace(None, place)


def test_one_of_both():
    with pytest.raises(ValidationError, match="come from `repository` already"):
        ChartsConfig(path="charts", repository="https://x")


def test_a_repository_without_a_login():
    with pytest.raises(ValidationError, match="holds a password"):
        ChartsConfig(repository="oci://user:password@registry.example.com/charts")


@pytest.mark.parametrize("repository", ["ftp://x", "charts", "https://a b", "https://${x}"])
def test_bad_repositories(repository):
    with pytest.raises(ValidationError, match="not valid here"):
        ChartsConfig(repository=repository)
