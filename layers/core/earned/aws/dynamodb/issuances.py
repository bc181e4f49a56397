"""The stored form of an issuance: JSON without what other attributes of the record say."""

import json
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from earned.aws.dynamodb import proofs
from earned.domain.certificate import Issuance

_ISSUE = TypeAdapter(Issuance)


def pack(issue: Issuance) -> str:
    known: Any = {"revision": True, "printed": {"certificate_id"}, "credential": True}
    return _ISSUE.dump_json(issue, exclude_defaults=True, exclude=known).decode()


def unpack(packed: str | None, revision: float, certificate_id: str, proof: bytes | None) -> Issuance | None:
    if packed is None:
        return None
    body = json.loads(packed)
    printed = body["printed"] | {"certificate_id": certificate_id}
    issue = _ISSUE.validate_python(body | {"revision": int(revision), "printed": printed})
    return replace(issue, credential=proofs.unpack(proof, int(revision)) if proof is not None else None)
