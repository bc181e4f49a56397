"""The console's files as the API serves them."""

import gzip
import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from earned.api import pages
from earned.api.brand import brand
from earned.api.routes import SignIn
from earned.testing.service import Service

FIRST_VIEW_BYTES = 40 * 1024
LARGEST_TEXTS = max(
    (name for name in pages.files() if "messages-" in name), key=lambda one: len(pages.files()[one].content)
)
ELEMENTS = ("team", "progress", "unmarked-attendance", "diagnosis")


def get(service: Service, path: str, **headers: str) -> dict[str, Any]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.ask("GET", path, None, headers=sent)


def test_a_file_with_the_current_version_may_be_kept_and_any_other_is_checked(service: Service) -> None:
    current = get(service, f"/console/{pages.current_version()}/team.js")
    old = get(service, "/console/0123456789abcdef/team.js")

    assert current["headers"]["Cache-Control"] == "public, max-age=31536000, immutable"
    assert old["headers"]["Cache-Control"] == "no-cache"
    assert current["body"] == old["body"]
    assert current["headers"]["Content-Type"] == "text/javascript; charset=utf-8"


def test_the_page_and_the_entry_name_the_current_version_and_are_checked(service: Service) -> None:
    page, entry = get(service, "/console/"), get(service, "/console/earned.js")

    assert set(re.findall(r"console/([0-9a-f]{16})/", page["body"])) == {pages.current_version()}
    assert entry["body"] == f'export * from "./{pages.current_version()}/earned.js";\n'
    assert page["headers"]["Cache-Control"] == "no-cache"
    assert entry["headers"]["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize("path", ["/console", "/console/earned.js", "/console/any/console.css"])
def test_a_file_is_compressed_where_the_browser_takes_it_and_open_to_every_origin(service: Service, path: str) -> None:
    plain, compressed = get(service, path), get(service, path, accept_encoding="gzip, deflate, br")

    assert gzip.decompress(b64decode(compressed["body"])).decode() == plain["body"]
    assert compressed["headers"]["Content-Encoding"] == "gzip"
    assert plain["headers"]["Access-Control-Allow-Origin"] == "*"
    assert plain["headers"]["X-Content-Type-Options"] == "nosniff"
    assert plain["headers"]["Vary"] == "Accept-Encoding"


def test_a_file_that_the_browser_has_is_not_sent_again(service: Service) -> None:
    sent = get(service, "/console/")
    again = get(service, "/console/", if_none_match=sent["headers"]["ETag"])

    assert (again["statusCode"], again["body"]) == (304, "")


@pytest.mark.parametrize("name", ["types.d.ts", "index.html", "pages.py", "..", "nothing.js"])
def test_nothing_but_modules_and_styles_is_served(service: Service, name: str) -> None:
    assert get(service, f"/console/{pages.current_version()}/{name}")["statusCode"] == 404


def test_the_page_takes_the_parameters_with_which_the_issuer_returns(service: Service) -> None:
    answer = service.ask("GET", "/console/", None, query={"code": "c", "state": "s", "iss": "i", "session_state": "x"})

    assert answer["statusCode"] == 200


def test_the_policy_allows_no_inline_code_and_requests_to_this_origin_and_the_issuer_only() -> None:
    sign_in = SignIn("https://id.example.com/pool", sign_in_origins="https://login.example.com,https://b.example.com")
    policy = dict(part.strip().split(" ", 1) for part in pages.content_security_policy(sign_in).split(";"))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' https://b.example.com https://id.example.com https://login.example.com"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"


@pytest.mark.parametrize("element", ELEMENTS)
def test_the_first_view_of_every_role_is_within_40_kilobytes(service: Service, element: str) -> None:
    names = imported({"console.js", f"{element}.js", "console.css", LARGEST_TEXTS})
    page = get(service, "/console/", accept_encoding="gzip")
    total = len(b64decode(page["body"])) + sum(len(gzip.compress(pages.files()[one].content.encode())) for one in names)

    assert total <= FIRST_VIEW_BYTES, {name: len(pages.files()[name].content) for name in names}


def test_every_preloaded_module_is_imported_by_every_role() -> None:
    for element in ELEMENTS:
        assert {f"{name}.js" for name in pages.PRELOADED} - imported({"console.js", f"{element}.js"}) <= {
            "parts.js",
            "transfers.js",
        }


def test_the_elements_have_the_colours_of_the_default_design() -> None:
    theme = pages.files()["theme.js"].content
    light = dict(re.findall(r"--earned-(\w+), light-dark\((#\w+),", theme))

    assert {name: light[name] for name in brand().colours} == brand().colours


def test_no_script_is_inline_and_no_module_writes_markup() -> None:
    page = (pages.FOLDER / "index.html").read_text()
    assert "<script>" not in page
    assert " style=" not in page
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage|cookie"
    )
    assert [name for name, file in pages.files().items() if forbidden.search(file.content)] == []


def test_the_console_knows_every_role_of_the_service() -> None:
    known = set(re.findall(r'^  "?([a-z-]+)"?: \["', pages.files()["console.js"].content, re.MULTILINE))
    openapi = json.dumps(json.loads((Path(pages.__file__).with_name("openapi.json")).read_text()))

    assert known == {"company-admin", "individual", "employee", "administrator", "support"}
    assert all(role in openapi for role in known)


def imported(names: set[str]) -> set[str]:
    """These files and all that they import at once."""
    found = set(names)
    for name in names:
        found |= set(re.findall(r'^import .*?from "\./([\w-]+\.js)";', pages.files()[name].content, re.MULTILINE))
    return found if found == names else imported(found)
