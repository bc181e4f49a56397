"""Every list, walked with each page size, is the list itself: nothing twice, nothing left out."""

from datetime import timedelta
from typing import Any

import pytest

from earned.testing.service import Service
from tests.integration.issued_records import enrolled, issue
from tools.story import NOON, Story

PEOPLE = 3
SUPPORT = {"sub": "sup-1", "role": "support"}


@pytest.fixture
def crowd(service: Service, story: Story) -> Story:
    """Three people of a company, each in the live event and with a certificate; Ada is also in two companies."""
    story.directory()
    for number in range(PEOPLE):
        account = f"p{number}"
        story.save_account(account, email=f"all.{story.tag}@example.com")
        story.enroll(account, story.live_event, enrollment_id=story.id(f"live-{number}"))
        issue(enrolled(story.id(f"course-{number}"), story.id(account), story.company, story.course))
    story.save_account("ada", "individual", email=f"ada.{story.tag}@example.com")
    for number, company in enumerate([None, story.company, story.id("other"), None]):
        issue(enrolled(story.id(f"ada-{number}"), story.id("ada"), company, story.course))
        more = {"company_id": company} if company else {}
        story.enroll("ada", story.course, enrollment_id=story.id(f"ada-{number}"), **more)
    service.settle()
    return story


def lists(story: Story) -> dict[str, tuple[str, dict[str, str], dict[str, str], str, int]]:
    """Each list: path, claims, query, the field that identifies an item, and the number of items."""
    admin, ada = story.claims("admin", "company-admin"), story.claims("ada", "individual")
    company, all_of_them = f"/v1/companies/{story.company}", {"email": f"all.{story.tag}@example.com"}
    return {
        "company enrollments": (f"{company}/enrollments", admin, {}, "enrollment_id", 2 * PEOPLE + 1),
        "narrowed": (f"{company}/enrollments", admin, {"training_id": story.course}, "enrollment_id", PEOPLE + 1),
        "of one account": (f"{company}/enrollments", admin, {"account_id": story.id("p1")}, "enrollment_id", 2),
        "company certificates": (f"{company}/certificates", admin, {}, "certificate_id", PEOPLE + 1),
        "own enrollments": ("/v1/enrollments", ada, {}, "enrollment_id", 4),
        "own certificates": ("/v1/certificates", ada, {}, "certificate_id", 2),
        "unmarked people": (f"/v1/unmarked-attendance/{story.live_event}", SUPPORT, {}, "enrollment_id", PEOPLE),
        "diagnoses of an account": ("/v1/diagnoses", SUPPORT, {"account_id": story.id("ada")}, "", 4),
        "diagnoses of an address": ("/v1/diagnoses", SUPPORT, all_of_them, "", 2 * PEOPLE),
    }


def walked(service: Service, path: str, claims: dict[str, str], query: dict[str, str], limit: int) -> list[Any]:
    """The items of all pages, each of which keeps its limit."""
    items: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        status, page = service.get(path, claims, **query, **cursor, limit=str(limit))
        assert status == 200, page
        assert len(page["items"]) <= limit
        items += page["items"]
        if "next_cursor" not in page:
            return items
        cursor = {"cursor": page["next_cursor"]}


NAMES = [
    "company enrollments",
    "narrowed",
    "of one account",
    "company certificates",
    "own enrollments",
    "own certificates",
    "unmarked people",
    "diagnoses of an account",
    "diagnoses of an address",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_list_is_the_same_whatever_the_size_of_its_pages(crowd: Story, name: str) -> None:
    path, claims, query, field, number = lists(crowd)[name]
    largest = 20 if name.startswith("diagnoses") else 100
    everything = walked(crowd.service, path, claims, query, largest)
    identities = [item[field] if field else item["enrollment"]["enrollment_id"] for item in everything]
    assert len(set(identities)) == len(identities) == number
    every_size = range(1, largest + 1) if name == "own certificates" else {*range(1, number + 2), largest - 1, largest}
    for limit in every_size:
        found = walked(crowd.service, path, claims, query, limit)
        assert [item[field] if field else item["enrollment"]["enrollment_id"] for item in found] == identities


@pytest.mark.parametrize("limit", ["0", "-1", "101", "1.5", "many", ""])
def test_a_page_size_outside_1_to_100_is_refused_and_named(service: Service, story: Story, limit: str) -> None:
    for path, claims in (("/v1/enrollments", story.claims("ada", "individual")), ("/v1/support-requests", SUPPORT)):
        status, problem = service.get(path, claims, limit=limit)
        assert (status, problem["type"]) == (400, "urn:earned:problem:bad-request")
        assert "limit" in problem["detail"]


def test_events_and_requests_for_support_are_the_same_whatever_the_size_of_their_pages(
    service: Service, story: Story
) -> None:
    for number in range(4):
        story.live_event = story.id(f"event-{number}")
        story.schedule(NOON - timedelta(days=1, hours=number % 2))
        story.save_account(f"p{number}")
        story.enroll(f"p{number}", story.live_event)
        service.post_to("/v1/support-requests", {"name": f"P{number}", "email": "a@example.com", "training": "x"})
    service.settle()
    for path, field in (("/v1/unmarked-attendance", "live_event_id"), ("/v1/support-requests", "request_id")):
        identities = [item[field] for item in walked(service, path, SUPPORT, {}, 100)]
        assert len(set(identities)) == 4
        for limit in (1, 2, 3, 4, 5):
            assert [item[field] for item in walked(service, path, SUPPORT, {}, limit)] == identities


def test_a_page_reads_ten_times_its_limit_and_may_then_be_empty(service: Service, story: Story) -> None:
    trainings = ["other"] * 11 + ["wanted"]
    for number, training in enumerate(trainings):
        enrolled(story.id(f"e-{number:02}"), story.id("ada"), story.company, story.id(training))
    path, claims = f"/v1/companies/{story.company}/enrollments", story.claims("admin", "company-admin")
    query = {"training_id": story.id("wanted"), "limit": "1"}
    _, first = service.get(path, claims, **query)
    assert first["items"] == []
    _, second = service.get(path, claims, **query, cursor=first["next_cursor"])
    assert [item["enrollment_id"] for item in second["items"]] == [story.id("e-11")]
    assert "next_cursor" in second
    assert service.get(path, claims, **query, cursor=second["next_cursor"]) == (200, {"items": []})


def test_a_page_that_is_larger_than_the_list_is_its_last(service: Service, story: Story) -> None:
    for number in range(3):
        enrolled(story.id(f"e-{number}"), story.id("ada"), story.company, story.id("course"))
    path, claims = f"/v1/companies/{story.company}/enrollments", story.claims("admin", "company-admin")
    assert len(walked(service, path, claims, {}, 3)) == 3
    assert "next_cursor" not in service.get(path, claims, limit="4")[1]
