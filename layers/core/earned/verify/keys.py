"""The keys of an issuer: the DID document of a `did:web`, from the issuer's address or from a file."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from earned.verify.fetching import Unreachable
from earned.verify.signed_documents import public_key

Json = dict[str, Any]
LOOPBACK = ("127.0.0.1", "localhost")  # a local stack, which has no certificate


class NotTheIssuers(Exception):
    """The key is none with which the issuer signs; the message says why."""


def address(did: str) -> str:
    """`https://host/path` of a did:web (did:web Method Specification); raises `NotTheIssuers` for another method."""
    parts = did.split(":")
    if parts[:2] != ["did", "web"] or not all(parts[2:]) or len(parts) < 3:
        raise NotTheIssuers(f"{did} is no did:web")
    host = unquote(parts[2])
    if set(host) & set("/?#@\\") or any(set(part) & set("/?#\\") for part in parts[3:]):
        raise NotTheIssuers(f"{did} is no did:web")
    scheme = "http" if host.partition(":")[0] in LOOPBACK else "https"
    return f"{scheme}://{'/'.join([host, *parts[3:]])}"


def did_document(did: str, fetch: Callable[[str], bytes]) -> Json:
    """Raises `Unreachable`, also when the answer is no DID document, and `NotTheIssuers`."""
    place = "/did.json" if did.count(":") > 2 else "/.well-known/did.json"
    return parsed(fetch(address(did) + place), did)


def parsed(text: bytes, name: str) -> Json:
    """Raises `Unreachable` for what is no DID document."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("id"), str):
        raise Unreachable(f"{name} is no DID document")
    return document


def issuers_key(document: Json, did: str, method: str, at: datetime) -> Ed25519PublicKey:
    """The key `method` of a DID document, if `did` signs statements with it at that moment; raises `NotTheIssuers`."""
    if document["id"] != did:
        raise NotTheIssuers(f"the keys are those of {document['id']}, the credential is of {did}")
    asserting = [one if isinstance(one, str) else one.get("id") for one in _items(document, "assertionMethod")]
    if not method.startswith(f"{did}#") or method not in asserting:
        raise NotTheIssuers("the key is not, or no longer, one with which the issuer signs")
    listed = [*_items(document, "verificationMethod"), *_items(document, "assertionMethod")]
    for key in listed:
        if isinstance(key, dict) and key.get("id") == method and key.get("controller") == did:
            if "revoked" in key or _has_expired(key, at):
                raise NotTheIssuers("the issuer has ended the use of the key")
            try:
                return public_key(str(key.get("publicKeyMultibase")))
            except ValueError:
                break
    raise NotTheIssuers("the key is not readable in the issuer's list")


def _items(document: Json, name: str) -> list[str | Json]:
    items = document.get(name)
    return [one for one in items if isinstance(one, str | dict)] if isinstance(items, list) else []


def _has_expired(key: Json, at: datetime) -> bool:
    if "expires" not in key:
        return False
    try:
        return datetime.fromisoformat(str(key["expires"])) <= at
    except (ValueError, TypeError):
        return True
