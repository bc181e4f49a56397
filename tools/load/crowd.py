"""A company of many people, of whom the first are known by events and the rest are copies of one of them.

A copy is what the service would have written for another person's events. It is written straight into the table and the
bucket, because tens of thousands of events take longer than what is measured afterwards.
"""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from rich.progress import track

from earned.aws.dynamodb.enrollment_keys import new_certificate_id, row_key
from earned.aws.s3 import Documents
from earned.domain.enrollment import EnrollmentKey
from earned.messages.posting import Event
from tools.load.waiting import queues, settle
from tools.local.portal import Queues
from tools.local.scenario import Message
from tools.local.stack import LocalStack

COMPANY, COURSE, ADMIN = "co-crowd", "course-crowd", "acc-admin"
LESSONS = [{"step_id": step, "kind": "lesson", "title": step.title()} for step in ("first", "second")]
PEOPLE_PER_REQUEST = 12  # two items each; DynamoDB takes 25
WRITERS = 4
Item = dict[str, Any]


class Crowd:
    """The company on a stack; a person is a number, with the account and the enrollment of `person_key`."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack, self._portal = stack, Queues(stack)
        session, endpoint = stack.session(), stack.aws_endpoint
        self._dynamodb = session.client("dynamodb", endpoint_url=endpoint)
        self._documents = Documents(session.client("s3", endpoint_url=endpoint), stack.outputs["DocumentsBucketName"])
        self._table = stack.outputs["RecordsTableName"]
        self._began = datetime.now(UTC) - timedelta(days=3)

    def begin(self) -> None:
        self._post("directory", "company.saved", {"company_id": COMPANY, "name": "Sample Lanterns"})
        self.publish(1)

    def publish(self, version: int) -> None:
        """The first version has two lessons, the second has the first of them only."""
        course = {"course_id": COURSE, "version": version, "title": "Well Led", "steps": LESSONS[: 3 - version]}
        self._post("directory", "course.published", course)

    def enroll(self, numbers: range, lessons: int) -> None:
        """Let people be enrolled and do that many lessons, by events."""
        keys = [person_key(number) for number in numbers]
        for number, key in zip(numbers, keys, strict=True):
            named = {"kind": "employee", "name": name_of(number), "email": "ada@example.com", "company_id": COMPANY}
            self._post("directory", "account.saved", {"account_id": key.account_id} | named)
        for key in keys:
            self._post("directory", "enrollment.created", _ids(key) | {"training_id": COURSE})
        for minutes, lesson in enumerate(LESSONS[:lessons], 1):
            for key in keys:
                self._post("progress", "lesson.completed", _ids(key) | {"step_id": lesson["step_id"]}, minutes)
        self.settle()

    def copy(self, original: int, numbers: range) -> None:
        """Write copies of a person's items, and of the certificate if there is one, under the numbers' own keys."""
        person, record = self._items(original)
        document = self._document(record) if "issue" in record else None
        batches = list(_batches(numbers))

        def write(batch: list[int]) -> None:
            copies = [copy_of(person, record, number) for number in batch]
            requests: Any = [{"PutRequest": {"Item": item}} for pair in copies for item in pair]
            self._dynamodb.batch_write_item(RequestItems={self._table: requests})
            for number, (_, copied) in zip(batch, copies, strict=True):
                if document is not None:
                    self._documents.put(copied["c"]["S"], 1, document, f"{name_of(number)}.pdf")

        with ThreadPoolExecutor(WRITERS) as pool:
            for _ in track(pool.map(write, batches), "Writing copies", total=len(batches), transient=True):
                pass

    def records(self) -> Iterator[Item]:
        """The completion records of the course as they are stored."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="t = :course",
            ExpressionAttributeValues={":course": {"S": COURSE}},
        )
        return (item for page in pages for item in page["Items"])

    def settle(self, *names: str) -> None:
        """Wait until the named queues are empty, or all."""
        urls = queues(self._stack)
        settle(self._portal, [urls[name] for name in names or urls])

    def _items(self, number: int) -> tuple[Item, Item]:
        key = person_key(number)
        pk, sk = row_key(key)
        person = self._get(f"account#{key.account_id}", "-")
        return person, self._get(pk, sk)

    def _get(self, pk: str, sk: str) -> Item:
        return self._dynamodb.get_item(TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}})["Item"]

    def _document(self, record: Item) -> bytes:
        document = self._documents.read(record["c"]["S"], 1)
        assert document is not None
        return document

    def _post(self, queue: str, kind: str, data: dict[str, Any], minutes: int = 0) -> None:
        at = self._began + timedelta(minutes=minutes)
        self._portal.post([Message(queue, Event(f"portal.{kind}.v1", data, at).body(), at, "", group=COMPANY)])


def person_key(number: int) -> EnrollmentKey:
    return EnrollmentKey(f"enr-crowd-{number}", f"acc-crowd-{number}")


def name_of(number: int) -> str:
    return f"Ada Sample-{number:05}"


def copy_of(person: Item, record: Item, number: int) -> tuple[Item, Item]:
    """The items of an account and its enrollment with another person's keys and name."""
    key = person_key(number)
    pk, sk = row_key(key)
    record = record | {"pk": {"S": pk}, "sk": {"S": sk}, "c": {"S": new_certificate_id(key.enrollment_id)}}
    if "issue" in record:
        issue = json.loads(record["issue"]["S"])
        issue["printed"]["holder"] = name_of(number)
        record["issue"] = {"S": json.dumps(issue)}
    return person | {"pk": {"S": f"account#{key.account_id}"}, "name": {"S": name_of(number)}}, record


def _ids(key: EnrollmentKey) -> dict[str, str]:
    return {"account_id": key.account_id, "enrollment_id": key.enrollment_id}


def _batches(numbers: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(numbers)
    while batch := list(islice(rest, PEOPLE_PER_REQUEST)):
        yield batch
