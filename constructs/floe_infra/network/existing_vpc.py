"""A VPC that is there already."""

from __future__ import annotations

from cdktf import Op, Postcondition, TerraformResourceLifecycle, TerraformSelf
from cdktf_cdktf_provider_aws.data_aws_subnet import DataAwsSubnet
from cdktf_cdktf_provider_aws.data_aws_vpc import DataAwsVpc
from constructs import Construct

from floe_infra.context import Context
from floe_infra.network.config import ExistingVpcConfig
from floe_infra.refs import NetworkRef


class ExistingVpc(Construct):
    """Looks up a VPC and its subnets, and changes nothing there.

    Attributes:
        ref: what other rooms take.
        vpc: the VPC, as Terraform finds it.
        private_subnets: its subnets for nodes, pods and the database.
        public_subnets: its subnets for load balancers.
    """

    def __init__(self, scope: Construct, id: str, *, config: ExistingVpcConfig, context: Context) -> None:  # noqa: ARG002
        super().__init__(scope, id)
        self.vpc = DataAwsVpc(self, "vpc", id=config.vpc_id)
        self.private_subnets = self._subnets("private", config.private_subnet_ids)
        self.public_subnets = self._subnets("public", config.public_subnet_ids)
        self.ref = NetworkRef(
            id=self.vpc.id,
            cidr=self.vpc.cidr_block,
            private_subnet_ids=tuple(subnet.id for subnet in self.private_subnets),
            public_subnet_ids=tuple(subnet.id for subnet in self.public_subnets),
        )

    def _subnets(self, kind: str, ids: list[str]) -> list[DataAwsSubnet]:
        return [
            DataAwsSubnet(
                self,
                f"{kind}_{number}",
                id=subnet,
                lifecycle=TerraformResourceLifecycle(
                    postcondition=[
                        Postcondition(
                            condition=Op.eq(TerraformSelf.get_any("vpc_id"), self.vpc.id),
                            error_message=f"The subnet {subnet} is not in the VPC of network.vpc_id.",
                        )
                    ]
                ),
            )
            for number, subnet in enumerate(ids)
        ]
