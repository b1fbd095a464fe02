from __future__ import annotations

from typing import Any

from floe_infra.kubernetes import charts
from floe_infra.kubernetes.config import ChartsConfig
from in_cluster import releases, site, synthesized


def release(values: dict[str, Any] | None = None, source: ChartsConfig | None = None, **more: Any) -> dict[str, Any]:
    def make(stack: Any) -> None:
        place = site(charts=source or ChartsConfig())
        place.release(stack, "trino", chart=charts.TRINO, namespace="query", values=values or {}, **more)

    return releases(synthesized(make))["trino"]


def test_a_release_that_does_not_become_ready_is_taken_back():
    made = release()
    assert made["atomic"] is made["cleanup_on_fail"] is made["wait"] is True
    assert made["timeout"] >= 600


def test_one_that_cannot_become_ready_by_itself_is_not():
    made = release(wait=False)
    assert made["atomic"] is made["wait"] is False


def test_the_version_is_the_pinned_one():
    made = release()
    assert (made["repository"], made["chart"], made["version"]) == (
        "https://trinodb.github.io/charts",
        "trino",
        charts.TRINO.version,
    )


def test_from_a_folder_the_charts_version_is_the_folders():
    made = release(source=ChartsConfig(path="charts"))
    assert made["chart"] == "../../../charts/trino"
    assert "version" not in made
    assert "repository" not in made


def test_the_users_values_win():
    made = release({"worker": {"jvm": "8G", "spot": True}}, user_values={"worker": {"jvm": "6G"}, "extra": None})
    assert made["values"] == {"worker": {"jvm": "6G", "spot": True}, "extra": None}


def test_charts_are_pinned_exactly():
    pinned = [each for each in vars(charts).values() if isinstance(each, charts.Chart)]
    assert len(pinned) > 8
    for chart in pinned:
        assert chart.version[0].isdigit()
        assert chart.repository.startswith(("https://", "oci://"))
        assert not chart.repository.endswith("/")
