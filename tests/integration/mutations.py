"""Random mutations of valid events: fields, values, times, types, and the text itself."""

import json
import random
import re
from collections.abc import Callable
from typing import Any

from tests.unit.messages.event_examples import EVERY_PATH, EXAMPLES, at, drop, posted, put, queue_of

SECRET = "Zyxwvut"  # in every text that is posted; must not appear in any log
NOT_FOR_SQS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Event = dict[str, Any]

VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    -0.0,
    0.1,
    2**31,
    2**53,
    2**63,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\0",
    "\u200b",
    "\ufeff",
    "\ud800",
    "\u202e" + SECRET,
    SECRET,
    SECRET * 1000,
    f"{SECRET}\n",
    f"{SECRET}#x",
    "e\u0301" * 300,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 200,
    "1",
    "present",
    "Absent",
    "support",
    "Administrator",
    "xx-private",
    "Europe/Nowhere",
    "../../etc/passwd",
    "/etc/passwd",
    [],
    [[]],
    [SECRET],
    [[0, 1], [SECRET, 2]],
    [[1, 0], [-5, 5], [0, 1e300]],
    [[0.0004, 0.0006]],
    [[0, 1]] * 500,
    [[0, 1, 2]],
    [[float("nan"), 1]],
    {},
    {SECRET: SECRET},
    {"account_id": SECRET, "role": "administrator"},
    [{"step_id": SECRET, "kind": "lesson", "title": SECRET}] * 2,
    [{"step_id": "s1", "kind": "video", "title": SECRET, "duration": 1e9}],
]
TIMES = [
    "2026-03-02T12:30:15",
    "2026-03-02T12:30:15+25:00",
    "2026-03-02 12:30:15Z",
    "2026-02-30T00:00:00Z",
    "2026-12-31T23:59:60Z",
    "2026-03-02T24:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59.999999999Z",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00z",
    "2099-01-01t00:00:00z",
    "2026-01-05T09:59:59.999Z",
    "2025-12-31T23:59:60Z",
    "2024-02-29T00:00:00Z",
    "2026-03-02T12:30:15.123456789012345678901234567890Z",
    "2026-03-02T12:30:15+00:00\n",
    "\u0662\u0660\u0662\u0666-03-02T12:30:15Z",
    1772454615,
    "2026-W10-1T00:00:00Z",
]
TYPES = ["", "portal", "portal..v1", f"portal.{SECRET}.v1", "earned.certificate.issued.v1", "portal.account.saved.V1"]


def message(chance: random.Random, queue: str, number: int) -> str:
    """A random message body for a queue: a valid event with up to three mutations, sometimes garbled as text."""
    name = chance.choice(OF_QUEUE[queue] if chance.random() < 0.9 else list(EXAMPLES))
    event = fresh(chance, name, number)
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        event = chance.choice(MUTATIONS)(chance, event)
    text = json.dumps(event, ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.15:
        text = chance.choice(TEXTS)(chance, text)
    return NOT_FOR_SQS.sub("?", text) or "?"


def fresh(chance: random.Random, name: str, number: int) -> Event:
    """A valid event with ids of its own; one in five is about the known enrollment."""
    event = posted(name)
    event["id"] = f"{SECRET}-{number}"
    for field in ("enrollment_id", "account_id", "company_id", "course_id", "live_event_id"):
        if field in event["data"]:
            event["data"][field] = f"{field[:3]}-{SECRET}-{number}"
    for field in {"name", "title", "email"} & event["data"].keys():
        event["data"][field] = f"{SECRET} {event['data'][field]}"
    if chance.random() < 0.2:
        event["data"] |= {field: value for field, value in KNOWN.items() if field in event["data"]}
    return event


def _drop(chance: random.Random, event: Event) -> Event:
    return drop(event, _path(chance, event))


def _put(chance: random.Random, event: Event) -> Event:
    return put(event, _path(chance, event), chance.choice(VALUES))


def _move(chance: random.Random, event: Event) -> Event:
    return put(event, _path(chance, event), at(event, _path(chance, event)))


def _time(chance: random.Random, event: Event) -> Event:
    return event | {"time": chance.choice(TIMES)}


def _type(chance: random.Random, event: Event) -> Event:
    kinds = [f"portal.{name}.v{version}" for name in EXAMPLES for version in (1, 2)]
    return event | {"type": chance.choice(TYPES + kinds)}


def _more(_: random.Random, event: Event) -> Event:
    return event | {SECRET: SECRET, "traceparent": SECRET}


def _other_person(chance: random.Random, event: Event) -> Event:
    return event | {"data": {**_data(event), "account_id": chance.choice(["nobody", *KNOWN.values()])}}


def _other_training(chance: random.Random, event: Event) -> Event:
    return event | {"data": {**_data(event), "live_event_id": chance.choice(["none", *KNOWN.values()])}}


def _other_role(chance: random.Random, event: Event) -> Event:
    role = chance.choice(["support", "employee", "ADMINISTRATOR", "administrator "])
    return event | {"data": {**_data(event), "marked_by": {"account_id": "admin-1", "role": role}}}


def _deep(chance: random.Random, event: Event) -> Event:
    deep: Any = SECRET
    for _ in range(chance.choice([10, 150, 300])):
        deep = [deep]
    return event | {"data": {**_data(event), "deep": deep}}


def _large(chance: random.Random, event: Event) -> Event:
    return (
        event | {"padding": SECRET * chance.choice([100, 18_000, 20_000, 30_000])} if chance.random() < 0.08 else event
    )


def _data(event: Event) -> Event:
    data = event.get("data")
    return data if isinstance(data, dict) else {}


def _path(chance: random.Random, event: Event) -> Any:
    """A random path of the valid event that still exists, or else the first field."""
    known = [path for name, path in EVERY_PATH if f"portal.{name}.v1" == event.get("type")]
    usable = [path for path in known if _is_there(event, path)]
    return chance.choice(usable) if usable else (next(iter(event)),)


def _is_there(event: Event, path: Any) -> bool:
    try:
        at(event, path)
    except (LookupError, TypeError):
        return False
    return not isinstance(at(event, path[:-1]), str)


def _nested(chance: random.Random, _: str) -> str:
    return "[" * chance.choice([50, 1_000, 60_000])


MUTATIONS: list[Callable[[random.Random, Event], Event]] = [
    *[_drop, _put, _put, _put, _move, _time, _type, _more, _deep, _large],
    *[_other_person, _other_training, _other_role],
]
TEXTS: list[Callable[[random.Random, str], str]] = [
    lambda chance, text: text[: chance.randrange(len(text))],
    lambda chance, text: text[chance.randrange(len(text)) :],
    lambda chance, text: text.replace(chance.choice(text), chance.choice("\"'{}[],:0\\x\u00e9\u2028"), 1),
    lambda _, text: text.replace('"', "'"),
    lambda _, text: "\ufeff" + text,
    lambda _, text: text + text,
    lambda _, text: f"  \n{text}\r\n",
    lambda _, text: f"[{text}]",
    lambda _, text: json.dumps(text),
    lambda _, text: text.replace('"data": {', '"data": {"account_id": "other", ', 1),
    lambda _, text: text.replace("{", "{/* */", 1),
    lambda _, text: f"<event>{text}</event>",
    lambda chance, _: chance.choice(["null", "0", '""', "{}", "[]", '{"type": null}', '{"type": ["x"]}', SECRET]),
    _nested,
]
OF_QUEUE = {
    queue: [name for name in EXAMPLES if queue_of(name) == queue] for queue in ("directory", "progress", "attendance")
}
KNOWN = {"enrollment_id": "known", "account_id": "owner", "live_event_id": "known-event", "training_id": "known-event"}
