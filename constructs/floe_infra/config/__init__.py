"""The file `floe-infra.yaml`: its models, how it is read, and what is said about its mistakes."""

from floe_infra.config.load import load
from floe_infra.config.platform import PlatformConfig
from floe_infra.config.problems import ConfigError, Problem

__all__ = ["ConfigError", "PlatformConfig", "Problem", "load"]
