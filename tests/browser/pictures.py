"""Draw every page in every look: `make pictures`. Those of docs/pages.md are among them and replace its files."""

import argparse
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.conftest import BROWSER, ROOT, served
from tests.browser.visitor import Site, Visitor, open_browser

OUT = ROOT / "out" / "pictures"
IN_DOCS = ROOT / "docs" / "pictures"
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 320, "height": 640}


@dataclass(frozen=True)
class Look:
    """`options` are those of the browser's context."""

    options: dict[str, Any]
    language: str = "en"
    prints: bool = False


LOOKS = {
    "light": Look({"viewport": WIDE}),
    "dark": Look({"viewport": WIDE, "color_scheme": "dark"}),
    "phone": Look({"viewport": PHONE}),
    "arabic": Look({"viewport": WIDE, "locale": "ar"}, "ar"),
    "arabic-phone-dark": Look({"viewport": PHONE, "locale": "ar", "color_scheme": "dark"}, "ar"),
    "print": Look({"viewport": {"width": 718, "height": 1020}}, prints=True),  # A4 within its margins
}


@dataclass(frozen=True)
class Page:
    """Who looks at what: a place of the console, or a path of the site; `arrange` and `act` come before and after."""

    account: str = ""
    place: str = ""
    arrange: Callable[[Visitor], None] = lambda visitor: None
    act: Callable[[Visitor], None] = lambda visitor: None
    until: str = "[part=as-of]:not(:empty), [role=alert]"


def failing(path: str, status: int) -> Callable[[Visitor], None]:
    return lambda visitor: visitor.fail(path, status, {"type": "about:blank"})


def _expire(visitor: Visitor) -> None:
    visitor.fail("/v1/", 401)
    visitor.page.locator("earned-team").evaluate("element => element.refresh()")
    expect(visitor.page.get_by_role("alert")).to_be_visible()


def _go_offline(visitor: Visitor) -> None:
    visitor.context.set_offline(True)
    visitor.page.evaluate("dispatchEvent(new Event('online'))")
    expect(visitor.page.get_by_role("alert")).to_be_visible()


def _export(visitor: Visitor) -> None:
    visitor.page.locator("tbody input[type=checkbox]").first.check()
    with visitor.page.expect_download():
        visitor.page.locator("button.main").click()


def _compare(change: Callable[[bytes], bytes]) -> Callable[[Visitor], None]:
    """Compare the individual's document, or a changed one, with its certificate."""

    def compare(reader: Visitor) -> None:
        with reader.page.expect_download() as started:
            reader.page.locator("a[part=download]").first.click()
        content = change(Path(started.value.path()).read_bytes())
        reader.open(_address(reader.site, "/verify/{ivy.crs-lead}"))
        reader.page.locator("#file").set_input_files(
            {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": content}
        )
        expect(reader.page.locator("#answer")).not_to_be_empty()

    return compare


PAGES = {
    "company-admin": Page("boss"),
    "company-admin-filtered": Page("boss", "training=evt-open&status=completed&sort=person"),
    "company-admin-no-match": Page("boss", "training=crs-lead&status=completed&who=nobody"),
    "company-admin-exported": Page("boss", act=_export),
    "company-admin-empty": Page("rival"),
    "company-admin-many": Page("many", "page=2"),
    "company-admin-own": Page("boss", "view=progress"),
    "person": Page("boss", "person=ada"),
    "person-hostile": Page("boss", "person=mallory"),
    "employee": Page("ada"),
    "individual": Page("ivy"),
    "individual-revoked": Page("revoked"),
    "learner-empty": Page("fresh"),
    "administrator": Page("adm", "event=evt-open"),
    "administrator-none": Page(
        "adm", arrange=lambda visitor: visitor.fail("/v1/unmarked-attendance", 200, {"items": []})
    ),
    "support": Page("sue", "account=ada"),
    "support-blocked": Page("sue", "account=bo"),
    "support-requests": Page("sue"),
    "support-unknown": Page("sue", "account=stranger"),
    "state-sign-in": Page(act=lambda visitor: visitor.open()),
    "state-sign-in-failed": Page(
        arrange=failing("/.well-known/openid-configuration", 503), act=lambda visitor: visitor.open()
    ),
    "state-no-role": Page("odd"),
    "state-signed-out": Page("boss", act=lambda visitor: visitor.page.locator(".tools button").click()),
    "state-loading": Page("boss", arrange=lambda visitor: visitor.hold("/v1/"), until=".loading"),
    "state-expired": Page("boss", act=_expire),
    "state-offline": Page("boss", act=_go_offline),
    "state-failed": Page("adm", arrange=failing("/v1/", 503)),
    "state-hidden": Page("boss", arrange=failing("/v1/", 404)),
    "verify-form": Page(place="/verify"),
    "verify-valid": Page(place="/verify/{ivy.crs-lead}"),
    "verify-company": Page(place="/verify/{ada.evt-open}"),
    "verify-same": Page("ivy", act=_compare(bytes)),
    "verify-different": Page("ivy", act=_compare(lambda document: document + b" ")),
    "verify-revoked": Page(place="/verify/{revoked}"),
    "verify-superseded": Page(place="/verify/{superseded}?revision=1"),
    "verify-withdrawn": Page(place="/verify/{withdrawn}"),
    "verify-unknown": Page(place="/verify/" + "a" * 26),
}

DOCS = [
    ("company-admin", "light"),
    ("person", "dark"),
    ("individual", "light"),
    ("administrator", "arabic"),
    ("support", "phone"),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", help="a pattern of page and look, such as 'verify-*.dark'")
    only = parser.parse_args().only
    wanted = [(page, look) for page in PAGES for look in LOOKS if fnmatch(f"{page}.{look}", only)]
    if not wanted:
        sys.exit(f"Nothing is called {only!r}. Pages: {', '.join(PAGES)}. Looks: {', '.join(LOOKS)}.")
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "log") as site, sync_playwright() as playwright:
        browser = open_browser(playwright, BROWSER)
        for count, (page, look) in enumerate(wanted, 1):
            file = OUT / f"{page}.{look}.png"
            print(f"{count} of {len(wanted)}: {file.relative_to(ROOT)}", file=sys.stderr)
            _draw(browser, site, PAGES[page], LOOKS[look], file)
            if (page, look) in DOCS:
                IN_DOCS.joinpath(f"{page}-{look}.png").write_bytes(file.read_bytes())
        browser.close()


def _draw(browser: Browser, site: Site, page: Page, look: Look, file: Path) -> None:
    visitor = Visitor(browser, site, **look.options)
    page.arrange(visitor)
    if page.account:
        place = "&".join(part for part in (page.place, f"lang={look.language}") if part)
        visitor.sign_in(page.account, f"#{place}")
        expect(visitor.page.locator("h1, [role=alert]").first).to_be_visible()
        expect(visitor.page.locator(page.until).first).to_be_visible()
    elif page.place:
        visitor.open(_address(site, page.place))
    page.act(visitor)
    if look.prints:
        visitor.page.emulate_media(media="print")
    visitor.page.screenshot(path=file, full_page=True)
    visitor.leave()


def _address(site: Site, place: str) -> str:
    """The address of a path; `{name}` is the certificate of an enrollment, or one that ended so."""
    numbers = site.world["certificates"] | site.world["ended"]
    return site.address + re.sub(r"\{(.+?)\}", lambda found: numbers[found[1]], place)


if __name__ == "__main__":
    main()
