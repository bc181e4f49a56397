"""Translates xAPI statements to events for Earned (docs/integrate.md#xapi-statements).

Of videos it reads the profile https://w3id.org/xapi/video: a stop closes a segment, and only that segment is taken,
because `played-segments` lists all segments of the session again.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, Literal, TypeGuard

from earned.domain.training import Completion, StepKind

ADL = "http://adlnet.gov/expapi/verbs/"
VIDEO = "https://w3id.org/xapi/video/"
EXTENSION = f"{VIDEO}extensions/"
_TIMED_CLOSERS = {f"{VIDEO}verbs/paused", f"{ADL}completed", f"{ADL}terminated"}
_GRADED = {f"{ADL}{verb}" for verb in ("answered", "completed", "passed", "failed", "scored")}
_COMPLETIONS = {f"{ADL}completed", f"{ADL}passed"}
_STOPS = {*_TIMED_CLOSERS, f"{VIDEO}verbs/seeked"}

Reason = Literal["not-a-statement", "no-time", "no-segments", "no-score", "not-relevant"]
Statement = Mapping[str, Any]
_GREATEST = sys.float_info.max  # JSON has integers that no float holds


class Untranslatable(Exception):
    """The statement tells no fact; `reason` is stable, and `detail` names a field and never a value."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Step:
    """What the portal knows of the statement's actor and object: the enrollment, the account and the step's kind."""

    enrollment_id: str
    account_id: str
    step_id: str
    kind: StepKind


@dataclass(frozen=True)
class Told:
    """An event's type, time, id and data: `Event(told.type, told.data, told.time, id=told.id)` of `earned.portal`."""

    type: str
    time: datetime
    id: str
    data: Mapping[str, Any]


def translate(statement: object, step: Step) -> Told:
    """The event that one decoded statement about this step tells; raises `Untranslatable`."""
    if not isinstance(statement, Mapping):
        raise Untranslatable("not-a-statement", "must be one JSON object")
    verb = _member(statement, "verb").get("id")
    id_ = statement.get("id")
    if not isinstance(verb, str) or not isinstance(id_, str) or not id_:
        raise Untranslatable("not-a-statement", "id, verb.id: must be texts")
    type_, more = _fact(statement, verb, step.kind)
    ids = {"enrollment_id": step.enrollment_id, "account_id": step.account_id, "step_id": step.step_id}
    return Told(type_, _time(statement), id_, ids | more)


def _fact(statement: Statement, verb: str, kind: StepKind) -> tuple[str, dict[str, Any]]:
    match StepKind(kind).completion:  # untyped code may hand in its name
        case Completion.WATCHED:
            start, end = _segment(statement, verb)
            return "portal.video.watched.v1", {"played": [[start, end]]}
        case Completion.PASSED:
            return "portal.quiz.graded.v1", {"score": _score(statement, verb)}
        case Completion.DONE:
            if verb not in _COMPLETIONS or _member(statement, "result").get("completion") is False:
                raise Untranslatable("not-relevant", "verb.id: completes no step")
            return "portal.lesson.completed.v1", {}


def _segment(statement: Statement, verb: str) -> tuple[float, float]:
    """The segment that ends where the statement was made: the last of the list, if it ends at that time."""
    if verb not in _STOPS:
        raise Untranslatable("not-relevant", "verb.id: closes no segment")
    extensions = _member(_member(statement, "result"), "extensions")
    at = extensions.get(f"{EXTENSION}{'time' if verb in _TIMED_CLOSERS else 'time-from'}")
    listed = extensions.get(f"{EXTENSION}played-segments")
    if not isinstance(listed, str) or not listed.strip():
        raise Untranslatable("no-segments", "result.extensions: has no played-segments")
    start, _, end = listed.rpartition("[,]")[2].partition("[.]")
    try:
        segment = float(start), float(end)
    except ValueError:
        raise Untranslatable("no-segments", "played-segments: its last segment is not closed") from None
    if not all(map(isfinite, segment)) or not 0 <= segment[0] < segment[1]:
        raise Untranslatable("no-segments", "played-segments: its last segment is empty or reversed")
    if not _is_number(at) or abs(float(at) - segment[1]) > 1:
        raise Untranslatable("no-segments", "result.extensions: no segment ends at this statement's time")
    return segment


def _score(statement: Statement, verb: str) -> float:
    if verb not in _GRADED:
        raise Untranslatable("not-relevant", "verb.id: grades nothing")
    raw = _member(_member(statement, "result"), "score").get("raw")
    if not _is_number(raw):
        raise Untranslatable("no-score", "result.score.raw: must be a number on the quiz's own scale")
    return float(raw)


def _time(statement: Statement) -> datetime:
    try:
        at = datetime.fromisoformat(str(statement.get("timestamp")))
    except ValueError:
        raise Untranslatable("no-time", "timestamp: must be an ISO 8601 time") from None
    if at.tzinfo is None:
        raise Untranslatable("no-time", "timestamp: needs a UTC offset")
    return at


def _member(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_GREATEST <= value <= _GREATEST
