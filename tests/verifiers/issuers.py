"""Invented issuers with their keys, and what they publish: DID documents, status lists, the digest of a file."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from earned.document.credential import Attachment, Credential
from earned.document.did import did_document, issuer_did, status_did
from earned.document.render import NORTHLIGHT
from earned.document.signatures import SigningKey, proven
from earned.document.status_list import StatusList
from earned.domain.certificate import CertificateContent, QuizResult
from earned.domain.training import TrainingKind

Json = dict[str, Any]
NUMBER = "k3f7m2qzt5vx4hbrn6wdyc2jpa"
NOW = datetime.now(UTC)
COMPLETED = datetime(2026, 11, 14, 15, 4, 5, 250_000, tzinfo=UTC)


@dataclass
class Issuer:
    """An issuer at an address of its own; `seed` makes its keys."""

    base_url: str = "https://learn.northlight.example"
    seed: str = "northlight"

    @cached_property
    def key(self) -> SigningKey:
        return SigningKey(f"{self.seed}, certificates")

    @cached_property
    def status_key(self) -> SigningKey:
        return SigningKey(f"{self.seed}, status")

    @property
    def did(self) -> str:
        return issuer_did(self.base_url)

    def content(self, **changes: Any) -> CertificateContent:
        """What a certificate prints."""
        content = CertificateContent(
            certificate_id=NUMBER,
            holder="Ada Sample",
            title="Leading Through Uncertainty",
            kind=TrainingKind.COURSE,
            completed_on=date(2026, 11, 14),
            hours=24.0,
            company=None,
            language="en",
            verify_url=f"{self.base_url}/verify/{NUMBER}?revision=1",
        )
        return dataclasses.replace(content, **changes)

    def credential(self, content: CertificateContent, result: QuizResult | None = None) -> Credential:
        return Credential(
            address=content.verify_url,
            holder=content.holder,
            training_id="course-1",
            training_version=3,
            title=content.title,
            kind=content.kind,
            completed_at=COMPLETED,
            completed_on=content.completed_on,
            first_day=content.first_day,
            evidence_digest="ab" * 32,
            result=result,
        )

    def signed(self, content: CertificateContent | None = None, result: QuizResult | None = None) -> Json:
        credential = self.credential(content or self.content(), result)
        return proven(credential, self.key)

    def keys(self) -> Json:
        """The DID document."""
        return did_document(self.did, [self.key.public])

    def status(self, *, stands: bool = True, at: datetime | None = None, revision: int = 1) -> Json:
        """The signed status list."""
        wanted = StatusList(self.base_url, NUMBER, revision, stands, at or datetime.now(UTC))
        return proven(wanted, self.status_key)

    def web(self, *, pdf: bytes = b"", **changes: Json | None) -> dict[str, str]:
        """All that it publishes by address; a change of `keys`, `status_keys`, `status` or `verify` may be None."""
        published: dict[str, Json | None] = {
            "keys": self.keys(),
            "status_keys": did_document(status_did(self.base_url), [self.status_key.public]),
            "status": self.status(),
            "verify": {"status": "valid", "document_sha256": hashlib.sha256(pdf).hexdigest()},
        } | changes
        addresses = {
            "keys": f"{self.base_url}/.well-known/did.json",
            "status_keys": f"{self.base_url}/status/did.json",
            "status": f"{self.base_url}/status/{NUMBER}/1",
            "verify": f"{self.base_url}/verify/{NUMBER}?revision=1",
        }
        return {addresses[name]: json.dumps(text) for name, text in published.items() if text is not None}


def certificate(content: CertificateContent, credential: bytes | Json) -> bytes:
    """The PDF of a certificate with a credential."""
    data = credential if isinstance(credential, bytes) else json.dumps(credential).encode()
    return NORTHLIGHT.render(content, credential=Attachment(data, COMPLETED))
