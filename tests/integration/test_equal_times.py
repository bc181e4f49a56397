"""I4: of two events of one time the greater source and id win, whatever arrives first."""

import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earned.aws.dynamodb import people, trainings
from earned.testing.service import Service
from tools.story import NOON, STEPS, Story, cloud_event

Event = dict[str, Any]
STAMPS = [("portal", "a"), ("portal", "b"), ("portal/2", "a"), ("\uffe0", "a"), ("\U00010000", "a")]  # by code point


def versions(kind: str, data: dict[str, Any], field: str) -> list[Event]:
    """Events of one time, each with another value; the last has the greatest stamp."""
    return [
        cloud_event(kind, data | {field: f"Number {number}"}, NOON, source=source, id=event_id)
        for number, (source, event_id) in enumerate(STAMPS)
    ]


def deliver(service: Service, events: Sequence[Event]) -> None:
    for event in events:
        service.post("Directory", event)
        service.deliver("record_directory")
    service.empty()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.permutations(range(5)), st.lists(st.integers(0, 4), max_size=2))
def check(service: Service, story: Story, kind: str, order: list[int], repeated: list[int]) -> None:
    service.forget()
    told = versions(*TOLD[kind](story))
    deliver(service, [told[number] for number in order + repeated])
    assert NAMES[kind](story) == "Number 4"


TOLD: dict[str, Any] = {
    "account": lambda story: ("account.saved", story.account("ada"), "name"),
    "company": lambda story: ("company.saved", {"company_id": story.company}, "name"),
    "course": lambda story: (
        "course.published", {"course_id": story.course, "version": 1, "steps": STEPS}, "title"
    ),
    "schedule": lambda story: (
        "live-event.scheduled",
        {"live_event_id": story.live_event, "timezone": "UTC"}
        | {"starts_at": "2026-02-01T08:00:00Z", "ends_at": "2026-02-01T10:00:00Z"},
        "title",
    ),
}  # fmt: skip


def name_of(found: Any) -> str:
    assert found is not None
    return str(getattr(found, "name", None) or found.title)


NAMES: dict[str, Any] = {
    "account": lambda story: name_of(people.get_account(story.id("ada"))),
    "company": lambda story: name_of(people.get_company(story.company)),
    "course": lambda story: name_of(trainings.get_training(story.course)),
    "schedule": lambda story: name_of(trainings.get_training(story.live_event)),
}


@pytest.mark.parametrize("kind", TOLD)
def test_the_greatest_source_and_id_win_in_every_order_of_delivery(service: Service, story: Story, kind: str) -> None:
    check(service, story, kind)


def test_a_course_of_a_higher_version_wins_over_a_later_time(service: Service, story: Story) -> None:
    data = {"course_id": story.course, "title": "Leading Well", "steps": STEPS}
    newest = cloud_event("course.published", data | {"version": 2}, NOON, id="a")
    later = cloud_event("course.published", data | {"version": 1, "title": "Old"}, NOON.replace(hour=13), id="b")
    for order in permutations([newest, later]):
        service.forget()
        deliver(service, order)
        assert NAMES["course"](story) == "Leading Well"


@pytest.mark.parametrize(("first", "second", "cancelled"), [("a", "b", True), ("b", "a", False)])
def test_a_schedule_and_a_cancellation_of_one_time_are_one_record(
    service: Service, story: Story, first: str, second: str, cancelled: bool
) -> None:
    kind, data, _ = TOLD["schedule"](story)
    scheduled = cloud_event(kind, data | {"title": "Open Day"}, NOON, id=first)
    called_off = cloud_event("live-event.cancelled", {"live_event_id": story.live_event}, NOON, id=second)
    for order in permutations([scheduled, called_off]):
        service.forget()
        deliver(service, order)
        event = trainings.get_training(story.live_event)
        assert getattr(event, "cancelled", None) is cancelled


def test_every_order_of_deliveries_leaves_the_same_items(service: Service, story: Story) -> None:
    told = [event for kind in TOLD for event in versions(*TOLD[kind](story))[:2]]
    found = set()
    for order in (told, told[::-1], told[1::2] + told[::2]):
        service.forget()
        deliver(service, order)
        rows = boto3.client("dynamodb").scan(TableName=service.outputs["RecordsTableName"])["Items"]
        found.add(json.dumps(sorted(rows, key=lambda row: (row["pk"]["S"], row["sk"]["S"])), sort_keys=True))
    assert len(found) == 1
