"""Request the evaluation of every enrollment that a changed training or account concerns, at any number (C6)."""

from collections.abc import Callable, Iterator
from typing import assert_never

from earned.aws.dynamodb import enrollment_lists
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.domain.enrollment import EnrollmentKey
from earned.messages.requests import (
    AccountChanged,
    Change,
    EnrollmentsChanged,
    TrainingChanged,
    evaluation_message,
    read_change,
)

KEYS_PER_PAGE = 5_000  # some 1 MB of the index, which is all that DynamoDB reads in one request
ENROLLMENTS_PER_MESSAGE = 50
ListKeys = Callable[[str, EnrollmentKey | None, int], list[EnrollmentKey]]


class FanOutChanges:
    """Reads the index to its end in one invocation; a delivery that is repeated starts again, which is harmless."""

    def __init__(
        self,
        evaluation: Queue,
        *,
        keys_per_page: int = KEYS_PER_PAGE,
        enrollments_per_message: int = ENROLLMENTS_PER_MESSAGE,
    ) -> None:
        self._evaluation = evaluation
        self._keys_per_page = keys_per_page
        self._enrollments_per_message = enrollments_per_message

    def __call__(self, batch: SqsBatch) -> None:
        for message in batch.read(read_change):
            with batch.retry_on_error(message):
                self._fan_out(message.event, message.group)

    def _fan_out(self, change: Change, group: str | None) -> None:
        """The messages keep the message group: a course of a hundred thousand delays no other group."""
        match change:
            case TrainingChanged(subject):
                pages = self._pages(enrollment_lists.list_training_keys, subject)
            case AccountChanged(subject):
                pages = self._pages(enrollment_lists.list_account_keys, subject)
            case _:
                assert_never(change)
        for keys in pages:
            size = self._enrollments_per_message
            chunks = [tuple(keys[start : start + size]) for start in range(0, len(keys), size)]
            self._evaluation.send([evaluation_message(EnrollmentsChanged(chunk), group or subject) for chunk in chunks])

    def _pages(self, list_keys: ListKeys, subject: str) -> Iterator[list[EnrollmentKey]]:
        after = None
        while keys := list_keys(subject, after, self._keys_per_page):
            yield keys
            if len(keys) < self._keys_per_page:
                return
            after = keys[-1]
