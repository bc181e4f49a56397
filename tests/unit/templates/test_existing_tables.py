"""A restored or retained table takes the place of the stack's own, everywhere at once."""

import json
from typing import Any

import pytest

from earned.testing.cloudformation import INFRA, read_template
from tests.unit.test_template import chosen

STORAGE = read_template(INFRA / "storage.yaml")
TABLES = ("RecordsTable", "AccessLogTable", "SupportTable")


@pytest.mark.parametrize("table", TABLES)
def test_the_name_and_the_arn_that_all_others_use_are_those_of_the_existing_table(table: str) -> None:
    name, arn = (STORAGE["Outputs"][f"{table}{what}"]["Value"] for what in ("Name", "Arn"))
    assert chosen(name, f"Has{table}") == {"Ref": f"Existing{table}"}
    assert chosen(arn, f"Has{table}")["Fn::Sub"].endswith(f":table/${{Existing{table}}}")
    assert chosen(name) == {"Ref": table}
    assert chosen(arn) == {"Fn::GetAtt": [table, "Arn"]}
    assert STORAGE["Conditions"][f"Has{table}"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": f"Existing{table}"}, ""]}]}


@pytest.mark.parametrize("table", TABLES)
def test_the_parameter_reaches_the_tables_stack_and_names_none_by_default(table: str) -> None:
    root = read_template()
    given = root["Resources"]["Storage"]["Properties"]["Parameters"]
    assert given[f"Existing{table}"] == {"Ref": f"Existing{table}"}
    assert root["Parameters"][f"Existing{table}"]["Default"] == ""


def test_the_erasure_role_reaches_the_table_in_use_and_not_the_one_before() -> None:
    [policy] = STORAGE["Resources"]["ErasureRole"]["Properties"]["Policies"]
    statements: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    tables = [one["Resource"] for one in statements if "dynamodb:" in str(one["Action"])]
    in_use = json.dumps([chosen(one, "HasRecordsTable", "HasSupportTable") for one in tables])
    assert in_use.count("ExistingRecordsTable") == 3
    assert in_use.count("ExistingSupportTable") == 1
    assert "Fn::GetAtt" not in in_use
    assert "${RecordsTable.Arn}" not in in_use


def test_the_own_table_stays_when_another_is_used() -> None:
    for table in TABLES:
        assert "Condition" not in STORAGE["Resources"][table]
        assert STORAGE["Resources"][table]["UpdateReplacePolicy"] == "Retain"
