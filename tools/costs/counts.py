"""The requests and capacity of a certificate and a download: one learner of one course, two events to a batch."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from earned.testing.service import Service
from tools.batched import batched
from tools.costs.capacity_units import STORED_BESIDE_AN_ITEM, size
from tools.costs.ledger import Ledger, counting, indexes
from tools.costs.scenario import Invocation, Scenario

EVENTS_TOGETHER = 2
FULL = {"record_directory": 10, "generate_certificate": 10}  # batch sizes, as in template.yaml


@dataclass(frozen=True)
class PerItem:
    """Of each enrollment or certificate in a batch: read units, requests by service, bytes logged."""

    reads: float
    requests: dict[str, float]
    logged: float


@dataclass(frozen=True)
class Counts:
    """For one certificate; `updates` can be a fraction, because two events share one.

    `alone` and `together` are an enrollment and a certificate by function, in batches of one and in full batches of
    one company's people in one course.
    """

    steps: int
    updates: float
    update_units: float  # write units of all updates
    enroll_units: int
    index_units: int
    issue_units: int
    alone: dict[str, PerItem]
    together: dict[str, PerItem]
    document_bytes: int
    record_bytes: int  # with DynamoDB's own overhead
    proof_bytes: int  # of the credential, in the record
    entry_bytes: int


@dataclass(frozen=True)
class Download:
    """Of one request to the API: capacity units, and requests to other services."""

    reads: float
    writes: int
    requests: int


@dataclass(frozen=True)
class Sweeping:
    """Of one record with its account: bytes and items that a scan reads, and the read units of a full check."""

    bytes: int
    items: int
    reads: float


def certify(service: Service, people: int, seed: str) -> Scenario:
    """One company's people in a course of five steps, all with certificates, and nothing else in the table."""
    service.forget()
    scenario = Scenario(service, 5, seed)
    for joining in batched(scenario.join(people), FULL["record_directory"]):
        scenario.invoke("record_directory", joining)
    for person in range(people):
        scenario.invoke("record_progress", scenario.events(person))
    for requests in batched(scenario.waiting("Generation"), FULL["generate_certificate"]):
        scenario.invoke("generate_certificate", requests)
    return scenario


def count_sweep(service: Service, people: int = 20) -> Sweeping:
    scenario = certify(service, people, seed="sweep")
    with counting() as ledger:
        outcome = service.sweep(everything=True)
    if outcome["records"] != people or outcome["findings"] or len(ledger.of("s3")) != people:
        raise RuntimeError(f"the sweep did not check {people} intact records: {outcome}")
    reads = sum(call.read_units for call in ledger.calls if call.operation == "BatchGetItem")
    return Sweeping(size(scenario.record(0)) + size(scenario.account(0)), items=2, reads=reads / people)


def count(service: Service, steps: int) -> Counts:
    """Count one learner from enrollment to certificate, and then full batches of them."""
    scenario = Scenario(service, steps, seed="counts")
    enrolled = scenario.invoke("record_directory", scenario.join(1))
    recorded = [scenario.invoke("record_progress", batch) for batch in batched(scenario.events(0), EVENTS_TOGETHER)]
    made = scenario.invoke("generate_certificate", scenario.waiting("Generation"))
    updates = [call for one in recorded for call in one.ledger.of("dynamodb") if call.table_writes]
    [put] = made.ledger.of("s3")
    record = scenario.record(0)
    entries = [index.entry(record) for index in indexes(service.outputs["RecordsTableName"])]
    return Counts(
        steps=steps,
        updates=steps / EVENTS_TOGETHER,
        update_units=sum(call.write_units for call in updates) * steps / EVENTS_TOGETHER / len(updates),
        enroll_units=sum(call.table_writes for call in enrolled.ledger.calls),
        index_units=sum(sum(call.index_writes.values()) for call in enrolled.ledger.calls),
        issue_units=made.ledger.write_units,
        alone={one.function: _each(one) for one in (enrolled, made)},
        together={one.function: _each(one) for one in _full_batched(service, steps)},
        document_bytes=put.length,
        record_bytes=size(record) + STORED_BESIDE_AN_ITEM,
        proof_bytes=size({"p": record["p"]}),
        entry_bytes=sum(size(entry) + STORED_BESIDE_AN_ITEM for entry in entries if entry),
    )


def count_download(service: Service) -> tuple[Download, float]:
    """Count one download by the company's admin; also returns its CPU seconds."""
    scenario = Scenario(service, 5, seed="download")
    scenario.invoke("record_directory", scenario.join(1))
    scenario.invoke("record_progress", scenario.events(0))
    scenario.invoke("generate_certificate", scenario.waiting("Generation"))
    path = f"/v1/certificates/{scenario.record(0)['c']['S']}/download"
    ledger, seconds = ask(service, path, scenario.admin)
    return Download(ledger.read_units, ledger.write_units, len(ledger.calls)), seconds


@dataclass(frozen=True)
class Summary:
    """Of each enrollment, without the items that are read once."""

    reads: float
    requests: float


def count_summary(service: Service, people: int = 100) -> Summary:
    """Count a summary of a company of so many people, read by its admin."""
    scenario = Scenario(service, 5, seed="summary")
    for enrollments in batched(scenario.join(people), FULL["record_directory"]):
        scenario.invoke("record_directory", enrollments)
    ledger, _ = ask(service, f"/v1/companies/{scenario.company}/summary", scenario.admin)
    return Summary(ledger.read_units / people, len(ledger.calls) / people)


@dataclass(frozen=True)
class Republication:
    """Of each learner whose record is evaluated again and stays unfinished."""

    reads: float
    writes: float
    requests: float  # to DynamoDB
    seconds: float  # of CPU


def republish(service: Service, people: int = 50, seed: int = 0) -> Republication:
    """Publish a course again for so many learners, as many as one message names."""
    scenario = Scenario(service, 6, seed=f"republication {seed}")
    for enrollments in batched(scenario.join(people), FULL["record_directory"]):
        scenario.invoke("record_directory", enrollments)
    scenario.invoke("record_directory", [scenario.republished()])
    scenario.invoke("fan_out_changes", scenario.waiting("Change"))
    done = scenario.invoke("evaluate_enrollments", scenario.waiting("Evaluation"))
    calls = len(done.ledger.of("dynamodb"))
    return Republication(
        reads=done.ledger.read_units / people,
        writes=done.ledger.write_units / people,
        requests=calls / people,
        seconds=done.cpu / people,
    )


def count_list(service: Service, people: int = 100) -> tuple[Download, float]:
    """Count a full page of a company's enrollments, read by its admin; also returns its CPU seconds."""
    scenario = Scenario(service, 6, seed="list")
    for enrollments in batched(scenario.join(people), FULL["record_directory"]):
        scenario.invoke("record_directory", enrollments)
    path = f"/v1/companies/{scenario.company}/enrollments"
    ledger, seconds = ask(service, path, scenario.admin, limit=str(people))
    return Download(ledger.read_units, ledger.write_units, len(ledger.calls)), seconds


def ask(service: Service, path: str, claims: dict[str, str], **query: str) -> tuple[Ledger, float]:
    service.get(path, claims, **query)
    with counting() as ledger:
        began = time.process_time()
        service.get(path, claims, **query)
        seconds = time.process_time() - began - sum(call.seconds for call in ledger.calls)
    return ledger, seconds


def _full_batched(service: Service, steps: int) -> Iterator[Invocation]:
    scenario = Scenario(service, steps, seed="together")
    yield scenario.invoke("record_directory", scenario.join(FULL["record_directory"]))
    for person in range(FULL["generate_certificate"]):
        for events in batched(scenario.events(person), EVENTS_TOGETHER):
            scenario.invoke("record_progress", events)
    yield scenario.invoke("generate_certificate", scenario.waiting("Generation"))


def _each(one: Invocation) -> PerItem:
    services = Counter(call.service for call in one.ledger.calls)
    return PerItem(
        reads=one.ledger.read_units / one.messages,
        requests={service: services[service] / one.messages for service in sorted(services)},
        logged=one.logged / one.messages,
    )
