"""Courses: their versions, and what people do in them."""

from typing import Any

from tests.simulation.clock import HOUR, MINUTE, SECOND
from tests.simulation.stories.draft import Draft, Training, early
from tests.simulation.stories.steps import CrashAfterWrite

_SITTINGS: list[list[list[list[float]]]] = [
    [[[0, 25.5], [20, 31]], [[30.5, 59.5]]],
    [[[0, 31]], [[1, 31.5]]],  # half of it, twice
]
_SCORES: list[list[float]] = [[60, 70], [60, 60, 90], [69.5], [75, 10]]


def draw_course(draft: Draft, course_id: str) -> Training:
    steps = [_draw_step(draft, number) for number in range(draft.within(1, 4))]
    steps[0].pop("required", None)
    data = {
        "course_id": course_id,
        "version": 1,
        "title": f"Title 1 of {course_id}",
        "steps": steps,
        "ordered": draft.chance.choice([True, False, None]),
        "hours": draft.chance.choice([None, 2.5]),
        "timezone": draft.chance.choice([None, "Pacific/Auckland"]),
    }
    published = early(draft)
    draft.post("Directory", "course.published", data, published)
    training = Training(course_id, "Progress", data)
    for version in range(2, 2 + draft.chance.choice([0, 0, 1, 1, 2])):
        published += draft.within(SECOND, draft.chance.choice([20 * MINUTE, 4 * HOUR]))
        revised = _revised(draft, steps)
        training.shrinks = training.shrinks or revised == steps[:-1]
        changed = data | {"version": version, "title": f"Title {version} of {course_id}", "steps": revised}
        draft.post("Directory", "course.published", changed, published)
        if draft.happens(0.3):
            draft.steps.append(CrashAfterWrite(published, f"training#{course_id}/-"))
    return training


def _draw_step(draft: Draft, number: int) -> dict[str, Any]:
    kind = draft.chance.choice(["lesson", "reading", "activity", "video", "quiz", "quiz"])
    step: dict[str, Any] = {"step_id": f"s{number + 1}", "kind": kind, "title": f"Step {number + 1}"}
    if draft.happens(0.2):
        step["required"] = False
    if kind == "video":
        step["duration"] = 60
    if kind == "quiz":
        step["passing_score"] = 70
        if draft.happens(0.7):
            step["attempts"] = draft.within(1, 2)
    return step


def _revised(draft: Draft, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps of the next version, mostly fewer, so that a person may be complete at once."""
    if len(steps) > 1 and draft.happens(0.8):
        return steps[:-1] if draft.happens(0.7) else [step for step in steps if "required" not in step][:1]
    return [*steps, {"step_id": "s9", "kind": "lesson", "title": "Step 9"}]


def learn(draft: Draft, key: dict[str, str], course: Training, began: int) -> int:
    """Let a person do a course, mostly all of it and in order; returns when it is over."""
    now, steps = began + draft.within(0, 5 * MINUTE), list(course.data["steps"])
    if draft.happens(0.15):
        draft.chance.shuffle(steps)
    diligence = draft.chance.choice([0.8, 0.95, 1.0])
    spare = steps[-1] is not course.data["steps"][0]  # the first step is required, and a course needs a required step
    shortened = spare and not course.shrinks and draft.happens(0.35)
    stops = draft.happens(0.5 if course.shrinks else 0.1)  # complete when the course shrinks
    for number, step in enumerate(steps[:-1] if stops or shortened else steps):
        if draft.happens(diligence):
            now = _do_step(draft, key, step, now)
        if shortened and number == 0:
            now = _shorten(draft, course, steps[-1], now)
        now += draft.chance.choice([SECOND, 30 * SECOND, 3 * MINUTE, HOUR, -2 * MINUTE, -7 * MINUTE])
    if not shortened and draft.happens(0.3):
        for step in steps:
            now = _do_step(draft, key, step, now) + MINUTE
    return now


def _shorten(draft: Draft, course: Training, undone: dict[str, Any], now: int) -> int:
    """Publish the course without a step that the person has not done yet."""
    course.shrinks = True
    steps = [step for step in course.data["steps"] if step is not undone]
    data = course.data | {"version": 9, "title": f"Title 9 of {course.training_id}", "steps": steps}
    draft.post("Directory", "course.published", data, now + SECOND, now + SECOND)
    return now + 20 * SECOND


def _do_step(draft: Draft, key: dict[str, str], step: dict[str, Any], now: int) -> int:
    data: dict[str, Any] = {**key, "step_id": step["step_id"]}
    at_once = draft.happens(0.7)
    if draft.happens(0.05):
        data["account_id"] = "acc-9"  # another account than the enrollment has
    if step["kind"] == "video":
        sittings: list[list[list[float]]] = [[[0, 60]]] if at_once else draft.chance.choice(_SITTINGS)
        for played in sittings:
            now += draft.within(SECOND, 2 * MINUTE)
            draft.post("Progress", "video.watched", data | {"played": played}, now)
    elif step["kind"] == "quiz":
        scores: list[float] = [80] if at_once else draft.chance.choice(_SCORES)
        for score in scores:
            now += draft.within(SECOND, 2 * MINUTE)
            draft.post("Progress", "quiz.graded", data | {"score": score}, now)
            if draft.happens(0.3):
                now += draft.within(SECOND, MINUTE)
                granted = data | {"attempts": 1, "granted_by": "sup-1"}
                draft.post("Progress", "quiz.attempts-granted", granted, now)
    else:
        now += draft.within(SECOND, 2 * MINUTE)
        draft.post("Progress", "lesson.completed", data, now)
    if data["account_id"] != key["account_id"]:  # the right account, maybe in the same batch
        draft.post("Progress", "quiz.graded", {**key, "step_id": "s8", "score": 80}, now)
    return now
