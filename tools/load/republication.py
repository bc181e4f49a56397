"""A course in progress loses a lesson: everyone is evaluated again, and some get a certificate (C6)."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

from tools.load.crowd import Crowd
from tools.load.sampler import peak_memory
from tools.load.waiting import dead_letters
from tools.local.hops import counted
from tools.local.stack import LocalStack

EVALUATED, ISSUED = "evaluated_again", "certificates"


def republish(stack: LocalStack, directory: Path, people: int, due: int) -> dict[str, Any]:
    """Republish a course of so many people, of whom `due` have nothing left to do then; the figures of that.

    Those who are due are enrolled by events, and one other person; the rest are copies of the latter.
    """
    crowd = Crowd(stack)
    crowd.begin()
    crowd.enroll(range(due), lessons=1)
    crowd.enroll(range(due, due + 1), lessons=0)
    crowd.copy(due, range(due + 1, people))
    before = versions(crowd)
    began = time.monotonic()
    crowd.publish(2)
    crowd.settle("directory", "change")
    read = time.monotonic() - began
    crowd.settle()
    evaluated, after = time.monotonic() - began, versions(crowd)
    return {
        "people": people,
        "due": due,
        "evaluated_before": before[1, False],
        EVALUATED: after[2, False] + after[2, True],
        ISSUED: after[2, True],
        "seconds_to_read": round(read, 1),
        "seconds": round(evaluated, 1),
        "peak_mb": {name: peak_memory(directory, name) for name in ("FanOutChanges", "EvaluateEnrollments")},
        "hops": max(counted(directory).values()),
        "dead_letters": dead_letters(stack),
    }


def is_whole(figures: dict[str, Any]) -> bool:
    people, due = figures["people"], figures["due"]
    found = figures["evaluated_before"], figures[EVALUATED], figures[ISSUED], figures["hops"], figures["dead_letters"]
    return found == (people, people, due, 1, 0)


def versions(crowd: Crowd) -> Counter[tuple[int, bool]]:
    """How many records are evaluated by each version, without a certificate and with one."""
    return Counter((int(record["v"]["N"]), "issue" in record) for record in crowd.records())
