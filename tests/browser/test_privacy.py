"""What reaches a browser, and where its requests go."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Site, Visitor

Visit = Callable[..., Visitor]


@pytest.mark.parametrize("account", ["ada", "bo"])
def test_an_employees_browser_receives_no_certificate_id_link_or_file_name(
    visit: Visit, site: Site, account: str
) -> None:
    employee = visit(account)
    employee.sees("What is outstanding")
    received = employee.received()

    assert "Leading Through Uncertainty" in received
    assert not [number for number in site.world["certificates"].values() if number in received]
    assert not [word for word in ("certificate_id", ".pdf", "X-Amz-", "url") if word in received]


def test_the_same_look_finds_them_in_the_browser_of_those_who_may_hold_them(visit: Visit, site: Site) -> None:
    boss = visit("boss")
    expect(boss.page.get_by_role("rowheader").first).to_be_visible()

    certificates = site.world["certificates"]
    assert {one for one, number in certificates.items() if number in boss.received()} == {
        one for one in certificates if not one.startswith("ivy")
    }


@pytest.mark.parametrize("place", ["", "#person=ada", "#training=crs-lead&status=completed"])
def test_another_companys_admin_receives_nothing(visit: Visit, place: str) -> None:
    rival = visit("rival", place)
    rival.page.wait_for_load_state("networkidle")
    received = rival.received()

    assert received != "[]"
    assert not [name for name in ("Ada", "Larkspur", "Leading", "ada") if name in received]


@pytest.mark.parametrize("account", ["boss", "ada", "ivy", "adm", "sue"])
def test_requests_go_to_the_console_and_its_issuer_only(visit: Visit, site: Site, account: str) -> None:
    visitor = visit(account)
    visitor.page.wait_for_load_state("networkidle")

    assert visitor.origins == {site.address, site.issuer}
    assert visitor.traffic.messages == []


@pytest.mark.parametrize(
    ("account", "place"),
    [("boss", ""), ("boss", "#person=mallory"), ("adm", "#event=evt-past"), ("sue", "#account=mallory")],
)
def test_a_hostile_name_is_shown_as_it_is_and_does_nothing(visit: Visit, site: Site, account: str, place: str) -> None:
    visitor = visit(account, place)

    visitor.sees(site.world["hostile"])
    assert visitor.page.locator("img").count() == 0
    visitor.check()
