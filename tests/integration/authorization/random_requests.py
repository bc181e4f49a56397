"""Requests at random: mostly about what exists, by anybody, with pages and filters, and now and then a trick."""

import json
import random
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace

from tests.integration.authorization.id_tampering import TRICKS
from tests.integration.authorization.operations import OPERATIONS, Expected, Operation, ids_of
from tests.integration.authorization.oracle import Viewer
from tests.integration.authorization.requests import Asking
from tests.integration.authorization.world import REMOVED, ROLES, Enrollment, World

BAD_LIMITS = ("0", "101", "-1", "many", "")
GARBLED = ("garbled!", "e30", "W10", "WyIiLCIiXQ", "bnVsbA", "WyJcdWQ4MDAiLCJ4Il0")  # the last holds half a letter


@dataclass(frozen=True)
class Page:
    """What is asked of a list: at most how many, after which enrollment, of which training and account."""

    limit: str | None = None
    after: Enrollment | None = None
    garbled: str | None = None
    training: str | None = None
    account: str | None = None

    @property
    def query(self) -> dict[str, str]:
        """As the query says it."""
        given = {
            "limit": self.limit,
            "cursor": self.garbled or (self.after and _cursor(self.after)),
            "training_id": self.training,
            "account_id": self.account,
        }
        return {name: value for name, value in given.items() if value is not None}

    def of(self, world: World, asking: Asking) -> Expected | None:
        """What is due of a list."""
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


def _cursor(one: Enrollment) -> str:
    return urlsafe_b64encode(json.dumps([one.enrollment, one.account]).encode()).decode().rstrip("=")


def _is_behind(one: Enrollment, other: Enrollment, asking: Asking) -> bool:
    """Whether a list comes to `one` after `other`: one person after the other; of oneself, only from oneself on."""
    is_elsewhere = not asking.operation.takes and other.account != asking.viewer.account
    return not is_elsewhere and f"{one.account}#{one.enrollment}" > f"{other.account}#{other.enrollment}"


def random_asking(chance: random.Random, world: World) -> tuple[Asking, Page | None]:
    """A request, and which page of it, if it has pages."""
    operation = chance.choice(OPERATIONS)
    page = _random_page(chance, world, operation) if operation.is_paged else None
    asking = Asking(_random_viewer(chance, world), operation, _random_id(chance, world, operation))
    return replace(asking, query=tuple(page.query.items()) if page else ()), page


def _random_viewer(chance: random.Random, world: World) -> Viewer:
    account = world.id(chance.choice(["me", "me", "me", "someone", *(f"me-{state}" for state in REMOVED), "stranger"]))
    company = world.id(chance.choice(["Ours", "Ours", "Theirs", "Nowhere"])) if chance.random() < 0.8 else None
    if chance.random() < 0.1:
        account = chance.choice([account.upper(), account.swapcase(), account[:-1], f"{account}a"])
    if chance.random() < 0.1:
        company = chance.choice(list(TRICKS.values()))(company or "-")
    return Viewer(account, chance.choice(ROLES), company or None)


def _random_id(chance: random.Random, world: World, operation: Operation) -> str:
    if not operation.takes:
        return ""
    ids = ids_of(world)
    kind = operation.takes if chance.random() < 0.9 else chance.choice([kind for kind in ids if kind])
    found = chance.choice(ids[kind])
    return chance.choice(list(TRICKS.values()))(found) if chance.random() < 0.2 else found


def _random_page(chance: random.Random, world: World, operation: Operation) -> Page:
    """Nothing in particular, half of the time."""
    if chance.random() < 0.5:
        return Page()
    one, another = chance.choice(world.enrollments), chance.choice(world.enrollments)
    filtered = operation.path.endswith("{company_id}/certificates") and chance.random() < 0.5
    return Page(
        limit=chance.choice([None, str(chance.randint(1, 100)), chance.choice(BAD_LIMITS)]),
        after=chance.choice([None, one]),
        garbled=chance.choice(GARBLED) if chance.random() < 0.1 else None,
        training=chance.choice([None, one.training]) if filtered else None,
        account=chance.choice([None, another.account]) if filtered else None,
    )
