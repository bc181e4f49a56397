"""Run the load test on a local stack: mark a hall, let learners finish meanwhile, and time each certificate."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tools.load.sampler import Sample, Sampler
from tools.load.workload import Workload
from tools.local.portal import Queues
from tools.local.stack import LocalStack

PACE = 1.0  # seconds between two learners
QUIET = 3  # looks in a row at which nothing waits
LOOK = 0.5  # seconds
TIMEOUT_SECONDS = 120  # seconds, in which something must have moved
BATCH_SIZE = 1_000  # messages posted at a time while everyone is enrolled
ANNOUNCED = "announced"


class NoProgress(Exception):
    """Messages wait, and nothing has been worked off for long."""


@dataclass(frozen=True)
class Certificate:
    """One that was announced: seconds from its person's last event to the document, and to the portal."""

    company: str
    enrollment: str
    issued: float
    announced: float


@dataclass(frozen=True)
class RunRecord:
    """What came of a workload; `idle` are the certificates of those who finished before anybody was marked."""

    idle: list[Certificate]
    certificates: list[Certificate]
    posting: float  # seconds it took to post the marks
    samples: list[Sample]


class LoadTest:
    """A workload on a stack."""

    def __init__(self, stack: LocalStack, workload: Workload) -> None:
        self._stack, self._workload = stack, workload
        self._portal, self._sqs = Queues(stack), stack.session().client("sqs", endpoint_url=stack.aws_endpoint)
        self._urls = {
            name.removesuffix("QueueUrl").lower(): url
            for name, url in stack.outputs.items()
            if name.endswith("QueueUrl") and "DeadLetter" not in name
        }
        self._announced = self._listen()

    def prepare(self) -> None:
        """Have everyone known, then enrolled."""
        for messages in (list(self._workload.directory()), list(self._workload.enrollments())):
            for start in range(0, len(messages), BATCH_SIZE):
                self._portal.post(messages[start : start + BATCH_SIZE])
                self._settle(most=BATCH_SIZE)
            self._settle()

    def play(self, supervisor: int, ahead: int) -> RunRecord:
        """Let `ahead` learners finish on an idle system, then mark the hall while the others finish."""
        self._finish(range(ahead))
        self._settle()
        idle = list(self._certificates())
        with Sampler(self._stack, supervisor, self._urls | {ANNOUNCED: self._announced}) as sampler:
            school = threading.Thread(target=self._finish, args=[range(ahead, self._workload.learners)])
            school.start()
            began = time.monotonic()
            self._portal.post(list(self._workload.marks()))
            posting = time.monotonic() - began
            school.join()
            self._settle()
        return RunRecord(idle, list(self._certificates()), posting, sampler.samples)

    def refused(self) -> int:
        """Count what lies in the dead-letter queues."""
        return self._portal.waiting(
            url for name, url in self._stack.outputs.items() if name.endswith("DeadLetterQueueUrl")
        )

    def _finish(self, learners: range) -> None:
        portal = Queues(self._stack, self._portal.posted)  # a client of its own, since it runs beside the marking
        for number in learners:
            portal.post(list(self._workload.lessons(number)))
            time.sleep(PACE)

    def _settle(self, most: int = 0) -> None:
        """Wait until no more than so many messages wait; raises `NoProgress`."""
        quiet, before, moved = 0, 0, time.monotonic()
        while quiet < (QUIET if most == 0 else 1):
            waiting = self._portal.waiting(self._urls.values())
            quiet = quiet + 1 if waiting <= most else 0
            if waiting != before:
                before, moved = waiting, time.monotonic()
            if waiting and time.monotonic() - moved > TIMEOUT_SECONDS:
                raise NoProgress(f"{waiting} messages wait, and none was worked off for {TIMEOUT_SECONDS} s")
            time.sleep(LOOK)

    def _listen(self) -> str:
        """A queue that everything announced falls into; read when all is over, so as not to be in the way."""
        events = self._stack.session().client("events", endpoint_url=self._stack.aws_endpoint)
        url = self._sqs.create_queue(QueueName="load-announced")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        events.put_rule(Name="load", EventBusName=self._stack.bus, EventPattern=json.dumps({"source": ["earned"]}))
        target: Any = {"Id": "load", "Arn": attributes["QueueArn"]}
        events.put_targets(Rule="load", EventBusName=self._stack.bus, Targets=[target])
        return url

    def _certificates(self) -> Iterator[Certificate]:
        """What was announced since the last look."""
        options: dict[str, Any] = {"MaxNumberOfMessages": 10, "AttributeNames": ["SentTimestamp"]}
        while found := self._sqs.receive_message(QueueUrl=self._announced, **options).get("Messages"):
            for message in found:
                told = json.loads(message["Body"])["detail"]["data"]
                yield self._certificate(told, int(message["Attributes"]["SentTimestamp"]) / 1000)
            handles: Any = [{"Id": it["MessageId"], "ReceiptHandle": it["ReceiptHandle"]} for it in found]
            self._sqs.delete_message_batch(QueueUrl=self._announced, Entries=handles)

    def _certificate(self, told: dict[str, str], announced: float) -> Certificate:
        """A certificate with its times, since its last event was posted (which is noted by the other clock)."""
        posted = self._portal.posted[told["enrollment_id"]] + time.time() - time.monotonic()
        issued = datetime.fromisoformat(told["at"]).timestamp()
        return Certificate(told["company_id"], told["enrollment_id"], issued - posted, announced - posted)
