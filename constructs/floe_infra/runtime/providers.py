"""Where Terraform gets its providers from when nobody has told it.

A machine without a way to the registry often has the providers unpacked somewhere, in the layout that Terraform calls
a filesystem mirror: ``HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/``. Terraform looks into a few such places itself, but not
into others, and asks the registry for the list of versions all the same. So this finds the mirrors and writes the CLI
configuration that names them. A user's own CLI configuration always wins, and is never written to.

https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MIRROR_VARIABLE = "FLOE_INFRA_PROVIDER_MIRROR"

_OPTIONAL = Path("/opt")
_CONFIG_VARIABLES = ("TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386"}


class ProviderMirrorError(Exception):
    """The mirror that was asked for holds no provider for this machine."""


@dataclass(frozen=True)
class Mirror:
    """A directory with unpacked providers, and which ones it has for this operating system and processor."""

    root: Path
    providers: tuple[str, ...]
    """Source addresses with their host, sorted: ``HOST/NAMESPACE/TYPE``."""


def mirrors(environ: Mapping[str, str] | None = None) -> tuple[Mirror, ...]:
    """The mirrors of this machine: the one named by `FLOE_INFRA_PROVIDER_MIRROR`, or those in the usual places.

    Raises `ProviderMirrorError` when the named one is empty: to fall back would hide a typing error.
    """
    environ = os.environ if environ is None else environ
    named = environ.get(MIRROR_VARIABLE)
    if not named:
        return tuple(found for root in _usual_roots(environ) if (found := _mirror(root)).providers)
    mirror = _mirror(Path(named).expanduser().absolute())
    if not mirror.providers:
        raise ProviderMirrorError(
            f"{MIRROR_VARIABLE} is {named!r}, but no provider for {_platform()} is in there. "
            f"Expected directories like HOST/NAMESPACE/TYPE/VERSION/{_platform()}."
        )
    return (mirror,)


def cli_configuration(directory: Path, environ: Mapping[str, str] | None = None) -> Path | None:
    """Write a CLI configuration for the mirrors of this machine into `directory`, and return its path.

    None where there is nothing to say: the user has a configuration, or there are no mirrors.
    """
    environ = os.environ if environ is None else environ
    if _user_configuration(environ) is not None:
        return None
    found = mirrors(environ)
    if not found:
        return None
    directory.mkdir(exist_ok=True)
    path = directory / "floe-infra.tfrc"
    path.write_text(_provider_installation(found), encoding="utf-8")
    return path


def _user_configuration(environ: Mapping[str, str]) -> Path | None:
    """The CLI configuration that Terraform or OpenTofu would read.

    A variable that names a missing file does not count: Terraform then warns, and uses no configuration at all.
    """
    named = next((environ[name] for name in _CONFIG_VARIABLES if environ.get(name)), None)
    home = _home(environ)
    usual = [
        home / ".terraformrc",
        home / ".tofurc",
        Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "opentofu" / "tofurc",
    ]
    if environ.get("APPDATA"):
        usual += [Path(environ["APPDATA"]) / name for name in ("terraform.rc", "tofu.rc")]
    candidates = [Path(named)] if named else usual
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _usual_roots(environ: Mapping[str, str]) -> list[Path]:
    """Terraform's own implicit mirrors, and what is unpacked under `/opt`."""
    data = [environ.get("XDG_DATA_HOME") or str(_home(environ) / ".local/share")]
    data += (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    optional = sorted(path for path in _OPTIONAL.glob("*") if path.is_dir())
    return [
        _home(environ) / ".terraform.d/plugins",
        *(Path(directory) / "terraform/plugins" for directory in data if directory),
        *optional,
    ]


def _mirror(root: Path) -> Mirror:
    """What `root` holds, unpacked or as the archives that `terraform providers mirror` makes."""
    unpacked = (path.parents[1] for path in root.glob(f"*.*/*/*/*/{_platform()}"))
    packed = (path.parent for path in root.glob(f"*.*/*/*/terraform-provider-*_{_platform()}.zip"))
    return Mirror(root, tuple(sorted({path.relative_to(root).as_posix() for path in (*unpacked, *packed)})))


def _provider_installation(found: Iterable[Mirror]) -> str:
    """Each provider from a mirror that has it, all others from where they usually come.

    Naming the providers matters: a mirror without `include` would be taken as the only source of every provider.
    """
    blocks = [
        f"  filesystem_mirror {{\n"
        f"    path    = {json.dumps(str(mirror.root))}\n"
        f"    include = {json.dumps(mirror.providers)}\n"
        f"  }}\n"
        for mirror in found
    ]
    mirrored = sorted({provider for mirror in found for provider in mirror.providers})
    blocks.append(f"  direct {{\n    exclude = {json.dumps(mirrored)}\n  }}\n")
    return "provider_installation {\n" + "".join(blocks) + "}\n"


def _platform() -> str:
    """The machine as Terraform names it: ``linux_amd64``, ``darwin_arm64``."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or environ.get("USERPROFILE") or Path.home())
