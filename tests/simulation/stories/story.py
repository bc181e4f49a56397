"""The story of a seed."""

from random import Random
from typing import Any

from tests.simulation.clock import HOUR, MINUTE, SECOND
from tests.simulation.stories.courses import draw_course, learn
from tests.simulation.stories.distortions import distort
from tests.simulation.stories.draft import Draft, Person, Training, early
from tests.simulation.stories.live_events import attend, draw_live_event
from tests.simulation.stories.mishaps import add_mishaps, forge, forge_one, poison
from tests.simulation.stories.people import account_data, announce, draw_person, rename
from tests.simulation.stories.requests import ask
from tests.simulation.stories.short import SHORT_STORIES
from tests.simulation.stories.steps import START, Ask, ConcurrentEvent, DeleteDocument, Step


def story(seed: int) -> list[Step]:
    draft = Draft(Random(f"{seed}/story"))
    kind = draft.chance.random()
    for share, tell in SHORT_STORIES:
        if kind < share:
            tell(draft)
            return _in_order(seed, draft)
        kind -= share
    people = [draw_person(draft, number) for number in range(draft.chance.choice([1, 1, 2, 2, 3, 5]))]
    trainings = [draw_course(draft, "course-1")] if draft.happens(0.75) else []
    if not trainings or draft.happens(0.35):
        trainings.append(draw_live_event(draft, "event-1"))
    for company in sorted({person.company_id for person in people if person.company_id}):
        draft.post("Directory", "company.saved", {"company_id": company, "name": f"Sample {company}"}, early(draft))
    number = 0
    for person in people:
        announce(draft, person)
        for training in trainings:
            if draft.happens(0.85):
                number += 1
                _enroll(draft, person, training, f"enr-{number}")
    forge(draft, people, trainings, number)
    poison(draft)
    add_mishaps(draft)
    return _in_order(seed, draft)


def _in_order(seed: int, draft: Draft) -> list[Step]:
    return sorted(distort(seed, draft.steps), key=lambda step: step.at)


def _enroll(draft: Draft, person: Person, training: Training, enrollment_id: str) -> None:
    key = {"enrollment_id": enrollment_id, "account_id": person.account_id}
    began = START + draft.within(0, 10 * MINUTE)
    company = draft.chance.choice(
        [person.company_id, person.company_id, None, None, "co-2" if person.company_id else None]
    )
    over = learn(draft, key, training, began) if training.queue == "Progress" else attend(draft, key, training)
    created = key | {"training_id": training.training_id, "company_id": company}
    draft.post("Directory", "enrollment.created", created, began, over + HOUR if draft.happens(0.05) else None)
    if draft.happens(0.15):
        _change_meanwhile(draft, person, key, training, over)
    if draft.happens(0.1):
        rename(draft, person, over + draft.within(-5 * SECOND, 5 * SECOND))
    if draft.happens(0.1):
        forge_one(draft, key, training.training_id, over + draft.within(-5 * SECOND, 5 * SECOND))
    if draft.happens(0.3):
        ask(draft, person, enrollment_id, over)
    while draft.happens(0.25):
        asked = over + draft.within(0, 2 * HOUR)
        draft.steps.append(Ask(asked, "reissue", {"sub": "sup-1", "role": "support"}, enrollment_id))
    if draft.happens(0.15):
        removed = (
            over + draft.within(0, 3 * SECOND) if draft.happens(0.5) else began + draft.within(0, over - began + HOUR)
        )
        draft.post("Directory", "enrollment.removed", key, removed)
        if draft.happens(0.25):  # posted again after the removal
            draft.post("Directory", "enrollment.created", created, began, removed + draft.within(100, 5 * SECOND))
        if draft.happens(0.4) and "again" not in enrollment_id:
            _enroll(draft, person, training, f"{enrollment_id}-again")
    if draft.happens(0.04):
        draft.steps.append(DeleteDocument(over + draft.within(MINUTE, HOUR), enrollment_id))


def _change_meanwhile(draft: Draft, person: Person, key: dict[str, str], training: Training, over: int) -> None:
    mark: dict[str, Any] = {"live_event_id": training.training_id, "status": "absent"}
    mark |= {"marked_by": {"account_id": "adm-1", "role": "administrator"}}
    what: list[tuple[str, str, dict[str, Any]]] = [
        ("Directory", "enrollment.removed", key),
        ("Directory", "account.saved", account_data(person) | {"name": f"{person.name} Renamed"}),
        ("Directory", "account.removed", {"account_id": person.account_id}),
        ("Attendance", "attendance.marked", key | mark),
    ]
    queue, kind, data = draft.chance.choice(what if training.queue == "Attendance" else what[:3])
    then = over + draft.within(SECOND, MINUTE)
    draft.steps.append(ConcurrentEvent(START, key["enrollment_id"], draft.event(queue, kind, data, then, then)))
