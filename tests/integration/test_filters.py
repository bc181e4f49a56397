"""Filters of a company's lists: the same items on pages of any size, cursors bound to them, and what a page costs."""

from collections import Counter
from typing import Any

import pytest

from earned.testing.service import Service
from tools.batched import batched
from tools.costs.ledger import counting
from tools.costs.scenario import Scenario
from tools.story import Story

FILTERS: list[dict[str, str]] = [
    {},
    {"status": "completed"},
    {"status": "in-progress"},
    {"who": "learner"},
    {"who": "support"},
    {"training_id": "{course}"},
    {"training_id": "elsewhere"},
    {"account_id": "{ada}"},
    {"account_id": "{ada}", "training_id": "{course}", "status": "completed"},
]
CERTIFICATE_FILTERS: list[dict[str, str]] = [
    {"training_id": "{course}"},
    {"account_id": "{ada}"},
    {"issued_from": "2020-01-01", "issued_to": "2999-12-31"},
]


@pytest.fixture
def many(service: Service, story: Story) -> Story:
    """Fourteen enrollments of seven people in two trainings; every third is complete, one account is unknown."""
    story.directory()
    story.publish(1, course_id=story.id("second"))
    people = ["ada", "ada-2", *(f"person-{number}" for number in range(5))]
    for person in people[:-1]:
        story.save_account(person)
    for person in people:
        for number, course in enumerate((story.course, story.id("second"))):
            story.enroll(person, course, enrollment_id=story.id(f"{person}-{number}"), company_id=story.company)
    service.settle()
    for person in people[::3]:
        done = story.do(person, "read", "watch", "quiz")
        service.post(
            "Progress", *({**one, "data": one["data"] | {"enrollment_id": story.id(f"{person}-0")}} for one in done)
        )
    service.settle()
    return story


def filled(story: Story, filters: dict[str, str]) -> dict[str, str]:
    return {name: value.format(course=story.course, ada=story.id("ada")) for name, value in filters.items()}


def everything(story: Story, of: str, **query: str) -> list[dict[str, Any]]:
    """The items of all pages."""
    path, claims = f"/v1/companies/{story.company}/{of}", story.claims("admin", "company-admin")
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        status, page = story.service.get(path, claims, **query, **cursor)
        assert status == 200
        assert len(page["items"]) <= int(query["limit"])
        found += [{name: value for name, value in item.items() if name != "as_of"} for item in page["items"]]
        if "next_cursor" not in page:
            return found
        cursor = {"cursor": page["next_cursor"]}


def matches(item: dict[str, Any], filters: dict[str, str]) -> bool:
    """The filters once more, over an item of the whole list."""
    said = {"training_id": item["training"]["id"], "account_id": item["account_id"], "status": item["status"]}
    who = {one["who"] for one in item["outstanding"]}
    return all(value in who if name == "who" else said[name] == value for name, value in filters.items())


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_pages_of_any_size_have_the_items_of_the_whole_list_that_match(many: Story, filters: dict[str, str]) -> None:
    wanted = filled(many, filters)
    whole = everything(many, "enrollments", limit="100")
    expected = [item for item in whole if matches(item, wanted)]
    assert len(whole) == 14
    assert expected or filters == {"training_id": "elsewhere"}
    for limit in (*range(1, 16), 50, 99, 100):
        assert everything(many, "enrollments", limit=str(limit), **wanted) == expected


@pytest.mark.parametrize("filters", CERTIFICATE_FILTERS, ids=str)
def test_pages_of_certificates_of_any_size_have_what_matches(many: Story, filters: dict[str, str]) -> None:
    wanted = filled(many, filters)
    whole = everything(many, "certificates", limit="100")
    expected = [item for item in whole if wanted.get("account_id") in {None, item["account_id"]}]
    assert 0 < len(expected) <= len(whole) == 2
    for limit in (1, 2, 3, 100):
        assert everything(many, "certificates", limit=str(limit), **wanted) == expected


@pytest.mark.parametrize("of", ["enrollments", "certificates"])
def test_a_cursor_is_bound_to_the_filters_that_it_came_with(many: Story, of: str) -> None:
    path, claims = f"/v1/companies/{many.company}/{of}", many.claims("admin", "company-admin")
    with_course = {"training_id": many.course}
    cursor = many.service.get(path, claims, limit="1", **with_course)[1]["next_cursor"]
    assert many.service.get(path, claims, limit="2", cursor=cursor, **with_course)[0] == 200
    for other in ({}, {"training_id": many.id("second")}, with_course | {"account_id": many.id("ada")}):
        status, problem = many.service.get(path, claims, cursor=cursor, **other)
        assert (status, problem["type"]) == (400, "urn:earned:problem:garbled-cursor")


def test_a_page_of_one_account_is_four_requests_however_many_people_the_company_has(service: Service) -> None:
    scene = Scenario(service, 5, seed="filters")
    for batch in batched(scene.join(40), 10):
        scene.invoke("record_directory", batch)
    wanted = scene.people[20]["account_id"]
    with counting() as ledger:
        _, page = service.get(f"/v1/companies/{scene.company}/enrollments", scene.admin, account_id=wanted)
    assert [item["account_id"] for item in page["items"]] == [wanted]
    assert Counter(ledger.operations) == {"dynamodb.Query": 1, "dynamodb.BatchGetItem": 3}
    assert ledger.read_units == 5.5  # viewer, record, training, account and company, and half a unit for the index


def test_a_page_reads_the_directory_only_for_enrollments_in_the_training(service: Service) -> None:
    scene = Scenario(service, 5, seed="training")
    for batch in batched(scene.join(40), 10):
        scene.invoke("record_directory", batch)
    with counting() as ledger:
        _, page = service.get(f"/v1/companies/{scene.company}/enrollments", scene.admin, training_id="elsewhere")
    assert page == {"items": []}
    assert Counter(ledger.operations) == {"dynamodb.Query": 1, "dynamodb.BatchGetItem": 2}
