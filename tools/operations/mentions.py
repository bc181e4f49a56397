"""What in a text is of one person: their name and address, and in a message what it says about their account."""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
# What may say who somebody is; a reissue has a reason in support's own words.
SAYS_WHO = ("name", "email", "reason")


@dataclass(frozen=True)
class Person:
    """Whose traces are looked for: an account, its address and all names that it is known to have had."""

    account_id: str
    email: str = field(default="", repr=False)
    names: frozenset[str] = field(default=frozenset(), repr=False)

    def is_in(self, text: str) -> bool:
        """Whether a text has the address, or one of the names as a whole, in any case and form of Unicode."""
        folded = _folded(text)
        return any(_has(folded, words) for words in (self.email, *self.names))

    def owns(self, body: str) -> bool:
        """Whether a message is to go: it says who this account is, or has the person's words and is nobody else's.

        A message that names an id is of whatever that is, so that a namesake's and a company's stay, and so do those
        with ids alone: the certificate's withdrawal is announced by one.
        """
        about = _subject(body)
        if _is_of_somebody(about):
            says_who = any(about.get(name) for name in SAYS_WHO) or self.is_in(body)
            return about.get("account_id") == self.account_id and says_who
        return self.is_in(body) or (not about and _has(_folded(body), self.account_id))


def _subject(body: str) -> dict[str, Any]:
    """What a message is about: an event's data, or the whole of a message of ours; nothing if it cannot be read."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    about = message.get("data", message) if isinstance(message, dict) else None
    return about if isinstance(about, dict) else {}


def _is_of_somebody(about: dict[str, Any]) -> bool:
    named = {name for name, value in about.items() if name.endswith("_id") and isinstance(value, str)}
    return bool(named) or "enrollments" in about


def _has(folded: str, words: str) -> bool:
    """Whether a text has these words as a whole: Li is not in client, nor a@example.com in ada@example.com."""
    wanted = re.escape(_folded(words))
    return bool(wanted) and bool(re.search(rf"(?<![a-z0-9._%+-]){wanted}(?![a-z0-9]|[-.][a-z0-9])", folded))


def _folded(text: str) -> str:
    """A text without JSON's escapes, case, and differences between equal forms of Unicode."""
    unescaped = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else " ", text)
    whole = unescaped.encode("utf-16", "surrogatepass").decode(
        "utf-16", "replace"
    )  # a pair of surrogates is one letter
    return unicodedata.normalize("NFC", whole.strip()).casefold()
