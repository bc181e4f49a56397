"""A company of many people, of whom the first are known by events and the rest are copies of one of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from earned.domain.enrollment import EnrollmentKey
from earned.messages.posting import Event
from tools.load.copies import Copier, Item, Person
from tools.load.waiting import queues, settle
from tools.local.portal import Queues
from tools.local.scenario import Message
from tools.local.stack import LocalStack

COMPANY, COURSE, ADMIN = "co-crowd", "course-crowd", "acc-admin"
LESSONS = [{"step_id": step, "kind": "lesson", "title": step.title()} for step in ("first", "second")]


class Crowd:
    """The company on a stack; a person is a number, with the account and the enrollment of `person_key`."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack, self._portal, self._copier = stack, Queues(stack), Copier(stack)
        self._dynamodb = stack.session().client("dynamodb", endpoint_url=stack.aws_endpoint)
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
        people = [Person(person_key(number), name_of(number)) for number in numbers]
        self._copier.copy(person_key(original), people)

    def records(self) -> Iterator[Item]:
        """The completion records of the course as they are stored."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._stack.outputs["RecordsTableName"],
            FilterExpression="t = :course",
            ExpressionAttributeValues={":course": {"S": COURSE}},
        )
        return (item for page in pages for item in page["Items"])

    def settle(self, *names: str) -> None:
        """Wait until the named queues are empty, or all."""
        urls = queues(self._stack)
        settle(self._portal, [urls[name] for name in names or urls])

    def _post(self, queue: str, kind: str, data: dict[str, Any], minutes: int = 0) -> None:
        at = self._began + timedelta(minutes=minutes)
        self._portal.post([Message(queue, Event(f"portal.{kind}.v1", data, at).body(), at, "", group=COMPANY)])


def person_key(number: int) -> EnrollmentKey:
    return EnrollmentKey(f"enr-crowd-{number}", f"acc-crowd-{number}")


def name_of(number: int) -> str:
    return f"Ada Sample-{number:05}"


def _ids(key: EnrollmentKey) -> dict[str, str]:
    return {"account_id": key.account_id, "enrollment_id": key.enrollment_id}
