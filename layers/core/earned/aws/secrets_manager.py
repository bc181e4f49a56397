"""Secrets in Secrets Manager."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True)
class Secret:
    """One secret; `read` makes a client, which most sandboxes of the API never need, and returns its current text."""

    client: "Callable[[], SecretsManagerClient]"
    arn: str

    def read(self) -> str:
        return self.client().get_secret_value(SecretId=self.arn)["SecretString"]
