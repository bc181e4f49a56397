"""A function starts without garbage collections: they take an eighth of a start, and what imports make stays.

Import this module before others, and call `done` when the function is wired.
"""

import gc
import os
from pathlib import Path

gc.disable()


def require_architecture(layers: Path, machine: str) -> None:
    """Raises RuntimeError if a layer has libraries for another processor; each layer says for which it is built."""
    for marker in sorted((layers / "architecture").glob("*")):
        built_for = marker.read_text().strip()
        if built_for != machine:
            raise RuntimeError(
                f"the layer {marker.name} is built for {built_for}, and this function runs on {machine}: deploy what "
                "make build ARCH=arm64 or ARCH=x86_64 has made, layers and functions together"
            )


require_architecture(Path(__file__).parents[2], os.uname().machine)


def done() -> None:
    gc.freeze()  # later collections do not look through it either
    gc.enable()
