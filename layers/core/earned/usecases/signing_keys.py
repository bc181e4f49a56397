"""The key that signs, and the credentials of certificates that are signed with it."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from earned.aws.s3 import Documents, KeyUse
from earned.aws.secrets_manager import Secret
from earned.document.credential import Credential
from earned.document.signatures import SigningKey
from earned.domain.certificate import CredentialProof, Issuance, QuizResult

SECONDS_CACHED = 15 * 60  # how long a sandbox may use a key that was replaced


class Keys(Protocol):
    def current(self) -> SigningKey: ...


class SigningKeys:
    """The current key of a secret, cached in the sandbox; its public key is published before it is used."""

    def __init__(
        self, secret: Secret, documents: Documents, use: KeyUse, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._secret = secret
        self._documents = documents
        self._use = use
        self._monotonic = monotonic
        self._cached: tuple[float, SigningKey] | None = None

    def current(self) -> SigningKey:
        now = self._monotonic()
        if self._cached is None or now - self._cached[0] >= SECONDS_CACHED:
            key = SigningKey(self._secret.read())
            self._documents.publish_key(self._use, key.public)
            self._cached = now, key
        return self._cached[1]


class Credentials:
    """Signs the credentials of certificates."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def sign(self, training_id: str, issue: Issuance, result: QuizResult | None) -> Issuance:
        """The issuance with the proof of its credential."""
        key = self._keys.current()
        signature = key.sign(Credential.of(training_id, issue, result))
        return replace(issue, credential=CredentialProof(key.key_id, signature, result))
