"""Pages of enrollments: which come next, and the cursor that says so."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from earned.api.problems import INVALID_CURSOR
from earned.aws.dynamodb import contexts, enrollments
from earned.domain.enrollment import EnrollmentContext, EnrollmentKey

Limit = Annotated[int, Query(ge=1, le=100)]


Cursor = Annotated[str | None, Query(max_length=400)]


Fetch = Callable[[EnrollmentKey | None, int], list[EnrollmentKey]]


QUERIES_PER_PAGE = 10


def page(
    fetch: Fetch, cursor: str | None, limit: int, keep: Callable[[EnrollmentContext], bool]
) -> tuple[list[EnrollmentContext], str | None]:
    """Up to `limit` standing cases that are to be kept, and the next page's cursor, or None at the end.

    A page may be short, even empty, and still have a successor: when few of many are kept.
    """
    found: list[EnrollmentContext] = []
    after = from_cursor(cursor)
    for _ in range(QUERIES_PER_PAGE):
        keys = fetch(after, limit)
        cases = contexts.get_contexts(enrollments.get_records(keys))
        found += [case for case in cases if case.is_active and keep(case)]
        if len(found) > limit:
            return found[:limit], to_cursor(found[limit - 1].record.key)
        if len(keys) < limit:
            return found, None
        after = keys[-1]
        if len(found) == limit:
            break
    return found, to_cursor(after) if after else None


def to_cursor(key: tuple[str, str]) -> str:
    """A position in a list, opaque to whoever gets it; it names no list, so it opens none."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def from_cursor(cursor: str | None) -> EnrollmentKey | None:
    """The position in a cursor; raises a problem for one that was not handed out."""
    if cursor is None:
        return None
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        first, second = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        raise INVALID_CURSOR from None
    if not all(isinstance(part, str) and part and part.isascii() for part in (first, second)):
        raise INVALID_CURSOR
    return EnrollmentKey(first, second)
