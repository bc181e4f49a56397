"""A person before a browser: signs in, looks, and everything that the browser says or sends is kept."""

import json
import os
import re
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Playwright, Request, Response, Route, expect

ROLES = {
    "boss": ("company-admin", "co-1"),
    "rival": ("company-admin", "co-2"),
    "many": ("company-admin", "co-many"),
    "bo": ("employee", "co-1"),
    "ada": ("employee", "co-1"),
    "ivy": ("individual", ""),
    "adm": ("administrator", ""),
    "sue": ("support", ""),
    "fresh": ("employee", "co-1"),
    "revoked": ("individual", ""),
    "odd": ("gardener", ""),
}
BUCKETS = ".amazonaws.com"
axe = Axe()
expect.set_options(timeout=15_000)


@dataclass(frozen=True)
class Site:
    """The addresses of the site and its issuer, and what is in it."""

    address: str
    issuer: str
    world: dict[str, Any]

    @property
    def console(self) -> str:
        return f"{self.address}/console/"


def open_browser(playwright: Playwright, folder: Path) -> Browser:
    environment = dict(os.environ) | {
        "LD_LIBRARY_PATH": str(folder / "lib"),
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
    }
    program = folder / "bin" / "chromium-headless-shell"
    return playwright.chromium.launch(executable_path=program, env=environment, args=["--no-sandbox", "--disable-gpu"])


@dataclass
class Traffic:
    """What the browser sent and received; `messages` are those of its console."""

    requests: list[str] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


class Visitor:
    def __init__(self, browser: Browser, site: Site, **options: Any) -> None:
        self.site = site
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"} | options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.traffic = Traffic()
        self.seen: list[Request] = []
        self.page.on("console", lambda message: self.traffic.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.traffic.messages.append(str(error)))
        self.page.on("request", self._sent)
        self.page.on("response", self._received)
        self.context.route(lambda url: (urlsplit(url).hostname or "").endswith(BUCKETS), self._bucket)

    def leave(self) -> None:
        self.context.close()

    def open(self, address: str = "") -> None:
        self.page.goto(address or self.site.console)

    def sign_in(self, account: str, place: str = "") -> None:
        """Open the console, at a place within it, and sign in on the issuer's page."""
        self.open(self.site.console + place)
        role, company = ROLES[account]
        self.page.get_by_label("Account").fill(account)
        self.page.get_by_label("Role").fill(role)
        self.page.get_by_label("Company").fill(company)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page).to_have_url(re.compile(re.escape(self.site.console) + "(#|$)"))

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def check(self, *, failures: bool = False) -> None:
        """No finding of axe; nothing in the browser's console but failed requests, where the test makes them fail."""
        found = axe.run(self.page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []
        unexpected = [
            one for one in self.traffic.messages if not (failures and one.startswith("Failed to load resource"))
        ]
        assert unexpected == []
        assert self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    @property
    def origins(self) -> set[str]:
        parts = [urlsplit(url) for url in self.traffic.requests]
        return {f"{url.scheme}://{url.netloc}" for url in parts if url.scheme not in {"data", "blob"}}

    def received(self) -> str:
        """The bodies of the API's answers, once no more come."""
        self.page.wait_for_load_state("networkidle")
        return json.dumps([one.text() for one in self.traffic.answers if "/v1/" in one.url], ensure_ascii=False)

    def fail(self, path: str, status: int, body: Any = None) -> None:
        """Answer requests whose address contains this with a status, until `recover`."""
        answer = body if body is not None else {"message": "Unauthorized"}
        self._failing = lambda url: path in url
        self.context.route(self._failing, lambda route: route.fulfill(status=status, json=answer))

    def recover(self) -> None:
        self.context.unroute(self._failing)

    def access_token(self) -> str:
        """The token that the console sends."""
        sent = [one for one in self.seen if "/v1/" in one.url]
        return sent[0].headers["authorization"].removeprefix("Bearer ")

    def with_cors(self, route: Route) -> None:
        """What API Gateway adds where the page's origin is one of `AllowedOrigins`."""
        allowed = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        if route.request.method == "OPTIONS":
            route.fulfill(status=204, headers=allowed)
        else:
            response = route.fetch()
            route.fulfill(response=response, headers=response.headers | allowed)

    def drop(self, selector: str, content: bytes) -> None:
        """Drop a file on an element."""
        script = """([selector, bytes]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "dropped.pdf", {type: "application/pdf"}));
            const event = new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true});
            document.querySelector(selector).dispatchEvent(event);
        }"""
        self.page.evaluate(script, [selector, list(content)])

    def hold(self, path: str) -> None:
        """Leave requests whose address contains this without an answer, until `release`."""
        self._held: list[Route] = []
        self._failing = lambda url: path in url
        self.context.route(self._failing, self._hold)

    def release(self) -> None:
        self.recover()
        for route in self._held:
            route.continue_()

    def press_until(self, target: Locator, key: str = "Tab", most: int = 40) -> None:
        """Press a key until the target has the focus."""
        for _ in range(most):
            self.page.keyboard.press(key)
            if target.evaluate("element => element === element.getRootNode().activeElement"):
                return
        raise AssertionError(f"{most} times {key} did not reach {target}")

    def _hold(self, route: Route) -> None:
        self._held.append(route)

    def _received(self, response: Response) -> None:
        self.traffic.answers.append(response)

    def _sent(self, request: Request) -> None:
        self.traffic.requests.append(request.url)
        self.seen.append(request)

    def _bucket(self, route: Route) -> None:
        """The object behind a presigned link, as S3 would send it."""
        url = urlsplit(route.request.url)
        host, path = url.hostname or "", url.path
        bucket = host.split(".s3.")[0] if ".s3." in host else path.split("/")[1]
        key = path.removeprefix("/") if ".s3." in host else path.split("/", 2)[2]
        with urllib.request.urlopen(f"{self.site.address}/objects/{bucket}/{key}") as answer:
            kept = {name: answer.headers[name] for name in ("Content-Type", "Content-Disposition")}
            route.fulfill(status=200, headers=kept, body=answer.read())
