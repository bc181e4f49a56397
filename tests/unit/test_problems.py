"""Problems as exceptions and as bodies."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from earned.api.problems import BadRequest, MissingSubject, Problem


@contextmanager
def manager() -> Iterator[None]:
    yield


@pytest.mark.parametrize("problem", Problem.__subclasses__())
def test_a_problem_propagates_out_of_a_context_manager(problem: type[Problem]):
    with pytest.raises(problem), manager():
        raise problem


def test_a_detail_of_one_problem_changes_no_other():
    assert BadRequest("limit: too large").body["detail"] == "limit: too large"
    assert BadRequest().body["detail"] == BadRequest.detail


def test_a_body_has_the_members_of_problem_details():
    assert MissingSubject().body == {
        "type": "urn:earned:problem:bad-request",
        "title": "Bad request",
        "status": 400,
        "detail": "A diagnosis needs `email` or `account_id`. Send one of them.",
    }
