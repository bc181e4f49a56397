"""Handlers composed afresh: each is a new sandbox, with an empty cache and the options of its caller."""

import time
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from earned.aws import s3
from earned.aws.dynamodb import enrollments, trainings
from earned.aws.sqs import MAX_BATCH, Queue
from earned.aws.sqs_batch import SqsBatch
from earned.document.deployed_designs import DEPLOYED_DESIGNS
from earned.domain.training import DEFAULT_DESIGN
from earned.messages import events, requests
from earned.testing.immediate_executor import ImmediateExecutor
from earned.testing.placeholders import available_designs
from earned.usecases import export_certificates, fan_out_changes, record_directory, sweep
from earned.usecases.certificate_documents import CertificateDocuments
from earned.usecases.check_marks import CheckMarks
from earned.usecases.check_texts import CheckTexts
from earned.usecases.clock import utc_now
from earned.usecases.evaluate_enrollments import EvaluateEnrollments
from earned.usecases.export_certificates import ExportCertificates
from earned.usecases.fan_out_changes import FanOutChanges
from earned.usecases.generate_certificates import GenerateCertificates
from earned.usecases.logos import Logos
from earned.usecases.record_directory import RecordDirectory
from earned.usecases.record_facts import RecordFacts
from earned.usecases.signing_keys import Credentials, Keys
from earned.usecases.sweep import Sweep

Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class Options:
    """What a caller may choose instead of the deployed values."""

    design: Any = field(default_factory=available_designs)
    designs: Collection[str] = frozenset({DEFAULT_DESIGN, *DEPLOYED_DESIGNS})
    background: Executor = field(default_factory=ImmediateExecutor)
    paper_size: str | None = None  # None: that of the function's settings
    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    keys_per_page: int = fan_out_changes.KEYS_PER_PAGE
    segments: int = sweep.SEGMENTS
    items_per_page: int = sweep.ITEMS_PER_PAGE
    items_per_run: int = sweep.ITEMS_PER_RUN
    enrollments_per_message: int = fan_out_changes.ENROLLMENTS_PER_MESSAGE
    events_per_page: int = trainings.EVENTS_PER_PAGE
    messages_per_batch: int = MAX_BATCH
    report_bucket: str = ""
    part_size: int = export_certificates.PART_SIZE
    max_enrollments: int | None = None  # None: as many as an export or a report may have
    keys: Keys | None = None  # None: those of the function's secret
    recheck_delay_seconds: int = record_directory.RECHECK_DELAY_SECONDS

    def queue(self, queue: Queue) -> Queue:
        return replace(queue, max_batch=self.messages_per_batch)


def compose(function: str, app: Any, options: Options) -> Handler:
    """A handler of one function over the clients and settings of its module `app`."""
    return _COMPOSED[function](app, options)


def _over_batch(app: Any, work: Callable[[SqsBatch], None]) -> Handler:
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        batch = SqsBatch(event, app.dead_letters, getattr(app, "refusals", None))
        work(batch)
        return batch.response()

    return handler


def _record_directory(app: Any, options: Options) -> Handler:
    record = RecordDirectory(
        options.queue(app.changes),
        options.queue(app.evaluation),
        options.queue(app.generation),
        designs=options.designs,
        recheck_delay_seconds=options.recheck_delay_seconds,
        now=options.now,
    )
    read = events.reader(events.DIRECTORY, app.settings.order_tolerance_seconds)
    return _over_batch(app, lambda batch: record(batch, batch.read(read)))


def _record_progress(app: Any, options: Options) -> Handler:
    generation, tolerance = options.queue(app.generation), app.settings.order_tolerance_seconds
    cache = trainings.TrainingCache(options.monotonic)
    record = RecordFacts(enrollments.record_progress, cache, generation, tolerance, options.now)
    read = events.reader(events.PROGRESS, tolerance)
    return _over_batch(app, lambda batch: record(batch, batch.read(read)))


def _record_attendance(app: Any, options: Options) -> Handler:
    check, generation = CheckMarks(), options.queue(app.generation)
    cache = trainings.TrainingCache(options.monotonic)
    record = RecordFacts(enrollments.record_attendance, cache, generation, timedelta(0), options.now)
    return _over_batch(app, lambda batch: record(batch, check(batch, batch.read(app.read_mark))))


def _evaluate_enrollments(app: Any, options: Options) -> Handler:
    tolerance = app.settings.order_tolerance_seconds
    return _over_batch(app, EvaluateEnrollments(options.queue(app.generation), tolerance, now=options.now))


def _fan_out_changes(app: Any, options: Options) -> Handler:
    fan_out = FanOutChanges(
        options.queue(app.evaluation),
        keys_per_page=options.keys_per_page,
        enrollments_per_message=options.enrollments_per_message,
    )
    return _over_batch(app, fan_out)


def _generate_certificate(app: Any, options: Options) -> Handler:
    assets = s3.Assets(app.s3, app.settings.assets_bucket)
    logos = Logos(assets, app.documents, options.design.check_drawable, options.monotonic)
    settings, paper_size = app.settings, options.paper_size or app.settings.paper_size
    documents = CertificateDocuments(options.design, logos, app.documents, settings.verify_base_url, paper_size)
    tolerance = settings.order_tolerance_seconds
    credentials = Credentials(options.keys or app.keys)
    generate = GenerateCertificates(documents, credentials, app.bus, tolerance, options.background, options.now)
    check = CheckTexts(documents, app.bus, options.now)
    return _over_batch(app, lambda batch: generate(batch, check(batch, batch.read(requests.read_generation))))


def _export_certificates(app: Any, options: Options) -> Handler:
    export = ExportCertificates(
        app.documents,
        app.archives,
        app.requests,
        app.settings.order_tolerance_seconds,
        reads=options.background,
        reports=s3.Reports(app.s3, options.report_bucket) if options.report_bucket else app.reports,
        part_size=options.part_size,
        items_per_page=options.items_per_page,
        max_enrollments=options.max_enrollments,
        now=options.now,
    )

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        batch = SqsBatch(event, app.dead_letters)
        export(batch, lambda: context.get_remaining_time_in_millis() < app.HANDOVER_MARGIN_MS)
        return batch.response()

    return handler


def _sweep(app: Any, options: Options) -> Handler:
    run = Sweep(
        app.documents,
        options.queue(app.evaluation),
        options.queue(app.generation),
        app.bus,
        app.settings.order_tolerance_seconds,
        options.background,
        segments=options.segments,
        items_per_page=options.items_per_page,
        items_per_run=options.items_per_run,
        enrollments_per_message=options.enrollments_per_message,
        events_per_page=options.events_per_page,
        now=options.now,
        clock=options.monotonic,
    )
    return lambda event, _context: run(everything=bool(event.get("everything")))


def _serve_api(app: Any, options: Options) -> Handler:
    keys = options.keys or app.dependencies.status_keys
    dependencies = replace(app.dependencies, monotonic=options.monotonic, status_keys=keys)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        answer: dict[str, Any] = app.app(event, context, dependencies=dependencies, now=options.now())
        return answer

    return handler


_COMPOSED: dict[str, Callable[[Any, Options], Handler]] = {
    "record_directory": _record_directory,
    "record_progress": _record_progress,
    "record_attendance": _record_attendance,
    "fan_out_changes": _fan_out_changes,
    "evaluate_enrollments": _evaluate_enrollments,
    "generate_certificate": _generate_certificate,
    "export_certificates": _export_certificates,
    "sweep": _sweep,
    "serve_api": _serve_api,
}
