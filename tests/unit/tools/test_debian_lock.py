"""The Debian packages of the WeasyPrint layer: the same bytes next year, or a message that says what to do."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from earned.testing.cloudformation import ROOT

LAYER = ROOT / "layers" / "weasyprint"
LOCKS = [LAYER / f"debian.{arch}.lock" for arch in ("x86_64", "arm64")]
UNPACK = """
import sys
from pathlib import Path
import debian
lock, cache, into = map(Path, sys.argv[1:])
print(sorted(debian.unpack(lock, "amd64", cache, into)))
"""
LOCKED = """
import sys
from pathlib import Path
folder = Path(sys.argv.pop(1))
sys.argv += ["--out", str(folder / "layer")]
import build_layer
build_layer.locked_packages(build_layer.arguments(), folder / "cache", folder / "packages")
"""


def rows(lock: Path) -> dict[str, str]:
    """File name to SHA-256."""
    return {file: digest for digest, file in (line.split() for line in lock.read_text().splitlines())}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_locked_by_version_and_sha_256(lock: Path) -> None:
    asked = set(re.findall(r'^    "([a-z0-9.+-]+)",$', (LAYER / "build_layer.py").read_text(), re.MULTILINE))
    fonts = {line.split()[0] for line in (LAYER / "fonts.txt").read_text().splitlines() if line[:6] == "fonts-"}
    assert {"libpango-1.0-0", "libexpat1-dev"} <= asked
    assert asked | fonts <= {file.split("_")[0] for file in rows(lock)}
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in rows(lock).values())


def test_both_processors_get_the_same_versions() -> None:
    versions = [{tuple(file.split("_")[:2]) for file in rows(lock)} for lock in LOCKS]
    assert versions[0] == versions[1]


class Cache:
    """A cache with one package, and a lock file for it; there is no apt-get."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tools = folder, folder / "tools"
        self.archives = folder / "cache" / "archives"
        tree = folder / "tree"
        for directory in (tree / "DEBIAN", tree / "usr", self.archives, self.tools):
            directory.mkdir(parents=True)
        (tree / "DEBIAN" / "control").write_text(
            "Package: sample\nVersion: 1:2.0\nArchitecture: amd64\nMaintainer: Ada Sample\nDescription: sample\n"
        )
        (tree / "usr" / "file").write_text("content")
        self.archive = self.archives / "sample_1%3a2.0_amd64.deb"
        subprocess.run(["dpkg-deb", "--build", tree, self.archive], check=True, capture_output=True)
        self.lock = folder / "debian.lock"
        self.lock.write_text(f"{hashlib.sha256(self.archive.read_bytes()).hexdigest()}  {self.archive.name}\n")
        for tool in ("dpkg-deb", "tar", "zstd", "xz"):
            if found := next((path for path in map(Path, (f"/usr/bin/{tool}", f"/bin/{tool}")) if path.exists()), None):
                (self.tools / tool).symlink_to(found)

    def unpack(self) -> "subprocess.CompletedProcess[str]":
        folders = (str(self.lock), str(self.folder / "cache"), str(self.folder / "packages"))
        command = [sys.executable, "-c", UNPACK, *folders]
        mirror = "https://mirror.example/debian"
        environment = {"PATH": str(self.tools), "PYTHONPATH": str(LAYER), "DEBIAN_MIRROR": mirror}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def install_apt(self, script: str) -> None:
        """An apt-get with this script for a download; it updates without a word."""
        apt = self.tools / "apt-get"
        apt.write_text(f'#!/bin/sh\ncase "$*" in *download*) {script};; esac\n')
        apt.chmod(0o755)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


def test_a_package_from_the_cache_needs_no_mirror(cache: Cache) -> None:
    done = cache.unpack()
    assert done.stdout == "['sample']\n", done.stderr
    assert (cache.folder / "packages" / "sample_1%3a2.0_amd64" / "usr" / "file").read_text() == "content"


def test_other_bytes_in_the_cache_are_not_used(cache: Cache) -> None:
    intact = cache.archive.read_bytes()
    (cache.folder / "intact").write_bytes(intact)
    cache.archive.write_bytes(intact + b" ")
    cache.install_apt(f"/bin/cp {cache.folder}/intact {cache.archive}")
    done = cache.unpack()
    assert done.stdout == "['sample']\n", done.stderr
    assert cache.archive.read_bytes() == intact


@pytest.mark.parametrize("script", ["exit 100", "echo other > sample_1%3a2.0_amd64.deb"], ids=["gone", "replaced"])
def test_a_version_that_is_gone_or_replaced_ends_the_build_and_says_what_to_do(cache: Cache, script: str) -> None:
    cache.archive.unlink()
    cache.install_apt(script)
    done = cache.unpack()
    assert done.returncode == 1
    assert "no sample 1:2.0 with the SHA-256 of debian.lock" in done.stderr
    assert f"put {cache.archive.name}" in done.stderr.replace("\n", " ")
    assert "make layers-lock" in done.stderr


def test_a_machine_without_apt_is_told_of_the_container(cache: Cache) -> None:
    cache.archive.unlink()
    assert "make build IN_CONTAINER=1" in cache.unpack().stderr


@pytest.mark.parametrize("or_newest", [False, True], ids=["release", "developer"])
def test_only_a_layer_that_stays_on_this_machine_may_take_newer_packages(tmp_path: Path, or_newest: bool) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text('#!/bin/sh\ncase "$*" in *install*) echo "asked for the newest" >&2;; esac\nexit 0\n')
    apt.chmod(0o755)
    command = [sys.executable, "-c", LOCKED, str(tmp_path), *(["--or-newest"] if or_newest else [])]
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(LAYER),
        "DEBIAN_MIRROR": "https://mirror.example/debian",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ("asked for the newest" in done.stderr) is or_newest
    assert "make layers-lock" in done.stdout + done.stderr
    assert done.returncode == (0 if or_newest else 1)
