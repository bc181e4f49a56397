"""Seconds of processor that the handlers take, for tools/costs/measured.toml."""

from tools.costs.counts import ask
from tools.costs.scenario import Scene
from tools.in_process.service import Service

ROUNDS = 20


def measure(service: Service) -> dict[str, float]:
    """The least of so many for an enrollment, an update of two events, a certificate and a download."""
    scene, seconds = Scene(service, 6, seed="measured"), dict[str, list[float]]()
    for person, enrollment in enumerate(scene.join(ROUNDS)):
        done = [
            scene.invoke("record_directory", [enrollment]),
            scene.invoke("record_progress", scene.events(person, 0, 2)),
        ]
        scene.invoke("record_progress", scene.events(person, 2))
        done.append(scene.invoke("generate_certificate", scene.waiting("Generation")))
        for one in done:
            seconds.setdefault(one.function, []).append(one.cpu)
        path = f"/v1/certificates/{scene.record(person)['c']['S']}/download"
        seconds.setdefault("serve_api", []).append(ask(service, path, scene.admin)[1])
    return {function: round(min(taken), 4) for function, taken in seconds.items()}
