"""A second way in Python: JSON-LD canonicalisation by PyLD, Ed25519 by cryptography, and nothing of the service."""

import gzip
import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jsonschema import Draft201909Validator
from pyld import jsonld

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
CONTEXTS = {
    "https://www.w3.org/ns/credentials/v2": "credentials-v2.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": "open-badges-3.0.3.json",
}
SCHEMA = json.loads((Path(__file__).with_name("schemas") / "achievement-credential.json").read_text("utf-8"))
DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Refused(Exception):
    """Why the credential is not accepted."""


def stored_contexts() -> dict[str, Json]:
    folder = ROOT / "tools" / "contracts" / "contexts"
    return {url: json.loads((folder / name).read_text("utf-8")) for url, name in CONTEXTS.items()}


def verify(credential: Json, issuer: str, web: Mapping[str, str]) -> None:
    """Raises `Refused`."""
    errors = sorted(error.message for error in Draft201909Validator(SCHEMA).iter_errors(credential))
    if errors:
        raise Refused(f"schema: {errors[0]}")
    if credential["issuer"]["id"] != issuer:
        raise Refused("another issuer")
    check_proof(credential, issuer, web)
    entry = credential["credentialStatus"]
    status = fetched(web, entry["statusListCredential"])
    if status["id"] != entry["statusListCredential"] or status["issuer"] != f"{issuer}:status":
        raise Refused("another status list")
    check_proof(status, f"{issuer}:status", web)
    now = datetime.now(UTC)
    if not datetime.fromisoformat(status["validFrom"]) <= now <= datetime.fromisoformat(status["validUntil"]):
        raise Refused("an old status list")
    packed = status["credentialSubject"]["encodedList"][1:]
    bits = gzip.decompress(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    byte, bit = divmod(int(entry["statusListIndex"]), 8)
    if bits[byte] >> (7 - bit) & 1:
        raise Refused("revoked")


def check_proof(document: Json, issuer: str, web: Mapping[str, str]) -> None:
    proof = dict(document["proof"])
    signature = base58(proof.pop("proofValue"))
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    hashes = [
        hashlib.sha256(canonical(one).encode()).digest()
        for one in ({"@context": document["@context"], **proof}, unsigned)
    ]
    host, *path = issuer.removeprefix("did:web:").split(":")
    place = "/".join([unquote(host), *(path or [".well-known"]), "did.json"])
    keys = fetched(web, f"https://{place}")
    method = proof["verificationMethod"]
    found = [key for key in keys["verificationMethod"] if key["id"] == method and key["controller"] == issuer]
    if keys["id"] != issuer or method not in keys["assertionMethod"] or not found:
        raise Refused("not a key of the issuer")
    try:
        Ed25519PublicKey.from_public_bytes(base58(found[0]["publicKeyMultibase"])[2:]).verify(
            signature, b"".join(hashes)
        )
    except InvalidSignature:
        raise Refused("signature") from None


def canonical(document: Json) -> str:
    stored = stored_contexts()

    def load(url: str, _: object) -> Json:
        return {"contextUrl": None, "documentUrl": url, "document": stored[url], "contentType": "application/ld+json"}

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    quads: str = jsonld.normalize(document, options)
    return quads


def fetched(web: Mapping[str, str], url: str) -> Json:
    if url not in web:
        raise Refused(f"{url} does not answer")
    document: Json = json.loads(web[url])
    return document


def base58(text: str) -> bytes:
    number = 0
    for digit in text[1:]:
        number = number * 58 + DIGITS.index(digit)
    zeros = len(text[1:]) - len(text[1:].lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)
