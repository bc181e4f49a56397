"""Messages between our own functions, and the only module that talks to SQS."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from earned.models import Completion

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef, SendMessageBatchRequestEntryTypeDef

LARGEST_BATCH = 10


class NotSent(Exception):
    """SQS did not take every message; sending all of them again is safe."""


class Purpose(StrEnum):
    """What a generation request is for; whatever it says, the rules and the record decide.

    The sweep asks again and again, so what it asks for is not quarantined again and again.
    """

    SETTLE = "settle"
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
    purpose: Purpose = Purpose.SETTLE
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


class NotOurs(Exception):
    """The message is none that our functions send."""


@dataclass(frozen=True)
class Outgoing:
    """A message to send: its body, and the id of the company, account or training it is sent for.

    SQS keeps a queue fair between groups: one with thousands of messages waits for itself, not the others for it.
    """

    body: str
    group: str
    delay_seconds: int = 0


@dataclass(frozen=True)
class Queue:
    """One queue."""

    client: "SQSClient"
    url: str

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Send messages, ten to a request; raises `NotSent` unless SQS answers of each that it was taken."""
        for start in range(0, len(messages), LARGEST_BATCH):
            entries = [_entry(index, message) for index, message in enumerate(messages[start : start + LARGEST_BATCH])]
            answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
            # That none is named as failed says nothing: the SDK makes an empty answer of one that was cut short.
            if len(answer.get("Successful", [])) < len(entries):
                codes = {entry["Code"] for entry in answer.get("Failed", [])}
                raise NotSent(", ".join(sorted(codes)) or "the answer was cut short")

    def quarantine(self, body: str, reason: str, group: str | None) -> None:
        """Keep a refused message, unchanged, with a stable reason as its message attribute `reason`."""
        attributes: dict[str, MessageAttributeValueTypeDef] = {"reason": {"DataType": "String", "StringValue": reason}}
        fair: dict[str, Any] = {"MessageGroupId": group} if group else {}
        self.client.send_message(QueueUrl=self.url, MessageBody=body, MessageAttributes=attributes, **fair)


def generation_of(completion: Completion, **details: Any) -> Outgoing:
    """The message that asks for a completion's certificate; `details` are fields of `GenerationRequest`."""
    request = GenerationRequest(
        enrollment_id=completion.enrollment_id,
        account_id=completion.account_id,
        training_id=completion.training_id or "",
        company_id=completion.company_id,
        **details,
    )
    return Outgoing(_GENERATION.dump_json(request).decode(), completion.company_id or completion.account_id)


def evaluation_of(request: EvaluationRequest, group: str, delay_seconds: int = 0) -> Outgoing:
    """The message that asks for enrollments to be judged again."""
    return Outgoing(_EVALUATION.dump_json(request).decode(), group, delay_seconds)


def export_of(request: ExportRequest) -> Outgoing:
    """The message that asks for an export."""
    return Outgoing(_EXPORT.dump_json(request).decode(), request.company_id)


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
        raise NotOurs from None


def _entry(index: int, message: Outgoing) -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {
        "Id": str(index),
        "MessageBody": message.body,
        "MessageGroupId": message.group,
    }
    if message.delay_seconds:
        entry["DelaySeconds"] = message.delay_seconds
    return entry
