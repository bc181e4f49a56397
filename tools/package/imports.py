"""What a function imports before its first event, and the CPU time of that: most of a cold start."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.package.built import BARE_PYTHON, Function

PROBE = """
import importlib, json, resource, sys, sysconfig
importlib.import_module(sys.argv[1])
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({
    "cpu": sum(one.ru_utime + one.ru_stime for one in used),
    "standard_library": sysconfig.get_path("stdlib"),
    "files": {name: module.__file__ for name, module in sys.modules.items() if getattr(module, "__file__", None)},
}))
"""


@dataclass(frozen=True)
class Imported:
    """The modules after a function is loaded, with their files, and the seconds of CPU until then."""

    cpu: float
    standard_library: str
    files: Mapping[str, str]

    def of(self, packages: set[str]) -> set[str]:
        return packages & self.files.keys()

    def from_elsewhere(self, *places: Path) -> dict[str, str]:
        """The modules that come neither from these places nor from the standard library."""
        known = tuple(f"{place}/" for place in (*places, self.standard_library))
        return {
            name: file for name, file in self.files.items() if not file.startswith(known) or "/site-packages/" in file
        }


def load(function: Function, environment: Mapping[str, str]) -> Imported:
    """Load a function in a fresh process, as Lambda's runtime client does before the first event."""
    probe = [*BARE_PYTHON, "-c", PROBE, function.handler.rpartition(".")[0]]
    done = subprocess.run(  # noqa: S603  # our own probe in the interpreter of the functions
        probe, cwd=function.task_root, env=environment, stdout=subprocess.PIPE, check=True
    )
    return Imported(**json.loads(done.stdout))
