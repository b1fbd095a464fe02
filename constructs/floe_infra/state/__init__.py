"""Where Terraform keeps its state."""

from floe_infra.state.config import GcsState, LocalState, S3State, StateConfig

__all__ = ["GcsState", "LocalState", "S3State", "StateConfig"]
