"""Mishaps and attacks: forged and invalid messages, outages, deployments, purges and redrives."""

import json

from tests.simulation.clock import DAY, HOUR, MINUTE, SECOND
from tests.simulation.stories.draft import Draft, Person, Training
from tests.simulation.stories.steps import START, Deploy, ForgedMessage, Outage, Post, Purge, Redrive

LONG_OUTAGE = 14 * HOUR + 30 * MINUTE
SERVICES = ("dynamodb", "s3", "sqs", "eventbridge")
_OF_ITS_OWN = {
    "Directory": "portal.company.saved.v1",
    "Progress": "portal.lesson.completed.v1",
    "Attendance": "portal.attendance.marked.v1",
}
_OF_ANOTHER = dict(zip(_OF_ITS_OWN, [*list(_OF_ITS_OWN.values())[1:], "portal.company.saved.v1"], strict=True))


def forge(draft: Draft, people: list[Person], trainings: list[Training], enrollments: int) -> None:
    """Add generation requests that are not due: no message makes a certificate (N1)."""
    while draft.happens(0.25):
        account_id = draft.chance.choice(people).account_id
        key = {"enrollment_id": f"enr-{draft.within(1, enrollments + 1)}", "account_id": account_id}
        forge_one(draft, key, draft.chance.choice(trainings).training_id, START + draft.within(0, 3 * HOUR))


def forge_one(draft: Draft, key: dict[str, str], training_id: str, when: int) -> None:
    forged = key | {
        "training_id": training_id,
        "company_id": draft.chance.choice([None, "co-1", "co-2"]),
        "purpose": draft.chance.choice(["settle", "sweep", "restore"]),
        "request": "forged",
    }
    draft.steps.append(ForgedMessage(when, "Generation", json.dumps(forged)))


def poison(draft: Draft) -> None:
    """Add messages that can never succeed; each must end in quarantine with its reason."""
    while draft.happens(0.25):
        queue = draft.chance.choice(["Directory", "Progress", "Attendance"])
        body, reason = draft.chance.choice(
            [
                ("{", "not-json"),
                ('{"hello": "world"}', "not-a-cloudevent"),
                ('{"type": "portal.lesson.completed.v9"}', "unknown-version"),
                ('{"type": "portal.nonsense.v1"}', "unknown-type"),
                (f'{{"type": "{_OF_ANOTHER[queue]}"}}', "wrong-queue"),
                (f'{{"type": "{_OF_ITS_OWN[queue]}", "time": "yesterday"}}', "invalid-data"),
                (json.dumps({"type": "x", "data": "x" * 140_000}), "too-large"),
            ]
        )
        draft.events += 1
        body = body + " " * draft.events  # no two bodies are the same
        draft.steps.append(Post(START + draft.within(0, 3 * HOUR), queue, body, f"poison: {reason}", reason))


def maybe_purge(draft: Draft, queue: str, when: int) -> None:
    """Sometimes purge the requests that an event led to, so that only the sweep repeats them."""
    if draft.happens(0.4):
        draft.steps.append(Purge(when + draft.within(0, 2 * SECOND), queue))


def add_mishaps(draft: Draft) -> None:
    while draft.happens(0.15):
        draft.steps.append(Deploy(START + draft.within(0, 4 * HOUR)))
    if draft.happens(0.15):
        begins = START + draft.within(0, 3 * HOUR)
        lasts = LONG_OUTAGE if draft.happens(0.15) else draft.within(MINUTE, 40 * MINUTE)
        draft.steps.append(Outage(begins, draft.chance.choice(SERVICES), begins + lasts))
    if draft.happens(0.1):
        draft.steps.append(Purge(START + draft.within(0, 5 * HOUR), draft.chance.choice(["Evaluation", "Generation"])))
    while draft.happens(0.12):
        queue = draft.chance.choice(["Directory", "Progress", "Attendance", "Evaluation", "Generation"])
        draft.steps.append(Redrive(START + draft.within(HOUR, DAY if draft.happens(0.1) else 5 * HOUR), queue))
