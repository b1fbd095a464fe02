"""Which providers are found on a machine, and whose configuration counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_infra.runtime import providers
from floe_infra.runtime.providers import ProviderMirrorError, cli_configuration, mirrors

HOST = "registry.example.com"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An empty machine: the environment of a user whose home and data directories are under `tmp_path`."""
    monkeypatch.setattr(providers, "_OPTIONAL", tmp_path / "opt")
    monkeypatch.setattr(providers, "_platform", lambda: "linux_amd64")
    return {"HOME": str(tmp_path / "home"), "XDG_DATA_DIRS": str(tmp_path / "share")}


def unpack(root: Path, provider: str, platform: str = "linux_amd64") -> None:
    (root / HOST / provider / "5.100.0" / platform).mkdir(parents=True)


def test_an_empty_machine_has_nothing_to_say(tmp_path: Path, machine: dict[str, str]) -> None:
    assert mirrors(machine) == ()
    assert cli_configuration(tmp_path, machine) is None


@pytest.mark.parametrize("place", ["home/.terraform.d/plugins", "share/terraform/plugins", "opt/anything"])
def test_unpacked_providers_are_found_in_the_usual_places(tmp_path: Path, machine: dict[str, str], place: str) -> None:
    unpack(tmp_path / place, "hashicorp/aws")
    assert [mirror.root for mirror in mirrors(machine)] == [tmp_path / place]


def test_archives_count_and_other_platforms_do_not(tmp_path: Path, machine: dict[str, str]) -> None:
    root = tmp_path / "opt/mirror"
    unpack(root, "hashicorp/aws", platform="darwin_arm64")
    archives = root / HOST / "hashicorp/random"
    archives.mkdir(parents=True)
    (archives / "terraform-provider-random_3.7.2_linux_amd64.zip").touch()
    assert mirrors(machine)[0].providers == (f"{HOST}/hashicorp/random",)


def test_the_mirror_that_was_named_is_the_only_one(tmp_path: Path, machine: dict[str, str]) -> None:
    unpack(tmp_path / "opt/other", "hashicorp/aws")
    unpack(tmp_path / "mine", "hashicorp/helm")
    found = mirrors({**machine, "FLOE_INFRA_PROVIDER_MIRROR": str(tmp_path / "mine")})
    assert [mirror.root for mirror in found] == [tmp_path / "mine"]


def test_a_named_mirror_without_providers_is_an_error(tmp_path: Path, machine: dict[str, str]) -> None:
    with pytest.raises(ProviderMirrorError, match=r"FLOE_INFRA_PROVIDER_MIRROR is '.*nowhere'.*linux_amd64"):
        mirrors({**machine, "FLOE_INFRA_PROVIDER_MIRROR": str(tmp_path / "nowhere")})


def test_the_configuration_takes_from_a_mirror_only_what_it_has(tmp_path: Path, machine: dict[str, str]) -> None:
    unpack(tmp_path / "opt/a", "hashicorp/aws")
    unpack(tmp_path / "opt/b", "hashicorp/helm")
    written = cli_configuration(tmp_path / ".terraform", machine)
    assert written is not None
    assert (
        written.read_text()
        == f"""\
provider_installation {{
  filesystem_mirror {{
    path    = "{tmp_path}/opt/a"
    include = ["{HOST}/hashicorp/aws"]
  }}
  filesystem_mirror {{
    path    = "{tmp_path}/opt/b"
    include = ["{HOST}/hashicorp/helm"]
  }}
  direct {{
    exclude = ["{HOST}/hashicorp/aws", "{HOST}/hashicorp/helm"]
  }}
}}
"""
    )


@pytest.mark.parametrize("usual", [".terraformrc", ".tofurc", ".config/opentofu/tofurc"])
def test_a_users_configuration_wins(tmp_path: Path, machine: dict[str, str], usual: str) -> None:
    unpack(tmp_path / "opt/a", "hashicorp/aws")
    own = tmp_path / "home" / usual
    own.parent.mkdir(parents=True)
    own.write_text("disable_checkpoint = true\n")
    assert cli_configuration(tmp_path / ".terraform", machine) is None
    assert own.read_text() == "disable_checkpoint = true\n"


def test_a_configuration_that_does_not_exist_is_none(tmp_path: Path, machine: dict[str, str]) -> None:
    unpack(tmp_path / "opt/a", "hashicorp/aws")
    named = tmp_path / "terraform.rc"
    environ = {**machine, "TF_CLI_CONFIG_FILE": str(named)}
    assert cli_configuration(tmp_path / ".terraform", environ) is not None
    named.touch()
    assert cli_configuration(tmp_path / ".terraform", environ) is None
