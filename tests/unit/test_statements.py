"""xAPI statements as players send them become events of the contract, or are refused with a stable reason."""

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from earned.domain.training import StepKind
from earned.messages.events import PROGRESS, read
from earned.portal import Event
from earned.statements import ADL, EXTENSION, VIDEO, Step, Untranslatable, translate

AT = "2026-03-02T10:15:00.000Z"
NOW = datetime(2026, 3, 3, tzinfo=UTC)


def step(kind: StepKind) -> Step:
    return Step("en-1", "acc-1", "s1", kind)


def statement(verb: str, result: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    actor = {"account": {"homePage": "https://portal.example.com", "name": "acc-1"}}
    told = {"id": "6690e6c9-3ef0-4ed3-8b37-7f3964730bee", "actor": actor, "verb": {"id": verb}, "timestamp": AT}
    return told | {"object": {"id": "https://portal.example.com/s1"}} | ({"result": result} if result else {}) | more


def video(verb: str, at: float, segments: str | None, time: str = "time") -> dict[str, Any]:
    """As video.js's and H5P's xAPI adapters write the profile: segments in one text, `[,]` between, `[.]` within."""
    extensions: dict[str, Any] = {f"{EXTENSION}{time}": at}
    return statement(verb, {"extensions": extensions | ({f"{EXTENSION}played-segments": segments} if segments else {})})


@pytest.mark.parametrize(
    ("told", "kind", "type_", "more"),
    [
        (video(f"{VIDEO}verbs/paused", 42.5, "0[.]12[,]30[.]42.5"), "video", "video.watched", {"played": [[30, 42.5]]}),
        (video(f"{VIDEO}verbs/seeked", 12, "0[.]12", "time-from"), "video", "video.watched", {"played": [[0, 12]]}),
        (video(f"{ADL}completed", 90, "0[.]90"), "video", "video.watched", {"played": [[0, 90]]}),
        (statement(f"{ADL}answered", {"score": {"raw": 8, "max": 10}}), "quiz", "quiz.graded", {"score": 8}),
        (statement(f"{ADL}completed", {"completion": True}), "lesson", "lesson.completed", {}),
        (statement(f"{ADL}completed"), "reading", "lesson.completed", {}),
    ],
)  # fmt: skip
def test_a_statement_becomes_an_event_that_the_service_reads(
    told: dict[str, Any], kind: str, type_: str, more: dict[str, Any]
) -> None:
    made = translate(told, step(StepKind(kind)))
    event = Event(made.type, made.data, made.time, id=made.id)
    known = read(event.body(), PROGRESS, received_at=NOW, tolerance=timedelta(0))
    assert (known.type, known.id) == (f"portal.{type_}.v1", told["id"])
    assert made.data == {"enrollment_id": "en-1", "account_id": "acc-1", "step_id": "s1"} | more
    assert known.time == datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize("score", [sys.float_info.max, -sys.float_info.max])
def test_every_number_that_a_float_holds_is_a_score(score: float) -> None:
    told = statement(f"{ADL}scored", {"score": {"raw": score}})
    assert translate(told, step(StepKind.QUIZ)).data["score"] == score


def everything(verb: str) -> dict[str, Any]:
    """A statement whose result has all that a fact of any kind needs."""
    times = {f"{EXTENSION}{name}": 12 for name in ("time", "time-from")}
    told = {"extensions": times | {f"{EXTENSION}played-segments": "0[.]12"}, "score": {"raw": 8}, "completion": True}
    return statement(verb, told)


GRADING = {f"{ADL}{verb}" for verb in ("answered", "completed", "passed", "failed", "scored")}
CLOSING = {f"{ADL}completed", f"{ADL}terminated", f"{VIDEO}verbs/paused", f"{VIDEO}verbs/seeked"}
COMPLETING = {f"{ADL}completed", f"{ADL}passed"}
OTHERS = {f"{ADL}{verb}" for verb in ("attempted", "experienced", "initialized", "launched", "suspended")}
OTHERS |= {f"{VIDEO}verbs/{verb}" for verb in ("played", "initialized", "interacted")}


@pytest.mark.parametrize("kind", StepKind)
def test_exactly_these_verbs_tell_a_fact_about_a_step_of_a_kind(kind: StepKind) -> None:
    expected = {StepKind.VIDEO: CLOSING, StepKind.QUIZ: GRADING}.get(kind, COMPLETING)
    told = set()
    for verb in GRADING | CLOSING | OTHERS:
        with suppress(Untranslatable):
            translate(everything(verb), step(kind))
            told.add(verb)
    assert told == expected


PAUSED = f"{VIDEO}verbs/paused"


def test_untyped_code_may_name_the_kind_of_a_step() -> None:
    named = Step("en-1", "acc-1", "s1", "video")  # type: ignore[arg-type]  # as code without types hands it in
    assert translate(video(PAUSED, 12, "0[.]12"), named).type == "portal.video.watched.v1"


@pytest.mark.parametrize(
    ("told", "kind", "refusal"),
    [
        (video(PAUSED, 42.5, None), "video", "no-segments: result.extensions: has no played-segments"),  # Open edX
        (
            statement(f"{ADL}completed", {"completion": True, "duration": "PT90S"}),
            "video",
            "no-segments: result.extensions: has no played-segments",
        ),  # H5P
        (video(PAUSED, 42.5, "0[.]12[,]30"), "video", "no-segments: played-segments: its last segment is not closed"),
        (
            video(PAUSED, 42.5, "0[.]12"),
            "video",
            "no-segments: result.extensions: no segment ends at this statement's time",
        ),
        (video(PAUSED, 12, "12[.]12"), "video", "no-segments: played-segments: its last segment is empty or reversed"),
        (video(PAUSED, 12, "0[.]nan"), "video", "no-segments: played-segments: its last segment is empty or reversed"),
        (video(f"{VIDEO}verbs/played", 0, "0[.]12"), "video", "not-relevant: verb.id: closes no segment"),
        (
            statement(f"{ADL}answered", {"score": {"scaled": 0.8}}),
            "quiz",
            "no-score: result.score.raw: must be a number on the quiz's own scale",
        ),
        (
            statement(f"{ADL}answered", {"score": {"raw": True}}),
            "quiz",
            "no-score: result.score.raw: must be a number on the quiz's own scale",
        ),
        (
            statement(f"{ADL}scored", {"score": {"raw": 10**400}}),
            "quiz",
            "no-score: result.score.raw: must be a number on the quiz's own scale",
        ),
        (statement(f"{ADL}attempted"), "quiz", "not-relevant: verb.id: grades nothing"),
        (statement(f"{ADL}experienced"), "lesson", "not-relevant: verb.id: completes no step"),
        (statement(f"{ADL}completed", {"completion": False}), "lesson", "not-relevant: verb.id: completes no step"),
        (
            statement(f"{ADL}completed", timestamp="2026-03-02T10:15:00"),
            "lesson",
            "no-time: timestamp: needs a UTC offset",
        ),
        (statement(f"{ADL}completed", timestamp=None), "lesson", "no-time: timestamp: must be an ISO 8601 time"),
        (statement(f"{ADL}completed", id=""), "lesson", "not-a-statement: id, verb.id: must be texts"),
        ({"verb": "completed"}, "lesson", "not-a-statement: id, verb.id: must be texts"),
        ([statement(f"{ADL}completed")], "lesson", "not-a-statement: must be one JSON object"),
        (None, "lesson", "not-a-statement: must be one JSON object"),
    ],
)
def test_what_tells_no_fact_is_refused_with_a_reason_and_a_detail_and_without_a_value(
    told: object, kind: str, refusal: str
) -> None:
    with pytest.raises(Untranslatable) as refused:
        translate(json.loads(json.dumps(told)), step(StepKind(kind)))
    assert str(refused.value) == refusal
    assert f"{refused.value.reason}: {refused.value.detail}" == refusal


@pytest.mark.parametrize(("at", "accepted"), [(41.5, True), (43.5, True), (41.499, False), (43.501, False)])
def test_a_segment_may_end_a_second_before_or_after_its_statement(at: float, accepted: bool) -> None:
    told = video(PAUSED, at, "12.5[.]42.5")
    if accepted:
        assert translate(told, step(StepKind.VIDEO)).data["played"] == [[12.5, 42.5]]
    else:
        with pytest.raises(Untranslatable):
            translate(told, step(StepKind.VIDEO))
