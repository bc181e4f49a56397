"""Event source mappings: Lambda's pollers take batches from the queues and delete what was processed."""

from typing import TYPE_CHECKING, Any

from tests.simulation.engine import faults
from tests.simulation.engine.runtime import BY_QUEUE, Function
from tests.simulation.services.sqs import Message, Queue, failures, lambda_record

if TYPE_CHECKING:
    from tests.simulation.engine.world import World


class EventSources:
    def __init__(self, world: "World") -> None:
        self._world = world
        self._purging: dict[str, int] = {}

    def accept(self, queue: Queue, message: Message) -> None:
        """Plan the delivery of a message that was sent; a message in a queue that is being purged is lost."""
        world = self._world
        if queue.dead_letters is None:
            world.observer.quarantined(message)
            return
        if self._purging.get(queue.name, 0) > world.now:
            del queue.messages[message.label]
            return
        late = world.injector.delay(faults.LATE, message.label)
        message.visible_at += late or world.injector.chance(message.label).randint(0, 300)
        self.plan_poll(queue, message)

    def lose_until(self, queue: str, until: int) -> None:
        self._purging[queue] = until

    def plan_poll(self, queue: Queue, message: Message) -> None:
        world, function = self._world, BY_QUEUE[queue.name]
        chance = world.injector.chance("poll", message.label, message.received)
        waits = chance.randint(1, function.window + 200)
        world.agenda.at(max(world.now, message.visible_at) + waits, lambda: self._poll(queue, function))

    def _poll(self, queue: Queue, function: Function) -> None:
        """Take some of the visible messages and invoke the function; a fault delivers some again at once."""
        world, injector = self._world, self._world.injector
        visible = queue.visible(world.now)
        if not visible:
            return
        outage_end = injector.outage_end("sqs")
        if outage_end is not None:
            world.agenda.at(outage_end + 1, lambda: self._poll(queue, function))
            return
        chance = injector.chance("batch", visible[0].label, visible[0].received)
        chosen = chance.sample(visible, chance.randint(1, min(len(visible), function.batch_size)))
        batch = [message for message in chosen if queue.receive(message, world.now, queue.visibility)]
        for message in batch:
            self.plan_poll(queue, message)
            again = injector.delay(faults.TWICE, message.label, message.received)
            if again is not None:
                message.visible_at = world.now + again
                self.plan_poll(queue, message)
        if len(chosen) < len(visible):
            world.agenda.at(world.now + 1, lambda: self._poll(queue, function))
        if batch:
            self._invoke(queue, function, batch, chance.randint(1, 50))

    def _invoke(self, queue: Queue, function: Function, batch: list[Message], usual_delay: int) -> None:
        world, labels = self._world, [message.label for message in batch]
        event = {"Records": [lambda_record(message) for message in batch]}
        delay = world.injector.delay(faults.HELD, labels[0], batch[0].received) or usual_delay
        world.journal.note(f"{queue.name} delivers {' '.join(labels)}")

        def done(response: Any, error: BaseException | None) -> None:
            retries = set(labels) if error is not None else failures(response, labels)
            for message in batch:
                if message.label not in retries:
                    self._delete(queue, message, label)

        def work(invocation: Any) -> Any:
            return invocation.sandbox.handle(event, invocation)

        label = world.processes.invoke(function.name, function.timeout, work, done, delay)

    def _delete(self, queue: Queue, message: Message, invocation: str) -> None:
        """Delete a message that an invocation processed; a fault may leave it in the queue."""
        world = self._world
        world.observer.acknowledged(message, invocation)
        again = world.injector.delay(faults.UNDELETED, message.label, message.received)
        if again is None:
            queue.messages.pop(message.label, None)
        elif message.label in queue.messages:
            message.visible_at = world.now + again
            self.plan_poll(queue, message)
