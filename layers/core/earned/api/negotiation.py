"""What a client prefers, by `Accept` and `Accept-Language` (RFC 9110 §12); a malformed header prefers nothing."""

import math
from collections.abc import Collection, Iterator

MAX_PREFERENCES = 50
FALLBACK = "en"


def prefers_html(accept: str) -> bool:
    named = dict(_preferences(accept))
    html, json = named.get("text/html", 0.0), named.get("application/json")
    if json is None:
        return html > 0 and html >= max(named.get("application/*", 0.0), named.get("*/*", 0.0))
    return html > json


def prefers_json(accept: str) -> bool:
    """Over `application/vc`; clients that parse an answer only if its type names JSON ask for that."""
    named = dict(_preferences(accept))
    return named.get("application/json", 0.0) > named.get("application/vc", named.get("*/*", 0.0))


def language(accept_language: str, available: Collection[str]) -> str:
    """The available language that the header prefers, by primary subtag; English if it prefers none of them."""
    for tag, quality in sorted(_preferences(accept_language), key=lambda one: -one[1]):
        primary = tag.partition("-")[0]
        if quality > 0 and primary in available:
            return primary
    return FALLBACK


def _preferences(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(",", MAX_PREFERENCES)[:MAX_PREFERENCES]:
        name, *parameters = (text.strip().lower() for text in part.split(";"))
        weights = [text[2:] for text in parameters if text.startswith("q=")]
        yield name, _quality(weights[0]) if weights else 1.0


def _quality(text: str) -> float:
    try:
        quality = float(text[:5])
    except ValueError:
        return 0.0
    return quality if math.isfinite(quality) and 0 <= quality <= 1 else 0.0
