"""`python -m tests.simulation.small_scope [CASE …]`: explore the cases, or those with these numbers."""

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Annotated, Any

import typer

from earned.messages.posting import Event
from tests.simulation.clock import MINUTE, at
from tests.simulation.engine.faults import FaultProfile
from tests.simulation.engine.world import World
from tests.simulation.small_scope.interleavings import Interleavings
from tests.simulation.stories.steps import START, Post

FACTS = tuple(product(("1", "2"), ("s1", "s2")))  # enrollment and step
Delivery = tuple[int, ...]


def _post(queue: str, kind: str, minutes: int, /, **data: Any) -> Post:
    time = START + minutes * MINUTE
    event = Event(f"portal.{kind}.v1", data, at(time), id=f"{kind}-{minutes}")
    return Post(time, queue, event.body(), f"{kind} {data}")


def _fact(number: str, step_id: str) -> Post:
    minutes = 20 + FACTS.index((number, step_id))
    key = {"enrollment_id": f"enr-{number}", "account_id": f"acc-{number}"}
    return _post("Progress", "lesson.completed", minutes, **key, step_id=step_id)


def prepared() -> World:
    """A world with two people who are enrolled in a course of two lessons."""
    steps = [{"step_id": step_id, "kind": "lesson", "title": step_id} for step_id in ("s1", "s2")]
    story = [_post("Directory", "course.published", 0, course_id="course-1", version=1, title="Title", steps=steps)]
    for number in (1, 2):
        account = {"account_id": f"acc-{number}", "kind": "individual", "name": "Ada Sample", "email": "a@example.com"}
        key = {"enrollment_id": f"enr-{number}", "account_id": f"acc-{number}"}
        story.append(_post("Directory", "account.saved", number, **account))
        story.append(_post("Directory", "enrollment.created", 10 + number, **key, training_id="course-1"))
    world = World(1, story, FaultProfile())
    assert not world.run().violations
    return world


def cases() -> Iterator[tuple[Delivery, ...]]:
    """Four facts in three deliveries: each fact in one of three, or in one of two, one of which is delivered twice.

    Of two cases that differ only in the order of the enrollments, one is left out.
    """
    seen: set[tuple[Delivery, ...]] = set()
    for deliveries in _deliveries():
        if _mirrored(deliveries) not in seen:
            seen.add(tuple(sorted(deliveries)))
            yield deliveries


def _deliveries() -> Iterator[tuple[Delivery, ...]]:
    for where in product(range(3), repeat=len(FACTS)):
        groups = [tuple(fact for fact, group in enumerate(where) if group == number) for number in range(3)]
        if groups == sorted(groups, key=lambda group: (not group, group)):  # their order does not matter
            if all(groups):
                yield tuple(groups)
            elif groups[1]:
                yield from ((groups[0], groups[1], twice) for twice in groups[:2])


def _mirrored(deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
    others = len(FACTS) // 2
    return tuple(sorted(tuple(sorted((fact + others) % len(FACTS) for fact in one)) for one in deliveries))


def main(chosen: Callable[[int], bool]) -> None:
    """Explore cases; exit 1 and print the path when one violates an invariant."""
    start, facts = prepared(), [_fact(*fact) for fact in FACTS]
    for number, deliveries in enumerate(cases()):
        if not chosen(number):
            continue
        explored = Interleavings(start, facts).explore(deliveries)
        sys.stdout.write(f"{number} {deliveries}: {explored}\n")
        sys.stdout.flush()
        if explored.violation:
            sys.stdout.write(explored.violation + "\n")
            raise SystemExit(1)


def explore(cases: Annotated[list[int] | None, typer.Argument(help="numbers; all, unless named")] = None) -> None:
    """Explore the cases with these numbers."""
    main(lambda number: not cases or number in cases)


if __name__ == "__main__":
    typer.run(explore)
