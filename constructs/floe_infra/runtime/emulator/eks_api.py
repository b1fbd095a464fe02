"""The EKS API in front of :mod:`.eks`: one method per operation that moto lacks or answers incompletely.

A method's name is the operation's in snake case, which is how moto finds it; botocore's service model does the routing
and the (de)serialization, as everywhere in moto.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.responses import ActionResult, EmptyResult
from moto.eks.responses import EKSResponse

from floe_infra.runtime.emulator.eks import (
    ADDON_VERSIONS,
    DEFAULT_KUBERNETES_VERSION,
    EksBackend,
    Record,
    addon_version,
)


class EksResponse(EKSResponse):
    @property
    def eks_backend(self) -> EksBackend:
        return eks_backends[self.current_account][self.region]

    def _request(self) -> Record:
        """The request's members by the names of botocore's model, wherever in the request they came."""
        self.parse_parameters(self.normalized_request)
        return copy.deepcopy(dict(self.params))

    def create_cluster(self) -> ActionResult:
        result = super().create_cluster()
        cluster: Any = result.result["cluster"]  # type: ignore[index]
        self.eks_backend.complete_cluster(cluster, self._request())
        return result

    def create_nodegroup(self) -> ActionResult:
        result = super().create_nodegroup()
        nodegroup: Any = result.result["nodegroup"]  # type: ignore[index]
        self.eks_backend.complete_nodegroup(nodegroup, self._request())
        return result

    def update_cluster_config(self) -> ActionResult:
        request = self._request()
        return ActionResult({"update": self.eks_backend.update_cluster(request["name"], request)})

    def update_cluster_version(self) -> ActionResult:
        request = self._request()
        return ActionResult({"update": self.eks_backend.update_cluster(request["name"], request)})

    def update_nodegroup_config(self) -> ActionResult:
        super().update_nodegroup_config()
        return ActionResult({"update": self.eks_backend.add_update("ConfigUpdate")})

    def update_nodegroup_version(self) -> ActionResult:
        request = self._request()
        update = self.eks_backend.update_nodegroup(request["clusterName"], request["nodegroupName"], request)
        return ActionResult({"update": update})

    def describe_update(self) -> ActionResult:
        return ActionResult({"update": self.eks_backend.describe_update(self._request()["updateId"])})

    def create_addon(self) -> ActionResult:
        return ActionResult({"addon": self.eks_backend.create_addon(self._request())})

    def describe_addon(self) -> ActionResult:
        request = self._request()
        return ActionResult({"addon": self.eks_backend.describe_addon(request["clusterName"], request["addonName"])})

    def list_addons(self) -> ActionResult:
        cluster = self.eks_backend.describe_cluster(self._request()["clusterName"])
        return ActionResult({"addons": sorted(self.eks_backend.addons[cluster.name])})

    def update_addon(self) -> ActionResult:
        return ActionResult({"update": self.eks_backend.update_addon(self._request())})

    def delete_addon(self) -> ActionResult:
        request = self._request()
        return ActionResult({"addon": self.eks_backend.delete_addon(request["clusterName"], request["addonName"])})

    def describe_addon_versions(self) -> ActionResult:
        request = self._request()
        names = [request["addonName"]] if "addonName" in request else sorted(ADDON_VERSIONS)
        kubernetes = request.get("kubernetesVersion") or DEFAULT_KUBERNETES_VERSION
        known = [name for name in names if name in ADDON_VERSIONS]
        return ActionResult({"addons": [_addon_info(name, kubernetes) for name in known]})

    def create_access_entry(self) -> ActionResult:
        return ActionResult({"accessEntry": self.eks_backend.create_access_entry(self._request())})

    def describe_access_entry(self) -> ActionResult:
        request = self._request()
        entry = self.eks_backend.describe_access_entry(request["clusterName"], request["principalArn"])
        return ActionResult({"accessEntry": entry})

    def list_access_entries(self) -> ActionResult:
        cluster = self.eks_backend.describe_cluster(self._request()["clusterName"])
        return ActionResult({"accessEntries": sorted(self.eks_backend.access_entries[cluster.name])})

    def update_access_entry(self) -> ActionResult:
        return ActionResult({"accessEntry": self.eks_backend.update_access_entry(self._request())})

    def delete_access_entry(self) -> ActionResult:
        request = self._request()
        self.eks_backend.delete_access_entry(request["clusterName"], request["principalArn"])
        return EmptyResult()

    def associate_access_policy(self) -> ActionResult:
        request = self._request()
        association = self.eks_backend.associate_access_policy(request)
        return ActionResult(
            {
                "clusterName": request["clusterName"],
                "principalArn": request["principalArn"],
                "associatedAccessPolicy": association,
            }
        )

    def list_associated_access_policies(self) -> ActionResult:
        request = self._request()
        cluster_name, principal = request["clusterName"], request["principalArn"]
        policies = self.eks_backend.list_access_policies(cluster_name, principal)
        return ActionResult(
            {"clusterName": cluster_name, "principalArn": principal, "associatedAccessPolicies": policies}
        )

    def disassociate_access_policy(self) -> ActionResult:
        request = self._request()
        self.eks_backend.disassociate_access_policy(
            request["clusterName"], request["principalArn"], request["policyArn"]
        )
        return EmptyResult()

    def create_pod_identity_association(self) -> ActionResult:
        return ActionResult({"association": self.eks_backend.create_pod_identity(self._request())})

    def describe_pod_identity_association(self) -> ActionResult:
        request = self._request()
        association = self.eks_backend.describe_pod_identity(request["clusterName"], request["associationId"])
        return ActionResult({"association": association})

    def list_pod_identity_associations(self) -> ActionResult:
        return ActionResult({"associations": self.eks_backend.list_pod_identities(self._request())})

    def update_pod_identity_association(self) -> ActionResult:
        return ActionResult({"association": self.eks_backend.update_pod_identity(self._request())})

    def delete_pod_identity_association(self) -> ActionResult:
        request = self._request()
        association = self.eks_backend.delete_pod_identity(request["clusterName"], request["associationId"])
        return ActionResult({"association": association})

    def tag_resource(self) -> ActionResult:
        request = self._request()
        self.eks_backend.tags_of(request["resourceArn"]).update(request["tags"])
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        request = self._request()
        tags = self.eks_backend.tags_of(request["resourceArn"])
        for key in request["tagKeys"]:
            tags.pop(key, None)
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"tags": self.eks_backend.tags_of(self._request()["resourceArn"])})


class _RoutedBackend(EksBackend):
    @property
    def url_paths(self) -> dict[str, Callable[..., Any]]:
        """One route for the whole service: which operation is meant, botocore's model decides."""
        return {"/(?P<operation>.*)$": EksResponse.dispatch}


eks_backends = BackendDict(_RoutedBackend, "eks")


def _addon_info(name: str, kubernetes: str) -> Record:
    compatible = {"clusterVersion": kubernetes, "platformVersions": ["*"], "defaultVersion": True}
    version = {
        "addonVersion": addon_version(name, kubernetes),
        "architecture": ["amd64", "arm64"],
        "compatibilities": [compatible],
        "requiresConfiguration": False,
    }
    return {"addonName": name, "publisher": "eks", "owner": "aws", "addonVersions": [version]}
