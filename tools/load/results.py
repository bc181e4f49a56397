"""The figures of a load test."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from tools.load.runner import Certificate, RunRecord
from tools.load.sampler import EMULATOR, WORKERS, Sample
from tools.load.workload import HALL, SCHOOL, Workload

MEBI = 2**20
CORES_OF_TARGET, SECONDS_OF_TARGET, PEOPLE_OF_TARGET = 2, 120, 10_000  # docs/design.md


def summarize(workload: Workload, ahead: int, record: RunRecord, refused: int, failed: int) -> dict[str, Any]:
    """All figures of a run: counts, seconds, CPU seconds, MB, and the samples."""
    hall = [it for it in record.certificates if it.company == HALL]
    school = [it for it in record.certificates if it.company == SCHOOL]
    made, due = len({it.enrollment for it in record.certificates}), workload.attendees + workload.learners - ahead
    seconds = max((it.announced for it in hall), default=0.0) + record.posting
    cpu = _cpu(record.samples)
    return {
        "attendees": workload.attendees,
        "learners": workload.learners - ahead,
        "due": due,
        "certificates": made,
        "announced_twice": len(record.certificates) - made,
        "refused": refused,
        "failed_batches": failed,
        "seconds": round(seconds, 1),
        "seconds_to_post_the_marks": round(record.posting, 1),
        "certificates_per_second": round(made / seconds, 1),
        "events_per_second": round((workload.attendees + 5 * (workload.learners - ahead)) / seconds, 1),
        "seconds_to_certificate": {
            "hall": _percentiles(hall),
            "school": _percentiles(school),
            "school_idle": _percentiles(record.idle),
        },
        "cpu_s": cpu,
        "cpu_ms_per_certificate": {name: round(1000 * used / made, 1) for name, used in cpu.items()},
        "cpu_bound": _bound(cpu, made),
        "processors_used_by_others": _others(record.samples),
        "peak_rss_mb": {
            name: round(max(sample.usage[name].rss for sample in record.samples) / MEBI) for name in (EMULATOR, WORKERS)
        },
        "samples": [asdict(sample) for sample in record.samples],
    }


def _cpu(samples: Sequence[Sample]) -> dict[str, float]:
    """CPU seconds from the first sample to the last by kind of process, ended processes included."""
    functions = {name for sample in samples for name in sample.usage} - {EMULATOR, WORKERS}
    used = {name: _grown(samples, name) for name in (EMULATOR, *sorted(functions))}
    used[WORKERS] = sum(used[name] for name in functions)
    return {name: round(seconds, 1) for name, seconds in used.items() if round(seconds, 1) > 0}


def _grown(samples: Sequence[Sample], name: str) -> float:
    cpu = [sample.usage[name].cpu if name in sample.usage else 0.0 for sample in samples]
    return sum(max(0.0, after - before) for before, after in pairwise(cpu))


def _others(samples: Sequence[Sample]) -> float:
    """The mean number of processors busy with other processes, such as the portal, while messages waited."""
    working = [sample for sample in samples if any(sample.waiting[queue] for queue in ("attendance", "generation"))]
    first, last = working[0], working[-1]
    used = _cpu(working)
    ours = used[EMULATOR] + used[WORKERS]
    return round((last.machine - first.machine - ours) / (last.at - first.at), 2)


def _bound(cpu: dict[str, float], made: int) -> dict[str, float]:
    """Seconds in which two idle processors could do what the target asks for, at the CPU time measured here."""
    scale = PEOPLE_OF_TARGET / made / CORES_OF_TARGET
    return {
        "target": SECONDS_OF_TARGET,
        "functions_and_emulator": round((cpu[EMULATOR] + cpu[WORKERS]) * scale),
        "functions": round(cpu[WORKERS] * scale),
    }


def _percentiles(certificates: Sequence[Certificate]) -> dict[str, float]:
    """Of the seconds until the announcement; empty with fewer than two certificates."""
    if len(certificates) < 2:
        return {}
    cuts = statistics.quantiles((it.announced for it in certificates), n=100, method="inclusive")
    return {
        "p50": round(cuts[49], 2),
        "p99": round(cuts[98], 2),
        "max": round(max(it.announced for it in certificates), 2),
    }
