"""The Iceberg catalog."""

from floe_infra.catalog.config import CatalogConfig, GlueConfig

__all__ = ["CatalogConfig", "GlueConfig"]
