"""What the service speaks of (DESIGN §2): trainings, facts, completions, certificates."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha256


class Role(StrEnum):
    """The account kinds; a token's role is one of them."""

    INDIVIDUAL = "individual"
    EMPLOYEE = "employee"
    COMPANY_ADMIN = "company-admin"
    ADMINISTRATOR = "administrator"
    SUPPORT = "support"


class TrainingKind(StrEnum):
    """A training is a course or a live event."""

    COURSE = "course"
    LIVE_EVENT = "live-event"


class StepKind(StrEnum):
    """What a course is made of."""

    LESSON = "lesson"
    READING = "reading"
    ACTIVITY = "activity"
    VIDEO = "video"
    QUIZ = "quiz"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a course; a video has a duration in milliseconds, a quiz a passing score and perhaps a limit."""

    step_id: str
    kind: StepKind
    title: str
    required: bool = True
    duration: int = 0
    passing_score: float = 0.0
    attempts: int | None = None


@dataclass(frozen=True)
class Course:
    """One published version of a course."""

    course_id: str
    version: int
    title: str
    steps: tuple[Step, ...]
    ordered: bool = True
    hours: float | None = None
    timezone: str = "UTC"
    language: str = "en"

    @property
    def training_id(self) -> str:
        """A training's id, whatever its kind."""
        return self.course_id

    @property
    def kind(self) -> TrainingKind:
        """Always a course."""
        return TrainingKind.COURSE

    @property
    def subjects(self) -> Iterable[str]:
        """The ids that facts about this training speak of."""
        return (step.step_id for step in self.steps)


@dataclass(frozen=True)
class LiveEvent:
    """A live event as last scheduled; its version grows with each schedule or cancellation."""

    live_event_id: str
    version: int
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str = "UTC"
    hours: float | None = None
    language: str = "en"
    cancelled: bool = False

    @property
    def training_id(self) -> str:
        """A training's id, whatever its kind."""
        return self.live_event_id

    @property
    def kind(self) -> TrainingKind:
        """Always a live event."""
        return TrainingKind.LIVE_EVENT

    @property
    def subjects(self) -> Iterable[str]:
        """The ids that facts about this training speak of."""
        return (self.live_event_id,)


Training = Course | LiveEvent


@dataclass(frozen=True, slots=True)
class StepDone:
    """A lesson, reading or activity was completed."""

    step_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class VideoWatched:
    """One sitting: the ranges played, in milliseconds from the video's start."""

    step_id: str
    at: datetime
    played: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class QuizGraded:
    """One attempt at a quiz, told from others by the event that reported it."""

    step_id: str
    at: datetime
    score: float
    attempt: str


@dataclass(frozen=True, slots=True)
class AttemptsGranted:
    """Support allowed more attempts at a quiz."""

    step_id: str
    at: datetime
    attempts: int
    granted_by: str
    grant: str


@dataclass(frozen=True, slots=True)
class AttendanceMarked:
    """An administrator marked a person present or absent."""

    live_event_id: str
    at: datetime
    present: bool
    marked_by: str


Fact = StepDone | VideoWatched | QuizGraded | AttemptsGranted | AttendanceMarked


LARGEST_LOGO = 512 * 1024  # bytes, as uploaded


class Rejected(Exception):
    """The event can never succeed: keep it, unchanged, with this stable reason."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class UnusableLogo(Exception):
    """A company's logo cannot be printed; says what is wrong with it and what to do, without quoting it."""


@dataclass(frozen=True)
class LogoReference:
    """Where the portal put a company's logo in the assets bucket, and what it says it is."""

    key: str
    media_type: str


@dataclass(frozen=True)
class Logo:
    """A logo that is safe to print: sanitised, `image/png` or `image/svg+xml`."""

    data: bytes = field(repr=False)
    media_type: str

    @cached_property
    def sha256(self) -> str:
        """Its name for good, in hexadecimal."""
        return sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Company:
    """An employer whose people take trainings, as saved last."""

    company_id: str
    name: str
    logo: LogoReference | None = None
    saved_at: datetime | None = None


@dataclass(frozen=True)
class Account:
    """A person's account; removal is final."""

    account_id: str
    kind: Role
    name: str = field(repr=False)
    email: str = field(repr=False)
    company_id: str | None = None
    language: str = "en"
    removed: bool = False


@dataclass(frozen=True)
class SupportRequest:
    """What somebody asked support; nothing in it is known to be true."""

    request_id: str
    at: datetime
    name: str = field(repr=False)
    email: str = field(repr=False)
    training: str = field(repr=False)
    message: str | None = field(repr=False)


@dataclass(frozen=True)
class Printed:
    """What the document says, frozen at issue (I7)."""

    certificate_id: str
    holder: str = field(repr=False)
    title: str
    kind: TrainingKind
    completed_on: date
    hours: float | None
    company: str | None
    language: str
    verify_url: str
    logo: str | None = None  # the SHA-256 of the sanitised logo, so that the document can be made again (A6)
    paper: str = "a4"  # or `letter`


@dataclass(frozen=True)
class Issue:
    """How a certificate was issued: by the rules, for exactly these facts.

    A later revision (a corrected name, a return after a revocation) says when and why it superseded the one before, and
    keeps the requests that were `served` by those before it: SQS may deliver them again, long after.
    """

    revision: int
    issued_at: datetime
    completed_at: datetime
    training_version: int
    evidence_digest: str
    document_sha256: str
    printed: Printed
    request: str
    reissued_at: datetime | None = None
    reason: str | None = None
    served: tuple[str, ...] = ()


@dataclass(frozen=True)
class Revocation:
    """When and why a certificate was revoked (L2)."""

    at: datetime
    reason: str
    request: str


class CertificateStatus(StrEnum):
    """What became of a certificate."""

    ISSUED = "issued"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"


class Reason(StrEnum):
    """Why a requirement is not met, or a certificate held; a portal may translate these."""

    NOT_COMPLETED = "not-completed"
    NOT_WATCHED_TO_THE_END = "not-watched-to-the-end"
    NOT_PASSED = "not-passed"
    ATTEMPTS_EXHAUSTED = "attempts-exhausted"
    OUT_OF_ORDER = "out-of-order"
    EVENT_NOT_ENDED = "event-not-ended"
    EVENT_CANCELLED = "event-cancelled"
    ATTENDANCE_NOT_MARKED = "attendance-not-marked"
    MARKED_ABSENT = "marked-absent"
    TRAINING_UNKNOWN = "training-unknown"
    ACCOUNT_UNKNOWN = "account-unknown"
    MISSING_GLYPH = "missing-glyph"
    DOES_NOT_FIT = "does-not-fit"
    LOGO_GONE = "logo-gone"


@dataclass(frozen=True)
class Hold:
    """Why an earned certificate cannot be printed, and since when; quotes no text of it."""

    reason: Reason
    detail: str
    since: datetime


@dataclass(frozen=True)
class Completion:
    """The record of an enrollment: a grow-only set of facts in their stored form, and what became of it.

    Facts may be there before the enrollment is; until then there is no training and no certificate id.
    """

    enrollment_id: str
    account_id: str
    evidence: frozenset[bytes] = frozenset()
    training_id: str | None = None
    training_version: int | None = None
    company_id: str | None = None
    certificate_id: str | None = None
    enrolled_at: datetime | None = None
    removed_at: datetime | None = None
    removed_by: str | None = None
    account_known: bool = False
    issue: Issue | None = None
    revocation: Revocation | None = None
    hold: Hold | None = None

    @property
    def stands(self) -> bool:
        """Whether there is an enrollment, and it was not removed (A5)."""
        return self.enrolled_at is not None and self.removed_at is None

    @property
    def certificate_status(self) -> CertificateStatus | None:
        """What became of the certificate; None while there was none."""
        if self.issue is None:
            return None
        if not self.stands:
            return CertificateStatus.WITHDRAWN
        return CertificateStatus.REVOKED if self.revocation else CertificateStatus.ISSUED

    @property
    def awaits_certificate(self) -> bool:
        """Whether it stands and has no certificate, or has one no more."""
        return self.stands and self.certificate_status is not CertificateStatus.ISSUED


@dataclass(frozen=True)
class Turn:
    """One turn of the sweep through all records: when it and the one before began, and the position it is at.

    Without a position it is over.
    """

    began: datetime
    before: datetime | None = None
    after: tuple[str, str] | None = None


class Who(StrEnum):
    """Who must act to meet a requirement."""

    LEARNER = "learner"
    ADMINISTRATOR = "administrator"
    SUPPORT = "support"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Requirement:
    """One outstanding requirement (N3): what is missing, why, who must act, and since when."""

    kind: str
    id: str
    title: str
    reason: Reason
    since: datetime
    detail: str = ""

    @property
    def who(self) -> Who:
        """Who must act."""
        return _WHO_MUST_ACT[self.reason]

    @property
    def message(self) -> str:
        """The reason in plain words that a portal can show as they are."""
        return _MESSAGES[self.reason].format(title=self.title, detail=self.detail)


_WHO_MUST_ACT = {
    Reason.NOT_COMPLETED: Who.LEARNER,
    Reason.NOT_WATCHED_TO_THE_END: Who.LEARNER,
    Reason.NOT_PASSED: Who.LEARNER,
    Reason.ATTEMPTS_EXHAUSTED: Who.SUPPORT,
    Reason.OUT_OF_ORDER: Who.LEARNER,
    Reason.EVENT_NOT_ENDED: Who.NOBODY,
    Reason.EVENT_CANCELLED: Who.NOBODY,
    Reason.ATTENDANCE_NOT_MARKED: Who.ADMINISTRATOR,
    Reason.MARKED_ABSENT: Who.ADMINISTRATOR,
    Reason.TRAINING_UNKNOWN: Who.SUPPORT,
    Reason.ACCOUNT_UNKNOWN: Who.SUPPORT,
    Reason.MISSING_GLYPH: Who.SUPPORT,
    Reason.DOES_NOT_FIT: Who.SUPPORT,
    Reason.LOGO_GONE: Who.SUPPORT,
}

_MESSAGES = {
    Reason.NOT_COMPLETED: "“{title}” is not completed yet.",
    Reason.NOT_WATCHED_TO_THE_END: "The video “{title}” has not been watched from start to finish yet.",
    Reason.NOT_PASSED: "The quiz “{title}” is not passed yet.",
    Reason.ATTEMPTS_EXHAUSTED: "The quiz “{title}” has no attempts left; support can grant more.",
    Reason.OUT_OF_ORDER: "“{title}” was done before the step ahead of it and must be done again after it.",
    Reason.EVENT_NOT_ENDED: "“{title}” has not ended yet.",
    Reason.EVENT_CANCELLED: "“{title}” was cancelled.",
    Reason.ATTENDANCE_NOT_MARKED: "Attendance at “{title}” has not been marked by an administrator yet.",
    Reason.MARKED_ABSENT: "Marked absent from “{title}”; an administrator can correct this.",
    Reason.TRAINING_UNKNOWN: "The training has not been announced to the certificate service yet.",
    Reason.ACCOUNT_UNKNOWN: "The account has not been announced to the certificate service yet.",
    Reason.MISSING_GLYPH: "The certificate for “{title}” is held because a character on it cannot be printed; "
    "support can have the text corrected or a font added ({detail}).",
    Reason.DOES_NOT_FIT: "The certificate for “{title}” is held because a text on it is too long to be printed; "
    "support can have it shortened ({detail}).",
    Reason.LOGO_GONE: "The certificate for “{title}” is held because the company's logo is gone; "
    "support can have it restored ({detail}).",
}


@dataclass(frozen=True)
class Verdict:
    """What the rules say of an enrollment: what is outstanding, and if nothing is, since when it is complete."""

    outstanding: tuple[Requirement, ...]
    completed_at: datetime | None

    @property
    def complete(self) -> bool:
        """Whether every requirement is met."""
        return not self.outstanding
