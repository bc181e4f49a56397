"""What a load test amounts to: nothing lost goes unnoticed, and processors are reckoned from what was used."""

from typing import Any

import pytest

from tools.load.results import summarize
from tools.load.runner import Certificate, RunRecord
from tools.load.sampler import EMULATOR, WORKERS, Sample, Usage
from tools.load.workload import HALL, SCHOOL, Workload


def sample(at: float, cpu: float, waiting: int) -> Sample:
    queues = {"attendance": waiting, "generation": 0}
    return Sample(
        at,
        queues,
        {EMULATOR: Usage(cpu, 2**20, 1), WORKERS: Usage(3 * cpu, 2**21, 2), "F": Usage(3 * cpu, 2**21, 2)},
        machine=10 * cpu,
    )


def tallied(*certificates: Certificate) -> dict[str, Any]:
    samples = [sample(1, 1, 5), sample(2, 2, 5), sample(3, 3, 0)]
    record = RunRecord([], list(certificates), posting=0.5, samples=samples)
    return summarize(Workload(2, 3), ahead=1, record=record, refused=0, failed=0)


def certificate(company: str, number: int, seconds: float) -> Certificate:
    return Certificate(company, f"enr-{company}-{number}", seconds, seconds)


ALL = [certificate(HALL, 1, 4), certificate(HALL, 2, 9), certificate(SCHOOL, 1, 1), certificate(SCHOOL, 2, 2)]


def test_all_that_are_due_are_counted_and_a_missing_one_is_missed() -> None:
    assert (tallied(*ALL)["certificates"], tallied(*ALL)["due"]) == (4, 4)
    assert tallied(*ALL[:-1])["certificates"] == 3


def test_a_certificate_announced_twice_is_one() -> None:
    found = tallied(*ALL, ALL[0])
    assert (found["certificates"], found["announced_twice"]) == (4, 1)


def test_the_companies_are_told_apart() -> None:
    waited = tallied(*ALL)["seconds_to_certificate"]
    assert (waited["hall"]["max"], waited["school"]["max"], waited["school_idle"]) == (9, 2, {})


def test_two_processors_need_half_of_what_ten_thousand_take() -> None:
    found = tallied(*ALL)
    assert found["cpu_ms_per_certificate"] == {EMULATOR: 500, WORKERS: 1500, "F": 1500}
    assert found["cpu_bound"]["functions"] == pytest.approx(1.5 * 10_000 / 2)


def test_what_others_used_is_what_is_not_ours() -> None:
    assert tallied(*ALL)["processors_used_by_others"] == 10 - 4
