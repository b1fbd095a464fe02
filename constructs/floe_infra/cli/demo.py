"""`floe-infra demo`"""

from __future__ import annotations

import tempfile
from pathlib import Path

from floe_infra.cli.deploy import deploy_platform
from floe_infra.cli.destroy import destroy_platform
from floe_infra.cli.options import ConfigFile
from floe_infra.cli.output import results
from floe_infra.config import PlatformConfig, load
from floe_infra.runtime.emulator import Emulator
from floe_infra.runtime.terraform import find_program


def demo(config_file: ConfigFile = Path("examples/local.yaml")) -> None:
    """Deploy a platform with real Terraform into an AWS emulator, show it, and take it down again."""
    config = load(config_file)
    find_program()
    with Emulator() as aws, tempfile.TemporaryDirectory(prefix="floe-infra-demo-") as folder:
        emulated, out = on_emulator(config, aws.endpoint), Path(folder) / "cdktf.out"
        outputs = deploy_platform(emulated, out, yes=True, environment=aws.environment)
        results.print(f"\nDeployed into an AWS emulator at {aws.endpoint}:", style="bold green", markup=False)
        for values in outputs.values():
            for name, value in values.items():
                results.print(f"  {name} = {value}", markup=False)
        results.print("\nTaking it down again.", style="bold", markup=False)
        count = destroy_platform(emulated, out, yes=True, environment=aws.environment)
        results.print(f"{count} resources destroyed.", style="bold green", markup=False)


def on_emulator(config: PlatformConfig, endpoint: str) -> PlatformConfig:
    """The same platform at another endpoint, with its state beside the output."""
    from floe_infra.state import LocalState

    cloud = config.cloud.model_copy(update={"endpoint": endpoint})
    return config.model_copy(update={"cloud": cloud, "state": LocalState()})
