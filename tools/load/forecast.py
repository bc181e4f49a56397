"""The forecast for AWS: the template's settings, the times measured here and the assumptions, through the model.

To check the model, it also runs with this machine's limits, beside what the local stack measured.
"""

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tools.load.assumptions import ASSUMPTIONS, NEW_TABLE, default_pollers, provisioned_pollers, units, value
from tools.load.model import Function, Pollers, Simulation, Units, Work, simulate
from tools.load.settings import Provisioned, Settings, provisioned, settings

FUNCTIONS = {"marks": "RecordAttendance", "lessons": "RecordProgress", "certificates": "GenerateCertificate"}
FOLDERS = {"marks": "record_attendance", "lessons": "record_progress", "certificates": "generate_certificate"}
PEOPLE = (10_000, 1_000_000)
# Requests to the emulator for each message; some requests serve a whole batch.
LOCAL_REQUESTS = {
    "marks": 1.1,
    "lessons": 1.1,
    "certificates": 2.2,
}
UNLIMITED = Units(reads=float("inf"), writes=float("inf"))


def forecast(load: dict[str, Any], package: dict[str, Any]) -> dict[str, Any]:
    """All scenarios and the check of the model, from the figures of `make load` and `make package`."""
    starts = {name: package["functions"][folder]["cpu_s"] for name, folder in FOLDERS.items()}
    cpu = _cpu(load, starts)
    return {
        "measured_cpu_ms": {name: round(1000 * seconds, 1) for name, seconds in cpu.items()},
        "measured_start_s": starts,
        "settings": {name: asdict(one) for name, one in settings().items() if name in FUNCTIONS.values()},
        "provisioned": asdict(provisioned()),
        "scenarios": [
            _scenario(people, pollers, slow, cpu, starts)
            for people in PEOPLE
            for pollers in ("default", "provisioned")
            for slow in (False, True)
            if people == PEOPLE[0] or not slow
        ],
        "remedies": list(_remedies(cpu, starts)),
        "proof": _check_of_model(load, cpu, starts),
        "assumptions": {name: asdict(assumption) for name, assumption in ASSUMPTIONS.items()},
    }


def _scenario(people: int, pollers: str, slow: bool, cpu: dict[str, float], starts: dict[str, float]) -> dict[str, Any]:
    ready = provisioned() if pollers == "provisioned" else None
    granted = units(ready.reads, ready.writes) if ready else NEW_TABLE
    simulation = simulate(_functions(ready, cpu, starts, slow=slow), people, granted)
    return {"people": people, "pollers": pollers, "s3_on_a_bad_day": slow, **_figures(simulation)}


def _remedies(cpu: dict[str, float], starts: dict[str, float]) -> Iterator[dict[str, Any]]:
    """What each step gains for a hall, one upon the other."""
    ready = provisioned()
    granted = units(ready.reads, ready.writes)
    raised = replace(granted, events=value("announcements of an account, once the quota is raised"))
    split = replace(raised, puts=granted.puts * value("prefixes of a bucket that S3 has split"))
    steps = {
        "provisioned pollers and a warm table": granted,
        f"and a quota of {raised.events:,.0f} announcements a second": raised,
        f"and a bucket that S3 has split for {split.puts:,.0f} puts a second": split,
    }
    functions = _functions(ready, cpu, starts, slow=False)
    for what, units_of_it in steps.items():
        yield {"what": what, **_percentiles(simulate(functions, PEOPLE[0], units_of_it).hall)}


def _functions(
    ready: Provisioned | None, cpu: dict[str, float], starts: dict[str, float], *, slow: bool
) -> dict[str, Function]:
    return {
        name: on_aws(name, settings()[logical], ready, slow=slow, cpu=cpu[name], start=starts[name])
        for name, logical in FUNCTIONS.items()
    }


def on_aws(
    name: str, setting: Settings, ready: Provisioned | None, *, slow: bool, cpu: float, start: float
) -> Function:
    """A function as deployed: less memory is less processor, except during a cold start."""
    share = min(1.0, setting.memory / value("MB of memory that give one processor"))
    dynamodb, announcing = value("a DynamoDB request"), value("an SQS or EventBridge request")
    put = value("an S3 put on a bad day" if slow else "an S3 put")
    making = name == "certificates"
    pollers = default_pollers(setting.max_concurrency)
    if ready and name != "lessons":
        pollers = provisioned_pollers(ready.generation if making else ready.attendance)
    work = Work(
        start=value("a new worker, before it imports") + start,
        batch=value("handing a batch to a worker") + announcing + (dynamodb if making else 0),
        cpu=cpu / share,
        wait=dynamodb + put if making else dynamodb,
        reads=int(value("read units of a certificate")) if making else 0,
        writes=int(value("write units of a mark, and of an issue")),
        ahead=making,
        puts=int(making),
        events=int(making),
    )
    return Function(setting.batch_size, setting.window, pollers, work)


def _check_of_model(load: dict[str, Any], cpu: dict[str, float], starts: dict[str, float]) -> dict[str, Any]:
    """Predicted beside measured: one worker per processor, one emulator, and the processors that others left free."""
    left = 1 - min(0.9, load["processors_used_by_others"] / load["cores"])
    per_certificate = load["cpu_ms_per_certificate"]["emulator"] / 1000
    a_request = per_certificate / sum(LOCAL_REQUESTS[name] for name in ("marks", "certificates"))
    functions = {
        name: Function(
            batch=settings()[logical].batch_size,
            window=0,  # the emulator has none
            pollers=Pollers(load["cores"], 0, load["cores"]),
            work=Work(
                start=starts[name] / left,
                batch=a_request / left,
                cpu=cpu[name] / left,
                wait=LOCAL_REQUESTS[name] * a_request / left,
                reads=0,
                writes=0,
                ahead=name == "certificates",
            ),
        )
        for name, logical in FUNCTIONS.items()
    }
    posting = load["seconds_to_post_the_marks"]
    simulation = simulate(functions, load["attendees"], UNLIMITED, processors=load["cores"], posting=posting, noisy=1)
    return {
        "attendees": load["attendees"],
        "processors_left_by_others": round(left * load["cores"], 2),
        "predicted": _figures(simulation),
        "measured": {name: load["seconds_to_certificate"][name] for name in ("hall", "school", "school_idle")},
    }


def _cpu(load: dict[str, Any], starts: dict[str, float]) -> dict[str, float]:
    """Seconds of worker CPU for a mark, all lessons of a learner, and a certificate, without cold starts."""
    counts = {"marks": load["attendees"], "lessons": load["learners"], "certificates": load["certificates"]}
    first, last = load["samples"][0]["usage"], load["samples"][-1]["usage"]
    took = {}
    for name, logical in FUNCTIONS.items():
        begun = last.get(logical, first[logical])["processes"] - first[logical]["processes"]
        took[name] = (load["cpu_s"].get(logical, 0.0) - max(0, begun) * starts[name]) / counts[name]
    return took


def _figures(simulation: Simulation) -> dict[str, Any]:
    kinds = {"hall": simulation.hall, "school": simulation.school, "school_idle": simulation.school_idle}
    return {**{name: _percentiles(seconds) for name, seconds in kinds.items()}, "workers": simulation.workers}


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2), "max": round(max(seconds), 2)}


def read(path: Path) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return figures
