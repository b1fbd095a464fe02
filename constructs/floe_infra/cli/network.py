"""`floe-infra network`"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from floe_infra.cli.options import CONFIG_FILE, AsJson, ConfigFile
from floe_infra.cli.output import errors, print_json, results
from floe_infra.config import PlatformConfig, load
from floe_infra.runtime import fast_import

if TYPE_CHECKING:
    from floe_infra.network.reachability import Reached


def network(config_file: ConfigFile = CONFIG_FILE, as_json: AsJson = False) -> None:
    """Show which pods may talk to which, as the network policies have it."""
    config = load(config_file)
    found = _matrix(config)
    if as_json:
        rows = [{"client": each.client, "server": each.server, "ports": list(each.ports)} for each in found]
        print_json({"enforced": config.kubernetes.network_policies.enabled, "reachable": rows})
    elif found:
        _show(found)
    else:
        errors.print("There are no network policies: no cluster, or `network_policies.enabled: false`.", markup=False)


def _matrix(config: PlatformConfig) -> Sequence[Reached]:
    """Nothing where there are no policies, as then everything is reachable."""
    fast_import.enable()
    from cdktf import App

    from floe_infra.network.reachability import all_ends, matrix
    from floe_infra.platform import FloePlatform

    services = FloePlatform(App(), "platform", config).services
    if services is None or services.network_policies is None:
        return ()
    workloads = [workload for section in services.workloads.values() for workload in section]
    policies = [policy for each in services.network_policies.policies.values() for policy in each]
    return matrix(all_ends(workloads, services.edges), services.edges, policies)


def _show(found: Sequence[Reached]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("from", "to", "TCP ports"):
        table.add_column(name, overflow="fold")
    before = ""
    for each in found:
        ports = ", ".join(map(str, each.ports)) or "all"
        table.add_row("" if each.client == before else each.client, each.server, ports)
        before = each.client
    results.print(table)
    errors.print("Pods look up names in kube-system besides. Everything else is refused.", style="dim", markup=False)
