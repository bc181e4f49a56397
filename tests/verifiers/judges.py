"""Judges of certificates: two verifiers that others wrote, a second way in Python, and `earned.verify`.

A verifier of credentials does not see the page, so the name that it accepts is compared with the page's text, as a
reader would do.
"""

import json
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from earned.verify.checks import Outcome, check
from earned.verify.fetching import Unreachable
from earned.verify.pdf import read_document
from tests.verifiers import second_way
from tests.verifiers.second_way import ROOT, SCHEMA, stored_contexts

PACKAGES = ROOT / ".venv" / "node" / "verifiers"
SCHEMA_URL = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
VERIFIERS = ("@digitalbazaar/vc", "DCC verifier-core", "PyLD + cryptography", "earned.verify")


@dataclass(frozen=True)
class Case:
    """A PDF that someone is shown, and the network at that moment."""

    pdf: bytes
    credential: dict[str, Any]
    issuer: str
    web: dict[str, str]


def judged(cases: list[Case], folder: Path) -> list[dict[str, str | None]]:
    """Why each verifier refuses each case; None where it accepts it."""
    rows = []
    for one, found in zip(cases, by_others(cases, folder), strict=True):
        given = (found["bazaar"], found["consortium"], by_the_second_way(one))
        row = [verdict or on_the_page(one) for verdict in given] + [by_ours(one, folder / "certificate.pdf")]
        rows.append(dict(zip(VERIFIERS, row, strict=True)))
    return rows


def by_others(cases: list[Case], folder: Path) -> list[dict[str, str | None]]:
    contexts = folder / "contexts.json"
    contexts.write_text(json.dumps(stored_contexts()), "utf-8")
    schema = {SCHEMA_URL: json.dumps(SCHEMA)}
    asked = [{"credential": one.credential, "issuer": one.issuer, "web": one.web | schema} for one in cases]
    done = subprocess.run(
        [ROOT / ".venv" / "node" / "bin" / "node", Path(__file__).with_name("judge.mjs"), PACKAGES, contexts],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    verdicts: list[dict[str, str | None]] = json.loads(done.stdout)
    return verdicts


def by_the_second_way(one: Case) -> str | None:
    try:
        second_way.verify(one.credential, one.issuer, one.web)
    except second_way.Refused as error:
        return str(error)
    return None


def by_ours(one: Case, file: Path) -> str | None:
    """Its report, and whether the issuer that it names is the expected one."""
    file.write_bytes(one.pdf)

    def fetch(url: str) -> bytes:
        if url not in one.web:
            raise Unreachable(url)
        return one.web[url].encode()

    report = check(read_document(file), fetch, None, datetime.now(UTC))
    if report.outcome is Outcome.RIGHT and report.credential and report.credential.values["did"] == one.issuer:
        return None
    wrong = [one.detail for one in report.checks if one.outcome is not Outcome.RIGHT]
    return wrong[0] if wrong else "another issuer"


def on_the_page(one: Case) -> str | None:
    """What a reader does with a credential that is accepted: looks whether it is the page's."""
    [page] = PdfReader(BytesIO(one.pdf)).pages
    holder = one.credential["credentialSubject"]["identifier"][0]["identityHash"]
    return None if holder in page.extract_text() else "another holder on the page"
