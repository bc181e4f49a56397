"""The figures of a load test: losses show, and processors follow from CPU seconds."""

import os
import subprocess
import sys
from subprocess import PIPE
from typing import Any

import pytest

from tools.load.results import summarize
from tools.load.runner import Certificate, RunRecord
from tools.load.sampler import EMULATOR, WORKERS, Sample, Usage, emulator_of
from tools.load.workload import HALL, SCHOOL, Workload
from tools.local import sam


def sample(at: float, cpu: float, waiting: int) -> Sample:
    queues = {"attendance": waiting, "generation": 0}
    return Sample(
        at,
        queues,
        {EMULATOR: Usage(cpu, 2**20, 1), WORKERS: Usage(3 * cpu, 2**21, 2), "F": Usage(3 * cpu, 2**21, 2)},
        machine=10 * cpu,
    )


def results(*certificates: Certificate) -> dict[str, Any]:
    samples = [sample(1, 1, 5), sample(2, 2, 5), sample(3, 3, 0)]
    record = RunRecord([], list(certificates), posting=0.5, samples=samples)
    return summarize(Workload(2, 3), ahead=1, record=record, refused=0, failed=0)


def certificate(company: str, number: int, seconds: float) -> Certificate:
    return Certificate(company, f"enr-{company}-{number}", seconds, seconds)


ALL = [certificate(HALL, 1, 4), certificate(HALL, 2, 9), certificate(SCHOOL, 1, 1), certificate(SCHOOL, 2, 2)]


def test_certificates_are_counted_and_a_missing_one_shows() -> None:
    assert (results(*ALL)["certificates"], results(*ALL)["due"]) == (4, 4)
    assert results(*ALL[:-1])["certificates"] == 3


def test_a_certificate_announced_twice_counts_once() -> None:
    found = results(*ALL, ALL[0])
    assert (found["certificates"], found["announced_twice"]) == (4, 1)


def test_waiting_times_are_separate_for_each_company() -> None:
    waited = results(*ALL)["seconds_to_certificate"]
    assert (waited["hall"]["max"], waited["school"]["max"], waited["school_idle"]) == (9, 2, {})


def test_two_processors_need_half_of_the_cpu_seconds_of_ten_thousand() -> None:
    found = results(*ALL)
    assert found["cpu_ms_per_certificate"] == {EMULATOR: 500, WORKERS: 1500, "F": 1500}
    assert found["cpu_bound"]["functions"] == pytest.approx(1.5 * 10_000 / 2)


def test_processors_used_by_others_exclude_the_stacks_own() -> None:
    assert results(*ALL)["processors_used_by_others"] == 10 - 4


def test_the_sampler_finds_the_emulator_among_the_children_of_the_stacks_supervisor() -> None:
    running = [sys.executable, "-c", "print('running', flush=True); input()"]
    options: dict[str, Any] = {"stdin": PIPE, "stdout": PIPE, "text": True}
    with subprocess.Popen(running, **options) as other, subprocess.Popen([*running, sam.EMULATOR], **options) as found:
        assert other.stdout
        assert found.stdout
        assert [other.stdout.readline(), found.stdout.readline()] == ["running\n"] * 2
        assert emulator_of(os.getpid()) == found.pid != other.pid
        for process in (other, found):
            process.communicate("\n")
