"""An EKS add-on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.data_aws_eks_addon_version import DataAwsEksAddonVersion
from cdktf_cdktf_provider_aws.eks_addon import EksAddon
from constructs import Construct

from floe_infra.cloud.iam import Role


class Addon(Construct):
    """A part of the cluster that EKS installs, in the version that EKS prefers for the Kubernetes version.

    The version is looked up, as EKS does not raise an add-on's when the cluster's is raised.

    Args:
        version: one to pin instead.
        role: what its service account acts as.
        configuration: after the schema that `aws eks describe-addon-configuration` prints.
        depends_on: what it needs to become ready.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        cluster_name: str,
        kubernetes_version: str,
        version: str | None = None,
        role: Role | None = None,
        configuration: Mapping[str, object] | None = None,
        depends_on: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        if version is None:
            preferred = DataAwsEksAddonVersion(self, "version", addon_name=name, kubernetes_version=kubernetes_version)
            version = preferred.version
        self.addon = EksAddon(
            self,
            "addon",
            cluster_name=cluster_name,
            addon_name=name,
            addon_version=version,
            configuration_values=json.dumps(configuration) if configuration else None,
            service_account_role_arn=role.role.arn if role else None,
            # Terraform's configuration is the one that holds; nobody else's is kept beside it.
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            depends_on=[*depends_on, *(role.policies if role else ())],
        )
