"""Messages between functions."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.domain.errors import Rejected
from earned.messages import requests
from tests.unit.builders import completion


def test_a_generation_request_is_read_as_sent_and_grouped_by_company_or_else_account() -> None:
    ours = requests.generation_message(completion(company_id="company-1"))
    request = requests.read_generation(ours.body)

    assert (request.enrollment_id, request.account_id) == ("enrollment-1", "account-1")
    assert (request.training_id, request.company_id) == ("course-1", "company-1")
    assert ours.group == "company-1"
    assert requests.generation_message(completion(company_id=None)).group == "account-1"


def test_a_generation_request_carries_its_purpose_reason_and_time() -> None:
    plain = requests.read_generation(requests.generation_message(completion()).body)
    asked = requests.generation_message(completion(), purpose=requests.Purpose.REISSUE, reason="new name", since=7)
    request = requests.read_generation(asked.body)

    assert (plain.purpose, plain.reason, plain.since) == ("settle", None, None)
    assert (request.purpose, request.reason, request.since) == ("reissue", "new name", 7)


def test_two_generation_requests_for_the_same_enrollment_have_different_ids() -> None:
    first, second = (requests.read_generation(requests.generation_message(completion()).body) for _ in range(2))

    assert first.request != second.request
    assert replace(first, request=second.request) == second


@pytest.mark.parametrize(
    "request_",
    [
        requests.EnrollmentsChanged((("enrollment-1", "account-1"), ("enrollment-2", "account-2"))),
        requests.EnrollmentsChanged(()),
    ],
)
def test_an_evaluation_request_is_read_as_sent(request_: requests.EnrollmentsChanged) -> None:
    assert requests.read_evaluation(requests.evaluation_message(request_, "group-1").body) == request_


def test_an_evaluation_request_may_be_delayed() -> None:
    later = requests.evaluation_message(requests.EnrollmentsChanged(()), "group-1", delay_seconds=30)

    assert (later.group, later.delay_seconds) == ("group-1", 30)


@pytest.mark.parametrize("change", [requests.TrainingChanged("course-1"), requests.AccountChanged("account-1")])
def test_a_change_is_read_as_sent(change: requests.Change) -> None:
    assert requests.read_change(requests.change_message(change, "group-1").body) == change


NOT_OURS = ["", "{", "null", "[]", "{}", '"x"', '{"after": 1}', '{"enrollment_id": "e", "account_id": 7}']


@pytest.mark.parametrize("body", NOT_OURS)
def test_a_malformed_message_raises_unknown_message(body: str) -> None:
    for reader in (requests.read_generation, requests.read_change, requests.read_evaluation):
        with pytest.raises(Rejected):
            reader(body)


@given(st.text())
def test_every_arbitrary_text_raises_unknown_message(body: str) -> None:
    for reader in (requests.read_generation, requests.read_change, requests.read_evaluation):
        with pytest.raises(Rejected):
            reader(body)
