"""A person is erased on a stack that enforces IAM: with the erasure role, and not by the functions' roles."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.portal import Portal, wait_for
from tests.integration import traces
from tools.operations.erase import Erasure, places
from tools.operations.stacks import DeployedStack

pytestmark = pytest.mark.stack
NAME, EMAIL = "Quillfeather", "wrenbox@example.com"
UNDER_WAY = 5.0
STEPS = [{"step_id": "read", "kind": "reading", "title": "Before you start"}]


@pytest.fixture
def learner(portal: Portal) -> dict[str, str]:
    """A learner with a certificate, an archive, a support request and a quarantined message."""
    company = {"company_id": portal.id("erased-co")}
    person = {"account_id": portal.id("erased")}
    enrollment = person | {"enrollment_id": portal.id("enr-erased")}
    named = person | company | {"kind": "employee", "name": f"Ada {NAME}", "email": EMAIL}
    course = {"course_id": portal.id("erased-course"), "version": 1, "title": "Leading Well", "steps": STEPS}
    portal.post("directory", "company.saved", company | {"name": "Sample Lanterns"})
    portal.post("directory", "course.published", course)
    portal.post("directory", "account.saved", named)
    portal.post("directory", "enrollment.created", enrollment | {"training_id": course["course_id"]})
    portal.post("progress", "lesson.completed", enrollment | {"step_id": "read"}, minutes=1)
    portal.post("directory", "account.saved", named | {"kind": "queen"})
    asked = {"name": "A. Sample", "email": EMAIL.upper(), "training": "Leading Well"}
    assert portal.ask("/v1/support-requests", method="POST", body=asked).status_code == 202
    return {**enrollment, **company}


def admin(portal: Portal, learner: dict[str, str]) -> str:
    return portal.token("company-admin", portal.id("admin"), learner["company_id"])


def certificates(portal: Portal, learner: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = portal.ask(
        f"/v1/companies/{learner['company_id']}/certificates", admin(portal, learner)
    ).json()["items"]
    return found


def export(portal: Portal, learner: dict[str, str]) -> None:
    path = f"/v1/companies/{learner['company_id']}/exports"
    asked = portal.ask(path, admin(portal, learner), method="POST").json()["export_id"]
    wait_for(lambda: portal.ask(f"{path}/{asked}", admin(portal, learner)).json().get("url"), "the archive")


def kept(portal: Portal) -> Iterator[tuple[str, bytes]]:
    """Everything in the stack's tables, buckets and dead-letter queues."""
    outputs = portal.stack.outputs

    def client(service: str) -> Any:
        make: Any = portal.stack.session().client
        return make(service, endpoint_url=portal.stack.aws_endpoint)

    yield from traces.of_tables(client("dynamodb"), (outputs[f"{one}TableName"] for one in ("Records", "Support")))
    yield from traces.of_buckets(client("s3"), (outputs[f"{one}BucketName"] for one in ("Documents", "Exports")))
    for name in ("Directory", "Progress", "Generation"):
        url, more = outputs[f"{name}DeadLetterQueueUrl"], {"VisibilityTimeout": 1, "MaxNumberOfMessages": 10}
        for message in client("sqs").receive_message(QueueUrl=url, **more).get("Messages", []):
            yield f"queue {name}", message["Body"].encode()


def left(portal: Portal) -> set[str]:
    """The kinds of places that still have the name or the address."""
    return {place.split("#")[0].split("/")[0] for place, data in kept(portal) if traces.has(data, (NAME, EMAIL))}


def test_the_erasure_role_erases_a_person_and_verification_still_works(portal: Portal, learner: dict[str, str]) -> None:
    [certificate] = wait_for(lambda: certificates(portal, learner) or None, "the certificate")
    export(portal, learner)
    everywhere = {"table account", "table enrollment", "table request", "object certificates", "object exports"}
    wait_for(lambda: left(portal) >= everywhere | {"queue Directory"} or None, "every trace")
    stack = DeployedStack.described(portal.stack)
    with stack.as_eraser():
        erasure = Erasure(learner["account_id"], places(stack))
        erasure.run(lambda _: time.sleep(UNDER_WAY))
    assert erasure.unseen == set()
    assert left(portal) == set()
    told = portal.ask(f"/verify/{certificate['certificate_id']}")
    assert (told.status_code, told.json()) == (200, {"status": "withdrawn"})
    assert certificates(portal, learner) == []


def test_the_erasure_role_has_no_other_permission(portal: Portal) -> None:
    if "127.0.0.1" not in portal.stack.aws_endpoint:
        pytest.skip("a failure would do harm")
    stack = DeployedStack.described(portal.stack)
    with stack.as_eraser():
        documents = places(stack).documents
    s3: Any = documents.client
    for refused in (
        lambda: s3.get_object(Bucket=documents.name, Key="certificates/any/1.pdf"),
        lambda: s3.put_object(Bucket=documents.name, Key="certificates/any/1.pdf", Body=b"", IfNoneMatch="*"),
        lambda: s3.delete_object(Bucket=documents.name, Key="logos/any", VersionId="any"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
