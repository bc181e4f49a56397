"""A second implementation of the access rules, in Cedar and independent of `earned.domain.access`."""

import json
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from cedarpy import PolicySet, Schema, is_authorized

HERE = Path(__file__).parent
POLICIES = (HERE / "policies.cedar").read_text()
SCHEMA = (HERE / "schema.cedarschema").read_text()
_POLICIES, _SCHEMA = PolicySet.from_str(POLICIES), Schema.from_str(SCHEMA)


@dataclass(frozen=True)
class Viewer:
    """The account, role and company of a token, and what the account's record says; None: nothing."""

    account: str
    role: str
    company: str | None = None
    recorded: str | None = None
    recorded_company: str | None = None
    removed: bool = False

    @property
    def claims(self) -> dict[str, str]:
        """The token's claims, as API Gateway passes them on."""
        claims = {"sub": self.account, "role": self.role}
        return claims if self.company is None else claims | {"company_id": self.company}


@dataclass(frozen=True)
class Thing:
    """A requested resource: an entity of the schema with its attributes."""

    kind: str
    attributes: tuple[tuple[str, str | bool | None], ...] = ()


SERVICE = Thing("Service")


@cache
def may(viewer: Viewer, action: str, thing: Thing) -> bool:
    """Whether the policies permit the action to the token's role and company and to the recorded ones."""
    roles = {viewer.role, viewer.recorded or viewer.role}
    companies = {viewer.company, viewer.recorded_company or viewer.company}
    return all(_permitted(viewer, *who, action, thing) for who in product(roles, companies))


def _permitted(viewer: Viewer, role: str, company: str | None, action: str, thing: Thing) -> bool:
    """Fails when the evaluation has errors."""
    asked = {"principal": _uid("Viewer"), "action": f'Action::"{action}"', "resource": _uid(thing.kind)}
    who = _entity("Viewer", account=viewer.account, role=role, company=company, removed=viewer.removed)
    what = _entity(thing.kind, **dict(thing.attributes))
    result = is_authorized(asked, _POLICIES, json.dumps([who, what]), _SCHEMA)
    assert not result.diagnostics.errors, (viewer, action, thing, result.diagnostics.errors)
    return result.allowed


def _uid(kind: str) -> dict[str, str]:
    return {"type": kind, "id": "the"}


def _entity(kind: str, **attributes: Any) -> dict[str, Any]:
    present = {name: value for name, value in attributes.items() if value is not None}
    return {"uid": _uid(kind), "attrs": present, "parents": []}
