"""The generated documents in docs/: up to date, valid, and consistent with what the service accepts and announces."""

import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

import earned.api
from earned.api.routes import BEARER, Routes
from earned.domain.certificate import Hold, Revocation
from earned.domain.errors import Rejected
from earned.domain.requirements import Reason
from earned.messages import announcements
from earned.messages.announcements import Announcement
from earned.testing.cloudformation import read_template
from tests.unit.builders import LATER, completion, issue, live_event
from tests.unit.messages.event_examples import (
    EVERY_PATH,
    EXAMPLES,
    JSON,
    QUEUES,
    Place,
    drop,
    posted,
    put,
    read,
    with_data,
)
from tests.unit.messages.from_schema import instances
from tests.unit.messages.published_schemas import SCHEMAS, VALIDATORS
from tools.contracts import ASYNCAPI, OPENAPI, ROOT, SERVED_OPENAPI

API = json.loads((ROOT / OPENAPI).read_text())
QUEUES_AND_BUS = yaml.safe_load((ROOT / ASYNCAPI).read_text())


def allows(event: dict[str, Any], name: str) -> bool:
    """Whether the schema of an event type of the portal allows an event."""
    return VALIDATORS[f"portal.{name}.v1"].is_valid(event)


def is_accepted(event: dict[str, Any], name: str) -> bool:
    try:
        read(event, name)
    except Rejected:
        return False
    return True


def test_the_generated_documents_match_the_models() -> None:
    # In its own process, because the API's module reads its environment when it is imported.
    environment = os.environ | {"PYTHONPATH": str(ROOT / "layers" / "core")}
    command = [sys.executable, "-m", "tools.contracts", "--check"]
    check = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stderr


# Events in.


def test_there_is_a_schema_for_every_type() -> None:
    assert set(SCHEMAS) == {f"portal.{name}.v1" for name in EXAMPLES} | set(announcements.TYPES)


@pytest.mark.parametrize("type_", SCHEMAS)
def test_every_schema_is_valid_json_schema(type_: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[type_])


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_event_is_allowed_by_the_schema_of_its_type_only(name: str) -> None:
    assert [type_ for type_, one in VALIDATORS.items() if one.is_valid(posted(name))] == [f"portal.{name}.v1"]


@given(st.sampled_from(EVERY_PATH), JSON | st.just("drop"), st.sampled_from(EVERY_PATH), JSON)
def test_every_event_that_is_accepted_is_allowed_by_its_schema(
    first: Place, value: object, second: Place, other: object
) -> None:
    name, path = first
    event = drop(posted(name), path) if value == "drop" else put(posted(name), path, value)
    with suppress(KeyError, IndexError, TypeError):  # the second place may not be in this event
        event = put(event, second[1], other)
    assert allows(event, name) or not is_accepted(event, name)


@given(st.datetimes(timezones=st.timezones()), st.sampled_from("Tt"))
def test_every_time_that_is_accepted_is_allowed_by_the_schema(time: datetime, separator: str) -> None:
    event = posted("account.removed") | {"time": time.isoformat(separator)}
    assert allows(event, "account.removed") or not is_accepted(event, "account.removed")


@given(st.text(max_size=30))
def test_every_name_that_is_accepted_is_allowed_by_the_schema(text: str) -> None:
    event = with_data("company.saved", name=text)
    assert allows(event, "company.saved") or not is_accepted(event, "company.saved")


# What JSON Schema cannot express, by the words of the refusal.
ONLY_SAID_IN_WORDS = (
    "time-out-of-range",
    "ends_at is before starts_at",
    "two steps have the same step_id",
    "passing_score must not exceed max_score",
    "as a reader counts them",
    "combining marks on one letter",
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_event_that_its_schema_allows_is_accepted(name: str) -> None:
    schema, allowed = SCHEMAS[f"portal.{name}.v1"], VALIDATORS[f"portal.{name}.v1"]

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(instances(schema).filter(allowed.is_valid))
    def check(event: dict[str, Any]) -> None:
        try:
            read(event, name)
        except Rejected as refusal:
            assert any(words in str(refusal) for words in ONLY_SAID_IN_WORDS), (str(refusal), event)  # noqa: PT017 - one of many

    check()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_event_of_the_least_that_its_schema_requires_is_accepted(name: str) -> None:
    event, schema = posted(name), SCHEMAS[f"portal.{name}.v1"]
    required = schema["$defs"][schema["properties"]["data"]["$ref"].rpartition("/")[2]]["required"]
    least = {field: event[field] for field in schema["required"]}
    least["data"] = {field: event["data"][field] for field in required}
    assert read(least, name).data


def course_of(**step: Any) -> dict[str, Any]:
    return with_data("course.published", steps=[{"step_id": "s1", "kind": "lesson", "title": "One"} | step])


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("another CloudEvents version", posted("account.removed") | {"specversion": "0.3"}),
    ("a time without offset", posted("account.removed") | {"time": "2026-03-02T12:00:00"}),
    ("a date that does not exist", posted("account.removed") | {"time": "2026-02-30T12:00:00Z"}),
    ("an id with a line break", posted("account.removed") | {"id": "event\n1"}),
    ("a day that does not exist", with_data("live-event.scheduled", ends_at="2100-02-29T12:00:00Z")),
    ("a schedule in 2200", with_data("live-event.scheduled", ends_at="2200-01-01T00:00:00Z")),
    ("a zone that is not a place", with_data("live-event.scheduled", timezone="localtime")),
    ("a name with U+FFFD", with_data("account.saved", name="Mar\ufffda")),
    ("a score below 0", with_data("quiz.graded", score=-1)),
    ("a key above its bucket", with_data("company.saved", logo={"key": "a/../../b", "media_type": "image/png"})),
    ("an id that is too long", with_data("account.removed", account_id="a" * 65)),
    ("no source", posted("account.removed") | {"source": ""}),
    ("another media type", posted("account.removed") | {"datacontenttype": "application/xml"}),
    ("a blank name", with_data("account.saved", name=" \t\u2003")),
    ("an unknown kind of account", with_data("account.saved", kind="owner")),
    ("no email", with_data("account.saved", email="")),
    ("a logo of another media type", with_data("company.saved", logo={"key": "a.gif", "media_type": "image/gif"})),
    ("a version as text", with_data("course.published", version="3")),
    ("a negative version", with_data("course.published", version=-1)),
    ("no steps", with_data("course.published", steps=[])),
    ("no required step", course_of(required=False)),
    ("an unknown kind of step", course_of(kind="webinar")),
    ("a video without its duration", course_of(kind="video")),
    ("a video whose duration is null", course_of(kind="video", duration=None)),
    ("a video of zero length", course_of(kind="video", duration=0)),
    ("a quiz without its passing score", course_of(kind="quiz")),
    ("a quiz with zero attempts", course_of(kind="quiz", passing_score=1, attempts=0)),
    ("zero hours", with_data("live-event.scheduled", hours=0)),
    ("an invalid language", with_data("live-event.scheduled", language="English!")),
    ("a range of one number", with_data("video.watched", played=[[1]])),
    ("a range of texts", with_data("video.watched", played=[["0", "1"]])),
    ("a score as text", with_data("quiz.graded", score="90")),
    ("a grant of zero attempts", with_data("quiz.attempts-granted", attempts=0)),
    ("another status", with_data("attendance.marked", status="late")),
    ("no marked_by", drop(posted("attendance.marked"), ("data", "marked_by"))),
]


@pytest.mark.parametrize(("_", "event"), REFUSED, ids=[words for words, _ in REFUSED])
def test_the_schema_refuses_the_mistakes_that_the_reader_refuses(_: str, event: dict[str, Any]) -> None:
    name = event["type"].removeprefix("portal.").removesuffix(".v1")
    assert not is_accepted(event, name)
    assert not allows(event, name)


@pytest.mark.parametrize(("name", "path"), EVERY_PATH)
def test_the_schema_and_the_reader_require_the_same_fields(name: str, path: tuple[str | int, ...]) -> None:
    event = drop(posted(name), path)
    assert allows(event, name) == is_accepted(event, name)


# Events out.


def announced() -> list[Announcement]:
    """One announcement of each type."""
    done = completion(issue=issue())
    rejection = Rejected("invalid-data", "data.name: must not be blank")
    renewed = issue(revision=2, reissued_at=LATER, reason="name corrected")
    return [
        announcements.issued(done, issue()),
        announcements.issued(done, renewed),
        announcements.revoked(done, 1, Revocation(LATER, "marked absent", "request")),
        announcements.withdrawn(done, 1, LATER),
        announcements.held(done, Hold(Reason.MISSING_GLYPH, "no font has U+1FAE8", LATER, "request")),
        announcements.unmarked(live_event(), 3, 20_000, LATER),
        announcements.refused("progress", "message-1", json.dumps(posted("lesson.completed")), LATER, rejection),
        announcements.unprintable(live_event(), Reason.DOES_NOT_FIT, "data.title: the title is too long", LATER),
    ]


def test_every_announcement_is_valid_against_its_schema() -> None:
    assert [one.event["type"] for one in announced()] == list(announcements.TYPES)
    for one in announced():
        VALIDATORS[one.event["type"]].validate(one.event)


def test_an_announcement_has_no_undocumented_field_and_no_personal_data() -> None:
    for one in announced():
        schema = SCHEMAS[one.event["type"]]
        promised = schema["$defs"][schema["properties"]["data"]["$ref"].rpartition("/")[2]]["properties"]
        assert set(one.event["data"]) <= set(promised)
        assert not {"name", "holder", "email", "title"} & set(promised)


def test_the_reason_of_a_reissue_is_a_code_and_never_the_free_text_of_support() -> None:
    asked, returned = (issue(revision=2, reissued_at=LATER, reason=reason) for reason in ("her new name", "returned"))
    events = [announcements.issued(completion(issue=one), one).event for one in (asked, returned)]

    assert [event["data"]["reason"] for event in events] == ["requested", "returned"]  # type: ignore[typeddict-item]  # a revocation has one


# AsyncAPI: checked by hand, because no package on PyPI ships the official schema.


def resolve(document: dict[str, Any], pointer: str) -> Any:
    assert pointer.startswith("#/")
    for key in pointer.removeprefix("#/").split("/"):
        document = document[key]
    return document


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [value["$ref"]] if "$ref" in value else [ref for inner in value.values() for ref in references(inner)]
    return []


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    assert QUEUES_AND_BUS["asyncapi"] == "3.0.0"
    found = references(QUEUES_AND_BUS)
    for reference in found:
        if reference.startswith("#"):
            assert resolve(QUEUES_AND_BUS, reference)
    files = {reference for reference in found if not reference.startswith("#")}
    assert files == {f"./events/{type_}.schema.json" for type_ in SCHEMAS}


def test_every_event_type_is_a_message_of_exactly_one_channel() -> None:
    channels = {
        name: {resolve(QUEUES_AND_BUS, message["$ref"])["name"] for message in channel["messages"].values()}
        for name, channel in QUEUES_AND_BUS["channels"].items()
    }
    assert channels == {queue: set(kinds) for queue, kinds in QUEUES.items()} | {
        "announcements": set(announcements.TYPES)
    }


def test_every_channel_has_an_operation() -> None:
    actions = {
        operation["channel"]["$ref"].removeprefix("#/channels/"): operation["action"]
        for operation in QUEUES_AND_BUS["operations"].values()
    }
    assert actions == dict.fromkeys(QUEUES, "receive") | {"announcements": "send"}


# OpenAPI.


def test_the_openapi_document_is_valid_and_is_the_served_one() -> None:
    validate(API)
    assert API["openapi"].startswith("3.1")
    assert json.loads((ROOT / SERVED_OPENAPI).read_text()) == API


def test_every_route_is_in_the_openapi_document_with_its_security() -> None:
    # Of all modules: one that `application.py` does not list has routes that nobody serves.
    names = [module.name for module in pkgutil.iter_modules(earned.api.__path__)]
    routers = [getattr(importlib.import_module(f"earned.api.{name}"), "routes", None) for name in names]
    declared = {
        (route.method.lower(), route.path.replace("<", "{").replace(">", "}")): bool(route.operations)
        for router in routers
        if isinstance(router, Routes)
        for route in router.declared
        if route.is_described
    }
    documented = {
        (method, path): operation.get("security") == [{BEARER: []}]
        for path, item in API["paths"].items()
        for method, operation in item.items()
    }
    assert documented == declared


def test_the_gateway_asks_for_a_token_exactly_where_the_document_does() -> None:
    resources = read_template()["Resources"].values()
    keys = [one["Properties"] for one in resources if one["Type"] == "AWS::ApiGatewayV2::Route"]
    guards = {key["RouteKey"]: key["AuthorizationType"] for key in keys}
    for path, item in API["paths"].items():
        for method, operation in item.items():
            guard = guards.get(_route_key(guards, method.upper(), path), "no route")
            assert guard == ("JWT" if operation["security"] else "NONE"), f"{method.upper()} {path} in template.yaml"


def _route_key(keys: Iterable[str], method: str, path: str) -> str:
    """The key that API Gateway selects: a whole path before the longest `{proxy+}`; empty if there is none."""
    parts = [(key, *key.split(" ")) for key in keys]
    of_method = [(key, where) for key, how, where in parts if how in {method, "ANY"}]
    whole = [key for key, where in of_method if where == path]
    greedy = [key for key, where in of_method if path.startswith(where.removesuffix("{proxy+}")) and "+" in where]
    return next(iter([*whole, *sorted(greedy, key=len, reverse=True)]), "")


def test_every_protected_route_documents_its_roles_and_its_problems() -> None:
    for path, item in API["paths"].items():
        for operation in item.values():
            if operation["security"]:
                assert "\n\nFor: " in operation["description"], path
                assert {"401", "403", "404"} <= set(operation["responses"]), path


def test_the_contract_names_each_event_with_the_queue_that_takes_it():
    contract = (ROOT / "docs/contract.md").read_text()
    rows = re.findall(r"^\| (directory|progress|attendance) \| `([^`]+)`", contract, re.MULTILINE)

    assert sorted(rows) == sorted((queue, kind) for queue, kinds in QUEUES.items() for kind in kinds)


def test_each_route_of_the_contract_is_served_or_listed_as_not_served_yet():
    contract = (ROOT / "docs/contract.md").read_text()
    routes = set(re.findall(r"^\| (?:GET|POST) `(/[^`?]+)", contract, re.MULTILINE))
    not_served = set(re.findall(r"`(/[^`]+)`", contract.partition("**Not served yet.**")[2].partition("\n\n##")[0]))

    assert routes - not_served == API["paths"].keys()
    assert not_served <= routes


def untyped(schema: Any, path: str = "") -> list[str]:
    """The places of a schema for which a generator of types finds no type, or one element type too few."""
    if "$ref" in schema or "const" in schema or "enum" in schema:
        return []
    if "anyOf" in schema:
        return [found for option in schema["anyOf"] for found in untyped(option, path)]
    match schema.get("type"):
        case "object":
            return [found for name, value in schema["properties"].items() for found in untyped(value, f"{path}.{name}")]
        case "array":
            exact = isinstance(schema.get("items"), dict) and "prefixItems" not in schema
            return untyped(schema["items"], f"{path}[]") if exact else [f"{path}[]"]
        case "boolean" | "integer" | "null" | "number" | "string":
            return []
        case _:
            return [path]


@pytest.mark.parametrize("type_", SCHEMAS)
def test_a_generator_finds_a_type_for_every_value(type_: str) -> None:
    schema = SCHEMAS[type_]
    assert [found for part in (schema, *schema["$defs"].values()) for found in untyped(part)] == []


def test_a_pair_without_the_type_of_its_elements_is_found() -> None:
    pair = {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}]}
    played = {"type": "array", "items": pair}
    assert untyped({"type": "object", "properties": {"played": played, "note": {}}}) == [".played[][]", ".note"]
