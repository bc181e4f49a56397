"""What can be checked of a certificate, each check with its outcome, and the exit code of them all."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from earned.verify.fetching import Unreachable
from earned.verify.keys import Json, NotTheIssuers, address, did_document, issuers_key
from earned.verify.pdf import Document
from earned.verify.signed_documents import SignedDocument, Unusual, read
from earned.verify.status import is_revoked
from earned.verify.visible_text import compare

Fetch = Callable[[str], bytes]


class Outcome(StrEnum):
    RIGHT = "ok"
    WRONG = "WRONG"
    ENDED = "ENDED"
    UNCHECKED = "not checked"


EXIT_CODES = {Outcome.RIGHT: 0, Outcome.WRONG: 1, Outcome.ENDED: 4, Outcome.UNCHECKED: 5}
UNREADABLE = 3  # 2 is a wrong command line
_WORST_FIRST = (Outcome.WRONG, Outcome.ENDED, Outcome.UNCHECKED)


@dataclass(frozen=True)
class Check:
    name: str
    outcome: Outcome
    detail: str


@dataclass(frozen=True)
class Report:
    """`credential` is None unless its signature is the issuer's: nothing else may be shown."""

    checks: tuple[Check, ...]
    credential: SignedDocument | None = None

    @property
    def outcome(self) -> Outcome:
        found = {check.outcome for check in self.checks}
        return next((outcome for outcome in _WORST_FIRST if outcome in found), Outcome.RIGHT)


def check(document: Document, fetch: Fetch | None, keys: Json | None, at: datetime) -> Report:
    """`fetch` is None without a network, and `keys` is the issuer's DID document if it is not to be fetched."""
    try:
        credential = read("credential", document.credential)
    except Unusual as error:
        return Report((Check("Signature", Outcome.WRONG, f"the credential is not one of Earned: {error}"),))
    signature = _signature(credential, fetch, keys, at)
    if signature.outcome is not Outcome.RIGHT:
        return Report((signature,))
    file = _file(credential, document, fetch)
    text = _visible_text(credential, document, is_the_issued=file.outcome is Outcome.RIGHT)
    return Report((signature, _status(credential, fetch, at), text, file), credential)


def _signature(credential: SignedDocument, fetch: Fetch | None, keys: Json | None, at: datetime) -> Check:
    did = credential.values["did"]
    try:
        if keys is None:
            if fetch is None:
                raise Unreachable("the issuer's keys are not given")
            keys = did_document(did, fetch)
        key = issuers_key(keys, did, credential.method, at)
    except Unreachable as error:
        return Check("Signature", Outcome.UNCHECKED, str(error))
    except NotTheIssuers as error:
        return Check("Signature", Outcome.WRONG, str(error))
    if not credential.is_signed_by(key):
        return Check("Signature", Outcome.WRONG, "the credential was changed after it was signed")
    return Check("Signature", Outcome.RIGHT, f"the credential is signed by {did}")


def _status(credential: SignedDocument, fetch: Fetch | None, at: datetime) -> Check:
    if fetch is None:
        return Check("Status", Outcome.UNCHECKED, "it needs the network")
    try:
        revoked = is_revoked(credential, fetch, at)
    except (Unreachable, NotTheIssuers) as error:
        return Check("Status", Outcome.UNCHECKED, str(error))
    if revoked:
        return Check("Status", Outcome.ENDED, "revoked, withdrawn or replaced by a newer revision")
    return Check("Status", Outcome.RIGHT, "neither revoked, withdrawn nor replaced")


def _visible_text(credential: SignedDocument, document: Document, *, is_the_issued: bool) -> Check:
    if not document.text or not document.text.strip():
        return Check("Visible text", Outcome.UNCHECKED, "the page's text cannot be read")
    found = compare(credential, document.text)
    if found.missing:
        return Check("Visible text", Outcome.WRONG, f"the page does not show the credential's {_list(found.missing)}")
    if found.unclear and not is_the_issued:
        return Check("Visible text", Outcome.UNCHECKED, f"compare the {_list(found.unclear)} yourself")
    return Check("Visible text", Outcome.RIGHT, "the page shows the credential's holder, training, date and number")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _file(credential: SignedDocument, document: Document, fetch: Fetch | None) -> Check:
    """The text of a page can be painted over: only the digest of the issued file tells."""
    if fetch is None:
        return Check("File", Outcome.UNCHECKED, "it needs the network")
    url = credential.values["address"]
    try:
        if not url.startswith(f"{address(credential.values['did'])}/verify/"):
            raise Unreachable(f"{url} is not an address of the issuer")
        issued = _digest(fetch(url))
    except Unreachable as error:
        return Check("File", Outcome.UNCHECKED, str(error))
    if issued is None:
        return Check("File", Outcome.UNCHECKED, "the issuer names the digest of valid certificates only")
    if issued != hashlib.sha256(document.data).hexdigest():
        return Check("File", Outcome.UNCHECKED, "not the issued bytes: the file was saved anew or changed")
    return Check("File", Outcome.RIGHT, "byte for byte the file that was issued")


def _digest(answer: bytes) -> str | None:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        found = None
    digest = found.get("document_sha256") if isinstance(found, dict) else None
    return digest if isinstance(digest, str) else None
