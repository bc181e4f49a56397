"""The keys of each list, read from the store a few at a time: every key once, in one order, and no other list's."""

from collections.abc import Callable
from typing import Any

import pytest

from earned.api.paging import EnrollmentList, account_list, accounts_list, company_list, training_list
from earned.aws.dynamodb import people
from earned.domain.enrollment import EnrollmentKey
from earned.domain.people import Account, Role
from earned.domain.stamps import Stamp
from earned.testing.service import Service
from tests.integration.issued_records import enrolled
from tests.integration.wire_faults import count_requests
from tools.story import NOON

ENROLLED = {
    "ann": [("co-1", "t-1"), ("co-1", "t-2"), ("co-2", "t-1")],
    "ben": [],
    "cem": [("co-1", "t-1"), ("co-2", "t-2")],
    "dee": [("co-2", "t-2")],
}


@pytest.fixture
def keys(service: Service) -> list[EnrollmentKey]:
    """The keys of all enrollments by account and number: two companies, two trainings, and Ben without any."""
    found = []
    for account, enrollments in ENROLLED.items():
        for company in ("co-1", "co-2"):
            saved = Account(account, Role.EMPLOYEE, "Ada Sample", "ada@example.com", company)
            people.save_account(saved, Stamp(NOON.replace(hour=int(company[-1]))))
        for number, (company, training) in enumerate(enrollments):
            found.append(enrolled(f"{account}-{number}", account, company, training).key)
    return found


def walked(listed: EnrollmentList, limit: int) -> list[EnrollmentKey]:
    found: list[EnrollmentKey] = []
    while page := listed.fetch(found[-1] if found else None, limit):
        assert len(page) <= limit
        found += page
    return found


@pytest.mark.parametrize(
    ("make", "arguments", "names"),
    [
        (account_list, ["ann"], ["ann-0", "ann-1", "ann-2"]),
        (account_list, ["ben"], []),
        (accounts_list, [["cem", "ben", "ann"]], ["ann-0", "ann-1", "ann-2", "cem-0", "cem-1"]),
        (company_list, ["co-1", {}], ["ann-0", "ann-1", "cem-0"]),
        (company_list, ["co-2", {"who": "learner", "account_id": "cem"}], ["cem-1"]),
        (company_list, ["co-1", {"account_id": "dee"}], []),
        (training_list, ["t-2"], ["ann-1", "cem-1", "dee-0"]),
    ],
)
def test_the_keys_of_a_list_are_the_same_however_few_are_read_at_a_time(
    keys: list[EnrollmentKey], make: Callable[..., EnrollmentList], arguments: list[Any], names: list[str]
) -> None:
    expected = [key for key in keys if key.enrollment_id in names]
    for limit in (1, 2, 3, 4, 9):
        assert walked(make("x", *arguments), limit) == expected


def test_a_page_that_is_full_asks_no_further_account(keys: list[EnrollmentKey]) -> None:
    with count_requests() as of_one:
        account_list("x", "ann").fetch(None, 3)
    with count_requests() as of_several:
        assert len(accounts_list("x", ["ann", "cem", "dee"]).fetch(None, 3)) == 3
    assert of_several == of_one


def test_the_accounts_before_the_last_one_of_the_page_before_are_not_asked_again(keys: list[EnrollmentKey]) -> None:
    last = next(key for key in keys if key.enrollment_id == "cem-1")
    with count_requests() as of_one:
        account_list("x", "cem").fetch(last, 3)
    with count_requests() as of_several:
        assert accounts_list("x", ["ann", "ben", "cem"]).fetch(last, 3) == []
    assert of_several == of_one
