"""A page of a list: what bounds it, and where the next one begins."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from earned.api.paging import (
    FACTS_PER_PAGE,
    MAX_PAGE_BYTES,
    QUERIES_PER_PAGE,
    EnrollmentList,
    EnrollmentPosition,
    account_list,
    accounts_list,
    company_list,
    page,
    training_list,
)
from earned.domain.enrollment import CompletionRecord, EnrollmentContext, EnrollmentKey
from tests.unit.builders import ENROLLED

QUOTES = len('""')


@dataclass
class Listed:
    """Enrollments e-0, e-1 … of one account, with as many facts as `facts` says; notes each query."""

    number: int
    facts: dict[str, int] = field(default_factory=dict)
    queries: list[EnrollmentKey | None] = field(default_factory=list)

    def fetch(self, after: EnrollmentKey | None, limit: int) -> list[EnrollmentKey]:
        self.queries.append(after)
        first = 0 if after is None else 1 + int(after.enrollment_id.removeprefix("e-"))
        return [EnrollmentKey(f"e-{number}", "a") for number in range(first, self.number)][:limit]

    def read(self, keys: list[EnrollmentKey]) -> list[CompletionRecord]:
        return [
            CompletionRecord(
                *key,
                "t",
                "c",
                ENROLLED,
                evidence=frozenset(number.to_bytes(3) for number in range(self.facts.get(key.enrollment_id, 0))),
            )
            for key in keys
        ]

    def page(
        self,
        limit: int,
        cursor: str | None = None,
        view: Callable[[EnrollmentContext], str | None] = lambda context: context.record.enrollment_id,
        includes: Callable[[CompletionRecord], bool] = lambda _: True,
    ) -> tuple[list[str], str | None]:
        listed = EnrollmentList("things", self.fetch, includes, self.read, _contexts)
        return page(listed, cursor, limit, view)


def _contexts(records: list[CompletionRecord]) -> list[EnrollmentContext]:
    return [EnrollmentContext(record, None, None, None) for record in records]


def cursor_after(number: int) -> str:
    return EnrollmentList("things", lambda *_: []).cursors.encode(EnrollmentPosition(f"e-{number}", "a"))


@pytest.mark.parametrize(
    ("number", "items", "is_last"),
    [(0, 0, True), (1, 1, True), (2, 2, True), (3, 3, False), (4, 3, False)],
)
def test_a_page_has_as_many_items_as_its_limit_and_leads_to_the_next_unless_the_list_has_ended(
    number: int, items: int, is_last: bool
) -> None:
    found, cursor = Listed(number).page(3)
    assert found == [f"e-{one}" for one in range(items)]
    assert cursor == (None if is_last else cursor_after(2))


def test_the_next_page_begins_behind_the_last_item() -> None:
    listed = Listed(5)
    assert listed.page(3, cursor_after(2)) == (["e-3", "e-4"], None)
    assert listed.queries == [EnrollmentKey("e-2", "a")]


def test_a_full_page_takes_one_query() -> None:
    listed = Listed(100)
    listed.page(3)
    assert listed.queries == [None]


def test_a_page_of_a_list_of_which_little_is_shown_takes_ten_queries() -> None:
    listed = Listed(100)
    found, cursor = listed.page(3, view=lambda context: "it" if context.record.enrollment_id == "e-4" else None)
    assert (found, cursor) == (["it"], cursor_after(3 * QUERIES_PER_PAGE - 1))
    assert listed.queries == [None, *(EnrollmentKey(f"e-{3 * one - 1}", "a") for one in range(1, QUERIES_PER_PAGE))]


def test_a_page_that_is_full_in_the_middle_of_a_query_ends_at_its_last_item() -> None:
    found, cursor = Listed(100).page(3, view=lambda context: {"e-0": None}.get(context.record.enrollment_id, "it"))
    assert (found, cursor) == (["it"] * 3, cursor_after(3))


def test_what_a_list_does_not_include_is_not_completed() -> None:
    completed: list[str] = []

    def complete(records: list[CompletionRecord]) -> list[EnrollmentContext]:
        completed.extend(record.enrollment_id for record in records)
        return _contexts(records)

    listed = Listed(4)
    of_it = EnrollmentList("things", listed.fetch, lambda one: one.enrollment_id != "e-1", listed.read, complete)
    assert page(of_it, None, 9, lambda context: context.record.enrollment_id) == (["e-0", "e-2", "e-3"], None)
    assert completed == ["e-0", "e-2", "e-3"]


def test_a_list_of_a_company_includes_every_record_or_those_that_its_caller_wants() -> None:
    records = Listed(3).read([EnrollmentKey(f"e-{number}", "a") for number in range(3)])
    narrowed = company_list("x", "co-1", {}, lambda record: record.enrollment_id == "e-1")
    assert [record.enrollment_id for record in records if narrowed.includes(record)] == ["e-1"]
    assert all(company_list("x", "co-1", {}).includes(record) for record in records)


@pytest.mark.parametrize(("more", "items", "after"), [(0, 3, None), (1, 2, 1)])
def test_a_page_has_at_most_four_million_bytes(more: int, items: int, after: int | None) -> None:
    third = MAX_PAGE_BYTES // 2 - QUOTES
    texts = {"e-0": "x" * third, "e-1": "x" * (third - QUOTES - 1 + more), "e-2": "x"}
    found, cursor = Listed(3).page(9, view=lambda context: texts[context.record.enrollment_id])
    assert len(found) == items
    assert cursor == (None if after is None else cursor_after(after))


def test_an_item_that_is_larger_is_a_page_of_its_own() -> None:
    found, cursor = Listed(3).page(9, view=lambda _: "x" * MAX_PAGE_BYTES)
    assert (len(found), cursor) == (1, cursor_after(0))


@pytest.mark.parametrize(("more", "items"), [(0, ["e-0", "e-1", "e-2"]), (1, ["e-0", "e-1"])])
def test_a_page_ends_behind_the_record_with_which_it_has_read_more_than_40_000_facts(
    more: int, items: list[str]
) -> None:
    listed = Listed(3, facts={"e-0": FACTS_PER_PAGE // 2, "e-1": FACTS_PER_PAGE // 2 + more})
    found, cursor = listed.page(9)
    assert found == items
    assert cursor == (cursor_after(1) if more else None)


def test_facts_of_what_is_not_shown_count_too() -> None:
    found, cursor = Listed(3, facts={"e-1": FACTS_PER_PAGE + 1}).page(9, view=lambda _: None)
    assert (found, cursor) == ([], cursor_after(1))


@pytest.mark.parametrize(
    ("make", "arguments", "name"),
    [
        (account_list, ("diagnoses", "acc-1"), "diagnoses of account acc-1"),
        (accounts_list, ("diagnoses of x", ["acc-1"]), "diagnoses of x"),
        (training_list, ("unmarked attendance", "t-1"), "unmarked attendance of training t-1"),
        (company_list, ("x", "co-1", {}), "x of company co-1"),
        (company_list, ("x", "co-1", {"who": None}), "x of company co-1"),
        (company_list, ("x", "co-1", {"who": "learner"}), "x of company co-1 1d409094c7a60e76"),
        (company_list, ("x", "co-1", {"who": "learner", "status": "completed"}), "x of company co-1 20ddcb0d70638c54"),
        (company_list, ("x", "co-1", {"status": "completed", "who": "learner"}), "x of company co-1 20ddcb0d70638c54"),
    ],
)
def test_the_name_of_a_list_stays_so_that_cursors_that_were_handed_out_stay_valid(
    make: Callable[..., EnrollmentList], arguments: tuple[Any, ...], name: str
) -> None:
    assert make(*arguments).name == name
