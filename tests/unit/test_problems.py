"""Problems are exceptions of their own for each request."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from earned.api.problems import BadRequest, MissingSubject, NotFound, Problem


@contextmanager
def manager() -> Iterator[None]:
    yield


@pytest.mark.parametrize("problem", Problem.__subclasses__())
def test_a_problem_leaves_a_context_manager_as_it_is(problem: type[Problem]) -> None:
    with pytest.raises(problem), manager():
        raise problem


def test_a_raised_problem_holds_nothing_of_an_earlier_request() -> None:
    with pytest.raises(NotFound) as first:
        raise NotFound
    with pytest.raises(NotFound) as second:
        raise NotFound

    assert first.value is not second.value
    assert second.value.__traceback__ is not None
    assert second.value.__traceback__.tb_next is None
    assert second.value.__context__ is None


def test_a_problem_of_its_own_detail_leaves_the_others_as_they_are() -> None:
    assert BadRequest("limit: too large").body["detail"] == "limit: too large"
    assert BadRequest().body["detail"] == BadRequest.detail


def test_a_body_has_the_members_of_problem_details() -> None:
    assert MissingSubject().body == {
        "type": "urn:earned:problem:bad-request",
        "title": "Bad request",
        "status": 400,
        "detail": "A diagnosis needs `email` or `account_id`. Send one of them.",
    }
