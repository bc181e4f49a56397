"""A course loses a lesson while many learners take it: those with nothing outstanding get a certificate (C6)."""

import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from earned.aws.dynamodb.enrollment_keys import holder_key, new_certificate_id, row_key
from earned.domain.enrollment import EnrollmentKey
from earned.domain.timestamps import to_milliseconds
from tests.e2e.portal import Portal
from tools.local.hops import hops_file
from tools.local.stack import LocalStack

pytestmark = [pytest.mark.stack, pytest.mark.long]
LEARNERS = int(os.environ.get("LEARNERS", "2000"))
DUE = min(LEARNERS // 2, 200)  # certificates; the other learners are evaluated, and have a lesson outstanding
ALLOWED_SECONDS = 300 + LEARNERS / 50
BOTH = [{"step_id": step, "kind": "lesson", "title": step.title()} for step in ("first", "second")]


def test_everyone_with_nothing_outstanding_gets_a_certificate(
    portal: Portal, deployed: tuple[LocalStack, Path]
) -> None:
    company, course = portal.id("many"), portal.id("shortened")
    stop_sweep(portal)
    portal.post("directory", "company.saved", {"company_id": company, "name": "Sample Lanterns"})
    publish(portal, course, version=1)
    for number in range(DUE):
        person = {"account_id": portal.id(f"due-{number}")}
        named = {"kind": "employee", "name": f"Ada Sample-{number:04}", "email": "a@example.com", "company_id": company}
        enrollment = person | {"enrollment_id": portal.id(f"enr-due-{number}")}
        portal.post("directory", "account.saved", person | named)
        portal.post("directory", "enrollment.created", enrollment | {"training_id": course})
        portal.post("progress", "lesson.completed", enrollment | {"step_id": "first"}, minutes=1)
    write_learners(portal, company, course, LEARNERS - DUE)
    settle(portal)
    assert records(portal, course) == {(1, False): LEARNERS}
    published = time.monotonic()
    publish(portal, course, version=2)
    wait_until_empty(portal, "Change")
    read = time.monotonic() - published
    settle(portal, within=ALLOWED_SECONDS)
    taken = time.monotonic() - published
    counted = json.loads(hops_file(deployed[1]).read_text())
    print(  # noqa: T201  # what the command shows
        f"\n{LEARNERS:,} learners: read in {read:.0f} s, evaluated in {taken:.0f} s; "
        f"fan_out_changes used {peak_memory('FanOutChanges')} MB; "
        f"a message led through one function at most {max(counted.values())} time"
    )
    assert records(portal, course) == {(2, True): DUE, (2, False): LEARNERS - DUE}
    assert set(counted.values()) == {1}


def stop_sweep(portal: Portal) -> None:
    """The emulator sorts the whole table for each page of a scan, and does nothing else meanwhile."""
    events = portal.stack.session().client("events", endpoint_url=portal.stack.aws_endpoint)
    for rule in events.list_rules()["Rules"]:
        if "Sweep" in rule["Name"]:
            events.disable_rule(Name=rule["Name"])


def publish(portal: Portal, course: str, version: int) -> None:
    """The second version has the first lesson only."""
    body = {"course_id": course, "version": version, "title": "Well Led", "steps": BOTH[: 3 - version]}
    portal.post("directory", "course.published", body)


def write_learners(portal: Portal, company: str, course: str, number: int) -> None:
    """Write records straight into the table, as enrollments of people who have done nothing yet."""
    dynamodb = portal.stack.session().client("dynamodb", endpoint_url=portal.stack.aws_endpoint)
    table, items = portal.stack.outputs["RecordsTableName"], learners(portal, company, course, number)
    while batch := list(islice(items, 25)):
        dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}} for item in batch]})


def learners(portal: Portal, company: str, course: str, number: int) -> Iterator[dict[str, Any]]:
    for index in range(number):
        key = EnrollmentKey(portal.id(f"enr-many-{index}"), portal.id(f"many-{index}"))
        pk, sk = row_key(key)
        yield {
            "pk": {"S": pk},
            "sk": {"S": sk},
            "h": {"S": holder_key(key.account_id, company)},
            "t": {"S": course},
            "c": {"S": new_certificate_id(key.enrollment_id)},
            "v": {"N": "1"},
            "e": {"N": str(to_milliseconds(portal.began))},
            "k": {"BOOL": True},
        }


def records(portal: Portal, course: str) -> Counter[tuple[int, bool]]:
    """How many records of the course are evaluated by each version, without a certificate and with one."""
    dynamodb = portal.stack.session().client("dynamodb", endpoint_url=portal.stack.aws_endpoint)
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=portal.stack.outputs["RecordsTableName"],
        FilterExpression="t = :course",
        ExpressionAttributeValues={":course": {"S": course}},
    )
    return Counter((int(item["v"]["N"]), "issue" in item) for page in pages for item in page["Items"])


def peak_memory(function: str) -> int:
    """The most MB that a process of a local function has used."""
    peaks = [0]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environment = (process / "environ").read_bytes()
            if b"AWS_LAMBDA_FUNCTION_NAME=" in environment and function.encode() in environment:
                status = (process / "status").read_text()
                peaks += [int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")]
    return max(peaks)


def wait_until_empty(portal: Portal, *queues: str, within: float = ALLOWED_SECONDS) -> None:
    sqs = portal.stack.session().client("sqs", endpoint_url=portal.stack.aws_endpoint)
    deadline, quiet = time.monotonic() + within, 0
    while quiet < 3:
        waiting = 0
        for queue in queues:
            url = portal.stack.outputs[f"{queue}QueueUrl"]
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            waiting += int(attributes["ApproximateNumberOfMessages"])
            waiting += int(attributes["ApproximateNumberOfMessagesNotVisible"])
        quiet = quiet + 1 if waiting == 0 else 0
        assert time.monotonic() < deadline, f"{waiting} messages still wait after {within:.0f} s"
        time.sleep(0.3)


def settle(portal: Portal, within: float = ALLOWED_SECONDS) -> None:
    names = [name.removesuffix("QueueUrl") for name in portal.stack.outputs if name.endswith("QueueUrl")]
    wait_until_empty(portal, *(name for name in names if not name.endswith("DeadLetter")), within=within)
