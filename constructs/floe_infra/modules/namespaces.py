"""`terraform-modules/namespaces`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from floe_infra.context import Context
from floe_infra.fields import KubernetesName
from floe_infra.kubernetes.config import QuotaConfig
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Choice, Each, Module, Output, Outputs, Tokens
from floe_infra.modules.names import Name

if TYPE_CHECKING:
    from constructs import Construct

Level = Literal["restricted", "baseline", "privileged"]


class NamespacesInputs(Model):
    """What the module asks for."""

    name: Name
    """What the namespaces are part of, for their label `app.kubernetes.io/part-of`."""
    namespaces: Annotated[dict[KubernetesName, Level], Field(min_length=1)]
    """The namespaces, each with the Pod Security Standard that is enforced there; what is not `restricted` is warned
    of everywhere."""
    quota: QuotaConfig | None = QuotaConfig()
    """The most that a namespace's pods may request together; no end when null."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.kubernetes.namespaces import Namespace

    namespace = Namespace(
        scope,
        MEMBER,
        name=MEMBER,
        platform=context.prefix,
        level=tokens.text("each.value"),
        quota=None if chosen["quota"] else tokens.of(QuotaConfig, "var.quota"),
    )
    return {
        "names": Output(
            {MEMBER: MEMBER}, "The namespaces' names, by name, for what comes after them.", [namespace.ready]
        ),
    }


MODULE = Module(
    name="namespaces",
    summary="Kubernetes namespaces that enforce a Pod Security Standard, with limits for pods that name none.",
    inputs=(NamespacesInputs,),
    construct="floe_infra.kubernetes.namespaces:Namespace",
    build=_build,
    prefix="var.name",
    providers=("helm", "kubernetes"),
    each=Each("var.namespaces", ("name", "level")),
    choices=(Choice("quota", "var.quota == null"),),
    sample={
        "name": "acme-prod",
        "namespaces": {"catalog": "restricted", "floe": "baseline"},
        "quota": {"pods": 50, "cpu": 40, "memory_gib": 160},
    },
)
