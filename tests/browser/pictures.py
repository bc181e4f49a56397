"""Draw the pictures of docs/pages.md: `.venv/browser/bin/python -m tests.browser.pictures`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import BROWSER, served
from tests.browser.visitor import Visitor, open_browser

OUT = Path(__file__).resolve().parents[2] / "docs" / "pictures"
PHONE = {"viewport": {"width": 320, "height": 640}}
PICTURES = {
    "company-admin": ("boss", "", {"viewport": {"width": 1280, "height": 860}}),
    "person-dark": ("boss", "#person=ada", {"color_scheme": "dark", "viewport": {"width": 960, "height": 480}}),
    "individual": ("ivy", "", {"viewport": {"width": 640, "height": 640}}),
    "administrator-arabic": ("adm", "#event=evt-open&lang=ar", {"viewport": {"width": 640, "height": 560}}),
    "support-phone": ("sue", "#account=ada", PHONE),
}


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "log") as site, sync_playwright() as playwright:
        browser = open_browser(playwright, BROWSER)
        for name, (account, place, options) in PICTURES.items():
            visitor = Visitor(browser, site, **options)
            visitor.sign_in(account, place)
            visitor.page.wait_for_load_state("networkidle")
            visitor.page.screenshot(path=OUT / f"{name}.png")
            visitor.leave()
            print(OUT / f"{name}.png", file=sys.stderr)
        browser.close()


if __name__ == "__main__":
    main()
