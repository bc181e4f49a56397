"""Settings from the environment."""

from dataclasses import dataclass

import pytest

from earned.aws.settings import MissingSettings, from_environment


@dataclass(frozen=True)
class Wanted:
    records_table: str
    queue_url: str
    stage: str = "prod"


def test_settings_come_from_environment_variables_in_upper_case() -> None:
    environment = {"RECORDS_TABLE": "records", "QUEUE_URL": "https://queue.example", "OTHER": "x", "STAGE": "dev"}

    assert from_environment(Wanted, environment) == Wanted("records", "https://queue.example", "dev")


def test_a_setting_with_a_default_may_be_absent_or_empty() -> None:
    needed = {"RECORDS_TABLE": "records", "QUEUE_URL": "q"}

    assert from_environment(Wanted, needed).stage == from_environment(Wanted, {**needed, "STAGE": ""}).stage == "prod"


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({}, "QUEUE_URL, RECORDS_TABLE"),
        ({"RECORDS_TABLE": "records"}, "QUEUE_URL"),
        ({"RECORDS_TABLE": "", "QUEUE_URL": "q"}, "RECORDS_TABLE"),
        ({"records_table": "records", "QUEUE_URL": "q"}, "RECORDS_TABLE"),
    ],
)
def test_all_missing_settings_are_named_at_once(environment: dict[str, str], missing: str) -> None:
    with pytest.raises(MissingSettings, match=rf"Wanted needs the environment variables {missing}$"):
        from_environment(Wanted, environment)
