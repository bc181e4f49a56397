"""Custom CloudWatch metrics, written to the log in the embedded metric format."""

from collections.abc import Iterable

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

NAMESPACE = "Earned"


def count(name: str, number: int = 1, **dimensions: str) -> None:
    _write(name, MetricUnit.Count, [number], dimensions)


def seconds(name: str, durations: Iterable[float], **dimensions: str) -> None:
    """Durations in seconds, in one log line however many there are."""
    _write(name, MetricUnit.Seconds, durations, dimensions)


def value(name: str, number: float) -> None:
    _write(name, MetricUnit.NoUnit, [number], {})


def _write(name: str, unit: MetricUnit, values: Iterable[float], dimensions: dict[str, str]) -> None:
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for dimension, text in dimensions.items():
        metrics.add_dimension(dimension, text)
    for one in values:
        metrics.add_metric(name, unit, one)
    metrics.flush_metrics()
