"""The limits of exports: enrollments in one, and exports of a company in an hour."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from earned.aws.dynamodb import exports as export_rows
from earned.domain.exports import MAX_PER_HOUR, Export
from earned.testing.service import Service
from tests.integration.test_exports import admin, ask, ask_for, look, make
from tests.integration.test_exports import company as company  # noqa: PLC0414  # a fixture of this module too
from tests.integration.wire_faults import happening
from tools.story import Story

AT = datetime(2027, 3, 2, 12, 40, 0, 1, tzinfo=UTC)


@pytest.fixture
def asked_at(company: Story) -> list[datetime]:
    """The time of the API, for the test to change."""
    times = [AT]
    company.service.use("serve_api", now=lambda: times[-1])
    return times


def another(story: Story, number: int, claims: dict[str, str] | None = None) -> dict[str, Any]:
    """The answer to a request for an export of one of many trainings."""
    path, body = f"/v1/companies/{story.company}/exports", {"training_id": f"course-{number}"}
    answer: dict[str, Any] = story.service.ask("POST", path, claims or admin(story), body=body)
    return answer


def test_a_company_begins_ten_exports_an_hour_whoever_asks(company: Story, asked_at: list[datetime]) -> None:
    admins = [admin(company), admin(company, "colleague")]
    answers = [another(company, number, admins[number % 2]) for number in range(MAX_PER_HOUR)]
    assert {answer["statusCode"] for answer in answers} == {202}
    refused = another(company, MAX_PER_HOUR, admins[0])
    assert (refused["statusCode"], refused["headers"]["Retry-After"]) == (429, "1200")
    assert json.loads(refused["body"])["type"] == "urn:earned:problem:too-many-exports"
    asked_at.append(AT + timedelta(minutes=20))
    assert another(company, MAX_PER_HOUR, admins[0])["statusCode"] == 202


def test_another_company_has_an_hour_of_its_own(company: Story, asked_at: list[datetime], service: Service) -> None:
    for number in range(MAX_PER_HOUR):
        another(company, number)
    other = Story(service)
    assert ask(other)[0] == 202


def test_the_same_export_asked_for_again_does_not_count(company: Story, asked_at: list[datetime]) -> None:
    for _ in range(3):
        assert ask_for(company)[0] == 202
    answers = [another(company, number)["statusCode"] for number in range(MAX_PER_HOUR)]
    assert answers == [202] * (MAX_PER_HOUR - 1) + [429]


def test_an_export_that_another_request_made_meanwhile_does_not_count(company: Story, asked_at: list[datetime]) -> None:
    def overtaken(_: object) -> None:
        export_rows.add_export(Export(company.company, company.id("admin"), 1, "the-other", AT))

    with happening(overtaken, "PutItem"):
        assert ask(company)[1]["export_id"] == "the-other"
    answers = [another(company, number)["statusCode"] for number in range(MAX_PER_HOUR + 1)]
    assert answers == [202] * MAX_PER_HOUR + [429]


def test_an_export_of_too_many_enrollments_fails_and_says_so(company: Story) -> None:
    company.service.use("export_certificates", max_enrollments=2)
    export_id = ask(company)[1]["export_id"]
    assert company.service.deliver("export_certificates") == [{"batchItemFailures": []}]
    status, found = look(company, export_id)
    assert (status, found["status"], found["reason"], "url" in found) == (200, "failed", "too-many", False)


def test_an_export_of_as_many_enrollments_as_it_may_have_is_made(company: Story) -> None:
    company.service.use("export_certificates", max_enrollments=3)
    assert make(company)["count"] == 3


def test_a_narrower_scope_may_be_asked_for_after_too_many(company: Story) -> None:
    company.service.use("export_certificates", max_enrollments=2)
    ask(company)
    company.service.deliver("export_certificates")
    _, asked = ask_for(company, account_ids=[company.id("ada"), company.id("bea")])
    company.service.deliver("export_certificates")
    assert look(company, asked["export_id"])[1]["count"] == 2
