"""Requests between functions, sent over SQS."""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from earned.domain.enrollment import CompletionRecord, EnrollmentKey
from earned.domain.errors import Rejected


class Purpose(StrEnum):
    """Why a generation request was sent; the generator decides by the rules and the record.

    A request of the sweep is never quarantined, because the sweep repeats it.
    """

    RECONCILE = "settle"
    SWEEP = "sweep"
    REISSUE = "reissue"
    RESTORE = "restore"


@dataclass(frozen=True)
class GenerationRequest:
    """Asks the generator to bring a certificate in line with its record; every field but the ids of the key is a hint.

    `request` identifies the request, so that the generator recognizes its own work after a crash; `since` is when SQS
    received the event that led to it, in milliseconds since 1970.
    """

    enrollment_id: str
    account_id: str
    training_id: str
    company_id: str | None = None
    purpose: Purpose = Purpose.RECONCILE
    reason: str | None = None
    since: int | None = None
    request: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def key(self) -> EnrollmentKey:
        return EnrollmentKey(self.enrollment_id, self.account_id)


class TextOf(StrEnum):
    TRAINING = "training"
    COMPANY = "company"


@dataclass(frozen=True)
class TextCheck:
    """Asks the generator, which has the fonts, whether a training's title or a company's name can be printed."""

    text_of: TextOf
    subject_id: str


@dataclass(frozen=True)
class EnrollmentsChanged:
    """Asks for these enrollments to be evaluated again."""

    enrollments: tuple[EnrollmentKey, ...]


@dataclass(frozen=True)
class TrainingChanged:
    """Asks for every enrollment in a training to be evaluated again."""

    training_id: str


@dataclass(frozen=True)
class AccountChanged:
    """Asks for every enrollment of an account to be evaluated again."""

    account_id: str


@dataclass(frozen=True)
class ExportRequest:
    """Asks for an export, or for a report (`EVERY_COMPANY`), to be started or continued."""

    company_id: str
    account_id: str
    export_id: str


@dataclass(frozen=True)
class WeeklyReport:
    """Asks for the weekly report across companies; `weekly_report` is the time for which it was scheduled."""

    weekly_report: AwareDatetime


Change = TrainingChanged | AccountChanged
_EXPORT: TypeAdapter[ExportRequest | WeeklyReport] = TypeAdapter(ExportRequest | WeeklyReport)
_GENERATION: TypeAdapter[GenerationRequest | TextCheck] = TypeAdapter(GenerationRequest | TextCheck)
_CHANGE: TypeAdapter[Change] = TypeAdapter(Change)
_EVALUATION: TypeAdapter[EnrollmentsChanged] = TypeAdapter(EnrollmentsChanged)
_Request = TypeVar("_Request")


@dataclass(frozen=True)
class OutgoingMessage:
    """A message to send: its body, and its message group (a company, account or training).

    SQS keeps a queue fair between groups: a group with thousands of messages does not delay the others.
    """

    body: str
    group: str
    delay_seconds: int = 0


def generation_message(record: CompletionRecord, **details: Any) -> OutgoingMessage:
    request = GenerationRequest(
        enrollment_id=record.enrollment_id,
        account_id=record.account_id,
        training_id=record.training_id,
        company_id=record.company_id,
        **details,
    )
    return OutgoingMessage(_GENERATION.dump_json(request).decode(), record.company_id or record.account_id)


def text_check_message(text_of: TextOf, subject_id: str) -> OutgoingMessage:
    return OutgoingMessage(_GENERATION.dump_json(TextCheck(text_of, subject_id)).decode(), subject_id)


def change_message(change: Change, group: str) -> OutgoingMessage:
    return OutgoingMessage(_CHANGE.dump_json(change).decode(), group)


def evaluation_message(request: EnrollmentsChanged, group: str, delay_seconds: int = 0) -> OutgoingMessage:
    return OutgoingMessage(_EVALUATION.dump_json(request).decode(), group, delay_seconds)


def export_message(request: ExportRequest) -> OutgoingMessage:
    return OutgoingMessage(_EXPORT.dump_json(request).decode(), request.company_id or request.account_id)


def read_export(body: str, _sent: int = 0) -> ExportRequest | WeeklyReport:
    request = _read(_EXPORT, body)
    if request is None:
        raise Rejected("not-an-export-request")
    return request


def read_generation(body: str, _sent: int = 0) -> GenerationRequest | TextCheck:
    request = _read(_GENERATION, body)
    if request is None:
        raise Rejected("not-a-generation-request")
    return request


def read_change(body: str, _sent: int = 0) -> Change:
    change = _read(_CHANGE, body)
    if change is None:
        raise Rejected("not-a-change")
    return change


def read_evaluation(body: str, _sent: int = 0) -> EnrollmentsChanged:
    request = _read(_EVALUATION, body)
    if request is None:
        raise Rejected("not-an-evaluation-request")
    return request


def _read(adapter: TypeAdapter[_Request], body: str) -> _Request | None:
    """None for a message that is not one of ours."""
    try:
        return adapter.validate_json(body)
    except ValidationError:
        return None
