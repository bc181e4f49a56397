"""The people who wait for their attendance mark at one live event."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from earned.testing.service import Service
from tools.story import NOON, Story, cloud_event

ADMINISTRATOR = {"sub": "adm-1", "role": "administrator"}


@pytest.fixture
def attended(service: Service, story: Story) -> Story:
    """Four people are enrolled in an event that has ended: one is marked, one has no account yet."""
    story.directory()
    for person in ("ada", "bob", "cem"):
        story.save_account(person, name=f"{person.title()} Sample")
        story.enroll(person, story.live_event)
    story.enroll("new", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("cem"))
    service.settle()
    return story


def people(story: Story, event: str | None = None, **query: str) -> dict[str, Any]:
    path = f"/v1/unmarked-attendance/{event or story.live_event}"
    status, page = story.service.get(path, ADMINISTRATOR, **query)
    assert status == 200, page
    return page


def test_each_person_who_waits_is_named_with_their_company(attended: Story) -> None:
    page = people(attended)
    assert page == {
        "items": [
            {
                "enrollment_id": attended.id("enr-ada"),
                "account_id": attended.id("ada"),
                "holder": "Ada Sample",
                "company_id": attended.company,
            },
            {
                "enrollment_id": attended.id("enr-bob"),
                "account_id": attended.id("bob"),
                "holder": "Bob Sample",
                "company_id": attended.company,
            },
            {"enrollment_id": attended.id("enr-new"), "account_id": attended.id("new")},
        ]
    }


def test_the_list_has_as_many_people_as_the_list_of_events_counts(attended: Story) -> None:
    _, events = attended.service.get("/v1/unmarked-attendance", ADMINISTRATOR)
    assert [event["waiting"] for event in events["items"]] == [len(people(attended)["items"])]


def test_people_are_read_page_by_page(attended: Story) -> None:
    first = people(attended, limit="2")
    second = people(attended, limit="2", cursor=first["next_cursor"])
    seen = [item["account_id"] for page in (first, second) for item in page["items"]]
    assert seen == [attended.id(person) for person in ("ada", "bob", "new")]
    assert "next_cursor" not in second


def test_a_marked_or_removed_person_does_not_wait(attended: Story) -> None:
    service = attended.service
    service.post("Attendance", attended.mark("ada", "absent"))
    service.post("Directory", cloud_event("enrollment.removed", attended.enrollment_of("bob"), NOON))
    service.settle()
    assert [item["account_id"] for item in people(attended)["items"]] == [attended.id("new")]


def test_nobody_waits_at_a_cancelled_event(attended: Story) -> None:
    data = {"live_event_id": attended.live_event}
    attended.service.post("Directory", cloud_event("live-event.cancelled", data, NOON))
    attended.service.settle()
    assert people(attended) == {"items": []}


def test_nobody_waits_before_the_event_has_ended(service: Service, story: Story) -> None:
    story.schedule(datetime.now(UTC) + timedelta(days=1))
    story.enroll("ada", story.live_event)
    service.settle()
    assert people(story) == {"items": []}


@pytest.mark.parametrize("event", ["unknown", "course"])
def test_only_a_live_event_has_people_who_wait(attended: Story, event: str) -> None:
    path = f"/v1/unmarked-attendance/{attended.course if event == 'course' else event}"
    assert attended.service.get(path, ADMINISTRATOR)[0] == 404


@pytest.mark.parametrize("role", ["individual", "employee", "company-admin"])
def test_only_administrators_and_support_see_who_waits(attended: Story, role: str) -> None:
    path = f"/v1/unmarked-attendance/{attended.live_event}"
    assert attended.service.get(path, attended.claims("viewer", role))[0] == 404
