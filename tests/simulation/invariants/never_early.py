"""I1: there is no certificate while the rules do not hold; I7 as far as it concerns the evidence."""

import hashlib
from typing import TYPE_CHECKING

from tests.simulation.invariants.records import (
    Item,
    Key,
    enrollment_of,
    facts_of,
    is_event,
    issue_of,
    known_before,
    possible_schedules,
    possibly_newest,
    record_key,
    stored_form,
)
from tests.simulation.invariants.violation import require
from tests.simulation.oracle import Posted, course_completed_at, marks_of, milliseconds, present_since

if TYPE_CHECKING:
    from tests.simulation.engine.world import World


def check_active(key: Key, after: Item) -> None:
    require("r" not in after, "I1", f"{key[0]} was issued after its removal")


def check_evidence(world: "World", key: Key, before: Item, after: Item) -> None:
    """Facts stop growing at issue, because they are the evidence; only attendance marks still arrive (L2)."""
    grown = facts_of(after) - facts_of(before) if "issue" in before else set()
    posted = (one for one in world.oracle.posted if one.kind == "attendance.marked")
    marks = {form for one in posted for form in stored_form(one) or ()} if grown else set()
    require(grown <= marks, "I7", f"{key[0]} has other facts than those that earned its certificate")


def check_issuance(world: "World", key: Key, before: Item, after: Item, issue: Item) -> None:
    """The rules hold for the posted events, and no event that was known before is left out."""
    enrollment = enrollment_of(world, key)
    require(enrollment is not None, "I1", f"{key[0]} has a certificate without an enrollment")
    assert enrollment is not None
    is_reissue = "issue" in before and "revocation" not in before
    facts = _check_facts(world, key, before, after)
    known = known_before(world)
    require(not world.oracle.removed(enrollment, known), "I1", f"{key[0]} is issued after it was removed")
    training = evaluated_version(world, enrollment, issue, check_newest=not is_reissue)
    completed = _completed_at(world, training, facts)
    what = training.step.what
    require(completed is not None, "I1", f"{key[0]} has a certificate while something is outstanding: {what}")
    if is_reissue:
        same = issue["completed_at"] == issue_of(before)["completed_at"]
    else:
        same = completed == milliseconds(issue["completed_at"])
    require(same, "I7", f"{key[0]} was not completed at {issue['completed_at']}")
    evidence = hashlib.sha256(b"".join(len(one).to_bytes(4, "big") + one for one in sorted(facts_of(after))))
    proven = is_reissue or evidence.hexdigest() == issue["evidence_digest"]
    require(proven, "I7", f"{key[0]} was issued for other facts than its record has")


def _check_facts(world: "World", key: Key, before: Item, after: Item) -> list[Posted]:
    known = known_before(world)
    own = {form: fact for fact in world.oracle.posted if record_key(fact) == key for form in stored_form(fact) or ()}
    facts = [own[stored] for stored in facts_of(after) if stored in own]
    require(len(facts) == len(facts_of(after)), "I1", f"{key[0]} has facts that the portal did not post for it")
    if "issue" not in before:
        missing = [fact for fact in own.values() if known(fact) and fact.step.queue == "Progress" and fact not in facts]
        require(not missing, "I1", f"{key[0]} is issued without {[fact.step.what for fact in missing]}")
    return facts


def evaluated_version(world: "World", enrollment: Posted, issue: Item, *, check_newest: bool) -> Posted:
    """The training version that a certificate names; with `check_newest` at least the newest that was known before."""
    training_id, version, known = enrollment.data["training_id"], issue["training_version"], known_before(world)
    courses = world.oracle.events("course.published", is_event, course_id=training_id)
    schedules = world.oracle.events("live-event.scheduled", is_event, live_event_id=training_id)
    found = [
        *(one for one in courses if one.data["version"] == version),
        *(one for one in schedules if one.time == version),
    ]
    require(bool(found), "I1", f"{training_id} has no version {version}")
    if check_newest:
        known_versions = [one.data["version"] for one in courses if known(one)]
        newest = max(known_versions + [one.time for one in schedules if known(one)], default=0)
        require(version >= newest, "I1", f"{training_id} is evaluated by version {version}, older than {newest}")
        cancelled = world.oracle.newest("live-event.cancelled", known, live_event_id=training_id)
        is_on = cancelled is None or bool(courses) or found[-1].precedence > cancelled.precedence
        require(is_on, "I1", f"{training_id} was cancelled")
        found = possibly_newest(found, known)
    title = issue["printed"]["title"]  # tells apart what was published twice as one version
    return next((one for one in found if one.data["title"] == title), found[0])


def _completed_at(world: "World", training: Posted, facts: list[Posted]) -> int | None:
    if training.kind == "course.published":
        return course_completed_at(training, facts)
    skew = world.current.sandbox.skew if world.current is not None else 0
    return present_since(training, facts, world.now + skew)  # the function's clock says whether the event is over


def check_revocation(world: "World", key: Key, before: Item, after: Item) -> None:
    """A certificate is revoked only if the latest mark says absent, by a schedule that may be the newest."""
    enrollment = enrollment_of(world, key)
    require("issue" in before and "r" not in after, "I1", f"{key[0]} has nothing to revoke")
    known = facts_of(before)
    facts = [fact for fact in world.oracle.posted if (form := stored_form(fact)) and form <= known]
    schedules = possible_schedules(world, enrollment.data["training_id"]) if enrollment is not None else []
    latest = [marks[-1] for schedule in schedules if (marks := marks_of(schedule, facts))]
    absent = any(absent for _, absent in latest)
    require(absent, "I1", f"{key[0]} was revoked although the latest mark does not say absent")
