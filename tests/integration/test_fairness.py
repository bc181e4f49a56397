"""Fair queues: every message of ours says whose it is, so that SQS lets others pass the one who has thousands.

moto only keeps the groups, and so does the local stack: that SQS goes by them is AWS's word.
"""

import json
import re
import string
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from earned.messages.schema_types import ID
from earned.testing.lambda_events import LambdaContext
from earned.testing.queues import receive
from earned.testing.service import Service
from tests.integration.wire_faults import Request, requests_pass
from tools.local import scenario
from tools.story import NOON, Story, cloud_event

Sent = list[tuple[str, str | None]]


@pytest.fixture
def people(service: Service, story: Story) -> Story:
    """Ada of a company and Ben on his own, both in a course, with the last step to do."""
    story.directory()
    story.save_account("ada")
    story.save_account("ben", kind="individual")
    for account in ("ada", "ben"):
        story.enroll(account)
        service.post("Progress", *story.do(account, "read", "watch"))
    service.settle()
    return story


@pytest.fixture
def sent(people: Story) -> Iterator[Sent]:
    """Queue and message group of all that our functions send from here on."""
    found: Sent = []
    ours = {people.service.url(queue): queue for queue in ("Change", "Evaluation", "Generation", "Export")}

    def note(request: Request) -> Any:
        if request.operation == "SendMessageBatch":
            queue, entries = ours[request.parameters["QueueUrl"]], request.parameters["Entries"]
            found.extend((queue, entry.get("MessageGroupId")) for entry in entries)
        return request.send()

    with requests_pass(note):
        yield found


def finish(people: Story) -> None:
    """Both do the last step."""
    for account in ("ada", "ben"):
        people.service.post("Progress", *people.do(account, "quiz", since=NOON + timedelta(hours=1)))
    people.service.deliver("record_progress")


def test_a_certificate_is_asked_for_in_the_name_of_the_company_an_individuals_in_their_own(
    people: Story, sent: Sent
) -> None:
    finish(people)
    assert set(sent) == {("Generation", people.company), ("Generation", people.id("ben"))}


def test_marks_ask_in_the_name_of_the_company(people: Story, sent: Sent) -> None:
    service = people.service
    people.save_account("cid")
    people.enroll("cid", people.live_event)
    service.settle()
    sent.clear()
    service.post("Attendance", people.mark("cid"))
    service.settle()
    assert sent == [("Generation", people.company)]


@pytest.mark.parametrize(("account", "kind", "group"), [("ada", "employee", "co"), ("ben", "individual", "ben")])
def test_an_account_is_judged_in_the_name_of_its_company_with_all_that_comes_of_it(
    people: Story, sent: Sent, account: str, kind: str, group: str
) -> None:
    people.save_account(account, kind)
    people.service.settle()
    assert sent == [("Change", people.id(group)), ("Evaluation", people.id(group))]


def test_a_removed_account_whose_company_nobody_says_is_judged_in_its_own_name(people: Story, sent: Sent) -> None:
    people.service.post("Directory", cloud_event("account.removed", {"account_id": people.id("ada")}))
    people.service.settle()
    assert set(sent) == {("Change", people.id("ada")), ("Evaluation", people.id("ada"))}


def test_a_training_is_judged_in_its_own_name_page_by_page_and_its_certificates_are_the_companies(
    people: Story, sent: Sent
) -> None:
    people.service.use("fan_out_changes", keys_per_page=1)
    people.publish(version=2, steps=[{"step_id": "read", "kind": "reading", "title": "Before you start"}])
    people.service.settle()
    assert [one for one in sent if one[0] != "Generation"] == [("Change", people.course)] + [
        ("Evaluation", people.course)
    ] * 2
    assert [group for queue, group in sent if queue == "Generation"].count(people.company) == 1
    assert ("Generation", people.id("ben")) in sent


def test_an_enrollment_of_an_unknown_account_is_evaluated_in_the_name_of_its_company(people: Story, sent: Sent) -> None:
    people.enroll("dee", company_id=people.company)
    people.enroll("eli")
    people.service.deliver("record_directory")
    assert sorted(sent) == sorted([("Evaluation", people.company), ("Evaluation", people.id("eli"))])


def test_an_export_is_the_companys_and_sends_nothing_to_its_own_queue(people: Story, sent: Sent) -> None:
    finish(people)
    people.service.settle()
    sent.clear()
    path, admin = f"/v1/companies/{people.company}/exports", people.claims("admin", "company-admin")
    assert people.service.post_to(path, None, admin)[0] == 202
    people.service.deliver("export_certificates", context=LambdaContext(remaining_ms=0))
    assert sent == [("Export", people.company)]


def test_a_reissue_is_the_companys(people: Story, sent: Sent) -> None:
    finish(people)
    people.service.settle()
    [certificate] = people.certificates()
    people.service.post("Directory", cloud_event("account.saved", people.account("ada", name="Ada Renamed")))
    people.service.settle()
    sent.clear()
    path = f"/v1/certificates/{certificate['certificate_id']}/reissue"
    assert people.service.post_to(path, {}, {"sub": "sue", "role": "support"})[0] == 202
    assert sent == [("Generation", people.company)]


def test_the_sweep_asks_for_certificates_in_the_name_of_the_companies(people: Story, sent: Sent) -> None:
    finish(people)
    people.service.empty()
    sent.clear()
    people.service.sweep()
    assert set(sent) == {("Generation", people.company), ("Generation", people.id("ben"))}


def test_the_sweep_has_people_of_many_companies_judged_in_a_name_of_its_own(people: Story, sent: Sent) -> None:
    people.publish(version=2)
    people.service.deliver("record_directory")
    people.service.empty()
    sent.clear()
    people.service.sweep()
    assert set(sent) == {("Evaluation", "sweep")}  # a message for each segment of the table that has some of them


def test_every_id_is_a_group_that_sqs_takes() -> None:
    characters = {chr(code) for code in range(sys.maxunicode + 1) if re.fullmatch(ID, chr(code))}
    assert characters <= set(string.ascii_letters + string.digits + string.punctuation)
    assert re.fullmatch(ID, "x" * 129) is None


def test_a_refused_message_stays_in_its_message_group(service: Service) -> None:
    boto3.client("sqs").send_message(QueueUrl=service.url("Progress"), MessageBody="no event", MessageGroupId="co-1")
    service.deliver("record_progress")
    [message] = receive(service.outputs["ProgressDeadLetterQueueUrl"])
    assert message["Attributes"]["MessageGroupId"] == "co-1"


def test_the_demos_portal_groups_what_is_of_a_company_or_an_individual_and_nothing_else() -> None:
    plan = scenario.build(NOON)
    of = {account.account_id: account.company_id or account.account_id for account in plan.accounts}
    grouped = 0
    for message in plan.messages:
        data = json.loads(message.body)["data"] if message.flaw != "garbage" else {}
        assert message.group == of.get(data.get("account_id"), data.get("company_id"))
        grouped += message.group is not None
    assert grouped > 0.9 * len(plan.messages)
