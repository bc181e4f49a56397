"""The precedence of events that replace each other: of two, the greater stamp wins, whatever arrives first (I4)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, order=True)
class Stamp:
    """The time of an event to the millisecond, then its CloudEvents `source` and `id`, compared by code point."""

    at: datetime
    source: str = ""
    event_id: str = ""

    @property
    def origin(self) -> str:
        """Source and id in one text of the same order; neither contains U+0000."""
        return f"{self.source}\0{self.event_id}"
