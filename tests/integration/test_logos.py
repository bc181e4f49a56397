"""A company's logo: uploaded by the portal, printed on its people's certificates, kept to make them again."""

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from PIL import Image
from urllib3 import HTTPResponse

from earned.aws.dynamodb import enrollments, people, table
from earned.aws.s3 import Assets, ConcurrentPut, Documents
from earned.document.credential import Attachment, credential_json
from earned.document.logo import sanitise
from earned.document.render import NORTHLIGHT
from earned.domain.certificate import Issuance
from earned.domain.errors import UnusableLogo
from earned.domain.people import MAX_LOGO_BYTES, Company, Logo, LogoReference
from earned.messages.requests import Purpose, generation_message
from earned.testing.service import Service
from earned.usecases.logos import REFUSED_SECONDS, Logos
from tests.integration.wire_faults import count_requests, failing, refused
from tools.story import NOON, Story, cloud_event

HOUR = timedelta(hours=1)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 1"><path d="M0 0h3v1z" fill="#0a6" onload="x()"/></svg>'
BOMB = b'<!DOCTYPE svg [<!ENTITY a "a">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 1">&a;</svg>'


def png(colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (30, 10), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def assets(service: Service) -> Assets:
    return Assets(boto3.client("s3"), service.outputs["AssetsBucketName"])


@pytest.fixture
def documents(service: Service) -> Documents:
    return Documents(boto3.client("s3"), service.outputs["DocumentsBucketName"])


@pytest.fixture
def logos(assets: Assets, documents: Documents) -> Logos:
    return Logos(assets, documents, lambda _: None)


def upload(assets: Assets, key: str, data: bytes) -> LogoReference:
    """What the portal does."""
    assets.client.put_object(Bucket=assets.bucket, Key=key, Body=data)
    return LogoReference(key, "image/png" if data.startswith(b"\x89PNG") else "image/svg+xml")


def saved(story: Story, logo: LogoReference | None, minutes: int = 0, name: str = "Sample Lanterns") -> None:
    """The company is saved with a logo, or without one."""
    data: dict[str, Any] = {"company_id": story.company, "name": name}
    if logo is not None:
        data["logo"] = {"key": logo.key, "media_type": logo.media_type}
    event = cloud_event("company.saved", data, NOON - timedelta(days=1) + timedelta(minutes=minutes))
    story.service.post("Directory", event)
    story.service.settle()


def company(story: Story) -> Company:
    """The company as it is kept."""
    row = people.CompanyRow.get(f"company#{story.company}", table.ROOT_SORT_KEY)
    return row.company()


def issued(story: Story, account: str = "ada") -> tuple[Issuance, bytes]:
    """Somebody finishes the course; what was issued, and its document."""
    story.save_account(account)
    story.enroll(account)
    story.service.settle()
    story.service.post("Progress", *story.do(account, "read", "watch", "quiz"))
    story.service.settle()
    completion = enrollments.get_record(story.id(f"enr-{account}"))
    assert completion is not None
    assert completion.issue is not None
    key = f"certificates/{completion.certificate_id}/{completion.issue.revision}.pdf"
    return completion.issue, story.own_documents()[key]


def test_a_company_keeps_the_logo_of_its_latest_save_and_loses_it_with_one_that_has_none(story: Story) -> None:
    first, second = LogoReference("logos/é 1.svg", "image/svg+xml"), LogoReference("logos/2.png", "image/png")
    saved(story, first, minutes=1)
    saved(story, second, minutes=3)
    saved(story, first, minutes=2)
    assert company(story).logo == second
    assert company(story).saved_at == NOON - timedelta(days=1) + timedelta(minutes=3)
    saved(story, None, minutes=4)
    assert company(story).logo is None


@pytest.mark.parametrize("raw", [SVG, png((0, 170, 100))], ids=["svg", "png"])
def test_the_logo_is_printed_and_kept_with_what_was_printed(story: Story, assets: Assets, raw: bytes) -> None:
    story.directory()
    plain, _ = issued(story, "zoe")
    reference = upload(assets, story.id("logo"), raw)
    saved(story, reference)
    issue, document = issued(story)
    safe = sanitise(raw, reference.media_type)
    assert plain.printed.logo is None
    assert issue.printed.logo == safe.sha256
    signed = credential_json(story.course, issue)
    assert signed is not None
    assert document == NORTHLIGHT.render(issue.printed, safe, Attachment(signed, issue.completed_at))
    assert story.service.documents("logos/")[f"logos/{safe.sha256}"] == safe.data


def test_a_document_is_made_again_to_the_byte_with_the_logo_it_was_printed_with(story: Story, assets: Assets) -> None:
    story.directory()
    saved(story, upload(assets, story.id("old"), png((200, 0, 0))))
    issue, document = issued(story)
    saved(story, upload(assets, story.id("new"), SVG), minutes=5)
    assets.client.delete_object(Bucket=assets.bucket, Key=story.id("old"))
    completion = enrollments.get_record(story.id("enr-ada"))
    assert completion is not None
    key = f"certificates/{completion.certificate_id}/{issue.revision}.pdf"
    assets.client.delete_object(Bucket=story.service.outputs["DocumentsBucketName"], Key=key)
    story.service.post("Generation", generation_message(completion, purpose=Purpose.RESTORE).body)
    story.service.settle()
    assert story.own_documents()[key] == document


@pytest.mark.parametrize(
    "raw", [None, BOMB, b"GIF89a", SVG + b" " * MAX_LOGO_BYTES], ids=["missing", "hostile", "not a logo", "too large"]
)
def test_a_certificate_does_not_wait_for_a_logo_that_cannot_be_printed(
    story: Story,
    assets: Assets,
    raw: bytes | None,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    story.directory()
    saved(story, upload(assets, story.id("bad"), raw) if raw else LogoReference("nowhere", "image/png"))
    issue, _ = issued(story)
    assert issue.printed.logo is None
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [line["LogosUnusable"] for line in metrics if "LogosUnusable" in line] == [[1.0]]
    [told] = [record.__dict__ for record in caplog.records if record.message == "issued without the logo"]
    assert told["company_id"] == story.company
    assert ": " in told["reason"]
    assert "Ada" not in json.dumps(metrics) + str(told)


def test_a_logo_is_read_once_until_its_company_is_saved_again(story: Story, assets: Assets, logos: Logos) -> None:
    reference = upload(assets, story.id("logo"), png((1, 2, 3)))
    saved(story, reference)
    first = logos.logo_for(company(story))
    upload(assets, story.id("logo"), png((4, 5, 6)))
    assert logos.logo_for(company(story)) == first
    saved(story, reference, minutes=1)
    second = logos.logo_for(company(story))
    assert first != second
    assert (logos.load(first), logos.load(second)) == tuple(
        sanitise(png(colour), "image/png") for colour in ((1, 2, 3), (4, 5, 6))
    )
    assert logos.logo_for(None) is logos.logo_for(Company("co", "No Logo Ltd")) is logos.load(None) is None


def test_a_logo_that_came_late_is_found_a_minute_later(story: Story, assets: Assets, documents: Documents) -> None:
    seconds = [100.0]
    logos = Logos(assets, documents, lambda _: None, clock=lambda: seconds[0])
    reference = LogoReference(story.id("late"), "image/png")
    late = Company("co", "Late Lamps", reference, NOON)
    assert logos.logo_for(late) is None
    upload(assets, reference.key, png((7, 7, 7)))
    seconds[0] += REFUSED_SECONDS
    assert logos.logo_for(late) is None
    seconds[0] += 1
    assert logos.logo_for(late) == sanitise(png((7, 7, 7)), "image/png").sha256


def test_a_sandbox_keeps_the_64_logos_that_it_met_last(assets: Assets, documents: Documents, logos: Logos) -> None:
    reference = upload(assets, "logo.png", png((1, 1, 1)))
    companies = [Company(f"co-{number}", "Many Lamps", reference, NOON + number * HOUR) for number in range(65)]

    def reads(*found: Company) -> int:
        with count_requests() as requests:
            for one in found:
                assert logos.logo_for(one) is not None
        return requests["GetObject"]

    assert [reads(*companies[:64]), reads(*companies[:64])] == [64, 0]
    assert [reads(companies[64]), reads(*companies[1:]), reads(companies[0])] == [1, 0, 1]


def test_a_sandbox_keeps_the_64_stored_logos_that_it_printed_last(documents: Documents, logos: Logos) -> None:
    stored = [sanitise(png((2, 2, number)), "image/png") for number in range(65)]
    for one in stored:
        documents.keep_logo(one)
    for one in stored[:64]:
        logos.load(one.sha256)
    with count_requests() as requests:
        assert [logos.load(one.sha256) for one in stored[:64]] == stored[:64]
        assert requests["GetObject"] == 0
        assert [logos.load(stored[number].sha256) for number in (64, 0)] == [stored[64], stored[0]]
        assert requests["GetObject"] == 2


def test_a_logo_that_the_design_cannot_draw_is_not_printed_and_not_kept(assets: Assets, documents: Documents) -> None:
    def refuse(_: Logo) -> None:
        raise UnusableLogo("drawn: not in a frame of its own")

    reference = upload(assets, "logo.png", png((3, 3, 3)))
    logos = Logos(assets, documents, refuse)
    assert logos.logo_for(Company("co", "Odd Lamps", reference, NOON)) is None
    stored = documents.client.list_objects_v2(Bucket=documents.bucket, Prefix="logos/").get("Contents", [])
    assert stored == []


def test_a_kept_logo_is_never_overwritten_and_never_believed_without_its_hash(documents: Documents) -> None:
    logo = sanitise(png((9, 8, 7)), "image/png")
    documents.keep_logo(logo)
    documents.keep_logo(logo)
    assert documents.logo(logo.sha256) == logo
    with pytest.raises(UnusableLogo):
        documents.logo("0" * 64)
    documents.client.put_object(Bucket=documents.bucket, Key=f"logos/{logo.sha256}", Body=b"other")
    with pytest.raises(UnusableLogo, match="not what it was"):
        documents.logo(logo.sha256)
    documents.client.delete_object(Bucket=documents.bucket, Key=f"logos/{logo.sha256}")
    documents.keep_logo(logo)


def test_a_logo_that_another_run_stores_at_the_same_time_is_no_fault(documents: Documents) -> None:
    conflict = failing(refused("ConditionalRequestConflict", "PutObject"), "PutObject")
    with conflict, pytest.raises(ConcurrentPut):
        documents.keep_logo(sanitise(png((5, 5, 5)), "image/png"))


def test_a_file_that_is_too_large_is_not_read(assets: Assets) -> None:
    upload(assets, "large", b"x" * (MAX_LOGO_BYTES + 1))
    with pytest.raises(UnusableLogo, match="larger than 512 KB"):
        assets.fetch("large")
    upload(assets, "largest", b"x" * MAX_LOGO_BYTES)
    assert len(assets.fetch("largest")) == MAX_LOGO_BYTES


FAULTS = [
    (403, "AccessDenied"), (403, "InvalidAccessKeyId"), (403, "SignatureDoesNotMatch"), (403, "RequestTimeTooSkewed"),
    (400, "ExpiredToken"), (400, "InvalidToken"), (404, "NoSuchBucket"), (403, "InvalidObjectState"),
    (500, "InternalError"), (503, "SlowDown"),
]  # fmt: skip


@contextmanager
def refusing(client: Any, status: int, code: str) -> Iterator[None]:
    """S3 refuses to hand over any object; the SDK repeats what it takes for a fault."""

    def answer(request: Any, **_: Any) -> AWSResponse:
        body = f"<Error><Code>{code}</Code><Message>-</Message></Error>".encode()
        return AWSResponse(request.url, status, {}, HTTPResponse(io.BytesIO(body), preload_content=False))

    client.meta.events.register_first("before-send.s3.GetObject", answer)
    try:
        yield
    finally:
        client.meta.events.unregister("before-send.s3.GetObject", answer)


@pytest.mark.parametrize(("status", "code"), FAULTS)
def test_a_certificate_waits_for_a_logo_that_s3_refuses_to_hand_over_and_then_prints_it(
    story: Story, assets: Assets, status: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the SDK's waits
    story.directory()
    saved(story, upload(assets, story.id("logo"), SVG))
    story.save_account("ada")
    story.enroll("ada")
    story.service.settle()
    story.service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    with refusing(story.service.apps["generate_certificate"].s3, status, code):
        story.service.settle()
    assert story.certificates() == []
    assert story.service.quarantined("Generation") == []
    story.service.make_visible("Generation")
    story.service.settle()
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    assert record.issue is not None
    assert record.issue.printed.logo == sanitise(SVG, "image/svg+xml").sha256
