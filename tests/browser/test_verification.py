"""The public verification page: its states, and comparing a file on the reader's device."""

import json
import re
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Site, Visitor

Visit = Callable[..., Visitor]
TITLES = {
    "form": "Verify a certificate",
    "valid": "This certificate is valid",
    "revoked": "This certificate was revoked",
    "superseded": "There is a newer version",
    "withdrawn": "This certificate was withdrawn",
    "unknown": "No such certificate",
}


def document(visit: Visit) -> Path:
    ivy = visit("ivy")
    with ivy.page.expect_download() as started:
        ivy.page.get_by_role("link", name="Download certificate").click()
    return Path(started.value.path())


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", TITLES)
def test_every_state_is_accessible_and_fits(visit: Visit, site: Site, state: str, scheme: str, width: int) -> None:
    numbers = site.world["ended"] | {"valid": site.world["certificates"]["ivy.crs-lead"], "unknown": "a" * 26}
    reader = visit(color_scheme=scheme, viewport={"width": width, "height": 800})
    reader.open(f"{site.address}/verify{'' if state == 'form' else '/' + numbers[state]}")
    if state == "superseded":
        reader.open(f"{reader.page.url}?revision=1")

    expect(reader.page.get_by_role("heading", level=1)).to_have_text(TITLES[state])
    reader.check(failures=state == "unknown")


def test_a_number_as_it_is_printed_leads_to_its_page(visit: Visit, site: Site) -> None:
    reader, number = visit(), site.world["certificates"]["ada.crs-lead"]
    reader.open(f"{site.address}/verify")
    reader.page.get_by_label("Certificate number").fill(" ".join(number[n : n + 4] for n in range(0, 26, 4)).upper())
    reader.page.get_by_role("button", name="Verify").click()

    expect(reader.page.get_by_role("heading", level=1)).to_have_text("This certificate is valid")
    reader.sees("Ada Sample")


def test_a_file_is_compared_on_the_readers_device(visit: Visit, site: Site) -> None:
    issued = document(visit).read_bytes()
    reader = reading(visit, site, "ivy.crs-lead")
    sent = len(reader.traffic.requests)

    for content, answer in [(issued, "Yes. The file is the document"), (issued + b" ", "No. The file was changed")]:
        choose(reader, content)
        reader.sees(answer)
        reader.sees("The credential in the file is signed by the issuer")
    reader.drop("#compare", issued)
    reader.sees("Yes. The file is the document")
    assert {*reader.traffic.requests[sent:]} == {f"{site.address}/.well-known/did.json"}
    reader.check()


def test_a_signed_credential_says_whose_certificate_the_file_is(visit: Visit, site: Site) -> None:
    reader = reading(visit, site, "ada.crs-lead")
    choose(reader, document(visit).read_bytes())

    reader.sees("No. The file was changed, or it is another document")
    reader.sees("The credential in the file is signed by the issuer")
    number = site.world["certificates"]["ivy.crs-lead"]
    for name, text in {
        "holder": "Ivy Independent",
        "training": "Leading Through Uncertainty",
        "number": " ".join(number[n : n + 4] for n in range(0, 26, 4)),
    }.items():
        expect(reader.page.locator(f"#statement [data-name={name}]")).to_have_text(text)
    reader.check()


def with_credential(issued: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The document with a changed credential; the page does not need the table of its objects."""
    place = issued.index(b"/EmbeddedFile")
    begins = issued.index(b"stream\n", place) + len(b"stream\n")
    ends = issued.index(b"\nendstream", begins)
    credential = json.loads(zlib.decompress(issued[begins:ends]))
    change(credential)
    data = zlib.compress(json.dumps(credential).encode())
    head = re.sub(rb"/Length \d+", b"/Length %d" % len(data), issued[place - 300 : begins])
    return issued[: place - 300] + head + data + issued[ends:]


FORGERIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another name": lambda one: one["credentialSubject"]["identifier"][0].update(identityHash="Mallory Forger"),
    "an added member": lambda one: one.update(image="https://example.com/distinction.png"),
    "a member that is none": lambda one: one.update(__proto__={}),
    "another issuer": lambda one: one["issuer"].update(id="did:web:example.com"),
    "another key": lambda one: one["proof"].update(verificationMethod=one["issuer"]["id"] + "#000000000000"),
    "no signature": lambda one: one["proof"].update(proofValue="z"),
    "no proof": lambda one: one.pop("proof"),
    "an address that ends a quad": lambda one: one.update(id=one["id"] + "> <https://example.com/x> <"),
    "a flag that is a number": lambda one: one["credentialSubject"]["identifier"][0].update(hashed=0),
    "a huge text": lambda one: one.update(name="x" * 60_000),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_changed_credential_is_not_signed_by_the_issuer(visit: Visit, site: Site, forgery: str) -> None:
    reader = reading(visit, site, "ivy.crs-lead")
    choose(reader, with_credential(document(visit).read_bytes(), FORGERIES[forgery]))

    reader.sees("not signed by this issuer, or it was changed")
    reader.sees("No. The file was changed")
    assert not reader.page.locator("#statement").is_visible()
    reader.check()


def test_the_same_credential_written_anew_is_still_signed(visit: Visit, site: Site) -> None:
    reader = reading(visit, site, "ivy.crs-lead")
    choose(reader, with_credential(document(visit).read_bytes(), lambda _: None))
    reader.sees("The credential in the file is signed by the issuer")


@pytest.mark.parametrize("file", ["empty", "no PDF", "half", "two credentials", "a bomb", "no credential"])
def test_a_file_without_one_credential_has_none_to_check(visit: Visit, site: Site, file: str) -> None:
    issued = document(visit).read_bytes()
    bomb = zlib.compress(b"\0" * 50_000_000)
    content = {
        "empty": b"",
        "no PDF": b"hello",
        "half": issued[: issued.index(b"/EmbeddedFile") + 200],
        "two credentials": issued + issued,
        "a bomb": b"1 0 obj<</Type /EmbeddedFile/Filter /FlateDecode>>stream\n%b\nendstream" % bomb,
        "no credential": issued.replace(b"/EmbeddedFile", b"/ImbeddedFile"),
    }[file]
    reader = reading(visit, site, "ivy.crs-lead")
    choose(reader, content)

    reader.sees("contains no credential that can be checked")
    reader.check()


def test_a_browser_without_these_signatures_says_so(visit: Visit, site: Site) -> None:
    issued = document(visit).read_bytes()
    reader = visit()
    reader.page.add_init_script(
        "crypto.subtle.importKey = async () => { throw new DOMException('Ed25519', 'NotSupportedError'); };"
    )
    reader.open(f"{site.address}/verify/{site.world['certificates']['ivy.crs-lead']}")
    choose(reader, issued)

    reader.sees("This browser cannot check signatures")
    reader.sees("Yes. The file is the document")
    reader.check()


def test_keys_that_do_not_answer_leave_the_signature_unchecked(visit: Visit, site: Site) -> None:
    issued = document(visit).read_bytes()
    reader = reading(visit, site, "ivy.crs-lead")
    reader.fail("did.json", 503)
    choose(reader, issued)

    reader.sees("keys could not be fetched")
    reader.sees("Yes. The file is the document")
    reader.check(failures=True)


@pytest.mark.parametrize(
    "change", [{"assertionMethod": []}, {"revoked": "2026-01-01T00:00:00Z"}, {"expires": "2026-01-01T00:00:00Z"}]
)
def test_a_key_that_the_issuer_ended_signs_nothing(visit: Visit, site: Site, change: dict[str, Any]) -> None:
    issued = document(visit).read_bytes()
    with urllib.request.urlopen(f"{site.address}/.well-known/did.json") as answer:
        keys = json.load(answer)
    if "assertionMethod" in change:
        keys |= change
    else:
        keys["verificationMethod"] = [one | change for one in keys["verificationMethod"]]
    reader = reading(visit, site, "ivy.crs-lead")
    reader.fail("did.json", 200, keys)
    choose(reader, issued)
    reader.sees("not signed by this issuer")


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "ar", "ja"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_answers_are_accessible_and_fit_in_every_language(
    visit: Visit, site: Site, language: str, width: int
) -> None:
    issued = document(visit).read_bytes()
    reader = visit(locale=language, viewport={"width": width, "height": 800})
    reader.open(f"{site.address}/verify/{site.world['certificates']['ivy.crs-lead']}")
    assert reader.page.locator("html").get_attribute("lang") == language
    reader.page.locator("#file").set_input_files(
        {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": issued}
    )
    expect(reader.page.locator("#signature")).to_have_class("same")
    expect(reader.page.locator("#statement [data-name=holder]")).to_have_text("Ivy Independent")
    completed_on = reader.page.locator("#statement [data-name=completed_on]").text_content()
    expect(reader.page.locator(".certificate dd").get_by_text(completed_on or "", exact=True).first).to_be_visible()
    reader.check()


def reading(visit: Visit, site: Site, enrollment: str) -> Visitor:
    """A reader of a certificate's page."""
    reader = visit()
    reader.open(f"{site.address}/verify/{site.world['certificates'][enrollment]}")
    return reader


def choose(reader: Visitor, content: bytes) -> None:
    reader.page.get_by_label("PDF file").set_input_files(
        {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": content}
    )
