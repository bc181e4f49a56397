"""Reads a signed document of ours by its pattern, and checks its signature (eddsa-rdfc-2022).

What is not in the pattern is refused, so that every text of a document that is accepted is under the signature.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from earned.document import canonical_quads
from earned.document.canonical_quads import filled

_PATTERNS = Path(canonical_quads.__file__).with_name("quads")
_NAME = re.compile(r"\$\{(\w+)\}")
_IRI = re.compile(r"<\$\{(\w+)\}")
_NOT_IN_AN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519 = b"\xed\x01"  # the multicodec of a public key
_MAX_DIGITS = 128  # a signature has 88


class Unusual(Exception):
    """The document is not one that the service signs; the message says where it differs."""


@dataclass(frozen=True)
class SignedDocument:
    """The values of a document, and its canonical form."""

    values: Mapping[str, str] = field(repr=False)
    quads: str = field(repr=False)

    @property
    def method(self) -> str:
        """The key that signed it: the issuer's DID, `#`, and the id of the key."""
        return self.values["method"]

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        proof = filled("proof", {"created": self.values["created"], "method": self.method})
        signed = b"".join(hashlib.sha256(quads.encode()).digest() for quads in (proof, self.quads))
        try:
            key.verify(decoded(self.values["proof"]), signed)
        except (InvalidSignature, ValueError):
            return False
        return True


def read(kind: str, text: bytes) -> SignedDocument:
    """The document, of the kind `credential` or `status_list`; raises `Unusual`."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise Unusual("it is not JSON") from None
    pattern = _pattern(kind)
    reading = _Reading(pattern["optional"])
    reading.match(pattern["document"], given, "it")
    parts = [part for part in dict.fromkeys(pattern["optional"].values()) if part in reading.parts]
    lines = "".join(_lines(kind, part) for part in ("", *parts))
    if set(_NAME.findall(lines)) != reading.values.keys() - {"method", "proof"}:
        raise Unusual("parts of it are missing")
    for name in set(_IRI.findall(lines)):
        if _NOT_IN_AN_IRI.search(reading.values[name]):
            raise Unusual(f"its {name} is no address")
    try:
        "".join(reading.values.values()).encode()
    except UnicodeEncodeError:
        raise Unusual("it has half a character") from None
    return SignedDocument(reading.values, filled(kind, reading.values, parts))


def decoded(text: str) -> bytes:
    """Base58 behind the letter `z`; raises `ValueError`."""
    if not text.startswith("z") or len(text) > _MAX_DIGITS:
        raise ValueError("no multibase of base58")
    number = 0
    for digit in text[1:]:
        number = number * 58 + _BASE58.index(digit)
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def public_key(multibase: str) -> Ed25519PublicKey:
    """Raises `ValueError`."""
    data = decoded(multibase)
    if not data.startswith(_ED25519):
        raise ValueError("no Ed25519 key")
    return Ed25519PublicKey.from_public_bytes(data[len(_ED25519) :])


class _Reading:
    """The values that were found, and the optional parts that they are of."""

    def __init__(self, optional: Mapping[str, str]) -> None:
        self._optional = optional
        self.values: dict[str, str] = {}
        self.parts: set[str] = set()

    def match(self, pattern: Any, given: Any, place: str) -> None:
        if isinstance(pattern, str) and _NAME.search(pattern):
            self._match_text(pattern, given, place)
        elif type(pattern) is not type(given):
            raise Unusual(f"{place} is another kind of value")
        elif isinstance(pattern, dict):
            self._match_object(pattern, given, place)
        elif isinstance(pattern, list):
            if len(pattern) != len(given):
                raise Unusual(f"{place} has another number of items")
            for one, other in zip(pattern, given, strict=True):
                self.match(one, other, place)
        elif pattern != given:
            raise Unusual(f"{place} has another value")

    def _match_object(self, pattern: dict[str, Any], given: dict[str, Any], place: str) -> None:
        missing = pattern.keys() - given.keys()
        if given.keys() - pattern.keys() or missing - self._optional.keys():
            raise Unusual(f"{place} has other members")
        self.parts |= {self._optional[key] for key in given.keys() & self._optional.keys()}
        for key, value in given.items():
            self.match(pattern[key], value, key)

    def _match_text(self, pattern: str, given: Any, place: str) -> None:
        name, text = _NAME.findall(pattern)[0], _text_pattern(pattern)
        found = text.fullmatch(given) if isinstance(given, str) else None
        if found is None or self.values.setdefault(name, found[1]) != found[1]:
            raise Unusual(f"{place} contradicts the rest")


@cache
def _text_pattern(pattern: str) -> re.Pattern[str]:
    before, _, after = _NAME.split(pattern)
    return re.compile(f"{re.escape(before)}(.*){re.escape(after)}", re.DOTALL)


@cache
def _pattern(kind: str) -> Any:
    return json.loads((_PATTERNS / f"{kind}.json").read_text(encoding="utf-8"))


@cache
def _lines(kind: str, part: str) -> str:
    return (_PATTERNS / f"{kind}.{part}.nq" if part else _PATTERNS / f"{kind}.nq").read_text(encoding="utf-8")
