"""Unpack an emulator of arm64 and Debian's Python for arm64, without root.

    python -m tools.same_bytes.build_emulator --out DIR

Needs apt-get and dpkg-deb, as the WeasyPrint layer does, whose `debian.py` it uses. apt checks the SHA-256 of every
package by the signed lists of the mirror.
"""

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "layers" / "weasyprint"))
import debian

from tools.same_bytes.emulator import PYTHON, command

SUITE = "trixie"  # Debian 13, which has the Python of the functions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out.resolve()
    if platform.machine() != "x86_64":
        sys.exit(f"The emulator of arm64 runs on x86_64, and this machine is {platform.machine()}.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="emulator.", dir=out.parent) as folder:
        work = Path(folder)
        say("Downloading an emulator of arm64 from Debian")
        [emulator] = debian.newest(["qemu-user"], "amd64", work / "amd64", work / "emulator", SUITE).values()
        say("Downloading Python for arm64 from Debian")
        packages = debian.newest([PYTHON], "arm64", work / "arm64", work / "packages", SUITE)
        built = work / "built"
        for package in packages.values():
            shutil.copytree(package, built / "root", symlinks=True, dirs_exist_ok=True)
        (built / "root" / "lib").symlink_to("usr/lib")  # has the loader
        (built / "root" / "lib64").symlink_to("usr/lib/aarch64-linux-gnu")  # comes before the layers on Lambda, too
        shutil.copy2(emulator / "usr" / "bin" / "qemu-aarch64", built)
        check(built)
        shutil.rmtree(out, ignore_errors=True)
        built.rename(out)


def check(built: Path) -> None:
    code = "import platform, ssl, zlib; print(platform.machine())"
    ran = subprocess.run([*command(built), "-c", code], capture_output=True, text=True, check=False)
    if ran.stdout.strip() != "aarch64":
        sys.exit(f"The emulator does not start on this machine:\n{ran.stderr.strip()}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
