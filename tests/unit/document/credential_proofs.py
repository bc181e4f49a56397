"""Verifies proofs of credentials and status lists, without WeasyPrint: tests of the stack lack its libraries."""

import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tools.contracts.quads import canonical


def verify(document: dict[str, Any], public: str) -> None:
    """As the specification says, without our own canonical form; raises `InvalidSignature`."""
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    options = {name: value for name, value in document["proof"].items() if name != "proofValue"}
    both = ({"@context": document["@context"], **options}, unsigned)
    hashes = b"".join(hashlib.sha256(canonical(one).encode()).digest() for one in both)
    Ed25519PublicKey.from_public_bytes(decoded(public)[2:]).verify(decoded(document["proof"]["proofValue"]), hashes)


def decoded(text: str) -> bytes:
    """Base58 behind the letter `z`."""
    digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for digit in text[1:]:
        number = number * 58 + digits.index(digit)
    zeros = len(text[1:]) - len(text[1:].lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)
