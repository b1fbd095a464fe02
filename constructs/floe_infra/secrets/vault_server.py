"""OpenBao in the cluster, read by External Secrets Operator."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from cdktf import ITerraformDependable

from floe_infra.kubernetes import charts
from floe_infra.kubernetes.manifests import Manifests
from floe_infra.kubernetes.objects import CONTAINER_SECURITY, config_map, resources, service_account
from floe_infra.kubernetes.placement import spread
from floe_infra.kubernetes.release import Release
from floe_infra.network.edges import Workload
from floe_infra.secrets import vault_layout
from floe_infra.secrets.config import OpenBaoConfig
from floe_infra.secrets.vault_external_secrets import VaultExternalSecrets
from floe_infra.terraform import keep

NAME = "openbao"
PORT, RAFT_PORT = 8200, 8201
ADMINISTRATOR = "openbao-administrator"
"""A service account that no pod runs as; whoever may make a token for it administers the servers."""
_FIRST_START, _TLS, _TMP = "openbao-first-start", "openbao-tls", "tmp"
_FIRST_START_AT, _TLS_AT = "/openbao/first-start", "/openbao/tls"
_PROGRAM = "first_start.sh"
_SELECTOR = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME, "component": "server"}
_EVERYTHING = ["create", "read", "update", "patch", "delete", "list", "scan", "sudo"]
_ADMINISTRATOR_SECONDS = 3600


class OpenBao(VaultExternalSecrets):
    """Servers that keep secrets, each with all of them on a disk of its own (Raft), unsealed by the cloud's key.

    At its very first start the first server initializes itself, makes what the job needs to log in, and throws its root
    token away: nobody has it, and there are no recovery keys. All else the job makes, and makes as it should be again.

    Attributes:
        first_start: what the first server does then, and the administrator's account.
        server: the release.
    """

    first_start: Manifests
    server: Release

    @classmethod
    def workloads(cls, config: Any) -> tuple[Workload, ...]:
        """The servers besides: they talk to each other, ask the API server whose tokens they are shown, and the cloud
        to unseal them."""
        server = Workload(
            NAME,
            config.namespace,
            _SELECTOR,
            pages=(PORT,),
            calls={NAME: (PORT, RAFT_PORT)},
            cloud=True,
            api_server=True,
        )
        return (*super().workloads(config), server)

    @classmethod
    def _reaches(cls, config: Any) -> dict[str, Any]:  # noqa: ARG003
        return {"calls": {NAME: (PORT,)}}

    @property
    def _settings(self) -> OpenBaoConfig:
        config = self._config
        assert isinstance(config, OpenBaoConfig)
        return config

    @property
    def _host(self) -> str:
        """The server that leads: what was just written is read there."""
        return f"{NAME}-active.{self._settings.namespace}.svc.cluster.local"

    @property
    def _scheme(self) -> str:
        return "https" if self._settings.tls else "http"

    @property
    def _address(self) -> str:
        return f"{self._scheme}://{self._host}:{PORT}"

    @property
    def _ca_certificate(self) -> str | None:
        return self._settings.tls.ca_certificate if self._settings.tls else None

    @property
    def _vault_namespace(self) -> str | None:
        return None

    def _serve(self) -> list[ITerraformDependable]:
        settings, namespace = self._settings, self._settings.namespace
        program = files("floe_infra.secrets.programs").joinpath(_PROGRAM).read_text(encoding="utf-8")
        start = {_PROGRAM: program, "initialize.json": json.dumps(initialize(self._layout), indent=1)}
        ca = {"ca.crt": self._ca_certificate} if self._ca_certificate else {}
        self.first_start = self._site.manifests(
            self,
            "first_start",
            name=_FIRST_START,
            namespace=namespace,
            manifests=[config_map(_FIRST_START, {**start, **ca}), service_account(ADMINISTRATOR)],
        )
        self.server = self._site.release(
            self,
            NAME,
            chart=charts.OPENBAO,
            namespace=namespace,
            values=self._values(),
            user_values=settings.server_values,
            after=[self.first_start.release],
        )
        keep(self.server.release, self._site.context)
        return [self.server.release]

    def _administration(self) -> dict[str, Any]:
        layout, reads = self._layout, self._reads()
        return {
            "policies": {layout.reader(namespace): layout.may_read(keys) for namespace, keys in reads.items()},
            "roles": {layout.reader(namespace): layout.read_role(namespace) for namespace in reads},
            "owned": layout.readers,
            "hint": "If this is the first deployment, openbao-0 was cut off at its first start, and nothing is stored "
            "yet: delete the claims data-openbao-* and the pods openbao-*, and deploy again",
        }

    def _values(self) -> dict[str, Any]:
        settings, replicas = self._settings, self._settings.servers
        tls = settings.tls
        mounts = {_FIRST_START: _FIRST_START_AT, _TMP: "/tmp", **({_TLS: _TLS_AT} if tls else {})}
        return {
            "fullnameOverride": NAME,
            "global": {"tlsDisable": tls is None},
            "injector": {"enabled": False},
            "csi": {"enabled": False},
            "ui": {"enabled": False},
            "server": {
                "serviceAccount": {
                    "create": True,
                    "name": NAME,
                    "annotations": dict(self._site.identities["secrets"].annotations),
                },
                "resources": resources(cpu=str(settings.cpu), memory=f"{settings.memory_mib}Mi"),
                **self._site.steady.values,
                "topologySpreadConstraints": spread(**_SELECTOR),
                "statefulSet": {"securityContext": {"container": CONTAINER_SECURITY}},
                # One after the other: the first initializes itself before there is another, and each joins it.
                "podManagementPolicy": "OrderedReady",
                "updateStrategyType": "RollingUpdate",
                "livenessProbe": {
                    "enabled": True,
                    "path": "/v1/sys/health?standbyok=true&sealedcode=204&uninitcode=204",
                },
                "service": {"publishNotReadyAddresses": False},
                "dataStorage": {"size": f"{settings.storage_gib}Gi", "storageClass": self._site.storage_class},
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
                "extraArgs": f"$(sh {_FIRST_START_AT}/{_PROGRAM} {self._scheme} {replicas})",
                "volumes": [
                    {"name": _FIRST_START, "configMap": {"name": _FIRST_START}},
                    {"name": _TMP, "emptyDir": {}},
                    *([{"name": _TLS, "secret": {"secretName": tls.secret, "defaultMode": 0o440}}] if tls else []),
                ],
                "volumeMounts": [
                    {"name": name, "mountPath": path, **({"readOnly": True} if name != _TMP else {})}
                    for name, path in mounts.items()
                ],
                "ha": {
                    "enabled": True,
                    "replicas": replicas,
                    # The chart's own would let nobody empty the node of a single one.
                    "disruptionBudget": {"enabled": replicas > 1},
                    "raft": {"enabled": True, "setNodeId": True, "config": json.dumps(self._configuration(), indent=1)},
                },
            },
        }

    def _configuration(self) -> dict[str, Any]:
        """As JSON, which the servers read like their own language. Requests and their answers, with every value
        replaced by a checksum of it, go to the pods' logs."""
        settings, seal = self._settings, self._seal
        assert seal
        peer = {
            "leader_ca_cert_file": f"{_FIRST_START_AT}/ca.crt",
            "leader_tls_servername": self._host,
        }
        peers = [
            {
                "leader_api_addr": f"{self._scheme}://{NAME}-{index}.{NAME}-internal:{PORT}",
                **(peer if settings.tls else {}),
            }
            for index in range(settings.servers)
        ]
        certificate = {"tls_cert_file": f"{_TLS_AT}/tls.crt", "tls_key_file": f"{_TLS_AT}/tls.key"}
        listener = {
            "address": f"[::]:{PORT}",
            "cluster_address": f"[::]:{RAFT_PORT}",
            **(certificate if settings.tls else {"tls_disable": True}),
        }
        return {
            "ui": False,
            "listener": [{"tcp": listener}],
            "storage": {"raft": {"path": "/openbao/data", "retry_join": peers}},
            "seal": {seal.kind: dict(seal.settings)},
            # A device that said nothing but its options would not be read.
            "audit": [
                {"file": {"stdout": {"description": "Requests and answers", "options": {"file_path": "stdout"}}}}
            ],
            "service_registration": {"kubernetes": {}},
        }


def initialize(layout: vault_layout.Layout) -> dict[str, Any]:
    """What the first server asks of itself, as root, at its first start and never again
    (https://openbao.org/docs/configuration/self-init/). Only what lets the job log in and do the rest: it takes less
    than a second, in which nothing should go wrong, since a start that was cut off is not gone on with."""
    auth = layout.auth_mount
    administers = vault_layout.policy({"*": _EVERYTHING})
    roles = {
        layout.writer: layout.write_role,
        ADMINISTRATOR: {
            **layout.write_role,
            "bound_service_account_names": [ADMINISTRATOR],
            "token_policies": [ADMINISTRATOR],
            "token_ttl": _ADMINISTRATOR_SECONDS,
            "token_max_ttl": _ADMINISTRATOR_SECONDS,
        },
    }
    requests = {
        "values": (f"sys/mounts/{layout.mount}", {"type": "kv", "options": {"version": "2"}}),
        "accounts": (f"sys/auth/{auth}", {"type": "kubernetes"}),
        "api-server": (f"auth/{auth}/config", {"kubernetes_host": "https://kubernetes.default.svc"}),
        "writer-policy": (f"sys/policies/acl/{layout.writer}", {"policy": _may_set_up(layout)}),
        "administrator-policy": (f"sys/policies/acl/{ADMINISTRATOR}", {"policy": administers}),
        "writer": (f"auth/{auth}/role/{layout.writer}", roles[layout.writer]),
        "administrator": (f"auth/{auth}/role/{ADMINISTRATOR}", roles[ADMINISTRATOR]),
    }
    asked = [{name: {"operation": "update", "path": path, "data": data}} for name, (path, data) in requests.items()]
    return {"initialize": [{"platform": {"request": asked}}]}


def _may_set_up(layout: vault_layout.Layout) -> str:
    """Of the job: make values, and who may read them. Whoever writes policies could give themselves any, so this keeps
    from mistakes, and not from whoever has taken over the job."""
    policies, roles = "sys/policies/acl", f"auth/{layout.auth_mount}/role"
    own = ["create", "read", "update", "delete"]
    return layout.may_write + vault_layout.policy(
        {
            policies: ["list"],
            f"{policies}/": ["list"],
            f"{policies}/{layout.readers}*": own,
            roles: ["list"],
            f"{roles}/": ["list"],
            f"{roles}/{layout.readers}*": own,
        }
    )
