"""Collects what is held about a person, for that person; changes nothing."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from pydantic import ConfigDict, TypeAdapter

from earned.aws.dynamodb import access_log, contexts, people
from earned.aws.s3 import folder_of
from earned.domain.enrollment import CompletionRecord, EnrollmentContext
from earned.domain.fact_codec import decode, unknown_times
from earned.domain.facts import Fact
from tools.operations.erase import NothingKnown, Places
from tools.operations.mentions import Person
from tools.operations.quarantine import held
from tools.operations.traces import completions_of, person_of, support_requests_of

_PLAIN: TypeAdapter[Any] = TypeAdapter(Any, config=ConfigDict(ser_json_bytes="base64"))
_FACTS = TypeAdapter(list[Fact])


@dataclass(frozen=True)
class Disclosure:
    """`data` is JSON, `documents` the stored PDFs by file name; `incomplete` are queues that were not read whole."""

    data: dict[str, Any]
    documents: dict[str, bytes]
    incomplete: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        return {name.replace("_", " "): len(found) for name, found in self.data.items() if isinstance(found, list)} | {
            "documents": len(self.documents)
        }

    def write(self, path: Path) -> None:
        """A ZIP that only its owner on this machine can read."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(0o600, exist_ok=False)
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            archive.writestr("data.json", json.dumps(self.data, indent=2, ensure_ascii=False))
            for name, document in self.documents.items():
                archive.writestr(f"documents/{name}", document)


def disclose(account_id: str, places: Places) -> Disclosure:
    """Raises `NothingKnown`."""
    completions = list(completions_of(account_id))
    account = people.get_account(account_id)
    if account is None and not completions:
        raise NothingKnown
    person = person_of(account_id, account, completions)
    messages, incomplete = _dead_letters(person, places)
    data = {
        "account": _plain(account),
        "enrollments": [_enrollment(context) for context in contexts.get_contexts(completions)],
        "downloads": [row for completion in completions for row in _downloads(account_id, completion)],
        "support_requests": [_plain(request) for request in support_requests_of(person)],
        "refused_events": messages,
    }
    return Disclosure(data, dict(_documents(places, completions)), incomplete)


def _enrollment(context: EnrollmentContext) -> dict[str, Any]:
    """The record with its facts in words; of a fact of a step that the course no longer has, the time."""
    record, training = context.record, context.training
    plain: dict[str, Any] = _plain(replace(record, evidence=frozenset()))
    del plain["evidence"]  # the facts in their stored form
    if training is None:
        return plain | {"facts_of_an_unknown_training": len(record.evidence)}
    facts = sorted(decode(record.enrollment_id, record.evidence, training), key=lambda fact: fact.at)
    other = sorted(unknown_times(record.enrollment_id, record.evidence, training))
    return plain | {
        "training": training.title,
        "facts": _FACTS.dump_python(facts, mode="json"),
        "facts_of_steps_that_no_longer_exist": _plain(other),
    }


def _downloads(account_id: str, completion: CompletionRecord) -> Iterator[dict[str, Any]]:
    """Who got a link to the person's certificate, by role and company; another person's account is theirs."""
    for row in access_log.accesses_of(completion.certificate_id):
        who = {"account_id": account_id} if row.account_id == account_id else {}
        whose = {"certificate_id": completion.certificate_id, "role": row.role, "company_id": row.company_id}
        yield {"at": row.at} | whose | who


def _documents(places: Places, completions: Sequence[CompletionRecord]) -> Iterator[tuple[str, bytes]]:
    for completion in completions:
        for version in places.documents.versions(folder_of(completion.certificate_id)):
            if not version.is_marker:
                yield version.key.removeprefix("certificates/").replace("/", "-"), places.documents.read(version)


def _dead_letters(person: Person, places: Places) -> tuple[list[Any], tuple[str, ...]]:
    """The messages in the dead-letter queues that say who the person is; they stay there."""
    found: list[Any] = []
    incomplete: list[str] = []
    for pair in places.pairs:
        with held(places.sqs, pair.dead_letters) as hold:
            found += [message["Body"] for message in hold.messages() if person.owns(message["Body"])]
            if not hold.complete:
                incomplete.append(pair.name)
    return found, tuple(incomplete)


def _plain(value: object) -> Any:
    return _PLAIN.dump_python(value, mode="json")
