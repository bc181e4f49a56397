"""Every metric of the service, with unit, dimensions and values, from one story whose times are known."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
import time_machine
from botocore.exceptions import EndpointConnectionError

from earned.aws import metrics
from earned.aws.dynamodb import support
from earned.document.render import NORTHLIGHT
from earned.testing.service import Service
from tests.integration.wire_faults import failing
from tests.unit.test_runbook import emitted
from tools.story import NOON, Story, cloud_event

STACK = "earned-prod"
DAY, HOUR = 86_400.0, 3_600.0
UNPRINTABLE = "\U0010fffd"
ASKED = {"name": "Ada Sample", "email": "ada@example.com", "training": "Leading Well"}
Row = tuple[str, str, tuple[tuple[str, str], ...]]  # name, unit, dimensions but `service`


def row(name: str, unit: str = "Count", **dimensions: str) -> Row:
    return name, unit, tuple(sorted(dimensions.items()))


# Of each metric in the order of the story; see `story` below.
TABLE: dict[Row, list[float]] = {
    row("EventsRefused"): [1, 1, 1],
    row("MessagesFailed"): [3],
    row("TimeToCertificate", "Seconds", cause="learner"): [30 * DAY - 58 * 60],
    row("TimeToCertificate", "Seconds", cause="attendance"): [1 * DAY],
    row("TimeToCertificate", "Seconds", cause="queue"): [7, 11],
    row("TimeToCertificate", "Seconds", cause="rendering"): [0, 0],
    row("CertificatesHeld"): [1],
    row("LogosUnusable"): [1, 1, 1],
    row("UnprintableTexts"): [1],
    row("CompiledDesignFaults", reason="version"): [1],
    row("SupportRequests", kept="true"): [1] * support.REQUESTS_PER_PAIR,
    row("SupportRequests", kept="false"): [1],
    row("RequestsRefused"): [1, 1, 1],
    row("SweepFindings", finding="complete-not-issued"): [1, 1],
    row("SweepFindings", finding="held"): [1, 1],
    row("SweepFindings", finding="issued-without-document"): [1],
    row("SweepPassHours", "None"): [0, 0],
    row("OldestOverdueCertificateMinutes", "None"): [60],
    row("OldestUnmarkedAttendanceHours", "None"): [26, 27],
}


@contextmanager
def frozen(at: datetime) -> Iterator[Any]:
    with time_machine.travel(at, tick=False) as clock:
        yield clock


def play(service: Service, story: Story) -> None:
    """Compiled designs are off.

    At noon Ada has completed a course, and Bea is marked present at yesterday's event, where Cid is unmarked.
    """
    NORTHLIGHT.compiled.faults.append("version")
    with frozen(NOON - timedelta(hours=1)):
        logo = {"key": "logos/never-uploaded.svg", "media_type": "image/svg+xml"}
        data = {"company_id": story.company, "name": "Sample Lanterns", "logo": logo}
        service.post("Directory", cloud_event("company.saved", data, NOON - timedelta(days=30)))
        story.publish()
        story.schedule()
        for person, name in {
            "ada": "Ada",
            "bea": "Bea",
            "cid": "Cid",
            "dot": f"Dot {UNPRINTABLE}",
            "eve": "Eve",
        }.items():
            story.save_account(person, name=f"{name} Sample")
            story.enroll(person, story.live_event if person in {"bea", "cid"} else story.course)
        service.settle()
        other = story.id("unprintable")
        steps = [{"step_id": "read", "kind": "reading", "title": "Read"}]
        course = {"course_id": other, "version": 1, "title": f"Leading {UNPRINTABLE}", "steps": steps}
        service.post("Directory", cloud_event("course.published", course, NOON - timedelta(days=30)))
        service.settle()
    with frozen(NOON) as clock:
        hour_ago = NOON - timedelta(hours=1)
        service.post("Progress", *story.do("ada", "read", "watch", "quiz", since=hour_ago))
        service.deliver("record_progress")
        clock.shift(7)
        service.settle()
        service.post("Attendance", story.mark("bea"))
        service.deliver("record_attendance")
        clock.shift(11)
        service.settle()
        service.post("Progress", *story.do("dot", "read", "watch", "quiz", since=hour_ago))
        service.settle()
        service.post("Progress", "{not json")
        service.post("Attendance", story.mark("cid", role="employee"))
        service.settle()
        events = story.do("eve", "read", "watch", "quiz", since=hour_ago)
        service.post("Progress", *events)
        with failing(EndpointConnectionError(endpoint_url="https://dynamodb"), "UpdateItem"):
            service.deliver("record_progress")
        service.empty()
        service.post("Progress", *events)
        service.deliver("record_progress")
        service.empty()
        for _ in range(support.REQUESTS_PER_PAIR + 1):
            service.post_to("/v1/support-requests", ASKED)
        service.get("/v1/certificates", {"sub": "acc-1", "role": "individual", "token_use": "id"})
        service.get("/v1/certificates", {"sub": "acc-1", "role": "owner"})
        service.get(f"/v1/companies/{story.company}/certificates", story.claims("ada"))
        [ada] = story.certificates(account_id=story.id("ada"))
    key = f"certificates/{ada['certificate_id']}/1.pdf"
    boto3.client("s3").delete_object(Bucket=service.outputs["DocumentsBucketName"], Key=key)
    with frozen(NOON + timedelta(hours=2)) as clock:
        service.sweep()
        clock.shift(HOUR)
        service.sweep()


def told(capsys: pytest.CaptureFixture[str]) -> dict[Row, list[float]]:
    """All values by metric, of the lines that CloudWatch reads."""
    found: defaultdict[Row, list[float]] = defaultdict(list)
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        if "_aws" in line:
            [definition] = line["_aws"]["CloudWatchMetrics"]
            [dimensions], [metric] = definition["Dimensions"], definition["Metrics"]
            assert (definition["Namespace"], line["service"], "service" in dimensions) == (
                metrics.NAMESPACE,
                STACK,
                True,
            )
            own = {name: line[name] for name in dimensions if name != "service"}
            found[row(metric["Name"], metric["Unit"], **own)] += line[metric["Name"]]
    return dict(found)


def test_every_metric_has_its_unit_dimensions_and_values(
    service: Service, story: Story, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", STACK)
    play(service, story)
    assert told(capsys) == TABLE


def test_every_metric_of_the_code_is_in_the_table() -> None:
    listed = {(metrics.NAMESPACE, name, tuple(sorted({"service", *dict(own)}))) for name, _, own in TABLE}
    assert listed == emitted()
