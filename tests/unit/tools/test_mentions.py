"""What is of one person in a message, and what is a namesake's, a company's or nobody's."""

import json

import pytest

from tools.operations.mentions import Person

ADA = Person("acc-1", "ada@example.com", frozenset({"Ada Żółć-Sample", "Li"}))


@pytest.mark.parametrize(
    "text",
    [
        "Dear Ada Żółć-Sample,",
        "Dear ADA ŻÓŁĆ-SAMPLE,",
        "Ada Z\u0307o\u0301łc\u0301-Sample",  # the same letters, taken apart
        json.dumps("Ada Żółć-Sample\nBerlin"),
        json.dumps("\nAda Żółć-Sample"),
        "<Ada@Example.com>",
        "write to ada@example.com.",
        "李 is Li",
        r'"\ud83d\ude00 Li"',
        r'"half a character \ud83d and Li"',
    ],
)
def test_a_name_or_address_is_found_in_any_case_unicode_form_and_escape(text: str) -> None:
    assert ADA.is_in(text)


@pytest.mark.parametrize(
    "text", ["client", "Lilian", "nada@example.com", "ada@example.com.au", "o.ada@example.com", "Ada Sample", ""]
)
def test_longer_words_that_contain_a_name_are_not_found(text: str) -> None:
    assert not ADA.is_in(text)


@pytest.mark.parametrize("name", ["name", "email", "reason"])
def test_a_message_about_the_account_is_deleted_if_it_identifies_the_person(name: str) -> None:
    assert ADA.owns(json.dumps({"type": "any", "data": {"account_id": "acc-1", name: "somebody else by now"}}))
    assert ADA.owns(json.dumps({"account_id": "acc-1", name: "somebody else by now"}))


def test_a_message_about_the_account_with_only_ids_stays() -> None:
    assert not ADA.owns(json.dumps({"enrollment_id": "enr-1", "account_id": "acc-1", "reason": None}))
    assert not ADA.owns(json.dumps({"type": "any", "data": {"enrollment_id": "enr-1", "account_id": "acc-1"}}))


@pytest.mark.parametrize(
    "about",
    [
        {"account_id": "acc-2", "name": "Ada Żółć-Sample", "email": "ada@example.com"},
        {"company_id": "acc-1", "name": "Ada Żółć-Sample"},
        {"account_id": "acc-2", "marked_by": {"account_id": "acc-1", "name": "Li"}},
        {"enrollments": [["enr-1", "Li"]]},
    ],
)
def test_a_message_about_a_namesake_a_company_or_another_learner_stays(about: dict[str, object]) -> None:
    assert not ADA.owns(json.dumps({"type": "any", "data": about}))


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "Li"}',
        '{"account_id": 1, "name": "Li"}',
        '{"account_id": "acc-1", "name": "Some',
        '["ada@example.com"]',
        '{"data": "for acc-1"}',
    ],
)
def test_a_message_without_a_subject_is_deleted_if_it_names_the_person(body: str) -> None:
    assert ADA.owns(body)


@pytest.mark.parametrize("body", ["", "acc-12", "[" * 100_000, '{"name": "Bea"}', '{"data": "for acc-12"}'])
def test_a_message_without_a_subject_that_does_not_name_the_person_stays(body: str) -> None:
    assert not ADA.owns(body)


def test_a_person_without_name_and_address_is_found_in_no_text() -> None:
    assert not Person("acc-1").is_in("anything")
