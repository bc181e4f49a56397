"""The script of the verification page reads and judges credentials exactly as `earned.verify` does."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import earned.api
from earned.document.canonical_quads import credential_form
from earned.domain.certificate import QuizResult
from earned.verify.keys import NotTheIssuers, issuers_key
from earned.verify.signed_documents import Unusual, read
from tests.unit.verify.test_command import CREDENTIAL, HOSTILE_CREDENTIALS, changed
from tests.verifiers.issuers import NOW, Issuer
from tests.verifiers.second_way import ROOT

SCRIPT = Path(earned.api.__file__).with_name("html") / "credential.js"
HARNESS = """
const section = { dataset: {} };
const verdicts = [];
for (const [text, keys] of JSON.parse(require("node:fs").readFileSync(0, "utf8"))) {
  let verdict = null;
  try {
    const credential = readCredential(text);
    verdict = { quads: credential.quads, proof: credential.proof, isSigned: await isSigned(credential, keys) };
  } catch {}
  verdicts.push(verdict);
}
process.stdout.write(JSON.stringify(verdicts));
"""
ISSUER = Issuer()
TEXTS = [
    "Ada Sample",
    "佐藤 花",
    "ليلى حدّاد",
    'a"b\\c',
    "tab\there",
    "line\nbreak",
    "\x01\x7f",
    "\U0001d49c\uff21",
    "$&${title}$1",
    "</script>",
]


def genuine() -> list[str]:
    """Credentials of every shape, with texts that are hard to write."""
    result = [None, QuizResult(87.5, 80), QuizResult(87.5, 80, 100)]
    contents = [ISSUER.content(holder=text, title=text[::-1]) for text in TEXTS]
    contents.append(replace(contents[0], first_day=contents[0].completed_on))
    return [json.dumps(ISSUER.signed(one, result[n % 3])) for n, one in enumerate(contents)]


def forged() -> list[str]:
    texts = [text.decode("utf-8", "replace") for text in HOSTILE_CREDENTIALS.values()]
    own_member = '{"__proto__": {}, ' + json.dumps(CREDENTIAL)[1:]
    return [*texts, own_member, changed(lambda one: one.update(constructor=1)).decode()]


def ended() -> list[dict[str, Any]]:
    """DID documents that do not let the key sign."""
    keys = ISSUER.keys()
    [key] = keys["verificationMethod"]
    changes: list[dict[str, Any]] = [{"revoked": "2026-01-01T00:00:00Z"}, {"expires": "2026-01-01T00:00:00Z"},
                                     {"controller": "did:web:other.example"}, {"publicKeyMultibase": "z6"},
                                     {"id": "did:web:other.example#1"}]  # fmt: skip
    documents = [keys | {"verificationMethod": [key | change]} for change in changes]
    others = [keys | {"assertionMethod": []}, keys | {"id": "did:web:other.example"}, Issuer(seed="mallory").keys()]
    return [*documents, *others]


def by_the_script(asked: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any] | None]:
    form = json.dumps(credential_form())
    program = f"const FORM = {form};\n{SCRIPT.read_text('utf-8')}\n(async () => {{{HARNESS}}})();"
    done = subprocess.run(
        [ROOT / ".venv" / "node" / "bin" / "node", "-e", program],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    verdicts: list[dict[str, Any] | None] = json.loads(done.stdout)
    return verdicts


def by_the_command(text: str, keys: dict[str, Any]) -> dict[str, Any] | None:
    try:
        found = read("credential", text.encode("utf-8", "surrogatepass"))
    except Unusual:
        return None
    try:
        is_signed = found.is_signed_by(issuers_key(keys, found.values["did"], found.method, NOW))
    except NotTheIssuers:
        is_signed = False
    return {"quads": found.quads, "isSigned": is_signed}


def test_both_find_the_same_canonical_form_and_the_signature_valid() -> None:
    asked = [(text, ISSUER.keys()) for text in genuine()]
    for (text, keys), found in zip(asked, by_the_script(asked), strict=True):
        expected = by_the_command(text, keys)
        assert expected is not None
        assert expected["isSigned"] is True
        assert found is not None
        assert {name: found[name] for name in expected} == expected


def test_both_accept_no_forgery() -> None:
    asked = [(text, ISSUER.keys()) for text in forged()]
    for (text, keys), found in zip(asked, by_the_script(asked), strict=True):
        expected = by_the_command(text, keys)
        assert not (expected and expected["isSigned"]), text[:300]
        assert not (found and found["isSigned"]), text[:300]


def test_both_refuse_a_key_that_is_not_the_issuers() -> None:
    asked = [(json.dumps(CREDENTIAL), keys) for keys in ended()]
    for (text, keys), found in zip(asked, by_the_script(asked), strict=True):
        expected = by_the_command(text, keys)
        assert expected is not None
        assert expected["isSigned"] is False, keys
        assert not (found and found["isSigned"]), keys
