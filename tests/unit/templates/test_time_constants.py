"""Times in the code that depend on a time in a template, and times that the documentation promises."""

from datetime import timedelta
from typing import Any

import pytest

from earned.aws.dynamodb import access_log, support
from earned.aws.s3 import LINK_SECONDS
from earned.domain import exports, rules
from earned.testing.cloudformation import INFRA, ROOT, TEMPLATE, read_template
from earned.usecases import export_certificates, record_facts
from tools.operations import quarantine

QUEUES = read_template(INFRA / "queues.yaml")
STORAGE = read_template(INFRA / "storage.yaml")["Resources"]
APPLICATION = read_template(TEMPLATE)
FACTS = ("Progress", "Attendance")


def queue(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = QUEUES["Resources"][f"{name}Queue"]["Properties"]
    return properties


def visibility(name: str) -> timedelta:
    """What template.yaml gives for the parameter that the queue refers to."""
    parameter = queue(name)["VisibilityTimeout"]["Ref"]
    given = APPLICATION["Resources"]["Queues"]["Properties"]["Parameters"].get(parameter)
    return timedelta(seconds=given if given is not None else QUEUES["Parameters"][parameter]["Default"])


def timeout(function: str) -> timedelta:
    own = APPLICATION["Resources"][function]["Properties"].get("Timeout")
    return timedelta(seconds=own or APPLICATION["Globals"]["Function"]["Timeout"])


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_can_be_delivered_as_late_as_its_queue_and_dead_letter_queue_keep_it(name: str) -> None:
    kept = sum(queue(one)["MessageRetentionPeriod"] for one in (name, f"{name}DeadLetter"))
    assert timedelta(seconds=kept) == record_facts.MAX_DELIVERY_DELAY


def test_an_archive_is_deleted_no_earlier_than_its_export_expires() -> None:
    [rule] = STORAGE["ExportsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert timedelta(days=rule["ExpirationInDays"]) >= exports.RETENTION
    assert timedelta(days=rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]) >= exports.RETENTION


def test_an_export_counts_as_failed_only_after_its_last_delivery() -> None:
    deliveries = queue("Export")["RedrivePolicy"]["maxReceiveCount"]
    assert deliveries * visibility("Export") < exports.STALL_TIMEOUT


def test_the_lease_of_an_export_outlasts_a_run_and_ends_before_the_next_delivery() -> None:
    assert timeout("ExportCertificates") < export_certificates.MAX_RUN < visibility("Export")


def test_the_default_tolerance_of_the_rules_is_that_of_the_template() -> None:
    default = APPLICATION["Parameters"]["OrderToleranceSeconds"]["Default"]
    assert timedelta(seconds=default) == rules.TOLERANCE == timedelta(minutes=5)


def test_links_work_for_a_minute() -> None:
    assert LINK_SECONDS == 60
    assert "link for one minute" in (ROOT / "README.md").read_text()


def test_what_the_page_for_operators_promises_is_what_the_code_does() -> None:
    page = (ROOT / "docs" / "operate.md").read_text()
    kept = {"3 years": access_log.RETENTION, "90 days": support.SUPPORT_REQUESTS_LAST, "a day": exports.RETENTION}
    spans = {"3 years": timedelta(days=3 * 365), "90 days": timedelta(days=90), "a day": timedelta(days=1)}
    assert kept == spans
    rows = {row.split("|")[1].strip(): row.split("|")[2].strip() for row in page.splitlines() if row.count("|") == 4}
    assert rows["access log: who got which download link"].startswith("3 years")
    assert rows["support requests"].startswith("90 days")
    assert rows["exports, reports"] == "a day"


def test_a_message_that_an_operator_lists_is_hidden_for_longer_than_the_listing_takes() -> None:
    assert quarantine.WALK_SECONDS < quarantine.HOLD_SECONDS < 12 * 3600  # SQS hides a message for 12 hours at most
