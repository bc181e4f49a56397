"""Requests of the API's clients."""

from collections.abc import Sequence

from tests.simulation.clock import HOUR
from tests.simulation.stories.draft import Draft, Person
from tests.simulation.stories.steps import Ask


def ask(draft: Draft, person: Person, enrollment_id: str, over: int) -> None:
    viewers: Sequence[dict[str, str] | None] = (
        {"sub": person.account_id, "role": person.kind}
        | ({"company_id": person.company_id} if person.company_id else {}),
        {"sub": "acc-8", "role": "company-admin", "company_id": "co-1"},
        {"sub": "acc-7", "role": "company-admin", "company_id": "co-2"},
        {"sub": "acc-6", "role": "individual"},
        {"sub": "adm-1", "role": "administrator"},
        {"sub": "sup-1", "role": "support"},
    )
    for _ in range(draft.within(1, 3)):
        asked = over + draft.within(0, 2 * HOUR)
        claims = draft.chance.choice(viewers)
        draft.steps.append(Ask(asked, "download", claims, enrollment_id))
        if draft.happens(0.3):
            draft.steps.append(Ask(asked, "progress", claims, enrollment_id))
        if draft.happens(0.3):
            draft.steps.append(Ask(asked, "verify", None, enrollment_id))
    if draft.happens(0.3):
        company = draft.chance.choice(["co-1", "co-2"])
        claims = {"sub": "acc-8", "role": "company-admin", "company_id": "co-1"}
        draft.steps.append(Ask(over + draft.within(0, 2 * HOUR), "export", claims, company_id=company))
        draft.steps.append(Ask(over + draft.within(0, 2 * HOUR), "list", claims, company_id=company))
