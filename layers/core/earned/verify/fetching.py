"""Fetches what the issuer publishes, with a bound on time and size."""

import urllib.error
import urllib.request
from http.client import HTTPException

TIMEOUT_SECONDS = 10
MAX_BYTES = 1_000_000


class Unreachable(Exception):
    """There is no usable answer; the message names the address and the reason."""


def fetch(url: str) -> bytes:
    """Raises `Unreachable`. The address is of http or https: `keys.address` and `status` see to it."""
    request = urllib.request.Request(url, headers={"Accept": "application/json, application/vc"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - see above
            body: bytes = answer.read(MAX_BYTES + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise Unreachable(f"{url} answers {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"{url} does not answer: {getattr(error, 'reason', error)}") from None
    if len(body) > MAX_BYTES:
        raise Unreachable(f"{url} answers with more than {MAX_BYTES:,} bytes")
    return body
