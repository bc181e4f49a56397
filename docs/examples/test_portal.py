"""A portal's test with the fixture `earned`: pip install '<checkout>[testing]', then pytest."""

from datetime import UTC, datetime, timedelta

from earned.portal import (
    AccountSaved,
    CoursePublished,
    EnrollmentCreated,
    LessonCompleted,
    PublishedStep,
    Role,
    StepKind,
    event,
)
from earned.testing.kit import Earned

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LESSON = PublishedStep(step_id="lesson-1", kind=StepKind.LESSON, title="Listening")


def test_ada_has_a_certificate_once_she_has_finished_the_course(earned: Earned) -> None:
    ada = AccountSaved(account_id="ada", kind=Role.INDIVIDUAL, name="Ada Sample", email="ada@example.com")
    course = CoursePublished(course_id="course-1", version=1, title="Leading Well", steps=(LESSON,))
    enrollment = EnrollmentCreated(enrollment_id="enr-1", account_id="ada", training_id="course-1")
    earned.post(event(ada, NOON), event(course, NOON), event(enrollment, NOON))
    earned.settle(now=NOON)
    assert earned.request("GET", "/v1/certificates", role="individual", sub="ada")[1]["items"] == []
    done = LessonCompleted(enrollment_id="enr-1", account_id="ada", step_id="lesson-1")
    earned.post(event(done, NOON + timedelta(hours=1)))
    earned.settle(now=NOON + timedelta(hours=1))
    [issued] = earned.announcements()
    assert issued["type"] == "earned.certificate.issued.v1"
    assert earned.document(issued["data"]["certificate_id"]).startswith(b"%PDF")
