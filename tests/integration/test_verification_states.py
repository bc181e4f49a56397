"""What verification answers: each state of the newest revision beside each revision that can be asked for."""

import json
from itertools import product
from typing import Any

import pytest

from earned.testing.lambda_events import LambdaContext, http_event
from earned.testing.service import Service
from tests.integration.issued_records import certificate_in, enrolled, issue
from tools.story import Story

NEWEST = 3
VALID: dict[str, Any] = {
    "status": "valid",
    "holder": "Ada Sample",
    "training": "Leading Well",
    "issuer": "Northlight Leadership Academy",
    "company": "Sample Lanterns",
    "hours": 7.5,
    "issued_at": "2026-03-04T10:30:15.250Z",
    "completed_on": "2026-03-03",
    "revision": NEWEST,
    "document_sha256": "1" * 64,
}
SUPERSEDED = {"status": "superseded", "revision": NEWEST}
REVOKED = {"status": "revoked", "revoked_at": "2026-03-05T10:30:15.250Z"}
WITHDRAWN = {"status": "withdrawn"}
UNKNOWN = {"status": "unknown"}
ASKED = {
    "none": [None],
    "older": ["1", "2"],
    "same": ["3"],
    "newer": ["4", "1000"],
    "invalid": ["0", "-1", "two", "1.5", ""],
}
ANSWERS: dict[str, dict[str, dict[str, Any] | None]] = {
    "valid": {"none": VALID, "older": SUPERSEDED, "same": VALID, "newer": UNKNOWN},
    "revoked": {"none": REVOKED, "older": REVOKED, "same": REVOKED, "newer": UNKNOWN},
    "withdrawn": {"none": WITHDRAWN, "older": WITHDRAWN, "same": WITHDRAWN, "newer": UNKNOWN},
    "withdrawn with the account": {"none": WITHDRAWN, "older": WITHDRAWN, "same": WITHDRAWN, "newer": UNKNOWN},
    "revoked, then withdrawn": {"none": WITHDRAWN, "older": WITHDRAWN, "same": WITHDRAWN, "newer": UNKNOWN},
    "never issued": {"none": UNKNOWN, "older": UNKNOWN, "same": UNKNOWN, "newer": UNKNOWN},
}


def asked(service: Service, certificate_id: str, revision: str | None, accept: str) -> dict[str, Any]:
    query = {} if revision is None else {"revision": revision}
    return service.ask("GET", f"/verify/{certificate_id}", None, query=query, headers={"accept": accept})


@pytest.mark.parametrize(("state", "revision"), list(product(ANSWERS, ASKED)))
def test_the_state_of_the_newest_revision_and_the_revision_asked_for_decide(
    service: Service, story: Story, state: str, revision: str
) -> None:
    certificate_id = certificate_in(story, state, NEWEST)
    for one in ASKED[revision]:
        answer = asked(service, certificate_id, one, "application/json")
        if revision == "invalid":
            assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (400, "urn:earned:problem:bad-request")
        else:
            expected = ANSWERS[state][revision]
            assert json.loads(answer["body"]) == expected
            assert answer["statusCode"] == (404 if expected == UNKNOWN else 200)


@pytest.mark.parametrize("state", ANSWERS)
def test_only_a_valid_certificate_shows_a_name_on_its_page(service: Service, story: Story, state: str) -> None:
    certificate_id = certificate_in(story, state, NEWEST)
    shown = {
        revision: "Ada Sample" in asked(service, certificate_id, one, "text/html")["body"]
        for revision, ones in ASKED.items()
        for one in ones
    }
    assert shown == {revision: state == "valid" and revision in {"none", "same"} for revision in ASKED}


def test_what_the_certificate_does_not_print_is_not_in_the_answer(service: Service, story: Story) -> None:
    record = issue(enrolled(story.id("enr-ivo"), story.id("ivo"), None))
    found = json.loads(asked(service, record.certificate_id, None, "application/json")["body"])
    assert set(VALID) - set(found) == {"company"}


@pytest.mark.parametrize("state", ["valid", "revoked", "never issued"])
def test_every_answer_may_be_read_by_any_page_and_stored_by_none(service: Service, story: Story, state: str) -> None:
    certificate_id = certificate_in(story, state, NEWEST)
    for accept, kind in (("application/json", "application/json"), ("text/html", "text/html; charset=utf-8")):
        answer = asked(service, certificate_id, None, accept)
        headers = {name.lower(): ",".join(values) for name, values in answer.get("multiValueHeaders", {}).items()}
        headers |= {name.lower(): value for name, value in answer.get("headers", {}).items()}
        assert headers["content-type"] == kind
        assert headers["access-control-allow-origin"] == "*"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["vary"] == "Accept, Accept-Language"
        assert "default-src 'none'" in headers["content-security-policy"]


PRINTED = "https://certificates.example/verify/{}?revision={}"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("{0}", "This certificate is valid"),
        (PRINTED.format("{0}", 3), "This certificate is valid"),
        (f"  {PRINTED.format('{0}', 3)} ", "This certificate is valid"),
        ("https://certificates.example/verify/{0}", "This certificate is valid"),
        (PRINTED.format("{0}", 2), "There is a newer version"),
        (PRINTED.format("{0}", "x"), "This certificate is valid"),
    ],
)
def test_the_page_takes_a_number_or_the_printed_address_with_its_revision(
    service: Service, story: Story, number: str, shown: str
) -> None:
    certificate_id = certificate_in(story, "valid", NEWEST)
    query = {"number": number.format(certificate_id)}
    answer = service.ask("GET", "/verify", None, query=query, headers={"accept": "text/html"})
    assert answer["statusCode"] == 200
    assert shown in answer["body"]
    assert ("Ada Sample" in answer["body"]) is (shown == "This certificate is valid")


def test_the_revision_of_a_printed_address_may_have_several_digits(service: Service, story: Story) -> None:
    certificate_id = certificate_in(story, "valid", 120)
    for revision, shown in ((1, "newer version"), (12, "newer version"), (119, "newer version"), (120, "is valid")):
        query = {"number": PRINTED.format(certificate_id, revision)}
        assert shown in service.ask("GET", "/verify", None, query=query, headers={"accept": "text/html"})["body"]


@pytest.mark.parametrize(
    ("language", "marked"),
    [("de", "de"), ("pt-BR", "pt-BR"), ("zh-Hant-TW", "zh-Hant-TW"), ('"><b>', "en"), ("", "en"), ("x" * 9, "en")],
)
def test_names_on_the_page_are_marked_with_the_language_of_the_certificate_if_its_tag_is_valid(
    service: Service, story: Story, language: str, marked: str
) -> None:
    record = enrolled(story.id("enr-ada"), story.id("ada"), story.company)
    issued = issue(record, language=language)
    page = asked(service, issued.certificate_id, None, "text/html")["body"]
    assert f'<p class="holder" lang="{marked}" dir="auto">Ada Sample</p>' in page
    assert '<html lang="en" dir="ltr">' in page


def test_a_page_leads_back_to_the_field_for_a_number(service: Service, story: Story) -> None:
    certificate_id = certificate_in(story, "valid", NEWEST)
    printed = " ".join(certificate_id[at : at + 4] for at in range(0, 26, 4))
    own = asked(service, certificate_id, None, "text/html")["body"]
    assert '<a href="../verify">' in own
    assert f'<dd class="number" dir="ltr">{printed}</dd>' in own
    for number in (certificate_id, "no number"):
        typed = service.ask("GET", "/verify", None, query={"number": number})
        assert '<a href="?">' in typed["body"]
        assert (f'<dd class="number" dir="ltr">{printed}</dd>' in typed["body"]) is (number == certificate_id)
        assert typed["statusCode"] == (200 if number == certificate_id else 404)
    field = service.ask("GET", "/verify", None, query={})
    assert field["statusCode"] == 200
    assert service.ask("GET", "/verify", None, query={"number": ""})["body"] == field["body"]


def test_what_is_no_number_is_not_repeated_on_the_page_as_one(service: Service, story: Story) -> None:
    page = service.ask("GET", "/verify", None, query={"number": "nonumber"})["body"]
    assert "nonumber" not in page
    assert '<dd class="number"' not in page


def test_a_request_that_accepts_nothing_in_particular_is_answered_in_json(service: Service, story: Story) -> None:
    certificate_id = certificate_in(story, "valid", NEWEST)
    event = http_event("GET", f"/verify/{certificate_id}", None, {}, None, {})
    del event["headers"]["accept"]
    answer = service.handlers["serve_api"](event, LambdaContext())
    assert json.loads(answer["body"]) == VALID


@pytest.mark.parametrize(("length", "status"), [(200, 404), (201, 400)])
def test_a_typed_number_has_at_most_200_characters(service: Service, length: int, status: int) -> None:
    assert service.ask("GET", "/verify", None, query={"number": "a" * length})["statusCode"] == status
