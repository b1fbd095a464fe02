"""Object storage in the cluster, for development and laptops: what all its servers share."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, ClassVar

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.kubernetes.charts import Chart
from floe_infra.kubernetes.objects import PYTHON_IMAGE, config_map, job, labels, pod, resources, secret_env
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.kubernetes.values import checksum
from floe_infra.network.edges import Workload
from floe_infra.refs import BucketRef, KubernetesSecretRef, StorageRef
from floe_infra.storage.config import CREDENTIALS, InClusterStorage, StorageOnDisk
from floe_infra.terraform import keep

REGION = "us-east-1"
"""What the servers call themselves. They all know this one, and clients insist on some."""
_JOB = "buckets"
_PROGRAM = "make_buckets.py"
_USER = 65534
_KEYS = {"access_key": "{{ .access_key }}", "secret_key": "{{ .secret_key }}"}
_DEADLINE = 900
"""Seconds: the image has to be pulled, and the server may still be starting."""


class InClusterServer(Construct):
    """A server that speaks S3's API by plain HTTP, which nobody outside the cluster reaches, and its buckets.

    For subclasses, one for each kind.

    Attributes:
        ref: what other parts take.
        secrets: the keys, in the server's namespace.
        server: the server's release.
        buckets: the job that makes the buckets.
        ready: what uses the storage comes after it.
    """

    name: ClassVar[str]
    """Of the release, and in the chart's words the full name."""
    chart: ClassVar[Chart]
    service: ClassVar[str]
    """The Service's name."""
    port: ClassVar[int]
    pages: ClassVar[tuple[int, ...]] = ()
    """Where people look at it."""
    secret: ClassVar[dict[str, str]] = {}
    """Keys that the chart wants to find in the Secret, each a Go template over `access_key` and `secret_key`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: InClusterStorage,
        site: Site,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        namespace = config.namespace
        self.ref = self._describe(config, site)
        copy = SecretCopy(CREDENTIALS, site.secrets[CREDENTIALS], {**_KEYS, **self.secret})
        self.secrets = site.copy_secrets(self, "secrets", namespace=namespace, secrets=[copy])
        secret = copy.ref(namespace)
        self.server = site.release(
            self,
            self.name,
            chart=self.chart,
            namespace=namespace,
            values=self._values(config, site, secret.name),
            user_values=config.values,
            after=[*self.secrets, *after],
        )
        if isinstance(config, StorageOnDisk):
            keep(self.server.release, site.context)
        self.buckets = site.manifests(
            self,
            "buckets",
            name=_JOB,
            namespace=namespace,
            manifests=_job(self.ref, secret, site.steady.values),
            after=[self.server.release],
        )
        self.ready = [self.buckets.release]

    @classmethod
    def workloads(cls, config: InClusterStorage) -> tuple[Workload, ...]:
        """The server and the job that makes the buckets."""
        namespace = config.namespace
        return (
            Workload(cls.name, namespace, cls._labels(), serves=(cls.port,), pages=cls.pages),
            Workload(_JOB, namespace, labels(_JOB), takes=("storage",)),
        )

    @classmethod
    def _labels(cls) -> dict[str, str]:
        """What the chart selects the server's pods by."""
        return {"app.kubernetes.io/name": cls.name, "app.kubernetes.io/instance": cls.name}

    def _values(self, config: Any, site: Site, secret: str) -> dict[str, Any]:
        """The chart's values; `secret` is the name of the Secret with the keys."""
        raise NotImplementedError

    def _describe(self, config: InClusterStorage, site: Site) -> StorageRef:
        def bucket(purpose: str) -> BucketRef:
            name = config.bucket_name(purpose, prefix=site.context.prefix)
            return BucketRef(name=name, arn=f"arn:aws:s3:::{name}", uri=f"s3://{name}")

        first = config.warehouse_buckets[0]
        whole = {layer: layer if layer in config.warehouse_buckets else first for layer in config.layers}
        return StorageRef(
            layers={layer: bucket(purpose) for layer, purpose in whole.items()},
            region=REGION,
            endpoint=f"http://{self.service}.{config.namespace}.svc.cluster.local:{self.port}",
            path_style=True,
            preaggregations=bucket("preaggregations") if config.preaggregations else None,
            exchange=bucket("exchange") if config.exchange else None,
            compute_logs=bucket("compute_logs") if config.compute_logs else None,
            secret=site.secrets[CREDENTIALS],
        )


def bucket_names(storage: StorageRef) -> list[str]:
    """Of all that there are to be."""
    others = (storage.preaggregations, storage.exchange, storage.compute_logs)
    return [bucket.name for bucket in (*storage.buckets, *others) if bucket]


def server_resources(config: InClusterStorage) -> dict[str, Any]:
    """Of the server's container."""
    return resources(cpu=str(config.cpu), memory=f"{config.memory_mib}Mi")


def _job(storage: StorageRef, secret: KubernetesSecretRef, placement: dict[str, Any]) -> list[dict[str, Any]]:
    program = {_PROGRAM: files("floe_infra.storage.programs").joinpath(_PROGRAM).read_text(encoding="utf-8")}
    names = bucket_names(storage)
    container = {
        "name": _JOB,
        "image": PYTHON_IMAGE,
        "command": ["python", f"/program/{_PROGRAM}", *names],
        "env": [
            {"name": "S3_ENDPOINT", "value": storage.endpoint},
            {"name": "S3_REGION", "value": storage.region},
            secret_env("S3_ACCESS_KEY", secret=secret.name, key="access_key"),
            secret_env("S3_SECRET_KEY", secret=secret.name, key="secret_key"),
        ],
        "volumeMounts": [{"name": "program", "mountPath": "/program", "readOnly": True}],
        "resources": resources(cpu="50m", memory="64Mi"),
    }
    volumes = [{"name": "program", "configMap": {"name": _JOB}}]
    spec = pod(containers=[container], user=_USER, volumes=volumes, placement=placement)
    return [
        config_map(_JOB, program),
        job(_JOB, spec=spec, deadline=_DEADLINE, annotations={"checksum/program": checksum(program, names)}),
    ]
