"""A story in the making: seeded draws, and events as the portal posts them."""

import json
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from earned.messages.posting import Event
from tests.simulation.clock import HOUR, MINUTE, SECOND, at
from tests.simulation.stories.steps import START, Post, Step


@dataclass
class Person:
    account_id: str
    kind: str
    company_id: str | None
    name: str


@dataclass
class Training:
    """`queue` takes its facts; `shrinks` says that a later version of the course has fewer steps."""

    training_id: str
    queue: str
    data: dict[str, Any]
    shrinks: bool = False


@dataclass
class Draft:
    """The steps so far, and the random generator of the story."""

    chance: Random
    steps: list[Step] = field(default_factory=list)
    events: int = 0

    def happens(self, probability: float) -> bool:
        return self.chance.random() < probability

    def within(self, first: int, last: int) -> int:
        return self.chance.randint(first, last)

    def late(self, usually: int = 2 * SECOND) -> int:
        kind = self.chance.random()
        if kind < 0.8:
            return self.within(0, usually)
        return self.within(0, 10 * MINUTE) if kind < 0.95 else self.within(0, 3 * HOUR)

    def post(self, queue: str, kind: str, data: dict[str, Any], time: int, posted: int | None = None) -> None:
        """Add an event of `time`, posted then or later, and sometimes twice."""
        step = self.event(queue, kind, data, time, time + self.late() if posted is None else posted)
        self.steps.append(step)
        if self.happens(0.05):
            self.steps.append(replace(step, at=step.at + self.within(0, HOUR)))

    def event(self, queue: str, kind: str, data: dict[str, Any], time: int, posted: int) -> Post:
        self.events += 1
        given = {name: value for name, value in data.items() if value is not None}
        event = Event(f"portal.{kind}.v1", given, at(time), id=f"e{self.events}").cloud_event() | {"source": "portal"}
        refused = (
            "not-an-administrator" if data.get("marked_by", {}).get("role", "administrator") != "administrator" else ""
        )
        what = f"{kind} {_described(data)} of {at(time):%d %H:%M:%S}"
        return Post(max(posted, START), queue, json.dumps(event), what, refused)


def early(draft: Draft) -> int:
    return START + draft.within(0, MINUTE)


def _described(data: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in data.items() if name not in {"title", "email", "timezone"})
