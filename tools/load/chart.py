"""Draws out/load/load.json as out/load/load.png: queues, rate, memory and processors over time.

Runs in the bench environment, which has matplotlib and none of our own dependencies.
"""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

OUT = Path(__file__).resolve().parents[2] / "out" / "load"
QUEUES = {"attendance": "#1d6fa5", "generation": "#c2571a"}


def draw(figures: dict[str, Any], out: Path) -> None:
    mpl.use("Agg")
    samples = figures["samples"]
    seconds = [sample["at"] for sample in samples]
    figure, (queues, rate, memory, processors) = plt.subplots(4, 1, sharex=True, figsize=(9, 11), layout="constrained")
    for name, colour in QUEUES.items():
        queues.plot(seconds, [sample["waiting"][name] for sample in samples], color=colour, label=f"{name} queue")
    queues.set(ylabel="messages waiting", title=_title(figures))
    told = [sample["waiting"]["announced"] for sample in samples]
    rate.plot(seconds[1:], _rates(seconds, told), color="#2d7d46", label="certificates announced")
    rate.set(ylabel="a second")
    for name, colour in (("emulator", "#555555"), ("workers", "#7a3e9d")):
        memory.plot(seconds, [sample["usage"][name]["rss"] / 2**20 for sample in samples], color=colour, label=name)
        used = [sample["usage"][name]["cpu"] for sample in samples]
        processors.plot(seconds[1:], _rates(seconds, used), color=colour, label=name)
    memory.set(ylabel="resident memory, MB")
    processors.set(ylabel="processors in use", xlabel="seconds since the first mark")
    for axes in (queues, rate, memory, processors):
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(out, dpi=110)


def _title(figures: dict[str, Any]) -> str:
    people, made = f"{figures['attendees']:,} people marked at once", f"{figures['certificates']:,}"
    return f"{people}: {made} of {figures['due']:,} certificates in {figures['seconds']:.0f} s"


def _rates(seconds: list[float], counts: list[float], over: int = 5) -> list[float]:
    """Growth per second over the last few samples."""
    pairs = [(max(0, number - over), number) for number in range(1, len(counts))]
    return [(counts[now] - counts[before]) / (seconds[now] - seconds[before]) for before, now in pairs]


if __name__ == "__main__":
    draw(json.loads((OUT / "load.json").read_text("utf-8")), OUT / "load.png")
