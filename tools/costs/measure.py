"""Measures the CPU seconds of the handlers, for tools/costs/measured.toml."""

import time

from earned.testing.service import Service
from tools.costs.counts import ask, certify, count_list, republish
from tools.costs.ledger import counting
from tools.costs.scenario import Scenario

ROUNDS = 20
SWEPT = 200  # records


def measure(service: Service) -> dict[str, float]:
    """The minimum over all rounds of what `measured.toml` says."""
    scenario, seconds = Scenario(service, 6, seed="measured"), dict[str, list[float]]()
    for person, enrollment in enumerate(scenario.join(ROUNDS)):
        done = [
            scenario.invoke("record_directory", [enrollment]),
            scenario.invoke("record_progress", scenario.events(person, 0, 2)),
        ]
        scenario.invoke("record_progress", scenario.events(person, 2))
        done.append(scenario.invoke("generate_certificate", scenario.waiting("Generation")))
        for one in done:
            seconds.setdefault(one.function, []).append(one.cpu)
        path = f"/v1/certificates/{scenario.record(person)['c']['S']}/download"
        seconds.setdefault("serve_api", []).append(ask(service, path, scenario.admin)[1])
    listed = min(count_list(service)[1] for _ in range(ROUNDS))
    evaluated = min(republish(service, seed=number).seconds for number in range(ROUNDS))
    found = {function: round(min(taken), 4) for function, taken in seconds.items()}
    found |= {"listed": round(listed, 4), "evaluate_enrollments": round(evaluated, 5)}
    return found | _measure_sweep(service)


def _measure_sweep(service: Service) -> dict[str, float]:
    """Of each record: a scan, and a full check besides."""
    certify(service, SWEPT, seed="measured sweep")
    service.sweep()  # checks everything, and the next passes do not
    scanned = min(_swept(service) for _ in range(ROUNDS))
    checked = min(_swept(service, everything=True) for _ in range(ROUNDS)) - scanned
    return {"sweep": round(scanned, 6), "sweep_check": round(checked, 5)}


def _swept(service: Service, *, everything: bool = False) -> float:
    with counting() as ledger:
        began = time.process_time()
        service.sweep(everything=everything)
        return (time.process_time() - began - sum(call.seconds for call in ledger.calls)) / SWEPT
