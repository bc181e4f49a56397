"""A company's learners and one course, run through the real handlers in batches of any size."""

import itertools
import json
import time
import uuid
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import boto3

from earned.aws.dynamodb import enrollment_keys
from earned.aws.dynamodb.table import ROOT_SORT_KEY
from earned.domain.enrollment import EnrollmentKey
from earned.testing.lambda_events import LambdaContext
from earned.testing.queues import receive
from earned.testing.service import Service
from tools.costs.capacity_units import Item
from tools.costs.ledger import Ledger, counting, stored
from tools.story import NOON, cloud_event

Event = dict[str, Any]
_CYCLE = ("lesson", "video", "reading", "activity", "quiz", "lesson", "video", "reading", "activity", "lesson")
_PLAYED = [[0, 600]]  # browsers merge the ranges of a sitting


@dataclass
class Invocation:
    """An invocation of a function; `cpu` are its CPU seconds without moto's."""

    function: str
    messages: int
    ledger: Ledger = field(default_factory=Ledger)
    cpu: float = 0.0
    logged: int = 0


class Scenario:
    """A course and its learners, with ids as long as UUIDs."""

    def __init__(self, service: Service, steps: int, seed: object = 0) -> None:
        self.service = service
        self._ids = (str(uuid.uuid5(uuid.NAMESPACE_OID, f"{steps} {seed} {n}")) for n in itertools.count())
        self.course, self.company = next(self._ids), next(self._ids)
        self.steps = [_step(next(self._ids), number) for number in range(steps)]
        self.people: list[dict[str, str]] = []
        self._keep("company.saved", {"company_id": self.company, "name": "Musterwerke Nordwest GmbH"})
        self._keep("course.published", self._published(version=1))
        self.waiting("Generation")  # the checks of both texts

    @property
    def admin(self) -> dict[str, str]:
        return {"sub": "admin", "role": "company-admin", "company_id": self.company}

    def join(self, people: int) -> list[Event]:
        """Save accounts; returns the events that enroll them."""
        new = [{"enrollment_id": next(self._ids), "account_id": next(self._ids)} for _ in range(people)]
        for one in new:
            who = {"kind": "employee", "name": "Maximiliane Beispielhausen", "email": "m@example.com"}
            self._keep("account.saved", {"account_id": one["account_id"], "company_id": self.company} | who)
        self.people += new
        more = {"training_id": self.course, "company_id": self.company}
        return [cloud_event("enrollment.created", one | more) for one in new]

    def republished(self) -> Event:
        """The course's second version, with the same steps."""
        return cloud_event("course.published", self._published(version=2))

    def _published(self, version: int) -> dict[str, Any]:
        named = {"course_id": self.course, "version": version, "title": "Occupational Safety for Supervisors"}
        return named | {"steps": self.steps, "hours": 6}

    def events(self, person: int, first: int = 0, last: int | None = None) -> list[Event]:
        """The events of a person, one for each step from `first` to `last`."""
        return [
            cloud_event(
                kind,
                self.people[person] | {"step_id": step["step_id"]} | data,
                NOON.replace(day=3 + number // 60, minute=number % 60),
            )
            for number, step in list(enumerate(self.steps))[first:last]
            for kind, data in [_doing(step)]
        ]

    def invoke(self, function: str, events: Sequence[Event | str]) -> Invocation:
        """Pass events to a function as one batch; raises unless it processes all of them."""
        records = [_record(number, event) for number, event in enumerate(events)]
        done, log = Invocation(function, len(records)), StringIO()
        handler = self.service.handlers[function]
        with counting() as done.ledger, redirect_stdout(log):
            began = time.process_time()
            response = handler({"Records": records}, LambdaContext())
            done.cpu = time.process_time() - began - sum(call.seconds for call in done.ledger.calls)
        done.logged = len(log.getvalue().encode()) + 26 * log.getvalue().count("\n")
        if response["batchItemFailures"]:
            raise RuntimeError(f"{function} left {len(response['batchItemFailures'])} of {len(records)} for a retry")
        return done

    def waiting(self, queue: str) -> list[str]:
        """Receive and delete all messages of a queue."""
        sqs, url, found = boto3.client("sqs"), self.service.url(queue), []
        while batch := receive(url):
            found += [message["Body"] for message in batch]
            for message in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def record(self, person: int) -> Item:
        who = self.people[person]
        return self._stored(*enrollment_keys.row_key(EnrollmentKey(who["enrollment_id"], who["account_id"])))

    def account(self, person: int) -> Item:
        return self._stored(f"account#{self.people[person]['account_id']}", ROOT_SORT_KEY)

    def _stored(self, pk: str, sk: str) -> Item:
        item = stored(self.service.outputs["RecordsTableName"], {"pk": {"S": pk}, "sk": {"S": sk}})
        assert item is not None
        return item

    def _keep(self, kind: str, data: dict[str, Any]) -> None:
        self.invoke("record_directory", [cloud_event(kind, data)])
        self.waiting("Change")


def _step(step_id: str, number: int) -> dict[str, Any]:
    kind = _CYCLE[number % len(_CYCLE)]
    more = {"video": {"duration": 600}, "quiz": {"passing_score": 80, "attempts": 3}}.get(kind, {})
    return {"step_id": step_id, "kind": kind, "title": f"Step {number + 1}: what it is about"} | more


def _doing(step: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    match step["kind"]:
        case "video":
            return "video.watched", {"played": _PLAYED}
        case "quiz":
            return "quiz.graded", {"score": 90}
        case _:
            return "lesson.completed", {}


def _record(number: int, event: Event | str) -> dict[str, Any]:
    body = event if isinstance(event, str) else json.dumps(event)
    attributes = {"SentTimestamp": str(time.time_ns() // 1_000_000), "MessageGroupId": "company"}
    return {"messageId": str(number), "receiptHandle": str(number), "body": body, "attributes": attributes}
