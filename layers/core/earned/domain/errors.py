"""Errors of the domain, named for the caller's next step."""

MAX_DETAIL = 256  # characters


class Rejected(Exception):
    """The event can never succeed: quarantine it unchanged.

    `reason` is a stable code. `detail` names the field and the rule, never a value, in at most 256 characters.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail if len(detail) <= MAX_DETAIL else f"{detail[: MAX_DETAIL - 1]}…"


class UnusableLogo(Exception):
    """A company's logo cannot be printed. The message names fault and remedy, and quotes nothing of the file."""
