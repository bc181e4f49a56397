"""The error that says which character cannot be printed; it needs none of the native libraries."""


class MissingGlyph(Exception):
    """No font has the character `code_point`, such as `U+10FFFD`, that the certificate would print, or places it."""

    def __init__(self, code_point: str, where: str = "the certificate", fault: str = "which no font has") -> None:
        super().__init__(f"{where} has {code_point}, {fault}")
        self.code_point = code_point
        self.fault = fault
