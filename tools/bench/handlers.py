"""The CPU time of the handlers, ours and naive ones in turn, over the same moto, without moto's own time.

Runs in its own process with the layer's libraries and fonts, and prints JSON. Moto answers within the process, so that
neither side pays for sockets.
"""

import contextlib
import gc
import importlib
import io
import json
import logging
import os
import statistics
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import ModuleType
from typing import Any

import boto3
import typer
from moto.core.botocore_stubber import BotocoreStubber

from earned.testing.lambda_events import LambdaContext, http_event
from earned.testing.service import Service, aws_in_process, record_of
from tools.bench.cold_starts import measure_cold_starts
from tools.bench.page import nth_page
from tools.story import NOON, cloud_event

STEPS = [f"lesson-{number:02}" for number in range(50)]
WARM_UP = 3
MILLI = 1000
COMPANY, COURSE = "co-bench", "course-bench"
NAIVE = "record_progress", "generate_certificate", "serve_api"
Handler = Callable[[dict[str, Any], Any], Any]
Claims = dict[str, str] | None


@dataclass
class Measurements:
    """Of each call: seconds of CPU without moto's, wall-clock seconds with them, and requests to AWS."""

    cpu: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)

    def warmed_up(self) -> None:
        del self.cpu[:WARM_UP], self.clock[:WARM_UP], self.requests[:WARM_UP]

    def figures(self, share: int = 1) -> dict[str, float]:
        """Medians per message; a call had `share` messages."""
        return {
            "cpu_ms": round(statistics.median(self.cpu) * MILLI / share, 2),
            "clock_ms_with_moto": round(statistics.median(self.clock) * MILLI / share, 2),
            "requests": round(statistics.mean(self.requests) / share, 2),
        }


class Aws:
    """Moto, with its own CPU time measured."""

    def __init__(self) -> None:
        self._cpu, self._requests = 0.0, 0
        answer = BotocoreStubber.__call__

        def timed(stubber: BotocoreStubber, *given: Any, **named: Any) -> Any:
            began = time.process_time()
            try:
                return answer(stubber, *given, **named)
            finally:
                self._cpu += time.process_time() - began
                self._requests += 1

        BotocoreStubber.__call__ = timed  # type: ignore[method-assign, assignment]  # for the life of this process

    @contextmanager
    def measuring(self, took: Measurements) -> Iterator[None]:
        elsewhere, asked = self._cpu, self._requests
        cpu, clock = time.process_time(), time.perf_counter()
        yield
        took.clock.append(time.perf_counter() - clock)
        took.cpu.append(time.process_time() - cpu - (self._cpu - elsewhere))
        took.requests.append(self._requests - asked)


class Bench:
    """Both services over one moto, with one course and its learners."""

    def __init__(self, rounds: int) -> None:
        self.rounds, self.aws = rounds, Aws()
        self.service = Service.start()
        self.naive = self._naive()
        self._prepare()

    def events(self) -> dict[str, dict[str, float]]:
        """An event in a batch of ten people, and of one person's five events."""
        crowded, alone = (Measurements(), Measurements()), (Measurements(), Measurements())
        handlers = self._handler("record_progress"), self.naive["record_progress"].handler
        for number in range(self.rounds):
            ten = [(person, STEPS[number % 20]) for person in range(10)]
            five = [(10 + number, step) for step in STEPS[:5]]
            for events, took in ((ten, crowded), (five, alone)):
                for handler, noted in zip(handlers, took, strict=True):
                    self._measure(handler, [_lesson(*event) for event in events], noted)
        for one in (*crowded, *alone):
            one.warmed_up()
        return {
            "event, ten people in a batch": _beside(crowded, 10),
            "event, five of one person in a batch": _beside(alone, 5),
        }

    def certificates(self) -> dict[str, dict[str, float]]:
        took = Measurements(), Measurements()
        handlers = self._handler("generate_certificate"), self.naive["generate_certificate"].handler
        for number in range(self.rounds // 10):
            people = range(1000 + 10 * number, 1010 + 10 * number)
            asked = [_request(person) for person in people], [_naive_request(person) for person in people]
            for handler, messages, one in zip(handlers, asked, took, strict=True):
                self._measure(handler, messages, one)
        for one in took:
            one.warmed_up()
        return {"certificate, ten in a batch": _beside(took, 10)}

    def requests(self) -> dict[str, dict[str, float]]:
        admin = {"sub": "acc-admin", "role": "company-admin", "company_id": COMPANY}
        listed = f"/v1/companies/{COMPANY}/certificates"
        _, page = self.service.get(listed, admin, limit="100")
        items, certificate = page["items"], f"/v1/certificates/{page['items'][0]['certificate_id']}/download"
        ours, naive = self._handler("serve_api"), self.naive["serve_api"].handler
        return {
            f"list of {len(items)} certificates": self._beside(ours, listed, naive, listed, admin),
            "download link": self._beside(ours, certificate, naive, "/v1/certificates/enr-1000/download", admin),
            "one enrollment": self._asked(ours, "/v1/enrollments/enr-1000", admin).figures(),
            "verification, JSON": self._asked(ours, f"/verify/{items[0]['certificate_id']}", None).figures(),
        }

    def _beside(self, ours: Handler, path: str, naive: Handler, naive_path: str, claims: Claims) -> dict[str, Any]:
        return _beside((self._asked(ours, path, claims), self._asked(naive, naive_path, claims)), 1)

    def _asked(self, handler: Handler, path: str, claims: Claims) -> Measurements:
        took = Measurements()
        for _ in range(self.rounds // 2 + WARM_UP):
            event = http_event("GET", path, claims, {"limit": "100"} if "companies" in path else {}, None, {})
            with self.aws.measuring(took):
                answer = handler(event, LambdaContext())
            if answer["statusCode"] != 200:
                raise AssertionError(f"{path} answered {answer['statusCode']}")
        took.warmed_up()
        return took

    def _measure(self, handler: Handler, messages: list[dict[str, Any]], took: Measurements) -> None:
        event = {"Records": [_record(message) for message in messages]}
        with self.aws.measuring(took):
            answer = handler(event, LambdaContext())
        if answer["batchItemFailures"]:
            raise AssertionError(f"{handler.__module__} left messages for a retry")

    def _handler(self, name: str) -> Handler:
        handler: Handler = self.service.apps[name].handler
        return handler

    def _naive(self) -> dict[str, ModuleType]:
        dynamodb = boto3.client("dynamodb")
        for name, key in (("naive", "pk"), ("idempotency", "id")):
            dynamodb.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        own = {"NAIVE_TABLE": "naive", "IDEMPOTENCY_TABLE": "idempotency"}
        # Powertools reads the function's name when the handlers are decorated and later.
        for name in NAIVE:
            os.environ |= self.service.variables(name)
        os.environ |= own | {"AWS_LAMBDA_FUNCTION_NAME": "naive"}
        return {name: importlib.import_module(f"tools.bench.naive.{name}") for name in NAIVE}

    def _prepare(self) -> None:
        """Save and enroll everyone on both sides; people from 1000 on have finished."""
        finished = range(1000, 1000 + 5 * (self.rounds // 5))
        people = [*range(10 + self.rounds), *finished]
        steps = [{"step_id": step, "kind": "lesson", "title": step} for step in STEPS]
        self._tell("company.saved", {"company_id": COMPANY, "name": nth_page(0).company})
        self._tell(
            "course.published",
            {"course_id": COURSE, "version": 1, "title": nth_page(0).title, "steps": steps, "hours": 24},
        )
        for person in people:
            account = {
                "account_id": f"acc-{person}",
                "kind": "employee",
                "name": nth_page(person).holder,
                "company_id": COMPANY,
            }
            self._tell("account.saved", account | {"email": "a@example.com"})
            self._tell("enrollment.created", _keys(person) | {"training_id": COURSE})
        self.service.settle()
        table = boto3.resource("dynamodb").Table("naive")
        enrollments = [f"enr-{person}" for person in finished]
        table.put_item(Item={"pk": f"company#{COMPANY}", "name": nth_page(0).company, "enrollments": enrollments})
        table.put_item(Item={"pk": f"course#{COURSE}", "title": nth_page(0).title, "steps": STEPS})
        for person in people:
            table.put_item(Item={"pk": f"account#acc-{person}", "name": nth_page(person).holder, "company_id": COMPANY})
            own = {
                "course_id": COURSE,
                "account_id": f"acc-{person}",
                "certificate_id": nth_page(person).certificate_id,
            }
            table.put_item(Item={"pk": f"enrollment#enr-{person}", "done": [], "version": 0, **own})
        for person in finished:
            records = [_record(_lesson(person, step)) for step in STEPS]
            self._handler("record_progress")({"Records": records}, LambdaContext())
        self.service.empty()

    def _tell(self, kind: str, data: dict[str, Any]) -> None:
        self.service.post("Directory", cloud_event(kind, data, NOON - timedelta(days=1)))


def _keys(person: int) -> dict[str, str]:
    return {"enrollment_id": f"enr-{person}", "account_id": f"acc-{person}"}


def _lesson(person: int, step: str) -> dict[str, Any]:
    at = NOON + timedelta(minutes=STEPS.index(step))
    return cloud_event("lesson.completed", _keys(person) | {"step_id": step}, at)


def _request(person: int) -> dict[str, Any]:
    return _keys(person) | {"training_id": COURSE, "company_id": COMPANY}


def _naive_request(person: int) -> dict[str, Any]:
    return {"enrollment_id": f"enr-{person}"}


def _record(message: dict[str, Any]) -> dict[str, Any]:
    attributes = {
        "SentTimestamp": str(time.time_ns() // 1_000_000),
        "MessageGroupId": COMPANY,
        "ApproximateReceiveCount": "1",
    }
    sent = {
        "MessageId": uuid.uuid4().hex,
        "ReceiptHandle": "any",
        "Body": json.dumps(message),
        "Attributes": attributes,
    }
    return record_of(sent)


def _beside(took: tuple[Measurements, Measurements], share: int) -> dict[str, Any]:
    ours, naive = (one.figures(share) for one in took)
    return {"ours": ours, "naive": naive, "times_ours": round(naive["cpu_ms"] / ours["cpu_ms"], 1)}


def main(rounds: int) -> None:
    """Measure everything and print it as JSON."""
    warnings.filterwarnings("ignore", "Tried to parse AWS", UserWarning)  # about resources that moto cannot create
    logging.getLogger("moto").setLevel(logging.ERROR)  # logs the same
    with aws_in_process():
        bench = Bench(rounds)
        gc.freeze()  # keeps moto's objects out of garbage collection
        with quiet():
            found = {
                "handlers": bench.events() | bench.certificates(),
                "api": bench.requests(),
                "starts": measure_cold_starts(),
            }
    print(json.dumps(found))


@contextmanager
def quiet() -> Iterator[None]:
    """Discard stdout, where metrics and logs go, because the figures go there."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


if __name__ == "__main__":
    typer.run(main)
