"""The erasure step by step: what each one counts, changes and says, also after an interruption."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from earned.aws.dynamodb import access_log, enrollments, people, support
from earned.aws.s3 import ARCHIVES, folder_of
from earned.domain.enrollment import CompletionRecord
from earned.domain.people import Account, Role, SupportRequest
from earned.domain.stamps import Stamp
from earned.testing.service import Service
from tests.integration.issued_records import ISSUED, enrolled, issue
from tests.integration.wire_faults import Killed, Request, killed_at, noted, receiving_at_once, requests_pass
from tools.operations.erase import Erasure, NothingKnown, QueuesBusy, places
from tools.operations.stacks import DeployedStack, pairs_of
from tools.story import NOON, Story

EMAIL = "ada@example.com"
FORMER = "Ada Formerly"
FOUND = {
    "accounts": 1,
    "enrollments": 2,
    "certificates": 1,
    "document versions": 2,
    "archives": 1,
    "messages": 2,
    "support requests": 1,
}


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with receiving_at_once():
        yield


@pytest.fixture
def stack(service: Service) -> DeployedStack:
    return DeployedStack(boto3.client("sqs"), pairs_of(service.outputs), service.outputs)


def save(story: Story, name: str = "Ada Sample", account: str = "ada", email: str = EMAIL) -> None:
    people.save_account(Account(story.id(account), Role.EMPLOYEE, name, email, story.company), Stamp(NOON))


@pytest.fixture
def ada(story: Story) -> Story:
    """Ada has a certificate and an open enrollment, and is named in a place of every kind; Bea asked support too."""
    save(story)
    issued = issue(enrolled(story.id("enr-ada"), story.id("ada"), story.company))
    open_one = enrolled(story.id("enr-open"), story.id("ada"), story.company)
    outputs, s3 = story.service.outputs, boto3.client("s3")
    for record in (issued, open_one):
        s3.put_object(Bucket=outputs["DocumentsBucketName"], Key=f"{folder_of(record.certificate_id)}1.pdf", Body=b"x")
    s3.put_object(Bucket=outputs["ExportsBucketName"], Key=f"{ARCHIVES}one.zip", Body=b"x")
    s3.create_multipart_upload(Bucket=outputs["ExportsBucketName"], Key=f"{ARCHIVES}two.zip")
    for queue in ("DirectoryDeadLetterQueue", "ProgressQueue"):
        boto3.client("sqs").send_message(QueueUrl=outputs[f"{queue}Url"], MessageBody="Dear Ada Sample")
    ask(story, "Ada Sample", EMAIL)
    ask(story, "Bea Sample", "bea@example.com")
    return story


def ask(story: Story, name: str, email: str) -> None:
    request = SupportRequest(story.id(name.partition(" ")[0].lower()), NOON, name, email, "Leading Well", None)
    assert support.keep_support_request(request, source=story.tag)


def erasure(story: Story, stack: DeployedStack, **more: Any) -> Erasure:
    return Erasure(story.id("ada"), places(stack), **more)


def no_wait(_: float) -> None:
    """Nothing is in flight."""


def record(story: Story, enrollment: str = "enr-ada") -> CompletionRecord:
    found = enrollments.get_record(story.id(enrollment))
    assert found is not None
    return found


def objects(story: Story, bucket: str, prefix: str) -> list[str]:
    found = boto3.client("s3").list_objects_v2(Bucket=story.service.outputs[f"{bucket}BucketName"], Prefix=prefix)
    return [one["Key"] for one in found.get("Contents", [])]


def uploads(story: Story) -> list[Any]:
    bucket = story.service.outputs["ExportsBucketName"]
    return list(boto3.client("s3").list_multipart_uploads(Bucket=bucket).get("Uploads", []))


def requests_for_announcements(story: Story) -> list[tuple[str, str]]:
    """The enrollment and the request of each message that waits for the generator."""
    sqs, url = boto3.client("sqs"), story.service.url("Generation")
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    bodies = [json.loads(message["Body"]) for message in messages]
    return [(body["enrollment_id"], body["request"]) for body in bodies]


def test_a_rehearsal_counts_what_there_is_of_each_kind_and_changes_nothing(ada: Story, stack: DeployedStack) -> None:
    waited: list[float] = []
    rehearsed = erasure(ada, stack, rehearsal=True)
    with noted() as requests:
        rehearsed.run(waited.append)
    assert rehearsed.found == FOUND
    assert rehearsed.unseen == set()
    assert waited == []
    changes = ("Update", "Put", "Delete", "Send", "Abort")
    assert [one.operation for one in requests if one.operation.startswith(changes)] == []


def test_an_erasure_counts_each_thing_once_and_leaves_none_of_it(ada: Story, stack: DeployedStack) -> None:
    waited: list[float] = []
    one = erasure(ada, stack)
    one.run(waited.append)
    assert one.found == FOUND
    assert one.unseen == set()
    assert waited == [12 * 60]
    assert objects(ada, "Documents", "certificates/") == objects(ada, "Exports", ARCHIVES) == uploads(ada) == []
    assert [kept.name for kept in support.support_requests(None, 10)] == ["Bea Sample"]
    assert ada.service.waiting("Progress") == len(ada.service.dead_letters("Directory")) == 0
    account = people.get_account(ada.id("ada"))
    assert account is not None
    assert (account.name, account.email, account.removed) == ("", "", True)
    found = record(ada).issue
    assert found is not None
    assert (found.printed.holder, found.issued_at) == ("", ISSUED)
    [removal, other] = [record(ada, name).removal for name in ("enr-ada", "enr-open")]
    assert removal is not None
    assert other is not None
    assert timedelta(0) <= datetime.now(UTC) - removal.at < timedelta(minutes=5)
    assert requests_for_announcements(ada) == [(ada.id("enr-ada"), f"account-removed.{ada.id('enr-ada')}")]


def test_an_erasure_says_each_step_as_it_begins_and_waits_between_its_two_searches(
    ada: Story, stack: DeployedStack
) -> None:
    steps: list[str] = []
    erasure(ada, stack, begun_on=steps.append).run(lambda _: steps.append("(waits)"))
    queues = [queue for pair in stack.pairs.values() for queue in (pair.source, pair.dead_letters)]
    search = [
        "Withdrawing enrollments",
        "Deleting documents",
        "Deleting archives",
        *(f"Searching queue {url.rsplit('/', 1)[1]}" for url in queues),
        "Deleting support requests",
    ]
    waiting = ["Waiting for messages in flight", "(waits)"]
    assert steps == ["Closing the account", *search, *waiting, *search, "Erasing the name"]
    assert len(queues) == 2 * len(stack.pairs) > 2


def test_an_account_that_was_erased_has_no_identity_to_count(ada: Story, stack: DeployedStack) -> None:
    erasure(ada, stack).run(no_wait)
    again = erasure(ada, stack, rehearsal=True)
    again.run(no_wait)
    assert +again.found == {"enrollments": 2, "certificates": 1}


def test_the_address_of_the_account_is_searched_for_though_no_certificate_prints_it(
    ada: Story, stack: DeployedStack
) -> None:
    url = ada.service.outputs["DirectoryDeadLetterQueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=f"Write to {EMAIL}")
    erasure(ada, stack).run(no_wait)
    assert ada.service.dead_letters("Directory") == []


@pytest.mark.parametrize(("name", "email"), [("Ada Sample", ""), ("", EMAIL)])
def test_a_name_or_an_address_alone_is_an_identity(story: Story, stack: DeployedStack, name: str, email: str) -> None:
    save(story, name, email=email)
    one = erasure(story, stack, rehearsal=True)
    one.run(no_wait)
    assert one.found["accounts"] == 1


def test_an_enrollment_without_an_account_is_withdrawn_and_its_account_closed(
    story: Story, stack: DeployedStack
) -> None:
    enrolled(story.id("enr-ada"), story.id("ada"), None)
    one = erasure(story, stack)
    one.run(no_wait)
    assert +one.found == {"enrollments": 1}
    assert record(story).removal is not None
    account = people.get_account(story.id("ada"))
    assert account is not None
    assert account.removed


def test_a_former_name_is_erased_where_there_is_no_account_and_none_is_made(story: Story, stack: DeployedStack) -> None:
    ask(story, FORMER, "friend@example.org")
    one = erasure(story, stack, also=frozenset({FORMER}))
    one.run(no_wait)
    assert +one.found == {"support requests": 1}
    assert support.support_requests(None, 10) == []
    assert people.get_account(story.id("ada")) is None


@pytest.mark.parametrize("rehearsal", [False, True])
def test_of_an_id_without_a_trace_nothing_is_made(story: Story, stack: DeployedStack, rehearsal: bool) -> None:
    with pytest.raises(NothingKnown):
        erasure(story, stack, rehearsal=rehearsal).run(no_wait)
    assert people.get_account(story.id("ada")) is None


def test_the_announcement_that_an_interrupted_erasure_did_not_request_is_requested_by_the_next(
    ada: Story, stack: DeployedStack
) -> None:
    with pytest.raises(Killed), killed_at(1, "SendMessageBatch"):
        erasure(ada, stack).run(no_wait)
    assert record(ada).removal is not None
    assert requests_for_announcements(ada) == []
    erasure(ada, stack).run(no_wait)
    assert requests_for_announcements(ada) == [(ada.id("enr-ada"), f"account-removed.{ada.id('enr-ada')}")]


def test_a_withdrawal_that_the_portal_asked_for_is_not_announced_again(ada: Story, stack: DeployedStack) -> None:
    enrollments.withdraw(record(ada).key, NOON, "enrollment-removed.1")
    erasure(ada, stack).run(no_wait)
    assert requests_for_announcements(ada) == []
    removal = record(ada).removal
    assert removal is not None
    assert (removal.at, removal.request) == (NOON, "enrollment-removed.1")


def fill(story: Story, *queues: str, number: int) -> None:
    for queue in queues:
        story.service.post(queue, *(f"message {one}" for one in range(number)))


def test_queues_at_work_that_hold_more_than_a_search_may_hide_are_all_named(ada: Story, stack: DeployedStack) -> None:
    fill(ada, "Attendance", "Directory", number=4)
    with pytest.raises(QueuesBusy) as busy:
        erasure(ada, stack, most_live=3).run(no_wait)
    assert str(busy.value) == "attendance (4), directory (4)"


def test_a_queue_at_work_may_hold_as_many_messages_as_a_search_may_hide(ada: Story, stack: DeployedStack) -> None:
    fill(ada, "Attendance", number=4)
    one = erasure(ada, stack, most_live=4)
    one.run(no_wait)
    assert one.found == FOUND


def test_only_a_queue_that_functions_read_is_searched_in_part(ada: Story, stack: DeployedStack) -> None:
    one = erasure(ada, stack, most_live=1)
    url = ada.service.outputs["AttendanceDeadLetterQueueUrl"]
    for number in range(12):
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody=f"message {number}")
    one.run(no_wait)
    assert {name.split("-")[1] for name in one.unseen} == {"GenerationQueue"}  # the announcement fills the search


def test_a_queue_that_keeps_a_message_is_named_until_the_next_search_deletes_it(
    ada: Story, stack: DeployedStack
) -> None:
    left = 1

    def keep(request: Request) -> Any:
        nonlocal left
        if request.operation == "DeleteMessageBatch" and left:
            left -= 1
            return {"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
        return request.send()

    one = erasure(ada, stack)
    unseen: list[set[str]] = []
    with requests_pass(keep):
        one.run(lambda _: unseen.append(set(one.unseen)))
    assert [[name.split("-")[1] for name in names] for names in unseen] == [["DirectoryDeadLetterQueue"]]
    assert one.unseen == set()
    assert ada.service.dead_letters("Directory") == []


def test_many_messages_are_deleted_in_batches_of_ten(ada: Story, stack: DeployedStack) -> None:
    url = ada.service.outputs["DirectoryDeadLetterQueueUrl"]
    for _ in range(11):
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody="Dear Ada Sample")
    one = erasure(ada, stack)
    with noted() as requests:
        one.run(no_wait)
    batches = [len(r.parameters["Entries"]) for r in requests if r.operation == "DeleteMessageBatch"]
    assert batches == [10, 2, 1]
    assert one.found["messages"] == 13


def test_only_the_archives_with_an_enrollment_of_the_person_are_deleted(story: Story, stack: DeployedStack) -> None:
    save(story)
    issue(enrolled(story.id("enr-ada"), story.id("ada"), story.company))
    exported = {}
    for company in (story.company, story.id("other-co")):
        admin = story.claims("admin", "company-admin", company)
        exported[company] = story.service.post_to(f"/v1/companies/{company}/exports", None, admin)[1]["export_id"]
    story.service.deliver("export_certificates")
    one = erasure(story, stack)
    one.run(no_wait)
    assert one.found["archives"] == 1
    left = objects(story, "Exports", ARCHIVES)
    assert [name for name in left if exported[story.company] in name] == []
    assert f"{ARCHIVES}{exported[story.id('other-co')]}.zip" in left


def test_the_other_accounts_with_the_address_are_named_in_order(ada: Story, stack: DeployedStack) -> None:
    assert erasure(ada, stack).same_address() == []
    save(ada, account="z-ada")
    save(ada, account="b-ada")
    assert erasure(ada, stack).same_address() == [ada.id("b-ada"), ada.id("z-ada")]


@pytest.mark.parametrize("known", [False, True])
def test_without_an_address_no_other_account_has_it(story: Story, stack: DeployedStack, known: bool) -> None:
    save(story, account="bea", email="")
    if known:
        save(story, email="")
    assert erasure(story, stack).same_address() == []


def test_the_places_of_a_stack_are_its_own_tables_and_buckets(ada: Story, stack: DeployedStack) -> None:
    found = places(stack)
    outputs = ada.service.outputs
    assert (found.documents.name, found.archives.name) == (
        outputs["DocumentsBucketName"],
        outputs["ExportsBucketName"],
    )
    assert found.generation.url == outputs["GenerationQueueUrl"]


@pytest.fixture
def elsewhere(service: Service) -> Iterator[None]:
    """The tables that other tests use are bound again afterwards."""
    yield
    places(DeployedStack(boto3.client("sqs"), pairs_of(service.outputs), service.outputs))


@pytest.mark.usefixtures("elsewhere")
def test_the_tables_of_another_stack_are_those_that_are_read(stack: DeployedStack) -> None:
    tables = {f"{name}TableName": f"other-{name}" for name in ("Records", "AccessLog", "Support")}
    places(DeployedStack(stack.sqs, stack.pairs, {**stack.outputs, **tables}))
    reads = (
        lambda: people.get_account("ada"),
        lambda: list(access_log.accesses_of("c" * 26)),
        lambda: support.support_requests(None, 1),
    )
    asked: list[str] = []

    def refuse(request: Request) -> Any:
        asked.append(json.dumps(request.parameters))
        raise ConnectionError

    for read in reads:
        with requests_pass(refuse), pytest.raises(ConnectionError):
            read()
    assert ["other-Records" in asked[0], "other-AccessLog" in asked[1], "other-Support" in asked[2]] == [True] * 3
