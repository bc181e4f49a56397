"""Requests that functions send each other over SQS."""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from earned.domain.enrollment import CompletionRecord


class Purpose(StrEnum):
    """What a generation request is for; whatever it says, the rules and the record decide.

    The sweep asks again and again, so what it asks for is not quarantined again and again.
    """

    RECONCILE = "settle"
    SWEEP = "sweep"
    REISSUE = "reissue"
    RESTORE = "restore"


@dataclass(frozen=True)
class GenerationRequest:
    """Asks for a certificate to be brought in line with its record; all but the key are hints.

    `request` tells one request from another, so that whoever acted on its behalf knows so after a crash; `since` is
    when the event that led to it arrived, in milliseconds since 1970.
    """

    enrollment_id: str
    account_id: str
    training_id: str
    company_id: str | None = None
    purpose: Purpose = Purpose.RECONCILE
    reason: str | None = None
    since: int | None = None
    request: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass(frozen=True)
class EnrollmentsChanged:
    """Asks for enrollments to be judged again; each is an enrollment id and an account id."""

    enrollments: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TrainingChanged:
    """Asks for everyone in a training to be judged again, from a position on."""

    training_id: str
    after: tuple[str, str] | None = None


@dataclass(frozen=True)
class AccountChanged:
    """Asks for all enrollments of an account to be judged again, from a position on."""

    account_id: str
    after: tuple[str, str] | None = None


@dataclass(frozen=True)
class ExportRequest:
    """Asks for a company export to be begun or gone on with; its record says what for."""

    company_id: str
    account_id: str
    export_id: str


EvaluationRequest = EnrollmentsChanged | TrainingChanged | AccountChanged


_EXPORT: TypeAdapter[ExportRequest] = TypeAdapter(ExportRequest)


_GENERATION: TypeAdapter[GenerationRequest] = TypeAdapter(GenerationRequest)


_EVALUATION: TypeAdapter[EvaluationRequest] = TypeAdapter(EvaluationRequest)


_Request = TypeVar("_Request")


class UnknownMessage(Exception):
    """The message is none that our functions send."""


@dataclass(frozen=True)
class OutgoingMessage:
    """A message to send: its body, and the id of the company, account or training it is sent for.

    SQS keeps a queue fair between groups: one with thousands of messages waits for itself, not the others for it.
    """

    body: str
    group: str
    delay_seconds: int = 0


def generation_message(completion: CompletionRecord, **details: Any) -> OutgoingMessage:
    """The message that asks for a completion's certificate; `details` are fields of `GenerationRequest`."""
    request = GenerationRequest(
        enrollment_id=completion.enrollment_id,
        account_id=completion.account_id,
        training_id=completion.training_id or "",
        company_id=completion.company_id,
        **details,
    )
    return OutgoingMessage(_GENERATION.dump_json(request).decode(), completion.company_id or completion.account_id)


def evaluation_message(request: EvaluationRequest, group: str, delay_seconds: int = 0) -> OutgoingMessage:
    """The message that asks for enrollments to be judged again."""
    return OutgoingMessage(_EVALUATION.dump_json(request).decode(), group, delay_seconds)


def export_message(request: ExportRequest) -> OutgoingMessage:
    """The message that asks for an export."""
    return OutgoingMessage(_EXPORT.dump_json(request).decode(), request.company_id)


def read_export(body: str) -> ExportRequest:
    """The request in a message of the export queue; raises `NotOurs`."""
    return _read(_EXPORT, body)


def read_generation(body: str) -> GenerationRequest:
    """The request in a message of the generation queue; raises `NotOurs`."""
    return _read(_GENERATION, body)


def read_evaluation(body: str) -> EvaluationRequest:
    """The request in a message of the evaluation queue; raises `NotOurs`."""
    return _read(_EVALUATION, body)


def _read(adapter: TypeAdapter[_Request], body: str) -> _Request:
    try:
        return adapter.validate_json(body)
    except ValidationError:
        raise UnknownMessage from None
