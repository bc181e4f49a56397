"""The stored form of an issuance: compressed JSON without what other attributes of the record say.

Uncompressed it costs a usual record its second write unit (decision 57).
"""

import json
import zlib
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from earned.aws.dynamodb import proofs
from earned.domain.certificate import Issuance

_ISSUE = TypeAdapter(Issuance)


def pack(issue: Issuance) -> bytes:
    known: Any = {"revision": True, "printed": {"certificate_id"}, "credential": True}
    return zlib.compress(_ISSUE.dump_json(issue, exclude_defaults=True, exclude=known), level=9)


def unpack(packed: bytes | None, revision: float, certificate_id: str, proof: bytes | None) -> Issuance | None:
    if packed is None:
        return None
    body = json.loads(zlib.decompress(packed))
    printed = body["printed"] | {"certificate_id": certificate_id}
    issue = _ISSUE.validate_python(body | {"revision": int(revision), "printed": printed})
    return replace(issue, credential=proofs.unpack(proof, int(revision)) if proof is not None else None)
