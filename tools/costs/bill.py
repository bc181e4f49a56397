"""Counts times prices: what a million certificates cost, line by line."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from earned.domain.sweep import FULL_CHECK_EVERY, RUNS_PER_PASS, Finding
from earned.usecases.fan_out_changes import ENROLLMENTS_PER_MESSAGE as EVALUATED
from earned.usecases.fan_out_changes import KEYS_PER_PAGE
from earned.usecases.sweep import ITEMS_PER_PAGE, SECONDS_PER_RUN, SEGMENTS
from tools.costs import counts as counted
from tools.costs.capacity_units import READ_STEP
from tools.costs.counts import Counts, Download, PerItem, Republication, Summary, Sweeping

_HERE = Path(__file__).parent
PRICES: dict[str, Any] = tomllib.loads((_HERE / "prices.toml").read_text())
MEASURED: dict[str, Any] = tomllib.loads((_HERE / "measured.toml").read_text())
_PRICE, _ASSUMED = PRICES["prices"], PRICES["assumed"]
MILLION, GIB = 10**6, 2**30
MAX_RECEIVED = 10  # messages a request
WINDOW = 1.0  # seconds, of record_progress
HOUR, MONTH = timedelta(hours=1), timedelta(days=30)
PASS = RUNS_PER_PASS * timedelta(minutes=5)
RUN_HOURS_A_DAY = 24 * 12 * SECONDS_PER_RUN / 3600
CONNECTIONS = 10  # of the sweep to S3
METRICS_OF_A_RUN = 1  # SweepPassHours
# A value of a dimension is a metric: four causes, two of support requests, the findings, and nine others.
METRICS_OF_WORK = 4 + 2 + len(Finding) + 9
MAX_LEARNERS = 25  # in a batch, two events each
FAN_OUT_SECONDS = 120  # the timeout of fan_out_changes in template.yaml (a test compares)


@dataclass(frozen=True)
class Shape:
    """How full batches are: learners in a batch of progress, enrollments of directory, certificates of generation."""

    learners: float = 1
    enrollments: float = 1
    certificates: float = 1

    @classmethod
    def of_volume(cls, certificates_a_year: float, steps: int) -> "Shape":
        """The messages that reach one of Lambda's pollers within the window; other functions have no window."""
        updates_a_second = certificates_a_year * steps / 2 / _ASSUMED["busy_seconds_a_year"]
        return cls(learners=min(MAX_LEARNERS, 1 + updates_a_second * WINDOW / _ASSUMED["pollers"]))


FULL = Shape(
    learners=MAX_LEARNERS,
    enrollments=counted.FULL["record_directory"],
    certificates=counted.FULL["generate_certificate"],
)


@dataclass(frozen=True)
class Line:
    """A line of a bill: dollars for a million, and what they buy."""

    service: str
    buys: str
    dollars: float


def certificate_bill(counts: Counts, shape: Shape) -> list[Line]:
    """A million certificates, from enrollment to the end of their first month."""
    enrolling, issuing = (_each(counts, one, shape).reads for one in ("record_directory", "generate_certificate"))
    return [
        _line("S3", "documents put", _PRICE["s3_put"]),
        _line("S3", "documents stored, the first month", _PRICE["s3_gib_month"] * counts.document_bytes / GIB),
        _line("EventBridge", "announcements", _PRICE["bus_event"]),
        _line("DynamoDB", "progress, written", _PRICE["write_unit"] * counts.update_units),
        _line("DynamoDB", "enrollments, written", _PRICE["write_unit"] * counts.enroll_units),
        _line("DynamoDB", "lists and republication: two indexes", _PRICE["write_unit"] * counts.index_units),
        _line("DynamoDB", "issues, written", _PRICE["write_unit"] * counts.issue_units),
        _line("DynamoDB", "reads before enrolling", _PRICE["read_unit"] * enrolling),
        _line("DynamoDB", "reads before issuing", _PRICE["read_unit"] * issuing),
        _line("DynamoDB", "records stored and backed up, the first month", _kept(counts)),
        _line("SQS", "progress events received", _PRICE["sqs_request"] * _fetched(counts.steps, shape.learners * 2)),
        _line("SQS", "enrollments received", _PRICE["sqs_request"] * _fetched(1, shape.enrollments)),
        _line("SQS", "certificate requests sent", _PRICE["sqs_request"] * _generation_requests(counts, shape)),
        _line("SQS", "certificate requests received", _PRICE["sqs_request"] * _fetched(1, shape.certificates)),
        _line("Lambda", "invocations", _PRICE["lambda_request"] * sum(invocations(counts, shape).values())),
        _line("Lambda", "processor: enrollments and events", _processor(counts, "record_directory", "record_progress")),
        _line("Lambda", "processor: certificates", _processor(counts, "generate_certificate")),
        _line("Lambda", "waiting for other services", sum(waiting(counts, shape).values())),
        _line("CloudWatch", "logs and metrics in them", _PRICE["log_gib"] * _logged(counts, shape) / GIB),
    ]


def credential_bill(counts: Counts, document_bytes: float) -> list[Line]:
    """What the credentials are of a million certificates, with the bytes that one adds to a document."""
    stored = _PRICE["table_gib_month"] + _PRICE["backup_gib_month"]
    return [
        _line("Lambda", "processor: signing", _seconds("generate_certificate", MEASURED["cpu"]["credential"], 0)),
        _line("S3", "credentials in documents, the first month", _PRICE["s3_gib_month"] * document_bytes / GIB),
        _line("DynamoDB", "proofs stored and backed up, the first month", stored * counts.proof_bytes / GIB),
    ]


def download_bill(download: Download) -> list[Line]:
    """A million downloads, without data transfer out of AWS."""
    waited = download.requests * _ASSUMED["milliseconds"]["dynamodb"] / 1000
    return [
        _line("API Gateway", "requests", _PRICE["api_request"]),
        _line("DynamoDB", "the record and the account, read", _PRICE["read_unit"] * download.reads),
        _line("DynamoDB", "access log, written", _PRICE["write_unit"] * download.writes),
        _line("S3", "documents fetched", _PRICE["s3_get"]),
        _line("Lambda", "invocations", _PRICE["lambda_request"]),
        _line("Lambda", "processor", _seconds("serve_api", MEASURED["cpu"]["serve_api"], 0)),
        _line("Lambda", "waiting for other services", _seconds("serve_api", 0, waited)),
        _line("CloudWatch", "logs", _PRICE["log_gib"] * (_ASSUMED["log_lines"] + API_LOG_LINE) / GIB),
    ]


def summary_bill(summary: Summary, people: int = 5_000) -> list[Line]:
    """A million summaries of a company of so many people."""
    waited = summary.requests * people * _ASSUMED["milliseconds"]["dynamodb"] / 1000
    return [
        _line("API Gateway", "requests", _PRICE["api_request"]),
        _line("DynamoDB", "records and accounts, read", _PRICE["read_unit"] * summary.reads * people),
        _line("Lambda", "invocations", _PRICE["lambda_request"]),
        _line("Lambda", "processor", _seconds("serve_api", MEASURED["cpu"]["summarized"] * people, 0)),
        _line("Lambda", "waiting for other services", _seconds("serve_api", 0, waited)),
    ]


def republication_bill(again: Republication) -> list[Line]:
    """A million learners of a course that is published again, without the certificates that it completes."""
    waited = again.requests * _ASSUMED["milliseconds"]["dynamodb"] / 1000
    return [
        _line("DynamoDB", "records, accounts and the course, read", _PRICE["read_unit"] * again.reads),
        _line("DynamoDB", "the version that a record was evaluated by, written", _PRICE["write_unit"] * again.writes),
        _line("SQS", "messages of many enrollments", _PRICE["sqs_request"] * _fetched(1, MAX_RECEIVED) / EVALUATED),
        _line("Lambda", "processor", _seconds("evaluate_enrollments", MEASURED["cpu"]["evaluate_enrollments"], 0)),
        _line("Lambda", "waiting for other services", _seconds("evaluate_enrollments", 0, waited)),
    ]


def list_bill(page: Download) -> list[Line]:
    """A million pages of 100 enrollments."""
    waited = page.requests * _ASSUMED["milliseconds"]["dynamodb"] / 1000
    return [
        _line("API Gateway", "requests", _PRICE["api_request"]),
        _line("DynamoDB", "records and accounts, read", _PRICE["read_unit"] * page.reads),
        _line("Lambda", "invocations", _PRICE["lambda_request"]),
        _line("Lambda", "processor", _seconds("serve_api", MEASURED["cpu"]["listed"], 0)),
        _line("Lambda", "waiting for other services", _seconds("serve_api", 0, waited)),
    ]


def learners_of_one_reader() -> float:
    """How many learners `fan_out_changes` reads and hands on within its timeout: pages, requests to SQS, processor."""
    wait = _ASSUMED["milliseconds"]
    page, request = wait["scan"] / KEYS_PER_PAGE, wait["sqs"] / (EVALUATED * MAX_RECEIVED)
    return float(FAN_OUT_SECONDS / ((page + request) / 1000 + MEASURED["cpu"]["fan_out_changes"]))


API_LOG_LINE = 132  # bytes of a line of the access log, by the format in template.yaml, with CloudWatch's 26


def total(bill: list[Line]) -> float:
    return sum(line.dollars for line in bill)


def portal_sends(counts: Counts) -> float:
    """What the portal pays to send the events of a million certificates, two to a request."""
    return MILLION * float(_PRICE["sqs_request"]) * (counts.steps / 2 + 1)


def invocations(counts: Counts, shape: Shape) -> dict[str, float]:
    return {
        "record_directory": 1 / shape.enrollments,
        "record_progress": counts.updates / shape.learners,
        "generate_certificate": 1 / shape.certificates,
    }


def _each(counts: Counts, function: str, shape: Shape) -> PerItem:
    return (counts.together if shape == FULL else counts.alone)[function]


def _line(service: str, buys: str, dollars_each: float) -> Line:
    return Line(service, buys, MILLION * dollars_each)


def _kept(counts: Counts) -> float:
    stored = (counts.record_bytes + counts.entry_bytes) * _PRICE["table_gib_month"]
    return float(stored + counts.record_bytes * _PRICE["backup_gib_month"]) / GIB


def _fetched(messages: float, batch: float) -> float:
    """Requests to receive and delete messages in batches of this size."""
    return 2 * messages / min(batch, MAX_RECEIVED)


def _generation_requests(counts: Counts, shape: Shape) -> float:
    done_in_batch = shape.learners / counts.updates
    return 1 / min(max(1.0, done_in_batch), MAX_RECEIVED)


def _processor(counts: Counts, *functions: str) -> float:
    times: dict[str, float] = {"record_progress": counts.updates}
    seconds = {one: float(MEASURED["cpu"][one]) * times.get(one, 1) for one in functions}
    return sum(_seconds(one, taken, 0) for one, taken in seconds.items())


def waiting(counts: Counts, shape: Shape) -> dict[str, float]:
    """Dollars that each function waits for one certificate, calls in sequence.

    The certificates of a batch share their reads and announcements, and each but the last is stored while the next is
    rendered.
    """
    wait = {service: milliseconds / 1000 for service, milliseconds in _ASSUMED["milliseconds"].items()}
    enrolled = _each(counts, "record_directory", shape).requests
    made = counts.alone["generate_certificate"].requests
    seconds = {
        "record_directory": sum(number * wait[one] for one, number in enrolled.items()),
        "record_progress": counts.updates * wait["dynamodb"] + _generation_requests(counts, shape) * wait["sqs"],
        "generate_certificate": sum(number * wait[one] for one, number in made.items()) / shape.certificates,
    }
    return {function: _seconds(function, 0, waited) for function, waited in seconds.items()}


def _seconds(function: str, processor: float, waited: float) -> float:
    """What Lambda bills for computing and waiting; with less memory computing takes longer."""
    memory = PRICES["memory"][function]
    slower = max(1.0, _ASSUMED["full_processor_mb"] / memory)
    return float((processor * slower + waited) * memory / 1024 * _PRICE["lambda_gb_second"])


def _logged(counts: Counts, shape: Shape) -> float:
    each = invocations(counts, shape)
    ours = sum(_each(counts, function, shape).logged for function in ("generate_certificate", "record_directory"))
    return float(ours + sum(each.values()) * _ASSUMED["log_lines"])


def idle_a_month(alarms: int, queues: int) -> list[Line]:
    """What a stack costs before its first event; these lines are dollars a month."""
    polls = queues * _ASSUMED["pollers"] * MONTH.total_seconds() / _ASSUMED["poll_seconds"]
    return [
        Line("SQS", f"polling of {queues} empty queues", polls * _PRICE["sqs_request"]),
        Line("CloudWatch", f"{alarms} metrics with an alarm", alarms * _PRICE["alarm_month"]),
        Line("CloudWatch", "the metric of every run of the sweep", METRICS_OF_A_RUN * _PRICE["metric_month"]),
        Line("Secrets Manager", "the secrets of the signing keys", 2 * _PRICE["secret_month"]),
        Line("KMS", "the key of the data", _PRICE["key_month"]),
    ]


def beside_idle_a_month() -> list[Line]:
    """What work and options add to an idle stack, in dollars a month.

    CloudWatch charges a custom metric for the hours in which it is written: at most those in which the portal works.
    """
    busy = _ASSUMED["busy_seconds_a_year"] / timedelta(days=365).total_seconds()
    work = METRICS_OF_WORK * busy * _PRICE["metric_month"]
    cached = PRICES["memory"]["serve_api"] / 1024 * MONTH.total_seconds() * _PRICE["snapshot_gib_second"]
    return [
        Line("CloudWatch", f"at most: {METRICS_OF_WORK} metrics of working hours", work),
        Line("CloudWatch", "a dashboard (Dashboard=true)", _PRICE["dashboard_month"]),
        Line("Lambda", "a version of the API as a snapshot (ApiSnapshot=true)", cached),
        Line("KMS", "a key for the topic of the alarms (EncryptAlarms=true)", _PRICE["key_month"]),
        Line("KMS", "the key of the data, after each of its first two yearly rotations", _PRICE["key_month"]),
    ]


def keeping_a_month(counts: Counts, sweeping: Sweeping) -> list[Line]:
    passes, checks = MONTH / PASS, MONTH / FULL_CHECK_EVERY
    scanned = sweeping.bytes / 2 / READ_STEP * _PRICE["read_unit"]
    checked = sweeping.reads * _PRICE["read_unit"] + _PRICE["s3_get"]
    ran = _seconds("sweep", MEASURED["cpu"]["sweep"], _scanning(sweeping))
    ran_checks = _seconds("sweep", MEASURED["cpu"]["sweep_check"], _checking())
    return [
        _line("S3", "documents stored", _PRICE["s3_gib_month"] * counts.document_bytes / GIB),
        _line("DynamoDB", "records stored and backed up", _kept(counts)),
        _line("DynamoDB", f"the sweep: all records read in {PASS / HOUR:g} hours", passes * scanned),
        _line("DynamoDB, S3", f"the sweep: documents checked in {FULL_CHECK_EVERY.days} days", checks * checked),
        _line("Lambda", "the sweep", passes * ran + checks * ran_checks),
    ]


def sweep_a_month(lines: list[Line]) -> float:
    return sum(line.dollars for line in lines if "the sweep" in line.buys)


def sweep_hours(sweeping: Sweeping, records: float) -> float:
    """How long a pass over so many records runs, in sequence; `RUN_HOURS_A_DAY` are there for it.

    While a pass lasts, its share of the documents is checked too.
    """
    memory = PRICES["memory"]["sweep"]
    slower = max(1.0, _ASSUMED["full_processor_mb"] / memory)
    each = MEASURED["cpu"]["sweep"] * slower + _scanning(sweeping)
    each += (MEASURED["cpu"]["sweep_check"] * slower + _checking()) * (PASS / FULL_CHECK_EVERY)
    return float(records * each / 3600)


def _scanning(sweeping: Sweeping) -> float:
    """Seconds that a record's share of its pages takes; the pages of all segments are read at the same time."""
    wait = _ASSUMED["milliseconds"]
    return float(sweeping.items * (wait["scan"] + wait["dynamodb"]) / 1000 / ITEMS_PER_PAGE / SEGMENTS)


def _checking() -> float:
    return float(_ASSUMED["milliseconds"]["s3"] / 1000 / CONNECTIONS)
