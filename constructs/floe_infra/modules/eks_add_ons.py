"""`terraform-modules/eks-add-ons`"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from floe_infra.cluster.config import EksConfig
from floe_infra.context import Context
from floe_infra.fields import AwsRegion, Matches
from floe_infra.model import Model
from floe_infra.modules.definition import Module, Output, Outputs, Tokens
from floe_infra.modules.inputs import RoleArn
from floe_infra.modules.site import SiteInputs, site
from floe_infra.refs import IdentityRef

if TYPE_CHECKING:
    from constructs import Construct


class AddOnsInputs(Model):
    """What the module asks for besides what the configuration does."""

    cluster_name: Annotated[str, Matches(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}", "an EKS cluster's name")]
    """The cluster: `module.eks.cluster_name`."""
    region: AwsRegion
    """The cluster's region."""
    autoscaler_role_arn: RoleArn
    """The role that Cluster Autoscaler acts as: `module.eks.autoscaler_role_arn`. It trusts the service account
    `cluster-autoscaler` in `kube-system`."""


def _build(scope: Construct, _: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.cluster.access import AUTOSCALER, disks
    from floe_infra.cluster.autoscaler import ClusterAutoscaler
    from floe_infra.kubernetes.disks import Disks

    made = Disks(scope, "disks", storage=disks(default=True))
    place = site("eks-add-ons", tokens, replace(context, region=tokens.text("var.region")))
    role = tokens.text("var.autoscaler_role_arn")
    ClusterAutoscaler(
        scope,
        "autoscaler",
        site=replace(place, cluster=replace(place.cluster, name=tokens.text("var.cluster_name"))),
        identity=IdentityRef(
            namespace="kube-system",
            service_account=AUTOSCALER,
            role="",
            role_arn=role,
            annotations={"eks.amazonaws.com/role-arn": role},
        ),
        version=tokens.text("var.kubernetes_version"),
    )
    return {
        "storage_class": Output(
            made.name, "The StorageClass, the cluster's default: encrypted gp3 volumes.", [made.storage_class]
        ),
    }


MODULE = Module(
    name="eks-add-ons",
    summary="What an EKS cluster lacks: a default StorageClass, of encrypted volumes, and Cluster Autoscaler.",
    inputs=(AddOnsInputs, SiteInputs, EksConfig),
    hidden=("namespace", *(field for field in EksConfig.model_fields if field != "version")),
    named={"version": "kubernetes_version"},
    construct="floe_infra.cluster.autoscaler:ClusterAutoscaler",
    build=_build,
    providers=("helm", "kubernetes"),
    renamed={"autoscaler": "", "disks": ""},
    sample={
        "cluster_name": "floe-runtime",
        "region": "eu-west-1",
        "autoscaler_role_arn": "arn:aws:iam::111122223333:role/floe-runtime-kube-system.cluster-autoscaler",
    },
)
