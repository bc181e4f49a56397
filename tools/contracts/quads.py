"""The canonical quads of our JSON-LD documents, learnt from samples by PyLD; the contexts are stored here.

Beside the quads of a signed document is its pattern: the JSON with the names of the values in their places, by which a
verifier reads it. The keys of `optional` are there if the part that they name is.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pyld import jsonld

from earned.document.credential import CONTEXTS, Credential, proof_options
from earned.document.status_list import StatusList
from earned.domain.certificate import QuizResult
from earned.domain.training import TrainingKind
from tools.contracts import QUADS
from tools.contracts.writing import pretty

CONTEXT_FILES = dict(zip(CONTEXTS, ("credentials-v2.json", "open-badges-3.0.3.json"), strict=True))
SAMPLE = Credential(
    address="https://certificates.example/verify/aaaabbbbccccddddeeeeffff22?revision=4711",
    holder="Holder",
    training_id="sample-training",
    training_version=4712,
    title="Title",
    kind=TrainingKind.COURSE,
    completed_at=datetime(2001, 1, 1, tzinfo=UTC),
    completed_on=date(2002, 2, 2),
    first_day=date(2003, 3, 3),
    evidence_digest="5a" * 32,
    result=QuizResult(4713, 4714, 4715),
)
OPTIONAL = {  # the keys of a credential that only some have, and the part of the quads that they belong to
    "activityStartDate": "first_day",
    "result": "result",
    "resultDescription": "result",
    "valueMax": "max_score",
}
STATUS = StatusList("https://certificates.example", "a" * 26, 4711, stands=True, at=datetime(2001, 1, 1, tzinfo=UTC))


def canonical(document: Mapping[str, Any]) -> str:
    """The canonical N-Quads of a document whose contexts are stored here; asks no network."""
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": _load}
    quads: str = jsonld.normalize(document, options)
    return quads


def quads() -> dict[Path, str]:
    """The content of every file of quads."""
    without = {
        "": replace(SAMPLE, first_day=None, result=None),
        "first_day": replace(SAMPLE, result=None),
        "result": replace(SAMPLE, first_day=None, result=QuizResult(4713, 4714)),
    }
    learnt = {part: _lines(one) for part, one in without.items()} | {"max_score": _lines(SAMPLE)}
    base = learnt.pop("")
    files = {"credential": base} | {f"credential.{part}": lines - base for part, lines in learnt.items()}
    files["credential.max_score"] -= files["credential.first_day"] | files["credential.result"]
    options = proof_options(SAMPLE.did, "key", SAMPLE.created)
    proof = canonical({"@context": CONTEXTS, **options})
    files["proof"] = _marked(proof, {"created": SAMPLE.created, "method": options["verificationMethod"]})
    files["status_list"] = _marked(canonical(STATUS.document), STATUS.values)
    return {QUADS / f"{name}.nq": "".join(sorted(lines)) for name, lines in files.items()} | {
        QUADS / "credential.json": _pattern(SAMPLE.document, SAMPLE.values, OPTIONAL),
        QUADS / "status_list.json": _pattern(STATUS.document, STATUS.values, {}),
    }


def _pattern(document: Mapping[str, Any], values: Mapping[str, str], optional: Mapping[str, str]) -> str:
    named: Any = json.loads(_named(json.dumps(document), values))
    proof = proof_options("did", "key", "${created}") | {"verificationMethod": "${method}", "proofValue": "${proof}"}
    return pretty({"optional": optional, "document": named | {"proof": proof}})


def _lines(sample: Credential) -> set[str]:
    return _marked(canonical(sample.document), sample.values)


def _marked(quads: str, values: Mapping[str, str]) -> set[str]:
    """The lines with each value replaced by its name; of two values of which one contains the other, the longer."""
    return {f"{line}\n" for line in _named(quads, values).split("\n") if line}


def _named(text: str, values: Mapping[str, str]) -> str:
    names = {value: name for name, value in values.items()}
    longest_first = "|".join(re.escape(value) for value in sorted(names, key=len, reverse=True))
    return re.sub(longest_first, lambda found: f"${{{names[found[0]]}}}", text)


def _load(url: str, _options: object) -> dict[str, Any]:
    return {"contextUrl": None, "documentUrl": url, "document": _context(url), "contentType": "application/ld+json"}


@cache
def _context(url: str) -> Any:
    return json.loads((Path(__file__).with_name("contexts") / CONTEXT_FILES[url]).read_text(encoding="utf-8"))
