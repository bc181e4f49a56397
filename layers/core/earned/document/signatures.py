"""Ed25519 keys and the proofs of credentials (Data Integrity EdDSA Cryptosuites 1.0, eddsa-rdfc-2022)."""

import hashlib
from typing import Protocol

from earned.document.canonical_quads import filled
from earned.document.credential import Json, proof_options
from earned.document.did import key_id, multibase

_ED25519 = b"\xed\x01"  # the multicodec of a public key


class Unsigned(Protocol):
    """A JSON-LD document with its canonical form, and what its proof says."""

    @property
    def did(self) -> str: ...

    @property
    def created(self) -> str: ...

    @property
    def document(self) -> Json: ...

    @property
    def quads(self) -> str: ...


class SigningKey:
    """A key pair derived from a secret text; its id names it in the issuer's DID document."""

    def __init__(self, secret: str) -> None:
        # A large library, which of the API's routes only the status of a credential needs.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  # with the first signature

        self._private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())
        self.public = multibase(_ED25519 + self._private.public_key().public_bytes_raw())

    @property
    def key_id(self) -> str:
        return key_id(self.public)

    def sign(self, unsigned: Unsigned) -> bytes:
        """The same for the same document."""
        return self._private.sign(signed_bytes(unsigned, self.key_id))


def proven(unsigned: Unsigned, key: SigningKey) -> Json:
    """The document with its proof."""
    proof = proof_options(unsigned.did, key.key_id, unsigned.created)
    return {**unsigned.document, "proof": {**proof, "proofValue": multibase(key.sign(unsigned))}}


def signed_bytes(unsigned: Unsigned, key: str) -> bytes:
    """What a key signs: the hashes of the canonical proof options and of the canonical document."""
    options = proof_options(unsigned.did, key, unsigned.created)
    proof = filled("proof", {"created": options["created"], "method": options["verificationMethod"]})
    return b"".join(hashlib.sha256(quads.encode()).digest() for quads in (proof, unsigned.quads))
