"""The steps of a story."""

from dataclasses import dataclass

from tests.simulation.clock import MINUTE, SECOND

START = 1_772_442_000_000  # 2026-03-02 09:00 UTC
UNPRINTABLE = "\ue000"  # no font has it


@dataclass(frozen=True)
class Post:
    """The portal posts a message; `refused` is the reason if it must end in quarantine."""

    at: int
    queue: str
    body: str
    what: str
    refused: str = ""

    def __str__(self) -> str:
        return f"posts to {self.queue}: {self.what}"


@dataclass(frozen=True)
class ForgedMessage:
    """An attacker sends a message that only the service's own functions should send."""

    at: int
    queue: str
    body: str

    def __str__(self) -> str:
        return f"forges for {self.queue}: {self.body}"


@dataclass(frozen=True)
class Ask:
    """A client asks the API about the certificate of an enrollment, or for a company's list or export.

    `revision` is the one that is printed on a verified copy; 0 if the client does not say.
    """

    at: int
    what: str
    claims: dict[str, str] | None
    enrollment_id: str = ""
    company_id: str = ""
    revision: int = 0

    def __str__(self) -> str:
        who = f"{self.claims['role']} {self.claims['sub']}" if self.claims else "an anonymous client"
        return f"{who} asks: {self.what} {self.enrollment_id or self.company_id}"


@dataclass(frozen=True)
class Outage:
    """A service answers no call for a while."""

    at: int
    service: str
    until: int

    def __str__(self) -> str:
        return f"{self.service} is out for {(self.until - self.at) / MINUTE:.0f} minutes"


@dataclass(frozen=True)
class Deploy:
    """All functions get a new version: every sandbox is cold, and some invocations are ended."""

    at: int

    def __str__(self) -> str:
        return "all functions are deployed"


@dataclass(frozen=True)
class Redrive:
    """An operator redrives a dead-letter queue, whatever the reasons of its messages."""

    at: int
    queue: str

    def __str__(self) -> str:
        return f"an operator redrives {self.queue}"


@dataclass(frozen=True)
class DeleteDocument:
    """The document of an enrollment's certificate is lost."""

    at: int
    enrollment_id: str

    def __str__(self) -> str:
        return f"the document of {self.enrollment_id} is lost"


@dataclass(frozen=True)
class Purge:
    """An operator purges a queue by mistake; only the sweep can repeat its requests.

    The purge takes a while, as on AWS, and deletes what is sent meanwhile.
    """

    at: int
    queue: str

    @property
    def until(self) -> int:
        return self.at + 5 * SECOND

    def __str__(self) -> str:
        return f"an operator purges {self.queue}"


@dataclass(frozen=True)
class ConcurrentEvent:
    """An event is posted while the generator puts a document or, with `reading`, reads its record."""

    at: int
    enrollment_id: str
    post: Post
    reading: bool = False

    def __str__(self) -> str:
        what = "record" if self.reading else "document"
        return f"while the {what} of {self.enrollment_id} is {'read' if self.reading else 'put'}: {self.post.what}"


@dataclass(frozen=True)
class CrashAfterWrite:
    """The process crashes right after the next write of an item."""

    at: int
    item: str

    def __str__(self) -> str:
        return f"crash right after the next write of {self.item}"


Step = (
    Post | ForgedMessage | Ask | Outage | Deploy | Redrive | DeleteDocument | Purge | ConcurrentEvent | CrashAfterWrite
)
