"""The portal's side: an element in a page of another origin."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.visitor import Site, Visitor

Visit = Callable[..., Visitor]
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "portal.html"


@contextmanager
def served_elsewhere(page: str, token: str) -> Iterator[str]:
    """A portal with this page and an address that answers the token; its origin."""

    class Portal(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_page = self.path == "/"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8" if is_page else "text/plain")
            self.end_headers()
            self.wfile.write((page if is_page else token).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_ten_lines_on_another_origin_show_the_team(visit: Visit, site: Site) -> None:
    boss = visit("boss")
    expect(boss.page.get_by_role("rowheader").first).to_be_visible()
    page = EXAMPLE.read_text().replace("https://certificates.example.com", site.address)
    portal = visit()
    portal.context.route(f"{site.address}/v1/**", portal.with_cors)

    with served_elsewhere(page, boss.access_token()) as origin:
        portal.open(f"{origin}/")
        expect(portal.page.get_by_role("rowheader").first).to_have_text("Ada Sample")

    kept = portal.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert kept == '[{},{},""]'
    assert portal.origins == {origin, site.address}


def test_a_page_styles_an_element_and_hears_where_a_person_goes(visit: Visit, site: Site) -> None:
    boss = visit("boss")
    element = boss.page.locator("earned-team")
    element.evaluate("element => element.style.setProperty('--earned-brand', 'rgb(120, 0, 0)')")
    heading = boss.page.get_by_role("heading", name="People and their trainings")
    assert heading.evaluate("element => getComputedStyle(element).color") == "rgb(120, 0, 0)"

    element.evaluate("element => element.addEventListener('earned-state', ({detail}) => { window.heard = detail; })")
    boss.page.get_by_label("Status").select_option("completed")
    assert boss.page.evaluate("window.heard") == {"status": "completed"}
