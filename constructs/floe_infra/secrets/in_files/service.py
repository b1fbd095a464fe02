"""What both operators have in common that make Secrets of encrypted files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, ClassVar

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.config.document import Document
from floe_infra.config.problems import ConfigError, Problem
from floe_infra.kubernetes.objects import PYTHON_IMAGE, config_map, job, labels, pod, resources, service_account
from floe_infra.kubernetes.release import Release
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.kubernetes.values import checksum
from floe_infra.needs import Needs, reads_by_namespace
from floe_infra.network.edges import Workload
from floe_infra.refs import IdentityRef
from floe_infra.secrets.in_files.config import InFilesConfig
from floe_infra.secrets.in_files.folder import Folder, SecretFile
from floe_infra.secrets.in_files.wanted import Wanted, contents, wanted

WAITING = "await-secrets"
_PROGRAM = "await_secrets.py"
_RBAC = "rbac.authorization.k8s.io"
_USER = 65534
_DEADLINE = 600
"""Seconds: the image has to be pulled, and the operator may be waiting for its key."""


class UnfitFilesError(ConfigError):
    """The files are not those that the platform wants.

    Attributes:
        operator: whom services have asked for Secrets.
    """

    def __init__(self, problems: Sequence[Problem], operator: SecretsInFiles) -> None:
        super().__init__(problems)
        self.operator = operator


class SecretsInFiles(Construct):
    """An operator, and for each service the encrypted objects that the files hold, of which it makes Secrets.

    What reads a Secret comes after a job that waits until the operator has made it, or made it anew. The job's account
    may look at those objects, and at nothing else.

    Args:
        needs: by section of the configuration, what it wants.

    Attributes:
        folder: the files.
        wanted: the Secrets that services have asked for.
        operator: the release.
        waiting: what the jobs need.
        checksums: by namespace and name of a Secret, what changes with its file.
        ready: what comes after the operator.
    """

    resource: ClassVar[str]
    """`<group>/<version>/<plural>` of the encrypted objects."""
    composes: ClassVar[bool]
    """Whether the operator puts values together."""
    as_typed: ClassVar[str] = "cat"
    """What makes of a value on a shell's standard input what `command` takes."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: InFilesConfig,
        site: Site,
        needs: Mapping[str, Needs],
        readers: Mapping[str, IdentityRef],  # noqa: ARG002  # nobody: each Secret is made where it is read
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        self._config, self._site, self._contents = config, site, contents(needs)
        self.namespaces = tuple(reads_by_namespace(needs))
        self.folder = Folder(config.folder, self._read)
        self.checksums = self.folder.checksums
        self.wanted: list[Wanted] = []
        read_in = [site.namespaces[each] for each in self.namespaces if each in site.namespaces]
        self.operator = self._operate([*read_in, *after])
        self.waiting = site.manifests(
            self,
            "waiting",
            name=WAITING,
            namespace=config.namespace,
            manifests=[
                config_map(WAITING, {_PROGRAM: _text()}),
                service_account(WAITING),
            ],
        )
        self.ready = [self.operator.release]

    @abstractmethod
    def _operate(self, after: Sequence[ITerraformDependable]) -> Release:
        """The operator, once the namespaces are there in which it makes Secrets."""

    @abstractmethod
    def _read(self, document: Document, checksum: str) -> SecretFile:
        """A file of the kind."""

    @abstractmethod
    def command(self, wanted: Wanted) -> str:
        """What makes a Secret's file, for a shell in whose `$VALUES` a folder is named with a file for each value."""

    @classmethod
    def workloads(cls, config: InFilesConfig) -> tuple[Workload, ...]:
        """The jobs that wait; subclasses have the operator besides."""
        return (Workload(WAITING, config.namespace, labels(WAITING), api_server=True),)

    def copy(self, scope: Construct, id: str, *, namespace: str, secrets: Sequence[SecretCopy]) -> ITerraformDependable:
        """Make Secrets of their files; what reads them comes after the result. What is wrong with the files, `settle`
        says when all are known that are wanted."""
        asked = [
            wanted(copy, namespace=namespace, content=self._contents[copy.source.name], composes=self.composes)
            for copy in secrets
        ]
        self.wanted += asked
        manifests = [file.manifest(each) for each in asked if (file := self.folder.find(each))]
        waiting = f"{WAITING}-{scope.node.id}"
        made = self._site.manifests(
            scope,
            id,
            name=f"{scope.node.id}-secrets",
            namespace=namespace,
            manifests=[*manifests, *self._let_look(manifests, waiting)],
            after=[self.operator.release],
        )
        return self._site.manifests(
            made,
            "waiting",
            name=waiting,
            namespace=self._config.namespace,
            manifests=[self._job(waiting, namespace, manifests)],
            after=[made.release, self.waiting.release],
        ).release

    def settle(self) -> None:
        """All copies are asked for.

        Raises:
            UnfitFilesError: with everything that is wrong with the files, and each that is missing.
        """
        if problems := self.folder.compare(self.wanted, self.command):
            raise UnfitFilesError(problems, self)

    def _let_look(self, manifests: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
        """Permission for the job to read these objects; the encrypted ones, not the Secrets."""
        group, _, plural = self.resource.split("/")
        rule = {"apiGroups": [group], "resources": [plural], "resourceNames": _names(manifests), "verbs": ["get"]}
        metadata = {"name": name, "labels": labels(WAITING)}
        return [
            {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]},
            {
                "apiVersion": f"{_RBAC}/v1",
                "kind": "RoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": WAITING, "namespace": self._config.namespace}],
            },
        ]

    def _job(self, name: str, namespace: str, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """In the operator's namespace, where the program is, and from where the API server can be reached."""
        container = {
            "name": WAITING,
            "image": PYTHON_IMAGE,
            "command": ["python", f"/program/{_PROGRAM}", self.resource, namespace, *_names(manifests)],
            "volumeMounts": [{"name": "program", "mountPath": "/program", "readOnly": True}],
            "resources": resources(cpu="20m", memory="64Mi"),
        }
        spec = pod(
            containers=[container],
            user=_USER,
            service_account=WAITING,
            volumes=[{"name": "program", "configMap": {"name": WAITING}}],
            placement=self._site.steady.values,
            automountServiceAccountToken=True,
        )
        annotations = {"checksum/secrets": checksum(_text(), *manifests)}
        made = job(name, spec=spec, deadline=_DEADLINE, annotations=annotations)
        made["spec"]["template"]["metadata"]["labels"] = labels(WAITING)
        return made


def _names(manifests: Sequence[Mapping[str, Any]]) -> list[str]:
    return [manifest["metadata"]["name"] for manifest in manifests]


def _text() -> str:
    return files("floe_infra.secrets.in_files.programs").joinpath(_PROGRAM).read_text(encoding="utf-8")
