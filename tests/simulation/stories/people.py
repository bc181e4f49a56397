"""People: their accounts are saved, renamed, held and removed."""

from typing import Any

from tests.simulation.clock import HOUR, MINUTE, SECOND
from tests.simulation.stories.draft import Draft, Person, early
from tests.simulation.stories.mishaps import maybe_purge
from tests.simulation.stories.steps import UNPRINTABLE

NAMES = ("Ada Sample", "Bo Example", "Chi Placeholder", "Dee Invented", "Eli Nobody")


def draw_person(draft: Draft, number: int) -> Person:
    kind = draft.chance.choice(["employee", "employee", "company-admin", "individual"])
    company = None if kind == "individual" else draft.chance.choice(["co-1", "co-1", "co-2"])
    return Person(f"acc-{number + 1}", kind, company, NAMES[number % len(NAMES)])


def announce(draft: Draft, person: Person) -> None:
    data = account_data(person)
    saved, held = early(draft), draft.happens(0.06)
    first = data | {"name": f"{person.name} {UNPRINTABLE}"} if held else data
    draft.post("Directory", "account.saved", first, saved)
    if draft.happens(0.7 if held else 0.35):
        changed = saved + draft.within(SECOND, 3 * HOUR)
        draft.post("Directory", "account.saved", data | {"name": f"{person.name} Corrected"}, changed)
    if draft.happens(0.1):
        removed = saved + draft.within(SECOND, draft.chance.choice([10 * MINUTE, 6 * HOUR]))
        draft.post("Directory", "account.removed", {"account_id": person.account_id}, removed)
        maybe_purge(draft, "Evaluation", removed)
        if draft.happens(0.3):
            draft.post("Directory", "account.saved", data, saved + SECOND, posted=removed + draft.within(SECOND, HOUR))


def account_data(person: Person) -> dict[str, Any]:
    return {
        "account_id": person.account_id,
        "kind": person.kind,
        "name": person.name,
        "email": f"{person.account_id}@example.com",
        "company_id": person.company_id,
    }


def rename(draft: Draft, person: Person, when: int) -> None:
    draft.post("Directory", "account.saved", account_data(person) | {"name": f"{person.name} Renamed"}, when)
