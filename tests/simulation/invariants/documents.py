"""I5, I7 and I8: documents are final, say what the record says, and are announced only after they are durable."""

import hashlib
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.simulation.clock import at
from tests.simulation.engine.fake_pdf import printed_on
from tests.simulation.engine.runtime import DOCUMENTS
from tests.simulation.invariants.announced import check_id
from tests.simulation.invariants.never_early import evaluated_version
from tests.simulation.invariants.records import Item, Key, enrollment_of, is_event, known_before, possibly_newest
from tests.simulation.invariants.violation import require
from tests.simulation.oracle import Posted, milliseconds
from tests.simulation.services.s3 import Stored

if TYPE_CHECKING:
    from tests.simulation.engine.world import World


def check_put(key: str, before: Stored | None) -> None:
    """I5: only the state of an unfinished export is ever overwritten."""
    require(before is None or key.endswith(".checkpoint"), "I5", f"{key} was overwritten")


def check_durable(world: "World", certificate_id: str, issue: Item) -> None:
    """I8: the document is stored; I7: it has the recorded hash and says what the record says."""
    stored = world.s3.objects.get((DOCUMENTS, f"certificates/{certificate_id}/{issue['revision']}.pdf"))
    require(stored is not None, "I8", f"{certificate_id} is issued before its document is stored")
    assert stored is not None
    same = hashlib.sha256(stored.body).hexdigest() == issue["document_sha256"]
    require(same, "I7", f"{certificate_id} records another hash than its document has")
    printed = printed_on(stored.body)
    if printed is not None:
        differing = [name for name, value in issue["printed"].items() if printed[name] != value]
        require(not differing, "I7", f"{certificate_id} prints another {differing}")


def check_content(world: "World", key: Key, before: Item, after: Item, issue: Item) -> None:
    """I7: holder, training, day and company are those that the portal posted."""
    printed, enrollment, known = issue["printed"], enrollment_of(world, key), known_before(world)
    assert enrollment is not None
    saved = world.oracle.events("account.saved", is_event, account_id=key[1].partition("#")[0])
    names = [one.data["name"] for one in possibly_newest(saved, known)]
    require(printed["holder"] in names, "I7", f"{key[0]} prints a name that its holder no longer has")
    is_reissue = "issue" in before and "revocation" not in before
    training = evaluated_version(world, enrollment, issue, check_newest=not is_reissue)
    zone = ZoneInfo(training.data.get("timezone", "UTC"))
    require(printed["title"] == training.data["title"], "I7", f"{key[0]} prints the title of another version")
    require(printed.get("hours") == training.data.get("hours"), "I7", f"{key[0]} prints other hours")
    last = str(training.data.get("ends_at", issue["completed_at"]))  # a live event prints its own day
    day = at(milliseconds(last)).astimezone(zone).date().isoformat()
    require(printed["completed_on"] == day, "I7", f"{key[0]} prints {printed['completed_on']} for {day}")
    is_named = printed["verify_url"].endswith(f"/verify/{printed['certificate_id']}?revision={issue['revision']}")
    require(is_named, "I7", f"{key[0]} prints the address of another revision")
    _check_company(world, key, before, after, printed, enrollment)


def _check_company(world: "World", key: Key, before: Item, after: Item, printed: Item, enrollment: Posted) -> None:
    known = known_before(world)
    kind, _, holder = after["h"]["S"].partition("#")
    company_id = holder if kind == "company" else None
    companies = world.oracle.events("company.saved", is_event, company_id=company_id) if company_id else []
    possible = {one.data["name"] for one in possibly_newest(companies, known)}
    possible |= {None} if not any(map(known, companies)) else set()
    require("issue" in before or printed.get("company") in possible, "I7", f"{key[0]} prints another company")
    named = enrollment.data.get("company_id", company_id)
    require(company_id == named, "I7", f"{key[0]} belongs to {named} and is recorded for {company_id}")


def check_announcement(world: "World", event: Item) -> None:
    """I8: the change is recorded; I2: a repeated announcement is the same event."""
    check_id(world, event)
    data, what = event["data"], event["type"].split(".")[2]
    if announced_revision(event) is None:
        return
    revision = (data["certificate_id"], data["revision"])
    record = world.observer.record(data["enrollment_id"], data["account_id"])
    require(revision in world.observer.issued, "I8", f"{what} {revision} is announced before it is issued")
    same_id = record["c"]["S"] == data["certificate_id"]
    require(same_id, "I8", f"{what} {revision} is announced for another enrollment")
    if what in {"issued", "reissued"}:
        issue = world.observer.issued[revision]
        require(("reissued_at" in issue) == (what == "reissued"), "I8", f"{revision} is announced as {what}")
        recorded = milliseconds(issue.get("reissued_at") or issue["issued_at"])
        require(milliseconds(data["at"]) == recorded, "I8", f"{revision} is announced with another time")
    revoked = revision in world.observer.revoked
    require(what != "revoked" or revoked, "I8", f"{revision} is announced as revoked and is not")
    require(what != "withdrawn" or "r" in record, "I8", f"{revision} is announced as withdrawn and is not")
    announced = world.eventbridge.events
    same = (one for one in announced if one["type"] == event["type"] and announced_revision(one) == revision)
    first, again = (undated_withdrawal(one) for one in (next(same, event), event))
    require(first == again, "I2", f"{revision} is announced as {what} by two different events")


def undated_withdrawal(event: Item) -> Item:
    """A withdrawal is told again, dated earlier, when an earlier removal arrives (I4); no other date ever changes."""
    if event["type"] != "earned.certificate.withdrawn.v1":
        return event
    return event | {"time": None, "data": event["data"] | {"at": None}}


def announced_revision(event: Item) -> tuple[str, int] | None:
    """None for an announcement about no certificate."""
    data = event["data"]
    return (data["certificate_id"], data["revision"]) if "certificate_id" in data else None
