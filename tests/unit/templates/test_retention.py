"""What outlives the stack, and what a first creation that fails leaves behind."""

from typing import Any

import pytest

from earned.testing.cloudformation import INFRA, ROOT, TEMPLATE, read_template
from tools.operations.protection import KEEPS_DATA

POLICIES = {"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"}
RESOURCES: dict[str, dict[str, Any]] = {
    f"{path.stem}.{name}": resource
    for path in [TEMPLATE, *sorted(INFRA.glob("*.yaml"))]
    for name, resource in read_template(path)["Resources"].items()
}
# The first encrypts messages on their way, the second a log that goes with its stack.
KEEPS_NOTHING = {"observability.AlarmsKey", "edge.FirewallLogKey"}
KEPT = {name for name, one in RESOURCES.items() if one["Type"] in KEEPS_DATA | POLICIES} - KEEPS_NOTHING


@pytest.mark.parametrize("name", sorted(KEPT))
def test_data_and_the_policies_on_it_outlive_the_stack_but_not_a_first_creation_that_fails(name: str) -> None:
    """Resources that a failed creation retains must be deleted by hand before the next attempt."""
    assert RESOURCES[name]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_nothing_is_retained_when_a_first_creation_fails() -> None:
    assert [name for name, one in RESOURCES.items() if one.get("DeletionPolicy") == "Retain"] == []


@pytest.mark.parametrize("table", ["RecordsTable", "AccessLogTable", "SupportTable"])
def test_a_row_with_an_expiry_goes_away(table: str) -> None:
    expiry = RESOURCES[f"storage.{table}"]["Properties"]["TimeToLiveSpecification"]
    assert expiry == {"AttributeName": "expires", "Enabled": True}


def test_the_page_for_operators_says_how_long_everything_is_kept() -> None:
    text = (ROOT / "docs" / "operate.md").read_text().partition("## Stored data")[2]
    rows = [row for row in text.splitlines() if row.startswith("| ")]
    kept = {"AccessLogTable", "SupportTable", "ExportsBucket", "LogRetentionDays", "infra/announcements.yaml"}
    assert len(rows) > 10
    assert [name for name in sorted(kept) if name not in "\n".join(rows)] == []
