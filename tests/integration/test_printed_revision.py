"""What a revision prints: its own number in the link, and the days of a live event in its time zone."""

import hashlib
from datetime import date, datetime

import pytest

from earned.aws.dynamodb import enrollments
from earned.domain.certificate import Issuance
from earned.messages.requests import Purpose, generation_message
from earned.testing.service import Service
from tests.integration.pdf_text import pages
from tools.story import NOON, Story, cloud_event


def complete(story: Story) -> None:
    """Ada has done everything; her certificate is requested, and not generated yet."""
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    for function in ("record_directory", "fan_out_changes", "evaluate_enrollments"):
        story.service.deliver(function)
    story.service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    story.service.deliver("record_progress")


def issued(story: Story) -> Issuance:
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    assert record.issue is not None
    return record.issue


def document(story: Story, revision: int) -> bytes:
    certificate_id = issued(story).certificate_id
    return story.service.documents(f"certificates/{certificate_id}/")[f"certificates/{certificate_id}/{revision}.pdf"]


def assert_prints_its_own_revision(story: Story, revision: int) -> None:
    issue, pdf = issued(story), document(story, revision)
    assert issue.revision == revision
    assert issue.printed.verify_url.endswith(f"/verify/{issue.certificate_id}?revision={revision}")
    assert issue.printed.verify_url in "".join(pages(pdf)).replace("\n", "")
    assert issue.document_sha256 == hashlib.sha256(pdf).hexdigest()


def test_a_certificate_prints_its_revision_in_the_link(story: Story) -> None:
    complete(story)
    story.service.settle()
    assert_prints_its_own_revision(story, 1)


def test_a_reissued_certificate_prints_its_own_revision(story: Story) -> None:
    complete(story)
    story.service.settle()
    account = story.account("ada", name="Ada Example")
    story.service.post("Directory", cloud_event("account.saved", account, NOON))
    story.service.settle()
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    story.service.post("Generation", generation_message(record, purpose=Purpose.REISSUE).body)
    story.service.settle()
    assert_prints_its_own_revision(story, 2)
    assert "?revision=1" in "".join(pages(document(story, 1))).replace("\n", "")


def test_a_document_is_drawn_again_for_the_next_revision_when_another_one_has_its_own(
    service: Service, story: Story
) -> None:
    complete(story)
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    for revision in (1, 2):
        service.apps["generate_certificate"].documents.put(record.certificate_id, revision, b"%PDF-1.7 lost", "x.pdf")
    service.settle()
    assert_prints_its_own_revision(story, 3)
    assert document(story, 1) == b"%PDF-1.7 lost"


@pytest.mark.parametrize(
    ("times", "first_day", "last_day", "printed"),
    [
        (("2026-02-26T09:00Z", "2026-02-28T17:00Z"), date(2026, 2, 26), date(2026, 2, 28), "26\u201328 February 2026"),
        (("2026-02-26T09:00Z", "2026-02-26T17:00Z"), None, date(2026, 2, 26), "26 February 2026"),
        # Midnight in Berlin ends the day before it.
        (("2026-02-26T09:00Z", "2026-02-26T23:00Z"), None, date(2026, 2, 26), "26 February 2026"),
        # After midnight in Berlin, before it in UTC.
        (("2026-02-26T23:30Z", "2026-02-27T09:00Z"), None, date(2026, 2, 27), "27 February 2026"),
    ],
)
def test_a_live_event_prints_its_own_days_and_not_the_day_of_the_mark(
    story: Story, times: tuple[str, str], first_day: date | None, last_day: date, printed: str
) -> None:
    starts_at, ends_at = times
    story.save_company()
    story.schedule(starts_at=starts_at.replace("Z", ":00Z"), ends_at=datetime.fromisoformat(ends_at))
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    story.service.settle()
    story.service.post("Attendance", story.mark("ada", at=NOON))
    story.service.settle()
    issue = issued(story)
    assert (issue.printed.first_day, issue.printed.completed_on) == (first_day, last_day)
    assert issue.completed_at == NOON
    assert printed in pages(document(story, 1))[0].replace("\u2009", " ")
