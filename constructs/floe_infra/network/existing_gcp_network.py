"""A network on Google Cloud that is there already."""

from __future__ import annotations

from cdktf import Op, Postcondition, TerraformResourceLifecycle, TerraformSelf
from cdktf_cdktf_provider_google.data_google_compute_network import DataGoogleComputeNetwork
from cdktf_cdktf_provider_google.data_google_compute_subnetwork import DataGoogleComputeSubnetwork
from constructs import Construct

from floe_infra.context import Context
from floe_infra.network.config import ExistingGcpNetworkConfig
from floe_infra.refs import NetworkRef


class ExistingGcpNetwork(Construct):
    """Looks up a network and its subnet, and changes nothing there. A database in it needs private services access,
    which must be there too.

    Attributes:
        ref: what other rooms take.
        network: the network, as Terraform finds it.
        subnet: its subnet for nodes, pods and Services.
    """

    def __init__(self, scope: Construct, id: str, *, config: ExistingGcpNetworkConfig, context: Context) -> None:
        super().__init__(scope, id)
        project = config.project or context.account_id
        self.network = DataGoogleComputeNetwork(self, "network", name=config.network, project=project)
        self.subnet = DataGoogleComputeSubnetwork(
            self,
            "subnet",
            name=config.subnet,
            region=context.region,
            project=project,
            lifecycle=TerraformResourceLifecycle(postcondition=self._conditions(config)),
        )
        self.ref = NetworkRef(
            id=self.network.id,
            cidr=self.subnet.ip_cidr_range,
            private_subnet_ids=(self.subnet.id,),
            pod_range=config.pod_range,
            service_range=config.service_range,
            private_services=self.network.id,
        )

    def _conditions(self, config: ExistingGcpNetworkConfig) -> list[Postcondition]:
        """What Google would otherwise say half an hour later, in other words."""
        return [
            Postcondition(
                condition=Op.eq(TerraformSelf.get_any("network"), self.network.self_link),
                error_message=f"The subnet {config.subnet} is not in the network {config.network}.",
            ),
            Postcondition(
                condition=TerraformSelf.get_any("private_ip_google_access"),
                error_message=f"The subnet {config.subnet} has no Private Google Access.",
            ),
            *(
                Postcondition(
                    # CDKTF would lose the asterisk.
                    condition=f'${{contains(self.secondary_ip_range[*].range_name, "{range}")}}',
                    error_message=f"The subnet {config.subnet} has no secondary range {range}.",
                )
                for range in (config.pod_range, config.service_range)
            ),
        ]
