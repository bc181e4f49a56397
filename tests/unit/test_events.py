"""Events in: what the portal may post (CONTRACT.md), and what is refused, for which stable reason."""

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.examples.post_events import Event
from earned.domain import fact_codec, timestamps
from earned.domain.errors import Rejected
from earned.domain.facts import AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.people import Account, Company, LogoReference, Role
from earned.domain.training import Course, LiveEvent, Step, StepKind
from earned.messages import events
from earned.messages.events import ATTENDANCE, DIRECTORY, PROGRESS
from tests.unit.builders import course, lesson, live_event

# One literal example of every type.

EXAMPLES: dict[str, str] = {
    "company.saved": """{"company_id": "co-1", "name": "Larkspur Logistics",
        "logo": {"key": "logos/co-1.svg", "media_type": "image/svg+xml"}}""",
    "account.saved": """{"account_id": "acc-1", "kind": "company-admin", "name": "Ilse Brandvold",
        "email": "ilse@larkspur.example", "company_id": "co-1", "language": "de-AT"}""",
    "account.removed": """{"account_id": "acc-1"}""",
    "course.published": """{"course_id": "course-1", "version": 3, "title": "Safe lifting", "ordered": false,
        "hours": 1.5, "timezone": "Europe/Vienna", "language": "de", "steps": [
            {"step_id": "s1", "kind": "lesson", "title": "Backs"},
            {"step_id": "s2", "kind": "reading", "title": "Loads", "required": false},
            {"step_id": "s3", "kind": "activity", "title": "Try it"},
            {"step_id": "s4", "kind": "video", "title": "Watch it", "duration": 90.5},
            {"step_id": "s5", "kind": "quiz", "title": "Questions", "passing_score": 70, "attempts": 3}]}""",
    "live-event.scheduled": """{"live_event_id": "event-1", "title": "First aid", "hours": 3,
        "starts_at": "2026-04-01T16:00:00+02:00", "ends_at": "2026-04-01T19:00:00+02:00",
        "timezone": "Europe/Vienna", "language": "de"}""",
    "live-event.cancelled": """{"live_event_id": "event-1"}""",
    "enrollment.created": """{"enrollment_id": "en-1", "account_id": "acc-1", "training_id": "course-1",
        "company_id": "co-1"}""",
    "enrollment.removed": """{"enrollment_id": "en-1", "account_id": "acc-1"}""",
    "lesson.completed": """{"enrollment_id": "en-1", "account_id": "acc-1", "step_id": "s1"}""",
    "video.watched": """{"enrollment_id": "en-1", "account_id": "acc-1", "step_id": "s4",
        "played": [[0, 12.25], [12.25, 90.5]]}""",
    "quiz.graded": """{"enrollment_id": "en-1", "account_id": "acc-1", "step_id": "s5", "score": 82.5}""",
    "quiz.attempts-granted": """{"enrollment_id": "en-1", "account_id": "acc-1", "step_id": "s5", "attempts": 2,
        "granted_by": "support-1"}""",
    "attendance.marked": """{"enrollment_id": "en-1", "account_id": "acc-1", "live_event_id": "event-1",
        "status": "present", "marked_by": {"account_id": "admin-1", "role": "administrator"}}""",
}
QUEUES: dict[str, Any] = {"directory": DIRECTORY, "progress": PROGRESS, "attendance": ATTENDANCE}
OPTIONAL = {
    "company.saved": {"logo"},
    "account.saved": {"company_id", "language"},
    "course.published": {"ordered", "hours", "timezone", "language"},
    "live-event.scheduled": {"hours", "language"},
    "enrollment.created": {"company_id"},
}
AT = datetime(2026, 3, 2, 11, 30, 15, 250_000, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))


def queue_of(name: str) -> str:
    match name.partition("."):
        case "lesson" | "video" | "quiz", _, _:
            return "progress"
        case "attendance", _, _:
            return "attendance"
        case _:
            return "directory"


def posted(name: str) -> dict[str, Any]:
    """A valid event as the portal's backend builds it."""
    return Event(f"portal.{name}.v1", json.loads(EXAMPLES[name]), AT.astimezone(BERLIN), id="event-0001").cloud_event()


def with_data(name: str, /, **changes: Any) -> dict[str, Any]:
    event = posted(name)
    event["data"].update(changes)
    return event


def read(event: dict[str, Any], name: str = "") -> Any:
    kind = name or event["type"].removeprefix("portal.").removesuffix(".v1")
    return events.read(json.dumps(event), QUEUES[queue_of(kind)])


def reason_of(event: dict[str, Any], name: str = "") -> str:
    with pytest.raises(Rejected) as refusal:
        read(event, name)
    return refusal.value.reason


# What is accepted, and what it means.


def test_an_event_literally_as_a_portal_posts_it():
    body = """{
        "specversion": "1.0", "id": "01HQ3Z", "source": "https://learn.example/backend",
        "type": "portal.lesson.completed.v1", "time": "2026-03-02T12:00:00Z",
        "datacontenttype": "application/json",
        "data": {"enrollment_id": "en-1", "account_id": "acc-1", "step_id": "s1"}
    }"""

    assert events.read(body, PROGRESS).fact() == StepDone("s1", datetime(2026, 3, 2, 12, tzinfo=UTC))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_type_of_the_contract_is_read_on_its_queue_alone(name: str):
    event = posted(name)

    assert read(event).type == f"portal.{name}.v1"
    assert read(event).time == AT
    for queue in set(QUEUES) - {queue_of(name)}:
        with pytest.raises(Rejected, match=r"^wrong-queue$"):
            events.read(json.dumps(event), QUEUES[queue])


def test_the_contract_has_no_other_types():
    assert {*DIRECTORY, *PROGRESS, *ATTENDANCE} == {f"portal.{name}.v1" for name in EXAMPLES}


def test_a_company():
    logo = LogoReference("logos/co-1.svg", "image/svg+xml")

    assert read(posted("company.saved")).data.company() == Company("co-1", "Larkspur Logistics", logo)
    assert read(drop(posted("company.saved"), ("data", "logo"))).data.company().logo is None


def test_an_account():
    account = Account("acc-1", Role.COMPANY_ADMIN, "Ilse Brandvold", "ilse@larkspur.example", "co-1", "de-AT")

    assert read(posted("account.saved")).data.account() == account


@pytest.mark.parametrize("kind", ["individual", "employee", "company-admin", "administrator", "support"])
def test_an_account_of_every_kind(kind: str):
    assert read(with_data("account.saved", kind=kind)).data.account().kind == kind


def test_a_course():
    assert read(posted("course.published")).training() == Course(
        course_id="course-1",
        version=3,
        title="Safe lifting",
        ordered=False,
        hours=1.5,
        timezone="Europe/Vienna",
        language="de",
        steps=(
            Step("s1", StepKind.LESSON, "Backs"),
            Step("s2", StepKind.READING, "Loads", required=False),
            Step("s3", StepKind.ACTIVITY, "Try it"),
            Step("s4", StepKind.VIDEO, "Watch it", duration=90_500),
            Step("s5", StepKind.QUIZ, "Questions", passing_score=70.0, attempts=3),
        ),
    )


def test_a_course_is_ordered_its_steps_required_and_its_quizzes_unlimited_unless_it_says_otherwise():
    steps = [{"step_id": "q", "kind": "quiz", "title": "Questions", "passing_score": 0}]
    event = with_data("course.published", steps=steps)
    for name in OPTIONAL["course.published"]:
        del event["data"][name]
    made = read(event).training()

    assert made == Course("course-1", 3, "Safe lifting", (Step("q", StepKind.QUIZ, "Questions"),))
    assert made.ordered
    assert made.steps[0].required
    assert made.steps[0].attempts is None


def test_a_live_event():
    assert read(posted("live-event.scheduled")).training() == LiveEvent(
        live_event_id="event-1",
        version=timestamps.milliseconds(AT),
        title="First aid",
        starts_at=datetime(2026, 4, 1, 14, tzinfo=UTC),
        ends_at=datetime(2026, 4, 1, 17, tzinfo=UTC),
        timezone="Europe/Vienna",
        hours=3.0,
        language="de",
    )


def test_an_enrollment():
    made = read(posted("enrollment.created")).completion()

    assert (made.enrollment_id, made.account_id, made.training_id) == ("en-1", "acc-1", "course-1")
    assert (made.company_id, made.enrolled_at, made.evidence) == ("co-1", AT, frozenset())


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("lesson.completed", StepDone("s1", AT)),
        ("video.watched", VideoWatched("s4", AT, ((0, 12_250), (12_250, 90_500)))),
        ("attendance.marked", AttendanceMarked("event-1", AT, True, "admin-1")),
    ],
)
def test_a_fact(name: str, fact: Fact):
    assert read(posted(name)).fact() == fact


def test_an_absence():
    assert read(with_data("attendance.marked", status="absent")).fact().present is False


def test_attempts_and_grants_are_told_apart_by_source_and_id_together():
    for name in ("quiz.graded", "quiz.attempts-granted"):
        first, same = read(posted(name)), read(posted(name))
        others = [read({**posted(name), "id": "event-0002"}), read({**posted(name), "source": "elsewhere"})]

        assert first.fact() == same.fact()
        assert len({one.identity for one in (first, *others)}) == 3


def test_an_attempt_and_a_grant():
    attempt, grant = read(posted("quiz.graded")).fact(), read(posted("quiz.attempts-granted")).fact()

    assert attempt == QuizGraded("s5", AT, 82.5, fact_codec.identify("portal", "event-0001"))
    assert (grant.step_id, grant.at, grant.attempts, grant.granted_by) == ("s5", AT, 2, "support-1")


@pytest.mark.parametrize("name", EXAMPLES)
def test_unknown_extra_fields_are_ignored_everywhere(name: str):
    event = posted(name)
    for place in [event, *objects(event["data"])]:
        place["x-new"] = {"anything": [1, None]}

    assert read(event) == read(posted(name))


@pytest.mark.parametrize("name", OPTIONAL)
def test_optional_fields_may_be_absent_or_null_alike(name: str):
    steps = [("data", "steps", 1, "required"), ("data", "steps", 4, "attempts")] if name == "course.published" else []
    for path in [*(("data", field) for field in OPTIONAL[name]), *steps]:
        absent, null = read(drop(posted(name), path)), read(put(posted(name), path, None))
        for make in ("training", "completion"):
            assert getattr(absent, make, lambda: None)() == getattr(null, make, lambda: None)()
        for make in ("company", "account"):
            assert getattr(absent.data, make, lambda: None)() == getattr(null.data, make, lambda: None)()


def test_datacontenttype_may_be_absent_as_in_cloudevents():
    event = posted("lesson.completed")
    del event["datacontenttype"]

    read(event)


# What is refused: fields missing and of the wrong type.

Path = tuple[str | int, ...]


def paths(value: Any, so_far: Path = ()) -> Iterator[Path]:
    """Where everything is in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*so_far, key)
        yield from paths(inner, (*so_far, key))


def objects(value: Any) -> Iterator[dict[str, Any]]:
    for path in [(), *paths(value)]:
        if isinstance(found := at(value, path), dict):
            yield found


def at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def put(event: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(event)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def drop(event: dict[str, Any], path: Path) -> dict[str, Any]:
    changed = copy.deepcopy(event)
    del at(changed, path[:-1])[path[-1]]
    return changed


EVERY_PATH = [(name, path) for name in EXAMPLES for path in paths(posted(name))]


def is_optional(name: str, path: Path) -> bool:
    inside_a_step = path[:2] == ("data", "steps") and path[-1] in ("required", "attempts")
    in_data = len(path) == 2 and path[1] in OPTIONAL.get(name, ())
    return path == ("datacontenttype",) or inside_a_step or in_data


REQUIRED = [(name, path) for name, path in EVERY_PATH if isinstance(path[-1], str) and not is_optional(name, path)]


def dotted(value: Any) -> str | None:
    return ".".join(map(str, value)) if isinstance(value, tuple) else None


@pytest.mark.parametrize(("name", "path"), REQUIRED, ids=dotted)
@pytest.mark.parametrize("change", [drop, lambda event, path: put(event, path, None)], ids=["missing", "null"])
def test_a_required_field_that_is_missing_or_null_refuses_the_event(change, name: str, path: Path):
    assert reason_of(change(posted(name), path), name) == ("not-a-cloudevent" if path == ("type",) else "invalid-data")


NOT_A_STRING = [0, 1.5, True, [], {}, ["x"], {"x": "x"}]
NOT_A_NUMBER = ["1", "", True, False, [], {}, float("nan"), float("inf"), float("-inf")]
NOT_A_BOOLEAN = ["true", "false", 0, 1, [], {}]


def wrong_for(value: Any) -> list[Any]:
    match value:
        case bool():
            return NOT_A_BOOLEAN
        case str():
            return NOT_A_STRING
        case int() | float():
            return NOT_A_NUMBER
        case list():
            return ["", "[]", 1, True, {}, {"0": 1}]
        case _:
            return ["", "{}", 1, True, [], [{}]]


@pytest.mark.parametrize(("name", "path"), EVERY_PATH, ids=dotted)
def test_a_field_of_the_wrong_type_refuses_the_event(name: str, path: Path):
    event = posted(name)
    for wrong in wrong_for(at(event, path)):
        expected = "not-a-cloudevent" if path == ("type",) else "invalid-data"
        assert reason_of(put(event, path, wrong), name) == expected, wrong


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", '"82.5"', "true", "9" * 400])
def test_a_score_that_is_no_finite_number_refuses_the_event(number: str):
    body = json.dumps(posted("quiz.graded")).replace("82.5", number)

    with pytest.raises(Rejected, match=r"^invalid-data: data\.score"):
        events.read(body, PROGRESS)


@pytest.mark.parametrize("number", [1e308, -1e308, 5e-324, 10**30, 0, -1])
def test_any_finite_score_is_taken_and_kept(number: float):
    fact = read(with_data("quiz.graded", score=number)).fact()

    assert fact.score == float(number)
    assert list(fact_codec.decode([fact_codec.encode(fact)], course(lesson("s5")))) == [fact]


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("course.published", "version", 1.5),
        ("course.published", "version", 3.0),
        ("course.published", "version", -1),
        ("course.published", "version", 2**53),
        ("company.saved", "logo", {"key": "logo.gif", "media_type": "image/gif"}),
        ("company.saved", "logo", {"key": "", "media_type": "image/png"}),
        ("company.saved", "logo", {"key": "/logo.png", "media_type": "image/png"}),
        ("company.saved", "logo", {"key": "logos/../secret.png", "media_type": "image/png"}),
        ("company.saved", "logo", {"key": "logo\n.png", "media_type": "image/png"}),
        ("company.saved", "logo", {"key": "x" * 1_025, "media_type": "image/png"}),
        ("course.published", "steps", []),
        ("course.published", "hours", 0),
        ("course.published", "hours", -1),
        ("course.published", "hours", 1e308),
        ("quiz.attempts-granted", "attempts", 0),
        ("quiz.attempts-granted", "attempts", -1),
        ("quiz.attempts-granted", "attempts", 1.5),
        ("quiz.attempts-granted", "attempts", 2**53),
        ("account.saved", "kind", "admin"),
        ("account.saved", "kind", "Individual"),
        ("account.saved", "email", ""),
        ("account.saved", "language", "german please"),
        ("attendance.marked", "status", "late"),
        ("attendance.marked", "status", "Present"),
        ("attendance.marked", "status", ""),
        ("attendance.marked", "marked_by", {"role": "administrator"}),
        ("attendance.marked", "marked_by", {"account_id": "admin-1"}),
        ("live-event.scheduled", "timezone", "Europe/Atlantis"),
        ("live-event.scheduled", "timezone", "+02:00"),
        ("live-event.scheduled", "timezone", ""),
        ("live-event.scheduled", "timezone", "Europe"),
        ("live-event.scheduled", "timezone", "../../etc/passwd"),
        ("live-event.scheduled", "timezone", "/etc/passwd"),
        ("live-event.scheduled", "timezone", "UTC\u0000"),
        ("live-event.scheduled", "timezone", "x" * 5_000),
        ("live-event.scheduled", "ends_at", "2026-04-01T15:59:59+02:00"),
    ],
)
def test_a_value_that_makes_no_sense_refuses_the_event(name: str, field: str, value: Any):
    assert reason_of(with_data(name, **{field: value})) == "invalid-data"


STEP = {"step_id": "s", "kind": "lesson", "title": "Backs"}


@pytest.mark.parametrize(
    "steps",
    [
        [{**STEP, "required": False}],
        [STEP, STEP],
        [STEP, {**STEP, "kind": "reading"}],
        [{**STEP, "kind": "game"}],
        [{**STEP, "kind": "video"}],
        [{**STEP, "kind": "video", "duration": 0}],
        [{**STEP, "kind": "video", "duration": -1}],
        [{**STEP, "kind": "video", "duration": "90"}],
        [{**STEP, "kind": "video", "duration": 1e308}],
        [{**STEP, "kind": "video", "duration": float("nan")}],
        [{**STEP, "kind": "quiz"}],
        [{**STEP, "kind": "quiz", "passing_score": "70"}],
        [{**STEP, "kind": "quiz", "passing_score": 70, "attempts": 0}],
        [{**STEP, "kind": "quiz", "passing_score": 70, "attempts": 2.5}],
        [{**STEP, "required": "yes"}],
        [{**STEP, "title": " "}],
    ],
)
def test_a_course_that_nobody_could_judge_refuses_the_event(steps: list[dict[str, Any]]):
    assert reason_of(with_data("course.published", steps=steps)) == "invalid-data"


def test_a_video_too_short_to_be_told_from_none_refuses_the_event():
    steps = [{**STEP, "kind": "video", "duration": 0.0004}]

    assert reason_of(with_data("course.published", steps=steps)) == "invalid-data"


def test_two_steps_with_the_same_id_refuse_the_course_and_it_says_so():
    with pytest.raises(Rejected, match="two steps have the same step_id"):
        read(with_data("course.published", steps=[STEP, STEP]))


def test_two_steps_with_the_same_stored_code_refuse_the_course():
    found: dict[bytes, str] = {}
    pair: list[str] = []
    for number in range(10**6):
        step_id = f"s{number}"
        other = found.setdefault(fact_codec.code(step_id), step_id)
        if other != step_id:
            pair = [other, step_id]
            break
    steps = [{**STEP, "step_id": step_id} for step_id in pair]

    assert len(pair) == 2
    assert reason_of(with_data("course.published", steps=steps)) == "invalid-data"


# Ids and times.


ID_PATHS = [
    (name, path)
    for name, path in EVERY_PATH
    if isinstance(path[-1], str) and (path[-1].endswith("_id") or path[-1] in ("id", "granted_by"))
]


@pytest.mark.parametrize(("name", "path"), ID_PATHS, ids=dotted)
def test_an_id_is_1_to_64_of_the_characters_that_the_contract_names(name: str, path: Path):
    for good in ("x", "0", "Az0._:-", "x" * 64):
        read(put(posted(name), path, good))
    for bad in ("", "x" * 65, "x\n", "\nx", "x y", " x", "x\t", "x/y", "x#y", "é", "x\u0000", "١", "x\u200b", "а"):  # noqa: RUF001  # look-alikes are what is tested
        assert reason_of(put(posted(name), path, bad)) == "invalid-data", bad


BAD_TIMES = [
    "2026-03-02T12:00:00",
    "2026-03-02",
    "2026-03-02 12:00:00Z",
    "2026-03-02T12:00Z",
    "20260302T120000Z",
    "2026-W10-1T12:00:00Z",
    "2026-03-02T12:00:00+0100",
    "2026-03-02T12:00:00+01",
    "2026-03-02T12:00:00 +01:00",
    "2026-03-02T12:00:00Z\n",
    " 2026-03-02T12:00:00Z",
    "2026-02-29T12:00:00Z",
    "2100-02-29T12:00:00Z",
    "2026-13-01T12:00:00Z",
    "2026-00-01T12:00:00Z",
    "2026-04-31T12:00:00Z",
    "2026-03-02T24:00:01Z",
    "2026-03-02T12:60:00Z",
    "2026-03-02T12:00:00+24:00",
    "2026-03-02T12:00:00+99:99",
    "2026-03-02T12:00:00+05:60",
    "2026-03-02T12:00:00.Z",
    "2026-03-02T12:00:00,5Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59.999Z",
    "1970-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "10000-01-01T00:00:00Z",
    "٢٠٢٦-03-02T12:00:00Z",
    "1772452800",
    "now",
    "",
]
TIME_PATHS: list[tuple[str, Path]] = [
    ("lesson.completed", ("time",)),
    ("live-event.scheduled", ("data", "starts_at")),
    ("live-event.scheduled", ("data", "ends_at")),
]


@pytest.mark.parametrize(("name", "path"), TIME_PATHS, ids=dotted)
@pytest.mark.parametrize("time", [*BAD_TIMES, 1772452800, 1772452800.5, None, True, [2026], {}])
def test_a_time_that_is_not_rfc_3339_with_its_offset_or_no_time_at_all_refuses_the_event(time, name: str, path: Path):
    assert reason_of(put(posted(name), path, time)) == "invalid-data"


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-03-02T12:00:00Z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02t12:00:00z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T12:00:00-00:00", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T00:30:00+05:45", datetime(2026, 3, 1, 18, 45, tzinfo=UTC)),
        ("2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("2026-03-02T12:00:00.1Z", datetime(2026, 3, 2, 12, 0, 0, 100_000, tzinfo=UTC)),
        ("2026-03-02T12:00:00.999999999Z", datetime(2026, 3, 2, 12, 0, 0, 999_000, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_utc_to_the_millisecond(time: str, expected: datetime):
    assert read({**posted("lesson.completed"), "time": time}).time == expected
    assert read({**posted("lesson.completed"), "time": time}).time.utcoffset() == timedelta(0)


# The envelope.


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("portal.lesson.completed.v2", "unknown-version"),
        ("portal.lesson.completed.v0", "unknown-version"),
        ("portal.lesson.completed.v10", "unknown-version"),
        ("portal.attendance.marked.v2", "unknown-version"),
        ("portal.lesson.completed", "unknown-type"),
        ("portal.lesson.started.v1", "unknown-type"),
        ("earned.certificate.issued.v1", "unknown-type"),
        ("PORTAL.lesson.completed.v1", "unknown-type"),
        ("portal.lesson.completed.v1 ", "unknown-version"),
        ("", "unknown-type"),
        ("v1", "unknown-type"),
        ("." * 1000, "unknown-type"),
    ],
)
def test_an_unknown_type_or_version_refuses_the_event(kind: str, reason: str):
    assert reason_of({**posted("lesson.completed"), "type": kind}, "lesson.completed") == reason


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("specversion", "0.3"),
        ("specversion", "1.0.1"),
        ("specversion", 1.0),
        ("source", ""),
        ("source", "x" * 513),
        ("datacontenttype", "application/xml"),
        ("datacontenttype", ""),
        ("data", []),
        ("data", None),
        ("data", json.dumps({"enrollment_id": "en-1", "account_id": "acc-1", "step_id": "s1"})),
    ],
)
def test_another_envelope_than_the_contracts_refuses_the_event(field: str, value: Any):
    assert reason_of({**posted("lesson.completed"), field: value}, "lesson.completed") == "invalid-data"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not-json"),
        ("   ", "not-json"),
        ("hello", "not-json"),
        ("{", "not-json"),
        ("{'type': 'x'}", "not-json"),
        ('{"type": "x"} {}', "not-json"),
        ("\ufeff{}", "not-json"),
        ("<xml/>", "not-json"),
        ('{"type": "\\ud800"}', "not-json"),
        ("[" * 100_000, "not-json"),
        ("null", "not-a-cloudevent"),
        ("true", "not-a-cloudevent"),
        ("12", "not-a-cloudevent"),
        ('"portal.lesson.completed.v1"', "not-a-cloudevent"),
        ("[]", "not-a-cloudevent"),
        ("{}", "not-a-cloudevent"),
        ('[{"type": "portal.lesson.completed.v1"}]', "not-a-cloudevent"),
        ('{"type": null}', "not-a-cloudevent"),
        ('{"Type": "portal.lesson.completed.v1"}', "not-a-cloudevent"),
        ('{"type": "portal.lesson.completed.v1"}', "invalid-data"),
    ],
)
@pytest.mark.parametrize("queue", QUEUES)
def test_what_is_no_event_is_refused(queue: str, body: str, reason: str):
    with pytest.raises(Rejected) as refusal:
        events.read(body, QUEUES[queue])

    expected = "wrong-queue" if reason == "invalid-data" and queue != "progress" else reason
    assert refusal.value.reason == expected


@pytest.mark.parametrize("filler", ["x", "é", "\U0001f600"])
def test_an_event_may_have_128_kib_as_bytes_and_not_one_more(filler: str):
    event = json.dumps(posted("lesson.completed"))[:-1] + ', "filler": "'
    room = 128 * 1024 - len(event) - len('"}')
    full = event + filler * (room // len(filler.encode())) + "x" * (room % len(filler.encode())) + '"}'

    assert len(full.encode()) == 128 * 1024
    assert events.read(full, PROGRESS).fact() == read(posted("lesson.completed")).fact()
    with pytest.raises(Rejected, match=r"^too-large"):
        events.read(full.replace('"filler": "', '"filler": "x'), PROGRESS)
    with pytest.raises(Rejected, match=r"^too-large"):
        events.read("x" * 250_000, PROGRESS)


# Names.

PRINTED = [
    ("company.saved", ("data", "name")),
    ("account.saved", ("data", "name")),
    ("course.published", ("data", "title")),
    ("live-event.scheduled", ("data", "title")),
]
STEP_TITLE = ("data", "steps", 0, "title")
A_WITH_MARKS = "a\u0323\u0302"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
FLAG = "\U0001f1e6\U0001f1f9"
HANGUL = "\u1112\u1161\u11ab"


@pytest.mark.parametrize("grapheme", ["a", A_WITH_MARKS, HANGUL, "क्षि", FAMILY, FLAG], ids=ascii)
@pytest.mark.parametrize(("name", "path"), PRINTED, ids=dotted)
def test_what_is_printed_may_have_200_characters_as_a_reader_counts_them(name: str, path: Path, grapheme: str):
    read(put(posted(name), path, "A" + grapheme * 199))

    assert reason_of(put(posted(name), path, "A" + grapheme * 200)) == "invalid-data"


@pytest.mark.parametrize("grapheme", ["a", "क्षि"])
def test_a_steps_title_may_have_500_characters(grapheme: str):
    read(put(posted("course.published"), STEP_TITLE, grapheme * 500))

    assert reason_of(put(posted("course.published"), STEP_TITLE, grapheme * 501)) == "invalid-data"


def test_a_name_of_few_characters_with_heaps_of_marks_on_them_is_refused():
    assert reason_of(with_data("account.saved", name="Ilse" + "\u0301" * 10_000)) == "invalid-data"


@pytest.mark.parametrize(("name", "path"), [*PRINTED, ("course.published", STEP_TITLE)], ids=dotted)
@pytest.mark.parametrize(
    "blank",
    [
        "",
        " ",
        "\t\r\n",
        "\u00a0\u2003\u3000",
        "\u0000\u0007\u001b",
        "\u200b\u200c\u200d\u2060\ufeff",
        "\u202e\u2066\u2069",
        "\u00ad\u034f",
        "\u2800",
        "\u3164",
        "\u115f\u1160",
        "\uffa0",
        "\ufe0f\ufe0e",
        "\U000e0041",
    ],
    ids=ascii,
)
def test_a_blank_name_is_refused(blank: str, name: str, path: Path):
    assert reason_of(put(posted(name), path, blank)) == "invalid-data"


@pytest.mark.parametrize(
    "written", ["O", "李", "أحمد", "<b>Ilse</b>", " Ilse ", "Ilse\u200bB", "3M", "???", "\U0001f389"]
)
def test_a_name_in_any_writing_is_taken_as_it_is(written: str):
    assert read(with_data("account.saved", name=written)).data.account().name == written


# Videos.


@pytest.mark.parametrize(
    ("played", "kept"),
    [
        ([], ()),
        ([[0, 90.5]], ((0, 90_500),)),
        ([[0, 90]], ((0, 90_000),)),
        ([[0.0004, 1.0006]], ((0, 1_001),)),
        ([[10, 0]], ()),
        ([[5, 5]], ()),
        ([[-1, 5], [0, 5]], ((0, 5_000),)),
        ([[-0.0001, 5]], ()),
        ([[-10, -5]], ()),
        ([[80, 1e308]], ((80_000, fact_codec.MAX_VIDEO_SECONDS),)),
        ([[1e308, 1.5e308]], ()),
        ([[-1e308, 1e308]], ()),
        ([[5, 6], [1, 2], [1, 2]], ((5_000, 6_000), (1_000, 2_000), (1_000, 2_000))),
    ],
)
def test_ranges_that_can_count_nothing_are_left_out_and_the_others_kept(played, kept):
    fact = read(with_data("video.watched", played=played)).fact()

    assert fact.played == kept
    assert list(fact_codec.decode([fact_codec.encode(fact)], course(lesson("s4")))) == [fact]


@pytest.mark.parametrize(
    "played",
    [
        None,
        "0-90",
        0,
        {},
        [0, 90],
        [[]],
        [[0]],
        [[0, 1, 2]],
        [[0, 1], [2]],
        [["0", "90"]],
        [["0", 90]],
        [[0, None]],
        [[0, True]],
        [[0, float("nan")]],
        [[0, float("inf")]],
        [[float("-inf"), 1]],
        [{"from": 0, "to": 90}],
        [[[0], [90]]],
        [None],
    ],
)
def test_what_is_not_pairs_of_finite_numbers_refuses_the_event(played: Any):
    assert reason_of(with_data("video.watched", played=played)) == "invalid-data"


def test_a_sitting_may_have_a_thousand_ranges_and_no_more():
    played = [[n, n + 0.5] for n in range(1_001)]

    assert len(read(with_data("video.watched", played=played[:1_000])).fact().played) == 1_000
    assert reason_of(with_data("video.watched", played=played)) == "invalid-data"


# What a refusal says.

MARKER = "Qzx7Marker"
MARKED = [
    MARKER,
    f"{MARKER} {MARKER}",
    MARKER * 60,
    f"{MARKER}\n",
    {MARKER: MARKER},
    [MARKER],
    [[MARKER, MARKER]],
    [{"account_id": MARKER, "step_id": f"{MARKER} ", MARKER: MARKER}],
    f"2026-03-02T12:00:00Z{MARKER}",
    -987_654_321,
    987_654_321.5,
    "987654321",
]


@pytest.mark.parametrize(("name", "path"), EVERY_PATH, ids=dotted)
def test_a_refusal_names_fields_and_rules_and_never_a_value_that_was_sent(name: str, path: Path):
    for value in MARKED:
        event = put(posted(name), path, value)
        event[MARKER] = MARKER
        try:
            read(event, name)
        except Rejected as refusal:
            said = f"{refusal} {refusal.reason} {refusal.detail} {refusal!r} {refusal.__cause__}"
            assert MARKER not in said
            assert "987654321" not in said.replace("_", "")


@pytest.mark.parametrize("time", ["٢٠٢٦-03-02T12:00:00Z", "2026-03-02T12:34:56+24:00", "2026-03-02T12:34:56+25:17"])
def test_a_refusal_never_quotes_a_time_that_was_sent(time: str):
    with pytest.raises(Rejected) as refusal:
        read({**posted("lesson.completed"), "time": time})

    assert "٢٠٢٦" not in refusal.value.detail
    assert "timedelta" not in refusal.value.detail


def test_a_refusal_names_the_field_and_what_it_should_have_been():
    with pytest.raises(Rejected) as refusal:
        read(with_data("account.saved", name=" ", kind="boss"))

    assert "data.name" in refusal.value.detail
    assert "must not be blank" in refusal.value.detail
    assert "data.kind" in refusal.value.detail
    assert "'individual'" in refusal.value.detail


def test_a_refusal_stays_short_however_much_is_wrong():
    steps = [{"step_id": 1, "kind": 1, "title": 1}] * 1_000

    with pytest.raises(Rejected) as refusal:
        read(with_data("course.published", steps=steps))
    assert len(refusal.value.detail) < 1_000


def test_personal_data_does_not_show_when_an_event_or_a_record_is_printed():
    event = read(posted("account.saved"))

    for printed in (repr(event), str(event), repr(event.data.account())):
        assert "Ilse" not in printed
        assert "larkspur.example" not in printed


# Anything at all.

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
STRINGS = st.sampled_from(["1.0", "en-1", "present", "quiz", "2026-03-02T12:00:00Z", "Europe", "UTC", "x" * 65, "a\n"])
KEYS = st.text(max_size=5)
JSON = st.recursive(
    SCALARS | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


REASONS = {
    "too-large",
    "not-json",
    "not-a-cloudevent",
    "unknown-type",
    "unknown-version",
    "wrong-queue",
    "invalid-data",
}


def consume(body: str, queue: str) -> None:
    """Read an event and go on with it as far as the domain goes."""
    try:
        event: Any = events.read(body, QUEUES[queue])
    except Rejected as refusal:
        assert refusal.reason in REASONS  # noqa: PT017  # not every text is refused
        return
    if hasattr(event, "fact"):
        fact = event.fact()
        subject = getattr(fact, "step_id", "event-1")
        training = live_event(live_event_id=fact.live_event_id) if queue == "attendance" else course(lesson(subject))
        assert list(fact_codec.decode([fact_codec.encode(fact)], training)) == [fact]
    for make in ("training", "completion"):
        getattr(event, make, lambda: None)()
    for make in ("company", "account"):
        getattr(event.data, make, lambda: None)()


@given(st.text(max_size=60) | JSON.map(json.dumps) | st.text('{}[]":,0123456789.eE+-ntrufalse \\', max_size=40))
def test_no_text_at_all_does_anything_but_being_refused(body: str):
    for queue, kinds in QUEUES.items():
        consume(body, queue)
        with pytest.raises(Rejected):
            events.read(body, kinds)


@given(st.sampled_from(EVERY_PATH), JSON | st.just("drop"), st.sampled_from(EVERY_PATH), JSON)
def test_a_valid_event_changed_anywhere_is_taken_or_refused_and_nothing_else(first, value, second, other):
    name, path = first
    event = drop(posted(name), path) if value == "drop" else put(posted(name), path, value)
    with suppress(KeyError, IndexError, TypeError):  # the second place may not be in this event
        event = put(event, second[1], other)

    consume(json.dumps(event), queue_of(name))


@given(st.sampled_from(sorted(EXAMPLES)), st.integers(0, 600), st.integers(0, 8), st.text(max_size=4))
def test_a_valid_event_cut_or_garbled_as_text_is_taken_or_refused_and_nothing_else(name, start, length, text):
    body = json.dumps(posted(name))

    consume(body[:start] + text + body[start + length :], queue_of(name))


@given(st.text(max_size=30) | st.text("./AEuropcati_-tzd0", max_size=20))
def test_no_time_zone_at_all_does_anything_but_being_taken_or_refused(zone: str):
    consume(json.dumps(with_data("live-event.scheduled", timezone=zone)), "directory")
