"""What the portal is told is what the record says, field by field; equal announcements have equal ids."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations
from typing import Any

import pytest

from earned.domain.certificate import Hold
from earned.domain.errors import Rejected
from earned.domain.fact_codec import identify
from earned.domain.people import Company
from earned.domain.requirements import Reason
from earned.domain.training import Training
from earned.messages import announcements
from earned.messages.announcements import Announcement
from tests.unit.builders import completion, course, issue, live_event, revocation

AT = datetime(2026, 4, 1, 17, 0, 0, 250_000, tzinfo=UTC)
TIME = "2026-04-01T17:00:00.250+00:00"
OWN = completion()
OF_COMPANY = replace(OWN, company_id="company-1")
CERTIFICATE = "k3f7m2qzt5vx4hbrn6wdyc2jpa"
NAMES = {"enrollment_id": "enrollment-1", "account_id": "account-1", "training_id": "course-1"}
HOLD = Hold(Reason.DOES_NOT_FIT, "the title is too long", AT, "request-9")


def change(kind: str, revision: int, **more: Any) -> dict[str, Any]:
    """The whole event about a certificate."""
    return {
        "specversion": "1.0",
        "id": f"{CERTIFICATE}.{revision}.{kind}",
        "source": "earned",
        "type": f"earned.certificate.{kind}.v1",
        "time": TIME,
        "datacontenttype": "application/json",
        "data": {"certificate_id": CERTIFICATE, "revision": revision, **NAMES, "at": TIME, **more},
    }


def without_id(announcement: Announcement) -> dict[str, Any]:
    return {name: value for name, value in announcement.event.items() if name != "id"}


def test_an_issue_tells_the_certificate_the_record_and_the_time_of_issue() -> None:
    told = announcements.issued(OWN, issue(issued_at=AT))

    assert told == Announcement(change("issued", 1), AT)


def test_an_issue_to_a_companys_person_names_the_company_and_invalidates_no_export() -> None:
    told = announcements.issued(OF_COMPANY, issue(issued_at=AT))

    assert told == Announcement(change("issued", 1, company_id="company-1"), AT)


@pytest.mark.parametrize(
    ("recorded", "announced"), [("returned", "returned"), ("married, new name", "requested"), (None, "requested")]
)
def test_a_reissue_tells_its_own_time_and_a_code_in_place_of_free_text(recorded: str | None, announced: str) -> None:
    told = announcements.issued(OWN, issue(revision=2, reissued_at=AT, reason=recorded))

    assert told == Announcement(change("reissued", 2, reason=announced), AT)


def test_a_revocation_tells_its_reason_and_recalls_the_companys_exports() -> None:
    told = announcements.revoked(OF_COMPANY, 3, revocation(AT))

    assert told == Announcement(change("revoked", 3, company_id="company-1", reason="marked-absent"), AT, "company-1")


def test_a_withdrawal_has_no_reason_and_recalls_the_companys_exports() -> None:
    told = announcements.withdrawn(OF_COMPANY, 2, AT)

    assert told == Announcement(change("withdrawn", 2, company_id="company-1"), AT, "company-1")


def test_what_a_person_without_a_company_loses_recalls_no_export() -> None:
    assert announcements.withdrawn(OWN, 1, AT).recalled_from is None
    assert announcements.revoked(OWN, 1, revocation(AT)).recalled_from is None


@pytest.mark.parametrize(("record", "company"), [(OWN, {}), (OF_COMPANY, {"company_id": "company-1"})])
def test_a_hold_tells_the_enrollment_and_never_the_certificates_id(record: Any, company: dict[str, str]) -> None:
    told = announcements.held(record, HOLD)

    assert without_id(told) == {
        "specversion": "1.0",
        "source": "earned",
        "type": "earned.certificate.held.v1",
        "time": TIME,
        "datacontenttype": "application/json",
        "data": {**NAMES, **company, "at": TIME, "reason": "does-not-fit", "detail": "the title is too long"},
    }
    assert (told.at, told.recalled_from) == (AT, None)
    assert told.event["id"].endswith(".held")
    assert CERTIFICATE not in json.dumps(told.event)


def test_unmarked_attendance_tells_the_live_event_its_end_and_the_number_of_people() -> None:
    ended = (AT - timedelta(hours=30)).astimezone(timezone(timedelta(hours=2)))
    told = announcements.unmarked(live_event(ends_at=ended), 12, 20_545, AT)

    assert without_id(told) == {
        "specversion": "1.0",
        "source": "earned",
        "type": "earned.attendance.unmarked.v1",
        "time": TIME,
        "datacontenttype": "application/json",
        "data": {
            "live_event_id": "event-1",
            "ended_at": "2026-03-31T11:00:00.250+00:00",
            "waiting": 12,
            "at": TIME,
        },
    }
    assert (told.at, told.recalled_from) == (AT, None)
    assert told.event["id"].endswith(".unmarked")


def test_a_refusal_tells_the_queue_the_reason_and_what_looks_like_an_id() -> None:
    body = json.dumps({"id": "ev-1", "type": "portal.lesson.completed.v1", "data": {"enrollment_id": "enrollment-1"}})
    told = announcements.refused("progress", "message-1", body, AT, Rejected("removed", "data.enrollment_id: removed"))

    assert told == Announcement(
        {
            "specversion": "1.0",
            "id": "progress.message-1.refused",
            "source": "earned",
            "type": "earned.event.refused.v1",
            "time": TIME,
            "datacontenttype": "application/json",
            "data": {
                "queue": "progress",
                "event_id": "ev-1",
                "event_type": "portal.lesson.completed.v1",
                "enrollment_id": "enrollment-1",
                "at": TIME,
                "reason": "removed",
                "detail": "data.enrollment_id: removed",
            },
        },
        AT,
    )


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[]",
        '"text"',
        "{}",
        '{"id": 7, "type": null, "data": []}',
        '{"id": "Ada Sample", "type": "Ada Sample", "data": {"enrollment_id": "Ada Sample"}}',
        json.dumps({"id": "x" * 257, "type": "x" * 101, "data": {"enrollment_id": "x" * 65}}),
    ],
)
def test_a_refusal_quotes_nothing_that_does_not_look_like_an_id(body: str) -> None:
    told = announcements.refused("directory", "message-1", body, AT, Rejected("invalid-data"))

    assert told.event["data"] == {"queue": "directory", "at": TIME, "reason": "invalid-data", "detail": ""}


def test_a_refusal_quotes_an_id_and_a_type_up_to_their_greatest_length() -> None:
    body = json.dumps({"id": "x" * 256, "type": "x" * 100, "data": {"enrollment_id": "x" * 64}})
    told: Any = announcements.refused("directory", "message-1", body, AT, Rejected("invalid-data")).event

    lengths = [len(told["data"][name]) for name in ("event_id", "event_type", "enrollment_id")]
    assert lengths == [256, 100, 64]


def test_an_announcement_that_is_repeated_has_the_same_id() -> None:
    assert [one.event["id"] for one in different_announcements()] == [
        one.event["id"] for one in different_announcements()
    ]


def test_different_announcements_have_different_ids() -> None:
    for one, other in combinations(different_announcements(), 2):
        assert one.event["id"] != other.event["id"], (one, other)


def different_announcements() -> list[Announcement]:
    """One announcement of each type, and for each thing that may differ, another that differs only in this."""
    other = replace(OWN, enrollment_id="enrollment-2", certificate_id="a" * 26)
    event, rejection = live_event(), Rejected("removed")
    return [
        announcements.issued(OWN, issue()),
        announcements.issued(other, issue()),
        announcements.issued(OWN, issue(revision=2, reissued_at=AT)),
        announcements.issued(OWN, issue(revision=3, reissued_at=AT)),
        announcements.revoked(OWN, 1, revocation(AT)),
        announcements.revoked(OWN, 2, revocation(AT)),
        announcements.withdrawn(OWN, 1, AT),
        announcements.held(OWN, HOLD),
        announcements.held(other, HOLD),
        announcements.held(OWN, replace(HOLD, since=AT + timedelta(milliseconds=1))),
        announcements.unmarked(event, 3, 20_545, AT),
        announcements.unmarked(event, 3, 20_546, AT),
        announcements.unmarked(replace(event, live_event_id="event-2"), 3, 20_545, AT),
        announcements.refused("progress", "message-1", "{}", AT, rejection),
        announcements.refused("progress", "message-2", "{}", AT, rejection),
        announcements.refused("attendance", "message-1", "{}", AT, rejection),
    ]


def unprintable_text(**subject: Any) -> dict[str, Any]:
    """The event about a text without its id."""
    return {
        "specversion": "1.0",
        "source": "earned",
        "type": "earned.text.unprintable.v1",
        "time": TIME,
        "datacontenttype": "application/json",
        "data": {"at": TIME, "reason": "missing-glyph", "detail": "title: U+1F409", **subject},
    }


def of_text(subject: Training | Company, detail: str = "title: U+1F409") -> Announcement:
    return announcements.unprintable(subject, Reason.MISSING_GLYPH, detail, AT)


def test_a_title_that_cannot_be_printed_is_told_with_its_training_and_version() -> None:
    told = of_text(replace(course(), version=3))

    assert without_id(told) == unprintable_text(training_id="course-1", version=3)
    assert (told.at, told.event["id"].rpartition(".")[2]) == (AT, "unprintable")


def test_a_name_that_cannot_be_printed_is_told_with_its_company() -> None:
    assert without_id(of_text(Company("company-1", "Larkspur", saved_at=AT))) == unprintable_text(
        company_id="company-1"
    )


def test_two_texts_have_the_same_id_only_if_subject_version_and_fault_are_the_same() -> None:
    different = [
        of_text(replace(course(), version=3)),
        of_text(replace(course(), version=4)),
        of_text(replace(course(), version=3), "title: U+1F408"),
        of_text(replace(course(), version=3, course_id="company-1")),
        of_text(Company("company-1", "Larkspur", saved_at=AT)),
        of_text(Company("company-1", "Larkspur", saved_at=AT), "name: U+1F408"),
        of_text(Company("company-1", "Larkspur", saved_at=AT + timedelta(seconds=1))),
        of_text(Company("company-1", "Larkspur")),
        of_text(Company("company-2", "Larkspur", saved_at=AT)),
    ]
    assert len({one.event["id"] for one in different}) == len(different)
    assert of_text(replace(course(), version=3, title="another")).event["id"] == different[0].event["id"]


def test_the_id_of_an_unprintable_text_is_the_same_in_every_release() -> None:
    """It is told again after an update, and the portal knows it by its id."""
    of_course = identify("training", "course-1", "3", "title: U+1F409")
    of_company = identify("company", "company-1", "", "title: U+1F409")
    assert of_text(replace(course(), version=3)).event["id"] == f"{of_course}.unprintable"
    assert of_text(Company("company-1", "Larkspur")).event["id"] == f"{of_company}.unprintable"
