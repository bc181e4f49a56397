"""A consumer of announcements: what a portal knows of each certificate, whatever arrives again or in another order."""

from dataclasses import dataclass, field
from typing import Any

_STATES = {  # of one revision, a later state replaces an earlier one
    "earned.certificate.issued.v1": (0, "valid"),
    "earned.certificate.reissued.v1": (0, "valid"),
    "earned.certificate.revoked.v1": (1, "revoked"),
    "earned.certificate.withdrawn.v1": (2, "withdrawn"),
}


@dataclass
class KnownCertificates:
    """By `certificate_id`: the newest revision and its state. A portal keeps this in its database."""

    newest: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    def handle(self, announcement: dict[str, Any]) -> bool:
        """Whether the announcement is news. One that is not, such as a repetition, changes nothing."""
        if announcement["type"] not in _STATES:
            return False
        data = announcement["data"]
        heard = (data["revision"], *_STATES[announcement["type"]])
        if heard <= self.newest.get(data["certificate_id"], (0, 0, "")):
            return False
        self.newest[data["certificate_id"]] = heard
        return True

    def state(self, certificate_id: str) -> str:
        return self.newest[certificate_id][2]
