"""`python -m earned.verify`: its verdicts, its exit codes, and its answers to hostile files and networks."""

import contextlib
import copy
import gzip
import io
import json
import random
import subprocess
import sys
import threading
import time
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earned.document.render import NORTHLIGHT
from earned.document.signatures import proven
from earned.document.status_list import LIFETIME, StatusList
from earned.verify import fetching
from earned.verify.__main__ import main
from earned.verify.fetching import Unreachable
from tests.verifiers.issuers import NUMBER, Issuer, certificate

ROOT = Path(__file__).resolve().parents[3]
GENUINE, NOT_GENUINE, NOTHING_TO_CHECK, ENDED, NOT_ALL = 0, 1, 3, 4, 5
ISSUER = Issuer()
CONTENT = ISSUER.content()
CREDENTIAL = ISSUER.signed()
PDF = certificate(CONTENT, CREDENTIAL)
WEB = ISSUER.web(pdf=PDF)
STATUS = f"{ISSUER.base_url}/status/{NUMBER}/1"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The exit code and the output for a file; `web` is all that answers, None: asked for nothing."""

    def run(pdf: bytes, web: Mapping[str, str] | None = WEB, *options: str) -> tuple[int, str]:
        def fetch(url: str) -> bytes:
            assert web is not None, f"asked for {url}"
            if url not in web:
                raise Unreachable(f"{url} does not answer")
            return web[url].encode()

        file = tmp_path / "certificate.pdf"
        file.write_bytes(pdf)
        code = main([str(file), *options], fetch)
        shown = capsys.readouterr()
        assert shown.err == ""
        assert len(shown.out.splitlines()) <= 20
        return code, shown.out

    return run


def keys_file(tmp_path: Path, keys: Any) -> str:
    path = tmp_path / "keys.json"
    path.write_text(keys if isinstance(keys, str) else json.dumps(keys))
    return f"--offline={path}"


def line(output: str, name: str) -> str:
    [found] = [one for one in output.splitlines() if one.strip().startswith(name)]
    return found


def test_a_genuine_certificate_is_shown_with_everything_that_was_checked(verify: Run) -> None:
    code, output = verify(PDF)
    assert code == GENUINE, output
    for shown in ["Ada Sample", "Leading Through Uncertainty", "2026-11-14", NUMBER, ISSUER.did]:
        assert shown in output
    for check in ["Signature", "Status", "Visible text", "File"]:
        assert " ok " in line(output, check)


def test_each_statement_of_the_credential_is_shown_under_its_name(verify: Run) -> None:
    content = ISSUER.content(first_day=date(2026, 11, 12))
    pdf = certificate(content, ISSUER.signed(content))
    _, output = verify(pdf, ISSUER.web(pdf=pdf))
    named = {
        "Holder": "Ada Sample",
        "Training": "Leading Through Uncertainty",
        "From": "2026-11-12",
        "Completed on": "2026-11-14",
        "Number": NUMBER,
        "Issuer": ISSUER.did,
    }
    assert {name: line(output, name).strip().removeprefix(name).strip() for name in named} == named


@pytest.mark.parametrize("language", ["en", "en-US", "es-MX", "fr", "de", "ar", "ja"])
def test_the_page_is_compared_in_every_language(verify: Run, language: str) -> None:
    for first in (None, date(2026, 10, 30)):
        content = ISSUER.content(language=language, first_day=first)
        pdf = certificate(content, ISSUER.signed(content))
        code, output = verify(pdf, ISSUER.web(pdf=pdf))
        assert code == GENUINE, output


@pytest.mark.parametrize("holder", ["Zoë O'Łucja", "佐藤 花", "김민수", "Officer Fjord", "שלום כהן", "ليلى Sample"])
def test_a_name_is_found_on_the_page_or_the_page_is_not_genuine(verify: Run, holder: str) -> None:
    content = ISSUER.content(holder=holder)
    pdf = certificate(content, ISSUER.signed(content))
    code, output = verify(pdf, ISSUER.web(pdf=pdf))
    assert code == GENUINE, output
    mallory = ISSUER.content(holder=f"{holder[:-1]}q")
    assert verify(certificate(mallory, ISSUER.signed(content)))[0] == NOT_GENUINE


@pytest.mark.parametrize(
    "holder", ["प्रिया शर्मा", "தமிழ் செல்வி", "សុខា ចាន់", "สมชาย ใจดี", "คำ ดี", "ليلى حدّاد", "A̋da Sample"]
)
def test_a_name_with_marks_is_compared_through_the_file_or_left_to_the_reader(verify: Run, holder: str) -> None:
    content = ISSUER.content(holder=holder)
    pdf = certificate(content, ISSUER.signed(content))
    code, output = verify(pdf, ISSUER.web(pdf=pdf))
    assert code == GENUINE, output
    mallory = ISSUER.content(holder="Mallory Forger")
    code, output = verify(certificate(mallory, ISSUER.signed(content)))
    assert code == NOT_ALL
    assert "compare the holder yourself" in line(output, "Visible text")


def test_without_a_network_only_the_keys_in_the_file_are_needed(verify: Run, tmp_path: Path) -> None:
    code, output = verify(PDF, None, keys_file(tmp_path, ISSUER.keys()))
    assert code == NOT_ALL
    assert " ok " in line(output, "Signature")
    assert " ok " in line(output, "Visible text")
    assert "not checked" in line(output, "Status")
    assert "not checked" in line(output, "File")


def test_the_keys_of_another_issuer_are_refused_offline(verify: Run, tmp_path: Path) -> None:
    other = Issuer("https://x-learn.northlight.example")
    code, output = verify(PDF, None, keys_file(tmp_path, other.keys()))
    assert code == NOT_GENUINE, output


@pytest.mark.parametrize("keys", ["", "[]", "{}", '{"id": 5}', "[" * 100_000])
def test_a_file_that_has_no_keys_is_a_wrong_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: str
) -> None:
    (tmp_path / "certificate.pdf").write_bytes(PDF)
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path / "certificate.pdf"), keys_file(tmp_path, keys)])
    assert ended.value.code == 2
    assert "--offline" in capsys.readouterr().err


@pytest.mark.parametrize("missing", [STATUS, f"{ISSUER.base_url}/status/did.json"])
def test_a_status_that_does_not_answer_could_not_be_checked(verify: Run, missing: str) -> None:
    code, output = verify(PDF, {url: text for url, text in WEB.items() if url != missing})
    assert code == NOT_ALL
    assert "not checked" in line(output, "Status")
    assert " ok " in line(output, "Signature")


def test_keys_that_do_not_answer_leave_everything_unchecked_and_show_no_name(verify: Run) -> None:
    code, output = verify(PDF, {})
    assert code == NOT_ALL
    assert "not checked" in line(output, "Signature")
    assert "Ada Sample" not in output


def test_a_revoked_certificate_is_no_longer_valid(verify: Run) -> None:
    code, output = verify(PDF, ISSUER.web(pdf=PDF, status=ISSUER.status(stands=False)))
    assert code == ENDED
    assert "ENDED" in line(output, "Status")


@pytest.mark.parametrize(
    ("skew", "code"),
    [
        (timedelta(minutes=4), GENUINE),  # this clock is slow
        (timedelta(minutes=6), NOT_ALL),
        (-LIFETIME - timedelta(minutes=4), GENUINE),  # this clock is fast
        (-LIFETIME - timedelta(minutes=6), NOT_ALL),
    ],
    ids=str,
)
def test_a_status_may_be_five_minutes_off_by_this_clock(verify: Run, skew: timedelta, code: int) -> None:
    status = ISSUER.status(at=datetime.now(UTC) + skew)
    assert verify(PDF, ISSUER.web(pdf=PDF, status=status))[0] == code


def test_a_status_that_holds_until_the_end_of_time_is_current(verify: Run) -> None:
    listed = StatusList(ISSUER.base_url, NUMBER, 1, True, datetime.now(UTC))
    until, end = listed.document["validUntil"], "9999-12-31T23:59:59Z"
    document, quads = listed.document | {"validUntil": end}, listed.quads.replace(until, end)
    unsigned = SimpleNamespace(did=listed.did, created=listed.created, document=document, quads=quads)
    code, output = verify(PDF, ISSUER.web(pdf=PDF, status=proven(unsigned, ISSUER.status_key)))
    assert code == GENUINE, output


def of_another_issuer() -> dict[str, Any]:
    """A list that the key of statuses signed, and that names another issuer."""
    wanted = StatusList(ISSUER.base_url, NUMBER, 1, True, datetime.now(UTC))
    document, quads = wanted.document | {"issuer": ISSUER.did}, wanted.quads.replace(wanted.did, ISSUER.did)
    unsigned = SimpleNamespace(did=wanted.did, created=wanted.created, document=document, quads=quads)
    return proven(unsigned, ISSUER.status_key)


@pytest.mark.parametrize(
    "status",
    [
        of_another_issuer(),
        ISSUER.status(revision=2),
        ISSUER.status(at=datetime(2026, 1, 1, tzinfo=UTC)),
        ISSUER.status() | {"issuer": ISSUER.did},
        {},
        [],
        {"credentialSubject": 5},
        Issuer(seed="mallory").status(),
        CREDENTIAL,
    ],
    ids=[
        "signed for another",
        "other list",
        "old",
        "other issuer",
        "empty",
        "array",
        "other shape",
        "other key",
        "credential",
    ],
)
def test_a_status_that_is_not_the_issuers_of_this_moment_could_not_be_checked(verify: Run, status: Any) -> None:
    code, output = verify(PDF, ISSUER.web(pdf=PDF, status=status))
    assert code == NOT_ALL, output
    assert "not checked" in line(output, "Status")


def with_list(encoded: str) -> dict[str, Any]:
    """A status list of the issuer with other contents, signed by its key."""
    listed = StatusList(ISSUER.base_url, NUMBER, 1, True, datetime.now(UTC))
    subject = listed.document["credentialSubject"]
    document = listed.document | {"credentialSubject": subject | {"encodedList": encoded}}
    quads = listed.quads.replace(subject["encodedList"], encoded)
    unsigned = SimpleNamespace(did=listed.did, created=listed.created, document=document, quads=quads)
    return proven(unsigned, ISSUER.status_key)


def encoded(bits: bytes) -> str:
    return f"u{urlsafe_b64encode(gzip.compress(bits)).decode().rstrip('=')}"


@pytest.mark.parametrize("first", [0x7F, 0x01, 0x40])
def test_only_the_first_entry_of_a_list_is_of_the_credential(verify: Run, first: int) -> None:
    assert verify(PDF, ISSUER.web(pdf=PDF, status=with_list(encoded(bytes([first, *bytes(16_383)])))))[0] == GENUINE
    ended = with_list(encoded(bytes([first | 0x80, *bytes(16_383)])))
    assert verify(PDF, ISSUER.web(pdf=PDF, status=ended))[0] == ENDED


@pytest.mark.parametrize("padding", range(4))
def test_a_list_is_read_whatever_the_length_of_its_text(verify: Run, padding: int) -> None:
    """gzip's header may have a name of any length."""
    compressed = gzip.compress(bytes(16_384))
    named = compressed[:3] + b"\x08" + compressed[4:10] + b"x" * padding + b"\0" + compressed[10:]
    text = f"u{urlsafe_b64encode(named).decode().rstrip('=')}"
    assert verify(PDF, ISSUER.web(pdf=PDF, status=with_list(text)))[0] == GENUINE


@pytest.mark.parametrize(
    "text",
    [
        encoded(bytes(16_383)),
        encoded(b""),
        f"z{encoded(bytes(16_384))[1:]}",
        encoded(bytes(16_384))[1:],
        f"u{urlsafe_b64encode(bytes(16_384)).decode()}",
        f"u{urlsafe_b64encode(zlib.compress(bytes(16_384))).decode()}",
        "uAAAAA",
        "u",
    ],
    ids=["short", "empty", "another base", "no base", "not compressed", "another compression", "garbage", "nothing"],
)
def test_a_list_that_is_not_readable_could_not_be_checked(verify: Run, text: str) -> None:
    code, output = verify(PDF, ISSUER.web(pdf=PDF, status=with_list(text)))
    assert code == NOT_ALL
    assert "not checked" in line(output, "Status")
    assert "the status list is not readable" in line(output, "Status")


def test_each_reason_for_not_relying_on_a_status_is_told(verify: Run) -> None:
    def told(status: Any) -> str:
        return line(verify(PDF, ISSUER.web(pdf=PDF, status=status))[1], "Status")

    assert f"the answer of {STATUS} is not of this moment" in told(ISSUER.status(at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert f"the answer of {STATUS} is not the issuer's" in told(ISSUER.status(revision=2))
    assert f"the answer of {STATUS} is not the issuer's: " in told({})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"holder": "Mallory Forger"}, "holder"),
        ({"title": "Leading Through Certainty"}, "training"),
        ({"completed_on": date(2026, 11, 15)}, "date"),
        ({"certificate_id": "a" * 26, "verify_url": "https://learn.northlight.example/verify/" + "a" * 26}, "number"),
    ],
)
def test_a_page_that_says_something_else_than_its_credential_is_not_genuine(
    verify: Run, changes: dict[str, Any], named: str
) -> None:
    code, output = verify(certificate(ISSUER.content(**changes), CREDENTIAL))
    assert code == NOT_GENUINE
    assert named in line(output, "Visible text")


def test_a_file_that_was_saved_anew_is_reported(verify: Run) -> None:
    with pikepdf.open(io.BytesIO(PDF)) as pdf:
        pdf.save(saved := io.BytesIO())
    code, output = verify(saved.getvalue())
    assert code == NOT_ALL
    assert "saved anew or changed" in line(output, "File")
    assert " ok " in line(output, "Visible text")


@pytest.mark.parametrize("content", [b"", b"BT " + b"(a) Tj T* " * 30_000 + b"ET"], ids=["none", "too much"])
def test_a_page_without_text_or_with_too_much_could_not_be_compared(verify: Run, content: bytes) -> None:
    with pikepdf.open(io.BytesIO(PDF)) as pdf:
        pdf.pages[0].Contents = pdf.make_stream(content)
        pdf.save(saved := io.BytesIO())
    code, output = verify(saved.getvalue())
    assert code == NOT_ALL
    assert "not checked" in line(output, "Visible text")


@pytest.mark.parametrize(
    "ended", [{"revoked": "2026-11-20T00:00:00Z"}, {"expires": "2026-11-20T00:00:00Z"}, {"expires": "x"}]
)
def test_a_key_that_the_issuer_ended_signs_nothing(verify: Run, ended: dict[str, str]) -> None:
    keys = ISSUER.keys()
    keys["verificationMethod"][0] |= ended
    code, output = verify(PDF, ISSUER.web(pdf=PDF, keys=keys))
    assert code == NOT_GENUINE, output


@pytest.mark.parametrize(
    "keys",
    [
        {"id": ISSUER.did},
        {"id": ISSUER.did, "assertionMethod": 5, "verificationMethod": {}},
        ISSUER.keys() | {"assertionMethod": []},
        ISSUER.keys() | {"verificationMethod": [{"id": f"{ISSUER.did}#{ISSUER.key.key_id}", "controller": ISSUER.did}]},
        ISSUER.keys() | {"id": "did:web:other.example"},
    ],
)
def test_keys_that_do_not_name_the_key_are_refused(verify: Run, keys: Any) -> None:
    assert verify(PDF, ISSUER.web(pdf=PDF, keys=keys))[0] == NOT_GENUINE


def test_a_key_that_the_issuer_lists_within_its_purpose_is_found(verify: Run) -> None:
    keys = ISSUER.keys()
    keys |= {"assertionMethod": keys["verificationMethod"], "verificationMethod": []}
    assert verify(PDF, ISSUER.web(pdf=PDF, keys=keys))[0] == GENUINE


def test_an_address_that_could_end_a_quad_is_refused_before_the_signature_is_looked_at(verify: Run) -> None:
    _, output = verify(certificate(CONTENT, HOSTILE_CREDENTIALS["an address that ends a quad"]))
    assert "is no address" in line(output, "Signature")


def changed(change: Callable[[dict[str, Any]], None]) -> bytes:
    document = copy.deepcopy(CREDENTIAL)
    change(document)
    return json.dumps(document).encode()


HOSTILE_CREDENTIALS = {
    "no JSON": b"\xff\xfe",
    "deep": b"[" * 90_000,
    "a long number": b"9" * 50_000,
    "an array": b"[]",
    "null": b"null",
    "half a character": changed(
        lambda one: one["credentialSubject"]["identifier"][0].update(identityHash="Ada \ud800")
    ),
    "half a result": changed(
        lambda one: one["credentialSubject"].update(
            result=[
                {
                    "id": one["credentialSubject"]["id"].replace("#holder", "#result"),
                    "type": ["Result"],
                    "resultDescription": one["credentialSubject"]["achievement"]["id"] + "#score",
                    "value": "100",
                }
            ]
        )
    ),
    "a missing member of one value only": changed(
        lambda one: one["credentialSubject"]["identifier"][0].pop("identityType")
    ),
    "an added member": changed(lambda one: one.update(image="https://example.com/with-distinction.png")),
    "a missing member": changed(lambda one: one.pop("evidence")),
    "a missing status": changed(lambda one: one.pop("credentialStatus")),
    "a member of another kind": changed(lambda one: one["credentialSubject"]["identifier"][0].update(hashed=0)),
    "another type": changed(lambda one: one["type"].append("EndorsementCredential")),
    "another context": changed(lambda one: one["@context"].append("https://example.com/context.json")),
    "two names": changed(lambda one: one.update(name="Other")),
    "a date that is none": changed(lambda one: one["credentialSubject"].update(activityEndDate="x")),
    "half a character in the key": changed(
        lambda one: one["proof"].update(verificationMethod=one["issuer"]["id"] + "#\ud800")
    ),
    "another cryptosuite": changed(lambda one: one["proof"].update(cryptosuite="eddsa-jcs-2022")),
    "no signature": changed(lambda one: one["proof"].update(proofValue="z")),
    "a signature of other letters": changed(lambda one: one["proof"].update(proofValue="z0OIl")),
    "a long signature": changed(lambda one: one["proof"].update(proofValue="z" + "2" * 80_000)),
    "an address that ends a quad": changed(
        lambda one: one["evidence"][0].update(id="urn:x> <https://example.com/x> <")
    ),
    "a DID of a file": changed(lambda one: one["issuer"].update(id="file:///etc/passwd")),
}


@pytest.mark.parametrize("name", HOSTILE_CREDENTIALS)
def test_a_hostile_credential_is_not_genuine(verify: Run, name: str) -> None:
    code, output = verify(certificate(CONTENT, HOSTILE_CREDENTIALS[name]))
    assert code == NOT_GENUINE, output
    assert "Ada Sample" not in output


@pytest.mark.parametrize(
    "base_url", ["https://x/../y", "https://user@host", "https://host\\x", "https://", "file:///etc/passwd"]
)
def test_an_issuer_whose_address_is_none_is_refused(verify: Run, base_url: str) -> None:
    issuer = Issuer(base_url)
    content = issuer.content()
    code, output = verify(certificate(content, proven(issuer.credential(content), issuer.key)))
    assert code in {NOT_GENUINE, NOT_ALL}, output


def test_what_an_issuer_writes_cannot_control_the_terminal(verify: Run) -> None:
    loud = ISSUER.signed(ISSUER.content(title="\x1b[2J\x1b[31mEvil\u202e\nStatus        ok"))
    code, output = verify(certificate(CONTENT, loud))
    assert code == NOT_GENUINE
    assert "Evil" in output
    assert not set(output) & {"\x1b", "\u202e"}
    assert len([one for one in output.splitlines() if one.strip().startswith("Status")]) == 1


def with_attachments(*attached: tuple[str, bytes]) -> bytes:
    with pikepdf.open(io.BytesIO(NORTHLIGHT.render(CONTENT))) as pdf:
        for number, (name, data) in enumerate(attached):
            pdf.attachments[str(number)] = pikepdf.AttachedFileSpec(pdf, data, filename=name)
        pdf.save(saved := io.BytesIO())
    return saved.getvalue()


def encrypted(**passwords: str) -> bytes:
    with pikepdf.open(io.BytesIO(PDF)) as pdf:
        pdf.save(saved := io.BytesIO(), encryption=pikepdf.Encryption(**passwords))
    return saved.getvalue()


def in_plain_objects(*objects: str) -> bytes:
    """A PDF of these objects, numbered from 1, of which the first is its catalog."""
    body, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj {one} endobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return body + f"{start}trailer <</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF".encode()


ATTACHED = json.dumps(CREDENTIAL).encode()
HOSTILE_FILES = {
    "empty": b"",
    "no PDF": b"hello",
    "only a header": b"%PDF-1.7\n",
    "half": PDF[: len(PDF) // 2],
    "no attachment": NORTHLIGHT.render(CONTENT),
    "another attachment": with_attachments(("invoice.json", ATTACHED)),
    "two attachments": with_attachments(("credential.json", ATTACHED), ("credential.json", ATTACHED)),
    "a huge attachment": with_attachments(("credential.json", b" " * 200_000)),
    "a bomb": with_attachments(("credential.json", b"\0" * 150_000_000)),
    "random bytes": random.Random(1).randbytes(5_000),
    "random bytes behind a header": b"%PDF-1.7\n" + random.Random(1).randbytes(5_000),
    "no pages": in_plain_objects("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 0/Kids[]>>"),
    "everything is its catalog": in_plain_objects(
        "<</Type/Catalog/Pages 1 0 R/Names 1 0 R/EmbeddedFiles 1 0 R/Kids[1 0 R]>>"
    ),
    "references without an end": in_plain_objects("2 0 R", "1 0 R"),
    "attachments within themselves": in_plain_objects(
        "<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles 3 0 R>>>>",
        "<</Type/Pages/Count 0/Kids[]>>",
        "<</Kids[3 0 R 3 0 R]>>",
    ),
    "arrays without an end": in_plain_objects(f"<</Type/Catalog/Names {'[' * 50_000}"),
    "a table of objects before itself": b"%PDF-1.7\nxref\n0 0\ntrailer <</Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF",
    "an unknown encryption": b"%PDF-1.7\nxref\n0 0\ntrailer <</Encrypt <<>>/Root 1 0 R>>\nstartxref\n9\n%%EOF",
    "encrypted": encrypted(owner="o", user="u"),
    "encrypted without a password": encrypted(owner="o", user=""),
}
REASONS = {
    "no PDF": "not a PDF",
    "no attachment": "no attachment credential.json",
    "two attachments": "2 attachments",
    "a huge attachment": "more than 100,000 bytes",
    "encrypted": "encrypted",
    "encrypted without a password": "encrypted",
}


@pytest.mark.parametrize("name", HOSTILE_FILES)
def test_a_file_without_one_credential_leaves_nothing_to_check_and_says_why(verify: Run, name: str) -> None:
    code, output = verify(HOSTILE_FILES[name])
    assert code == NOTHING_TO_CHECK, output
    assert "Nothing was checked: " in output
    assert REASONS.get(name, "") in output


def test_a_file_that_is_not_there_leaves_nothing_to_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.pdf")]) == NOTHING_TO_CHECK
    assert "cannot be opened" in capsys.readouterr().out


def with_pages(change: Callable[[pikepdf.Pdf], object]) -> bytes:
    """The genuine certificate with other pages."""
    with pikepdf.open(io.BytesIO(PDF)) as pdf:
        change(pdf)
        pdf.save(saved := io.BytesIO())
    return saved.getvalue()


def without_pages(pdf: pikepdf.Pdf) -> None:
    del pdf.pages[0]


def within_itself(pdf: pikepdf.Pdf) -> None:
    pages = pdf.Root["/Pages"]
    pages["/Kids"] = pikepdf.Array([pages])


def drawing(content: bytes) -> Callable[[pikepdf.Pdf], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj["/Contents"] = pdf.make_stream(content)

    return change


def drawing_forms(content: bytes) -> Callable[[pikepdf.Pdf], None]:
    """A thousand times a form, which can draw itself as `X`."""

    def change(pdf: pikepdf.Pdf) -> None:
        form = pdf.make_stream(content, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
        form["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
        pdf.pages[0].obj["/Resources"]["/XObject"] = pikepdf.Dictionary(X=form)
        drawing(b"/X Do " * 1_000)(pdf)

    return change


HOSTILE_PAGES = {
    "none": without_pages,
    "within themselves": within_itself,
    "arrays without an end": drawing(b"[" * 50_000),
    "a form that draws itself": drawing_forms(b"/X Do /X Do"),
}


@pytest.mark.parametrize("name", HOSTILE_PAGES)
def test_hostile_pages_around_a_genuine_credential_could_not_be_compared(verify: Run, name: str) -> None:
    code, output = verify(with_pages(HOSTILE_PAGES[name]))
    assert code == NOT_ALL, output
    assert " ok " in line(output, "Signature")
    assert "cannot be read" in line(output, "Visible text")


@pytest.mark.parametrize(
    ("pdf", "code", "told"),
    [
        (b"%PDF-1.7\n" + b"1 0 obj\n" * 3_000_000, NOTHING_TO_CHECK, "takes more than 0.3 s to read"),
        (with_pages(drawing_forms(b"BT " + b"(a) ' " * 300_000)), NOT_ALL, "the page's text cannot be read"),
    ],
    ids=["objects", "text"],
)
def test_the_program_ends_also_when_the_library_would_read_for_long(
    tmp_path: Path, pdf: bytes, code: int, told: str
) -> None:
    (tmp_path / "certificate.pdf").write_bytes(pdf)
    arguments = ["certificate.pdf", keys_file(tmp_path, ISSUER.keys())]
    program = f"import sys; from earned.verify.__main__ import main; sys.exit(main({arguments}, seconds=0.3))"
    environment = {"PYTHONPATH": str(ROOT / "layers" / "core")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,  # the library would read the text for hours
    )
    assert (done.returncode, done.stderr) == (code, ""), done.stdout
    assert told in done.stdout


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(length=st.integers(0, len(PDF) - 1), more=st.binary(max_size=100))
def test_a_file_that_was_cut_never_ends_the_program_and_is_never_the_issued_one(
    verify: Run, length: int, more: bytes
) -> None:
    cut = PDF[:length] + more
    code, _ = verify(cut)
    assert code in {NOT_GENUINE, NOTHING_TO_CHECK, NOT_ALL} or cut == PDF


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, len(PDF) - 1), st.integers(0, 255)), min_size=1, max_size=30))
def test_a_damaged_file_never_ends_the_program_and_is_never_the_issued_one(
    verify: Run, changes: list[tuple[int, int]]
) -> None:
    damaged = bytearray(PDF)
    for place, value in changes:
        damaged[place] = value
    code, _ = verify(bytes(damaged))
    assert code in {NOT_GENUINE, NOTHING_TO_CHECK, NOT_ALL} or bytes(damaged) == PDF


class Elsewhere(BaseHTTPRequestHandler):
    """Redirects, or sends a byte now and then."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/slow" else 302)
        self.send_header("Location", f"{self.path[1:]}://127.0.0.1:1/")
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(100):
                self.wfile.write(b" ")
                time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("path", "told"), [("ftp", "answers 302"), ("https", "answers 302"), ("http", "refused"), ("slow", "too long")]
)
def test_an_answer_is_of_the_same_scheme_and_ends_in_time(path: str, told: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(Unreachable, match=told):
            fetching.fetch(f"http://127.0.0.1:{listening.server_port}/{path}", seconds=0.5)
        assert time.monotonic() - began < 3
        listening.shutdown()


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, str]]]:
    """A web server on this machine: its address, and what it serves by path."""
    served: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = served.get(self.path, "").encode()
            self.send_response(200 if body else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}", served
        listening.shutdown()


def test_the_command_asks_the_issuers_own_address(server: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    base_url, served = server
    issuer = Issuer(base_url)
    content = issuer.content(holder="Zoë Łucja")  # letters that not every terminal has
    pdf = certificate(content, issuer.signed(content))
    served |= {url.removeprefix(base_url): text for url, text in issuer.web(pdf=pdf).items()}
    (tmp_path / "certificate.pdf").write_bytes(pdf)

    def run(encoding: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "earned.verify", "certificate.pdf"]
        environment = {"PYTHONPATH": str(ROOT / "layers" / "core"), "PYTHONIOENCODING": encoding}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, encoding=encoding, check=False
        )

    for encoding in ["utf-8", "ascii", "cp1252"]:
        done = run(encoding)
        assert (done.returncode, done.stderr) == (GENUINE, ""), done.stdout
    served.pop(f"/status/{NUMBER}/1")
    done = run("utf-8")
    assert done.returncode == NOT_ALL
    assert "answers 503" in line(done.stdout, "Status")
