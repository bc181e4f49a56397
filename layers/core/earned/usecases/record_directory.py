"""Record companies, accounts, trainings and enrollments from the portal's events, and request evaluations."""

from collections.abc import Collection, Sequence
from typing import assert_never

from earned.aws.dynamodb import contexts, enrollments, exports, people, trainings
from earned.aws.dynamodb.contexts import Names
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import ReceivedMessage, SqsBatch
from earned.domain.attendance import may_be_off_calendar
from earned.domain.enrollment import CompletionRecord, Enrollment
from earned.domain.errors import Rejected
from earned.domain.people import Account
from earned.domain.training import LiveEvent, Training
from earned.messages.events import (
    AccountRemovedEvent,
    AccountSavedEvent,
    CompanySavedEvent,
    CoursePublishedEvent,
    DirectoryEvent,
    EnrollmentCreatedEvent,
    EnrollmentRemovedEvent,
    LiveEventCancelledEvent,
    LiveEventScheduledEvent,
)
from earned.messages.requests import (
    AccountChanged,
    EnrollmentsChanged,
    OutgoingMessage,
    TextOf,
    TrainingChanged,
    change_message,
    evaluation_message,
    generation_message,
    text_check_message,
)
from earned.usecases.clock import Clock, utc_now

RECHECK_DELAY_SECONDS = 5


class RecordDirectory:
    """Applies directory events, in any order.

    It requests evaluations whether or not an event is the newest: an earlier attempt may have saved it and crashed.
    """

    def __init__(
        self,
        changes: Queue,
        evaluation: Queue,
        generation: Queue,
        *,
        designs: Collection[str],
        recheck_delay_seconds: int = RECHECK_DELAY_SECONDS,
        now: Clock = utc_now,
    ) -> None:
        self._changes = changes
        self._evaluation = evaluation
        self._generation = generation
        self._designs = designs
        self._recheck_delay = recheck_delay_seconds
        self._now = now

    def __call__(self, batch: SqsBatch, messages: Sequence[ReceivedMessage[DirectoryEvent]]) -> None:
        for message in messages:
            with batch.retry_on_error(message):
                try:
                    self._apply(message.event)
                except Rejected as rejection:
                    batch.quarantine(message, rejection)

    def _apply(self, event: DirectoryEvent) -> None:
        match event:
            case CompanySavedEvent():
                people.save_company(event.data.company(), event.stamp)
                self._generation.send([text_check_message(TextOf.COMPANY, event.data.company_id)])
            case AccountSavedEvent():
                _save_account(event)
                self._changes.send([_account_changed(event.data.account_id, event.data.company_id)])
            case AccountRemovedEvent():
                for company_id in people.remove_account(event.data.account_id, event.time):
                    exports.note_recall(company_id, self._now())
                self._changes.send([_account_changed(event.data.account_id)])
            case CoursePublishedEvent() | LiveEventScheduledEvent():
                training = event.training()
                self._check_design(training)
                trainings.save_training(training, event.stamp)
                self._generation.send([text_check_message(TextOf.TRAINING, training.training_id)])
                self._changes.send([_training_changed(training.training_id)])
            case LiveEventCancelledEvent():
                trainings.cancel_live_event(event.data.live_event_id, event.stamp)
                self._changes.send([_training_changed(event.data.live_event_id)])
            case EnrollmentCreatedEvent():
                self._evaluation.send(self._enroll(event))
            case EnrollmentRemovedEvent():
                self._withdraw(event)
            case _:
                assert_never(event)

    def _check_design(self, training: Training) -> None:
        if training.design not in self._designs:
            raise Rejected("unknown-design", "data.design: must be the name of a deployed design folder")

    def _enroll(self, event: EnrollmentCreatedEvent) -> list[OutgoingMessage]:
        """An unknown account or training may arrive at the same time, so the record is evaluated again later."""
        enrollment = event.enrollment()
        key, training_id = enrollment.key, enrollment.training_id
        training, account, _ = contexts.get_directory(Names(training_id, key.account_id, company_id=None))
        if account is not None and account.removed_at is not None and account.removed_at < event.time:
            raise Rejected("removed", "time: is later than the removal of the account")
        if enrollment.company_id is not None and not _is_of(account, enrollment.company_id):
            people.add_account_company(key.account_id, enrollment.company_id)
        record = _record(enrollment, training, account)
        if isinstance(training, LiveEvent) and may_be_off_calendar(training, self._now()):
            trainings.add_to_calendar(training)
        is_known = account is not None and not account.removed and training is not None
        return (
            [] if is_known and not record.evidence else [self._recheck(record, 0 if is_known else self._recheck_delay)]
        )

    def _withdraw(self, event: EnrollmentRemovedEvent) -> None:
        withdrawn = enrollments.withdraw(event.data.key, event.time, event.identity)
        if not isinstance(withdrawn, CompletionRecord):
            _refuse_another_account(event)
        if isinstance(withdrawn, CompletionRecord) and withdrawn.issue is not None:
            if withdrawn.company_id is not None:
                exports.note_recall(withdrawn.company_id, self._now())
            self._generation.send([generation_message(withdrawn, request=event.identity)])

    def _recheck(self, record: CompletionRecord, delay_seconds: int) -> OutgoingMessage:
        changed = EnrollmentsChanged((record.key,))
        return evaluation_message(changed, record.company_id or record.account_id, delay_seconds)


def _save_account(event: AccountSavedEvent) -> None:
    try:
        people.save_account(event.data.account(), event.stamp)
    except people.AccountIsRemoved:
        raise Rejected("removed", "time: is later than the removal of the account") from None


def _record(enrollment: Enrollment, training: Training | None, account: Account | None) -> CompletionRecord:
    version = training.version if training is not None else None
    company = account.company_id if account is not None else None
    try:
        return enrollments.enroll(enrollment, version, account_known=account is not None, account_company=company)
    except enrollments.EnrollmentTaken:
        raise Rejected("enrollment-taken", "data.enrollment_id: belongs to another account") from None
    except enrollments.EnrollmentIsRemoved:
        raise Rejected("removed", "time: is later than the removal of the enrollment") from None
    except enrollments.EnrollmentDiffers as difference:
        if difference.field == "company_id":
            raise Rejected("company-mismatch", "data.company_id: is not the company of the enrollment") from None
        raise Rejected("training-mismatch", "data.training_id: is not the training of the enrollment") from None


def _refuse_another_account(event: EnrollmentRemovedEvent) -> None:
    existing = enrollments.get_record(event.data.enrollment_id)
    if existing is not None and existing.account_id != event.data.account_id:
        raise Rejected("account-mismatch", "data.account_id: is not the account of the enrollment")


def _is_of(account: Account | None, company_id: str) -> bool:
    return account is not None and account.company_id == company_id


def _account_changed(account_id: str, company_id: str | None = None) -> OutgoingMessage:
    return change_message(AccountChanged(account_id), company_id or account_id)


def _training_changed(training_id: str) -> OutgoingMessage:
    return change_message(TrainingChanged(training_id), training_id)
