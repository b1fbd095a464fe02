"""What every construct knows of the platform it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Environment = Literal["local", "dev", "staging", "prod"]


def keeps_data(environment: Environment, *, allow_data_loss: bool) -> bool:
    """Whether what holds data is protected. Two keys switch it off, never one: environment and file."""
    return not (allow_data_loss and environment in ("local", "dev"))


@dataclass(frozen=True)
class Context:
    """Name, place and protection of a platform. Strings but `name` and `environment` may be tokens."""

    name: str
    environment: Environment
    region: str
    account_id: str
    """What pays: on AWS the account's number, on Google the project's id; empty on no cloud."""
    partition: str = "aws"
    """What ARNs begin with, on AWS."""
    role_path: str = "/"
    """Of every IAM role that is made."""
    permissions_boundary: str | None = None
    """The ARN of the policy beyond which no IAM role that is made may do anything; None for no such end."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """On Google, for what the provider does not label by itself."""
    groups_domain: str | None = None
    """On Google, the domain whose groups the cluster knows."""
    endpoint: str | None = None
    """The emulator's URL; None on the cloud itself."""
    allow_data_loss: bool = False

    @property
    def prefix(self) -> str:
        """Begins the name of everything that needs one: `<name>-<environment>`."""
        return f"{self.name}-{self.environment}"

    @property
    def path(self) -> str:
        """Likewise where names are paths: `<name>/<environment>`."""
        return f"{self.name}/{self.environment}"

    @property
    def keeps_data(self) -> bool:
        """Whether what holds data is protected."""
        return keeps_data(self.environment, allow_data_loss=self.allow_data_loss)
