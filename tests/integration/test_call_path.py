"""The way of one event through the layers: from the SQS body of a `lesson.completed` to the issued certificate."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest

from tools.story import Story

LAYERS = ("earned.domain", "earned.messages", "earned.aws", "earned.document", "earned.usecases", "earned.api")
HEIGHT = {"earned.domain": 0, "earned.messages": 1, "earned.aws": 2, "earned.document": 2, "earned.usecases": 3} | {
    "earned.api": 4
}
ONE_LESSON = [{"step_id": "read", "kind": "reading", "title": "Before you start"}]


@dataclass
class Path:
    modules: set[str] = field(default_factory=set)
    between_layers: int = 0
    upwards: Counter[tuple[str, str]] = field(default_factory=Counter)


def module_of(frame: FrameType | None) -> str | None:
    """The module of the package that a frame runs, or None for any other code."""
    name: str = frame.f_globals.get("__name__", "") if frame is not None else ""
    return name if name.startswith(LAYERS) else None


def layer_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def caller_of(frame: FrameType) -> str | None:
    """The nearest module of the package up the stack: a library in between calls on its behalf."""
    above = frame.f_back
    while above is not None and module_of(above) is None:
        above = above.f_back
    return module_of(above)


@contextmanager
def tracing() -> Iterator[Path]:
    path = Path()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        called = module_of(frame)
        if event != "call" or called is None or frame.f_code.co_name == "<module>":
            return
        path.modules.add(called)
        caller = caller_of(frame)
        if caller is None or layer_of(caller) == layer_of(called):
            return
        path.between_layers += 1
        if HEIGHT[layer_of(called)] > HEIGHT[layer_of(caller)]:
            path.upwards[caller, f"{called}.{frame.f_code.co_name}"] += 1

    previous: Callable[..., Any] | None = sys.getprofile()
    sys.setprofile(note)
    try:
        yield path
    finally:
        sys.setprofile(previous)


def test_no_call_goes_upwards_from_an_event_to_its_certificate(
    story: Story, record_property: Callable[[str, object], None]
) -> None:
    story.directory()
    story.publish(version=2, steps=ONE_LESSON)
    story.save_account("ada")
    story.enroll("ada")
    story.service.settle()
    story.service.post("Progress", *story.do("ada", "read"))

    with tracing() as path:
        story.service.deliver("record_progress")
        story.service.deliver("generate_certificate")

    assert [one["holder"] for one in story.certificates()] == ["Ada Sample"]
    record_property("call path", {"modules": len(path.modules), "calls between layers": path.between_layers})
    assert path.upwards == Counter()


def test_a_call_upwards_is_noticed() -> None:
    with tracing() as path:
        exec("def lower(callback): callback()", lower := {"__name__": "earned.aws.made_up"})  # made up here
        exec("def upper(): pass", upper := {"__name__": "earned.usecases.made_up"})  # as above
        lower["lower"](upper["upper"])

    assert path.upwards == {("earned.aws.made_up", "earned.usecases.made_up.upper"): 1}


def test_every_layer_has_a_height() -> None:
    assert set(LAYERS) == HEIGHT.keys()


@pytest.fixture(autouse=True)
def _restore_profile() -> Iterator[None]:
    previous = sys.getprofile()
    yield
    sys.setprofile(previous)
