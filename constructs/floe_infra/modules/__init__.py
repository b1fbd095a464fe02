"""Terraform modules from the constructs: `terraform-modules/`, for teams that never touch Python."""

from __future__ import annotations

from importlib import import_module

from floe_infra.modules.definition import GenerationError, Module

NAMES = (
    "eks",
    "eks-add-ons",
    "external-secrets",
    "glue-catalog",
    "jaeger",
    "lakehouse",
    "marquez",
    "namespaces",
    "nessie",
    "network-policies",
    "otel-collector",
    "polaris",
    "postgres-databases",
    "rds",
    "s3",
    "secrets-manager",
    "service-account-roles",
    "trino",
    "vpc",
)
"""What there is, each defined in a file of its name."""


def load(name: str) -> Module:
    """A module's definition."""
    module: Module = import_module(f"floe_infra.modules.{name.replace('-', '_')}").MODULE
    return module


__all__ = ["NAMES", "GenerationError", "Module", "load"]
