"""What the testing kit tells of the service's state."""

from types import SimpleNamespace
from typing import Any

from earned.testing.kit import Earned


def test_the_document_is_that_of_the_newest_of_ten_revisions() -> None:
    stored = {f"certificates/c-1/{revision}.pdf": b"%d" % revision for revision in range(1, 11)}
    service: Any = SimpleNamespace(forget=lambda: None, apps={}, documents=lambda _prefix: stored)
    assert Earned(service).document("c-1") == b"10"
