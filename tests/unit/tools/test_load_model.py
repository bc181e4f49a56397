"""The load model agrees with limits that can be calculated by hand."""

from dataclasses import replace

import pytest

from tools.load.assumptions import NEW_TABLE, value
from tools.load.forecast import FUNCTIONS, on_aws
from tools.load.model import Function, Pollers, Simulation, Units, Work, simulate
from tools.load.settings import settings

PLENTY = Units(reads=1e9, writes=1e9)
QUICK = Work(start=0, batch=1e-6, cpu=0.001, wait=1e-6, reads=0, writes=1)
SLOW = replace(QUICK, cpu=0.1)
MANY = Pollers(first=1_000, growth=0, limit=1_000)


def functions(certificates: Function, marks: Function | None = None) -> dict[str, Function]:
    quick = marks or Function(batch=10, window=0, pollers=MANY, work=QUICK)
    return {"marks": quick, "lessons": quick, "certificates": certificates}


def last(simulation: Simulation) -> float:
    return max(simulation.hall)


def test_pollers_share_the_work() -> None:
    certificates = Function(batch=5, window=0, pollers=Pollers(first=10, growth=0, limit=10), work=SLOW)
    assert last(simulate(functions(certificates), 1_000, PLENTY)) == pytest.approx(1_000 * 0.1 / 10, rel=0.1)


def test_growing_pollers_do_the_work_of_their_sum_over_time() -> None:
    """5 at first and 5 more a second are 5 t + 2.5 t² seconds of work after t seconds."""
    certificates = Function(batch=1, window=0, pollers=Pollers(first=5, growth=5, limit=1_000), work=SLOW)
    seconds = last(simulate(functions(certificates), 2_000, PLENTY))
    assert 5 * seconds + 2.5 * seconds**2 == pytest.approx(2_000 * 0.1, rel=0.05)


def test_pollers_do_not_grow_beyond_their_limit() -> None:
    certificates = Function(batch=1, window=0, pollers=Pollers(first=5, growth=50, limit=8), work=SLOW)
    assert simulate(functions(certificates), 500, PLENTY).workers["certificates"] == 8


def test_the_tables_capacity_limits_the_rate() -> None:
    certificates = Function(batch=5, window=0, pollers=MANY, work=QUICK)
    assert last(simulate(functions(certificates), 1_000, Units(reads=1e9, writes=500))) >= (2 * 1_000 - 10) / 500


@pytest.mark.parametrize(
    "limited", [replace(PLENTY, puts=500.0), replace(PLENTY, events=500.0)], ids=["puts", "events"]
)
def test_a_cold_bucket_and_the_quota_of_announcements_limit_the_rate(limited: Units) -> None:
    certificates = Function(batch=5, window=0, pollers=MANY, work=replace(QUICK, puts=1, events=1))
    assert last(simulate(functions(certificates), 1_000, limited)) >= (1_000 - 10) / 500
    assert last(simulate(functions(certificates), 1_000, PLENTY)) < 1


@pytest.mark.parametrize(("name", "each"), [("certificates", 1), ("marks", 0), ("lessons", 0)])
def test_the_forecast_counts_a_document_and_an_announcement_for_each_certificate(name: str, each: int) -> None:
    work = on_aws(name, settings()[FUNCTIONS[name]], None, slow=False, cpu=0.03, start=0.5).work
    assert (work.puts, work.events) == (each, each)


def test_the_forecast_knows_the_limits_of_the_bucket_and_of_the_bus() -> None:
    assert NEW_TABLE.puts == value("documents of a bucket that is new or was idle") == 3_500
    assert NEW_TABLE.events == value("announcements of an account")


def test_a_worker_starts_cold_only_once() -> None:
    certificates = Function(batch=5, window=0, pollers=Pollers(1, 0, 1), work=replace(SLOW, start=3))
    simulation = simulate(functions(certificates), 20, PLENTY)
    assert last(simulation) == pytest.approx(20 * 0.1, rel=0.1), "it was warm from the learners before"


@pytest.mark.parametrize(("ahead", "waits"), [(False, 200), (True, 40)])
def test_a_function_that_works_ahead_waits_once_a_batch(*, ahead: bool, waits: int) -> None:
    work = replace(SLOW, wait=0.05, ahead=ahead)
    certificates = Function(batch=5, window=0, pollers=Pollers(1, 0, 1), work=work)
    assert last(simulate(functions(certificates), 200, PLENTY)) == pytest.approx(200 * 0.1 + waits * 0.05, rel=0.15)


def test_a_batch_that_is_not_full_waits_for_the_window() -> None:
    marks = Function(batch=10, window=2, pollers=MANY, work=QUICK)
    certificates = Function(batch=5, window=0, pollers=MANY, work=QUICK)
    assert last(simulate(functions(certificates, marks), 5, PLENTY)) == pytest.approx(2, rel=0.02)


def test_another_company_does_not_wait_for_the_hall() -> None:
    certificates = Function(batch=5, window=0, pollers=Pollers(10, 0, 10), work=SLOW)
    simulation = simulate(functions(certificates), 1_000, PLENTY)
    assert max(simulation.school) <= max(simulation.school_idle) + 2 * 5 * 0.1


def test_without_fair_queues_another_company_waits() -> None:
    certificates = Function(batch=5, window=0, pollers=Pollers(10, 0, 10), work=SLOW)
    assert max(simulate(functions(certificates), 1_000, PLENTY, noisy=10**9).school) > 5


def test_workers_share_the_processors_of_one_machine() -> None:
    certificates = Function(batch=5, window=0, pollers=Pollers(4, 0, 4), work=SLOW)
    simulation = simulate(functions(certificates), 200, PLENTY, processors=2)
    assert last(simulation) == pytest.approx(200 * 0.1 / 2, rel=0.15)


def test_the_same_seed_gives_the_same_outcome() -> None:
    certificates = Function(batch=5, window=0, pollers=Pollers(5, 5, 100), work=replace(SLOW, wait=0.03))
    assert simulate(functions(certificates), 500, PLENTY) == simulate(functions(certificates), 500, PLENTY)
