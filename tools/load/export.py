"""A company's admin exports all certificates of its people."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx

from earned.document.archive import MANIFEST
from tools.load.crowd import ADMIN, COMPANY, Crowd
from tools.load.sampler import peak_memory
from tools.load.waiting import NoProgress, dead_letters
from tools.local import stack as stacks
from tools.local.hops import counted
from tools.local.portal import Reader
from tools.local.stack import LocalStack

EXPORTS = f"/v1/companies/{COMPANY}/exports"
POLL_SECONDS = 1.0
TIMEOUT_SECONDS = 1_800
FUNCTION = "ExportCertificates"


def export(stack: LocalStack, directory: Path, people: int) -> dict[str, Any]:
    """Export the certificates of so many people; the figures of that.

    One certificate is earned by events. The others are copies, of the document too, each under its own name and number.
    """
    crowd = Crowd(stack)
    crowd.begin()
    crowd.enroll(range(1), lessons=2)
    crowd.copy(0, range(1, people))
    token = stacks.token(directory, stack, sub=ADMIN, role="company-admin", company=COMPANY, expires_in=36_000)
    admin = Reader(stack, token)
    began = time.monotonic()
    asked = admin.post(EXPORTS, {}).raise_for_status().json()
    done = _wait_for(admin, f"{EXPORTS}/{asked['export_id']}")
    seconds = time.monotonic() - began
    archive = directory / "export.zip"
    _fetch(done["url"], archive)
    files, intact = check(archive)
    size = archive.stat().st_size
    archive.unlink()
    return {
        "people": people,
        "count": done["count"],
        "failures": len(done["failures"]),
        "files": files,
        "intact": intact,
        "seconds": round(seconds, 1),
        "archive_mb": round(size / 1e6, 1),
        "peak_mb": peak_memory(directory, FUNCTION),
        "hops": max(counted(directory).values()),
        "dead_letters": dead_letters(stack),
    }


def is_whole(figures: dict[str, Any]) -> bool:
    people = figures["people"]
    found = [figures[name] for name in ("count", "files", "intact", "failures", "hops", "dead_letters")]
    return found == [people, people, people, 0, 1, 0]


def check(archive: Path) -> tuple[int, int]:
    """How many files the manifest names, and how many of them are in the archive with its SHA-256."""
    with ZipFile(archive) as zipped:
        files = json.loads(zipped.read(MANIFEST))["files"]
        names = set(zipped.namelist())
        intact = sum(
            hashlib.sha256(zipped.read(one["file_name"])).hexdigest() == one["sha256"]
            for one in files
            if one["file_name"] in names
        )
    return len({one["file_name"] for one in files}), intact


def _wait_for(admin: Reader, path: str) -> dict[str, Any]:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        found: dict[str, Any] = admin.get(path).raise_for_status().json()
        if found["status"] in {"done", "failed"}:
            if found["status"] == "failed":
                raise NoProgress(f"the export failed: {found.get('reason', 'see the log of ExportCertificates')}")
            return found
        time.sleep(POLL_SECONDS)
    raise NoProgress(f"the export was not done after {TIMEOUT_SECONDS} s")


def _fetch(url: str, path: Path) -> None:
    with httpx.stream("GET", url, timeout=300, trust_env=False) as answer, path.open("wb") as file:
        answer.raise_for_status()
        for block in answer.iter_bytes(1 << 20):
            file.write(block)
