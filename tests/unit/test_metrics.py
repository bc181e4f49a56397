"""Metrics in CloudWatch's embedded metric format, to the byte of what is logged."""

import json
from typing import Any

import pytest

from earned.aws import metrics

SERVICE = "earned-prod"


@pytest.fixture(autouse=True)
def _service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", SERVICE)


def logged(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The only line that was logged, without its time."""
    [line] = capsys.readouterr().out.splitlines()
    written: dict[str, Any] = json.loads(line)
    assert isinstance(written["_aws"].pop("Timestamp"), int)
    return written


def defined(name: str, unit: str, *dimensions: str) -> dict[str, Any]:
    """What CloudWatch reads in order to find the metric of a line; Powertools adds the dimension `service`."""
    metric = {"Name": name, "Unit": unit}
    definition = {"Namespace": "Earned", "Dimensions": [[*dimensions, "service"]], "Metrics": [metric]}
    return {"CloudWatchMetrics": [definition]}


def test_a_count_is_one_unless_it_says_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.count("LogosUnusable")
    assert logged(capsys) == {
        "_aws": defined("LogosUnusable", "Count"),
        "service": SERVICE,
        "LogosUnusable": [1.0],
    }
    metrics.count("SweepFindings", 7, finding="held")
    assert logged(capsys) == {
        "_aws": defined("SweepFindings", "Count", "finding"),
        "service": SERVICE,
        "finding": "held",
        "SweepFindings": [7.0],
    }


def test_durations_of_one_cause_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.seconds("TimeToCertificate", [0.25, 3, 0.0], cause="queue")
    assert logged(capsys) == {
        "_aws": defined("TimeToCertificate", "Seconds", "cause"),
        "service": SERVICE,
        "cause": "queue",
        "TimeToCertificate": [0.25, 3.0, 0.0],
    }


def test_a_value_has_no_unit_and_no_dimension_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.value("OldestUnmarkedAttendanceHours", 25.5)
    assert logged(capsys) == {
        "_aws": defined("OldestUnmarkedAttendanceHours", "None"),
        "service": SERVICE,
        "OldestUnmarkedAttendanceHours": [25.5],
    }


def test_a_metric_takes_nothing_from_the_one_before(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.count("CertificatesHeld", reason="does-not-fit")
    capsys.readouterr()
    metrics.count("MessagesFailed", 2)
    assert logged(capsys) == {
        "_aws": defined("MessagesFailed", "Count"),
        "service": SERVICE,
        "MessagesFailed": [2.0],
    }
