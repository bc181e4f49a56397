"""The CPU time of importing a handler, ours and a naive one, in the same environment."""

import statistics
import subprocess
import sys
from collections import defaultdict
from typing import Any

from earned.testing import cloudformation
from tools.bench.page import ROOT
from tools.bench.workers import environment

STARTS = 5
PAIRS = {
    "record_progress": ("functions.record_progress.app", "tools.bench.naive.record_progress"),
    "generate_certificate": ("functions.generate_certificate.app", "tools.bench.naive.generate_certificate"),
    "serve_api": ("functions.serve_api.app", "tools.bench.naive.serve_api"),
}
PROBE = """
import importlib, resource, sys
def used():
    processes = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in processes)
bare = used()
importlib.import_module(sys.argv[1])
print(used() - bare)
"""


def measure_cold_starts() -> dict[str, dict[str, Any]]:
    """Milliseconds of CPU above bare Python: medians of fresh processes, in turn."""
    took: dict[str, list[float]] = defaultdict(list)
    for _ in range(STARTS):
        for name, module in ((name, module) for name, pair in PAIRS.items() for module in pair):
            took[module].append(_start(name, module))
    medians = {module: round(1000 * statistics.median(seconds)) for module, seconds in took.items()}
    return {
        name: {"ours": medians[ours], "naive": medians[naive], "times_ours": round(medians[naive] / medians[ours], 2)}
        for name, (ours, naive) in PAIRS.items()
    }


def _start(function: str, module: str) -> float:
    [deployed] = [one for one in cloudformation.functions().values() if one.name == function]
    variables = cloudformation.environment(deployed.variables, cloudformation.Invented(cloudformation.parameters()))
    own = {
        "NAIVE_TABLE": "any",
        "IDEMPOTENCY_TABLE": "any",
        "AWS_LAMBDA_FUNCTION_NAME": "any",
    }
    aws = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, module],
        cwd=ROOT,
        env=variables | environment() | own | aws,
        stdout=subprocess.PIPE,
        check=True,
    )
    return float(done.stdout)
