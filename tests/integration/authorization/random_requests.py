"""Random requests by any viewer, mostly about what exists, with pages, filters, and sometimes a tampered id."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from earned.api.paging import EnrollmentPosition
from tests.integration.authorization.id_tampering import TRICKS
from tests.integration.authorization.operations import OPERATIONS, Expected, Operation, ids_of
from tests.integration.authorization.oracle import Viewer
from tests.integration.authorization.requests import Asking
from tests.integration.authorization.world import REMOVED, ROLES, Enrollment, World

NO_FILTERS: Mapping[str, str | None] = {}
BAD_LIMITS = ("0", "101", "-1", "many", "")
GARBLED = (
    "garbled!",
    "e30",
    "W10",
    "WyIiLCIiXQ",
    "bnVsbA",
    "WyJcdWQ4MDAiLCJ4Il0",
)  # the last has a lone surrogate


@dataclass(frozen=True)
class Page:
    """A page of a list: its limit, the enrollment after which it begins, and its filters.

    `garbled` is a cursor that the list did not issue.
    """

    limit: str | None = None
    after: Enrollment | None = None
    garbled: str | None = None
    training: str | None = None
    account: str | None = None

    def query(self, asking: Asking) -> dict[str, str]:
        """The page's query parameters; the cursor is one that the list could have issued for these filters."""
        filters = {"training_id": self.training, "account_id": self.account}
        given = {
            "limit": self.limit,
            "cursor": self.garbled or (self.after and _cursor(asking, self.after, filters)),
            **filters,
        }
        return {name: value for name, value in given.items() if value is not None}

    def of(self, world: World, asking: Asking) -> Expected | None:
        """The expected answer to a request for this page."""
        whole = asking.expected(world)
        if self.limit in BAD_LIMITS:
            return Expected(400)
        if whole is None:
            return None
        return Expected(400) if self.garbled else self._narrowed(world, asking, whole)

    def _narrowed(self, world: World, asking: Asking, whole: Expected) -> Expected:
        left = [one for one in world.enrollments if one.enrollment in whole.enrollments]
        left = [one for one in left if self.after is None or _is_behind(one, self.after, asking)]
        left = [one for one in left if self.training in {None, one.training} and self.account in {None, one.account}]
        certificates = whole.certificates & {one.certificate for one in left}
        return replace(whole, enrollments=frozenset(one.enrollment for one in left), certificates=certificates)


def _cursor(asking: Asking, one: Enrollment, filters: Mapping[str, str | None] = NO_FILTERS) -> str:
    listed = asking.operation.listed(asking.viewer, asking.id, filters)
    assert listed is not None
    return listed.cursors.encode(EnrollmentPosition(one.enrollment, one.account))


def _is_behind(one: Enrollment, other: Enrollment, asking: Asking) -> bool:
    """Whether `one` comes after `other`: lists are sorted by account, and one's own has only own positions."""
    is_elsewhere = not asking.operation.takes and other.account != asking.viewer.account
    return not is_elsewhere and f"{one.account}#{one.enrollment}" > f"{other.account}#{other.enrollment}"


def random_asking(chance: random.Random, world: World) -> tuple[Asking, Page | None]:
    """A request, and which page of it, if it has pages."""
    operation = chance.choice(OPERATIONS)
    asking = Asking(_random_viewer(chance, world), operation, _random_id(chance, world, operation))
    if not operation.is_paged:
        return asking, None
    page = _random_page(chance, world, asking)
    return replace(asking, query=tuple(page.query(asking).items())), page


def _foreign_cursor(chance: random.Random, asking: Asking, one: Enrollment) -> str:
    """A cursor that another list, or this list for another account or company, could have issued."""
    others = [other for other in OPERATIONS if other.is_list and other != asking.operation]
    elsewhere = replace(asking, viewer=Viewer("elsewhere", asking.viewer.role), id="elsewhere")
    of_this = [elsewhere] if asking.operation.is_list else []
    return _cursor(chance.choice([*of_this, *(replace(asking, operation=other) for other in others)]), one)


def _is_short(cursor: str) -> bool:
    """Whether the API reads a cursor at all: a tampered id may make it too long, which is an error of its own."""
    return len(cursor) <= 400


def _random_viewer(chance: random.Random, world: World) -> Viewer:
    account = world.id(chance.choice(["me", "me", "me", "someone", *(f"me-{state}" for state in REMOVED), "stranger"]))
    company = world.id(chance.choice(["Ours", "Ours", "Theirs", "Nowhere"])) if chance.random() < 0.8 else None
    if chance.random() < 0.1:
        account = chance.choice([account.upper(), account.swapcase(), account[:-1], f"{account}a"])
    if chance.random() < 0.1:
        company = chance.choice(list(TRICKS.values()))(company or "-")
    return world.viewer(account, chance.choice([*ROLES, *[world.kind] * 3]), company or None)


def _random_id(chance: random.Random, world: World, operation: Operation) -> str:
    if not operation.takes:
        return ""
    ids = ids_of(world)
    kind = operation.takes if chance.random() < 0.9 else chance.choice([kind for kind in ids if kind])
    found = chance.choice(ids[kind])
    return chance.choice(list(TRICKS.values()))(found) if chance.random() < 0.2 else found


def _random_page(chance: random.Random, world: World, asking: Asking) -> Page:
    """The first page without filters, half of the time."""
    if chance.random() < 0.5:
        return Page()
    one, another = chance.choice(world.enrollments), chance.choice(world.enrollments)
    foreign = _foreign_cursor(chance, asking, one)
    filtered = asking.operation.path.endswith("{company_id}/certificates") and chance.random() < 0.5
    return Page(
        limit=chance.choice([None, str(chance.randint(1, 100)), chance.choice(BAD_LIMITS)]),
        after=chance.choice([None, one]) if asking.operation.is_list and _is_short(_cursor(asking, one)) else None,
        garbled=chance.choice(list(filter(_is_short, [*GARBLED, foreign]))) if chance.random() < 0.1 else None,
        training=chance.choice([None, one.training]) if filtered else None,
        account=chance.choice([None, another.account]) if filtered else None,
    )
