from __future__ import annotations

from pathlib import Path

from floe_infra.config import PlatformConfig
from floe_infra.synthesis import synthesize


def test_labels_of_digits_stay_text(tmp_path: Path):
    cloud = {"provider": "gcp", "project": "acme-data", "region": "europe-west4", "labels": {"cost-center": "0815"}}
    config = PlatformConfig.model_validate(
        {"name": "acme", "environment": "dev", "cloud": cloud, "cluster": {"kind": "none"}}
    )
    [foundation] = synthesize(config, tmp_path / "cdktf.out", hcl=True)
    provider = foundation.file.read_text().partition('provider "google" {')[2].partition("\n}\n}")[0]
    assert sorted(provider.split("default_labels = {\n")[1].splitlines()) == [
        '"cost-center" = "0815"',
        '"floe-infra-environment" = "dev"',
        '"floe-infra-platform" = "acme"',
    ]
