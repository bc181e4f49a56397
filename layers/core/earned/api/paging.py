"""Pages of a list, and their cursors."""

import hashlib
import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Generic, NamedTuple, TypeVar

from annotated_types import Ge, Le
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import TypeAdapter

from earned.api.parameters import InDigits
from earned.api.problems import InvalidCursor
from earned.aws.dynamodb import contexts, enrollment_lists, enrollments
from earned.domain.enrollment import CompletionRecord, EnrollmentContext, EnrollmentKey
from earned.messages.schema_types import Id

Limit = Annotated[int, Ge(1), Le(100), InDigits, Query(description="The largest number of items on the page.")]
Cursor = Annotated[
    str | None,
    Query(max_length=400, description="`next_cursor` of the previous page of this list; absent for the first page."),
]
PositionT = TypeVar("PositionT")
ViewT = TypeVar("ViewT")
QUERIES_PER_PAGE = 10
FACTS_PER_PAGE = 40_000  # then the page ends; seven of the largest records, each evaluated in 50 ms of a core
MAX_PAGE_BYTES = 4_000_000  # of items, escaped once; Lambda escapes the body again, in an answer of at most 6 MB


@dataclass(frozen=True)
class Cursors(Generic[PositionT]):
    """The cursors of one list; a cursor contains the list's name, so that another list rejects it."""

    list_name: str
    content: TypeAdapter[tuple[str, PositionT]]

    def encode(self, position: PositionT) -> str:
        return urlsafe_b64encode(self.content.dump_json((self.list_name, position))).decode().rstrip("=")

    def decode(self, cursor: str | None) -> PositionT | None:
        """The position before the page, None for the first page; raises `InvalidCursor`."""
        if cursor is None:
            return None
        padding = "=" * (-len(cursor) % 4)
        try:
            list_name, position = self.content.validate_json(b64decode(cursor + padding, altchars=b"-_", validate=True))
        except ValueError:
            raise InvalidCursor from None
        if list_name != self.list_name:
            raise InvalidCursor
        return position


class EnrollmentPosition(NamedTuple):
    enrollment_id: Id
    account_id: Id


_ENROLLMENT_CURSOR = TypeAdapter(tuple[str, EnrollmentPosition])


@dataclass(frozen=True)
class EnrollmentList:
    """A list of enrollments: its name, and a function that returns the next keys after a position.

    `includes` narrows the list before `complete` reads the directory's items.
    """

    name: str
    fetch: Callable[[EnrollmentKey | None, int], list[EnrollmentKey]]
    includes: Callable[[CompletionRecord], bool] = lambda _: True
    read: Callable[[list[EnrollmentKey]], list[CompletionRecord]] = enrollments.get_records
    complete: Callable[[list[CompletionRecord]], list[EnrollmentContext]] = contexts.get_contexts

    @property
    def cursors(self) -> Cursors[EnrollmentPosition]:
        return Cursors(self.name, _ENROLLMENT_CURSOR)


def account_list(of: str, account_id: str) -> EnrollmentList:
    return EnrollmentList(f"{of} of account {account_id}", partial(enrollment_lists.list_account_keys, account_id))


def company_list(
    of: str,
    company_id: str,
    filters: Mapping[str, str | None],
    includes: Callable[[CompletionRecord], bool] = lambda _: True,
) -> EnrollmentList:
    """`filters` are query parameters; the list's name contains their hash, so that a cursor is bound to them."""
    account_id = filters.get("account_id")
    fetch = partial(enrollment_lists.list_company_keys, company_id, account_id=account_id)
    return EnrollmentList(f"{of} of company {company_id}{_hashed(filters)}", fetch, includes)


def _hashed(filters: Mapping[str, str | None]) -> str:
    given = sorted((name, value) for name, value in filters.items() if value is not None)
    return f" {hashlib.sha256(json.dumps(given).encode()).hexdigest()[:16]}" if given else ""


def accounts_list(name: str, accounts: Sequence[str]) -> EnrollmentList:
    return EnrollmentList(name, partial(_keys_of_accounts, sorted(accounts)))


def training_list(of: str, training_id: str) -> EnrollmentList:
    return EnrollmentList(f"{of} of training {training_id}", partial(enrollment_lists.list_training_keys, training_id))


def page(
    listed: EnrollmentList, cursor: str | None, limit: int, view: Callable[[EnrollmentContext], ViewT | None]
) -> tuple[list[ViewT], str | None]:
    """The views of up to `limit` enrollments, without None, and the next page's cursor, None on the last page.

    A page before the last may be short or empty: `QUERIES_PER_PAGE` and `FACTS_PER_PAGE` bound the work,
    `MAX_PAGE_BYTES` the answer.
    """
    found: list[tuple[EnrollmentKey, ViewT]] = []
    size = 0
    position = listed.cursors.decode(cursor)
    after, facts = EnrollmentKey(*position) if position is not None else None, 0
    for _ in range(QUERIES_PER_PAGE):
        keys = listed.fetch(after, limit)
        records = [record for record in listed.read(keys) if listed.includes(record)]
        for context in listed.complete(records):
            record, item = context.record, view(context)
            facts += len(record.evidence)
            if item is not None:
                size += len(json.dumps(item))
                if found and (len(found) == limit or size > MAX_PAGE_BYTES):
                    return _items(found), listed.cursors.encode(EnrollmentPosition(*found[-1][0]))
                found.append((record.key, item))
            if facts > FACTS_PER_PAGE:
                return _items(found), listed.cursors.encode(EnrollmentPosition(*record.key))
        if len(keys) < limit:
            return _items(found), None
        after = keys[-1]
        if len(found) == limit:
            break
    return _items(found), listed.cursors.encode(EnrollmentPosition(*after)) if after else None


def _items(found: Sequence[tuple[EnrollmentKey, ViewT]]) -> list[ViewT]:
    return [item for _, item in found]


def _keys_of_accounts(accounts: Sequence[str], after: EnrollmentKey | None, limit: int) -> list[EnrollmentKey]:
    keys: list[EnrollmentKey] = []
    for account_id in accounts:
        if after is None or account_id >= after.account_id:
            start = after if after is not None and account_id == after.account_id else None
            keys += enrollment_lists.list_account_keys(account_id, start, limit - len(keys))
        if len(keys) == limit:
            break
    return keys
