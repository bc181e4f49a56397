"""Unmarked attendance: ended events with people who wait for their mark, exact at once (L3)."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import boto3
import pytest

from earned.api.attendance import CURSORS, SECONDS_PER_PAGE, CalendarPosition
from earned.aws.dynamodb import trainings
from earned.aws.dynamodb.enrollment_keys import holder_key
from earned.domain.fact_codec import encode
from earned.domain.facts import AttendanceMarked
from earned.domain.timestamps import to_milliseconds
from earned.domain.training import LiveEvent
from earned.messages.announcements import Announcement
from earned.testing.immediate_executor import ImmediateExecutor
from earned.testing.service import Service
from earned.usecases.calendar_upkeep import NotAnnounced
from earned.usecases.sweep import Sweep
from tests.integration.record_items import key_of
from tests.integration.wire_faults import count_requests
from tools.story import NOON, Story, cloud_event

ADMINISTRATOR = {"sub": "adm-1", "role": "administrator"}
ENDED = NOON - timedelta(days=1)


@pytest.fixture
def attended(service: Service, story: Story) -> Story:
    """Three people are enrolled in an event that has ended."""
    story.directory()
    for person in ("ada", "bob", "cem"):
        story.save_account(person)
        story.enroll(person, story.live_event)
    service.settle()
    return story


def unmarked(service: Service, **query: str) -> list[dict[str, Any]]:
    status, page = service.get("/v1/unmarked-attendance", ADMINISTRATOR, **query)
    assert status == 200, page
    items: list[dict[str, Any]] = page["items"]
    return items


def waiting(service: Service) -> list[int]:
    return [item["waiting"] for item in unmarked(service)]


def schedule(story: Story, event: str, ends_at: datetime, at: datetime) -> None:
    """What the portal said at a time about when an event ends."""
    data = {"live_event_id": story.id(event), "title": event.title(), "timezone": "UTC"}
    times = {"starts_at": (ends_at - timedelta(hours=1)).isoformat(), "ends_at": ends_at.isoformat()}
    story.service.post("Directory", cloud_event("live-event.scheduled", data | times, at))


def cancel(story: Story, event: str, at: datetime) -> None:
    data = {"live_event_id": story.id(event)}
    story.service.post("Directory", cloud_event("live-event.cancelled", data, at))


def the_event(story: Story) -> LiveEvent:
    event = trainings.get_training(story.live_event)
    assert isinstance(event, LiveEvent)
    return event


def test_an_ended_event_is_listed_with_how_many_wait_until_the_last_is_marked(attended: Story) -> None:
    service = attended.service
    [item] = unmarked(service)
    assert item == {
        "live_event_id": attended.live_event,
        "title": "Open Day",
        "ended_at": "2026-03-01T12:00:00.000Z",
        "waiting": 3,
    }
    for person, status, left in (("ada", "present", [2]), ("bob", "absent", [1]), ("cem", "present", [])):
        service.post("Attendance", attended.mark(person, status))
        service.deliver("record_attendance")
        assert waiting(service) == left


def test_an_ended_event_with_people_waiting_is_announced_once_a_day(attended: Story) -> None:
    service = attended.service
    sweep_at = partial(sweep_of, service)
    service.announcements()
    now = datetime.now(UTC)
    sweep_at(now)
    [event] = service.announcements()
    assert event["type"] == "earned.attendance.unmarked.v1"
    assert event["data"] == {
        "live_event_id": attended.live_event,
        "ended_at": ENDED.isoformat(timespec="milliseconds"),
        "waiting": 3,
        "at": now.isoformat(timespec="milliseconds"),
    }
    service.post("Attendance", attended.mark("ada"))
    service.settle()
    service.announcements()
    for hour in range(1, 73):
        sweep_at(now + timedelta(hours=hour))
    assert [one["data"]["waiting"] for one in service.announcements()] == [2, 2, 2]


def test_a_sweep_by_hand_announces_nobody_who_waits(attended: Story) -> None:
    service = attended.service
    service.announcements()
    service.sweep(everything=True)
    assert service.announcements() == []


def test_two_ended_events_with_people_waiting_are_both_listed_and_announced_and_the_older_one_ages(
    attended: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    service, now = attended.service, datetime.now(UTC)
    schedule(attended, "older", ENDED - timedelta(days=2), NOON)
    attended.enroll("ada", attended.id("older"), enrollment_id=attended.id("enr-older"))
    service.settle()
    service.announcements()
    capsys.readouterr()
    sweep_of(service, now)
    told = service.announcements()
    assert {(one["data"]["live_event_id"], one["data"]["waiting"]) for one in told} == {
        (attended.live_event, 3),
        (attended.id("older"), 1),
    }
    assert len({one["id"] for one in told}) == 2
    assert [(item["live_event_id"], item["waiting"]) for item in unmarked(service)] == [
        (attended.id("older"), 1),
        (attended.live_event, 3),
    ]
    age = next(line for line in capsys.readouterr().out.splitlines() if '"OldestUnmarkedAttendanceHours":[' in line)
    [hours] = json.loads(age)["OldestUnmarkedAttendanceHours"]
    assert hours == pytest.approx((now - ENDED) / timedelta(hours=1) + 48)


def test_nobody_who_waits_is_announced_for_an_event_that_is_marked_or_to_come(attended: Story) -> None:
    service = attended.service
    schedule(attended, "later", datetime.now(UTC) + timedelta(days=9), NOON)
    for person in ("ada", "bob", "cem"):
        service.post("Attendance", attended.mark(person))
    service.settle()
    service.announcements()
    sweep_of(service, datetime.now(UTC))
    assert service.announcements() == []


def test_an_announcement_that_the_bus_refuses_is_made_by_the_next_run(attended: Story) -> None:
    service = attended.service
    service.announcements()
    now = datetime.now(UTC)
    with pytest.raises(NotAnnounced):
        sweep_of(service, now, bus=RefusingBus())
    sweep_of(service, now + timedelta(minutes=5))
    assert [one["data"]["waiting"] for one in service.announcements()] == [3]


class RefusingBus:
    def announce(self, announcements: Sequence[Announcement]) -> list[bool]:
        return [False for _ in announcements]


def sweep_of(service: Service, now: datetime, bus: Any = None) -> None:
    """One run of the sweep at a time."""
    app = service.apps["sweep"]
    run = Sweep(
        app.documents,
        app.evaluation,
        app.generation,
        bus or app.bus,
        timedelta(minutes=5),
        ImmediateExecutor(),
        now=lambda: now,
    )
    run()


def test_removed_people_do_not_wait(attended: Story) -> None:
    service = attended.service
    service.post("Directory", cloud_event("enrollment.removed", attended.enrollment_of("ada"), NOON))
    service.post("Directory", cloud_event("account.removed", {"account_id": attended.id("bob")}, NOON))
    service.deliver("record_directory")
    assert waiting(service) == [1]


@pytest.mark.parametrize(
    ("role", "status"),
    [("administrator", 200), ("support", 200), ("company-admin", 404), ("employee", 404), ("individual", 404)],
)
def test_the_list_is_for_administrators_and_support(attended: Story, role: str, status: int) -> None:
    assert attended.service.get("/v1/unmarked-attendance", attended.claims("somebody", role))[0] == status


def test_events_are_rescheduled_and_cancelled_and_the_latest_word_counts(service: Service, story: Story) -> None:
    future = datetime.now(UTC) + timedelta(days=30)
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    steps = [
        (lambda: schedule(story, "event", ENDED, NOON), [1]),
        (lambda: schedule(story, "event", future, NOON + timedelta(hours=1)), []),
        (lambda: schedule(story, "event", ENDED, NOON), []),  # an old word that comes late
        (lambda: schedule(story, "event", ENDED - timedelta(days=9), NOON + timedelta(hours=2)), [1]),
        (lambda: cancel(story, "event", NOON - timedelta(hours=1)), [1]),  # as above
        (lambda: cancel(story, "event", NOON + timedelta(hours=3)), []),
        (lambda: schedule(story, "event", ENDED, NOON + timedelta(hours=4)), [1]),
    ]
    for step, expected in steps:
        step()
        service.settle()
        assert waiting(service) == expected


def test_the_list_is_paged_oldest_first(service: Service, story: Story) -> None:
    story.save_account("ada")
    for number in range(7):
        schedule(story, f"event{number}", ENDED - timedelta(days=(number * 3) % 7), NOON)
        if number != 4:
            story.enroll("ada", story.id(f"event{number}"), enrollment_id=story.id(f"enr-{number}"))
    service.settle()
    seen, query = [], {"limit": "2"}
    while True:
        _, page = service.get("/v1/unmarked-attendance", ADMINISTRATOR, **query)
        seen += page["items"]
        assert len(page["items"]) <= 2
        if "next_cursor" not in page:
            break
        query["cursor"] = page["next_cursor"]
    assert [item["ended_at"] for item in seen] == sorted(item["ended_at"] for item in seen)
    assert len({item["live_event_id"] for item in seen}) == len(seen) == 6
    assert unmarked(service) == seen


def test_a_page_that_takes_long_is_short_and_the_next_continues(attended: Story) -> None:
    service = attended.service
    for number in range(2):
        schedule(attended, f"earlier{number}", ENDED - timedelta(days=1 + number), NOON)
    service.settle()
    service.use("serve_api", monotonic=count(step=SECONDS_PER_PAGE + 1).__next__)
    query: dict[str, str] = {}
    pages = []
    for _ in range(3):
        _, page = service.get("/v1/unmarked-attendance", ADMINISTRATOR, **query)
        pages.append(len(page["items"]))
        query = {"cursor": page["next_cursor"]} if "next_cursor" in page else {}
    assert (pages, query) == ([0, 0, 1], {})


@pytest.mark.parametrize("cursor", ["%25", "WyJhIl0", "W10"])
def test_a_garbled_cursor_is_refused_and_a_forged_one_opens_nothing(service: Service, cursor: str) -> None:
    assert service.get("/v1/unmarked-attendance", ADMINISTRATOR, cursor=cursor)[0] == 400
    forged = CURSORS.encode(CalendarPosition("9999", "x"))
    status, page = service.get("/v1/unmarked-attendance", ADMINISTRATOR, cursor=forged)
    assert (status, page) == (200, {"items": []})


def on_calendar() -> bool:
    return bool(list(trainings.ended_events(datetime.now(UTC))))


def test_an_event_that_is_done_costs_nothing_any_more_and_a_new_enrollment_brings_it_back(attended: Story) -> None:
    service = attended.service
    service.sweep()
    assert on_calendar(), "somebody waits"
    service.post("Attendance", *(attended.mark(person) for person in ("ada", "bob", "cem")))
    service.settle()
    service.sweep()
    assert not on_calendar()
    attended.save_account("dee")
    attended.enroll("dee", attended.live_event)
    service.settle()
    assert waiting(service) == [1]


def test_an_event_stays_on_the_calendar_while_a_record_is_of_a_later_release(attended: Story) -> None:
    service = attended.service
    service.post("Attendance", *(attended.mark(person) for person in ("ada", "bob")))
    service.settle()
    boto3.resource("dynamodb").Table(service.outputs["RecordsTableName"]).update_item(
        Key=key_of(attended, "cem"),
        UpdateExpression="SET #hold = :hold",
        ExpressionAttributeNames={"#hold": "hold"},
        ExpressionAttributeValues={":hold": json.dumps({"reason": "unheard-of", "detail": "", "since": str(NOON)})},
    )
    service.sweep()
    assert on_calendar(), "cem may wait"


def test_an_event_that_ended_a_moment_ago_stays_on_the_calendar(service: Service, story: Story) -> None:
    schedule(story, "event", datetime.now(UTC) - timedelta(hours=1), NOON)
    service.settle()
    service.sweep()
    assert on_calendar()


def test_an_event_that_was_done_comes_back_when_it_is_rescheduled(service: Service, story: Story) -> None:
    schedule(story, "event", ENDED, NOON)
    service.settle()
    service.sweep()
    assert not on_calendar()
    schedule(story, "event", ENDED + timedelta(hours=1), NOON + timedelta(hours=1))
    service.settle()
    assert on_calendar()


def test_the_sweep_brings_back_an_event_that_it_took_off_while_somebody_was_being_enrolled(attended: Story) -> None:
    trainings.remove_from_calendar(the_event(attended))
    assert waiting(attended.service) == []
    attended.service.sweep(everything=True)
    assert waiting(attended.service) == [3]


def test_an_event_that_was_rescheduled_meanwhile_is_not_taken_off(service: Service, story: Story) -> None:
    schedule(story, "event", ENDED, NOON)
    service.settle()
    before = the_event(story)
    schedule(story, "event", ENDED + timedelta(hours=1), NOON + timedelta(hours=1))
    service.settle()
    trainings.remove_from_calendar(before)
    assert on_calendar()


def test_counting_takes_a_query_a_thousand_and_a_batch_read_a_hundred(service: Service, story: Story) -> None:
    people, marked = 250, 100
    schedule(story, "event", ENDED, NOON)
    service.settle()
    with boto3.resource("dynamodb").Table(service.outputs["RecordsTableName"]).batch_writer() as table:
        for number in range(people):
            table.put_item(Item=enrollment_item(story, f"p{number}", marked=number < marked))
    with count_requests() as operations:
        assert waiting(service) == [people - marked]
    viewer, calendar, training, completions, accounts_and_training = 1, 1, 1, 3, 2
    assert operations == {
        "Query": calendar + 1,
        "BatchGetItem": viewer + training + completions + accounts_and_training,
    }


def enrollment_item(story: Story, person: str, *, marked: bool) -> dict[str, Any]:
    """An enrollment as the table keeps it."""
    mark = AttendanceMarked(story.live_event, NOON, present=True, marked_by="adm-1", stamp="portal\0mark-1")
    stored = encode(story.enrollment_of(person)["enrollment_id"], mark)
    facts = {"f": set(stored)} if marked else {}
    enrolled = {
        "t": story.live_event,
        "h": holder_key(story.id(person), None),
        "c": "a" * 26,
        "e": to_milliseconds(ENDED),
    }
    return key_of(story, person) | enrolled | facts
