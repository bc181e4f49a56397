"""Cases: a seed with the steps and faults that matter, saved so that it replays even after the stories change."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.simulation.engine.faults import FaultProfile
from tests.simulation.engine.outcome import Outcome
from tests.simulation.engine.world import World
from tests.simulation.stories import steps
from tests.simulation.stories.steps import ConcurrentEvent, Post, Step

BUG_BASE = Path(__file__).with_name("bug_base")


@dataclass(frozen=True)
class Case:
    """`violation` is what the run violated when the case was saved; `faults` are the only ones that may strike."""

    seed: int
    violation: str
    fault_profile: FaultProfile
    faults: tuple[str, ...]
    steps: tuple[Step, ...]

    def run(self) -> Outcome:
        return World(self.seed, self.steps, self.fault_profile, frozenset(self.faults)).run()

    def save(self, path: Path) -> None:
        saved = asdict(self) | {"steps": [{"step": type(step).__name__} | asdict(step) for step in self.steps]}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(saved, indent=1) + "\n")


def load(path: Path) -> Case:
    saved = json.loads(path.read_text())
    profile = FaultProfile(**saved["fault_profile"])
    story = tuple(_step(**step) for step in saved["steps"])
    return Case(saved["seed"], saved["violation"], profile, tuple(saved["faults"]), story)


def _step(step: str, **fields: Any) -> Step:
    kind: type[Step] = getattr(steps, step)
    if kind is ConcurrentEvent:
        fields["post"] = Post(**fields["post"])
    return kind(**fields)
