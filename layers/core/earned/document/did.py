"""The issuer's identity: did:web of the public address, and its DID documents (DID 1.0, Multikey)."""

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def multibase(data: bytes) -> str:
    """Base58 behind the letter `z`."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + _BASE58[0] * zeros + digits


def issuer_did(base_url: str) -> str:
    """`did:web:example.com`; a path of the address continues it behind colons."""
    url = urlsplit(base_url)
    return ":".join(["did:web", quote(url.netloc, safe=""), *filter(None, url.path.split("/"))])


def status_did(base_url: str) -> str:
    """The DID that signs status lists. It is another one, so that verifiers refuse its keys for a certificate."""
    return f"{issuer_did(base_url)}:status"


def key_id(public: str) -> str:
    """Short, because every record keeps it: 32 bits of the hash of the public key."""
    return hashlib.sha256(public.encode()).hexdigest()[:8]


def did_document(did: str, public_keys: Sequence[str]) -> dict[str, Any]:
    methods = [
        {"id": f"{did}#{key_id(public)}", "type": "Multikey", "controller": did, "publicKeyMultibase": public}
        for public in public_keys
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }
