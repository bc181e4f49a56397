"""Learners, administrators and support."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.browser.visitor import Site, Visitor

Visit = Callable[..., Visitor]


def test_an_employee_reads_what_is_outstanding_first_and_who_holds_what_is_completed(visit: Visit) -> None:
    ada = visit("ada")

    headings = ada.page.get_by_role("heading", level=2)
    expect(headings).to_have_text(["What is outstanding", "What is completed"])
    done = ada.page.get_by_role("region", name="What is completed")
    expect(done.get_by_role("heading", level=3)).to_have_text(["Open Day", "Leading Through Uncertainty"])
    expect(done).to_contain_text("Your company holds the certificate. Ask its administrators for it.")
    expect(ada.page.get_by_role("link", name="Download")).to_have_count(0)
    ada.check()


def test_steps_are_shown_in_the_order_of_the_course_with_the_learner_as_you(visit: Visit) -> None:
    bo = visit("bo")
    card = bo.page.get_by_role("listitem").filter(
        has=bo.page.get_by_role("heading", name="Leading Through Uncertainty")
    )

    expect(card).to_contain_text("no attempts left")
    expect(card).to_contain_text("To act: Support")


def test_an_individual_downloads_the_certificate(visit: Visit) -> None:
    ivy = visit("ivy")

    with ivy.page.expect_download() as started:
        ivy.page.get_by_role("link", name="Download certificate: Leading Through Uncertainty").click()

    assert Path(started.value.path()).read_bytes().startswith(b"%PDF-")
    ivy.check()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Add to LinkedIn profile"),
        ("es", "Añadir al perfil de LinkedIn"),
        ("fr", "Ajouter au profil LinkedIn"),
        ("de", "Zum LinkedIn-Profil hinzufügen"),
        ("ar", "إضافة إلى الملف الشخصي في LinkedIn"),
        ("ja", "LinkedInのプロフィールに追加"),
    ],
)
def test_an_individual_adds_the_certificate_to_a_linkedin_profile(
    visit: Visit, site: Site, language: str, text: str
) -> None:
    ivy = visit("ivy", locale=language)
    link = ivy.page.get_by_role("link", name=f"{text}: Leading Through Uncertainty")
    address = urlsplit(link.get_attribute("href") or "")
    number = site.world["certificates"]["ivy.crs-lead"]
    now = datetime.now(UTC)

    assert (address.scheme, address.netloc, address.path) == ("https", "www.linkedin.com", "/profile/add")
    fields = dict(parse_qsl(address.query))
    verify_url = fields.pop("certUrl")
    assert fields == {
        "startTask": "CERTIFICATION_NAME",
        "name": "Leading Through Uncertainty",
        "organizationName": "Northlight Leadership Academy",
        "issueYear": str(now.year),
        "issueMonth": str(now.month),
        "certId": number,
    }
    assert re.fullmatch(rf"https://[^/]+/verify/{number}\?revision=1", verify_url)
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")
    assert ivy.origins == {site.address, site.issuer}
    ivy.check()


@pytest.mark.parametrize("account", ["ada", "boss"])
def test_nobody_else_gets_a_link_to_linkedin(visit: Visit, account: str) -> None:
    visitor = visit(account)
    expect(visitor.page.get_by_role("heading").first).to_be_visible()
    visitor.page.wait_for_load_state("networkidle")
    expect(visitor.page.locator("a[href*=linkedin]")).to_have_count(0)
    assert "verify_url" not in visitor.received()


def test_an_administrator_sees_ended_events_oldest_first_and_who_waits(visit: Visit) -> None:
    adm = visit("adm")
    expect(adm.page.get_by_role("heading", level=2)).to_have_text(["Safety at Work", "Open Day"])
    adm.sees("Waiting: 8")
    adm.sees("12 days ago")

    adm.page.get_by_role("button", name="Who is waiting: Open Day").click()

    people = adm.page.get_by_role("listitem").filter(has=adm.page.get_by_role("heading", name="Open Day"))
    expect(people).to_contain_text("Ivy Independent")
    expect(people).to_contain_text("Bo Lindqvist (Company: co-1)")
    expect(people).not_to_contain_text("Ada Sample")
    assert "event=evt-open" in adm.page.url
    adm.check()


def test_an_administrator_sees_every_ended_event_of_several_pages(visit: Visit) -> None:
    def pages(route: Route) -> None:
        start = int(dict(parse_qsl(urlsplit(route.request.url).query)).get("cursor") or 0)
        events = [
            {"live_event_id": f"evt-{n}", "title": f"Day {n}", "ended_at": "2026-11-01T17:00:00.000Z", "waiting": 1}
            for n in range(start, min(start + 100, 250))
        ]
        route.fulfill(json={"items": events} | ({"next_cursor": str(start + 100)} if start < 200 else {}))

    adm = visit()
    adm.context.route("**/v1/unmarked-attendance?*", pages)
    adm.sign_in("adm")
    expect(adm.page.get_by_role("heading", level=2)).to_have_text([f"Day {n}" for n in range(250)])


def test_support_picks_a_request_and_reads_the_verdict_on_one_screen(visit: Visit) -> None:
    sue = visit("sue")
    sue.page.get_by_role("button", name="Diagnose: Bo Lindqvist").click()

    verdict = sue.page.get_by_role("article").filter(has_text="Leading Through Uncertainty")
    expect(verdict).to_contain_text("There is no certificate yet")
    expect(verdict).to_contain_text("has no attempts left")
    expect(verdict).to_contain_text("To act: Support")
    expect(verdict).to_contain_text("Nobody: the certificate is not issued yet.")
    expect(verdict.get_by_role("listitem")).to_contain_text(
        ["Enrolled", "Completed: Before you begin", "Graded: What you heard (score 10)", "Graded"]
    )
    expect(sue.page.get_by_role("article").filter(has_text="Open Day")).to_contain_text("Not marked")
    assert "example.com" not in sue.page.url
    sue.check()


def test_support_finds_a_person_by_account_and_sees_a_sound_document_and_who_marked_attendance(visit: Visit) -> None:
    sue = visit("sue")
    sue.page.get_by_label("Email or account number").fill("ada")
    sue.page.keyboard.press("Enter")

    verdict = sue.page.get_by_role("article").filter(has_text="Open Day")
    expect(verdict).to_contain_text("The certificate is there")
    expect(verdict).to_contain_text("Stored and unchanged")
    expect(verdict).to_contain_text("Present, marked by \N{FIRST STRONG ISOLATE}adm\N{POP DIRECTIONAL ISOLATE}, ")
    expect(verdict).to_contain_text("The company admins of co-1")
    expect(sue.page.get_by_role("heading", name="Ada Sample")).to_be_focused()
    assert "account=ada" in sue.page.url
    sue.check()


def test_support_reissues_with_a_reason_and_reads_what_became_of_it(visit: Visit) -> None:
    sue = visit("sue", "#account=ada")
    verdict = sue.page.get_by_role("article").filter(has_text="Leading Through Uncertainty")
    verdict.get_by_label("Reason").fill("The name was misspelt")
    verdict.get_by_role("button", name="Reissue").click()

    expect(sue.page.get_by_role("status")).to_have_text(
        "Nothing that is printed would change, so no new version is made."
    )


def test_a_person_whom_nobody_knows_has_no_enrollments(visit: Visit) -> None:
    sue = visit("sue", "#account=stranger")

    expect(sue.page.get_by_role("heading", name="No enrollments are known for this person.")).to_be_visible()
    expect(sue.page.get_by_label("Email or account number")).to_have_value("stranger")
    sue.check()
