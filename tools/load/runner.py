"""Run the load test on a local stack: mark a hall, let learners finish meanwhile, and time each certificate."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tools.load.copies import Copier
from tools.load.sampler import Sample, Sampler
from tools.load.waiting import queues, settle
from tools.load.workload import Workload
from tools.local.portal import Queues
from tools.local.stack import LocalStack

SECONDS_BETWEEN_LEARNERS = 1.0
ANNOUNCED = "announced"


@dataclass(frozen=True)
class Certificate:
    """An announced certificate: seconds from its person's last event to the document and to the announcement."""

    company: str
    enrollment: str
    issued: float
    announced: float


@dataclass(frozen=True)
class RunRecord:
    """A finished run; `idle` are the certificates of learners who finished before anybody was marked."""

    idle: list[Certificate]
    certificates: list[Certificate]
    posting: float  # seconds
    samples: list[Sample]


class LoadTest:
    """A workload on a stack."""

    def __init__(self, stack: LocalStack, workload: Workload) -> None:
        self._stack, self._workload = stack, workload
        self._portal, self._sqs = Queues(stack), stack.session().client("sqs", endpoint_url=stack.aws_endpoint)
        self._urls = queues(stack)
        self._announced = self._listen()

    def prepare(self) -> None:
        """Have everyone known and enrolled; the attendees but one are copies."""
        for messages in (list(self._workload.directory()), list(self._workload.enrollments())):
            self._portal.post(messages)
            self._settle()
        Copier(self._stack).copy(self._workload.first(), self._workload.others())

    def run(self, supervisor: int, ahead: int) -> RunRecord:
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

    def _finish(self, learners: range) -> None:
        portal = Queues(self._stack, self._portal.posted)  # its own client: it runs in another thread than the marking
        for number in learners:
            portal.post(list(self._workload.lessons(number)))
            time.sleep(SECONDS_BETWEEN_LEARNERS)

    def _settle(self) -> None:
        settle(self._portal, self._urls.values())

    def _listen(self) -> str:
        """Create a queue that receives all announcements; it is read after the run, so as not to load the stack."""
        events = self._stack.session().client("events", endpoint_url=self._stack.aws_endpoint)
        url = self._sqs.create_queue(QueueName="load-announced")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        events.put_rule(Name="load", EventBusName=self._stack.bus, EventPattern=json.dumps({"source": ["earned"]}))
        target: Any = {"Id": "load", "Arn": attributes["QueueArn"]}
        events.put_targets(Rule="load", EventBusName=self._stack.bus, Targets=[target])
        return url

    def _certificates(self) -> Iterator[Certificate]:
        options: dict[str, Any] = {"MaxNumberOfMessages": 10, "AttributeNames": ["SentTimestamp"]}
        while found := self._sqs.receive_message(QueueUrl=self._announced, **options).get("Messages"):
            for message in found:
                told = json.loads(message["Body"])["detail"]["data"]
                yield self._certificate(told, int(message["Attributes"]["SentTimestamp"]) / 1000)
            handles: Any = [{"Id": it["MessageId"], "ReceiptHandle": it["ReceiptHandle"]} for it in found]
            self._sqs.delete_message_batch(QueueUrl=self._announced, Entries=handles)

    def _certificate(self, told: dict[str, str], announced: float) -> Certificate:
        """A certificate with its times; `posted` is monotonic and is converted to wall-clock time."""
        posted = self._portal.posted[told["enrollment_id"]] + time.time() - time.monotonic()
        issued = datetime.fromisoformat(told["at"]).timestamp()
        return Certificate(told["company_id"], told["enrollment_id"], issued - posted, announced - posted)
