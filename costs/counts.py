"""What a certificate and a download take, counted: one learner of a course of so many steps, two events to a batch."""

import time
from dataclasses import dataclass
from typing import Any

from costs.ledger import Ledger, counting, indexes
from costs.scene import Invocation, Scene, batches
from costs.units import STORED_BESIDE_AN_ITEM, size
from tests.integration.service import Service

EVENTS_TOGETHER = 2


@dataclass(frozen=True)
class Counts:
    """Per certificate. `updates` may be a fraction: two events are one."""

    steps: int
    updates: float
    update_units: float  # write units of all updates together
    enroll_units: int
    index_units: int
    issue_units: int
    enroll_reads: float
    generate_reads: float
    requests: dict[str, dict[str, int]]  # of each function, by service; record_progress: of all updates and the request
    logged: dict[str, int]  # bytes of our own lines, by function
    document_bytes: int
    record_bytes: int  # with what DynamoDB stores beside it
    entry_bytes: int


@dataclass(frozen=True)
class Download:
    """Per download."""

    reads: float
    writes: int
    requests: int


def count(service: Service, steps: int) -> Counts:
    """Play one learner from enrollment to certificate."""
    scene = Scene(service, steps, seed="counts")
    enrolled = scene.invoke("record_directory", scene.join(1))
    recorded = [scene.invoke("record_progress", batch) for batch in batches(scene.events(0), EVENTS_TOGETHER)]
    made = scene.invoke("generate_certificate", scene.waiting("Generation"))
    updates = [call for one in recorded for call in one.ledger.of("dynamodb") if call.table_writes]
    [put] = made.ledger.of("s3")
    record = scene.record(0)
    entries = [index.entry(record) for index in indexes(service.outputs["RecordsTableName"])]
    return Counts(
        steps=steps,
        updates=steps / EVENTS_TOGETHER,
        update_units=sum(call.write_units for call in updates) * steps / EVENTS_TOGETHER / len(updates),
        enroll_units=sum(call.table_writes for call in enrolled.ledger.calls),
        index_units=sum(sum(call.index_writes.values()) for call in enrolled.ledger.calls),
        issue_units=made.ledger.write_units,
        enroll_reads=enrolled.ledger.read_units,
        generate_reads=made.ledger.read_units,
        requests={one.function: _by_service(one) for one in (enrolled, made)},
        logged={one.function: one.logged for one in (enrolled, recorded[0], made)},
        document_bytes=put.length,
        record_bytes=size(record) + STORED_BESIDE_AN_ITEM,
        entry_bytes=sum(size(entry) + STORED_BESIDE_AN_ITEM for entry in entries if entry),
    )


def count_download(service: Service) -> tuple[Download, float]:
    """Download one certificate, as its company's admin; also returns the seconds of processor it took."""
    scene = Scene(service, 5, seed="download")
    scene.invoke("record_directory", scene.join(1))
    scene.invoke("record_progress", scene.events(0))
    scene.invoke("generate_certificate", scene.waiting("Generation"))
    path = f"/v1/certificates/{scene.record(0)['c']['S']}/download"
    ledger, seconds = ask(service, path, scene.admin)
    return Download(ledger.read_units, ledger.write_units, len(ledger.calls)), seconds


def ask(service: Service, path: str, claims: dict[str, str]) -> tuple[Ledger, float]:
    """Ask the API, the second time, when it is warm."""
    service.get(path, claims)
    with counting() as ledger:
        began = time.process_time()
        service.get(path, claims)
        seconds = time.process_time() - began - sum(call.seconds for call in ledger.calls)
    return ledger, seconds


def _by_service(one: Invocation) -> dict[str, Any]:
    services = [call.service for call in one.ledger.calls]
    return {service: services.count(service) for service in sorted(set(services))}
