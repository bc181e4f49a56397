"""The status of one credential as its own Bitstring Status List 1.0: entry 0, set unless the certificate stands."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from gzip import compress
from typing import Any

from earned.document.canonical_quads import filled
from earned.document.credential import W3C_CONTEXT
from earned.document.did import status_did
from earned.domain.timestamps import rfc_3339

ENTRIES = 131_072  # the least that the specification allows
LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class StatusList:
    """The answer to one request, before it is signed."""

    base_url: str
    certificate_id: str
    revision: int
    stands: bool
    at: datetime

    @property
    def did(self) -> str:
        return status_did(self.base_url)

    @property
    def created(self) -> str:
        return rfc_3339(self.at)

    @property
    def document(self) -> dict[str, Any]:
        values = self.values
        return {
            "@context": [W3C_CONTEXT],
            "id": values["address"],
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self.did,
            "validFrom": self.created,
            "validUntil": values["until"],
            "credentialSubject": {
                "id": f"{values['address']}#list",
                "type": "BitstringStatusList",
                "statusPurpose": "revocation",
                "encodedList": values["list"],
            },
        }

    @property
    def quads(self) -> str:
        return filled("status_list", self.values)

    @property
    def values(self) -> dict[str, str]:
        return {
            "address": f"{self.base_url}/status/{self.certificate_id}/{self.revision}",
            "did": self.did,
            "created": self.created,
            "until": rfc_3339(self.at + LIFETIME),
            "list": encoded_list(is_set=not self.stands),
        }


@cache
def encoded_list(*, is_set: bool) -> str:
    """Entry 0 is the left-most bit; multibase base64url without padding."""
    bits = bytearray(ENTRIES // 8)
    bits[0] = 0x80 if is_set else 0
    return "u" + urlsafe_b64encode(compress(bytes(bits), 9, mtime=0)).rstrip(b"=").decode()
