"""Sizes at their limit, one below and one above, in bytes as well as in characters."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from earned.aws.sqs import Queue
from earned.messages.requests import OutgoingMessage
from earned.testing.cloudformation import INFRA, resources
from earned.testing.lambda_events import LambdaContext, http_event
from earned.testing.service import Service
from tests.integration.wire_faults import noted
from tools.story import NOON, Story, cloud_event

BODY, EVENT = 256 * 1024, 128 * 1024  # bytes, docs/contract.md
FAMILY = "👨‍👩‍👧‍👦"  # one grapheme, 7 characters, 25 bytes
LETTERS = {"one byte": "x", "two bytes": "é", "three bytes": "語", "four bytes": "😀"}
AROUND = {"one below": -1, "at the limit": 0, "one above": 1}


def filled(text: str, size: int, letter: str) -> str:
    """The text with `…` replaced by letters, and by `x` up to exactly so many bytes."""
    room = size - len(text.encode()) + len("…".encode())
    width = len(letter.encode())
    return text.replace("…", letter * (room // width) + "x" * (room % width))


def answer(service: Service, body: str, *, base64: bool) -> tuple[int, dict[str, Any]]:
    event = http_event("POST", "/v1/support-requests", None, {}, None, {})
    sent = b64encode(body.encode()).decode() if base64 else body
    found = service.handlers["serve_api"](event | {"body": sent, "isBase64Encoded": base64}, LambdaContext())
    return found["statusCode"], json.loads(found["body"])


@pytest.mark.parametrize("base64", [False, True], ids=["as text", "in Base64"])
@pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS)
@pytest.mark.parametrize("more", AROUND.values(), ids=AROUND)
def test_a_body_is_bounded_in_bytes(service: Service, letter: str, more: int, *, base64: bool) -> None:
    asked = {"name": "Ada", "email": "ada@example.com", "training": "Leading Well", "more": "…"}
    body = filled(json.dumps(asked, ensure_ascii=False), BODY + more, letter)
    status, said = answer(service, body, base64=base64)
    assert len(body.encode()) == BODY + more
    assert ("longer than" in said.get("detail", "")) is (more > 0)
    assert status == (400 if more > 0 else 202)


@pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS)
@pytest.mark.parametrize("more", AROUND.values(), ids=AROUND)
def test_an_event_is_bounded_in_bytes(service: Service, story: Story, letter: str, more: int) -> None:
    data = story.account("ada") | {"more": "…"}
    body = filled(json.dumps(cloud_event("account.saved", data), ensure_ascii=False), EVENT + more, letter)
    service.post("Directory", body)
    service.settle()
    assert [reason for reason, _ in service.quarantined("Directory")] == (["too-large"] if more > 0 else [])


@pytest.mark.parametrize("queue", ["Directory", "Progress", "Attendance"])
def test_the_largest_body_that_a_queue_takes_is_quarantined_unchanged(service: Service, queue: str) -> None:
    body = "語" * (limit_of(queue) // 3)
    service.post(queue, body)
    service.settle()
    assert service.quarantined(queue) == [("too-large", body)]


def limit_of(queue: str) -> int:
    limit: int = resources("AWS::SQS::Queue", INFRA / "queues.yaml")[f"{queue}Queue"]["MaximumMessageSize"]
    return limit


@pytest.mark.parametrize(
    ("field", "limit", "letter"),
    [("name", 200, "x"), ("name", 200, "😀"), ("training", 500, "語"), ("message", 4000, "é"), ("email", 320, "é")],
)
@pytest.mark.parametrize("more", AROUND.values(), ids=AROUND)
def test_a_field_of_a_support_request_is_bounded_in_characters(
    service: Service, field: str, limit: int, letter: str, more: int
) -> None:
    text = letter * (limit + more)
    asked = {"name": "Ada", "email": "ada@example.com", "training": "Leading Well"} | {field: text}
    assert service.post_to("/v1/support-requests", asked)[0] == (400 if more > 0 else 202)


def saved(name: str) -> Callable[[Story], dict[str, Any]]:
    return lambda story: cloud_event("account.saved", story.account("ada", name=name))


def watched(ranges: int) -> Callable[[Story], dict[str, Any]]:
    played = [[2 * number, 2 * number + 1] for number in range(ranges)]
    return lambda story: cloud_event(
        "video.watched", story.enrollment_of("ada") | {"step_id": "watch", "played": played}, NOON
    )


def titled(graphemes: int) -> Callable[[Story], dict[str, Any]]:
    steps = [{"step_id": "read", "kind": "reading", "title": FAMILY * graphemes}]
    return lambda story: cloud_event(
        "course.published", {"course_id": story.course, "version": 2, "title": "Leading Well", "steps": steps}
    )


@pytest.mark.parametrize(
    ("queue", "make", "limit"),
    [
        ("Directory", lambda size: saved("x" * size), 200),
        ("Directory", lambda size: saved(FAMILY * size), 200),
        ("Directory", titled, 500),
        ("Progress", watched, 1_000),
    ],
    ids=["letters of a name", "families of a name", "families of a step's title", "ranges of a video"],
)
@pytest.mark.parametrize("more", AROUND.values(), ids=AROUND)
def test_a_field_of_an_event_is_bounded(
    service: Service, story: Story, queue: str, make: Callable[[int], Any], limit: int, more: int
) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post(queue, make(limit + more)(story))
    service.settle()
    assert len(service.quarantined(queue)) == (1 if more > 0 else 0)


@pytest.mark.parametrize(("messages", "batches"), [(0, []), (9, [9]), (10, [10]), (11, [10, 1])])
def test_messages_are_sent_in_batches_of_ten(service: Service, messages: int, batches: list[int]) -> None:
    queue = Queue(service.apps["sweep"].sqs, service.url("Export"))
    with noted() as requests:
        queue.send([OutgoingMessage(f"{number}", "group") for number in range(messages)])
    assert [len(request.parameters["Entries"]) for request in requests] == batches
    service.empty()
