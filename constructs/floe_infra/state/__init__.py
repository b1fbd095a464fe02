"""Where Terraform keeps its state."""

from floe_infra.state.config import LocalState, S3State, StateConfig

__all__ = ["LocalState", "S3State", "StateConfig"]
