"""Runs seeds until one violates an invariant, and prints the result as JSON."""

import json
import sys
import time

import typer

from tests.simulation.engine.run import run


def main(first: int, last: int) -> None:
    began = time.monotonic()
    violations = ((seed, found) for seed in range(first, last + 1) for found in run(seed).violations)
    seed, found = next(violations, (None, ""))
    json.dump({"seed": seed, "violation": found, "seconds": round(time.monotonic() - began, 1)}, sys.stdout)


if __name__ == "__main__":
    typer.run(main)
