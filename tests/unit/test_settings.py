"""Settings from the environment."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from earned.aws.settings import InvalidSettings, Seconds, from_environment

NEEDED = {"RECORDS_TABLE": "records", "QUEUE_URL": "https://queue.example", "TOLERANCE": "300"}


@dataclass(frozen=True)
class Wanted:
    records_table: str
    queue_url: str
    tolerance: Seconds
    stage: str = "prod"


def test_settings_come_from_environment_variables_in_upper_case() -> None:
    environment = NEEDED | {"OTHER": "x", "STAGE": "dev", "TOLERANCE": "0.5"}

    expected = Wanted("records", "https://queue.example", timedelta(seconds=0.5), "dev")
    assert from_environment(Wanted, environment) == expected


def test_a_setting_with_a_default_may_be_absent_or_empty() -> None:
    assert from_environment(Wanted, NEEDED).stage == from_environment(Wanted, NEEDED | {"STAGE": ""}).stage == "prod"


@pytest.mark.parametrize(
    ("environment", "faults"),
    [
        ({}, "QUEUE_URL is missing; RECORDS_TABLE is missing; TOLERANCE is missing"),
        (NEEDED | {"RECORDS_TABLE": ""}, "RECORDS_TABLE is missing"),
        (NEEDED | {"RECORDS_TABLE": "", "records_table": "records"}, "RECORDS_TABLE is missing"),
        (NEEDED | {"TOLERANCE": "five minutes"}, "TOLERANCE must be a number of seconds"),
        (NEEDED | {"TOLERANCE": "nan"}, "TOLERANCE must be a number of seconds"),
        (NEEDED | {"TOLERANCE": "1e300"}, "TOLERANCE must be a number of seconds"),
        ({"QUEUE_URL": "q", "TOLERANCE": "x"}, "RECORDS_TABLE is missing; TOLERANCE must be a number of seconds"),
    ],
)
def test_one_error_names_every_missing_and_every_malformed_variable(environment: dict[str, str], faults: str) -> None:
    with pytest.raises(InvalidSettings) as raised:
        from_environment(Wanted, environment)
    assert str(raised.value) == f"{Wanted.__module__}: {faults}"
