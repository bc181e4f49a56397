"""A text that no certificate can print is reported when it is published, not when the first learner has finished."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from earned.aws.dynamodb import trainings
from earned.messages.requests import TextOf, text_check_message
from earned.testing.service import Service
from tests.integration.wire_faults import Request, count_requests, requests_pass
from tools.story import DOING, NOON, STEPS, Story, cloud_event

UNPRINTABLE = "Leading \U0010fffd"
TOO_LONG = "W" * 200
SUPPORT = {"sub": "sup-1", "role": "support"}


def course(story: Story, title: str, version: int = 1, minutes: int = 0, steps: Any = STEPS) -> dict[str, Any]:
    data = {"course_id": story.course, "version": version, "title": title, "steps": steps}
    return cloud_event("course.published", data, NOON + timedelta(minutes=minutes))


def company(story: Story, name: str) -> dict[str, Any]:
    return cloud_event("company.saved", {"company_id": story.company, "name": name})


def diagnosed_training(story: Story) -> dict[str, Any]:
    _, answer = story.service.get("/v1/diagnoses", SUPPORT, account_id=story.id("ada"))
    found: dict[str, Any] = answer["items"][0]["training"]
    return found


def assert_nothing_is_left(service: Service) -> None:
    service.make_visible("Generation")
    assert service.waiting("Generation") == 0
    assert service.quarantined("Generation") == []


def test_a_course_whose_title_has_a_missing_glyph_is_announced_when_it_is_published(
    service: Service, story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    service.post("Directory", course(story, UNPRINTABLE))
    service.settle()
    [event] = service.announcements()
    assert event["type"] == "earned.text.unprintable.v1"
    assert event["data"] == {
        "training_id": story.course,
        "version": 1,
        "at": event["time"],
        "reason": "missing-glyph",
        "detail": "data.title: the title has U+10FFFD, which no font has",
    }
    [line] = [vars(line) for line in caplog.records if line.message == "text cannot be printed"]
    assert (line["training_id"], line["reason"]) == (story.course, "missing-glyph")
    assert "Leading" not in json.dumps(event) + str(line)


def test_a_live_event_with_too_many_marks_on_a_letter_is_announced(service: Service, story: Story) -> None:
    story.schedule(title="Open Da\u0332\u0333\u0331\u032dy")
    service.settle()
    [event] = service.announcements()
    assert (event["data"]["training_id"], event["data"]["reason"]) == (story.live_event, "does-not-fit")
    assert event["data"]["detail"].startswith("data.title: the title has more marks on one letter")


def test_a_company_whose_name_cannot_be_printed_is_announced(service: Service, story: Story) -> None:
    service.post("Directory", company(story, UNPRINTABLE))
    service.settle()
    [event] = service.announcements()
    assert (event["data"]["company_id"], event["data"]["reason"]) == (story.company, "missing-glyph")
    assert event["data"]["detail"] == "data.name: the company's name has U+10FFFD, which no font has"


@pytest.mark.parametrize("text", ["Leading Well", "リーダーシップ", "القيادة ١٢٣", "Ọlọ́runfẹ́mi 🎓", "W" * 60])
def test_a_text_that_can_be_printed_is_not_announced(service: Service, story: Story, text: str) -> None:
    service.post("Directory", course(story, text), company(story, text))
    service.settle()
    assert service.announcements() == []
    assert_nothing_is_left(service)


def test_a_repeated_check_repeats_the_announcement_under_its_id_and_another_fault_has_another(
    service: Service, story: Story
) -> None:
    service.post("Directory", course(story, UNPRINTABLE))
    service.settle()
    service.post("Generation", text_check_message(TextOf.TRAINING, story.course).body)
    service.settle()
    service.post("Directory", course(story, "Leading \ue000", minutes=1))
    service.settle()
    first, repeated, other = (event["id"] for event in service.announcements())
    assert first == repeated != other


@pytest.mark.parametrize("steps", [3, 60], ids=["small", "with an archived body"])
def test_support_sees_the_fault_in_the_diagnosis_until_the_title_is_corrected(
    service: Service, story: Story, steps: int
) -> None:
    lessons = [{"step_id": f"s{number:050}", "kind": "lesson", "title": "Listening"} for number in range(steps)]
    story.save_account("ada")
    story.enroll("ada")
    service.post("Directory", course(story, UNPRINTABLE, steps=lessons))
    service.settle()
    assert diagnosed_training(story)["unprintable"] == "data.title: the title has U+10FFFD, which no font has"
    service.post("Directory", course(story, "Leading Well", version=2, steps=lessons))
    service.settle()
    assert "unprintable" not in diagnosed_training(story)


def test_what_is_wrong_with_an_older_version_is_not_said_of_the_newer(service: Service, story: Story) -> None:
    service.post("Directory", course(story, UNPRINTABLE))
    service.settle()
    older = trainings.get_training(story.course)
    service.post("Directory", course(story, "Leading Well", version=2))
    service.settle()
    assert older is not None
    trainings.note_unprintable(replace(older, unprintable=""), "data.title: a late check")
    newest = trainings.get_training(story.course)
    assert newest is not None
    assert (newest.version, newest.unprintable) == (2, "")


def test_the_record_decides_and_a_check_of_what_is_not_recorded_does_nothing(service: Service, story: Story) -> None:
    service.post("Directory", course(story, "Leading Well", version=2), course(story, UNPRINTABLE, minutes=-5))
    for text_of in TextOf:
        service.post("Generation", text_check_message(text_of, story.id("unknown")).body)
    service.settle()
    assert service.announcements() == []
    assert_nothing_is_left(service)


def test_a_certificate_due_in_the_batch_of_a_check_is_issued(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", *DOING))
    for function in ("record_progress", "evaluate_enrollments"):
        service.deliver(function)
    service.post("Generation", text_check_message(TextOf.TRAINING, story.course).body)
    service.settle()
    assert len(story.certificates()) == 1
    assert_nothing_is_left(service)


def test_a_check_that_the_bus_does_not_take_is_repeated(service: Service, story: Story) -> None:
    service.post("Directory", course(story, UNPRINTABLE))
    service.deliver("record_directory")

    def fail_on_the_bus(request: Request) -> Any:
        refused = {"Entries": [{"ErrorCode": "InternalFailure"}], "FailedEntryCount": 1}
        return refused if request.operation == "PutEvents" else request.send()

    with requests_pass(fail_on_the_bus):
        service.deliver("generate_certificate")
    assert service.announcements() == []
    service.make_visible("Generation")
    service.settle()
    assert [event["data"]["training_id"] for event in service.announcements()] == [story.course]


def test_a_check_costs_a_request_of_the_recorder_and_one_read_of_the_generator(service: Service, story: Story) -> None:
    service.post("Directory", course(story, "Leading Well"))
    with count_requests() as operations:
        service.deliver("record_directory")
    assert operations == {"UpdateItem": 2, "SendMessageBatch": 2}
    with count_requests() as operations:
        service.deliver("generate_certificate")
    assert operations == {"BatchGetItem": 1}
