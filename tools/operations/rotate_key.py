"""Replaces a signing key: verifiers learn the new one before it signs anything, and keep the former one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from earned.aws.s3 import Documents, KeyUse
from earned.document.signatures import SigningKey

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

SECRETS: dict[str, str] = {"certificates": "CertificateKeyArn", "statuses": "StatusKeyArn"}
# A cached DID document is kept for five minutes (earned/api/credentials.py).
SECONDS_CACHED = 300


def rotate(
    secrets: "SecretsManagerClient", arn: str, documents: Documents, use: KeyUse, wait: Callable[[float], None]
) -> SigningKey:
    """The new key. Run again after an interruption, it makes another one; a key that never signs does no harm."""
    text = secrets.get_random_password(PasswordLength=64, ExcludePunctuation=True)["RandomPassword"]
    key = SigningKey(text)
    documents.publish_key(use, key.public)
    wait(SECONDS_CACHED)
    secrets.put_secret_value(SecretId=arn, SecretString=text)
    return key
