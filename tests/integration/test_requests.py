"""Requests of any size and shape: the API never answers them with a fault."""

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earned.api.application import ROUTES
from earned.testing.lambda_events import LambdaContext, http_event
from earned.testing.service import Service

SUPPORT = {"sub": "sup-1", "role": "support"}
ASKED = {"name": "Ada Sample", "email": "ada@example.com", "training": "Leading Well"}
POSTS = ("/v1/support-requests", f"/v1/certificates/{'a' * 26}/reissue")
TEXT = json.dumps(ASKED)
BODIES: dict[str, bytes] = {
    "a number of 4,301 digits": TEXT.replace('"Leading Well"', "9" * 4301).encode(),
    "a negative number of 4,301 digits": b'{"name": -' + b"9" * 4301 + b"}",
    "an exponent of 4,301 digits": b'{"name": 1e' + b"9" * 4301 + b"}",
    "a number beyond the largest": b'{"name": 1e999}',
    "NaN": b'{"name": NaN}',
    "990 nested arrays": b"[" * 990 + b"]" * 990,
    "100,000 nested arrays": b"[" * 100_000,
    "100,000 nested objects": b'{"a":' * 100_000,
    "nested arrays in a member": TEXT.replace('"Leading Well"', "[" * 990 + "]" * 990).encode(),
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": TEXT.encode("utf-16"),
    "an overlong encoding": b'{"name": "\xc0\xaf"}',
    "an encoded surrogate": b'{"name": "\xed\xa0\x80"}',
    "a lone surrogate": TEXT.replace("Ada", "\\\\ud800").replace("\\\\", "\\").encode(),
    "two surrogates in the wrong order": TEXT.replace("Ada", "\\\\udc00\\\\ud800").replace("\\\\", "\\").encode(),
    "a surrogate in a name": b'{"\\ud800": 1}',
    "a member twice": TEXT.replace("{", '{"name": "Bea Sample", ', 1).encode(),
    "a byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "cut short": TEXT[:-1].encode(),
    "two documents": (TEXT + TEXT).encode(),
    "a comment": b"{} // none",
    "single quotes": b"{'name': 'Ada'}",
    "a text": b'"name"',
    "a number": b"1",
    "zero bytes": b"\0" * 100,
    "a megabyte": b'{"name": "' + b"a" * 1_000_000 + b'"}',
    "100,000 members": json.dumps({str(number): number for number in range(20_000)}).encode() * 5,
    "an unfinished escape": b'{"name": "\\u12"}',
    "a control character": b'{"name": "a\nb"}',
}


def raw(service: Service, method: str, path: str, **changes: Any) -> dict[str, Any]:
    """The answer to an event with these members."""
    event = http_event(method, path, SUPPORT, {}, None, {}) | changes
    answer: dict[str, Any] = service.handlers["serve_api"](event, LambdaContext())
    return answer


def encoded(body: bytes) -> dict[str, Any]:
    """Members of an event with this body, as API Gateway encodes what is no text."""
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def kind(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"]).get("type", "").rpartition(":")[2]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_not_plain_json_is_a_bad_request_that_names_the_body(
    service: Service, body: str, path: str
) -> None:
    answer = raw(service, "POST", path, **encoded(BODIES[body]))
    assert kind(answer) == (400, "bad-request")
    assert "body" in json.loads(answer["body"])["detail"]


def test_a_fraction_of_4301_digits_is_a_number(service: Service) -> None:
    body = TEXT.replace("{", '{"extra": 0.' + "9" * 4301 + ", ", 1)
    assert raw(service, "POST", POSTS[0], body=body)["statusCode"] == 202


def test_a_body_with_half_a_character_as_text_is_a_bad_request(service: Service) -> None:
    assert kind(raw(service, "POST", POSTS[0], body=TEXT.replace("Ada", "\ud800"))) == (400, "bad-request")


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json"]
)
def test_a_body_of_another_media_type_is_refused(service: Service, media_type: str) -> None:
    answer = raw(service, "POST", POSTS[0], body=TEXT, headers={"Content-Type": media_type})
    assert kind(answer) == (415, "not-json")


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "Application/JSON", "application/problem+json", ""]
)
def test_json_is_json_by_any_of_its_media_types(service: Service, media_type: str) -> None:
    answer = raw(service, "POST", POSTS[0], body=TEXT, headers={"Content-Type": media_type})
    assert answer["statusCode"] == 202


@pytest.mark.parametrize("brackets", ["[" * 400, "}" * 400, '\\"[' * 100])
def test_brackets_in_a_text_are_text(service: Service, brackets: str) -> None:
    body = TEXT.replace("Leading Well", brackets)
    assert raw(service, "POST", POSTS[0], body=body)["statusCode"] == 202


HEADERS = {
    "huge": {f"x-{number}": "a" * 10_000 for number in range(100)},
    "a huge Accept": {"accept": "text/html;q=0.1," * 10_000, "accept-language": "en;q=0.1," * 10_000},
    "a malformed Accept": {
        "accept": ";;q=,,;q=nan;q=inf,text/html;q=1e999,*/*;q=\u0661",
        "accept-language": "-;q=-1,,x",
    },
    "malformed cookies": {"cookie": "=;;a=\ud800; " * 100},
    "a surrogate": {"x": "\ud800", "accept-language": "\ud800"},
}


@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("path", ["/v1/enrollments", "/verify", f"/verify/{'a' * 26}", "/v1/support-requests"])
def test_no_header_causes_a_fault(service: Service, headers: str, path: str) -> None:
    assert raw(service, "GET", path, headers=HEADERS[headers], cookies=["=;"])["statusCode"] < 500


VALUES = [
    "",
    "\ud800",
    "\0",
    "9" * 5000,
    "-" * 9000,
    "a" * 100_000,
    "nan",
    "1e400",
    "\u0661",
    "0001-01-01T00:00:00+14:00",
]


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_no_parameter_and_no_id_causes_a_fault(service: Service, number: int) -> None:
    value = VALUES[number]
    for route in ROUTES:
        for name in route.parameters:
            query = {"queryStringParameters": {name: value}}
            path = route.path.replace("<", "").replace(">", "")
            assert raw(service, route.method, path, **query)["statusCode"] < 500, (path, name)
        for name in route.pattern.groupindex:
            path = route.path.replace(f"<{name}>", value or "-")
            path = path.replace("<", "").replace(">", "")
            assert raw(service, route.method, path)["statusCode"] < 500, path


ROUTE = st.sampled_from([(route.method, route.path, sorted(route.parameters) or ["none"]) for route in ROUTES])
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT, st.lists)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(ROUTE, ANY_TEXT, ANY_TEXT, st.binary(max_size=200) | JSON.map(lambda one: json.dumps(one).encode()))
def test_random_requests_cause_no_fault(
    service: Service, route: tuple[str, str, list[str]], id_: str, value: str, body: bytes
) -> None:
    method, pattern, names = route
    path = "/".join(id_ if part.startswith("<") else part for part in pattern.split("/"))
    query = {"queryStringParameters": {names[len(value) % len(names)]: value}}
    assert raw(service, method, path, **query, **encoded(body))["statusCode"] < 500


# What holds for every route: methods, slashes, parameters and caches.


def place(path: str) -> str:
    return path.replace("<certificate_id>", "a" * 26).replace("<", "").replace(">", "")


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if not one.ignores_query], ids=lambda route: f"{route.method} {route.path}"
)
def test_an_unknown_parameter_is_named_before_anything_is_read(service: Service, route: Any) -> None:
    answer = raw(service, route.method, place(route.path), queryStringParameters={"limits": "secret"})
    assert kind(answer) == (400, "bad-request")
    assert json.loads(answer["body"])["detail"].startswith("limits: unknown parameter")
    assert "secret" not in answer["body"]


def test_the_name_of_an_unknown_parameter_is_repeated_in_part_and_in_ascii(service: Service) -> None:
    answer = raw(service, "GET", "/v1/enrollments", queryStringParameters={"\ud800" + "é" * 500: "1"})
    assert kind(answer) == (400, "bad-request")
    assert json.loads(answer["body"])["detail"].startswith("?" * 64 + ": unknown")


def timeless(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without the moment at which it was made."""
    return answer | {"body": re.sub(r'"as_of":"[^"]*"', "", answer["body"])}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_slash_at_the_end_of_a_path_changes_nothing(service: Service, route: Any) -> None:
    with_slash, without = (raw(service, route.method, place(route.path) + end) for end in ("/", ""))
    assert timeless(with_slash) == timeless(without)


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.method == "GET"], ids=lambda route: str(route.path)
)
def test_head_is_get_without_a_body(service: Service, route: Any) -> None:
    got, head = (raw(service, method, place(route.path)) for method in ("GET", "HEAD"))
    assert head == got | {"body": ""}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/enrollments", "GET, HEAD"),
        ("/v1/support-requests", "GET, HEAD, POST"),
        (f"/v1/certificates/{'a' * 26}/reissue", "POST"),
        (f"/verify/{'a' * 26}", "GET, HEAD"),
    ],
)
@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "OPTIONS", "BREW"])
def test_a_wrong_method_is_told_which_ones_there_are(service: Service, path: str, allowed: str, method: str) -> None:
    answer = raw(service, method, path)
    assert kind(answer) == (405, "method-not-allowed")
    assert answer["headers"]["Allow"] == allowed


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/v1/support-requests", 200),
        ("GET", "/v1/support-requests?limit=0", 400),
        ("GET", "/v1/support-requests?unknown=1", 400),
        ("GET", "/v1/enrollments", 404),
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/enrollments", 405),
        ("POST", "/v1/support-requests", 400),
    ],
)
def test_answers_to_a_token_are_private_also_when_they_are_problems(
    service: Service, method: str, target: str, status: int
) -> None:
    path, _, query = target.partition("?")
    answer = raw(service, method, path, queryStringParameters=dict(parse_qsl(query)))
    assert (answer["statusCode"], answer["headers"]["Cache-Control"]) == (status, "private, no-store")
