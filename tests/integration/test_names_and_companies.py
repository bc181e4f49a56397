"""A person with enrollments at two companies, and a person whose name is corrected: what each place says."""

from typing import Any

import pytest

from earned.aws.dynamodb import enrollments
from earned.testing.service import Service
from tests.integration.issued_records import issue
from tests.integration.pdf_text import pages
from tools.story import NOON, Story, cloud_event

SUPPORT = {"sub": "sup-1", "role": "support"}


@pytest.fixture
def of_two(service: Service, story: Story) -> Story:
    """Ada has a certificate at each of two companies."""
    story.save_account("ada")
    for company in companies(story):
        story.enroll("ada", enrollment_id=enrollment_at(story, company), company_id=company)
    service.settle()
    for company in companies(story):
        record = enrollments.get_record(enrollment_at(story, company))
        assert record is not None
        issue(record)
    return story


def companies(story: Story) -> tuple[str, str]:
    return story.company, story.id("other")


def enrollment_at(story: Story, company: str) -> str:
    return f"enr.{company}"


def seen_by(story: Story, company: str, path: str) -> list[Any]:
    """What the admin of a company sees of it."""
    status, page = story.service.get(f"/v1/companies/{company}/{path}", story.claims("admin", "company-admin", company))
    assert status == 200
    items: list[Any] = page["items"]
    return items


def test_each_company_sees_its_own_enrollment_and_certificate_and_no_other(of_two: Story) -> None:
    for company in companies(of_two):
        mine = {enrollment_at(of_two, company)}
        assert {item["enrollment_id"] for item in seen_by(of_two, company, "enrollments")} == mine
        assert {item["enrollment_id"] for item in seen_by(of_two, company, "certificates")} == mine


def test_an_admin_opens_nothing_of_the_other_company(of_two: Story) -> None:
    ours, theirs = companies(of_two)
    [certificate] = seen_by(of_two, theirs, "certificates")
    claims = of_two.claims("admin", "company-admin", ours)
    nothing = of_two.service.ask("GET", "/v1/nothing", claims)
    for path in (
        f"/v1/enrollments/{enrollment_at(of_two, theirs)}",
        f"/v1/certificates/{certificate['certificate_id']}/download",
        f"/v1/companies/{theirs}/enrollments",
        f"/v1/companies/{theirs}/certificates",
    ):
        assert of_two.service.ask("GET", path, claims) == nothing


def test_the_person_and_support_see_both(of_two: Story) -> None:
    both = {enrollment_at(of_two, company) for company in companies(of_two)}
    _, own = of_two.service.get("/v1/enrollments", of_two.claims("ada"))
    _, found = of_two.service.get("/v1/diagnoses", SUPPORT, account_id=of_two.id("ada"))
    assert {item["enrollment_id"] for item in own["items"]} == both
    assert all("certificate" not in item for item in own["items"])
    assert {item["enrollment"]["enrollment_id"] for item in found["items"]} == both


def test_the_end_of_one_enrollment_leaves_the_other_companys_certificate(of_two: Story) -> None:
    ours, theirs = companies(of_two)
    of_two.service.announcements()
    removed = {"enrollment_id": enrollment_at(of_two, ours), "account_id": of_two.id("ada")}
    of_two.service.post("Directory", cloud_event("enrollment.removed", removed, NOON))
    of_two.service.settle()
    assert [len(seen_by(of_two, company, "certificates")) for company in (ours, theirs)] == [0, 1]
    assert [one["data"]["company_id"] for one in of_two.service.announcements()] == [ours]


def test_the_end_of_the_account_withdraws_both_and_each_company_is_told_of_its_own(of_two: Story) -> None:
    of_two.service.announcements()
    of_two.service.post("Directory", cloud_event("account.removed", {"account_id": of_two.id("ada")}, NOON))
    of_two.service.settle()
    told = {one["data"]["company_id"]: one["data"]["enrollment_id"] for one in of_two.service.announcements()}
    assert told == {company: enrollment_at(of_two, company) for company in companies(of_two)}
    for company in companies(of_two):
        assert seen_by(of_two, company, "enrollments") == seen_by(of_two, company, "certificates") == []


# A corrected name: what is printed keeps the old one until the reissue; what is about the account has the new one.


OLD, NEW = "Ada Sample", "Ada Corrected"
PRINTED = {"certificates", "verification", "file name", "document"}
OF_THE_ACCOUNT = {"enrollment", "company enrollments", "diagnosis", "unmarked people"}


@pytest.fixture
def certified(service: Service, story: Story) -> Story:
    """Ada has a certificate and waits for her mark at a live event."""
    story.directory()
    story.save_account("ada", name=OLD)
    story.enroll("ada")
    story.enroll("ada", story.live_event, enrollment_id=story.id("enr-live"))
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    return story


def rename(story: Story) -> None:
    story.service.post("Directory", cloud_event("account.saved", story.account("ada", name=NEW), NOON))
    story.service.settle()


def names(story: Story, revision: int) -> dict[str, str]:
    """The name that each place has."""
    get, admin = story.service.get, story.claims("admin", "company-admin")
    [certificate] = story.certificates()
    number = certificate["certificate_id"]
    path = f"/v1/enrollments/{story.id('enr-ada')}"
    link = get(f"/v1/certificates/{number}/download", admin)[1]["file_name"]
    document = "".join(pages(story.service.documents()[f"certificates/{number}/{revision}.pdf"]))
    found = get("/v1/diagnoses", SUPPORT, account_id=story.id("ada"), training_id=story.course)[1]["items"][0]
    return {
        "certificates": certificate["holder"],
        "verification": get(f"/verify/{number}", {})[1]["holder"],
        "file name": next(name for name in (OLD, NEW) if name in link),
        "document": next(name for name in (OLD, NEW) if name in document),
        "enrollment": get(path, admin)[1]["holder"],
        "company enrollments": seen_by(story, story.company, "enrollments")[0]["holder"],
        "diagnosis": found["account"]["name"],
        "unmarked people": get(f"/v1/unmarked-attendance/{story.live_event}", SUPPORT)[1]["items"][0]["holder"],
    }


def test_a_corrected_name_is_at_once_where_the_account_is_shown_and_after_the_reissue_on_what_is_printed(
    certified: Story,
) -> None:
    assert set(names(certified, 1).values()) == {OLD}
    rename(certified)
    assert names(certified, 1) == dict.fromkeys(PRINTED, OLD) | dict.fromkeys(OF_THE_ACCOUNT, NEW)
    [certificate] = certified.certificates()
    path = f"/v1/certificates/{certificate['certificate_id']}/reissue"
    assert certified.service.post_to(path, None, SUPPORT)[0] == 202
    certified.service.settle()
    assert set(names(certified, 2).values()) == {NEW}
    older = certified.service.get(f"/verify/{certificate['certificate_id']}", {}, revision="1")[1]
    assert older == {"status": "superseded", "revision": 2}
