"""Alarms as CloudWatch evaluates them: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html

Knows what the alarms of this service use: statistics, p99, sums of metrics, missing data as breaching or not.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MORE_PERIODS = 2  # CloudWatch looks so much further back for points that are not missing (5 for 3 in its documentation)
ENOUGH_FOR_P99 = 1_000  # 10 / (1 - 0.99): below, EvaluateLowSampleCountPercentile decides
MINUTE = 60

STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "Maximum": max,
    "Sum": sum,
    "SampleCount": len,
    "p99": lambda values: sorted(values)[int(len(values) * 0.99)],
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
}


@dataclass(frozen=True)
class Metric:
    """A metric; its dimensions as name and value, where a parameter of the template stands for its value."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


Series = Mapping[Metric, Mapping[int, Sequence[float]]]  # samples by the minute of their time


def state(points: Sequence[float | None], alarm: Mapping[str, Any], threshold: float) -> str:
    """The state by the data points of the evaluation range, oldest first, None for a missing one."""
    needed, missing = alarm["EvaluationPeriods"], alarm["TreatMissingData"]
    breaches = [COMPARISONS[alarm["ComparisonOperator"]](point, threshold) for point in points if point is not None]
    filled = breaches[-needed:] + [{"breaching": True, "notBreaching": False}[missing]] * (needed - len(breaches))
    return "ALARM" if sum(filled) >= alarm.get("DatapointsToAlarm", needed) else "OK"


def fires(alarm: Mapping[str, Any], series: Series, parameters: Mapping[str, Any], minutes: range) -> bool:
    """Whether it is in the state ALARM at the end of any of its periods within `minutes`."""
    threshold = alarm["Threshold"]
    threshold = parameters[threshold["Ref"]] if isinstance(threshold, dict) else threshold
    period, point = _points(alarm, series)
    length = alarm["EvaluationPeriods"] + MORE_PERIODS
    ends = range(minutes.start // period, minutes.stop // period + 1)
    return any(state([point(one) for one in range(end - length, end)], alarm, threshold) == "ALARM" for end in ends)


def metrics_of(alarm: Mapping[str, Any]) -> list[Metric]:
    """The metrics that it watches or adds up."""
    parts = [part["MetricStat"]["Metric"] for part in alarm.get("Metrics", []) if "MetricStat" in part] or [alarm]
    return [_metric(part) for part in parts]


def _points(alarm: Mapping[str, Any], series: Series) -> tuple[int, Callable[[int], float | None]]:
    """The period in minutes, and the data point of a period by its number."""
    if "Metrics" in alarm:
        total, *parts = alarm["Metrics"]
        assert total["Expression"] == "SUM(METRICS())"
        [(seconds, statistic)] = {(part["MetricStat"]["Period"], part["MetricStat"]["Stat"]) for part in parts}
    else:
        seconds, statistic = alarm["Period"], alarm.get("Statistic") or alarm["ExtendedStatistic"]
    period, watched = seconds // MINUTE, [series.get(metric, {}) for metric in metrics_of(alarm)]

    def point(number: int) -> float | None:
        minutes = range(number * period, (number + 1) * period)
        of_each = [[value for minute in minutes for value in one.get(minute, ())] for one in watched]
        if statistic == "p99" and 0 < len(of_each[0]) < ENOUGH_FOR_P99:
            assert alarm["EvaluateLowSampleCountPercentile"] == "ignore"
            return None
        found = [STATISTICS[statistic](values) for values in of_each if values]
        return sum(found) if found else None

    return period, point


def _metric(part: Mapping[str, Any]) -> Metric:
    dimensions = {one["Name"]: one["Value"] for one in part["Dimensions"]}
    named = {name: value["Ref"] if isinstance(value, dict) else value for name, value in dimensions.items()}
    return Metric(part["Namespace"], part["MetricName"], frozenset(named.items()))
