"""A record that holds all the facts it can: one learner's flood stalls no other, and nothing is lost."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest

from earned.aws.dynamodb.enrollment_keys import row_key
from earned.aws.dynamodb.enrollments import MAX_FACTS, MAX_FACTS_BY_SIZE
from earned.domain.enrollment import EnrollmentKey
from earned.domain.fact_codec import encode
from earned.domain.facts import Fact, QuizGraded, StepDone, VideoWatched
from earned.testing.service import Service
from tools.story import NOON, Story, cloud_event

MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada(service: Service, story: Story) -> EnrollmentKey:
    """A learner in a course of three steps."""
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    return EnrollmentKey(**story.enrollment_of("ada"))


def fill(service: Service, key: EnrollmentKey, number: int, since: datetime, again: bool = False) -> None:
    """Store sittings, as so many events would: a moment each, or all of the video `again` and again."""
    sittings = (
        VideoWatched(
            "watch", since + index * timedelta(milliseconds=1), ((0, 60_000) if again else (2 * index, 2 * index + 1),)
        )
        for index in range(number)
    )
    facts = {stored for sitting in sittings for stored in encode(key.enrollment_id, sitting)}
    _update(service, key, facts)


def _update(service: Service, key: EnrollmentKey, facts: set[bytes]) -> None:
    pk, sk = row_key(key)
    boto3.resource("dynamodb").Table(service.outputs["RecordsTableName"]).update_item(
        Key={"pk": pk, "sk": sk}, UpdateExpression="ADD f :facts", ExpressionAttributeValues={":facts": facts}
    )


def number_of_facts(service: Service, key: EnrollmentKey) -> int:
    pk, sk = row_key(key)
    item = boto3.resource("dynamodb").Table(service.outputs["RecordsTableName"]).get_item(Key={"pk": pk, "sk": sk})
    facts: Any = item["Item"].get("f", ())
    return len(facts)


def test_an_event_beyond_the_last_fact_is_quarantined_as_record_full(
    service: Service, story: Story, ada: EnrollmentKey
) -> None:
    now = datetime.now(tz=NOON.tzinfo) - MINUTE
    fill(service, ada, MAX_FACTS - 1, now - 10 * MINUTE)
    fits, [full] = story.do("ada", "read", since=now), story.do("ada", "quiz", since=now + MINUTE)
    service.post("Progress", *fits)
    service.settle()
    service.post("Progress", full)
    service.settle()
    assert number_of_facts(service, ada) == MAX_FACTS
    assert service.quarantined("Progress") == [("record-full", json.dumps(full))]


def test_an_event_that_a_full_record_has_already_is_accepted_again(
    service: Service, story: Story, ada: EnrollmentKey
) -> None:
    now = datetime.now(tz=NOON.tzinfo) - MINUTE
    fill(service, ada, MAX_FACTS - 1, now - 10 * MINUTE)
    service.post("Progress", *story.do("ada", "read", since=now) * 2)
    service.settle()
    assert service.quarantined("Progress") == []


def test_what_fits_is_recorded_and_only_the_rest_of_a_batch_is_quarantined(
    service: Service, story: Story, ada: EnrollmentKey
) -> None:
    now = datetime.now(tz=NOON.tzinfo) - MINUTE
    fill(service, ada, MAX_FACTS - 2, now - 10 * MINUTE)
    flood = sitting(story, [[second, second + 0.5] for second in range(50)], now)
    service.post("Progress", *story.do("ada", "read", since=now), flood, *story.do("ada", "quiz", since=now + MINUTE))
    service.settle()
    assert number_of_facts(service, ada) == MAX_FACTS
    assert service.quarantined("Progress") == [("record-full", json.dumps(flood))]


def test_a_full_record_makes_room_by_removing_what_says_nothing_new(
    service: Service, story: Story, ada: EnrollmentKey
) -> None:
    fill(service, ada, MAX_FACTS, NOON, again=True)
    service.post("Progress", *story.do("ada", "read", "watch", "quiz", since=NOON + timedelta(days=1)))
    service.settle()
    assert service.quarantined("Progress") == []
    assert len(story.certificates()) == 1


def test_a_late_event_about_a_closed_record_is_accepted_and_changes_nothing(
    service: Service, story: Story, ada: EnrollmentKey
) -> None:
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    before = number_of_facts(service, ada)
    service.post("Progress", *story.do("ada", "read", since=NOON + MINUTE))
    service.settle()
    assert number_of_facts(service, ada) == before
    assert service.quarantined("Progress") == []


def test_a_sitting_of_a_thousand_overlapping_ranges_is_one_fact(
    service: Service, story: Story, ada: EnrollmentKey
) -> None:
    service.post("Progress", sitting(story, [[second / 100, second / 100 + 1] for second in range(1_000)], NOON))
    service.settle()
    assert number_of_facts(service, ada) == 1


def test_marks_with_the_longest_source_are_few_enough_to_leave_room_for_the_certificate(
    service: Service, story: Story
) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    marks = [story.mark("ada", at=NOON + n * MINUTE) | {"source": "s" * 500} for n in range(10)]
    for mark in marks:
        service.post("Attendance", mark)
        service.settle()
    assert service.quarantined("Attendance") == [("record-full", json.dumps(mark)) for mark in marks[8:]]
    assert len(story.certificates()) == 1


@pytest.mark.parametrize("granted_by", ["adm-1", "00000000-0000-4000-8000-000000000001", "a" * 64])
def test_a_learner_of_the_longest_course_can_be_granted_attempts_and_finish(
    service: Service, story: Story, granted_by: str
) -> None:
    """400 steps; 130 videos watched in 40 pieces each; quizzes with the longest ids, and the last one failed."""
    steps = [long_step(number) for number in range(400)]
    story.directory()
    story.publish(2, steps)
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    key, began = EnrollmentKey(**story.enrollment_of("ada")), NOON - timedelta(days=20)
    done = [fact for number, step in enumerate(steps[:-1]) for fact in long_work(step, began + number * MINUTE)]
    _update(service, key, {stored for fact in done for stored in encode(key.enrollment_id, fact)})
    last, data = story.enrollment_of("ada"), {"step_id": steps[-1]["step_id"]}
    event = partial(cloud_event, source="s" * 1024)
    granted = {"attempts": 2**53 - 1, "granted_by": granted_by}
    for minute, (kind, more) in enumerate(
        [("quiz.graded", {"score": 1 / 3}), ("quiz.attempts-granted", granted), ("quiz.graded", {"score": 200 / 3})]
    ):
        service.post("Progress", event(kind, last | data | more, NOON + minute * MINUTE, id=str(minute) * 256))
        service.settle()
    assert service.quarantined("Progress") == []
    assert number_of_facts(service, key) > 5_000
    assert len(story.certificates()) == 1


def long_step(number: int) -> dict[str, Any]:
    kind: dict[str, Any] = [
        {"kind": "lesson"},
        {"kind": "video", "duration": 3_600},
        {"kind": "quiz", "passing_score": 60, "attempts": 1},
    ][number % 3 if number < 399 else 2]
    return {"step_id": f"{number:064}", "title": "Listening"} | kind


def long_work(step: dict[str, Any], at: datetime) -> list[Fact]:
    """A sitting of 90 s at a time, all at once, so that the next step may follow."""
    match step["kind"]:
        case "lesson":
            return [StepDone(step["step_id"], at)]
        case "quiz":
            return [QuizGraded(step["step_id"], at, 200 / 3, "0" * 20)]
        case _:
            pieces = [(start, start + 90_000) for start in range(0, 3_600_000, 90_000)]
            moments = (at + index * timedelta(seconds=1) for index in range(len(pieces)))
            return [VideoWatched(step["step_id"], m, (piece,)) for m, piece in zip(moments, pieces, strict=True)]


@pytest.mark.parametrize(
    ("granted_by", "shown"),
    [
        ("adm-1", "adm-1"),
        ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000001"),
        ("00000000-0000-4000-8000-00000000000A", "00000000-…00000000A"),
        ("a-first-and-a-last-administrator", "a-first-a…nistrator"),
    ],
)
def test_the_diagnosis_says_who_granted_attempts_of_a_long_id_that_is_no_uuid_both_ends(
    service: Service, story: Story, ada: EnrollmentKey, granted_by: str, shown: str
) -> None:
    grant = story.enrollment_of("ada") | {"step_id": "quiz", "attempts": 2, "granted_by": granted_by}
    service.post("Progress", cloud_event("quiz.attempts-granted", grant))
    service.settle()
    _, answer = service.get("/v1/diagnoses", {"sub": "sup-1", "role": "support"}, account_id=ada.account_id)
    details = [line.get("detail") for line in answer["items"][0]["completion"]["timeline"]]
    assert f"2 more, by {shown}" in details


def test_a_page_ends_early_at_the_largest_records_and_the_list_still_covers_everyone_once(
    service: Service, story: Story
) -> None:
    people = [f"person-{number}" for number in range(9)]
    story.directory()
    for person in people:
        story.save_account(person)
        story.enroll(person)
    service.settle()
    for person in people[1:]:
        fill(service, EnrollmentKey(**story.enrollment_of(person)), MAX_FACTS, NOON)
    claims, path = story.claims("admin", "company-admin"), f"/v1/companies/{story.company}/enrollments"
    for query in ({}, {"status": "completed"}):
        pages = list(walk(service, path, claims, query))
        assert [len(page) for page in pages] == ([8, 1] if not query else [0, 0])
        seen = [item["account_id"] for page in pages for item in page]
        assert seen == ([story.id(person) for person in people] if not query else [])


def walk(service: Service, path: str, claims: dict[str, str], query: dict[str, str]) -> Iterator[list[dict[str, Any]]]:
    cursor: dict[str, str] = {}
    while True:
        _, page = service.get(path, claims, limit="100", **query, **cursor)
        yield page["items"]
        if "next_cursor" not in page:
            return
        cursor = {"cursor": page["next_cursor"]}


def test_the_largest_record_leaves_ten_kilobytes_of_its_item_for_the_certificate() -> None:
    """The largest facts come first: each further fact needs fewer before it."""
    by_size = sorted(MAX_FACTS_BY_SIZE.items(), reverse=True)
    before = [0, *(most for _, most in by_size)]
    assert sum(size * (most - fewer) for (size, most), fewer in zip(by_size, before, strict=False)) <= 390 * 1024


def sitting(story: Story, played: list[list[float]], at: datetime) -> dict[str, Any]:
    return cloud_event("video.watched", story.enrollment_of("ada") | {"step_id": "watch", "played": played}, at)
