"""Facts that arrive before their enrollment: kept, seen by nobody, and evaluated when the enrollment arrives."""

from datetime import timedelta

import pytest

from earned.aws.dynamodb import enrollments
from earned.domain.enrollment import EarlyFacts, EnrollmentKey
from earned.testing.service import Service
from tools.story import NOON, Story, cloud_event


def key(story: Story) -> EnrollmentKey:
    return EnrollmentKey(**story.enrollment_of("ada"))


def finish_before_the_enrollment(story: Story) -> None:
    """Ada's events of the whole course are recorded, and nothing says yet that she is enrolled."""
    story.directory()
    story.save_account("ada")
    story.service.settle()
    story.service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    story.service.settle()


def test_facts_of_an_unknown_enrollment_are_kept_and_ask_for_nothing(service: Service, story: Story) -> None:
    finish_before_the_enrollment(story)
    assert enrollments.get_record(key(story).enrollment_id) is None
    early = enrollments.record_progress(key(story), [b"another"])
    assert isinstance(early, EarlyFacts)
    assert (early.key, len(early.evidence)) == (key(story), 4)
    assert service.quarantined("Progress") == []
    assert service.waiting("Generation") == 0
    status, _ = service.get(f"/v1/enrollments/{key(story).enrollment_id}", story.claims("ada"))
    assert status == 404


def test_facts_before_the_enrollment_earn_the_certificate_when_it_arrives(service: Service, story: Story) -> None:
    finish_before_the_enrollment(story)
    story.enroll("ada")
    service.settle()
    assert [item["status"] for item in story.certificates()] == ["issued"]
    record = enrollments.get_record(key(story).enrollment_id)
    assert record is not None
    assert len(record.evidence) == 3


def test_a_mark_before_the_enrollment_earns_the_certificate_when_it_arrives(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.settle()
    story.enroll("ada", story.live_event)
    service.settle()
    assert [item["training"]["id"] for item in story.certificates()] == [story.live_event]


def test_facts_of_another_account_never_count_towards_the_enrollment(service: Service, story: Story) -> None:
    finish_before_the_enrollment(story)
    story.save_account("bea")
    story.enroll("bea", enrollment_id=key(story).enrollment_id)
    service.settle()
    record = enrollments.get_record(key(story).enrollment_id)
    assert record is not None
    assert (record.account_id, record.evidence) == (story.id("bea"), frozenset())
    assert story.certificates() == []


def test_a_removal_before_the_enrollment_stays_and_takes_no_facts(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    service.post("Directory", cloud_event("enrollment.removed", story.enrollment_of("ada"), NOON))
    service.settle()
    with pytest.raises(enrollments.RecordClosed):
        enrollments.record_progress(key(story), [b"fact"])
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz", since=NOON + timedelta(hours=1)))
    service.settle()
    record = enrollments.get_record(key(story).enrollment_id)
    assert record is not None
    assert (record.is_active, record.evidence) == (False, frozenset())
    assert story.certificates() == []


def test_an_enrollment_that_arrives_after_the_removal_of_its_account_ends_with_it(
    service: Service, story: Story
) -> None:
    story.directory()
    story.save_account("ada")
    service.post("Directory", cloud_event("account.removed", {"account_id": story.id("ada")}, NOON))
    service.settle()
    story.enroll("ada")
    service.settle()
    record = enrollments.get_record(key(story).enrollment_id)
    assert record is not None
    assert record.removal is not None
    assert record.removal.at == NOON


def test_the_sweep_passes_facts_without_an_enrollment(service: Service, story: Story) -> None:
    finish_before_the_enrollment(story)
    outcome = service.sweep(everything=True)
    assert (outcome["records"], outcome["findings"], outcome["turn_over"]) == (0, {}, True)
