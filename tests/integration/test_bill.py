"""The bill of a million certificates: no dearer than it was committed to be, and by the template that is deployed."""

import re
import tomllib
from pathlib import Path

import pytest

from earned.domain.sweep import Finding
from earned.testing.cloudformation import read_template, resources
from earned.testing.service import Service
from tests.integration.test_metrics import TABLE
from tools.bench.credential import measure as added_by_credential
from tools.costs import bill, scale
from tools.costs.__main__ import idle
from tools.costs.counts import Sweeping, count, count_download, count_list, count_summary, count_sweep, republish
from tools.costs.savings import savings

pytestmark = pytest.mark.usefixtures("versions")

ROOT = Path(__file__).parents[2]
COMMITTED = tomllib.loads((ROOT / "tools" / "costs" / "committed.toml").read_text())["dollars"]
FIVE_PERCENT = 1.05


@pytest.mark.parametrize("steps", [5, 50, 150])
def test_a_million_certificates_cost_no_more_than_five_percent_above_what_was_committed(
    service: Service, steps: int
) -> None:
    counts = count(service, steps)
    full, alone = (bill.total(bill.certificate_bill(counts, shape)) for shape in (bill.FULL, bill.Shape()))
    assert full <= COMMITTED[f"full_{steps}"] * FIVE_PERCENT
    assert alone <= COMMITTED[f"alone_{steps}"] * FIVE_PERCENT
    assert full < bill.total(bill.certificate_bill(counts, bill.Shape.of_volume(100e6, steps))) <= alone
    assert all(one.dollars > 0 for one in savings(counts))


def test_a_million_credentials_cost_at_most_ten_cents(service: Service) -> None:
    added = added_by_credential(10)["document_bytes_added"]
    lines = bill.credential_bill(count(service, 5), added)
    assert 1000 < added < 2000
    assert all(line.dollars > 0 for line in lines)
    assert bill.total(lines) <= 0.10


def test_a_million_downloads_cost_no_more_than_five_percent_above_what_was_committed(service: Service) -> None:
    download, _ = count_download(service)
    assert bill.total(bill.download_bill(download)) <= COMMITTED["downloads"] * FIVE_PERCENT


def test_the_sweep_costs_at_most_a_dollar_a_month_per_million_records(service: Service) -> None:
    lines = bill.keeping_a_month(count(service, 5), count_sweep(service))
    assert 0.5 < bill.sweep_a_month(lines) <= 1
    assert len([line for line in lines if "the sweep" in line.buys]) == 3


def test_a_pass_over_a_hundred_million_records_fits_into_the_runs_of_a_day(service: Service) -> None:
    assert bill.sweep_hours(count_sweep(service), 10**8) < bill.RUN_HOURS_A_DAY


def test_a_pass_takes_longer_the_more_items_there_are_beside_a_record() -> None:
    usual, more = (bill.sweep_hours(Sweeping(bytes=1_000, items=items, reads=2), 10**6) for items in (2, 20))
    assert usual < more


def test_a_summary_of_5_000_people_costs_no_more_than_five_percent_above_what_was_committed(service: Service) -> None:
    one = bill.total(bill.summary_bill(count_summary(service))) / bill.MILLION
    assert one <= COMMITTED["a_summary"] * FIVE_PERCENT


def test_a_line_of_the_access_log_is_as_long_as_is_priced() -> None:
    line: str = read_template()["Resources"]["ApiStage"]["Properties"]["AccessLogSettings"]["Format"]
    values = {
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": "ANY /v1/{proxy+}",
        "status": "200",
        "responseLatency": "125",
        "error.message": "-",
    }
    for name, value in values.items():
        assert f"$context.{name}" in line
        line = line.replace(f"$context.{name}", value)
    assert "$" not in line
    assert len(line) + 26 == pytest.approx(bill.API_LOG_LINE, abs=5)


def test_functions_have_the_memory_that_is_priced() -> None:
    template = (ROOT / "template.yaml").read_text()
    sections = {
        "record_directory": template.partition("  RecordDirectory:")[2],
        "record_progress": template.partition("  RecordProgress:")[2],
        "generate_certificate": template.partition("  GenerateCertificate:")[2],
        "serve_api": template.partition("  ServeApi:")[2],
        "evaluate_enrollments": template.partition("  EvaluateEnrollments:")[2],
        "sweep": template.partition("\n  Sweep:\n")[2],
    }
    default = int(template.partition("MemorySize: ")[2].split()[0])
    own = {
        name: section.partition("Type: AWS::Serverless::Function")[2].split("\n\n")[0]
        for name, section in sections.items()
    }
    memory = {
        name: int(text.partition("MemorySize: ")[2].split()[0]) if "MemorySize" in text else default
        for name, text in own.items()
    }
    assert memory == bill.PRICES["memory"]


def test_the_reader_of_a_change_has_the_timeout_that_the_forecast_assumes() -> None:
    assert resources("AWS::Serverless::Function")["FanOutChanges"]["Timeout"] == bill.FAN_OUT_SECONDS


def test_a_learner_of_a_republished_course_costs_one_write_and_shares_its_requests(service: Service) -> None:
    again = republish(service)
    assert again.writes == 1
    assert again.requests <= 1 + 2 / 50


def test_an_idle_stack_pays_at_most_what_was_committed_a_month() -> None:
    assert bill.total(idle()) <= COMMITTED["idle_a_month"]


def test_an_idle_stack_pays_for_every_key_and_secret_of_the_templates_and_for_no_option() -> None:
    """The edge is a stack of its own."""
    deployed = [path for path in (ROOT / "infra").glob("*.yaml") if path.name != "edge.yaml"]
    kinds = ("AWS::KMS::Key", "AWS::SecretsManager::Secret")
    made = [one for path in deployed for one in read_template(path)["Resources"].values() if "Condition" not in one]
    keys, secrets = (sum(one["Type"] == kind for one in made) for kind in kinds)
    by_service = {line.service: line.dollars for line in idle()}
    assert (by_service["KMS"], by_service["Secrets Manager"]) == (keys * 1.0, secrets * 0.40)
    parameters = read_template()["Parameters"]
    assert {parameters[option]["Default"] for option in ("Dashboard", "ApiSnapshot", "EncryptAlarms")} == {"false"}
    options = [line.dollars for line in bill.beside_idle_a_month() if "=true" in line.buys]
    assert options == pytest.approx([3.0, 1.95, 1.0], abs=0.01)


def test_the_bill_has_every_metric_of_the_service() -> None:
    without_findings = [row for row in TABLE if row[0] != "SweepFindings"]
    assert len(without_findings) + len(Finding) == bill.METRICS_OF_A_RUN + bill.METRICS_OF_WORK


_NUMBER = re.compile(r"\d[\d,.]*\d|\d")


def words_and_numbers(row: str) -> tuple[str, list[float]]:
    return _NUMBER.sub("0", row), [float(number.replace(",", "")) for number in _NUMBER.findall(row)]


def test_the_table_of_a_large_portal_says_what_the_counts_say(service: Service) -> None:
    """Within a percent: the bytes of a document vary with its number."""
    download, _ = count_download(service)
    told = dict(map(words_and_numbers, (ROOT / "docs" / "operate.md").read_text().splitlines()))
    page, _ = count_list(service)
    for row in scale.rows(count(service, 5), download, count_sweep(service), republish(service), page):
        words, numbers = words_and_numbers(str(row))
        assert told[words] == pytest.approx(numbers, rel=0.01)
