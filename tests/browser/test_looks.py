"""Widths, colours, languages, print, and a keyboard without a mouse."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

Visit = Callable[..., Visitor]
PLACES = [
    ("boss", ""),
    ("boss", "#person=ada"),
    ("bo", ""),
    ("ivy", ""),
    ("adm", "#event=evt-past"),
    ("sue", "#account=ada"),
]
READY = {"boss": "h2", "bo": "h3", "ivy": "h3", "adm": "li h2", "sue": "article"}


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("account", "place"), PLACES)
def test_every_page_is_accessible_and_fits(visit: Visit, account: str, place: str, scheme: str, width: int) -> None:
    visitor = visit(account, place, color_scheme=scheme, viewport={"width": width, "height": 800})
    expect(visitor.page.locator(READY[account]).first).to_be_visible()

    visitor.check()


@pytest.mark.parametrize("language", ["es", "fr", "de", "ar", "ja"])
def test_every_language_has_its_words_its_dates_and_its_direction(visit: Visit, language: str) -> None:
    boss = visit("boss", f"#lang={language}", viewport={"width": 320, "height": 800})
    expect(boss.page.get_by_role("rowheader").first).to_be_visible()

    assert boss.page.evaluate("document.documentElement.lang") == language
    assert boss.page.evaluate("getComputedStyle(document.documentElement).direction") == (
        "rtl" if language == "ar" else "ltr"
    )
    english = boss.page.get_by_text("To act:").or_(boss.page.get_by_text("has not been marked"))
    expect(english).to_have_count(0)
    boss.check()


def test_the_language_is_the_browsers_until_a_person_chooses_another(visit: Visit) -> None:
    boss = visit("boss", locale="fr-FR")
    expect(boss.page.get_by_role("heading", level=1)).to_have_text("Personnes")

    boss.page.get_by_label("Langue").select_option("ar")
    expect(boss.page.get_by_role("heading", level=1)).to_have_text("الأشخاص")
    assert "lang=ar" in boss.page.url


@pytest.mark.parametrize(("language", "fetched"), [("en", []), ("ja", ["messages-ja.js"])])
def test_a_browser_fetches_the_texts_of_its_readers_language_alone(
    visit: Visit, language: str, fetched: list[str]
) -> None:
    boss = visit("boss", locale=language)
    expect(boss.page.get_by_role("rowheader").first).to_be_visible()

    assert sorted({url.rsplit("/", 1)[1] for url in boss.traffic.requests if "/messages-" in url}) == fetched


def test_a_page_whose_texts_cannot_be_fetched_is_in_english(visit: Visit) -> None:
    boss = visit(locale="fr")
    boss.fail("/messages-fr.js", 503)
    boss.sign_in("boss")

    expect(boss.page.get_by_role("heading", level=1)).to_have_text("People")
    expect(boss.page.get_by_role("rowheader").first).to_be_visible()


def test_a_keyboard_alone_reaches_a_persons_page_and_a_download(visit: Visit) -> None:
    boss = visit("boss", "#training=evt-open&status=completed")
    expect(boss.page.get_by_role("rowheader")).to_have_count(2)
    boss.page.keyboard.press("Tab")
    expect(boss.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    boss.page.keyboard.press("Enter")
    boss.press_until(boss.page.get_by_role("button", name="Ada Sample"))
    boss.page.keyboard.press("Enter")
    expect(boss.page.get_by_role("heading", name="Ada Sample")).to_be_focused()
    boss.press_until(boss.page.get_by_role("link", name="Download certificate: Open Day"))

    with boss.page.expect_download():
        boss.page.keyboard.press("Enter")


def test_typing_keeps_the_focus_while_the_table_changes(visit: Visit) -> None:
    boss = visit("boss")
    search = boss.page.get_by_label("Search")
    search.focus()
    boss.page.keyboard.type("chiara", delay=120)

    expect(boss.page.get_by_role("rowheader")).to_have_count(3)
    expect(search).to_be_focused()
    expect(search).to_have_value("chiara")


def test_a_narrow_table_keeps_its_order_and_its_selection(visit: Visit) -> None:
    boss = visit("boss", "#training=crs-lead", viewport={"width": 320, "height": 800})
    first = boss.page.get_by_role("rowheader").first
    before = first.text_content()

    boss.page.get_by_role("button", name="Person", exact=True).click()
    expect(first).not_to_have_text(before or "")
    boss.page.get_by_label("Select everybody shown").check()
    boss.sees("People selected: 8")
    boss.check()


def test_print_leaves_out_what_only_a_screen_needs(visit: Visit) -> None:
    boss = visit("boss")
    expect(boss.page.get_by_role("rowheader").first).to_be_visible()
    boss.page.emulate_media(media="print")

    boss.page.set_viewport_size({"width": 680, "height": 1000})  # A4 within its margins

    expect(boss.page.get_by_label("Search")).to_be_hidden()
    expect(boss.page.get_by_label("Select Ada Sample").first).to_be_hidden()
    row = boss.page.get_by_role("row").filter(has_text="Ada Sample").filter(has_text="Open Day")
    cells = [cell.bounding_box() for cell in row.get_by_role("cell").all() if cell.is_visible()]
    assert len({cell["y"] for cell in cells if cell}) == 1  # a table, not the list of a narrow screen
    expect(boss.page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(boss.page.get_by_role("rowheader").first).to_be_visible()


def test_a_printed_diagnosis_leaves_out_the_requests_of_others(visit: Visit) -> None:
    sue = visit("sue", "#account=ada")
    sue.sees("mallory@example.com")
    sue.page.emulate_media(media="print")

    expect(sue.page.get_by_text("mallory@example.com")).to_be_hidden()
    expect(sue.page.get_by_role("article").first).to_be_visible()
