"""Events in: CloudEvents as the portal posts them (CONTRACT.md), and the facts they tell.

Every model is strict: what is not of the declared type is refused, and unknown extra fields are ignored.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Annotated, Generic, Literal, Self, TypeVar, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import regex
from aws_lambda_powertools.utilities.parser import parse
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.config import JsonDict

from earned.domain.enrollment import CompletionRecord
from earned.domain.errors import Rejected
from earned.domain.fact_codec import MAX_VIDEO_SECONDS, code, identify
from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.people import Account, Company, LogoReference, Role
from earned.domain.timestamps import milliseconds
from earned.domain.training import Course, LiveEvent, Step, StepKind, Training
from earned.messages.schema_types import Id, text

MAX_EVENT_BYTES = 128 * 1024


MAX_PRINTED_GRAPHEMES = 200


MAX_KEY_LENGTH = 1024  # bytes, S3's own bound


MAX_STEP_TITLE = 500


CODE_POINTS_PER_GRAPHEME = 7  # on average: a pictured family; no name in tools/design/preview/names.toml is above 2.8


MAX_WHOLE_NUMBER = 2**53 - 1


MAX_RANGES = 1000  # a record holds 400 KB, a range takes 8 bytes of it


_VISIBLE = regex.compile(r"[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]")


_RFC_3339 = regex.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:[0-5]\d)", regex.ASCII)


def _rfc_3339(value: object) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("must be an RFC 3339 time with its UTC offset")
    try:
        at = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a day and a time that exist, with an offset below a day") from None
    if at.year < 1970:
        raise ValueError("must not be before 1970")
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be a time zone of the IANA database") from error
    return value


def _readable(longest: int) -> AfterValidator:
    """Something to read, of at most so many characters as a reader counts them (graphemes)."""

    def check(value: str) -> str:
        if not _VISIBLE.search(value):
            raise ValueError("must not be blank")
        if len(value) > longest * CODE_POINTS_PER_GRAPHEME or len(regex.findall(r"\X", value)) > longest:
            most = f"{longest} characters as a reader counts them ({longest * CODE_POINTS_PER_GRAPHEME} code points)"
            raise ValueError(f"must not be longer than {most}")
        return value

    return AfterValidator(check)


def _object_key(value: str) -> str:
    if not value.isprintable() or len(value.encode()) > MAX_KEY_LENGTH:
        raise ValueError(f"must be printable and at most {MAX_KEY_LENGTH} bytes")
    if value.startswith("/") or ".." in PurePosixPath(value).parts:
        raise ValueError("must not start with a slash and have no .. in it")
    return value


def _described(longest: int, use: str) -> WithJsonSchema:
    description = f"{use}: not blank, at most {longest} characters as a reader counts them (graphemes)."
    return text(description, minLength=1, maxLength=longest * CODE_POINTS_PER_GRAPHEME, pattern=r"\S")


Time = Annotated[
    AwareDatetime,
    BeforeValidator(_rfc_3339),
    text(
        "RFC 3339 with its UTC offset, 1970 or later; what is finer than a millisecond is dropped.",
        format="date-time",
        pattern=f"^{_RFC_3339.pattern}$",
    ),
]


Timezone = Annotated[str, AfterValidator(_timezone), text("A time zone of the IANA database.", minLength=1)]


Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=35)]


Printable = Annotated[str, _readable(MAX_PRINTED_GRAPHEMES), _described(MAX_PRINTED_GRAPHEMES, "Printed")]


StepTitle = Annotated[str, _readable(MAX_STEP_TITLE), _described(MAX_STEP_TITLE, "Shown")]


Hours = Annotated[FiniteFloat, Field(gt=0, le=10_000)]


ObjectKey = Annotated[str, StringConstraints(min_length=1, max_length=512), AfterValidator(_object_key)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class UploadedLogo(_Strict):
    """A logo that the portal put into the assets bucket: a PNG, or an SVG of shapes with plain or gradient colours.

    Texts, images, symbols, patterns, filters, masks and references in an SVG cannot be printed: outline or expand them.
    Certificates are issued without a logo that cannot be printed.
    """

    key: ObjectKey
    media_type: Literal["image/svg+xml", "image/png"]


class CompanySaved(_Strict):
    """A company was created or changed; without a logo it has none."""

    company_id: Id
    name: Printable = Field(repr=False)
    logo: UploadedLogo | None = None

    def company(self) -> Company:
        """The company as the domain knows it."""
        logo = LogoReference(self.logo.key, self.logo.media_type) if self.logo else None
        return Company(self.company_id, self.name, logo)


class AccountSaved(_Strict):
    """An account was created or changed."""

    account_id: Id
    kind: Role
    name: Printable = Field(repr=False)
    email: str = Field(repr=False, min_length=1, max_length=320)
    company_id: Id | None = None
    language: Language | None = None

    def account(self) -> Account:
        """The account as the domain knows it."""
        return Account(self.account_id, self.kind, self.name, self.email, self.company_id, self.language or "en")


class AccountRemoved(_Strict):
    """An account was removed, for good."""

    account_id: Id


def _needs(kind: StepKind, field: str) -> JsonDict:
    present: JsonDict = {"required": [field], "properties": {field: {"type": "number"}}}
    return {"if": {"properties": {"kind": {"const": kind.value}}}, "then": present}


class PublishedStep(_Strict):
    """A step of a published course, required unless it says otherwise; `duration` is in seconds.

    A video has a duration, a quiz a passing score and perhaps a number of attempts (none: unlimited).
    """

    model_config = ConfigDict(
        json_schema_extra={"allOf": [_needs(StepKind.VIDEO, "duration"), _needs(StepKind.QUIZ, "passing_score")]}
    )

    step_id: Id
    kind: StepKind
    title: StepTitle
    required: bool | None = None
    duration: Annotated[FiniteFloat, Field(ge=0.001, le=MAX_VIDEO_SECONDS / 1000)] | None = None
    passing_score: FiniteFloat | None = None
    attempts: Annotated[int, Field(ge=1, le=MAX_WHOLE_NUMBER)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind is StepKind.VIDEO and self.duration is None:
            raise ValueError("a video needs a duration")
        if self.kind is StepKind.QUIZ and self.passing_score is None:
            raise ValueError("a quiz needs a passing_score")
        return self

    def step(self) -> Step:
        """The step as the domain knows it."""
        duration = _thousandths(self.duration or 0)
        passing_score = self.passing_score or 0.0
        return Step(
            self.step_id, self.kind, self.title, self.required is not False, duration, passing_score, self.attempts
        )


A_REQUIRED_STEP: JsonDict = {
    "contains": {"type": "object", "properties": {"required": {"enum": [True, None]}}},
    "description": "At least one is required, and no two have the same step_id.",
}


class CoursePublished(_Strict):
    """A version of a course was published; it is ordered unless it says otherwise."""

    course_id: Id
    version: Annotated[int, Field(ge=0, le=MAX_WHOLE_NUMBER)]
    title: Printable
    steps: Annotated[tuple[PublishedStep, ...], Field(json_schema_extra=A_REQUIRED_STEP)]
    ordered: bool | None = None
    hours: Hours | None = None
    timezone: Timezone | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _steps_make_sense(self) -> Self:
        ids = [step.step_id for step in self.steps]
        if not any(step.required is not False for step in self.steps):
            raise ValueError("a course needs a required step")
        if len(set(ids)) < len(ids):
            raise ValueError("two steps have the same step_id")
        if len({code(step_id) for step_id in ids}) < len(ids):
            raise ValueError("two step_ids have the same stored code: rename one")
        return self

    def course(self) -> Course:
        """The course as the domain knows it."""
        steps = tuple(step.step() for step in self.steps)
        return Course(
            course_id=self.course_id,
            version=self.version,
            title=self.title,
            steps=steps,
            ordered=self.ordered is not False,
            hours=self.hours,
            timezone=self.timezone or "UTC",
            language=self.language or "en",
        )


class LiveEventScheduled(_Strict):
    """A live event was scheduled or rescheduled; it ends no earlier than it starts."""

    live_event_id: Id
    title: Printable
    starts_at: Time
    ends_at: Time
    timezone: Timezone
    hours: Hours | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ends_at < self.starts_at:
            raise ValueError("ends_at is before starts_at")
        return self


class LiveEventCancelled(_Strict):
    """A live event was cancelled."""

    live_event_id: Id


class EnrollmentCreated(_Strict):
    """A person was enrolled in a training."""

    enrollment_id: Id
    account_id: Id
    training_id: Id
    company_id: Id | None = None


class EnrollmentRemoved(_Strict):
    """An enrollment was removed, for good."""

    enrollment_id: Id
    account_id: Id


class _OfStep(_Strict):
    enrollment_id: Id
    account_id: Id
    step_id: Id


class LessonCompletedData(_OfStep):
    """A lesson, reading or activity was completed."""


class VideoWatchedData(_OfStep):
    """One sitting of a video: the ranges played, in seconds."""

    played: Annotated[tuple[tuple[FiniteFloat, FiniteFloat], ...], Field(max_length=MAX_RANGES)]


class QuizGradedData(_OfStep):
    """One graded attempt."""

    score: FiniteFloat


class AttemptsGrantedData(_OfStep):
    """More attempts were granted."""

    attempts: Annotated[int, Field(ge=1, le=MAX_WHOLE_NUMBER)]
    granted_by: Id


class MarkedBy(_Strict):
    """Who marked attendance; only an administrator may (L1)."""

    account_id: Id
    role: str


class AttendanceMarkedData(_Strict):
    """A person was marked present or absent at a live event."""

    enrollment_id: Id
    account_id: Id
    live_event_id: Id
    status: Literal["present", "absent"]
    marked_by: MarkedBy


DataT = TypeVar("DataT", bound=BaseModel)


class CloudEvent(_Strict, Generic[DataT]):
    """The envelope of CloudEvents 1.0, structured JSON."""

    specversion: Literal["1.0"]
    id: Id
    source: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    type: str
    time: Time
    datacontenttype: Literal["application/json"] = "application/json"
    data: DataT

    @property
    def identity(self) -> str:
        """What tells this event from every other: `source` and `id`."""
        return identify(self.source, self.id)


class CompanySavedEvent(CloudEvent[CompanySaved]):
    """portal.company.saved.v1"""

    type: Literal["portal.company.saved.v1"]


class AccountSavedEvent(CloudEvent[AccountSaved]):
    """portal.account.saved.v1"""

    type: Literal["portal.account.saved.v1"]


class AccountRemovedEvent(CloudEvent[AccountRemoved]):
    """portal.account.removed.v1"""

    type: Literal["portal.account.removed.v1"]


class CoursePublishedEvent(CloudEvent[CoursePublished]):
    """portal.course.published.v1"""

    type: Literal["portal.course.published.v1"]

    def training(self) -> Training:
        """The course as the domain knows it."""
        return self.data.course()


class LiveEventScheduledEvent(CloudEvent[LiveEventScheduled]):
    """portal.live-event.scheduled.v1"""

    type: Literal["portal.live-event.scheduled.v1"]

    def training(self) -> Training:
        """The live event as the domain knows it; its version is the time of this schedule."""
        data = self.data
        return LiveEvent(
            live_event_id=data.live_event_id,
            version=milliseconds(self.time),
            title=data.title,
            starts_at=data.starts_at,
            ends_at=data.ends_at,
            timezone=data.timezone,
            hours=data.hours,
            language=data.language or "en",
        )


class LiveEventCancelledEvent(CloudEvent[LiveEventCancelled]):
    """portal.live-event.cancelled.v1"""

    type: Literal["portal.live-event.cancelled.v1"]


class EnrollmentCreatedEvent(CloudEvent[EnrollmentCreated]):
    """portal.enrollment.created.v1"""

    type: Literal["portal.enrollment.created.v1"]

    def completion(self) -> CompletionRecord:
        """The enrollment as the domain knows it, before anything was done in it."""
        data = self.data
        return CompletionRecord(
            enrollment_id=data.enrollment_id,
            account_id=data.account_id,
            training_id=data.training_id,
            company_id=data.company_id,
            enrolled_at=self.time,
        )


class EnrollmentRemovedEvent(CloudEvent[EnrollmentRemoved]):
    """portal.enrollment.removed.v1"""

    type: Literal["portal.enrollment.removed.v1"]


class LessonCompletedEvent(CloudEvent[LessonCompletedData]):
    """portal.lesson.completed.v1"""

    type: Literal["portal.lesson.completed.v1"]

    def fact(self) -> Fact:
        """The step was done."""
        return StepDone(self.data.step_id, self.time)


class VideoWatchedEvent(CloudEvent[VideoWatchedData]):
    """portal.video.watched.v1"""

    type: Literal["portal.video.watched.v1"]

    def fact(self) -> Fact:
        """One sitting, without the ranges that can count nothing (C3)."""
        ranges = ((_thousandths(start), _thousandths(end)) for start, end in self.data.played if 0 <= start < end)
        return VideoWatched(self.data.step_id, self.time, tuple((s, e) for s, e in ranges if 0 <= s < e))


class QuizGradedEvent(CloudEvent[QuizGradedData]):
    """portal.quiz.graded.v1"""

    type: Literal["portal.quiz.graded.v1"]

    def fact(self) -> Fact:
        """One attempt."""
        return QuizGraded(self.data.step_id, self.time, self.data.score, self.identity)


class AttemptsGrantedEvent(CloudEvent[AttemptsGrantedData]):
    """portal.quiz.attempts-granted.v1"""

    type: Literal["portal.quiz.attempts-granted.v1"]

    def fact(self) -> Fact:
        """One grant."""
        return AttemptsGranted(self.data.step_id, self.time, self.data.attempts, self.data.granted_by, self.identity)


class AttendanceMarkedEvent(CloudEvent[AttendanceMarkedData]):
    """portal.attendance.marked.v1"""

    type: Literal["portal.attendance.marked.v1"]

    def fact(self) -> AttendanceMarked:
        """One mark."""
        data = self.data
        return AttendanceMarked(data.live_event_id, self.time, data.status == "present", data.marked_by.account_id)


DirectoryEvent = (
    CompanySavedEvent
    | AccountSavedEvent
    | AccountRemovedEvent
    | CoursePublishedEvent
    | LiveEventScheduledEvent
    | LiveEventCancelledEvent
    | EnrollmentCreatedEvent
    | EnrollmentRemovedEvent
)


ProgressEvent = LessonCompletedEvent | VideoWatchedEvent | QuizGradedEvent | AttemptsGrantedEvent


AttendanceEvent = AttendanceMarkedEvent


EventT = TypeVar("EventT", bound=BaseModel)


Kinds = Mapping[str, type[EventT]]


def _by_type(*models: type[EventT]) -> Kinds[EventT]:
    return {get_args(model.model_fields["type"].annotation)[0]: model for model in models}


DIRECTORY: Kinds[DirectoryEvent] = _by_type(*get_args(DirectoryEvent))


PROGRESS: Kinds[ProgressEvent] = _by_type(*get_args(ProgressEvent))


ATTENDANCE: Kinds[AttendanceEvent] = _by_type(AttendanceEvent)


_EVERY_TYPE = {**DIRECTORY, **PROGRESS, **ATTENDANCE}


class _Typed(BaseModel):
    type: str


def read(body: str, kinds: Kinds[EventT]) -> EventT:
    """Read one event of the given kinds from a message body.

    Raises `Rejected` with a stable reason; its detail names fields and rules, never values (they may be personal).
    """
    if len(body.encode()) > MAX_EVENT_BYTES:
        raise Rejected("too-large", f"an event may have {MAX_EVENT_BYTES} bytes")
    try:
        kind = _Typed.model_validate_json(body).type
    except ValidationError as error:
        not_json = error.errors()[0]["type"] == "json_invalid"
        raise Rejected("not-json" if not_json else "not-a-cloudevent") from None
    if kind not in kinds:
        raise Rejected(_why_unknown(kind))
    try:
        return parse(event=body, model=kinds[kind])  # type: ignore[call-overload, no-any-return]  # JSON text is taken too
    except ValidationError as error:
        raise Rejected("invalid-data", _explain(error)) from None


def _why_unknown(kind: str) -> str:
    if kind in _EVERY_TYPE:
        return "wrong-queue"
    name, _, _ = kind.rpartition(".")
    return "unknown-version" if f"{name}.v1" in _EVERY_TYPE else "unknown-type"


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems[:5])


def _thousandths(seconds: float) -> int:
    return round(max(-1.0, min(seconds, MAX_VIDEO_SECONDS / 1000)) * 1000)
