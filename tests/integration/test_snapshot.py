"""Sandboxes that start from one snapshot of the API: equal states of chance, and never equal ids."""

import random

from tools.story import Story


def test_two_sandboxes_from_one_snapshot_never_give_the_same_id(story: Story) -> None:
    """A snapshot holds the state of Python's `random`; only what asks the operating system differs after a restore."""
    asked: list[str] = []
    snapshot = random.getstate()
    for admin in ("first", "second"):
        random.setstate(snapshot)
        claims = story.claims(admin, "company-admin", story.company)
        status, export = story.service.post_to(f"/v1/companies/{story.company}/exports", None, claims)
        assert status == 202
        asked.append(export["export_id"])
    assert len(set(asked)) == 2
