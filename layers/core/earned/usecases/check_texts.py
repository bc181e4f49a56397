"""Check whether certificates can print a recorded training's title or company's name, and report a text they cannot."""

from collections.abc import Sequence

from aws_lambda_powertools import Logger

from earned.aws import metrics
from earned.aws.dynamodb import people, trainings
from earned.aws.eventbridge import AnnouncementFailed, Bus
from earned.aws.sqs_batch import ReceivedMessage, SqsBatch
from earned.domain.people import Company
from earned.domain.training import Training
from earned.messages import announcements
from earned.messages.requests import GenerationRequest, TextCheck, TextOf
from earned.usecases.certificate_documents import CertificateDocuments, Unprintable
from earned.usecases.clock import Clock, utc_now

logger = Logger()


class CheckTexts:
    """Carries out the text checks of a batch, and returns its other requests.

    The recorded text counts, never the message, so a repeated check repeats the announcement under the same id.
    """

    def __init__(self, documents: CertificateDocuments, bus: Bus, now: Clock = utc_now) -> None:
        self._documents = documents
        self._bus = bus
        self._now = now

    def __call__(
        self, batch: SqsBatch, messages: Sequence[ReceivedMessage[GenerationRequest | TextCheck]]
    ) -> list[ReceivedMessage[GenerationRequest]]:
        others: list[ReceivedMessage[GenerationRequest]] = []
        for message in messages:
            if isinstance(message.event, GenerationRequest):
                others.append(message.of(message.event))
                continue
            with batch.retry_on_error(message):
                self._check(message.event)
        return others

    def _check(self, check: TextCheck) -> None:
        if check.text_of is TextOf.COMPANY:
            company = people.get_company(check.subject_id)
            if company is not None:
                self._report(company, self._documents.find_unprintable(company, self._now()))
            return
        training = trainings.get_training(check.subject_id)
        if training is not None:
            found = self._documents.find_unprintable(training, self._now())
            trainings.note_unprintable(training, found.detail if found is not None else "")
            self._report(training, found)

    def _report(self, subject: Training | Company, found: Unprintable | None) -> None:
        if found is None:
            return
        told = announcements.unprintable(subject, found.cause, found.detail, self._now())
        logger.warning("text cannot be printed", extra=dict(told.event["data"]))
        metrics.count("UnprintableTexts")
        if not all(self._bus.announce([told])):
            raise AnnouncementFailed
