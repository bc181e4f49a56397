"""Measures the CPU seconds of the handlers, for tools/costs/measured.toml."""

from tools.costs.counts import ask
from tools.costs.scenario import Scenario
from tools.in_process.service import Service

ROUNDS = 20


def measure(service: Service) -> dict[str, float]:
    """The minimum over all rounds for an enrollment, an update of two events, a certificate and a download."""
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
    return {function: round(min(taken), 4) for function, taken in seconds.items()}
