"""The status of a credential: bit 0 of its own Bitstring Status List 1.0."""

import zlib
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import datetime, timedelta

from earned.verify.fetching import Unreachable
from earned.verify.keys import NotTheIssuers, address, did_document, issuers_key
from earned.verify.signed_documents import SignedDocument, Unusual, read

ENTRIES = 131_072
CLOCK_TOLERANCE = timedelta(minutes=5)


def is_revoked(credential: SignedDocument, fetch: Callable[[str], bytes], at: datetime) -> bool:
    """Raises `Unreachable` for every answer that cannot be relied on: another issuer's, too old, or of another list."""
    issuer, url = credential.values["did"], credential.values["status"]
    if not url.startswith(f"{address(issuer)}/status/"):
        raise Unreachable(f"{url} is not an address of the issuer")
    signer = f"{issuer}:status"
    try:
        found = read("status_list", fetch(url))
        key = issuers_key(did_document(signer, fetch), signer, found.method, at)
    except (Unusual, NotTheIssuers) as error:
        raise Unreachable(f"the answer of {url} is not the issuer's: {error}") from None
    values = found.values
    if values["did"] != signer or values["address"] != url or not found.is_signed_by(key):
        raise Unreachable(f"the answer of {url} is not the issuer's")
    try:
        created, until = datetime.fromisoformat(values["created"]), datetime.fromisoformat(values["until"])
        is_current = created - at <= CLOCK_TOLERANCE and at - until <= CLOCK_TOLERANCE
    except (ValueError, TypeError):
        is_current = False
    if not is_current:
        raise Unreachable(f"the answer of {url} is not of this moment")
    return bool(_bits(values["list"])[0] & 0x80)


def _bits(encoded: str) -> bytes:
    try:
        packed = urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4))
        bits = zlib.decompressobj(wbits=31).decompress(packed, ENTRIES // 8)
    except (ValueError, zlib.error):
        bits = b""
    if not encoded.startswith("u") or len(bits) != ENTRIES // 8:
        raise Unreachable("the status list is not readable")
    return bits
