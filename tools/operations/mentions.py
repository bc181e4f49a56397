"""Finds a person in a text: their name and address, and in a message what it says about their account."""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
# Fields that can identify a person; the reason of a reissue is support's free text.
SAYS_WHO = ("name", "email", "reason")


@dataclass(frozen=True)
class Person:
    """The person to find: an account, its address and all its known names."""

    account_id: str
    email: str = field(default="", repr=False)
    names: frozenset[str] = field(default=frozenset(), repr=False)

    def is_in(self, text: str) -> bool:
        """Whether a text has the address or a whole name, in any case and Unicode form."""
        folded = _folded(text)
        return any(_has(folded, words) for words in (self.email, *self.names))

    def owns(self, body: str) -> bool:
        """Whether to delete a message: it says who this account is, or it has the person's words and no other subject.

        A message with an id is about that id, so messages about namesakes and companies stay; so do messages that
        have only ids, because one of them announces the certificate's withdrawal.
        """
        about = _subject(body)
        if _has_subject(about):
            says_who = any(about.get(name) for name in SAYS_WHO) or self.is_in(body)
            return about.get("account_id") == self.account_id and says_who
        return self.is_in(body) or (not about and _has(_folded(body), self.account_id))


def _subject(body: str) -> dict[str, Any]:
    """The subject of a message: an event's data or the whole of an internal message; empty if unreadable."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    about = message.get("data", message) if isinstance(message, dict) else None
    return about if isinstance(about, dict) else {}


def _has_subject(about: dict[str, Any]) -> bool:
    named = {name for name, value in about.items() if name.endswith("_id") and isinstance(value, str)}
    return bool(named) or "enrollments" in about


def _has(folded: str, words: str) -> bool:
    """Whether a text has these words as a whole: Li is not in client, nor a@example.com in ada@example.com."""
    wanted = re.escape(_folded(words))
    return bool(wanted) and bool(re.search(rf"(?<![a-z0-9._%+-]){wanted}(?![a-z0-9]|[-.][a-z0-9])", folded))


def _folded(text: str) -> str:
    """A text without JSON escapes and differences of case and Unicode form."""
    unescaped = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else " ", text)
    whole = unescaped.encode("utf-16", "surrogatepass").decode(
        "utf-16", "replace"
    )  # surrogate pairs become one character
    return unicodedata.normalize("NFC", whole.strip()).casefold()
