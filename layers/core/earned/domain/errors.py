"""Errors that the domain raises; each is named for what the caller does next."""


class Rejected(Exception):
    """The event can never succeed: keep it, unchanged, with this stable reason."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class UnusableLogo(Exception):
    """A company's logo cannot be printed; says what is wrong with it and what to do, without quoting it."""
