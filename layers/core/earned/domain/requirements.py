"""Outstanding requirements: what is missing, why, and who must act (N3)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why a requirement is not met or a certificate is held; a stable code that a portal may translate."""

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


class ResponsibleParty(StrEnum):
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
    def who(self) -> ResponsibleParty:
        return _WHO_MUST_ACT[self.reason]

    @property
    def message(self) -> str:
        return _MESSAGES[self.reason].format(title=self.title, detail=self.detail)


_WHO_MUST_ACT = {
    Reason.NOT_COMPLETED: ResponsibleParty.LEARNER,
    Reason.NOT_WATCHED_TO_THE_END: ResponsibleParty.LEARNER,
    Reason.NOT_PASSED: ResponsibleParty.LEARNER,
    Reason.ATTEMPTS_EXHAUSTED: ResponsibleParty.SUPPORT,
    Reason.OUT_OF_ORDER: ResponsibleParty.LEARNER,
    Reason.EVENT_NOT_ENDED: ResponsibleParty.NOBODY,
    Reason.EVENT_CANCELLED: ResponsibleParty.NOBODY,
    Reason.ATTENDANCE_NOT_MARKED: ResponsibleParty.ADMINISTRATOR,
    Reason.MARKED_ABSENT: ResponsibleParty.ADMINISTRATOR,
    Reason.TRAINING_UNKNOWN: ResponsibleParty.SUPPORT,
    Reason.ACCOUNT_UNKNOWN: ResponsibleParty.SUPPORT,
    Reason.MISSING_GLYPH: ResponsibleParty.SUPPORT,
    Reason.DOES_NOT_FIT: ResponsibleParty.SUPPORT,
    Reason.LOGO_GONE: ResponsibleParty.SUPPORT,
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
    """The result of evaluating an enrollment; `completed_at` is None while anything is outstanding."""

    outstanding: tuple[Requirement, ...]
    completed_at: datetime | None

    @property
    def complete(self) -> bool:
        return not self.outstanding
