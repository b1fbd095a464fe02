"""EKS where moto stops: what a cluster has besides node groups and Fargate profiles.

A platform also needs add-ons, access entries and Pod Identity associations, and Terraform's AWS provider follows each
in-place change with ``DescribeUpdate``. Records are kept in the API's own shape (camelCase keys), so that an answer
(:mod:`.eks_api`) is the record itself.

Answers follow the EKS API reference (https://docs.aws.amazon.com/eks/latest/APIReference/). Things become ACTIVE at
once: there is nothing to wait for.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.ec2.models import ec2_backends
from moto.eks.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from moto.eks.models import Cluster, EKSBackend, Nodegroup
from moto.moto_api._internal import mock_random

Record = dict[str, Any]

DEFAULT_KUBERNETES_VERSION = "1.33"
ACCESS_POLICY_PREFIX = "arn:{partition}:eks::aws:cluster-access-policy/"
ADDON_VERSIONS = {
    "adot": "v0.117.0-eksbuild.1",
    "amazon-cloudwatch-observability": "v4.1.0-eksbuild.1",
    "aws-ebs-csi-driver": "v1.44.0-eksbuild.1",
    "aws-efs-csi-driver": "v2.1.8-eksbuild.1",
    "aws-mountpoint-s3-csi-driver": "v1.15.0-eksbuild.1",
    "cert-manager": "v1.17.2-eksbuild.1",
    "coredns": "v1.12.1-eksbuild.2",
    "eks-node-monitoring-agent": "v1.3.0-eksbuild.1",
    "eks-pod-identity-agent": "v1.3.7-eksbuild.2",
    "external-dns": "v0.17.0-eksbuild.1",
    "kube-proxy": "v{kubernetes}.0-eksbuild.2",
    "metrics-server": "v0.7.2-eksbuild.3",
    "snapshot-controller": "v8.2.0-eksbuild.1",
    "vpc-cni": "v1.19.5-eksbuild.1",
}
"""The default version of each add-on that the emulator knows; AWS publishes several per Kubernetes version."""


class EksBackend(EKSBackend):
    """moto's clusters and node groups, and what hangs off a cluster besides them."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.addons: dict[str, dict[str, Record]] = defaultdict(dict)
        self.access_entries: dict[str, dict[str, Record]] = defaultdict(dict)
        self.access_policies: dict[tuple[str, str], dict[str, Record]] = defaultdict(dict)
        self.pod_identities: dict[str, dict[str, Record]] = defaultdict(dict)
        self.updates: dict[str, Record] = {}

    def arn(self, kind: str, *parts: str) -> str:
        return f"arn:{self.partition}:eks:{self.region_name}:{self.account_id}:{kind}/" + "/".join(parts)

    # Clusters and node groups: what AWS adds to a request, and moto leaves out or makes up.

    def complete_cluster(self, cluster: Any, request: Record) -> None:
        """Fill in what ``DescribeCluster`` returns on AWS beyond the arguments of ``CreateCluster``."""
        host = mock_random.get_random_hex(32).upper()
        cluster.version = request.get("version") or DEFAULT_KUBERNETES_VERSION
        cluster.endpoint = f"https://{host}.gr7.{self.region_name}.eks.amazonaws.com"
        cluster.identity = {"oidc": {"issuer": f"https://oidc.eks.{self.region_name}.amazonaws.com/id/{host}"}}
        cluster.certificate_authority = {"data": _certificate_authority()}
        mode = (request.get("accessConfig") or {}).get("authenticationMode", "CONFIG_MAP")
        cluster.access_config = {"authenticationMode": mode}
        cluster.upgrade_policy = request.get("upgradePolicy") or {"supportType": "EXTENDED"}
        cluster.zonal_shift_config = request.get("zonalShiftConfig")
        cluster.deletion_protection = bool(request.get("deletionProtection"))
        cluster.kubernetes_network_config = {
            "serviceIpv4Cidr": "172.20.0.0/16",
            "ipFamily": "ipv4",
            "elasticLoadBalancing": {"enabled": False},
            **(request.get("kubernetesNetworkConfig") or {}),
        }
        cluster.resources_vpc_config = self._vpc_config(cluster.name, request.get("resourcesVpcConfig") or {})
        cluster.logging = _logging(cluster.logging)

    def _vpc_config(self, cluster_name: str, requested: Record) -> Record:
        """EKS makes a security group of its own in the VPC of the subnets, and opens the endpoint by default."""
        ec2 = ec2_backends[self.account_id][self.region_name]
        vpc_id = ec2.get_subnet(requested["subnetIds"][0]).vpc_id
        group = ec2.create_security_group(
            f"eks-cluster-sg-{cluster_name}-{mock_random.get_random_hex(8)}",
            "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
            "as well as any managed workloads.",
            vpc_id=vpc_id,
            tags={"aws:eks:cluster-name": cluster_name, f"kubernetes.io/cluster/{cluster_name}": "owned"},
        )
        return {
            "securityGroupIds": [],
            "endpointPublicAccess": True,
            "endpointPrivateAccess": False,
            "publicAccessCidrs": ["0.0.0.0/0"],
            **requested,
            "vpcId": vpc_id,
            "clusterSecurityGroupId": group.id,
        }

    def delete_cluster(self, name: str) -> Cluster:
        attributes = vars(self.describe_cluster(name))
        if attributes["deletion_protection"]:
            raise InvalidRequestException(message="Deletion protection is enabled for this cluster.")
        cluster = super().delete_cluster(name)
        ec2 = ec2_backends[self.account_id][self.region_name]
        ec2.delete_security_group(group_id=attributes["resources_vpc_config"]["clusterSecurityGroupId"])
        for attached in (self.addons, self.access_entries, self.pod_identities):
            attached.pop(name, None)
        return cluster

    def complete_nodegroup(self, nodegroup: Any, request: Record) -> None:
        """Take back what moto invents (SSH access, the disk of a launch template), add what AWS defaults."""
        nodegroup.version = request.get("version") or self.describe_cluster(nodegroup.cluster_name).version
        nodegroup.release_version = request.get("releaseVersion") or f"{nodegroup.version}.0-20250519"
        nodegroup.ami_type = request.get("amiType") or "AL2023_x86_64_STANDARD"
        nodegroup.update_config = request.get("updateConfig") or {"maxUnavailable": 1}
        nodegroup.node_repair_config = request.get("nodeRepairConfig")
        nodegroup.remote_access = request.get("remoteAccess")
        if not nodegroup.remote_access:
            del nodegroup.resources["remoteAccessSecurityGroup"]
        if nodegroup.launch_template:
            nodegroup.disk_size = request.get("diskSize")

    def update_cluster(self, name: str, changes: Record) -> Record:
        cluster: Any = self.describe_cluster(name)
        if changes.get("resourcesVpcConfig"):
            cluster.resources_vpc_config.update(changes["resourcesVpcConfig"])
        if changes.get("logging"):
            cluster.logging = _logging(_merged_logging(cluster.logging, changes["logging"]))
        for member, attribute in _UPDATABLE_CLUSTER_MEMBERS.items():
            if changes.get(member) is not None:
                setattr(cluster, attribute, changes[member])
        return self.add_update("ConfigUpdate")

    def update_nodegroup(self, cluster_name: str, name: str, changes: Record) -> Record:
        nodegroup: Nodegroup = self.describe_nodegroup(cluster_name, name)
        nodegroup.launch_template = {**(nodegroup.launch_template or {}), **(changes.get("launchTemplate") or {})}
        nodegroup.version = changes.get("version") or nodegroup.version
        nodegroup.release_version = changes.get("releaseVersion") or nodegroup.release_version
        return self.add_update("VersionUpdate")

    def add_update(self, kind: str) -> Record:
        update: Record = {
            "id": str(mock_random.uuid4()),
            "status": "Successful",
            "type": kind,
            "params": [],
            "createdAt": _now(),
            "errors": [],
        }
        self.updates[update["id"]] = update
        return update

    def describe_update(self, update_id: str) -> Record:
        return _found(self.updates, update_id, f"No update found for ID: {update_id}")

    # Add-ons

    def create_addon(self, request: Record) -> Record:
        cluster, name = self.describe_cluster(request["clusterName"]), request["addonName"]
        if name not in ADDON_VERSIONS:
            raise InvalidParameterException(addonName=name, message=f"Addon {name} specified is not supported")
        if name in self.addons[cluster.name]:
            raise ResourceInUseException(addonName=name, message="Addon already exists.")
        addon = {
            "addonName": name,
            "clusterName": cluster.name,
            "status": "ACTIVE",
            "addonVersion": request.get("addonVersion") or addon_version(name, cluster.version),
            "health": {"issues": []},
            "addonArn": self.arn("addon", cluster.name, name, str(mock_random.uuid4())),
            "createdAt": _now(),
            "modifiedAt": _now(),
            "serviceAccountRoleArn": request.get("serviceAccountRoleArn"),
            "configurationValues": request.get("configurationValues"),
            "tags": request.get("tags") or {},
            "publisher": "eks",
            "owner": "aws",
        }
        self.addons[cluster.name][name] = addon
        self._associate_addon(addon, request.get("podIdentityAssociations") or [])
        return addon

    def _associate_addon(self, addon: Record, wanted: list[Record]) -> None:
        """An add-on owns its Pod Identity associations: they come, change and go with it."""
        owned = self.pod_identities[addon["clusterName"]]
        for association_id in [i for i, a in owned.items() if a["ownerArn"] == addon["addonArn"]]:
            del owned[association_id]
        made = [
            self.create_pod_identity(
                {"clusterName": addon["clusterName"], "namespace": "kube-system", **association},
                owner=addon["addonArn"],
            )
            for association in wanted
        ]
        addon["podIdentityAssociations"] = [association["associationArn"] for association in made]

    def describe_addon(self, cluster_name: str, name: str) -> Record:
        self.describe_cluster(cluster_name)
        return _found(self.addons[cluster_name], name, f"No addon: {name} found in cluster: {cluster_name}")

    def update_addon(self, request: Record) -> Record:
        addon = self.describe_addon(request["clusterName"], request["addonName"])
        for member in ("addonVersion", "serviceAccountRoleArn", "configurationValues"):
            if member in request:
                addon[member] = request[member]
        if "podIdentityAssociations" in request:
            self._associate_addon(addon, request["podIdentityAssociations"])
        addon["modifiedAt"] = _now()
        return self.add_update("AddonUpdate")

    def delete_addon(self, cluster_name: str, name: str) -> Record:
        addon = self.describe_addon(cluster_name, name)
        self._associate_addon(addon, [])
        return self.addons[cluster_name].pop(name)

    # Access entries

    def create_access_entry(self, request: Record) -> Record:
        cluster: Any = self.describe_cluster(request["clusterName"])
        principal = request["principalArn"]
        if cluster.access_config["authenticationMode"] == "CONFIG_MAP":
            raise InvalidRequestException(
                message="The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] "
                "to perform this operation."
            )
        if principal in self.access_entries[cluster.name]:
            raise ResourceInUseException(
                message="The specified access entry resource is already in use on this cluster."
            )
        kind = request.get("type") or "STANDARD"
        entry = {
            "clusterName": cluster.name,
            "principalArn": principal,
            "kubernetesGroups": _kubernetes_groups(kind, request.get("kubernetesGroups") or []),
            "accessEntryArn": self.arn("access-entry", cluster.name, *_principal(principal), str(mock_random.uuid4())),
            "createdAt": _now(),
            "modifiedAt": _now(),
            "tags": request.get("tags") or {},
            "username": request.get("username") or _default_username(kind, principal),
            "type": kind,
        }
        self.access_entries[cluster.name][principal] = entry
        return entry

    def describe_access_entry(self, cluster_name: str, principal: str) -> Record:
        self.describe_cluster(cluster_name)
        return _found(
            self.access_entries[cluster_name],
            principal,
            f"The specified principalArn could not be found. You can view your available access entries with "
            f"'list-access-entries': {principal}",
        )

    def update_access_entry(self, request: Record) -> Record:
        entry = self.describe_access_entry(request["clusterName"], request["principalArn"])
        if "kubernetesGroups" in request:
            entry["kubernetesGroups"] = _kubernetes_groups(entry["type"], request["kubernetesGroups"])
        entry["username"] = request.get("username") or entry["username"]
        entry["modifiedAt"] = _now()
        return entry

    def delete_access_entry(self, cluster_name: str, principal: str) -> None:
        self.describe_access_entry(cluster_name, principal)
        del self.access_entries[cluster_name][principal]
        self.access_policies.pop((cluster_name, principal), None)

    def associate_access_policy(self, request: Record) -> Record:
        cluster_name, principal, policy = (request[k] for k in ("clusterName", "principalArn", "policyArn"))
        self.describe_access_entry(cluster_name, principal)
        scope = request["accessScope"]
        if not policy.startswith(ACCESS_POLICY_PREFIX.format(partition=self.partition)):
            raise InvalidParameterException(message="The policyArn parameter format is not valid")
        if (scope["type"] == "namespace") != bool(scope.get("namespaces")):
            raise InvalidParameterException(
                message="Namespaces are required for, and only for, the namespace access scope."
            )
        association = {
            "policyArn": policy,
            "accessScope": {"namespaces": [], **scope},
            "associatedAt": _now(),
            "modifiedAt": _now(),
        }
        self.access_policies[cluster_name, principal][policy] = association
        return association

    def list_access_policies(self, cluster_name: str, principal: str) -> list[Record]:
        self.describe_access_entry(cluster_name, principal)
        return list(self.access_policies[cluster_name, principal].values())

    def disassociate_access_policy(self, cluster_name: str, principal: str, policy: str) -> None:
        self.describe_access_entry(cluster_name, principal)
        associated = self.access_policies[cluster_name, principal]
        _found(associated, policy, f"No access policy association found: {policy}")
        del associated[policy]

    # Pod Identity associations

    def create_pod_identity(self, request: Record, owner: str | None = None) -> Record:
        cluster_name = self.describe_cluster(request["clusterName"]).name
        account = (request["namespace"], request["serviceAccount"])
        for taken in self.pod_identities[cluster_name].values():
            if (taken["namespace"], taken["serviceAccount"]) == account:
                raise ResourceInUseException(message=f"Association already exists: {taken['associationId']}")
        association_id = "a-" + mock_random.get_random_string(17, lower_case=True)
        association = {
            "clusterName": cluster_name,
            "namespace": request["namespace"],
            "serviceAccount": request["serviceAccount"],
            "roleArn": request["roleArn"],
            "associationArn": self.arn("podidentityassociation", cluster_name, association_id),
            "associationId": association_id,
            "tags": request.get("tags") or {},
            "createdAt": _now(),
            "modifiedAt": _now(),
            "ownerArn": owner,
            "disableSessionTags": request.get("disableSessionTags", False),
            "targetRoleArn": request.get("targetRoleArn"),
        }
        self.pod_identities[cluster_name][association_id] = association
        return association

    def describe_pod_identity(self, cluster_name: str, association_id: str) -> Record:
        self.describe_cluster(cluster_name)
        return _found(
            self.pod_identities[cluster_name],
            association_id,
            f"No association found with associationId: {association_id}",
        )

    def list_pod_identities(self, request: Record) -> list[Record]:
        wanted = {k: request[k] for k in ("namespace", "serviceAccount") if k in request}
        associations = self.pod_identities[self.describe_cluster(request["clusterName"]).name].values()
        return [a for a in associations if wanted.items() <= a.items()]

    def update_pod_identity(self, request: Record) -> Record:
        association = self.describe_pod_identity(request["clusterName"], request["associationId"])
        for member in ("roleArn", "disableSessionTags", "targetRoleArn"):
            if member in request:
                association[member] = request[member]
        association["modifiedAt"] = _now()
        return association

    def delete_pod_identity(self, cluster_name: str, association_id: str) -> Record:
        self.describe_pod_identity(cluster_name, association_id)
        return self.pod_identities[cluster_name].pop(association_id)

    # Tags: moto tags clusters only.

    def tags_of(self, arn: str) -> dict[str, str]:
        for found, tags in self._tagged():
            if found == arn:
                return tags
        raise ResourceNotFoundException(message=f"The specified resource could not be found: {arn}")

    def _tagged(self) -> Iterator[tuple[str, dict[str, str]]]:
        for cluster in self.clusters.values():
            yield cluster.arn, cluster.tags
            yield from ((nodegroup.arn, nodegroup.tags) for nodegroup in cluster.nodegroups.values())
        for attached, arn in (
            (self.addons, "addonArn"),
            (self.access_entries, "accessEntryArn"),
            (self.pod_identities, "associationArn"),
        ):
            for records in attached.values():
                yield from ((record[arn], record["tags"]) for record in records.values())


_UPDATABLE_CLUSTER_MEMBERS = {
    "accessConfig": "access_config",
    "deletionProtection": "deletion_protection",
    "upgradePolicy": "upgrade_policy",
    "version": "version",
    "zonalShiftConfig": "zonal_shift_config",
}
_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def addon_version(name: str, kubernetes: str) -> str:
    """The version EKS would choose for an add-on when the request names none."""
    return ADDON_VERSIONS[name].format(kubernetes=kubernetes)


def _logging(requested: Record) -> Record:
    """``DescribeCluster`` names every log type, in one group that is on and one that is off."""
    on = {kind for setup in requested["clusterLogging"] if setup.get("enabled") for kind in setup["types"]}
    groups = (([kind for kind in _LOG_TYPES if (kind in on) is enabled], enabled) for enabled in (True, False))
    return {"clusterLogging": [{"types": types, "enabled": enabled} for types, enabled in groups if types]}


def _merged_logging(current: Record, changes: Record) -> Record:
    """An update names only the log types that change."""
    states = dict.fromkeys(_LOG_TYPES, False)
    for setup in current["clusterLogging"] + changes["clusterLogging"]:
        states.update(dict.fromkeys(setup["types"], setup.get("enabled", False)))
    return {"clusterLogging": [{"types": [kind], "enabled": enabled} for kind, enabled in states.items()]}


def _kubernetes_groups(kind: str, groups: list[str]) -> list[str]:
    """Only node entries may use the ``system:`` groups, and they get theirs from EKS."""
    if kind != "STANDARD":
        return ["system:nodes"]
    if forbidden := [group for group in groups if group.startswith("system:")]:
        raise InvalidParameterException(message=f"The kubernetes group name {forbidden[0]} is invalid")
    return groups


def _principal(arn: str) -> tuple[str, str, str]:
    """Kind, account and name of an IAM principal, as they appear in an access entry's ARN."""
    account, resource = arn.split(":")[4:6]
    return resource.split("/")[0], account, resource.rsplit("/", 1)[-1]


def _default_username(kind: str, arn: str) -> str:
    principal_kind, account, name = _principal(arn)
    if kind != "STANDARD":
        return "system:node:{{EC2PrivateDNSName}}"
    if principal_kind == "role":
        return f"arn:{arn.split(':')[1]}:sts::{account}:assumed-role/{name}/{{{{SessionName}}}}"
    return arn


def _found(records: dict[str, Record], key: str, message: str) -> Record:
    if key not in records:
        raise ResourceNotFoundException(message=message)
    return records[key]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


def _certificate_authority() -> str:
    """A real (self-signed) certificate in base64: Terraform decodes it as text, Kubernetes clients parse it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubernetes")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    certificate = (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(_now() - dt.timedelta(minutes=5))
        .not_valid_after(_now() + dt.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.PEM)).decode()
