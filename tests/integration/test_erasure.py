"""A person is erased: no byte of name or address is left anywhere, and what is counted and verified stays true."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import boto3
import pytest
from moto.s3.models import s3_backends
from moto.sqs import sqs_backends
from typer.testing import CliRunner, Result

from earned.aws.dynamodb import enrollments, people, support
from earned.aws.s3 import ARCHIVES
from earned.domain.people import Account, Role, SupportRequest
from earned.domain.stamps import Stamp
from earned.messages.requests import Purpose, generation_message
from earned.testing.queues import receive
from earned.testing.service import ACCOUNT, REGION, Service
from tests.integration import traces
from tests.integration.wire_faults import Killed, Request, failing, noted, receiving_at_once, requests_pass
from tools.operations.__main__ import app
from tools.operations.erase import Erasure, NothingKnown, QueuesBusy, places
from tools.operations.quarantine import held
from tools.operations.stacks import DeployedStack
from tools.story import NOON, Story, cloud_event

SUPPORT = {"sub": "sup-1", "role": "support"}
STACK = "erasing"
NEIGHBOUR = "Bellwether"
TABLES, BUCKETS = ("Records", "AccessLog", "Support"), ("Documents", "Exports", "Assets")
IN_QUEUES = {f"queue {name}" for name in ("GenerationQueue", "DirectoryDeadLetterQueue", "ProgressDeadLetterQueue")}
OUT_OF_SIGHT = {"queue DirectoryQueue"}
EVERYWHERE = {"table account", "table enrollment", "table request", "object certificates", "object exports", "upload"}
EVERYWHERE |= IN_QUEUES | OUT_OF_SIGHT


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """Nothing waits for messages."""
    with receiving_at_once():
        yield


@pytest.fixture
def stack(service: Service) -> Iterator[DeployedStack]:
    """A stack with all outputs, as deployed; the command finds it under its name."""
    outputs = {name: {"Value": value} for name, value in service.outputs.items()}
    body = {"Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}, "Outputs": outputs}
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(body))
    yield DeployedStack.on_aws(STACK)
    cloudformation.delete_stack(StackName=STACK)


class Ada:
    """What she is called and where she is reached, was and is, in words that no other story has."""

    def __init__(self, story: Story) -> None:
        self.old, self.new = f"Ada Marrowby{story.tag}", f"Ada Quillfeather{story.tag}-Żółć"
        self.former, self.email = f"starlingpost{story.tag}@example.com", f"wrenbox{story.tag}@example.com"
        self.reason = f"Thistledown{story.tag}"

    @property
    def words(self) -> tuple[str, ...]:
        """All that must not be left; an address stands in a key by a code."""
        surnames = (self.old.removeprefix("Ada "), self.new.removeprefix("Ada "))
        return (*surnames, self.reason, self.former, self.email, *map(people.email_code, (self.former, self.email)))


@pytest.fixture
def lived(service: Service, story: Story, versions: None) -> Story:
    """Ada, who has left traces wherever one can, and Bea beside her, who stays; nobody else has left any."""
    story.directory()
    story.save_account("ada", name=Ada(story).old, email=Ada(story).former)
    story.save_account("bea", name=f"Bea {NEIGHBOUR}", email=f"bea.{story.tag}@example.com")
    for account in ("ada", "bea"):
        story.enroll(account)
    story.enroll("ada", story.live_event, enrollment_id=story.id("enr-live"))
    story.enroll("ada", story.id("not-announced"), enrollment_id=story.id("enr-open"))
    service.settle()
    attend(story, "present", 0)
    for account in ("ada", "bea"):
        service.post("Progress", *story.do(account, "read", "watch", "quiz"))
    service.settle()
    attend(story, "absent", 5)
    export(story)
    correct_the_name(story)
    export(story, until_late=True)
    lose_a_document(story)
    create_support_request(story)
    leave_messages(story)
    return story


def attend(story: Story, status: str, minutes: int) -> None:
    """Mark Ada at the live event: a certificate of it is issued and then revoked."""
    mark = story.mark("ada", status)
    mark["time"] = NOON.replace(minute=minutes).isoformat()
    story.service.post("Attendance", mark | {"data": mark["data"] | {"enrollment_id": story.id("enr-live")}})
    story.service.settle()


def export(story: Story, *, until_late: bool = False) -> None:
    """Have the company's certificates put into an archive, or begin to: somebody waits for that one still."""
    service, asking = story.service, story.claims("admin-2" if until_late else "admin", "company-admin")
    assert service.post_to(f"/v1/companies/{story.company}/exports", None, asking)[0] == 202
    if until_late:
        small_parts = service.handler("export_certificates", part_size=1024)
        with failing(TimeoutError(), "CompleteMultipartUpload"):
            service.deliver("export_certificates", small_parts)
    else:
        service.deliver("export_certificates")


def correct_the_name(story: Story) -> None:
    """Rename Ada, in letters that have two forms, and reissue one of her certificates with a reason in full."""
    data = {"account_id": story.id("ada"), "kind": "employee", "company_id": story.company, "email": Ada(story).email}
    renamed = cloud_event("account.saved", data | {"name": unicodedata.normalize("NFD", Ada(story).new)})
    story.service.post("Directory", renamed)
    story.service.settle()
    assert (
        story.service.post_to(f"{certificate(story)}/reissue", {"reason": f"not {Ada(story).reason}"}, SUPPORT)[0]
        == 202
    )
    story.service.settle()


def certificate(story: Story, account: str = "ada") -> str:
    """The path of somebody's certificate of the course."""
    return f"/v1/certificates/{certificate_id(story, story.enrollment_of(account)['enrollment_id'])}"


def certificate_id(story: Story, enrollment_id: str) -> str:
    """The certificate's id in a record."""
    record = enrollments.get_record(enrollment_id)
    assert record is not None
    return record.certificate_id


def lose_a_document(story: Story) -> None:
    """Delete a document and have the sweep restore it: two versions and a delete marker; and one never issued."""
    s3, bucket = boto3.client("s3"), story.service.outputs["DocumentsBucketName"]
    folder = f"certificates/{certificate(story).rpartition('/')[2]}"
    document = s3.get_object(Bucket=bucket, Key=f"{folder}/2.pdf")
    s3.delete_object(Bucket=bucket, Key=f"{folder}/2.pdf")
    story.service.sweep(everything=True)
    story.service.settle()
    versions = s3.list_object_versions(Bucket=bucket, Prefix=f"{folder}/2.pdf")
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (2, 1)
    unissued = f"certificates/{certificate_id(story, story.id('enr-open'))}/1.pdf"
    s3.put_object(Bucket=bucket, Key=unissued, Body=document["Body"].read())


def create_support_request(story: Story) -> None:
    """Ada asks by her address, from another one by her name, and by naming her address; Bea asks for herself."""
    ada, elsewhere = Ada(story), "friend@example.org"
    asked = (
        ("A. Sample", ada.email.upper(), None),
        (ada.new, elsewhere, None),
        ("A. Sample", elsewhere, f"I am <{ada.email}>."),
        (f"Bea {NEIGHBOUR}", f"bea.{story.tag}@example.com", None),
    )
    for number, (name, email, message) in enumerate(asked):
        request = SupportRequest(story.id(f"{number}"), NOON, name, email, "Leading Well", message)
        assert support.keep_support_request(request, source=story.tag)


def leave_messages(story: Story) -> None:
    """Refused ones of all kinds, one that failed and is out of sight, and some that nobody has fetched yet."""
    service = story.service
    saved = {"account_id": story.id("ada"), "kind": "employee", "name": Ada(story).new, "email": Ada(story).email}
    refused: list[dict[str, Any] | str] = [
        cloud_event("account.saved", saved | {"kind": "queen", "name": Ada(story).old, "email": Ada(story).former}),
        cloud_event("account.merged", saved),
        {"dear": Ada(story).new},
        f"Dear {Ada(story).new}",
        f'{{"email": "{Ada(story).email}"',
        f'{{"account_id": "{story.id("ada")}", "called": "{Ada(story).reason}',
    ]
    service.post("Directory", *refused)
    service.post("Progress", cloud_event("account.saved", saved))
    service.deliver("record_directory")
    service.deliver("record_progress")
    service.post("Directory", cloud_event("account.saved", saved))
    assert receive(service.url("Directory"))
    service.post("Directory", cloud_event("account.saved", saved | {"name": Ada(story).old}, NOON.replace(hour=13)))
    record = enrollments.get_record(story.enrollment_of("ada")["enrollment_id"])
    assert record is not None
    reason = f"not {Ada(story).reason}"
    service.post("Generation", generation_message(record, purpose=Purpose.REISSUE, reason=reason).body)


def everything(service: Service) -> Iterator[tuple[str, bytes]]:
    """All that moto keeps, but for what the portal has heard: places and bytes."""
    outputs = service.outputs
    yield from traces.of_tables(boto3.client("dynamodb"), (outputs[f"{table}TableName"] for table in TABLES))
    yield from traces.of_buckets(boto3.client("s3"), (outputs[f"{bucket}BucketName"] for bucket in BUCKETS))
    for bucket in s3_backends[ACCOUNT]["aws"].buckets.values():
        for upload in bucket.multiparts.values():
            yield "upload", b"".join(part.value for part in upload.parts.values())
    for name, queue in sqs_backends[ACCOUNT][REGION].queues.items():
        if name != "announced":
            for message in queue._messages:
                yield f"queue {name}", (message.body + repr(message.message_attributes)).encode()


def left(story: Story, *words: str) -> set[str]:
    """The kinds of places that have one of some words, those of Ada unless told."""
    return {kind_of(place) for place, data in everything(story.service) if traces.has(data, words or Ada(story).words)}


def kind_of(place: str) -> str:
    """`table account`, `object certificates`, `queue DirectoryQueue`."""
    kind, _, name = place.partition(" ")
    return f"{kind} {name.split('-')[1] if kind == 'queue' else re.split('[#/]', name)[0]}".strip()


def erasure(story: Story, stack: DeployedStack, **more: Any) -> Erasure:
    """The erasure of Ada."""
    return Erasure(story.id("ada"), places(stack), **more)


def under_way(story: Story) -> None:
    """What was at work when the account was closed writes once more: a document, an archive, a message that failed."""
    service = story.service
    s3, outputs = boto3.client("s3"), service.outputs
    folder = f"certificates/{certificate_id(story, story.id('enr-live'))}"
    s3.put_object(Bucket=outputs["DocumentsBucketName"], Key=f"{folder}/7.pdf", Body=Ada(story).new.encode())
    s3.put_object(Bucket=outputs["ExportsBucketName"], Key=f"{ARCHIVES}late.zip", Body=Ada(story).new.encode())
    service.make_visible("Directory")


def test_no_byte_of_name_or_address_is_left_anywhere(
    lived: Story, stack: DeployedStack, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert left(lived) == EVERYWHERE
    erasure(lived, stack).run(lambda _: under_way(lived))
    assert left(lived) == set()
    service = lived.service
    service.settle()
    service.sweep(everything=True)
    service.settle()
    come_again(lived)
    assert left(lived) == {"queue DirectoryDeadLetterQueue"}  # refused as `removed`
    erasure(lived, stack).run(lambda _: None)
    assert left(lived) == set()
    assert not traces.has(caplog.text.encode() + capsys.readouterr().out.encode(), Ada(lived).words)


def come_again(story: Story) -> None:
    """Late and repeated events of the person, who is enrolled anew as well, with all that earns a certificate."""
    service, later = story.service, datetime.now(UTC)
    data = {"account_id": story.id("ada"), "kind": "individual", "name": Ada(story).new, "email": Ada(story).email}
    service.post("Directory", cloud_event("account.saved", data, NOON), cloud_event("account.saved", data, later))
    service.settle()
    story.enroll("ada", enrollment_id=story.id("enr-anew"))
    anew = {"enrollment_id": story.id("enr-anew")}
    service.post("Progress", *(one | {"data": one["data"] | anew} for one in story.do("ada", "read", "watch", "quiz")))
    service.settle()
    service.sweep(everything=True)
    service.settle()
    assert [one["account_id"] for one in story.certificates()] == [story.id("bea")]


def test_each_step_takes_away_what_is_its_own_and_nothing_else_would(lived: Story, stack: DeployedStack) -> None:
    seen: dict[str, set[str]] = {}
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        everything_is_in_sight()

    def look(step: str) -> None:
        seen.setdefault(" ".join(step.split()[:2]), left(lived))

    erasure(lived, stack, begun_on=look).run(wait)
    assert waited == [12 * 60]  # six timeouts of the slowest function: longer than any message is out of sight
    seen["done"] = left(lived)
    steps = list(seen)
    gone = {step: seen[step] - seen[following] for step, following in pairwise(steps)}
    assert gone == {
        "Closing the": set(),
        "Withdrawing enrollments": set(),
        "Deleting documents": {"object certificates"},
        "Deleting archives": {"object exports", "upload"},
        "Searching queue": IN_QUEUES,
        "Deleting support": {"table request"},
        "Waiting for": OUT_OF_SIGHT,
        "Erasing the": {"table account", "table enrollment"},
    }


def test_counts_and_verification_stay_true_and_no_other_person_loses_anything(
    lived: Story, stack: DeployedStack
) -> None:
    service = lived.service
    hers = [certificate_id(lived, lived.id(name)) for name in ("enr-ada", "enr-live")]
    facts = [enrollments.get_record(lived.id(name)).evidence for name in ("enr-ada", "enr-live")]
    kept = {key: data for key, data in service.documents().items() if certificate(lived, "bea")[17:43] in key}
    service.announcements()
    erasure(lived, stack).run(lambda _: None)
    service.settle()
    withdrawn = [(one["type"], one["data"]["certificate_id"]) for one in service.announcements()]
    assert sorted(withdrawn) == sorted(("earned.certificate.withdrawn.v1", one) for one in hers)
    for one in hers:
        assert json.loads(service.ask("GET", f"/verify/{one}", None)["body"]) == {"status": "withdrawn"}
    assert [enrollments.get_record(lived.id(name)).evidence for name in ("enr-ada", "enr-live")] == facts
    assert kept
    assert kept.items() <= service.documents().items()
    assert [one["holder"] for one in lived.certificates()] == [f"Bea {NEIGHBOUR}"]
    assert left(lived, f"bea.{lived.tag}") == {"table account", "table request"}
    assert service.get("/v1/diagnoses", SUPPORT, account_id=lived.id("ada"))[1]["items"][0]["account"]["name"] == ""


def test_a_queue_at_work_with_more_messages_than_may_be_hidden_refuses_the_erasure_before_any_change(
    lived: Story, stack: DeployedStack
) -> None:
    """The search read up to 100,000 messages of a live queue, and hid them from its function for minutes."""
    lived.service.post("Progress", *(cloud_event("lesson.completed", {"number": number}) for number in range(4)))
    before = left(lived)
    with noted() as made, pytest.raises(QueuesBusy, match=r"progress \(4\)"):
        erasure(lived, stack, most_live=3).run(lambda _: None)
    assert [one.operation for one in made if one.operation.startswith(("Receive", *CHANGES))] == []
    assert left(lived) == before


def test_a_search_hides_no_more_of_a_queue_at_work_than_it_may(lived: Story, stack: DeployedStack) -> None:
    one = erasure(lived, stack, most_live=20)
    lived.service.post("Progress", *(cloud_event("lesson.completed", {"number": number}) for number in range(50)))
    with held(one.places.sqs, lived.service.url("Progress"), most=20) as hold:
        assert 20 <= len(list(hold.messages())) < 30  # a receipt brings up to ten
        assert not hold.complete
    assert lived.service.waiting("Progress") == 50


def test_a_queue_that_fills_up_meanwhile_is_reported_as_not_searched(lived: Story, stack: DeployedStack) -> None:
    def fill(_: float) -> None:
        lived.service.post("Progress", *(cloud_event("lesson.completed", {"number": number}) for number in range(50)))

    one = erasure(lived, stack, most_live=20)
    one.run(fill)
    assert len(one.unseen) == 1
    assert "ProgressQueue" in one.unseen.pop()


def test_an_operator_proves_their_device_to_take_on_the_erasure_role(stack: DeployedStack) -> None:
    with noted() as made, stack.as_eraser("arn:aws:iam::123456789012:mfa/ada", "123456"):
        pass
    [asked] = [one.parameters for one in made if one.operation == "AssumeRole"]
    assert (asked["SerialNumber"], asked["TokenCode"]) == ("arn:aws:iam::123456789012:mfa/ada", "123456")


CHANGES = ("Update", "Delete", "Send", "Abort")


def everything_is_in_sight() -> None:
    """Let every visibility timeout run out."""
    for queue in sqs_backends[ACCOUNT][REGION].queues.values():
        for message in queue._messages:
            message.change_visibility(0)


def test_killed_after_any_change_and_run_again_it_ends_the_same(lived: Story, stack: DeployedStack) -> None:
    changes = limit = 0

    def until_the_limit(request: Request) -> Any:
        nonlocal changes
        if changes == limit:
            raise Killed
        answer = request.send()
        changes += request.operation.startswith(CHANGES)
        return answer

    with requests_pass(until_the_limit):
        while changes == limit:
            changes, limit = 0, limit + 1
            with suppress(Killed):
                erasure(lived, stack).run(lambda _: None)
            everything_is_in_sight()
    assert limit > 6  # every run gets further, so the next has less to change
    assert left(lived) == set()
    lived.service.settle()
    withdrawn = {one["data"]["certificate_id"] for one in lived.service.announcements() if "withdrawn" in one["type"]}
    assert withdrawn == {certificate_id(lived, lived.id(name)) for name in ("enr-ada", "enr-live")}


def run(story: Story, *words: str, account: str = "ada") -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["erase", "--stack", STACK, "--account", story.id(account), "--wait", "0", *words])


def test_the_command_counts_without_touching_anything_and_says_no_name_and_no_address(
    lived: Story, stack: DeployedStack
) -> None:
    people.save_account(Account(lived.id("ada-2"), Role.EMPLOYEE, "Ada Sample", Ada(lived).email), Stamp(NOON))
    before = {place: hashlib.sha256(data).hexdigest() for place, data in everything(lived.service)}
    counted = run(lived, "--dry-run")
    assert {place: hashlib.sha256(data).hexdigest() for place, data in everything(lived.service)} == before
    everything_is_in_sight()
    done = run(lived)
    assert (counted.exit_code, done.exit_code) == (0, 0)
    assert f"The same address is on {lived.id('ada-2')}" in done.stdout
    assert f"{lived.id('ada')} is erased" in done.stdout
    assert not traces.has((counted.output + done.output).encode(), Ada(lived).words)
    assert left(lived) == {"table account"}
    assert people.accounts_with_email(Ada(lived).email) == [lived.id("ada-2")]
    assert left(lived, Ada(lived).new, Ada(lived).old) == set()


def test_a_former_name_and_address_are_erased_when_they_are_named(lived: Story, stack: DeployedStack) -> None:
    former, address = f"Former{lived.tag}", f"former.{lived.tag}@example.com"
    asked = ((former, "friend@example.org", None), ("A.", address, None), ("A.", "friend@example.org", f"am {former}"))
    for number, (name, email, message) in enumerate(asked):
        request = SupportRequest(lived.id(f"former-{number}"), NOON, name, email, "Leading Well", message)
        assert support.keep_support_request(request, source=f"{lived.tag}-former")
    saved = {"account_id": lived.id("ada"), "kind": "employee", "name": former, "email": address, "company_id": "?"}
    boto3.client("sqs").send_message(
        QueueUrl=lived.service.outputs["DirectoryDeadLetterQueueUrl"],
        MessageBody=json.dumps(cloud_event("account.saved", saved)),
    )
    assert left(lived, former, address) == {"table request", "queue DirectoryDeadLetterQueue"}
    done = run(lived, "--also", former, "--also", address)
    everything_is_in_sight()
    assert done.exit_code == 0
    assert left(lived, former, address) == set()
    assert former not in done.output
    assert address not in done.output


def test_an_account_that_nothing_is_known_of_is_not_made_one(story: Story, stack: DeployedStack) -> None:
    with pytest.raises(NothingKnown):
        erasure(story, stack).run(lambda _: None)
    assert people.get_account(story.id("ada")) is None
    told = run(story)
    assert told.exit_code == 1
