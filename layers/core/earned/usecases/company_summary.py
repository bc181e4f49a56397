"""Summarize a company's enrollments by training."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from earned.aws.dynamodb import contexts, enrollment_lists, enrollments
from earned.domain.enrollment import EnrollmentContext, EnrollmentKey
from earned.domain.summary import MAX_ENROLLMENTS, TrainingSummary, summarize

RECORDS_PER_READ = 1_000


class TooManyEnrollments(Exception):
    """The company has more enrollments than one answer may take time for."""


def summarize_company(company_id: str, now: datetime, tolerance: timedelta) -> list[TrainingSummary]:
    """Costs a batch read per 100 enrollments and one per 100 people; raises `TooManyEnrollments`."""
    keys = enrollment_lists.list_company_keys(company_id, None, MAX_ENROLLMENTS + 1)
    if len(keys) > MAX_ENROLLMENTS:
        raise TooManyEnrollments
    return summarize(_contexts(keys), now, tolerance)


def _contexts(keys: list[EnrollmentKey]) -> Iterator[EnrollmentContext]:
    for start in range(0, len(keys), RECORDS_PER_READ):
        yield from contexts.get_contexts(enrollments.get_records(keys[start : start + RECORDS_PER_READ]))
