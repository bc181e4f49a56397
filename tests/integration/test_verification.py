"""Public verification of a certificate number."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from earned.aws.dynamodb import enrollments, table
from earned.testing.service import Service
from tests.integration.wire_faults import client_of, denied
from tools.story import NOON, Story, cloud_event


def asked(story: Story, path: str, accept: str, language: str = "", **query: str) -> dict[str, Any]:
    """The answer to a request without a token."""
    headers = {"accept": accept, "accept-language": language}
    return story.service.ask("GET", path, None, query=query, headers=headers)


def verify(story: Story, certificate_id: str, accept: str = "application/json", **query: str) -> tuple[int, Any]:
    """Status and body of a verification without a token."""
    answer = asked(story, f"/verify/{certificate_id}", accept, **query)
    body = answer["body"]
    return answer["statusCode"], json.loads(body) if accept == "application/json" else body


@pytest.fixture
def present(service: Service, story: Story) -> Story:
    """Ada attended the live event and has her certificate."""
    story.directory()
    story.save_account("ada", name="Ada <Sample>")
    story.enroll("ada", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.settle()
    return story


def certificate_of(story: Story) -> str:
    """The certificate id in the record."""
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    assert record.certificate_id is not None
    return record.certificate_id


def test_a_valid_certificate_names_its_holder_and_training(present: Story) -> None:
    status, found = verify(present, certificate_of(present))
    assert status == 200
    assert found["status"] == "valid"
    assert (found["holder"], found["training"], found["revision"]) == ("Ada <Sample>", "Open Day", 1)


def test_a_revoked_certificate_has_the_date_and_no_name(present: Story) -> None:
    present.service.post("Attendance", present.mark("ada", "absent", NOON + timedelta(hours=1)))
    present.service.settle()
    status, found = verify(present, certificate_of(present))
    assert (status, found["status"]) == (200, "revoked")
    assert set(found) == {"status", "revoked_at"}


def test_an_older_revision_is_superseded_and_a_later_one_is_unknown(present: Story) -> None:
    present.service.post("Attendance", present.mark("ada", "absent", NOON + timedelta(hours=1)))
    present.service.settle()
    present.service.post("Attendance", present.mark("ada", "present", NOON + timedelta(hours=2)))
    present.service.settle()
    certificate_id = certificate_of(present)
    assert verify(present, certificate_id, revision="1") == (200, {"status": "superseded", "revision": 2})
    assert verify(present, certificate_id, revision="2")[1]["status"] == "valid"
    assert verify(present, certificate_id, revision="3") == (404, {"status": "unknown"})
    assert verify(present, certificate_id)[1]["revision"] == 2


@pytest.mark.parametrize("removed", ["enrollment", "account"])
def test_a_certificate_of_a_removed_enrollment_or_account_is_withdrawn(present: Story, removed: str) -> None:
    data = present.enrollment_of("ada") if removed == "enrollment" else {"account_id": present.id("ada")}
    present.service.post("Directory", cloud_event(f"{removed}.removed", data, NOON))
    present.service.deliver("record_directory")
    assert verify(present, certificate_of(present)) == (200, {"status": "withdrawn"})


@pytest.mark.parametrize(
    "certificate_id", ["a" * 26, "short", "A" * 26, "a" * 3000, "-", "%20", "..%2F..", "a" * 25 + "1"]
)
def test_a_number_that_was_never_issued_is_unknown(present: Story, certificate_id: str) -> None:
    assert verify(present, certificate_id)[0] == 404


def test_a_certificate_that_is_not_earned_yet_is_unknown(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    assert verify(story, certificate_of(story)) == (404, {"status": "unknown"})


def test_the_page_escapes_names(present: Story) -> None:
    status, page = verify(present, certificate_of(present), accept="text/html")
    assert status == 200
    assert "Ada &lt;Sample&gt;" in page
    assert "Ada <Sample>" not in page
    assert '<html lang="en" dir="ltr">' in page
    assert "This certificate is valid" in page


def test_only_a_valid_certificate_has_a_place_to_compare_a_file_and_a_script(present: Story) -> None:
    number = certificate_of(present)
    _, valid = verify(present, number, accept="text/html")
    [document] = present.service.documents(f"certificates/{number}/").values()
    assert f'data-sha256="{hashlib.sha256(document).hexdigest()}"' in valid
    assert "<script" in valid
    _, unknown = verify(present, number, accept="text/html", revision="2")
    assert "<script" not in unknown
    assert "data-sha256" not in unknown


def test_the_json_has_the_issuer_the_company_and_the_hash_of_the_document(present: Story) -> None:
    number = certificate_of(present)
    _, found = verify(present, number)
    [document] = present.service.documents(f"certificates/{number}/").values()
    assert found["issuer"] == "Northlight Leadership Academy"
    assert found["company"] == "Sample Lanterns"
    assert found["document_sha256"] == hashlib.sha256(document).hexdigest()
    assert "hours" not in found


def test_hours_are_in_the_json_and_on_the_page_as_the_language_writes_them(service: Service, story: Story) -> None:
    story.save_company()
    story.schedule(hours=7.5)
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.settle()
    path = f"/verify/{certificate_of(story)}"
    assert json.loads(asked(story, path, "*/*")["body"])["hours"] == 7.5
    assert "<dt>Stunden</dt><dd>7,5</dd>" in asked(story, path, "text/html", "de")["body"]


@pytest.mark.parametrize(
    ("accept", "is_html"),
    [
        ("*/*", False),
        ("", False),
        ("application/json", False),
        ("application/json, text/plain, */*", False),
        ("application/json, text/html;q=0.9", False),
        ("text/html;q=0.4, */*;q=0.5", False),
        ("text/html;q=0", False),
        ("text/*", False),
        ("text/html", True),
        ("text/html, */*", True),
        ("application/json;q=0.9, TEXT/HTML ; q=1.0", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", True),
    ],
)
def test_a_page_is_for_clients_that_prefer_html_and_json_for_all_others(
    present: Story, accept: str, is_html: bool
) -> None:
    headers = asked(present, f"/verify/{certificate_of(present)}", accept)["headers"]
    assert headers["Content-Type"].startswith("text/html" if is_html else "application/json")
    assert headers["Vary"] == "Accept, Accept-Language"


@pytest.mark.parametrize(
    ("language", "answered", "title", "day"),
    [
        ("en-GB", "en", "This certificate is valid", "2 March 2026"),
        ("es-MX,en;q=0.5", "es", "Este certificado es válido", "2 de marzo de 2026"),
        ("en;q=0.1, fr", "fr", "Ce certificat est valide", "2 mars 2026"),
        ("nl, de;q=0.9", "de", "Dieses Zertifikat ist gültig", "2. März 2026"),
        ("ar", "ar", "هذه الشهادة صالحة", "2 مارس 2026"),
        ("ja-JP", "ja", "この証明書は有効です", "2026年3月2日"),
        ("nl", "en", "This certificate is valid", "2 March 2026"),
        ("de;q=0", "en", "This certificate is valid", "2 March 2026"),
    ],
)
def test_the_page_is_in_the_readers_language(
    present: Story, language: str, answered: str, title: str, day: str
) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 18, 5, tzinfo=UTC), tick=False):
        answer = asked(present, f"/verify/{certificate_of(present)}", "text/html", language)
    assert f'<html lang="{answered}" dir="{"rtl" if answered == "ar" else "ltr"}">' in answer["body"]
    assert title in answer["body"]
    assert day in answer["body"]
    assert "18:05 UTC" in answer["body"]
    assert answer["headers"]["Content-Language"] == answered


@pytest.mark.parametrize(
    "written",
    [
        str.upper,
        lambda number: f" {number} ",
        lambda number: " ".join(number[at : at + 4] for at in range(0, 26, 4)),
        lambda number: "-".join(number[at : at + 4] for at in range(0, 26, 4)).title(),
        lambda number: "\u2013".join(number[at : at + 4] for at in range(0, 26, 4)),
        lambda number: "\u00a0".join(number[at : at + 4] for at in range(0, 26, 4)),
        lambda number: f"{number}/",
    ],
)
def test_a_number_is_read_as_it_is_printed_and_typed(present: Story, written: Callable[[str], str]) -> None:
    number = written(certificate_of(present))
    assert verify(present, number)[1]["status"] == "valid"
    page = asked(present, "/verify", "text/html", number=number.rstrip("/"))
    assert "This certificate is valid" in page["body"]


def test_the_printed_address_is_read_as_a_number(present: Story) -> None:
    address = f"https://certificates.example/verify/{certificate_of(present)}?revision=1"
    assert "This certificate is valid" in asked(present, "/verify", "text/html", number=address)["body"]


def test_the_page_has_the_colours_of_the_certificates_design(service: Service, story: Story) -> None:
    story.save_company()
    story.schedule(design="plain")
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.settle()
    answer = asked(story, f"/verify/{certificate_of(story)}", "text/html")
    [style] = re.findall(r"<style>(.*?)</style>", answer["body"], re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert "--brand: #1f4d3a;" in style
    assert f"style-src 'sha256-{digest}'" in answer["headers"]["Content-Security-Policy"]


def test_there_is_a_page_to_type_a_number_into(service: Service, story: Story) -> None:
    answer = asked(story, "/verify", "*/*", "de")
    assert answer["statusCode"] == 200
    assert '<label for="number">Zertifikatsnummer</label>' in answer["body"]
    assert asked(story, "/verify", "*/*", number="nothing")["statusCode"] == 404


@pytest.mark.parametrize("revision", ["0", "-1", "", "one", "1.5", " 1", "+1", "01", "1_0", "\u0661", "9" * 5000])
def test_a_revision_that_is_no_positive_number_is_a_bad_request_that_names_it(present: Story, revision: str) -> None:
    status, problem = verify(present, certificate_of(present), revision=revision)
    assert (status, problem["type"]) == (400, "urn:earned:problem:bad-request")
    assert problem["detail"].startswith("revision")


def test_a_superseded_copy_is_told_apart_on_the_page(present: Story) -> None:
    for hour, status in enumerate(("absent", "present"), start=1):
        present.service.post("Attendance", present.mark("ada", status, NOON + timedelta(hours=hour)))
        present.service.settle()
    page = verify(present, certificate_of(present), accept="text/html", revision="1")[1]
    assert "There is a newer version" in page
    assert "Ada" not in page


def test_an_answer_may_not_be_cached_framed_or_scripted(present: Story) -> None:
    headers = present.service.ask("GET", f"/verify/{certificate_of(present)}", None)["headers"]
    assert headers["Cache-Control"] == "no-store"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_policy_allows_exactly_the_style_and_the_script_of_the_page(present: Story) -> None:
    answer = asked(present, f"/verify/{certificate_of(present)}", "text/html")
    inline = re.findall(r"<(style|script)[^>]*>(.*?)</\1>", answer["body"], re.DOTALL)
    assert [kind for kind, _ in inline] == ["style", "script"]
    for kind, text in inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in answer["headers"]["Content-Security-Policy"]
    assert not re.search(r"\s(style|on\w+)=", answer["body"])


def test_a_failed_read_never_answers_that_a_certificate_is_valid(present: Story) -> None:
    certificate_id = certificate_of(present)
    with denied(client_of(table.Row), "dynamodb.Query"):
        status, body = verify(present, certificate_id)
    assert status == 500
    assert body["status"] == 500
    assert "valid" not in json.dumps(body)
