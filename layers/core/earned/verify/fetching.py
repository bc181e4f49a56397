"""Fetches what the issuer publishes, with a bound on time and size."""

import time
import urllib.error
import urllib.request
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import IO
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 10
MAX_BYTES = 1_000_000
BLOCK = 1 << 16


class Unreachable(Exception):
    """There is no usable answer; the message names the address and the reason."""


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows no redirect that leaves https, whose certificate is what makes an answer the issuer's."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != req.type:
            raise urllib.error.HTTPError(req.full_url, code, msg, headers, fp)
        fp.close()  # urllib would read all of a body that nobody needs
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]  # wants HTTPMessage


def fetch(url: str, seconds: float = TIMEOUT_SECONDS) -> bytes:
    """Raises `Unreachable`. The address is of http or https: `keys.address` and `status` see to it."""
    request = urllib.request.Request(url, headers={"Accept": "application/json, application/vc"})  # noqa: S310  # http(s) only
    opener = urllib.request.build_opener(_SameScheme)
    try:
        with opener.open(request, timeout=seconds) as answer:
            body = _read(answer, time.monotonic() + seconds)
    except urllib.error.HTTPError as error:
        error.close()
        raise Unreachable(f"{url} answers {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"{url} does not answer: {getattr(error, 'reason', error)}") from None
    if len(body) > MAX_BYTES:
        raise Unreachable(f"{url} answers with more than {MAX_BYTES:,} bytes")
    return body


def _read(answer: HTTPResponse, deadline: float) -> bytes:
    """At most a block more than `MAX_BYTES`; the timeout of a socket is of each block, so that it bounds no answer."""
    body = b""
    while len(body) <= MAX_BYTES and (block := answer.read1(BLOCK)):
        body += block
        if time.monotonic() > deadline:
            raise TimeoutError("it takes too long")
    return body
