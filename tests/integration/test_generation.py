"""Generation: the record is what counts, every step is safe to repeat, and nothing is announced too early."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread, current_thread, main_thread

import pytest

from earned.aws.dynamodb import enrollments
from earned.domain.enrollment import CompletionRecord
from earned.messages.requests import generation_message
from earned.testing.service import Service
from tests.integration.designs import DesignAfter
from tests.integration.pdf_text import pages
from tests.integration.wire_faults import Killed, failing, happening, killed_at, noted, refused
from tools.story import NOON, Story, cloud_event


def complete(service: Service, story: Story, *accounts: str) -> None:
    """Bring people, or Ada, to the point where only generation is left."""
    story.directory()
    for account in accounts or ("ada",):
        story.save_account(account)
        story.enroll(account)
    for function in ("record_directory", "fan_out_changes", "evaluate_enrollments", "generate_certificate"):
        service.deliver(function)
    for account in accounts or ("ada",):
        service.post("Progress", *story.do(account, "read", "watch", "quiz"))
    service.deliver("record_progress")


def deliver_generation(service: Service) -> None:
    """One delivery by the event source, which sends nothing but SQS calls of its own around it."""
    service.deliver("generate_certificate")


def operations_of_generation(service: Service) -> list[str]:
    """Deliver, and return the requests of the function, in order."""
    with noted() as made:
        deliver_generation(service)
    return [request.operation for request in made]


def test_a_certificate_takes_four_requests(service: Service, story: Story) -> None:
    complete(service, story)
    assert operations_of_generation(service) == ["BatchGetItem", "PutObject", "UpdateItem", "PutEvents"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", ["BatchGetItem", "PutObject", "UpdateItem", "PutEvents"])
def test_a_kill_between_any_two_steps_and_a_redelivery_end_in_the_same_single_certificate(
    service: Service, story: Story, step: str, *, after: bool
) -> None:
    complete(service, story)
    with pytest.raises(Killed), killed_at(1, step, after=after):
        deliver_generation(service)
    service.make_visible("Generation")
    service.settle()
    [certificate] = story.certificates()
    announced = service.announcements()
    assert certificate["revision"] == 1
    assert list(story.own_documents()) == [f"certificates/{certificate['certificate_id']}/1.pdf"]
    assert {event["data"]["certificate_id"] for event in announced} == {certificate["certificate_id"]}
    assert len({event["id"] for event in announced}) == 1


def test_a_certificate_is_announced_after_it_is_durable(service: Service, story: Story) -> None:
    complete(service, story)
    calls = operations_of_generation(service)
    assert calls.index("PutObject") < calls.index("UpdateItem") < calls.index("PutEvents")


def test_a_duplicate_request_makes_and_announces_nothing_more(service: Service, story: Story) -> None:
    complete(service, story)
    deliver_generation(service)
    assert len(service.announcements()) == 1
    service.post("Progress", *story.do("ada", "quiz"))
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    service.post("Generation", generation_message(record).body)
    service.settle()
    assert service.announcements() == []
    assert len(story.own_documents()) == 1


def test_two_requests_of_one_batch_draw_the_certificate_once(service: Service, story: Story) -> None:
    complete(service, story)
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    service.post("Generation", generation_message(record).body)
    assert operations_of_generation(service).count("PutObject") == 1
    [certificate] = story.certificates()
    assert list(story.own_documents()) == [f"certificates/{certificate['certificate_id']}/1.pdf"]


def invented(story: Story, account: str, *, training_id: str, company_id: str | None = None) -> CompletionRecord:
    """A record that is not what the table holds."""
    key = story.enrollment_of(account)
    return CompletionRecord(
        **key, training_id=training_id, certificate_id="a" * 26, enrolled_at=NOON, company_id=company_id
    )


@pytest.mark.parametrize("steps", [(), ("read",), ("read", "watch")])
def test_a_forged_request_makes_nothing(service: Service, story: Story, steps: tuple[str, ...]) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", *steps))
    service.settle()
    forged = invented(story, "ada", training_id=story.live_event, company_id="co-elsewhere")
    service.post("Generation", generation_message(forged).body)
    service.settle()
    assert story.certificates() == []
    assert service.announcements() == []


def test_a_request_for_an_enrollment_that_is_not_there_makes_nothing(service: Service, story: Story) -> None:
    service.post("Generation", generation_message(invented(story, "nobody", training_id="t")).body)
    service.settle()
    assert service.announcements() == []


def test_a_message_that_is_no_request_is_kept_with_its_reason(service: Service) -> None:
    service.post("Generation", '{"enrollment_id": 7}')
    service.settle()
    assert service.quarantined("Generation") == [("not-a-generation-request", '{"enrollment_id": 7}')]


def test_wrong_hints_in_a_request_cost_a_read_and_change_nothing(service: Service, story: Story) -> None:
    complete(service, story)
    service.empty()
    wrong = invented(story, "ada", training_id="elsewhere", company_id="co-elsewhere")
    service.post("Generation", generation_message(wrong).body)
    service.settle()
    assert [item["training"]["id"] for item in story.certificates()] == [story.course]


def test_a_fact_that_arrives_while_the_document_is_stored_is_evaluated_before_issuing(
    service: Service, story: Story
) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.deliver("record_attendance")

    def mark_absent(_: object) -> None:
        service.post("Attendance", story.mark("ada", "absent", NOON.replace(hour=13)))
        service.deliver("record_attendance")

    with happening(mark_absent, "PutObject", after=True):
        service.settle()
    assert story.certificates() == []
    assert service.announcements() == []
    assert story.reasons("ada") == ["marked-absent"]


def test_a_name_changed_between_two_tries_takes_the_next_revision(service: Service, story: Story) -> None:
    complete(service, story)
    with pytest.raises(Killed), killed_at(1, "PutObject", after=True):
        deliver_generation(service)
    renamed = {"account_id": story.id("ada"), "kind": "employee", "name": "Ada Example", "email": "ada@example.com"}
    service.post("Directory", cloud_event("account.saved", renamed | {"company_id": story.company}, NOON))
    service.deliver("record_directory")
    service.make_visible("Generation")
    service.settle()
    [certificate] = story.certificates()
    assert (certificate["revision"], certificate["holder"]) == (2, "Ada Example")
    assert len(story.own_documents()) == 2


def test_a_document_is_put_while_the_next_is_drawn(service: Service, story: Story) -> None:
    complete(service, story, "ada", "bo")
    drawn: list[Thread] = []
    waited: list[bool] = []
    second_is_drawn = Event()

    def drawing(_: object) -> None:
        drawn.append(current_thread())
        if len(drawn) == 2:
            second_is_drawn.set()

    def storing(_: object) -> None:
        waited.append(second_is_drawn.wait(timeout=20))

    with ThreadPoolExecutor(max_workers=1) as background, happening(storing, "PutObject", times=2):
        service.use("generate_certificate", design=DesignAfter(drawing), background=background)
        deliver_generation(service)
    assert waited == [True, True]
    assert drawn == [main_thread(), main_thread()]
    assert len(story.certificates()) == 2


def test_certificates_of_a_batch_are_read_together(service: Service, story: Story) -> None:
    complete(service, story, "ada", "bo")
    own = operations_of_generation(service)
    assert sorted(own) == ["BatchGetItem", "PutEvents", "PutObject", "PutObject", "UpdateItem", "UpdateItem"]


def test_a_run_that_stores_a_document_at_the_same_time_as_another_tries_again_at_once(
    service: Service, story: Story
) -> None:
    complete(service, story)
    with failing(refused("ConditionalRequestConflict", "PutObject"), "PutObject"):
        [response] = service.deliver("generate_certificate")
    assert response == {"batchItemFailures": []}
    assert [item["revision"] for item in story.certificates()] == [1]


def test_a_company_that_the_record_has_not_heard_of_yet_is_waited_for(service: Service, story: Story) -> None:
    story.directory()
    story.enroll("ada")
    service.settle()
    story.save_account("ada")
    service.deliver("record_directory")
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.deliver("record_progress")
    service.deliver("generate_certificate")
    assert story.own_documents() == {}
    service.settle()
    [document] = story.own_documents().values()
    assert "Sample Lanterns" in pages(document)[0]


def test_html_in_a_name_is_printed_as_text(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada", name="<b>Ada</b> & <img src=x>")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    [document] = story.own_documents().values()
    assert "<b>Ada</b> & <img src=x>" in pages(document)[0]
