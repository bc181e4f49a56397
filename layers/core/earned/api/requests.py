"""Requests as API Gateway hands them over, bounded before Powertools reads them."""

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isinf
from typing import Any, NoReturn

from earned.api.problems import BadRequest, MethodNotAllowed, NotFound, NotJson
from earned.api.routes import Route

MAX_BODY_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_QUERY_CHARACTERS = 8_000
JSON_TYPE = "application/json"
_OPENING, _CLOSING = frozenset("[{"), frozenset("]}")


@dataclass(frozen=True)
class Admitted:
    """A request for a known route; `event` is the gateway's, reduced to what Powertools can read without a fault."""

    route: Route
    event: dict[str, Any]
    is_head: bool


def admit(event: Mapping[str, Any], routes: Iterable[Route]) -> Admitted:
    """Raises `NotFound`, `MethodNotAllowed`, `BadRequest` or `NotJson`.

    HEAD is answered like GET, without a body; a slash at the end of the path changes nothing.
    """
    http = event["requestContext"]["http"]
    path = event["rawPath"]
    asked = http["method"].upper()
    method = "GET" if asked == "HEAD" else asked
    route, path = _route(method, path.removesuffix("/") or "/", routes)
    query = {} if route.ignores_query else _query(event.get("queryStringParameters") or {}, route)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    body = _body(event, headers.get("content-type", "")) if route.takes_body else None
    context = event["requestContext"] | {"http": http | {"method": method, "path": path}}
    reduced = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers | {"content-type": JSON_TYPE},
        "queryStringParameters": query,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    if body is not None:
        reduced["body"] = body
    return Admitted(route, reduced, is_head=asked == "HEAD")


def _route(method: str, path: str, routes: Iterable[Route]) -> tuple[Route, str]:
    found = [(route, match) for route in routes if (match := route.pattern.fullmatch(path)) is not None]
    if not found:
        raise NotFound
    allowed = {route.method for route, _ in found}
    for route, match in found:
        if route.method == method:
            return route, route.place(match.groupdict())
    raise MethodNotAllowed(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))


def _query(query: Mapping[str, str], route: Route) -> dict[str, str]:
    """The query, whose names are parameters of the route and whose texts are Unicode; raises `BadRequest`."""
    for name in query:
        if name not in route.parameters:
            raise BadRequest(f"{_shown(name)}: unknown parameter; {_takes(route)}")
    for name, value in query.items():
        if len(value) > MAX_QUERY_CHARACTERS or not _is_unicode(value):
            raise BadRequest(f"{name}: too long, or not Unicode text")
    return dict(query)


def _shown(name: str) -> str:
    """A parameter's name as an answer may repeat it: short, and without anything but ASCII."""
    return name[:64].encode("ascii", "replace").decode()


def _takes(route: Route) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(route.parameters))
    return f"this operation takes {names or 'no parameters'}."


def _body(event: Mapping[str, Any], media_type: str) -> str | None:
    """The body as JSON that Powertools and pydantic read without a fault; None if there is none."""
    body: str | None = event.get("body")
    if not body:
        return None
    if media_type and not _is_json(media_type):
        raise NotJson
    if len(body) > 2 * MAX_BODY_BYTES:
        raise BadRequest(f"body: longer than {MAX_BODY_BYTES:,} bytes")
    try:
        raw = b64decode(body) if event.get("isBase64Encoded") else body.encode()
        text = raw.decode("utf-8")
    except ValueError:
        raise BadRequest("body: not UTF-8") from None
    if len(raw) > MAX_BODY_BYTES:
        raise BadRequest(f"body: longer than {MAX_BODY_BYTES:,} bytes")
    return parse(text)


def parse(text: str) -> str:
    """The same JSON, written anew; raises `BadRequest` for what is not JSON as RFC 8259 and I-JSON have it."""
    if _depth(text) > MAX_DEPTH:
        raise BadRequest(f"body: nested deeper than {MAX_DEPTH} levels")
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_constant, object_pairs_hook=_object)
    except ValueError:  # also for an integer of more than 4,300 digits
        raise BadRequest("body: not JSON") from None
    written = json.dumps(value, ensure_ascii=False)
    if not _is_unicode(written):
        raise BadRequest("body: a text has half a character (a lone surrogate)")
    return written


def _depth(text: str) -> int:
    depth = deepest = 0
    in_text = escaped = False
    for character in text:
        if in_text:
            in_text = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_text = True
        elif character in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif character in _CLOSING:
            depth -= 1
    return deepest


def _finite(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise BadRequest("body: a number is too large")
    return number


def _constant(_: str) -> NoReturn:
    raise BadRequest("body: NaN and Infinity are not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise BadRequest("body: an object names a member twice")
    return members


def _is_json(media_type: str) -> bool:
    kind = media_type.partition(";")[0].strip().lower()
    return kind == JSON_TYPE or (kind.startswith("application/") and kind.endswith("+json"))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
