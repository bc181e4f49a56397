"""A certificate as an Open Badges 3.0 credential, a W3C Verifiable Credential 2.0, of what its record freezes (N6)."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from earned.document.canonical_quads import filled
from earned.document.did import issuer_did, multibase
from earned.domain.certificate import CredentialProof, Issuance, QuizResult
from earned.domain.timestamps import rfc_3339
from earned.domain.training import SCORE_DECIMALS, TrainingKind

Json = dict[str, Any]
W3C_CONTEXT = "https://www.w3.org/ns/credentials/v2"
CONTEXTS = [W3C_CONTEXT, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]
NARRATIVES = {
    TrainingKind.COURSE: (
        "Every required lesson, reading and activity was completed, every required video was watched from start to"
        " finish, and every required quiz was passed."
    ),
    TrainingKind.LIVE_EVENT: "An administrator marked the holder as present after the live event had ended.",
}


@dataclass(frozen=True)
class Credential:
    """The statement of one revision of a certificate, before it is signed; `address` is its verification link."""

    address: str
    holder: str = field(repr=False)
    training_id: str
    training_version: int
    title: str
    kind: TrainingKind
    completed_at: datetime
    completed_on: date
    first_day: date | None
    evidence_digest: str
    result: QuizResult | None = None

    @classmethod
    def of(cls, training_id: str, issue: Issuance, result: QuizResult | None) -> Self:
        printed = issue.printed
        return cls(
            address=printed.verify_url,
            holder=printed.holder,
            training_id=training_id,
            training_version=issue.training_version,
            title=printed.title,
            kind=printed.kind,
            completed_at=issue.completed_at,
            completed_on=printed.completed_on,
            first_day=printed.first_day,
            evidence_digest=issue.evidence_digest,
            result=result,
        )

    @property
    def base_url(self) -> str:
        return self.address.rpartition("/verify/")[0]

    @property
    def did(self) -> str:
        return issuer_did(self.base_url)

    @property
    def created(self) -> str:
        """The moment the last rule held, so that the proof needs no clock."""
        return rfc_3339(self.completed_at)

    @property
    def document(self) -> Json:
        values = self.values
        achievement: Json = {
            "id": values["achievement"],
            "type": ["Achievement"],
            "achievementType": "CertificateOfCompletion",
            "name": self.title,
            "description": self.title,
            "version": values["version"],
            "criteria": {"id": f"{values['achievement']}#criteria", "narrative": values["narrative"]},
        }
        subject: Json = {
            "id": f"{values['certificate']}#holder",
            "type": ["AchievementSubject"],
            "identifier": [
                {"type": "IdentityObject", "identityHash": self.holder, "identityType": "name", "hashed": False}
            ],
        }
        if self.first_day is not None:
            subject["activityStartDate"] = values["first_day"]
        subject |= {"activityEndDate": values["completed_on"], "achievement": achievement}
        if self.result is not None:
            achievement["resultDescription"] = [self._scale(values)]
            subject["result"] = [
                {
                    "id": f"{values['certificate']}#result",
                    "type": ["Result"],
                    "resultDescription": f"{values['achievement']}#score",
                    "value": values["score"],
                }
            ]
        return {
            "@context": CONTEXTS,
            "id": self.address,
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": self.title,
            "issuer": {"id": self.did, "type": ["Profile"], "name": values["host"], "url": self.base_url},
            "validFrom": self.created,
            "credentialSubject": subject,
            "evidence": [
                {
                    "id": values["evidence"],
                    "type": ["Evidence"],
                    "name": "SHA-256 of the facts by which the training was completed",
                }
            ],
            "credentialStatus": {
                "id": f"{values['status']}#0",
                "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation",
                "statusListIndex": "0",
                "statusListCredential": values["status"],
            },
        }

    @property
    def quads(self) -> str:
        """The canonical form (RDFC-1.0) of `document`."""
        parts = {
            "first_day": self.first_day is not None,
            "result": self.result is not None,
            "max_score": self.result is not None and self.result.max_score is not None,
        }
        return filled("credential", self.values, [name for name, has in parts.items() if has])

    def signed(self, proof: CredentialProof) -> Json:
        options = proof_options(self.did, proof.key, self.created)
        return {**self.document, "proof": {**options, "proofValue": multibase(proof.signature)}}

    @property
    def values(self) -> dict[str, str]:
        certificate, _, revision = self.address.partition("?revision=")
        number = certificate.rpartition("/")[2]
        values = {
            "address": self.address,
            "certificate": certificate,
            "base_url": self.base_url,
            "did": self.did,
            "host": urlsplit(self.base_url).netloc,
            "holder": self.holder,
            "title": self.title,
            "achievement": f"{self.base_url}/trainings/{self.training_id}",
            "version": str(self.training_version),
            "narrative": NARRATIVES[self.kind],
            "created": self.created,
            "completed_on": _midnight(self.completed_on),
            "evidence": f"urn:sha256:{self.evidence_digest}",
            "status": f"{self.base_url}/status/{number}/{revision}",
        }
        if self.first_day is not None:
            values["first_day"] = _midnight(self.first_day)
        if self.result is not None:
            values |= {"score": _number(self.result.score), "passing_score": _number(self.result.passing_score)}
            if self.result.max_score is not None:
                values["max_score"] = _number(self.result.max_score)
        return values

    def _scale(self, values: dict[str, str]) -> Json:
        scale: Json = {
            "id": f"{values['achievement']}#score",
            "type": ["ResultDescription"],
            "name": "Score of the quiz",
            "resultType": "RawScore",
            "requiredValue": values["passing_score"],
        }
        return scale | ({"valueMax": values["max_score"]} if "max_score" in values else {})


@dataclass(frozen=True)
class Attachment:
    """A signed credential as a file, and the moment that the file is dated with."""

    data: bytes
    at: datetime


def credential_json(training_id: str, issue: Issuance) -> bytes | None:
    """The signed credential, the same bytes in the document and from the API; None without a proof in the record."""
    proof = issue.credential
    if proof is None:
        return None
    signed = Credential.of(training_id, issue, proof.result).signed(proof)
    return json.dumps(signed, ensure_ascii=False, separators=(",", ":")).encode()


def proof_options(did: str, key: str, created: str) -> Json:
    """A proof without its value (Data Integrity EdDSA Cryptosuites 1.0, eddsa-rdfc-2022)."""
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": created,
        "verificationMethod": f"{did}#{key}",
        "proofPurpose": "assertionMethod",
    }


def _midnight(day: date) -> str:
    """A day where Open Badges demands a moment; readers take the day as it is written."""
    return f"{day.isoformat()}T00:00:00Z"


def _number(score: float) -> str:
    """90.0 is written 90, as a portal sends it."""
    return f"{round(score, SCORE_DECIMALS):.{SCORE_DECIMALS}f}".rstrip("0").rstrip(".")
