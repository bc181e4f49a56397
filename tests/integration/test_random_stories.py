"""Random courses, streams and deliveries: a certificate exists if and only if nothing is outstanding."""

import random
from datetime import timedelta
from typing import Any

import pytest

from earned.testing.service import Service
from tools.story import NOON, Story, cloud_event

SEEDS = range(40)
PEOPLE = 4


def random_steps(chance: random.Random) -> list[dict[str, Any]]:
    """A course of one to four steps, the first of them required."""
    kinds = [chance.choice(["lesson", "video", "quiz"]) for _ in range(chance.randint(1, 4))]
    return [random_step(chance, kind, number) for number, kind in enumerate(kinds)]


def random_step(chance: random.Random, kind: str, number: int) -> dict[str, Any]:
    """One step; a quiz may have one or two attempts."""
    step: dict[str, Any] = {"step_id": f"s{number}", "kind": kind, "title": f"Step {number}"}
    if number:
        step["required"] = chance.random() < 0.8
    if kind == "video":
        step["duration"] = 20
    if kind == "quiz":
        step |= {"passing_score": 50, "attempts": chance.randint(1, 2)}
    return step


def random_event(chance: random.Random, story: Story, person: str, step: dict[str, Any]) -> dict[str, Any]:
    """Something a person may do about a step, at some minute of an hour."""
    at = NOON + timedelta(minutes=chance.randint(0, 60))
    data: dict[str, Any] = story.enrollment_of(person) | {"step_id": step["step_id"]}
    if step["kind"] == "video":
        start = chance.choice([0, 0, 10])
        return cloud_event("video.watched", data | {"played": [[start, chance.choice([10, 20])]]}, at)
    if step["kind"] == "quiz":
        return cloud_event("quiz.graded", data | {"score": chance.choice([20, 80])}, at)
    return cloud_event("lesson.completed", data, at)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_certificate_exists_if_and_only_if_nothing_is_outstanding(service: Service, story: Story, seed: int) -> None:
    chance = random.Random(seed)
    steps = random_steps(chance)
    people = [f"person-{number}" for number in range(PEOPLE)]
    story.save_company()
    for person in people:
        story.save_account(person)
        story.enroll(person)
    story.publish(1, steps, ordered=chance.random() < 0.6)
    events = [
        random_event(chance, story, person, step)
        for person in people
        for step in steps
        for _ in range(chance.choice([0, 1, 1, 2]))
    ]
    deliveries = events + chance.sample(events, len(events) // 3)
    chance.shuffle(deliveries)
    for event in deliveries:
        service.post("Progress", event)
        if chance.random() < 0.2:
            service.settle()
    if chance.random() < 0.3:
        story.publish(2, steps[:-1] or steps)
    service.settle()
    holders = [item["account_id"] for item in story.certificates()]
    complete = [story.id(person) for person in people if not story.reasons(person)]
    assert sorted(holders) == sorted(complete)
    assert len(service.announcements()) == len(complete)
