"""Errors of the domain, named for the caller's next step."""


class Rejected(Exception):
    """The event can never succeed: quarantine it unchanged, with this stable reason code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class UnusableLogo(Exception):
    """A company's logo cannot be printed. The message names fault and remedy, and quotes nothing of the file."""
