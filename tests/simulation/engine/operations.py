"""What runs on a schedule or by an operator's hand: the sweep, redrives, purges and the loss of a document."""

from typing import TYPE_CHECKING, Any

import boto3

from tests.simulation.clock import MINUTE
from tests.simulation.engine import runtime
from tests.simulation.engine.faults import SWEEP_RUN
from tests.simulation.engine.invocation import Invocation
from tests.simulation.stories.steps import DeleteDocument, Purge
from tools.operations.quarantine import held
from tools.operations.redrive import Wanted, select, send_back

if TYPE_CHECKING:
    from tests.simulation.engine.world import World

SWEEP_EVERY = 5 * MINUTE
MAX_SWEEPS_MISSED = 30  # in a row, while there are faults: messages alone must do most of the work
_sqs = boto3.client("sqs")


class Operations:
    def __init__(self, world: "World") -> None:
        self.purged = False
        self._world = world

    def sweep_sometimes(self) -> None:
        """Sweep, miss some runs of the schedule, and again, until the last fault is over."""
        world = self._world
        if world.injector.is_over:
            return
        if world.injector.inject(SWEEP_RUN, world.now):
            self.sweep()
        missed = world.injector.chance("sweep", world.now).randint(0, MAX_SWEEPS_MISSED)
        world.agenda.at(world.now + (1 + missed) * SWEEP_EVERY, self.sweep_sometimes)

    def sweep_on_schedule(self) -> None:
        self.sweep()
        self._world.agenda.at(self._world.now + SWEEP_EVERY, self.sweep_on_schedule)

    def sweep(self, **event: bool) -> None:
        if not self._world.fault_profile.swept:
            return
        timeout = runtime.FUNCTIONS["sweep"].timeout

        def work(invocation: Invocation) -> Any:
            return invocation.sandbox.handle(event, invocation)

        self._world.processes.invoke("sweep", timeout, work, lambda *_: None)

    def redrive(self, queue: str, wanted: Wanted) -> None:

        def work(_: Invocation) -> None:
            with held(_sqs, runtime.url(f"{queue}DeadLetter")) as hold:
                for _step in send_back(hold, runtime.url(queue), select(hold, wanted, limit=1000)):
                    pass

        self._world.processes.invoke("operator", 10 * MINUTE, work, lambda *_: None)

    def redrive_faults(self, queue: str) -> None:
        """Send back the messages that only faults moved to the dead-letter queue."""
        if self._world.sqs.queues[runtime.url(f"{queue}DeadLetter")].messages:
            self.redrive(queue, Wanted(reason="fault"))

    def delete_document(self, lost: DeleteDocument) -> None:
        """Lose a document; only the sweep notices, so nothing is lost where it does not run."""
        if self._world.fault_profile.swept:
            self._world.s3.objects.pop(self._world.observer.newest_document_of(lost.enrollment_id), None)

    def purge(self, purge: Purge) -> None:
        """Only the sweep repeats what a purge loses, so nothing is lost where it does not run."""
        if not self._world.fault_profile.swept:
            return
        self.purged = True
        self._world.event_sources.lose_until(purge.queue, purge.until)
        for url in (runtime.url(purge.queue), runtime.url(f"{purge.queue}DeadLetter")):
            self._world.sqs.queues[url].messages.clear()
