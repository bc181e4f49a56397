"""The observer calls the checks at each write, put, quarantine and acknowledgement, and remembers what was issued."""

from collections import Counter
from typing import TYPE_CHECKING

from earned.aws.dynamodb import enrollment_keys
from earned.domain.enrollment import EnrollmentKey
from tests.simulation.engine.runtime import DOCUMENTS, EXPORTS, RECORDS
from tests.simulation.invariants import access, documents, never_early, nothing_lost, one_certificate, order
from tests.simulation.invariants.announced import Change
from tests.simulation.invariants.records import Item, Key, issue_of
from tests.simulation.services.s3 import Stored
from tests.simulation.services.sqs import Message

if TYPE_CHECKING:
    from tests.simulation.engine.world import World

UNKNOWN_CERTIFICATE = "a" * 26


class Observer:
    """`issued` and `revoked` are certificates by id and revision; `certificate_ids` are by partition key.

    `announced_changes` are by the id of an announcement, `announced_ids` the other way round.
    """

    def __init__(self, world: "World") -> None:
        self.issued: dict[tuple[str, int], Item] = {}
        self.revoked: set[tuple[str, int]] = set()
        self.certificate_ids: dict[str, str] = {}
        self.reissues_requested: Counter[str] = Counter()
        self.exports_accepted: set[str] = set()
        self.announced_changes: dict[str, Change] = {}
        self.announced_ids: dict[Change, str] = {}
        self._reissued: Counter[str] = Counter()
        self._world = world
        world.dynamodb.on_write = self.written
        world.s3.on_put = self.put

    def written(self, table: str, key: Key, before: Item | None, after: Item) -> None:
        if table != RECORDS:
            return
        earlier = before or {}
        order.check_progress(key, earlier, after)
        if not key[0].startswith("enrollment#"):
            return
        nothing_lost.check_facts(earlier, after)
        never_early.check_evidence(self._world, key, earlier, after)
        one_certificate.check_id(self.certificate_ids, key, after)
        if earlier.get("issue") != after.get("issue"):
            self._issued(key, earlier, after, issue_of(after))
        if "revocation" in after and earlier.get("revocation") != after["revocation"]:
            never_early.check_revocation(self._world, key, earlier, after)
            self.revoked.add((after["c"]["S"], int(after["revision"]["N"])))

    def _issued(self, key: Key, before: Item, after: Item, issue: Item) -> None:
        world = self._world
        never_early.check_active(key, after)
        never_early.check_issuance(world, key, before, after, issue)
        one_certificate.check_revision(self.issued, before, after, issue)
        if "issue" in before and "revocation" not in before:
            self._reissued[key[0]] += 1
            requested = self.reissues_requested[key[1].partition("#")[2]]
            one_certificate.check_reissues(key, self._reissued[key[0]], requested)
            one_certificate.check_request(self.issued, after, issue)
        documents.check_durable(world, after["c"]["S"], issue)
        documents.check_content(world, key, before, after, issue)
        self.issued[after["c"]["S"], issue["revision"]] = issue

    def put(self, bucket: str, key: str, before: Stored | None, after: Stored) -> None:
        documents.check_put(key, before)
        if bucket == EXPORTS and key.endswith(".zip"):
            access.check_archive(self._world, key, after.body)

    def quarantined(self, message: Message) -> None:
        nothing_lost.check_reason(message)
        reason, current = message.reason or "", self._world.current
        for posted in self._world.oracle.by_body.get(message.body, []):
            nothing_lost.check_refusal(self._world, posted, reason)
            posted.reasons.add(reason)
            posted.refused_by.add(current.label if current is not None else "")

    def acknowledged(self, message: Message, invocation: str) -> None:
        """Lambda is about to delete a message that an invocation processed."""
        world = self._world
        waiting = world.oracle.unacknowledged(message)
        if waiting is not None:
            waiting.acknowledged_at = world.now
        for posted in world.oracle.by_body.get(message.body, []):
            if invocation in posted.refused_by:
                continue
            if posted.reasons and not posted.accepted:
                posted.acknowledged_at = world.now
            posted.accepted = True
            nothing_lost.check_kept(world, posted)

    def record(self, enrollment_id: str, account_id: str) -> Item:
        """A record as it is stored; empty when there is none."""
        key = enrollment_keys.row_key(EnrollmentKey(enrollment_id, account_id))
        return self._world.dynamodb.tables[RECORDS].items.get(key, {})

    def certificate_id_of(self, enrollment_id: str) -> str:
        """The certificate id of an enrollment; a valid id that is unknown while the enrollment has none."""
        partition, _ = enrollment_keys.row_key(EnrollmentKey(enrollment_id, ""))
        return self.certificate_ids.get(partition, UNKNOWN_CERTIFICATE)

    def newest_document_of(self, enrollment_id: str) -> tuple[str, str]:
        """Bucket and key of the newest document of an enrollment's certificate."""
        certificate_id = self.certificate_id_of(enrollment_id)
        newest = max((revision for known, revision in self.issued if known == certificate_id), default=0)
        return DOCUMENTS, f"certificates/{certificate_id}/{newest}.pdf"
