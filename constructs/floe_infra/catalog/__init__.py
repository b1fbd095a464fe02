"""The Iceberg catalog."""

from floe_infra.catalog.config import CatalogConfig, GlueConfig, NessieConfig, PolarisConfig

__all__ = ["CatalogConfig", "GlueConfig", "NessieConfig", "PolarisConfig"]
