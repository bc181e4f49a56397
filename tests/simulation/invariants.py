"""DESIGN §8, each invariant a function that looks at what AWS holds and at the truth; raises `Violation`.

Most are checked at the moment at which they could break: at each write, put, announcement, acknowledgement and answer.
An event that was acknowledged before an invocation began must be reckoned with in it; one posted later may be.
"""

import hashlib
import io
import json
from base64 import b64decode
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

from earned.aws.dynamodb import enrollments
from earned.domain.enrollment import EnrollmentKey
from earned.domain.fact_codec import encode
from earned.domain.timestamps import from_milliseconds
from earned.messages import events
from tests.simulation import oracle
from tests.simulation.clock import at
from tests.simulation.fake_pdf import printed_on
from tests.simulation.faults import MAX_SKEW, SKEWED
from tests.simulation.oracle import Posted, milliseconds
from tests.simulation.runtime import DOCUMENTS, EXPORTS, RECORDS
from tests.simulation.s3 import Stored
from tests.simulation.sqs import Message
from tests.simulation.stories import UNPRINTABLE, Ask

if TYPE_CHECKING:
    from tests.simulation.world import World

Item = dict[str, Any]
Key = tuple[str, ...]
_KINDS = {"Directory": events.DIRECTORY, "Progress": events.PROGRESS, "Attendance": events.ATTENDANCE}


class Violation(BaseException):
    """Something that must never be. No Exception, since the service would take it for a fault and try again."""


def _must(holds: bool, invariant: str, what: str) -> None:
    if not holds:
        raise Violation(f"{invariant}: {what}")


class State:
    """What was seen so far, and the eyes that see it."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.issued: dict[tuple[str, int], Item] = {}
        self.revoked: set[tuple[str, int]] = set()
        self.reissues_asked: Counter[str] = Counter()
        self.exports_promised: set[str] = set()
        self._reissued: Counter[str] = Counter()
        self.certificates: dict[str, str] = {}
        world.dynamodb.on_write = self.written
        world.s3.on_put = self.put

    # Eyes

    def written(self, table: str, key: Key, before: Item | None, after: Item) -> None:
        """A record was written."""
        if table != RECORDS:
            return
        earlier = before or {}
        _only_goes_on(key, earlier, after)
        if not key[0].startswith("enrollment#"):
            return
        _facts_only_grow(earlier, after)
        _what_earned_it_stays(self.world, key, earlier, after)
        _one_certificate_id(self.certificates, key, after)
        if earlier.get("issue") != after.get("issue"):
            self._issued(key, earlier, after, _issue_in(after))
        if "revocation" in after and earlier.get("revocation") != after["revocation"]:
            _rightly_revoked(self.world, key, earlier, after)
            self.revoked.add((after["c"]["S"], int(after["revision"]["N"])))

    def _issued(self, key: Key, before: Item, after: Item, issue: Item) -> None:
        world = self.world
        _never_revived(key, after)
        _never_early(world, key, before, after, issue)
        _one_revision_after_the_other(self.issued, before, after, issue)
        if "issue" in before and "revocation" not in before:
            self._reissued[key[0]] += 1
            asked = self.reissues_asked[key[1].partition("#")[2]]
            _must(
                self._reissued[key[0]] <= asked, "I2", f"{key[0]} was reissued more often than anybody asked: {asked}"
            )
        _durable(world, after["c"]["S"], issue)
        _says_what_was_true(world, key, before, after, issue)
        self.issued[after["c"]["S"], issue["revision"]] = issue

    def put(self, bucket: str, key: str, before: Stored | None, after: Stored) -> None:
        """An object was put."""
        _must(before is None or key.endswith(".state"), "I5", f"{key} was overwritten")
        if bucket == EXPORTS and key.endswith(".zip"):
            archived(self.world, key, after.body)

    def quarantined(self, message: Message) -> None:
        """The service put a message into a dead-letter queue itself."""
        _must(message.reason is not None, "I3", f"{message.label} is quarantined without a reason")
        for posted in self.world.truth.by_body.get(message.body, []):
            _rightly_refused(self.world, posted, message.reason or "")
            posted.quarantined = message.reason or ""
            posted.refused_by.add(self.world.current.label if self.world.current is not None else "")

    def acknowledged(self, message: Message, by: str) -> None:
        """Lambda is about to delete a message, which an invocation has dealt with."""
        posted = self.world.truth.open(message)
        if posted is not None:
            posted.acknowledged_at = self.world.now
        for told in self.world.truth.by_body.get(message.body, []):
            if by in told.refused_by:
                continue
            if told.quarantined and not told.taken:
                told.acknowledged_at = self.world.now
            told.taken = True
            _kept(self.world, told)

    # What others want to know

    def record(self, enrollment_id: str, account_id: str) -> Item:
        """A record as it stands; empty when there is none."""
        return self.world.dynamodb.tables[RECORDS].items.get(
            enrollments.row_key(EnrollmentKey(enrollment_id, account_id)), {}
        )

    def certificate_id_of(self, enrollment_id: str) -> str:
        """The id that an enrollment's certificate has or will have."""
        return self.certificates.get(enrollments.row_key(EnrollmentKey(enrollment_id, ""))[0], "a" * 26)

    def lose(self, enrollment_id: str) -> None:
        """Let the newest document of a certificate be gone."""
        certificate_id = self.certificate_id_of(enrollment_id)
        newest = max((revision for cid, revision in self.issued if cid == certificate_id), default=0)
        self.world.s3.objects.pop((DOCUMENTS, f"certificates/{certificate_id}/{newest}.pdf"), None)


# I1


def _only_goes_on(key: Key, before: Item, after: Item) -> None:
    """Removal is final, and what is older never takes the place of what is newer (A5, I4)."""
    for name in ("e", "r", "removed"):
        _must(name not in before or before[name] == after.get(name), "I4", f"{key[0]} is not what it was: {name}")
    for name in ("saved", "version", "cancelled", "v"):
        was, is_ = (int(item.get(name, {"N": "0"})["N"]) for item in (before, after))
        _must(was <= is_, "I4", f"{key[0]} went back in time: {name}")


def _facts_only_grow(before: Item, after: Item) -> None:
    _must(_facts(before) <= _facts(after), "I3", "facts disappeared from a record")


def _what_earned_it_stays(world: "World", key: Key, before: Item, after: Item) -> None:
    """Facts stop growing at issue, so that they are the evidence; only marks of attendance may still come (L2)."""
    grown = _facts(after) - _facts(before) if "issue" in before else set()
    marks = {_stored_form(one) for one in world.truth.posted if one.kind == "attendance.marked"} if grown else set()
    _must(grown <= marks, "I7", f"{key[0]} has other facts than those that earned it")


def _never_revived(key: Key, after: Item) -> None:
    _must("r" not in after, "I1", f"{key[0]} was removed and is issued all the same")


def _never_early(world: "World", key: Key, before: Item, after: Item, issue: Item) -> None:
    """The rules hold by what was posted, and nothing that was known before was left out."""
    enrollment = _enrollment(world, key)
    _must(enrollment is not None, "I1", f"{key[0]} has a certificate, and nobody enrolled")
    assert enrollment is not None
    known = _known_before(world)
    own = {form: fact for fact in world.truth.posted if (form := _stored_form(fact)) and _whose(fact) == key}
    facts = [own[stored] for stored in _facts(after) if stored in own]
    _must(len(facts) == len(_facts(after)), "I1", f"{key[0]} has facts that nobody posted for it")
    if "issue" not in before:
        missing = [fact for fact in own.values() if known(fact) and fact.step.queue == "Progress" and fact not in facts]
        _must(not missing, "I1", f"{key[0]} is issued without {[fact.step.what for fact in missing]}")
    _must(not world.truth.removed(enrollment, known), "I1", f"{key[0]} is issued after it was removed")
    again = "issue" in before and "revocation" not in before
    training = _judged_by(world, enrollment, issue, anything_goes=again)
    completed = _completed_at(world, training, facts)
    _must(
        completed is not None, "I1", f"{key[0]} has a certificate while something is outstanding: {training.step.what}"
    )
    before_that = _issue_in(before)["completed_at"] if again else None
    _must(
        issue["completed_at"] == before_that if again else completed == milliseconds(issue["completed_at"]),
        "I7",
        f"{key[0]} was not completed at {issue['completed_at']}",
    )
    evidence = hashlib.sha256(b"".join(len(one).to_bytes(4, "big") + one for one in sorted(_facts(after)))).hexdigest()
    _must(
        again or evidence == issue["evidence_digest"], "I7", f"{key[0]} was issued for other facts than its record has"
    )


def _judged_by(world: "World", enrollment: Posted, issue: Item, *, anything_goes: bool) -> Posted:
    """The version that a certificate was issued by; the newest that was known before, at least."""
    training_id, version, known = enrollment.data["training_id"], issue["training_version"], _known_before(world)
    courses = world.truth.those("course.published", bool_event, course_id=training_id)
    schedules = world.truth.those("live-event.scheduled", bool_event, live_event_id=training_id)
    found = [one for one in courses if one.data["version"] == version] + [
        one for one in schedules if one.time == version
    ]
    _must(bool(found), "I1", f"{training_id} has no version {version}")
    cancelled = [one.time for one in world.truth.those("live-event.cancelled", known, live_event_id=training_id)]
    newest = max(
        [one.data["version"] for one in courses if known(one)] + [one.time for one in schedules if known(one)],
        default=0,
    )
    _must(anything_goes or version >= newest, "I1", f"{training_id} is judged by a version older than known: {version}")
    _must(anything_goes or version > max(cancelled, default=0) or bool(courses), "I1", f"{training_id} was cancelled")
    return found[0]


def bool_event(posted: Posted) -> bool:
    """Whether it is an event at all."""
    return bool(posted.event)


def _completed_at(world: "World", training: Posted, facts: list[Posted]) -> int | None:
    if training.kind == "course.published":
        return oracle.course_completed_at(training, facts)
    fast = world.current.sandbox.skew if world.current is not None else 0
    return oracle.present_since(training, facts, world.now + fast)  # whether it is over is told by the function's clock


def _rightly_revoked(world: "World", key: Key, before: Item, after: Item) -> None:
    enrollment = _enrollment(world, key)
    _must("issue" in before and "r" not in after, "I1", f"{key[0]} has nothing to revoke")
    facts = [fact for fact in world.truth.posted if _stored_form(fact) in _facts(before)]
    schedules = _may_be_current(world, enrollment.data["training_id"]) if enrollment is not None else []
    latest = [marks[-1] for schedule in schedules if (marks := oracle.marks_of(schedule, facts))]
    _must(any(absent for _, absent in latest), "I1", f"{key[0]} was revoked, and the latest mark is not absent")


# I2


def _one_certificate_id(known: dict[str, str], key: Key, after: Item) -> None:
    if "c" in after:
        certificate_id = known.setdefault(key[0], after["c"]["S"])
        _must(certificate_id == after["c"]["S"], "I2", f"{key[0]} has two certificates")


def _one_revision_after_the_other(issued: dict[tuple[str, int], Item], before: Item, after: Item, issue: Item) -> None:
    certificate_id, revision = after["c"]["S"], issue["revision"]
    _must(issue["printed"]["certificate_id"] == certificate_id, "I2", f"{certificate_id} prints another number")
    _must(int(after["revision"]["N"]) == revision, "I2", f"{certificate_id} has another revision than it says")
    _must((certificate_id, revision) not in issued, "I2", f"{certificate_id} was issued twice as revision {revision}")
    _must(revision > int(before.get("revision", {"N": "0"})["N"]), "I2", f"{certificate_id} went back to {revision}")


# I3


def _kept(world: "World", posted: Posted) -> None:
    """What is acknowledged is in a record, or its enrollment needs it no more."""
    data, table = posted.data, world.dynamodb.tables[RECORDS].items
    lost = f"{posted.step.what} is acknowledged, and is nowhere"
    if posted.kind in oracle.FACTS:
        record = table.get(_whose(posted), {})
        over = "r" in record or ("issue" in record and posted.step.queue == "Progress")
        _must(over or _stored_form(posted) in _facts(record), "I3", lost)
        return
    match posted.kind:
        case "company.saved":
            kept = _number(table, f"company#{data['company_id']}", "saved") >= posted.time
        case "account.saved":
            kept = _number(table, f"account#{data['account_id']}", "saved") >= posted.time
        case "account.removed":
            kept = _number(table, f"account#{data['account_id']}", "removed") > 0
        case "course.published":
            kept = _number(table, f"training#{data['course_id']}", "version") >= data["version"]
        case "live-event.scheduled":
            kept = _number(table, f"training#{data['live_event_id']}", "version") >= posted.time
        case "live-event.cancelled":
            kept = _number(table, f"training#{data['live_event_id']}", "cancelled") >= posted.time
        case "enrollment.created":
            kept = "e" in table.get(_whose(posted), {})
        case "enrollment.removed":
            kept = "r" in table.get(_whose(posted), {})
        case _:
            kept = False
    _must(kept, "I3", lost)


def _number(table: dict[Key, Item], pk: str, name: str) -> int:
    return int(table.get((pk, "-"), {}).get(name, {"N": "0"})["N"])


def _rightly_refused(world: "World", posted: Posted, reason: str) -> None:
    """What is in quarantine could never have counted."""
    data, whose = posted.data, _created(world, posted)
    match reason:
        case "account-mismatch":
            right = any(one.data["account_id"] != data["account_id"] for one in whose)
        case "training-mismatch":
            right = any(one.data["training_id"] != data["live_event_id"] for one in whose)
        case "marked-before-end":
            right = any(
                milliseconds(one.data["ends_at"]) > posted.time for one in _may_be_current(world, data["live_event_id"])
            )
        case _:
            right = posted.step.refused == reason
    _must(right, "I3", f"{posted.step.what} is in quarantine as {reason}")


def _refused_if_misplaced(world: "World", posted: Posted) -> None:
    """What names another account or event than its enrollment's is refused unless it came first; so are early marks."""
    data, reason = posted.data, ""
    before = [one for one in _created(world, posted) if (one.acknowledged_at or posted.posted_at) < posted.posted_at]
    if any(one.data["account_id"] != data["account_id"] for one in before):
        reason = "account-mismatch"
    if posted.kind == "attendance.marked":
        schedules = world.truth.those("live-event.scheduled", bool_event, live_event_id=data["live_event_id"])
        if any(one.data["training_id"] != data["live_event_id"] and not world.truth.removed(one) for one in before):
            reason = reason or "training-mismatch"
        known = [one for one in schedules if (one.acknowledged_at or posted.posted_at) < posted.posted_at]
        if known and all(milliseconds(one.data["ends_at"]) > posted.time for one in schedules):
            reason = "marked-before-end"
    _must(not reason or posted.quarantined == reason, "I3", f"{posted.step.what} is not in quarantine as {reason}")


def _created(world: "World", fact: Posted) -> list[Posted]:
    return world.truth.those("enrollment.created", bool_event, enrollment_id=fact.data.get("enrollment_id"))


def _may_be_current(world: "World", live_event_id: str) -> list[Posted]:
    """The schedules that the invocation at hand may take for the newest."""
    schedules = world.truth.those("live-event.scheduled", bool_event, live_event_id=live_event_id)
    newest = max((one.time for one in schedules if _known_before(world)(one)), default=0)
    return [one for one in schedules if one.time >= newest]


# I6


def answered(world: "World", step: Ask, status: int, body: Item, began: int) -> None:
    """The API answered somebody."""
    match step.what, status:
        case "verify", 200 if body["status"] == "valid":
            _must(_was_there(world, step.enrollment_id, began), "I6", f"{step.enrollment_id} is called valid")
        case "download", 200:
            _must(
                _was_there(world, step.enrollment_id, began),
                "I6",
                f"a link to {step.enrollment_id}, which does not stand",
            )
            _must(_may_hold(world, step.claims, step.enrollment_id), "I6", f"{step} and got a link")
            certificate_id = world.state.certificate_id_of(step.enrollment_id)
            _must(f"/certificates/{certificate_id}/" in body["url"], "I6", f"{step} and got another's link")
        case "progress", 200 if "certificate" in body:
            _must(_may_hold(world, step.claims, step.enrollment_id), "I6", f"{step} and was shown the certificate")
        case "export" | "list", 200 | 202:
            _must((step.claims or {}).get("company_id") == step.company_id, "I6", f"{step} and got it")
            world.state.exports_promised.add(body.get("export_id", ""))
            for item in body.get("items", ()):
                listed = item["enrollment_id"]
                _must(_was_there(world, listed, began), "I6", f"{listed} is listed and does not stand")
                _must(_may_hold(world, step.claims, listed), "I6", f"{step} and was shown {listed}")


def archived(world: "World", key: str, body: bytes) -> None:
    """An export is there: all that is in it is the company's, and says what its manifest says."""
    requested = next(
        item for (pk, _), item in world.dynamodb.tables[RECORDS].items.items() if key == _archive(pk, item)
    )
    claims = {"role": "company-admin", "sub": "", "company_id": requested["pk"]["S"].split("#")[1]}
    enrolled = [one.data["enrollment_id"] for one in world.truth.enrollments()]
    certificates = {world.state.certificate_id_of(name): name for name in enrolled}
    with ZipFile(io.BytesIO(body)) as archive:
        files = json.loads(archive.read("manifest.json"))["files"]
        names = {file["file_name"] for file in files}
        _must(
            len(names) == len(files) and names | {"manifest.json"} == set(archive.namelist()),
            "I7",
            f"{key} has other files",
        )
        for file in files:
            same = hashlib.sha256(archive.read(file["file_name"])).hexdigest() == file["sha256"]
            _must(same, "I7", f"{key} has another document than it says")
            enrollment_id = certificates.get(file["certificate_id"], "")
            _must(
                _may_hold(world, claims, enrollment_id), "I6", f"{key} has {enrollment_id}, which is not the company's"
            )


def _archive(pk: str, item: Item) -> str:
    return f"exports/{item['export_id']['S']}.zip" if pk.startswith("export#") else ""


def _was_there(world: "World", enrollment_id: str, began: int) -> bool:
    enrollment = next((one for one in world.truth.enrollments() if one.data["enrollment_id"] == enrollment_id), None)
    certificate_id = world.state.certificate_id_of(enrollment_id)
    issued = any(known == certificate_id for known, _ in world.state.issued)
    return enrollment is not None and issued and not world.truth.removed(enrollment, _known_at(began))


def _may_hold(world: "World", claims: dict[str, str] | None, enrollment_id: str) -> bool:
    """A1 to A4, said again."""
    enrollment = next((one for one in world.truth.enrollments() if one.data["enrollment_id"] == enrollment_id), None)
    if enrollment is None or claims is None:
        return False
    account = world.truth.newest("account.saved", account_id=enrollment.data["account_id"])
    company = enrollment.data.get("company_id") or (account.data.get("company_id") if account else None)
    own = claims["role"] == "individual" and claims["sub"] == enrollment.data["account_id"]
    return own or (claims["role"] == "company-admin" and company is not None and claims.get("company_id") == company)


# I7 and I8


def _durable(world: "World", certificate_id: str, issue: Item) -> None:
    """The document is there, and it says what the record says."""
    stored = world.s3.objects.get((DOCUMENTS, f"certificates/{certificate_id}/{issue['revision']}.pdf"))
    _must(stored is not None, "I8", f"{certificate_id} is issued before its document is there")
    assert stored is not None
    same = hashlib.sha256(stored.body).hexdigest() == issue["document_sha256"]
    _must(same, "I7", f"{certificate_id} names another document than is there")
    on_paper = printed_on(stored.body)
    if on_paper is not None:
        differing = [name for name, value in issue["printed"].items() if on_paper[name] != value]
        _must(not differing, "I7", f"{certificate_id} prints another {differing}")


def _says_what_was_true(world: "World", key: Key, before: Item, after: Item, issue: Item) -> None:
    printed, enrollment, known = issue["printed"], _enrollment(world, key), _known_before(world)
    assert enrollment is not None
    saved = world.truth.those("account.saved", bool_event, account_id=key[1].partition("#")[0])
    newest = max((one.time for one in saved if known(one)), default=0)
    names = [one.data["name"] for one in saved if one.time >= newest]
    _must(printed["holder"] in names, "I7", f"{key[0]} prints a name that its holder no longer has")
    training = _judged_by(world, enrollment, issue, anything_goes=True)
    zone = ZoneInfo(training.data.get("timezone", "UTC"))
    _must(printed["title"] == training.data["title"], "I7", f"{key[0]} prints the title of another version")
    _must(printed.get("hours") == training.data.get("hours"), "I7", f"{key[0]} prints other hours")
    day = at(milliseconds(issue["completed_at"])).astimezone(zone).date().isoformat()
    _must(printed["completed_on"] == day, "I7", f"{key[0]} prints {printed['completed_on']} for {day}")
    kind, _, holder = after["h"]["S"].partition("#")
    company_id = holder if kind == "company" else None
    companies = world.truth.those("company.saved", bool_event, company_id=company_id) if company_id else []
    possible = {one.data["name"] for one in companies} | ({None} if not any(map(known, companies)) else set())
    _must("issue" in before or printed.get("company") in possible, "I7", f"{key[0]} prints another company")
    named = enrollment.data.get("company_id", company_id)
    _must(company_id == named, "I7", f"{key[0]} is of {named} and counted to {company_id}")


def announced(world: "World", event: Item) -> None:
    """The portal is being told."""
    data, what = event["data"], event["type"].split(".")[2]
    known = (data["certificate_id"], data["revision"])
    record = world.state.record(data["enrollment_id"], data["account_id"])
    _must(known in world.state.issued, "I8", f"{what} {known} is announced before it is issued")
    _must(record["c"]["S"] == data["certificate_id"], "I8", f"{what} {known} is announced for another enrollment")
    if what in {"issued", "reissued"}:
        issue = world.state.issued[known]
        _must(("reissued_at" in issue) == (what == "reissued"), "I8", f"{known} is announced as {what}")
        _must(
            milliseconds(data["at"]) == milliseconds(issue.get("reissued_at") or issue["issued_at"]),
            "I8",
            f"{known}: when?",
        )
    _must(what != "revoked" or known in world.state.revoked, "I8", f"{known} is announced as revoked and is not")
    _must(what != "withdrawn" or "r" in record, "I8", f"{known} is announced as withdrawn and is not")
    same = (one for one in world.announced if one["type"] == event["type"] and known == _announced_of(one))
    _must(next(same, event) == event, "I2", f"{known} is announced twice as {what}, and not as the same event")


def _announced_of(event: Item) -> tuple[str, int]:
    return event["data"]["certificate_id"], event["data"]["revision"]


# In the end


def at_the_end(world: "World") -> None:
    """Fifteen minutes after the last fault everything is as the truth says, whatever happened on the way (I3, I4)."""
    for posted in world.truth.posted:
        _dealt_with(posted)
        if posted.kind in oracle.FACTS and not posted.step.refused:
            _refused_if_misplaced(world, posted)
    for queue in world.sqs.queues.values():
        left = [message.label for message in queue.messages.values() if queue.dead_letters or message.reason is None]
        _must(not left, "I3", f"{left} are left in {queue.name}")
    for enrollment in world.truth.enrollments():
        _came_right(world, enrollment)
    for (pk, _), item in world.dynamodb.tables[RECORDS].items.items():
        promised = pk.startswith("export#") and item["export_id"]["S"] in world.state.exports_promised
        _must("finished" in item or not promised, "I3", f"{pk} was promised and is not there")


def _dealt_with(posted: Posted) -> None:
    _must(posted.acknowledged_at is not None, "I3", f"{posted.step.what} was never dealt with")
    refused = posted.step.refused
    _must(not refused or posted.quarantined == refused, "I3", f"{posted.step.what} is not in quarantine as {refused}")


def _came_right(world: "World", enrollment: Posted) -> None:
    name = enrollment.data["enrollment_id"]
    ahead = any(_ahead(world, fact) for fact in world.truth.facts(enrollment))
    if not world.weather.swept and (ahead or _crossed(world, enrollment)):
        return
    record = world.state.record(name, enrollment.data["account_id"])
    there = "issue" in record and "revocation" not in record and "r" not in record
    if world.truth.removed(enrollment):
        _must("r" in record, "I3", f"{name} was removed, and its record stands")
    elif world.truth.completed_at(enrollment, world.now) is not None:
        held = (
            "hold" in record
            and UNPRINTABLE
            in world.truth.those("account.saved", account_id=enrollment.data["account_id"])[-1].data["name"]
        )
        _must(
            there or held or not _account_known(world, enrollment), "I3", f"{name} is complete and has no certificate"
        )
    elif "issue" in record:
        _must(
            not there or not world.truth.absent(enrollment), "I3", f"{name} was corrected to absent and is not revoked"
        )
    if "issue" in record:
        if not world.purged:
            _told(world, record)
        _still_there(world, record)


def _crossed(world: "World", enrollment: Posted) -> bool:
    """Whether an enrollment and news of its training or account were on their way at once.

    What it was read by may be old when it is written, and the news may have looked for its people before: the sweep's.
    """
    data = enrollment.data
    created = world.truth.those("enrollment.created", enrollment_id=data["enrollment_id"])
    news = [
        one
        for one in world.truth.posted
        if data["training_id"] in (one.data.get("course_id"), one.data.get("live_event_id"))
        or (one.kind in {"account.saved", "account.removed"} and one.data["account_id"] == data["account_id"])
    ]
    return any(_at_once(one, other) for one in created for other in news if other.step.queue == "Directory")


def _ahead(world: "World", fact: Posted) -> bool:
    """Whether something was told before it happened, or before a slow clock says that its event is over.

    What it makes then only the sweep can notice.
    """
    schedule = world.truth.newest("live-event.scheduled", live_event_id=fact.data.get("live_event_id"))
    over = milliseconds(schedule.data["ends_at"]) + MAX_SKEW if schedule and world.weather.rates.get(SKEWED) else 0
    return fact.posted_at < max(fact.time, over)


def _at_once(one: Posted, other: Posted) -> bool:
    ends = [posted.acknowledged_at or posted.posted_at for posted in (one, other)]
    return one.posted_at <= ends[1] and other.posted_at <= ends[0]


def _account_known(world: "World", enrollment: Posted) -> bool:
    return bool(world.truth.those("account.saved", account_id=enrollment.data["account_id"]))


def _told(world: "World", record: Item) -> None:
    """The portal knows what became of the certificate (N2)."""
    known = record["c"]["S"], int(record["revision"]["N"])
    told = {
        event["type"].split(".")[2]
        for event in world.announced
        if (event["data"]["certificate_id"], event["data"]["revision"]) == known
    }
    due = "withdrawn" if "r" in record else "revoked" if "revocation" in record else "issued"
    _must(due in told or (due == "issued" and "reissued" in told), "I8", f"nobody was told that {known} is {due}")


def _still_there(world: "World", record: Item) -> None:
    issue = _issue_in(record)
    if "r" not in record and "revocation" not in record:
        _durable(world, record["c"]["S"], issue)


def _whose(posted: Posted) -> Key:
    return enrollments.row_key(EnrollmentKey(str(posted.data.get("enrollment_id")), str(posted.data.get("account_id"))))


def _enrollment(world: "World", key: Key) -> Posted | None:
    return next((one for one in world.truth.posted if one.kind == "enrollment.created" and _whose(one) == key), None)


def _known_before(world: "World") -> oracle.Those:
    """What was acknowledged before the invocation at hand began."""
    return _known_at(world.current.began if world.current is not None else world.now)


def _known_at(moment: int) -> oracle.Those:
    return lambda one: one.counts() and one.acknowledged_at is not None and one.acknowledged_at <= moment


def _issue_in(record: Item) -> Item:
    """How a certificate was issued; what stands beside it in the record is left out of it there."""
    issue: Item = json.loads(record["issue"]["S"])
    printed = issue["printed"] | {"certificate_id": record["c"]["S"]}
    return issue | {"revision": int(record["revision"]["N"]), "printed": printed}


def _facts(record: Item) -> set[bytes]:
    return {b64decode(stored) for stored in record.get("f", {}).get("BS", ())}


def _stored_form(posted: Posted) -> bytes | None:
    """A fact as records keep it; None for what is none."""
    if posted.kind not in oracle.FACTS or posted.step.refused:
        return None
    if posted.stored is None:
        received_at = from_milliseconds(posted.posted_at)
        kinds = _KINDS[posted.step.queue]
        event: Any = events.read(posted.step.body, kinds, received_at=received_at, tolerance=timedelta(days=1))
        posted.stored = encode(event.fact())
    return posted.stored
