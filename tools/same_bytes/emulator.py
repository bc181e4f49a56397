"""The emulator of arm64 as `build_emulator` leaves it: `qemu-aarch64`, and `root/` with what it opens first."""

from pathlib import Path

PYTHON = "python3.13"


def command(folder: Path) -> list[str]:
    """Start the emulated Python with the standard library only."""
    root = folder / "root"
    return [str(folder / "qemu-aarch64"), "-L", str(root), str(root / "usr" / "bin" / PYTHON), "-S"]
