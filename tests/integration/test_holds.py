"""Holds: what cannot be printed is not printed with a hole, says why to whoever waits, and goes out once it can be."""

import json
from datetime import timedelta
from typing import Any

import pytest

from earned.aws.dynamodb import enrollments, table
from earned.document.fitting import DoesNotFit
from earned.domain.certificate import CertificateContent, Hold
from earned.domain.enrollment import CompletionRecord
from earned.domain.errors import UnusableLogo
from earned.domain.requirements import Reason
from earned.messages.requests import Purpose, generation_message
from earned.testing.queues import receive
from earned.testing.service import Service
from tests.integration.designs import DesignAfter, raising
from tests.integration.wire_faults import count_requests
from tools.story import NOON, Story, cloud_event

SUPPORT = {"sub": "sup-1", "role": "support"}
UNPRINTABLE = "Ada \U0010fffd"


def record(story: Story) -> CompletionRecord:
    found = enrollments.get_record(story.id("enr-ada"))
    assert found is not None
    return found


def diagnosis(story: Story) -> dict[str, Any]:
    _, answer = story.service.get("/v1/diagnoses", SUPPORT, account_id=story.id("ada"))
    [item] = answer["items"]
    found: dict[str, Any] = item
    return found


def learner(story: Story) -> dict[str, Any]:
    return story.enrollment("ada", story.claims("ada"))


def rename(story: Story, name: str, at: timedelta = timedelta(0)) -> None:
    """The portal corrects Ada's name."""
    account = {"account_id": story.id("ada"), "kind": "employee", "name": name, "email": "ada@example.com"}
    story.service.post("Directory", cloud_event("account.saved", account | {"company_id": story.company}, NOON + at))
    story.service.settle()


def complete(story: Story, name: str = "Ada Sample") -> None:
    """Ada has done everything, and nobody has asked for her certificate yet."""
    story.directory()
    story.save_account("ada", name=name)
    story.enroll("ada")
    story.service.settle()
    story.service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    story.service.deliver("record_progress")


def ask(story: Story, purpose: Purpose = Purpose.RECONCILE) -> None:
    """Ask for Ada's certificate, by a message that may be of any age."""
    story.service.post("Generation", generation_message(record(story), purpose=purpose).body)
    story.service.settle()


@pytest.fixture
def held(story: Story) -> Story:
    """Ada has done everything, and her name cannot be printed."""
    complete(story, UNPRINTABLE)
    story.service.settle()
    return story


def test_a_name_that_no_font_can_print_is_held_counted_and_told_without_the_name(
    story: Story, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    complete(story, UNPRINTABLE)
    capsys.readouterr()
    story.service.settle()
    metrics = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "CertificatesHeld" in line]
    assert [line["CertificatesHeld"] for line in metrics] == [[1.0]]
    [line] = [vars(line) for line in caplog.records if line.message == "certificate held"]
    assert (line["enrollment_id"], line["reason"]) == (story.id("enr-ada"), "missing-glyph")
    assert "Ada" not in str([vars(line) for line in caplog.records if line.name == "earned"])
    assert story.certificates() == []
    assert [reason for reason, _ in story.service.quarantined("Generation")] == ["unprintable"]


def test_the_learner_the_admin_and_support_read_why_and_who_must_act(held: Story) -> None:
    since = record(held).hold
    assert since is not None
    for seen in (learner(held), held.enrollment("ada")):
        assert (seen["status"], "completed_at" in seen, "certificate" in seen) == ("completed", True, False)
        [item] = seen["outstanding"]
        assert (item["kind"], item["id"], item["title"]) == ("certificate", held.id("enr-ada"), "Leading Well")
        assert (item["reason"], item["who"]) == ("missing-glyph", "support")
        assert "“Leading Well” is held" in item["message"]
        assert "U+10FFFD" in item["message"]
        assert str(record(held).certificate_id) not in str(seen)
    found = diagnosis(held)
    assert found["blocking"] == learner(held)["outstanding"][0]
    assert found["completion"]["status"] == "completed"
    last = found["completion"]["timeline"][-1]
    assert (last["what"], last["at"]) == ("certificate-held", found["blocking"]["since"])
    assert "U+10FFFD" in last["detail"]
    assert "Ada" not in json.dumps(found["blocking"]) + json.dumps(last)


def test_a_hold_costs_an_update_and_an_announcement_and_trying_again_neither(story: Story) -> None:
    complete(story, UNPRINTABLE)
    with count_requests() as operations:
        story.service.deliver("generate_certificate")
    assert operations == {"BatchGetItem": 1, "UpdateItem": 1, "SendMessage": 1, "PutEvents": 1}
    before = record(story)
    story.service.post("Generation", generation_message(before, purpose=Purpose.SWEEP).body)
    with count_requests() as operations:
        story.service.deliver("generate_certificate")
    assert operations == {"BatchGetItem": 1}
    assert record(story) == before


def test_a_corrected_name_is_issued_at_once_and_the_hold_is_gone_everywhere(held: Story) -> None:
    rename(held, "Ada Sample")
    assert [item["holder"] for item in held.certificates()] == ["Ada Sample"]
    assert record(held).hold is None
    assert learner(held)["outstanding"] == held.enrollment("ada")["outstanding"] == []
    found = diagnosis(held)
    assert found["blocking"] is None
    assert "certificate-held" not in [line["what"] for line in found["completion"]["timeline"]]
    types = ["earned.certificate.held.v1", "earned.certificate.issued.v1"]
    assert [event["type"] for event in held.service.announcements()] == types


def test_a_hold_is_announced_once_with_reason_and_detail_and_no_text_of_the_certificate(held: Story) -> None:
    [event] = held.service.announcements()
    since = record(held).hold
    assert since is not None
    assert event["type"] == "earned.certificate.held.v1"
    assert event["data"] == held.enrollment_of("ada") | {
        "training_id": held.course,
        "company_id": held.company,
        "at": since.since.isoformat(timespec="milliseconds"),
        "reason": "missing-glyph",
        "detail": since.detail,
    }
    assert UNPRINTABLE not in str(event)
    assert str(record(held).certificate_id) not in str(event)
    ask(held)
    held.service.sweep(everything=True)
    held.service.settle()
    assert held.service.announcements() == []


def test_a_hold_whose_announcement_was_interrupted_is_announced_by_the_same_request(story: Story) -> None:
    complete(story, UNPRINTABLE)
    [body] = [message["Body"] for message in receive(story.service.url("Generation"))]
    for _ in range(2):
        story.service.post("Generation", body)
        story.service.settle()
    first, again = story.service.announcements()
    assert first == again


def test_a_correction_that_cannot_be_printed_either_is_told_in_place_of_the_first(held: Story) -> None:
    rename(held, "Ada \U0010fffd")
    hold = record(held).hold
    assert hold is not None
    assert "U+10FFFD" in hold.detail
    assert held.certificates() == []


def test_a_title_that_does_not_fit_is_held_until_a_shorter_one_is_published(story: Story) -> None:
    def crowded(content: CertificateContent) -> None:
        if content.title == "Leading Well":
            raise DoesNotFit("the title is too long for the certificate: shorten it in the portal")

    story.service.use("generate_certificate", design=DesignAfter(crowded))
    complete(story)
    story.service.settle()
    [item] = learner(story)["outstanding"]
    assert (item["kind"], item["reason"]) == ("certificate", "does-not-fit")
    assert "the title is too long" in item["message"]
    story.publish(2, title="Leading")
    story.service.settle()
    assert [item["training"]["title"] for item in story.certificates()] == ["Leading"]
    assert learner(story)["outstanding"] == []


def test_a_logo_that_is_gone_is_held(story: Story) -> None:
    gone = raising(UnusableLogo("S3 answers NoSuchKey: upload the logo again"))
    story.service.use("generate_certificate", design=gone)
    complete(story)
    story.service.settle()
    assert [item["reason"] for item in learner(story)["outstanding"]] == ["logo-gone"]


def test_a_requirement_that_is_outstanding_again_is_shown_instead_of_the_hold(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada", name=UNPRINTABLE)
    story.enroll("ada", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.settle()
    assert story.reasons("ada") == ["missing-glyph"]
    service.post("Attendance", story.mark("ada", "absent", NOON + timedelta(hours=1)))
    service.settle()
    assert story.reasons("ada") == ["marked-absent"]
    assert diagnosis(story)["blocking"]["reason"] == "marked-absent"


def test_a_certificate_that_comes_back_and_cannot_be_printed_is_held_too(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    for hour, status in enumerate(("present", "absent")):
        service.post("Attendance", story.mark("ada", status, NOON + timedelta(hours=hour)))
        service.settle()
    rename(story, UNPRINTABLE)
    service.post("Attendance", story.mark("ada", "present", NOON + timedelta(hours=2)))
    service.settle()
    assert [item["status"] for item in story.certificates()] == ["revoked"]
    assert story.reasons("ada") == ["missing-glyph"]
    rename(story, "Ada Sample", timedelta(hours=3))
    assert [(item["status"], item["revision"]) for item in story.certificates()] == [("issued", 2)]
    assert story.reasons("ada") == []
    assert record(story).hold is None


@pytest.mark.parametrize("purpose", [Purpose.RECONCILE, Purpose.SWEEP, Purpose.REISSUE, Purpose.RESTORE])
def test_no_message_after_issue_holds_what_was_issued(story: Story, purpose: Purpose) -> None:
    complete(story)
    story.service.settle()
    rename(story, UNPRINTABLE)
    ask(story, purpose)
    assert record(story).hold is None
    assert [(item["status"], item["revision"]) for item in story.certificates()] == [("issued", 1)]
    assert learner(story)["outstanding"] == []
    assert diagnosis(story)["blocking"] is None


def test_a_reissue_that_cannot_be_printed_is_quarantined(story: Story) -> None:
    complete(story)
    story.service.settle()
    rename(story, UNPRINTABLE)
    ask(story, Purpose.REISSUE)
    assert [reason for reason, _ in story.service.quarantined("Generation")] == ["unprintable"]


def test_a_certificate_issued_while_another_run_could_not_print_it_is_not_held(story: Story) -> None:
    complete(story, UNPRINTABLE)
    renamed: list[str] = []

    def overtaken(content: CertificateContent) -> None:
        if not renamed:
            renamed.append(content.holder)
            rename(story, "Ada Sample")
            assert [item["status"] for item in story.certificates()] == ["issued"]

    story.service.use("generate_certificate", design=DesignAfter(overtaken))
    story.service.settle()
    assert renamed == [UNPRINTABLE]
    assert record(story).hold is None
    assert [(item["holder"], item["revision"]) for item in story.certificates()] == [("Ada Sample", 1)]


def test_of_two_runs_that_cannot_print_it_the_first_holds(story: Story) -> None:
    complete(story, UNPRINTABLE)
    before = record(story)
    first = Hold(Reason.MISSING_GLYPH, "no font has it", NOON)
    enrollments.hold(before, first)
    with pytest.raises(table.RecordChanged):
        enrollments.hold(before, Hold(Reason.MISSING_GLYPH, "no font has it", NOON + timedelta(seconds=1)))
    assert record(story).hold == first


def test_a_removed_enrollment_is_blocked_by_nothing_but_tells_that_it_was_held(held: Story) -> None:
    held.service.post("Directory", cloud_event("enrollment.removed", held.enrollment_of("ada"), NOON))
    held.service.settle()
    found = diagnosis(held)
    assert found["blocking"] is None
    assert "certificate-held" in [line["what"] for line in found["completion"]["timeline"]]
