"""Events of the directory queue: companies, accounts, trainings and enrollments."""

from collections.abc import Iterator
from datetime import UTC
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, FiniteFloat, model_validator
from pydantic.config import JsonDict

from earned.domain.enrollment import Enrollment
from earned.domain.fact_codec import MAX_VIDEO_MILLISECONDS
from earned.domain.people import Account, Company, LogoReference, Role
from earned.domain.timestamps import to_milliseconds
from earned.domain.training import DEFAULT_DESIGN, REQUIRED_FIELDS, Course, LiveEvent, Step, StepKind, Training
from earned.messages.envelope import CloudEvent, EnrollmentData, StrictModel
from earned.messages.event_fields import (
    DesignName,
    Hours,
    Language,
    Number,
    ObjectKey,
    PositiveWholeNumber,
    Printable,
    StepTitle,
    WholeNumber,
    video_milliseconds,
)
from earned.messages.schema_types import Id
from earned.messages.times import ScheduledTime, Timezone


class UploadedLogo(StrictModel):
    """A logo in the assets bucket: a PNG, or an SVG of shapes filled with plain colours or gradients.

    An SVG with text, images, symbols, patterns, filters, masks or references cannot be printed: convert text to
    outlines and expand the rest. Certificates are issued without a logo that cannot be printed.
    """

    key: ObjectKey
    media_type: Literal["image/svg+xml", "image/png"]


class CompanySaved(StrictModel):
    """A company was created or changed. The event replaces what was saved before: without `logo` it has none."""

    company_id: Id
    name: Printable = Field(repr=False)
    logo: UploadedLogo | None = None

    def company(self) -> Company:
        logo = LogoReference(self.logo.key, self.logo.media_type) if self.logo else None
        return Company(self.company_id, self.name, logo)


class CompanySavedEvent(CloudEvent[CompanySaved]):
    type: Literal["portal.company.saved.v1"]


class AccountSaved(StrictModel):
    """An account was created or changed. The event replaces what was saved before; `language` is `en` if absent."""

    account_id: Id
    kind: Role
    name: Printable = Field(repr=False)
    email: str = Field(repr=False, min_length=1, max_length=320)
    company_id: Id | None = None
    language: Language | None = None

    def account(self) -> Account:
        return Account(self.account_id, self.kind, self.name, self.email, self.company_id, self.language or "en")


class AccountSavedEvent(CloudEvent[AccountSaved]):
    type: Literal["portal.account.saved.v1"]


class AccountRemoved(StrictModel):
    """An account was removed. Removal is final: later events cannot restore the account."""

    account_id: Id


class AccountRemovedEvent(CloudEvent[AccountRemoved]):
    type: Literal["portal.account.removed.v1"]


def _required_by_kind() -> Iterator[JsonDict]:
    for kind in StepKind:
        if field := REQUIRED_FIELDS.get(kind.completion):
            present: JsonDict = {"required": [field], "properties": {field: {"type": "number"}}}
            yield {"if": {"properties": {"kind": {"const": kind.value}}}, "then": present}


class PublishedStep(StrictModel):
    """A step of a course; required unless `required` is false.

    A kind that is watched, such as a video, needs `duration` in seconds. A kind that is passed, such as a quiz, needs
    `passing_score`, which may not exceed `max_score`; without `attempts` it may be tried any number of times.
    """

    model_config = ConfigDict(json_schema_extra={"allOf": [*_required_by_kind()]})

    step_id: Id
    kind: StepKind
    title: StepTitle
    required: bool | None = None
    duration: Annotated[FiniteFloat, Field(ge=0.001, le=MAX_VIDEO_MILLISECONDS / 1000)] | None = None
    passing_score: Number | None = None
    max_score: Number | None = None
    attempts: PositiveWholeNumber | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        field = REQUIRED_FIELDS.get(self.kind.completion)
        if field is not None and getattr(self, field) is None:
            raise ValueError(f"a {self.kind} needs a {field}")
        if self.passing_score is not None and self.max_score is not None and self.passing_score > self.max_score:
            raise ValueError("passing_score must not exceed max_score")
        return self

    def step(self) -> Step:
        return Step(
            step_id=self.step_id,
            kind=self.kind,
            title=self.title,
            required=self.required is not False,
            duration=video_milliseconds(self.duration or 0),
            passing_score=self.passing_score or 0.0,
            max_score=self.max_score,
            attempts=self.attempts,
        )


_STEPS_SCHEMA: JsonDict = {
    "contains": {"type": "object", "properties": {"required": {"enum": [True, None]}}},
    "description": "At least one step is required, and no two steps have the same step_id.",
}


class CoursePublished(StrictModel):
    """A version of a course was published; the highest version applies to everyone enrolled.

    Steps must be completed in the order listed unless `ordered` is false. `timezone` decides the date printed and is
    UTC if absent; `language` is that of the certificate, `en` if absent; `design` names a deployed design folder,
    `default` if absent.
    """

    course_id: Id
    version: WholeNumber
    title: Printable
    steps: Annotated[tuple[PublishedStep, ...], Field(json_schema_extra=_STEPS_SCHEMA)]
    ordered: bool | None = None
    hours: Hours | None = None
    timezone: Timezone | None = None
    language: Language | None = None
    design: DesignName | None = None

    @model_validator(mode="after")
    def _steps_make_sense(self) -> Self:
        ids = [step.step_id for step in self.steps]
        if not any(step.required is not False for step in self.steps):
            raise ValueError("a course needs a required step")
        if len(set(ids)) < len(ids):
            raise ValueError("two steps have the same step_id")
        return self


class CoursePublishedEvent(CloudEvent[CoursePublished]):
    type: Literal["portal.course.published.v1"]

    def training(self) -> Training:
        data = self.data
        return Course(
            course_id=data.course_id,
            version=data.version,
            title=data.title,
            steps=tuple(step.step() for step in data.steps),
            ordered=data.ordered is not False,
            hours=data.hours,
            timezone=data.timezone or "UTC",
            language=data.language or "en",
            design=data.design or DEFAULT_DESIGN,
        )


class LiveEventScheduled(StrictModel):
    """A live event was scheduled or rescheduled; `ends_at` is not before `starts_at`.

    `design` names a deployed design folder, `default` if absent.
    """

    live_event_id: Id
    title: Printable
    starts_at: ScheduledTime
    ends_at: ScheduledTime
    timezone: Timezone
    hours: Hours | None = None
    language: Language | None = None
    design: DesignName | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ends_at < self.starts_at:
            raise ValueError("ends_at is before starts_at")
        return self


class LiveEventScheduledEvent(CloudEvent[LiveEventScheduled]):
    type: Literal["portal.live-event.scheduled.v1"]

    def training(self) -> Training:
        """The live event; its version is the time of this schedule, in milliseconds since 1970."""
        data = self.data
        return LiveEvent(
            live_event_id=data.live_event_id,
            version=to_milliseconds(self.time),
            title=data.title,
            starts_at=data.starts_at.astimezone(UTC),
            ends_at=data.ends_at.astimezone(UTC),
            timezone=data.timezone,
            hours=data.hours,
            language=data.language or "en",
            design=data.design or DEFAULT_DESIGN,
        )


class LiveEventCancelled(StrictModel):
    """A live event was cancelled; certificates already issued for it stay valid."""

    live_event_id: Id


class LiveEventCancelledEvent(CloudEvent[LiveEventCancelled]):
    type: Literal["portal.live-event.cancelled.v1"]


class EnrollmentCreated(EnrollmentData):
    """A person was enrolled in a course or live event (`training_id` is a course_id or a live_event_id).

    Without `company_id` the enrollment belongs to the account's company at that time, if it has one.
    """

    training_id: Id
    company_id: Id | None = None


class EnrollmentCreatedEvent(CloudEvent[EnrollmentCreated]):
    type: Literal["portal.enrollment.created.v1"]

    def enrollment(self) -> Enrollment:
        return Enrollment(self.data.key, self.data.training_id, self.time, self.data.company_id)


class EnrollmentRemoved(EnrollmentData):
    """An enrollment was removed. Removal is final: later events cannot restore the enrollment."""


class EnrollmentRemovedEvent(CloudEvent[EnrollmentRemoved]):
    type: Literal["portal.enrollment.removed.v1"]


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
