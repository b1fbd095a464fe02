"""The part of a GKE cluster that Google runs: API server, its logs, who may reach it."""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_google.container_cluster import (
    ContainerCluster,
    ContainerClusterAddonsConfig,
    ContainerClusterAddonsConfigDnsCacheConfig,
    ContainerClusterAddonsConfigGcePersistentDiskCsiDriverConfig,
    ContainerClusterAddonsConfigHorizontalPodAutoscaling,
    ContainerClusterAddonsConfigHttpLoadBalancing,
    ContainerClusterAuthenticatorGroupsConfig,
    ContainerClusterBinaryAuthorization,
    ContainerClusterCostManagementConfig,
    ContainerClusterDatabaseEncryption,
    ContainerClusterIpAllocationPolicy,
    ContainerClusterLoggingConfig,
    ContainerClusterMaintenancePolicy,
    ContainerClusterMaintenancePolicyRecurringWindow,
    ContainerClusterMasterAuth,
    ContainerClusterMasterAuthClientCertificateConfig,
    ContainerClusterMasterAuthorizedNetworksConfig,
    ContainerClusterMasterAuthorizedNetworksConfigCidrBlocks,
    ContainerClusterMonitoringConfig,
    ContainerClusterMonitoringConfigManagedPrometheus,
    ContainerClusterNetworkPolicy,
    ContainerClusterNodeConfig,
    ContainerClusterNodeConfigShieldedInstanceConfig,
    ContainerClusterNodeConfigWorkloadMetadataConfig,
    ContainerClusterNodePoolDefaults,
    ContainerClusterNodePoolDefaultsNodeConfigDefaults,
    ContainerClusterPrivateClusterConfig,
    ContainerClusterReleaseChannel,
    ContainerClusterWorkloadIdentityConfig,
)
from cdktf_cdktf_provider_google.data_google_project import DataGoogleProject
from cdktf_cdktf_provider_google.kms_crypto_key_iam_member import KmsCryptoKeyIamMember
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.cloud.google_iam import Account
from floe_infra.cloud.google_kms import EncryptionKey
from floe_infra.cloud.google_logs import LogBucket
from floe_infra.cluster.config import MAINTENANCE_HOURS, GkeConfig
from floe_infra.context import Context
from floe_infra.refs import NetworkRef

_LOGS = ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"]
_WITHOUT_ZONE_A = ("europe-west1", "us-east1")
"""Regions whose first zone is b (https://cloud.google.com/compute/docs/regions-zones#available)."""


class GkeControlPlane(Construct):
    """The API server and what belongs to it.

    Whoever may make clusters in the project (`roles/container.admin`) administers this one: GKE takes IAM's word before
    its own.

    Args:
        account: what the nodes do their work with.

    Attributes:
        location: the region, or the zone of a zonal cluster.
        zones: how many its nodes are in.
        key: encrypts secrets; None when an existing key or Google's own is used.
        cluster: the cluster itself, without nodes.
        logs: what API server, scheduler and controllers say.
    """

    def __init__(
        self, scope: Construct, id: str, *, config: GkeConfig, context: Context, network: NetworkRef, account: Account
    ) -> None:
        super().__init__(scope, id)
        self._config, self._context, self._network, self._account = config, context, network, account
        zonal = config.availability == "zonal"
        self.location = (config.zone or _first_zone(context.region)) if zonal else context.region
        self.zones = 1 if zonal else 3
        makes_key = config.own_key and not config.kms_key_name
        self.key = EncryptionKey(self, "key", context=context, purpose="cluster") if makes_key else None
        self.cluster = self._cluster()
        self.logs = LogBucket(
            self,
            "logs",
            purpose="cluster",
            description=f"Control plane logs of {context.prefix}",
            filter=_control_plane(self.cluster.name, self.location),
            days=config.log_retention_days,
            context=context,
        )

    @property
    def workload_pool(self) -> str:
        """Of the identities of pods; what takes it comes after the cluster."""
        return self.cluster.workload_identity_config.workload_pool

    def _cluster(self) -> ContainerCluster:
        config, context, network = self._config, self._context, self._network
        usable = [self._let_use(self.key)] if self.key else []
        apis = [google.api(self, name) for name in ("container", "binaryauthorization")]
        return ContainerCluster(
            self,
            "cluster",
            name=context.prefix,
            description=f"Kubernetes cluster of {context.prefix}",
            resource_labels=dict(context.labels),
            location=self.location,
            deletion_protection=context.keeps_data,
            min_master_version=config.version,
            release_channel=ContainerClusterReleaseChannel(channel=config.release_channel.upper()),
            maintenance_policy=self._maintenance(),
            network=network.id,
            subnetwork=network.private_subnet_ids[0],
            networking_mode="VPC_NATIVE",
            ip_allocation_policy=ContainerClusterIpAllocationPolicy(
                cluster_secondary_range_name=network.pod_range, services_secondary_range_name=network.service_range
            ),
            # Keeps network policies; the keeper before it is off then.
            datapath_provider="ADVANCED_DATAPATH",
            network_policy=ContainerClusterNetworkPolicy(enabled=False),
            enable_intranode_visibility=True,
            # The private endpoint has an address of the subnet.
            private_cluster_config=ContainerClusterPrivateClusterConfig(
                enable_private_nodes=True, enable_private_endpoint=not config.public_access_cidrs
            ),
            master_authorized_networks_config=self._authorized_networks(),
            master_auth=ContainerClusterMasterAuth(
                client_certificate_config=ContainerClusterMasterAuthClientCertificateConfig(
                    issue_client_certificate=False
                )
            ),
            authenticator_groups_config=ContainerClusterAuthenticatorGroupsConfig(
                security_group=f"gke-security-groups@{context.groups_domain}"
            )
            if context.groups_domain
            else None,
            workload_identity_config=ContainerClusterWorkloadIdentityConfig(
                workload_pool=f"{context.account_id}.svc.id.goog"
            ),
            database_encryption=self._database_encryption(),
            # Lets the project's own policy, which admits every image unless somebody changed it, hold here too.
            binary_authorization=ContainerClusterBinaryAuthorization(
                evaluation_mode="PROJECT_SINGLETON_POLICY_ENFORCE"
            ),
            logging_config=ContainerClusterLoggingConfig(enable_components=_LOGS),
            monitoring_config=ContainerClusterMonitoringConfig(
                enable_components=["SYSTEM_COMPONENTS"],
                managed_prometheus=ContainerClusterMonitoringConfigManagedPrometheus(enabled=True),
            ),
            addons_config=_addons(),
            cost_management_config=ContainerClusterCostManagementConfig(enabled=True),
            enable_shielded_nodes=True,
            enable_legacy_abac=False,
            node_pool_defaults=ContainerClusterNodePoolDefaults(
                node_config_defaults=ContainerClusterNodePoolDefaultsNodeConfigDefaults(
                    insecure_kubelet_readonly_port_enabled="FALSE"
                )
            ),
            # Nodes have pools of their own; GKE makes no cluster without any.
            remove_default_node_pool=True,
            initial_node_count=1,
            node_config=self._first_node(),
            depends_on=[*apis, *usable, *self._account.roles],
            lifecycle=TerraformResourceLifecycle(ignore_changes=["initial_node_count", "node_config"]),
        )

    def _database_encryption(self) -> ContainerClusterDatabaseEncryption:
        """Said either way: a key that is no longer named would otherwise stay in use."""
        name = self.key.name if self.key else self._config.kms_key_name
        return ContainerClusterDatabaseEncryption(state="ENCRYPTED" if name else "DECRYPTED", key_name=name)

    def _let_use(self, key: EncryptionKey) -> KmsCryptoKeyIamMember:
        """https://cloud.google.com/kubernetes-engine/docs/how-to/encrypting-secrets#grant_permission"""
        apis = [google.api(self, name) for name in ("cloudresourcemanager", "container")]
        project = DataGoogleProject(self, "project", project_id=self._context.account_id, depends_on=apis)
        return key.let_use(
            "gke", f"serviceAccount:service-{project.number}@container-engine-robot.iam.gserviceaccount.com"
        )

    def _authorized_networks(self) -> ContainerClusterMasterAuthorizedNetworksConfig:
        """Without any, nodes and pods alone reach the API server; with none said, everybody on the internet may."""
        given = {"public access": self._config.public_access_cidrs, "private access": self._config.private_access_cidrs}
        return ContainerClusterMasterAuthorizedNetworksConfig(
            cidr_blocks=[
                ContainerClusterMasterAuthorizedNetworksConfigCidrBlocks(cidr_block=cidr, display_name=name)
                for name, cidrs in given.items()
                for cidr in cidrs
            ],
            gcp_public_cidrs_access_enabled=False,
            private_endpoint_enforcement_enabled=True,
        )

    def _maintenance(self) -> ContainerClusterMaintenancePolicy:
        """A date in the past tells the window's hours; from there on it comes every week."""
        begin, end = self._config.maintenance_hour, self._config.maintenance_hour + MAINTENANCE_HOURS
        return ContainerClusterMaintenancePolicy(
            recurring_window=ContainerClusterMaintenancePolicyRecurringWindow(
                start_time=f"2026-01-01T{begin:02}:00:00Z",
                end_time=f"2026-01-0{1 + end // 24}T{end % 24:02}:00:00Z",
                recurrence=f"FREQ=WEEKLY;BYDAY={','.join(self._config.maintenance_days)}",
            )
        )

    def _first_node(self) -> ContainerClusterNodeConfig:
        """For the minutes that it is there, it is as safe as the others."""
        return ContainerClusterNodeConfig(
            service_account=self._account.account.email,
            oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
            workload_metadata_config=ContainerClusterNodeConfigWorkloadMetadataConfig(mode="GKE_METADATA"),
            shielded_instance_config=ContainerClusterNodeConfigShieldedInstanceConfig(
                enable_secure_boot=True, enable_integrity_monitoring=True
            ),
        )


def _addons() -> ContainerClusterAddonsConfig:
    """Without the DNS cache on each node: network policies that let pods ask `kube-dns` would not let them ask it
    (https://cloud.google.com/kubernetes-engine/docs/how-to/nodelocal-dns-cache#network_policy)."""
    return ContainerClusterAddonsConfig(
        http_load_balancing=ContainerClusterAddonsConfigHttpLoadBalancing(disabled=False),
        horizontal_pod_autoscaling=ContainerClusterAddonsConfigHorizontalPodAutoscaling(disabled=False),
        gce_persistent_disk_csi_driver_config=ContainerClusterAddonsConfigGcePersistentDiskCsiDriverConfig(
            enabled=True
        ),
        dns_cache_config=ContainerClusterAddonsConfigDnsCacheConfig(enabled=False),
    )


def _control_plane(cluster: str, location: str) -> str:
    """What API server, scheduler, controllers and the cluster itself say, as a filter of logs."""
    types = 'resource.type=("k8s_control_plane_component" OR "k8s_cluster")'
    return f'{types} AND resource.labels.cluster_name="{cluster}" AND resource.labels.location="{location}"'


def _first_zone(region: str) -> str:
    return f"{region}-{'b' if region in _WITHOUT_ZONE_A else 'a'}"
