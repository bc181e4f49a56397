"""Settings from the environment; messages between functions; names of documents."""

import re
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.aws.settings import MissingSettings, from_environment
from earned.domain import file_names
from earned.messages import requests
from tests.unit.builders import completion, issue

PRINTED = replace(issue().printed, title="Safe lifting", holder="Ilse Brandvold", completed_on=date(2026, 3, 2))


@dataclass(frozen=True)
class Wanted:
    records_table: str
    queue_url: str
    stage: str = "prod"


def test_settings_come_from_upper_case_variables_of_the_same_names():
    environment = {"RECORDS_TABLE": "records", "QUEUE_URL": "https://queue.example", "OTHER": "x", "STAGE": "dev"}

    assert from_environment(Wanted, environment) == Wanted("records", "https://queue.example", "dev")


def test_a_setting_with_a_default_may_be_absent_or_empty():
    needed = {"RECORDS_TABLE": "records", "QUEUE_URL": "q"}

    assert from_environment(Wanted, needed).stage == from_environment(Wanted, {**needed, "STAGE": ""}).stage == "prod"


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({}, "QUEUE_URL, RECORDS_TABLE"),
        ({"RECORDS_TABLE": "records"}, "QUEUE_URL"),
        ({"RECORDS_TABLE": "", "QUEUE_URL": "q"}, "RECORDS_TABLE"),
        ({"records_table": "records", "QUEUE_URL": "q"}, "RECORDS_TABLE"),
    ],
)
def test_all_missing_settings_are_named_at_once(environment: dict[str, str], missing: str):
    with pytest.raises(MissingSettings, match=rf"Wanted needs the environment variables {missing}$"):
        from_environment(Wanted, environment)


# Messages between functions.


def test_a_generation_request_comes_back_as_it_was_sent_and_is_grouped_by_company_else_by_account():
    ours = requests.generation_message(completion(company_id="company-1"))
    request = requests.read_generation(ours.body)

    assert (request.enrollment_id, request.account_id) == ("enrollment-1", "account-1")
    assert (request.training_id, request.company_id) == ("course-1", "company-1")
    assert ours.group == "company-1"
    assert requests.generation_message(completion(company_id=None)).group == "account-1"


def test_a_generation_request_says_what_it_is_for():
    plain = requests.read_generation(requests.generation_message(completion()).body)
    asked = requests.generation_message(completion(), purpose=requests.Purpose.REISSUE, reason="new name", since=7)
    request = requests.read_generation(asked.body)

    assert (plain.purpose, plain.reason, plain.since) == ("settle", None, None)
    assert (request.purpose, request.reason, request.since) == ("reissue", "new name", 7)


def test_two_generation_requests_for_the_same_enrollment_can_be_told_apart():
    first, second = (requests.read_generation(requests.generation_message(completion()).body) for _ in range(2))

    assert first.request != second.request
    assert replace(first, request=second.request) == second


@pytest.mark.parametrize(
    "request_",
    [
        requests.EnrollmentsChanged((("enrollment-1", "account-1"), ("enrollment-2", "account-2"))),
        requests.EnrollmentsChanged(()),
        requests.TrainingChanged("course-1"),
        requests.TrainingChanged("course-1", after=("enrollment-1", "account-1")),
        requests.AccountChanged("account-1"),
        requests.AccountChanged("account-1", after=("enrollment-1", "account-1")),
    ],
)
def test_an_evaluation_request_comes_back_as_it_was_sent(request_: requests.EvaluationRequest):
    assert requests.read_evaluation(requests.evaluation_message(request_, "group-1").body) == request_


def test_an_evaluation_request_may_be_delayed():
    later = requests.evaluation_message(requests.TrainingChanged("course-1"), "group-1", delay_seconds=30)

    assert (later.group, later.delay_seconds) == ("group-1", 30)


NOT_OURS = ["", "{", "null", "[]", "{}", '"x"', '{"after": 1}', '{"enrollment_id": "e", "account_id": 7}']


@pytest.mark.parametrize("body", NOT_OURS)
def test_what_none_of_our_functions_sent_is_not_ours(body: str):
    for reader in (requests.read_generation, requests.read_evaluation):
        with pytest.raises(requests.UnknownMessage):
            reader(body)


@given(st.text())
def test_no_text_makes_reading_a_message_fail_in_another_way(body: str):
    for reader in (requests.read_generation, requests.read_evaluation):
        with pytest.raises(requests.UnknownMessage):
            reader(body)


# Names of documents.


@pytest.mark.parametrize(
    ("title", "holder", "expected"),
    [
        ("Safe lifting", "Ilse Brandvold", "Safe lifting - Ilse Brandvold - 2026-03-02.pdf"),
        ("Fire/Safety: \\part* ?2", 'Ilse "Il" <B>|', "Fire Safety part 2 - Ilse Il B - 2026-03-02.pdf"),
        ("Line\r\nSet-Cookie: x", "Il\u202ese\u200b\u0000", "Line Set-Cookie x - Il se - 2026-03-02.pdf"),
        ("安全培训", "Ægir Þórsson", "安全培训 - Ægir Þórsson - 2026-03-02.pdf"),
    ],
)
def test_a_file_name_is_readable_and_has_nothing_that_file_systems_refuse(title: str, holder: str, expected: str):
    assert file_names.file_name(replace(PRINTED, title=title, holder=holder)) == expected


ANY_TEXT = st.text(st.characters(), max_size=150)


@given(ANY_TEXT, ANY_TEXT)
def test_any_title_and_holder_make_a_short_file_name_without_controls(title: str, holder: str):
    name = file_names.file_name(replace(PRINTED, title=title, holder=holder))

    assert name.endswith(".pdf")
    assert len(name.encode()) <= 255  # what file systems take
    assert name.isprintable()
    assert not set(name) & set('\\/:*?"<>|')
    assert not name.removesuffix(".pdf").endswith((" ", "."))


@given(ANY_TEXT, ANY_TEXT)
def test_any_title_and_holder_make_a_header_of_plain_characters_that_gives_the_name_back(title: str, holder: str):
    name = file_names.file_name(replace(PRINTED, title=title, holder=holder))
    header = file_names.attachment(name)
    parts = re.fullmatch(r"""attachment; filename="[ -~]+"; filename\*=UTF-8''([!-~]+)""", header)

    assert parts is not None
    assert header.count('"') == 2
    assert unquote(parts[1], errors="strict") == name


def test_the_longest_title_and_holder_make_a_file_name_that_file_systems_take():
    name = file_names.file_name(replace(PRINTED, title="安" * 500, holder="\U0001d49c" * 200))

    assert len(name.encode()) <= 255
    assert name.endswith("\U0001d49c - 2026-03-02.pdf")


def test_a_title_of_nothing_but_what_file_systems_refuse_leaves_no_hole_in_the_file_name():
    assert file_names.file_name(replace(PRINTED, title="???")) == "Ilse Brandvold - 2026-03-02.pdf"


def test_a_long_title_does_not_push_the_holder_and_the_day_out_of_the_file_name():
    name = file_names.file_name(replace(PRINTED, title="Advanced lifting of very heavy things " * 5))

    assert "Ilse Brandvold" in name
    assert name.endswith("2026-03-02.pdf")
