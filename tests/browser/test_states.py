"""Signing in, and what a person sees while something does not work."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

Visit = Callable[..., Visitor]


def test_the_issuers_page_is_accessible_and_returns_to_the_place_that_was_asked_for(visit: Visit) -> None:
    boss = visit()
    boss.open(f"{boss.site.console}#status=completed&lang=de")
    expect(boss.page.get_by_role("button", name="Sign in")).to_be_visible()
    boss.check()

    boss.sign_in("boss", "#status=completed&lang=de")

    expect(boss.page.get_by_role("heading", level=1)).to_have_text("Personen")
    expect(boss.page.get_by_role("rowheader")).to_have_count(7)
    assert boss.page.url == f"{boss.site.console}#status=completed&lang=de"


def test_no_token_is_in_an_address_or_in_storage(visit: Visit) -> None:
    boss = visit("boss")
    expect(boss.page.get_by_role("rowheader").first).to_be_visible()

    kept = boss.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert kept == '[{},{},""]'
    assert not [url for url in boss.traffic.requests if "eyJ" in url]
    assert boss.page.url == boss.site.console


def test_a_401_in_the_middle_keeps_the_page_and_offers_to_sign_in_again(visit: Visit) -> None:
    boss = visit("boss", "#training=crs-lead")
    expect(boss.page.get_by_role("rowheader").first).to_be_visible()
    boss.fail("/v1/", 401)
    boss.page.get_by_label("Status").select_option("completed")

    expect(boss.page.get_by_role("alert")).to_contain_text("Your sign-in has expired")
    expect(boss.page.get_by_role("rowheader").first).to_be_visible()
    boss.check(failures=True)

    boss.recover()
    boss.page.get_by_role("button", name="Sign in again").click()
    boss.page.get_by_label("Account").fill("boss")
    boss.page.get_by_label("Role").fill("company-admin")
    boss.page.get_by_label("Company").fill("co-1")
    boss.page.get_by_role("button", name="Sign in").click()
    expect(boss.page.get_by_role("rowheader")).to_have_count(5)
    assert "training=crs-lead&status=completed" in boss.page.url


def test_a_failing_api_is_told_retried_and_recovered_from(visit: Visit) -> None:
    boss = visit("boss")
    expect(boss.page.get_by_role("rowheader").first).to_be_visible()
    boss.fail("/v1/", 503, {"type": "about:blank"})
    boss.page.get_by_label("Status").select_option("completed")

    expect(boss.page.get_by_role("alert")).to_contain_text("The service could not answer")
    boss.check(failures=True)
    boss.recover()
    boss.page.get_by_role("button", name="Try again").click()
    expect(boss.page.get_by_role("alert")).to_have_count(0)
    expect(boss.page.get_by_role("rowheader")).to_have_count(7)


def test_a_lost_connection_is_told_and_the_page_recovers_by_itself(visit: Visit) -> None:
    ada = visit("ada")
    ada.sees("What is outstanding")
    ada.context.set_offline(True)
    ada.page.evaluate("dispatchEvent(new Event('online'))")

    expect(ada.page.get_by_role("alert")).to_contain_text("No connection")
    ada.sees("What is outstanding")
    ada.check(failures=True)
    ada.context.set_offline(False)
    expect(ada.page.get_by_role("alert")).to_have_count(0)


def test_a_slow_api_shows_that_it_is_loading(visit: Visit) -> None:
    adm = visit()
    adm.hold("/v1/unmarked-attendance")
    adm.sign_in("adm")

    expect(adm.page.get_by_role("status")).to_have_text("Loading …")
    adm.check()
    adm.release()
    expect(adm.page.get_by_role("heading", level=2)).to_have_count(2)
    expect(adm.page.get_by_role("status")).to_have_count(0)


def test_what_a_token_may_not_see_is_told_as_such(visit: Visit) -> None:
    boss = visit("boss")
    boss.page.locator("earned-team").evaluate("element => element.setAttribute('company', 'co-2')")

    expect(boss.page.get_by_role("alert")).to_contain_text("Nothing here for you")
    boss.check(failures=True)


def test_a_role_without_a_page_and_signing_out_have_a_page_of_their_own(visit: Visit) -> None:
    odd = visit("odd")
    expect(odd.page.get_by_role("alert")).to_contain_text("Your account has no page here")
    odd.check()

    odd.page.get_by_role("button", name="Sign out").click()
    expect(odd.page.get_by_role("alert")).to_contain_text("You are signed out")
    odd.check()
    odd.page.get_by_role("button", name="Sign in").click()
    expect(odd.page.get_by_label("Account")).to_be_visible()


def test_an_issuer_that_does_not_answer_is_told(visit: Visit) -> None:
    boss = visit()
    boss.fail("/.well-known/openid-configuration", 503)
    boss.open()

    expect(boss.page.get_by_role("alert")).to_contain_text("Signing in did not work")
    boss.check(failures=True)


def test_an_answer_that_this_page_did_not_ask_for_signs_nobody_in(visit: Visit) -> None:
    boss = visit()
    boss.open(f"{boss.site.console}?code=stolen&state=made-up")

    expect(boss.page.get_by_label("Account")).to_be_visible()
    assert not [url for url in boss.traffic.requests if url.endswith("/token")]


def test_an_arabic_notice_has_room_between_its_words_and_its_bar(visit: Visit) -> None:
    boss = visit()
    boss.fail("/v1/", 404)
    boss.sign_in("boss", "#lang=ar")

    expect(boss.page.get_by_role("alert")).to_have_css("padding-right", "16px")
    expect(boss.page.get_by_role("alert")).to_have_css("padding-left", "0px")
