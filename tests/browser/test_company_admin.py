"""A company admin: the table, filters, a person's page, one document, many documents."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

Visit = Callable[..., Visitor]


def test_the_summary_counts_each_training_and_its_numbers_filter_the_table(visit: Visit) -> None:
    boss = visit("boss")
    card = boss.page.get_by_role("listitem").filter(has=boss.page.get_by_role("heading", name="Open Day"))

    expect(card.get_by_role("definition")).to_have_text(["8", "2", "6"])
    card.get_by_role("button", name="Certified: Open Day").click()
    expect(boss.page.get_by_role("rowheader")).to_have_text(["Ada Sample", "Åsa Abernathy"])
    assert "training=evt-open" in boss.page.url
    assert "status=completed" in boss.page.url
    expect(boss.page.get_by_role("heading", name="People and their trainings")).to_be_focused()
    boss.check()


def test_each_number_of_the_summary_filters_by_itself_alone(visit: Visit) -> None:
    boss = visit("boss", "#training=evt-open&status=in-progress&who=administrator&page=2")
    card = boss.page.get_by_role("listitem").filter(has=boss.page.get_by_role("heading", name="Open Day"))

    card.get_by_role("button", name="Waiting for attendance: Open Day").click()
    expect(boss.page.get_by_role("rowheader")).to_have_count(6)
    card.get_by_role("button", name="Certified: Open Day").click()
    expect(boss.page.get_by_role("rowheader")).to_have_text(["Ada Sample", "Åsa Abernathy"])
    card.get_by_role("button", name="Enrolled: Open Day").click()
    expect(boss.page.get_by_role("rowheader")).to_have_count(8)


def test_the_table_says_in_plain_words_what_is_outstanding_who_must_act_and_since_when(visit: Visit) -> None:
    boss = visit("boss")
    boss.page.get_by_label("Who must act").select_option("support")

    expect(boss.page.get_by_role("rowheader")).to_have_count(1)
    row = boss.page.get_by_role("row", name="Bo Lindqvist")
    expect(row).to_contain_text("The quiz “What you heard” has no attempts left; support can grant more.")
    expect(row).to_contain_text("To act: Support, since")


def test_a_search_finds_names_without_accents_and_case_and_stays_out_of_the_address(visit: Visit) -> None:
    boss = visit("boss")
    boss.page.get_by_label("Search").fill("asa OPEN")

    expect(boss.page.get_by_role("rowheader")).to_have_text(["Åsa Abernathy"])
    expect(boss.page.get_by_role("status")).to_have_text("Found: 1")
    assert "asa" not in boss.page.url.lower()
    boss.page.get_by_label("Search").fill("nobody of this name")
    boss.sees("Nobody matches these filters.")
    boss.check()
    boss.page.get_by_role("button", name="Clear filters").click()
    expect(boss.page.get_by_role("rowheader")).to_have_count(24)
    expect(boss.page.get_by_label("Search")).to_be_focused()
    expect(boss.page.get_by_role("button", name="Clear filters")).to_have_count(0)


def test_a_column_sorts_up_down_and_not_at_all(visit: Visit) -> None:
    boss = visit("boss", "#training=crs-lead")
    column, header = (
        boss.page.get_by_role("button", name="Person", exact=True),
        boss.page.get_by_role("columnheader", name="Person"),
    )
    first = boss.page.get_by_role("rowheader").first

    column.click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    expect(first).not_to_have_text("Ada Sample")  # a name that begins with a bracket is before it
    column.click()
    expect(header).to_have_attribute("aria-sort", "descending")
    expect(first).to_have_text("佐藤 花")
    column.click()
    expect(header).not_to_have_attribute("aria-sort", "descending")


def test_a_large_company_is_read_page_by_page_and_whole_only_for_a_search(visit: Visit) -> None:
    many = visit("many")
    expect(many.page.get_by_role("rowheader")).to_have_count(100)
    many.sees("1\N{EN DASH}100 of 130")
    assert _pages_read(many) == 1

    many.page.get_by_role("button", name="Next").click()
    expect(many.page.get_by_role("rowheader")).to_have_count(30)
    many.sees("101\N{EN DASH}130 of 130")
    many.page.get_by_label("Search").fill("person 129")
    expect(many.page.get_by_role("rowheader")).to_have_text(["Person 129"])


def test_the_address_holds_the_place_so_that_a_reload_and_the_back_button_return_to_it(visit: Visit) -> None:
    boss = visit("boss", "#status=completed")
    expect(boss.page.get_by_role("rowheader")).to_have_count(7)
    boss.page.get_by_role("button", name="Chiara Mørk").click()
    expect(boss.page.get_by_role("heading", name="Chiara Mørk")).to_be_focused()
    assert "person=chiara" in boss.page.url

    boss.page.go_back()
    expect(boss.page.get_by_role("rowheader")).to_have_count(7)
    boss.page.go_forward()
    expect(boss.page.get_by_role("heading", name="Chiara Mørk")).to_be_visible()
    boss.check()


def test_one_document_is_downloaded_by_a_link_and_is_the_one_that_was_issued(visit: Visit) -> None:
    boss = visit("boss")
    row = boss.page.get_by_role("row").filter(has_text="Ada Sample").filter(has_text="Leading")

    with boss.page.expect_download() as started:
        row.get_by_role("link", name="Download certificate: Ada Sample, Leading Through Uncertainty").click()

    assert started.value.suggested_filename.endswith(".pdf")
    assert "Ada Sample" in started.value.suggested_filename
    assert Path(started.value.path()).read_bytes().startswith(b"%PDF-")
    expect(boss.page.get_by_role("heading", level=1)).to_have_text("People")


def test_everybody_is_exported_with_progress_in_sight_and_the_archive_has_the_records(visit: Visit) -> None:
    boss = visit("boss")

    with boss.page.expect_download() as started:
        boss.page.get_by_role("button", name="Export all as ZIP").click()

    archive = zipfile.ZipFile(io.BytesIO(Path(started.value.path()).read_bytes()))
    assert len([name for name in archive.namelist() if name.endswith(".pdf")]) == 7
    assert {"records.csv", "records.xlsx", "manifest.json"} <= set(archive.namelist())
    expect(boss.page.get_by_role("status")).to_have_text("The archive is ready. Certificates: 7. Not included: 0.")
    expect(boss.page.get_by_role("status")).to_be_in_viewport()  # the table is longer
    boss.check()


def test_a_selection_is_exported_for_the_training_that_is_shown(visit: Visit) -> None:
    boss = visit("boss", "#training=crs-lead")
    for name in ("Ada Sample", "Chiara Mørk"):
        boss.page.get_by_label(f"Select {name}").check()
    boss.sees("Selected: 2")

    with boss.page.expect_download() as started:
        boss.page.get_by_role("button", name="Export selection as ZIP").click()

    archive = zipfile.ZipFile(io.BytesIO(Path(started.value.path()).read_bytes()))
    exported = json.loads(archive.read("manifest.json"))["files"]
    assert {(one["account_id"], one["training_id"]) for one in exported} == {
        ("ada", "crs-lead"),
        ("chiara", "crs-lead"),
    }


def test_a_person_is_exported_with_all_trainings_whatever_the_table_was_filtered_by(visit: Visit) -> None:
    boss = visit("boss", "#training=crs-lead&person=ada")

    with boss.page.expect_download() as started:
        boss.page.get_by_role("button", name="Export this person as ZIP").click()

    archive = zipfile.ZipFile(io.BytesIO(Path(started.value.path()).read_bytes()))
    exported = json.loads(archive.read("manifest.json"))["files"]
    assert {(one["account_id"], one["training_id"]) for one in exported} == {("ada", "crs-lead"), ("ada", "evt-open")}


def test_a_company_without_people_says_so_and_offers_nothing_to_do_with_them(visit: Visit) -> None:
    rival = visit("rival")

    rival.sees("Nobody is enrolled yet.")
    expect(rival.page.get_by_role("main").get_by_role("button")).to_have_count(0)
    expect(rival.page.get_by_label("Search")).to_have_count(0)
    rival.check()


def _pages_read(visitor: Visitor) -> int:
    return sum("/enrollments?" in url for url in visitor.traffic.requests)


@pytest.mark.parametrize("language", ["en-GB", "ja"])
def test_the_first_view_takes_at_most_20_requests(visit: Visit, language: str) -> None:
    many = visit(locale=language)
    many.sign_in("many")
    expect(many.page.get_by_role("rowheader").first).to_be_visible()
    many.page.wait_for_load_state("networkidle")

    urls = many.traffic.requests
    [arrived] = [at for at, url in enumerate(urls) if "/console/?" in url]  # back from the issuer
    first_view = [url for url in urls[arrived:] if not url.startswith("data:")]
    assert len(first_view) <= 20, first_view


def test_a_search_among_5000_people_shows_100_rows_at_a_time_in_bounded_memory(visit: Visit) -> None:
    many = visit()
    many.context.route(
        "**/v1/companies/co-many/enrollments?*", lambda route: route.fulfill(json=_made_up(route.request.url))
    )
    many.sign_in("many")
    expect(many.page.get_by_role("rowheader")).to_have_count(100)
    many.page.get_by_label("Search").fill("person")

    expect(many.page.get_by_role("status")).to_have_text("Found: 15,000", timeout=60_000)
    expect(many.page.get_by_role("rowheader")).to_have_count(100)
    many.sees("1\N{EN DASH}100 of 15,000")
    assert many.heap_bytes() < 20_000_000
    many.page.get_by_label("Search").fill("person 4999")
    expect(many.page.get_by_role("rowheader")).to_have_count(3)


def _made_up(address: str) -> dict[str, Any]:
    """A page of 15,000 enrollments, of 5,000 people in three trainings."""
    start = int(parse_qs(urlsplit(address).query).get("cursor", ["0"])[0])
    last = {"kind": "quiz", "id": "quiz", "title": "What you heard", "reason": "not-passed", "who": "learner"}
    outstanding = [last | {"message": "The quiz is not passed yet.", "since": "2026-11-01T08:00:00.000Z"}] * 12
    items = [
        {
            "enrollment_id": f"enr-{number}",
            "account_id": f"many-{number // 3}",
            "holder": f"Person {number // 3}",
            "training": {"id": f"crs-{number % 3}", "kind": "course", "title": f"Course {number % 3}"},
            "status": "in-progress",
            "outstanding": outstanding,
            "as_of": "2026-11-30T08:00:00.000Z",
        }
        for number in range(start, start + 100)
    ]
    return {"items": items} | ({"next_cursor": str(start + 100)} if start + 100 < 15_000 else {})
