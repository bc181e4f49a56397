"""Filters by day and by time: the very day, the one before, the one after, and the last millisecond of each."""

from datetime import UTC, datetime, timedelta

import pytest

from earned.testing.service import Service
from tests.integration.issued_records import enrolled, issue
from tools.story import Story

MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
TIMES = {
    "the evening before": MIDNIGHT - MILLISECOND,
    "midnight": MIDNIGHT,
    "noon": MIDNIGHT + timedelta(hours=12),
    "the last millisecond": MIDNIGHT + timedelta(days=1) - MILLISECOND,
    "the midnight after": MIDNIGHT + timedelta(days=1),
}
THE_DAY = {"midnight", "noon", "the last millisecond"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"issued_from": "2026-03-04", "issued_to": "2026-03-04"}, THE_DAY),
        ({"issued_from": "2026-03-03", "issued_to": "2026-03-03"}, {"the evening before"}),
        ({"issued_from": "2026-03-05", "issued_to": "2026-03-05"}, {"the midnight after"}),
        ({"issued_from": "2026-03-04"}, THE_DAY | {"the midnight after"}),
        ({"issued_from": "2026-03-05"}, {"the midnight after"}),
        ({"issued_to": "2026-03-04"}, THE_DAY | {"the evening before"}),
        ({"issued_to": "2026-03-03"}, {"the evening before"}),
        ({"issued_from": "2026-03-04T12:00:00Z", "issued_to": "2026-03-04T12:00:00Z"}, {"noon"}),
        ({"issued_from": "2026-03-04T12:00:00.001Z", "issued_to": "2026-03-04"}, {"the last millisecond"}),
        ({"issued_from": "2026-03-04", "issued_to": "2026-03-04T11:59:59.999Z"}, {"midnight"}),
        ({"issued_to": "2026-03-04T00:00:00Z"}, {"the evening before", "midnight"}),
        ({"issued_from": "2026-03-05T00:00:00Z"}, {"the midnight after"}),
        ({"issued_from": "2026-03-04T13:00:00+01:00", "issued_to": "2026-03-04T13:00:00+01:00"}, {"noon"}),
    ],
)
def test_days_are_utc_and_both_ends_are_included(
    service: Service, story: Story, query: dict[str, str], found: set[str]
) -> None:
    names = {}
    for number, (name, at) in enumerate(TIMES.items()):
        record = issue(enrolled(story.id(f"e{number}"), story.id(f"p{number}"), story.company), at)
        names[record.certificate_id] = name
    assert {names[item["certificate_id"]] for item in story.certificates(**query)} == found


@pytest.mark.parametrize(
    "query",
    [
        {"issued_from": "2026-03-05", "issued_to": "2026-03-04"},
        {"issued_from": "2026-03-04T12:00:00.001Z", "issued_to": "2026-03-04T12:00:00Z"},
        {"issued_from": "2026-03-04T00:00:00"},
        {"issued_from": "4 March"},
        {"issued_to": "2026-02-30"},
    ],
)
def test_reversed_and_unreadable_days_are_refused_and_named(
    service: Service, story: Story, query: dict[str, str]
) -> None:
    path, claims = f"/v1/companies/{story.company}/certificates", story.claims("admin", "company-admin")
    status, problem = service.get(path, claims, **query)
    assert (status, problem["type"]) == (400, "urn:earned:problem:bad-request")
    assert next(iter(query)) in problem["detail"]


def test_certificates_are_narrowed_to_exactly_one_training_and_one_account(service: Service, story: Story) -> None:
    for account, training in (("ada", "a"), ("ada", "b"), ("bea", "a")):
        issue(enrolled(story.id(f"{account}-{training}"), story.id(account), story.company, story.id(training)))

    def found(**query: str) -> set[tuple[str, str]]:
        return {(item["account_id"], item["training"]["id"]) for item in story.certificates(**query)}

    ada_a, ada_b, bea_a = ((story.id(who), story.id(what)) for who, what in (("ada", "a"), ("ada", "b"), ("bea", "a")))
    assert found() == {ada_a, ada_b, bea_a}
    assert found(account_id=story.id("ada")) == {ada_a, ada_b}
    assert found(training_id=story.id("a")) == {ada_a, bea_a}
    assert found(account_id=story.id("ada"), training_id=story.id("a")) == {ada_a}
    assert found(account_id=story.id("bea"), training_id=story.id("b")) == set()
