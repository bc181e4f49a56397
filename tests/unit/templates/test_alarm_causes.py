"""Each alarm goes off for its own cause, and no other does: the alarms evaluated on made-up series."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from earned.domain.sweep import Finding
from earned.testing.cloudformation import INFRA, functions, queues, read_template, resources, tables
from tests.unit.templates.cloudwatch import Metric, Series, fires, metrics_of, state

OBSERVABILITY = INFRA / "observability.yaml"
ALARMS = resources("AWS::CloudWatch::Alarm", OBSERVABILITY)
DEFAULTS = {
    name: one["Default"] for name, one in read_template(OBSERVABILITY)["Parameters"].items() if "Default" in one
}
HOUR = 60
BEGINS, ENDS = 26 * HOUR, 36 * HOUR  # of the cause, in minutes; before it, everything is well
PROMPT = 75  # minutes after which every alarm has gone off
Values = Callable[[int], Sequence[float]]  # the samples of a minute after the cause has begun


def queue(name: str, metric: str) -> Metric:
    return Metric("AWS/SQS", metric, frozenset({("QueueName", f"{name}Name")}))


def function(name: str, metric: str) -> Metric:
    return Metric("AWS/Lambda", metric, frozenset({("FunctionName", f"{name}Name")}))


def table(name: str, metric: str, index: str | None = None) -> Metric:
    by_index = {("GlobalSecondaryIndexName", index)} if index else set()
    return Metric("AWS/DynamoDB", metric, frozenset({("TableName", f"{name}Name"), *by_index}))


def own(metric: str, **dimensions: str) -> Metric:
    return Metric("Earned", metric, frozenset({("service", "Service"), *dimensions.items()}))


def api(metric: str) -> Metric:
    return Metric("AWS/ApiGateway", metric, frozenset({("ApiId", "ApiId"), ("Stage", "ApiStage")}))


def always(*values: float) -> Values:
    """The same every minute."""
    return lambda _minute: values


def every(minutes: int, *values: float) -> Values:
    return lambda minute: values if minute % minutes == 0 else ()


def once(*values: float, minutes: int = 1) -> Values:
    """In the first minutes only."""
    return lambda minute: values if minute < minutes else ()


def never(_minute: int) -> Sequence[float]:
    return ()


def well() -> dict[Metric, Values]:
    """The series of a service that works, with the small faults that every service has."""
    swept: dict[Metric, Values] = {
        own("SweptRecords"): every(5, 4_000),
        own("OldestUnmarkedAttendanceHours"): every(5, 30),
        own("OldestOverdueCertificateMinutes"): every(5, 0),
        own("SweepPassHours"): every(5, 5),
        own("SweepFindings", finding="just-completed"): every(60, 1),
        own("MessagesFailed"): every(20, 3),
        own("CertificatesHeld"): every(600, 1),
    }
    waiting = {queue(name, "ApproximateAgeOfOldestMessage"): always(4) for name in queues()}
    empty = {queue(one.dead_letter_queue, VISIBLE): every(15, 0) for one in queues().values()}
    lambdas = {function(name, metric): always(0) for name in functions() for metric in ("Errors", "Throttles")}
    requests = {api("5xx"): every(5, 1), api("Latency"): always(*[90] * 300)}
    return swept | waiting | empty | lambdas | requests


VISIBLE = "ApproximateNumberOfMessagesVisible"


@dataclass(frozen=True)
class Cause:
    """What happens to the series, and the alarms that must go off."""

    what: str
    series: dict[Metric, Values]
    alarms: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        return self.what


def cause(what: str, alarm: str, metric: Metric, values: Values) -> Cause:
    return Cause(what, {metric: values}, frozenset({alarm}))


def near(what: str, metric: Metric, values: Values) -> Cause:
    """A near miss: nothing may go off."""
    return Cause(what, {metric: values})


def causes() -> Iterator[Cause]:
    for name, one in queues().items():
        short = name.removesuffix("Queue")
        age, dead = queue(name, "ApproximateAgeOfOldestMessage"), queue(one.dead_letter_queue, VISIBLE)
        yield cause(f"old messages in {name}", f"{short}Waiting", age, always(901))
        yield near(f"messages of 15 minutes in {name}", age, always(900))
        yield near(f"old messages in {name} for four minutes", age, once(901, minutes=4))
        yield cause(f"a dead letter of {name}", f"{short}DeadLetters", dead, once(1))
    yield cause(
        "an announcement that nobody took", "AnnouncementsUndelivered", queue("UndeliveredQueue", VISIBLE), once(1)
    )
    for name in functions():
        crash = {"GenerateCertificate": "GenerationFailures"}.get(name, f"{name}Errors")
        yield cause(f"a crash of {name}", crash, function(name, "Errors"), once(1))
        yield cause(f"{name} at its limit", f"{name}Throttled", function(name, "Throttles"), always(1))
        yield near(f"{name} at its limit for ten minutes", function(name, "Throttles"), once(1, minutes=10))
        if functions()[name].source:
            dropped = function(name, "RecursiveInvocationsDropped")
            yield cause(f"a loop through {name}", "RecursionStopped", dropped, once(1))
    for name, one in tables().items():
        for index in (None, *one.indexes):
            where = f"{name}, {index}" if index else name
            for kind in ("Write", "Read"):
                throttled = table(name, f"{kind}ThrottleEvents", index)
                if (kind, name) != ("Read", "AccessLogTable"):  # no function reads it
                    yield cause(f"throttled {kind.lower()}s of {where}", f"{kind}sThrottled", throttled, every(5, 1))
                yield near(f"a burst of throttled {kind.lower()}s of {where}", throttled, once(500, minutes=9))
    yield cause("a silent sweep", "SweepStopped", own("SweptRecords"), never)
    yield near(
        "a sweep that is silent for half an hour", own("SweptRecords"), lambda m: () if m < 30 else (9,) * (m % 5 == 0)
    )
    yield near("a sweep of an empty table", own("SweptRecords"), every(5, 0))
    yield from (
        cause(f"a finding {finding}", alarm, own("SweepFindings", finding=finding), once(1))
        for finding, alarm in FINDINGS.items()
    )
    for finding in sorted(MENDED):
        yield near(f"findings {finding}", own("SweepFindings", finding=finding), always(50))
    overdue, age = own("OldestOverdueCertificateMinutes"), own("SweepPassHours")
    yield cause("a certificate overdue for over 45 minutes", "CertificatesOverdue", overdue, every(5, 46))
    yield near("a certificate overdue for 45 minutes", overdue, every(5, 45))
    yield cause("a pass of the sweep that takes over a day", "SweepPassOld", age, every(5, 24.1))
    yield near("a pass of the sweep that takes a day", age, every(5, 24))
    unmarked = own("OldestUnmarkedAttendanceHours")
    yield cause("people unmarked for over 72 hours", "AttendanceUnmarked", unmarked, every(5, 72.1))
    yield near("people unmarked for 72 hours", unmarked, every(5, 72))
    yield cause("a logo that cannot be printed", "LogosUnusable", own("LogosUnusable"), once(1))
    failing = own("MessagesFailed")
    yield cause("messages that fail for a quarter of an hour", "MessagesFailing", failing, every(5, 11))
    yield near("ten failed messages every five minutes", failing, every(5, 10))
    yield near("many messages that fail for ten minutes", failing, once(90, minutes=10))
    yield cause("five faults of the API", "ApiFaults", api("5xx"), once(*[1] * 5))
    yield near("four faults of the API in five minutes", api("5xx"), every(5, 1, 1, 1, 1))
    slow = [90.0] * 290 + [3_001.0] * 10
    yield cause("a slow API", "ApiSlow", api("Latency"), always(*slow))
    yield near("a slow API for ten minutes", api("Latency"), lambda m: slow if m < 10 else [90] * 300)
    yield near("few requests, each to a cold worker", api("Latency"), always(4_000))


FINDINGS = {
    "document-differs": "DocumentsThatDiffer",
    "issued-without-document": "DocumentsMissing",
    "held": "CertificatesHeld",
    "unreadable": "RecordsUnreadable",
}
# Findings that the sweep's requests mend; of complete-not-issued the age has an alarm.
MENDED = {
    "just-completed",
    "complete-not-issued",
    "absent-not-revoked",
    "out-of-date",
    "other-version",
    "account-removed",
}
CAUSES = [Cause("nothing", {}), *causes()]


def series_of(caused: Cause) -> Series:
    before, after = well(), well() | caused.series
    return {
        metric: {
            minute: tuple(values)
            for minute in range(ENDS)
            if (values := after[metric](minute - BEGINS) if minute >= BEGINS else before.get(metric, never)(minute))
        }
        for metric in after
    }


@pytest.mark.parametrize("caused", CAUSES, ids=str)
def test_a_cause_sets_off_its_own_alarm_in_time_and_no_other_alarm(caused: Cause) -> None:
    series = series_of(caused)
    prompt, ever = (range(BEGINS, end) for end in (BEGINS + PROMPT, ENDS))
    assert {name for name, alarm in ALARMS.items() if fires(alarm, series, DEFAULTS, ever)} == caused.alarms
    assert [name for name in caused.alarms if not fires(ALARMS[name], series, DEFAULTS, prompt)] == []


def test_every_finding_of_the_sweep_has_an_alarm_or_is_mended() -> None:
    assert set(Finding) == FINDINGS.keys() | MENDED


def test_every_alarm_has_a_cause_here() -> None:
    assert set(ALARMS) == {alarm for one in CAUSES for alarm in one.alarms}


def test_every_part_of_a_sum_has_a_cause_here() -> None:
    for name, alarm in ALARMS.items():
        caused = {metric for one in CAUSES if one.alarms == {name} for metric in one.series}
        assert set(metrics_of(alarm)) == caused, name


@pytest.mark.parametrize(
    ("points", "to_alarm", "breaching", "not_breaching"),
    [
        ("0-X-X", 3, "OK", "OK"),
        ("----0", 3, "OK", "OK"),
        ("-----", 3, "ALARM", "OK"),
        ("0XX-X", 3, "ALARM", "ALARM"),
        ("--X--", 3, "ALARM", "OK"),
        ("0-X-X", 2, "ALARM", "ALARM"),
        ("00X0X", 2, "ALARM", "ALARM"),
        ("0-X--", 2, "ALARM", "OK"),
        ("----0", 2, "ALARM", "OK"),
        ("---X-", 2, "ALARM", "OK"),
    ],
)
def test_missing_points_count_as_the_documentation_says(
    points: str, to_alarm: int, breaching: str, not_breaching: str
) -> None:
    """The two tables of "Configuring how CloudWatch alarms treat missing data", three evaluation periods."""
    values = [{"0": 0.0, "X": 1.0, "-": None}[point] for point in points]
    found = [state(values, alarm(to_alarm, missing), 0) for missing in ("breaching", "notBreaching")]
    assert found == [breaching, not_breaching]


def alarm(to_alarm: int, missing: str) -> dict[str, Any]:
    return {
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": to_alarm,
        "TreatMissingData": missing,
        "ComparisonOperator": "GreaterThanThreshold",
    }


@pytest.mark.parametrize(
    ("name", "key", "reported"),
    [
        ("DisableKey", "ours", True),
        ("ScheduleKeyDeletion", "ours", True),
        ("DisableKey", "another", False),
        ("EnableKey", "ours", False),
        ("Decrypt", "ours", False),
    ],
)
def test_a_disabled_key_is_reported_and_nothing_else(name: str, key: str, *, reported: bool) -> None:
    rule = resources("AWS::Events::Rule", OBSERVABILITY)["KeyDisabled"]["EventPattern"]
    pattern = rule | {"detail": rule["detail"] | {"resources": {"ARN": ["ours"]}}}
    event = {
        "source": "aws.kms",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {"eventSource": "kms.amazonaws.com", "eventName": name, "resources": [{"ARN": key}]},
    }
    assert matches(pattern, event) is reported


def matches(pattern: Any, value: Any) -> bool:
    """As EventBridge matches: one of the values; of an array, one of its elements."""
    if isinstance(value, list):
        return any(matches(pattern, one) for one in value)
    if isinstance(pattern, dict):
        return all(matches(wanted, value.get(name)) for name, wanted in pattern.items())
    return value in pattern
