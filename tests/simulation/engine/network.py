"""The network: every call to AWS, the fault that strikes it, and what the service answers."""

import hashlib
import json
from random import Random
from typing import TYPE_CHECKING, Any

from tests.simulation.clock import SECOND
from tests.simulation.engine import faults
from tests.simulation.engine.faults import Killed
from tests.simulation.engine.invocation import Invocation
from tests.simulation.services.wire import Answer, Refused
from tests.simulation.stories.steps import ConcurrentEvent

if TYPE_CHECKING:
    from tests.simulation.engine.world import World

CONCURRENT_EVENT_PAUSE = 4 * SECOND  # in which the service usually handles the event


class Network:
    """`crash_after_write` are items: the next invocation that writes one crashes. `concurrent_events` are posted while
    the generator reads a record or puts a document.
    """

    def __init__(self, world: "World") -> None:
        self.calls = 0
        self.crash_after_write: list[str] = []
        self.concurrent_events: list[ConcurrentEvent] = []
        self._world = world

    def quiesce(self) -> None:
        """Drop the crashes and events that are still to come."""
        self.crash_after_write.clear()
        self.concurrent_events.clear()

    def send(self, service: str, operation: str, request: Any) -> Answer:
        """One call over the wire; raises what the SDK would see, and `Killed` when the invocation crashes."""
        world, processes = self._world, self._world.processes
        invocation = processes.current
        if processes.ended or invocation is None:
            raise Killed
        invocation.calls += 1
        fault = world.injector.fault_of_call(invocation, service, operation)
        if fault == faults.KILLED_BEFORE:
            raise Killed
        processes.pause(faults.wait(None, invocation.chance))
        self.calls += 1
        answer, refused = Answer(b""), None
        if faults.applies(fault):
            try:
                answer = self.apply(service, operation, request, fault, invocation)
            except Refused as error:
                refused = error
        subject = subject_of(service, request)
        if invocation.sandbox.function == "generate_certificate":
            self._post_concurrent_events(operation, subject)
        result = fault or (str(refused) if refused else "ok")
        said = hashlib.blake2b(answer.body, digest_size=6).hexdigest()
        world.journal.note(f"{invocation.label} {service}.{operation} {subject}: {result} {said}")
        if fault == faults.KILLED_AFTER or (operation == "UpdateItem" and self._crashes_after(subject)):
            raise Killed
        if fault is not None:
            processes.pause(faults.wait(fault, invocation.chance))
            faults.raise_fault(fault, service)
        if refused is not None:
            raise refused
        return answer

    def _crashes_after(self, item: str) -> bool:
        crashes = item in self.crash_after_write
        if crashes:
            self.crash_after_write.remove(item)
        return crashes

    def _post_concurrent_events(self, operation: str, subject: str) -> None:
        while due := [one for one in self.concurrent_events if self._is_due(one, operation, subject)]:
            self.concurrent_events.remove(due[0])
            self._world.carry_out(due[0].post)
            self._world.processes.pause(CONCURRENT_EVENT_PAUSE)

    def _is_due(self, event: ConcurrentEvent, operation: str, subject: str) -> bool:
        if event.reading:
            return operation == "BatchGetItem" and f"#{event.enrollment_id} " in f"{subject} "
        document = f"/{self._world.observer.certificate_id_of(event.enrollment_id)}/"
        return operation == "PutObject" and document in subject

    def apply(self, service: str, operation: str, request: Any, fault: str | None, invocation: Invocation) -> Answer:
        """Carry out a request; a fault may leave a part of it undone. Raises `Refused` as the service would."""
        world, chance = self._world, invocation.chance
        if service == "s3":
            return world.s3.answer(operation, request)
        body = json.loads(request.body)
        match service:
            case "dynamodb" if fault == faults.UNPROCESSED:
                answer = self._answer_some_keys(body, chance)
            case "dynamodb":
                answer = world.dynamodb.answer(operation, body)
            case "sqs" if fault == faults.PARTLY_FAILED:
                answer = self._accept_some_messages(operation, body, chance)
            case "sqs":
                answer = world.sqs.answer(operation, body)
            case _:
                answer = world.eventbridge.put_events(
                    body, lambda: fault == faults.PARTLY_FAILED and chance.random() < 0.6
                )
        return Answer(json.dumps(answer).encode(), {"Content-Type": "application/x-amz-json-1.0"})

    def _answer_some_keys(self, request: dict[str, Any], chance: Random) -> dict[str, Any]:
        [(table, wanted)] = request["RequestItems"].items()
        keys = sorted(wanted["Keys"], key=json.dumps)
        processed = keys[: chance.randrange(len(keys))]
        if not processed:
            return {"Responses": {table: []}, "UnprocessedKeys": {table: wanted}}
        some = {"RequestItems": {table: wanted | {"Keys": processed}}}
        answer = self._world.dynamodb.answer("BatchGetItem", some)
        return answer | {"UnprocessedKeys": {table: wanted | {"Keys": keys[len(processed) :]}}}

    def _accept_some_messages(self, operation: str, request: dict[str, Any], chance: Random) -> dict[str, Any]:
        failed = [entry for entry in request["Entries"] if chance.random() < 0.5] or request["Entries"][:1]
        accepted = [entry for entry in request["Entries"] if entry not in failed]
        some = request | {"Entries": accepted}
        answer = self._world.sqs.answer(operation, some) if accepted else {"Successful": []}
        return answer | {
            "Failed": [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in failed]
        }


def subject_of(service: str, request: Any) -> str:
    """The keys, object or queue of a request, without anything that depends on the hash seed."""
    if service == "s3":
        return str(request.url).partition(".amazonaws.com")[2]
    body = json.loads(request.body)
    if "Key" in body:
        return "/".join(value["S"] for value in body["Key"].values())
    if "RequestItems" in body:
        keys = [key for wanted in body["RequestItems"].values() for key in wanted["Keys"]]
        return " ".join(sorted("/".join(value["S"] for value in key.values()) for key in keys))
    return str(body.get("QueueUrl", "")).rpartition("/")[2]
