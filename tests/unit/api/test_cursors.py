"""Cursors: opaque, of one list, and refused when they are anything else."""

import json
from base64 import urlsafe_b64encode

import pytest
from pydantic import TypeAdapter

from earned.api.paging import Cursors, EnrollmentPosition, account_list, company_list, training_list
from earned.api.problems import InvalidCursor
from earned.api.support import CURSORS as REQUEST_CURSORS

POSITION = EnrollmentPosition("enr-1", "acc-1")
LIST = company_list("enrollments", "co-1", {}).cursors


def encoded(content: object) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize("length", range(1, 9))
def test_a_position_comes_back_from_its_cursor_which_needs_no_escaping(length: int) -> None:
    position = EnrollmentPosition("e" * length, "a:b.c_d-e")
    cursor = LIST.encode(position)
    assert LIST.decode(cursor) == position
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_a_cursor_needs_no_escaping_whatever_it_contains() -> None:
    texts = Cursors("texts", TypeAdapter(tuple[str, str]))
    cursors = {text: texts.encode(text) for text in ("??>", "?>~", ">~?", "~~~")}
    assert {cursor: texts.decode(cursor) for cursor in cursors.values()} == {one: text for text, one in cursors.items()}
    assert not set("+/=") & set("".join(cursors.values()))


def test_the_first_page_has_no_cursor() -> None:
    assert LIST.decode(None) is None


def test_a_list_takes_its_own_cursor_and_no_other_lists() -> None:
    lists = [
        company_list("enrollments", "co-1", {}),
        company_list("enrollments", "co-2", {}),
        company_list("certificates", "co-1", {}),
        company_list("enrollments", "co-1", {"status": "completed"}),
        company_list("enrollments", "co-1", {"training_id": "completed"}),
        account_list("enrollments", "co-1"),
        training_list("enrollments", "co-1"),
    ]
    for one in lists:
        for other in lists:
            cursor = one.cursors.encode(POSITION)
            if one is other:
                assert other.cursors.decode(cursor) == POSITION
            else:
                with pytest.raises(InvalidCursor):
                    other.cursors.decode(cursor)


def test_a_cursor_that_was_handed_out_is_taken_by_a_later_release() -> None:
    assert LIST.encode(POSITION) == encoded_compactly(["enrollments of company co-1", ["enr-1", "acc-1"]])


def encoded_compactly(content: object) -> str:
    return urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "é",
        "%%%",
        "abc def",
        "e30",
        encoded(None),
        encoded(["enrollments of company co-1"]),
        encoded(["enrollments of company co-1", ["enr-1"]]),
        encoded(["enrollments of company co-1", ["enr 1", "acc-1"]]),
        encoded(["enrollments of company co-1", ["e" * 65, "acc-1"]]),
        encoded(["enrollments of company co-1", ["enr-1", "acc-1", "more"]]),
        encoded(["enrollments of company co-1", [1, 2]]),
        urlsafe_b64encode(b"\xff\xfe").decode(),
        f"{LIST.encode(POSITION)[:8]}!!!!{LIST.encode(POSITION)[8:]}",
    ],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        LIST.decode(cursor)


def test_a_position_among_requests_for_support_is_a_time_and_an_id() -> None:
    position = "2026-03-02T12:00:00.250+00:00#0f0f"
    assert REQUEST_CURSORS.decode(REQUEST_CURSORS.encode(position)) == position
    loose = Cursors("support requests", TypeAdapter(tuple[str, str]))
    for forged in ("Ada Sample", "2026-03-02T12:00:00.250+00:00", "#0f", "x" * 90):
        with pytest.raises(InvalidCursor):
            REQUEST_CURSORS.decode(loose.encode(forged))
