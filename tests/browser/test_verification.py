"""The public verification page: its states, and comparing a file on the reader's device."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Site, Visitor

Visit = Callable[..., Visitor]


def document(visit: Visit) -> Path:
    ivy = visit("ivy")
    with ivy.page.expect_download() as started:
        ivy.page.get_by_role("link", name="Download certificate").click()
    return Path(started.value.path())


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["form", "valid", "unknown"])
def test_every_state_is_accessible_and_fits(visit: Visit, site: Site, state: str, scheme: str, width: int) -> None:
    number = {"form": "", "valid": "/" + site.world["certificates"]["ivy.crs-lead"], "unknown": "/" + "a" * 26}[state]
    reader = visit(color_scheme=scheme, viewport={"width": width, "height": 800})
    reader.open(f"{site.address}/verify{number}")

    title = {"form": "Verify a certificate", "valid": "This certificate is valid", "unknown": "No such certificate"}[
        state
    ]
    expect(reader.page.get_by_role("heading", level=1)).to_have_text(title)
    reader.check(failures=state == "unknown")


def test_a_number_as_it_is_printed_leads_to_its_page(visit: Visit, site: Site) -> None:
    reader, number = visit(), site.world["certificates"]["ada.crs-lead"]
    reader.open(f"{site.address}/verify")
    reader.page.get_by_label("Certificate number").fill(" ".join(number[n : n + 4] for n in range(0, 26, 4)).upper())
    reader.page.get_by_role("button", name="Verify").click()

    expect(reader.page.get_by_role("heading", level=1)).to_have_text("This certificate is valid")
    reader.sees("Ada Sample")


def test_a_file_is_compared_on_the_readers_device(visit: Visit, site: Site, tmp_path: Path) -> None:
    issued = document(visit).read_bytes()
    reader = visit()
    reader.open(f"{site.address}/verify/{site.world['certificates']['ivy.crs-lead']}")
    sent = len(reader.traffic.requests)

    for content, answer in [(issued, "Yes. The file is the document"), (issued + b" ", "No. The file was changed")]:
        reader.page.get_by_label("PDF file").set_input_files(
            {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": content}
        )
        reader.sees(answer)
    reader.drop("#compare", issued)
    reader.sees("Yes. The file is the document")
    assert len(reader.traffic.requests) == sent
    reader.check()
