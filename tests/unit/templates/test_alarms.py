"""The alarms: what they watch, and whom they reach."""

import tomllib
from collections.abc import Iterator
from typing import Any

from earned.testing.cloudformation import INFRA, ROOT, functions, read_template, resources, tables

OBSERVABILITY = read_template(INFRA / "observability.yaml")
ROOT_STACK = read_template()


def test_an_address_is_subscribed_to_the_alarms() -> None:
    subscription = OBSERVABILITY["Resources"]["AlarmSubscription"]
    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"] == {
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
        "TopicArn": {"Ref": "Alarms"},
    }
    given = ROOT_STACK["Resources"]["Observability"]["Properties"]["Parameters"]
    assert given["AlarmEmail"] == {"Ref": "AlarmEmail"}


def test_the_topic_of_the_alarms_is_an_output() -> None:
    assert ROOT_STACK["Outputs"]["AlarmsTopicArn"]["Value"] == {
        "Fn::GetAtt": ["Observability", "Outputs.AlarmsTopicArn"]
    }


def allowed_on_dynamodb() -> Iterator[tuple[set[str], set[str], Any]]:
    """Of each statement about a table: its operations, its resources, and the partition keys it is limited to."""
    for role in resources("AWS::IAM::Role", INFRA / "roles.yaml").values():
        for policy in role["Policies"]:
            for one in policy["PolicyDocument"]["Statement"]:
                operations = {action.removeprefix("dynamodb:") for action in as_list(one["Action"])}
                if operations.isdisjoint(as_list(one["Action"])):
                    named = [str(text) for part in as_list(one["Resource"]) for text in part.values()]
                    keys = one.get("Condition", {}).get("ForAllValues:StringLike", {})
                    yield operations, set(named), keys.get("dynamodb:LeadingKeys")


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def alarms() -> dict[str, dict[str, Any]]:
    return {
        name: one["Properties"]
        for name, one in OBSERVABILITY["Resources"].items()
        if one["Type"] == "AWS::CloudWatch::Alarm"
    }


def watched(metric: str) -> set[tuple[str, ...]]:
    """The dimensions of every metric of this name that an alarm is on, as the parameters that name them."""
    found = [one for one in alarms().values() if one.get("MetricName") == metric] + [
        part["MetricStat"]["Metric"]
        for one in alarms().values()
        for part in one.get("Metrics", [])
        if part.get("MetricStat", {}).get("Metric", {}).get("MetricName") == metric
    ]
    return {
        tuple(d["Value"] if isinstance(d["Value"], str) else d["Value"]["Ref"] for d in one["Dimensions"])
        for one in found
    }


def test_a_crash_of_any_function_has_an_alarm() -> None:
    assert watched("Errors") == {(f"{name}Name",) for name in functions()}


def test_a_stopped_recursion_of_any_queue_function_has_an_alarm() -> None:
    assert watched("RecursiveInvocationsDropped") == {
        (f"{name}Name",) for name, one in functions().items() if one.source
    }


def test_throttled_requests_to_any_table_have_an_alarm() -> None:
    assert watched("WriteThrottleEvents") == {(f"{name}Name",) for name in tables()}
    assert watched("ReadThrottleEvents") == {("RecordsTableName",), ("SupportTableName",)}


def test_throttled_requests_to_any_index_have_an_alarm_through_the_operations_that_reach_it() -> None:
    """The metrics of a table leave out its indexes, and those of an index would cost as much for each of them."""
    assert [name for name, one in tables().items() if one.indexes] == ["RecordsTable"]
    assert watched("ThrottledRequests") == {("RecordsTableName", "UpdateItem"), ("RecordsTableName", "Query")}
    reads, writes = {"Query"}, {"UpdateItem"}
    for operations, on, keys in allowed_on_dynamodb():
        if any("/index/" in one for one in on):
            assert operations == reads
        elif "RecordsTableArn" in on and keys != "export#*":  # a row of an export is in no index
            assert operations <= reads | writes | {"BatchGetItem", "Scan"}, operations


def test_an_alarm_that_adds_up_metrics_stays_below_the_ten_that_cloudwatch_takes() -> None:
    sums = [one for one in alarms().values() if "Metrics" in one]
    assert len(sums) == 3
    for one in sums:
        [total, *parts] = one["Metrics"]
        assert total["Expression"] == "SUM(METRICS())"
        assert all(part["ReturnData"] is False for part in parts)
        assert len(parts) <= 10


def test_a_disabled_key_is_reported_to_the_topic_of_the_alarms() -> None:
    rule = OBSERVABILITY["Resources"]["KeyDisabled"]["Properties"]
    assert rule["EventPattern"]["detail"]["eventName"] == ["DisableKey", "ScheduleKeyDeletion"]
    assert rule["EventPattern"]["detail"]["resources"] == {"ARN": [{"Ref": "KeyArn"}]}
    assert [target["Arn"] for target in rule["Targets"]] == [{"Ref": "Alarms"}]


def test_the_alarms_do_not_need_the_key_of_the_data() -> None:
    """CloudWatch cannot publish to a topic whose key is disabled, and a second key costs a dollar a month."""
    assert "KmsMasterKeyId" not in OBSERVABILITY["Resources"]["Alarms"]["Properties"]
    assert [one for one in OBSERVABILITY["Resources"].values() if one["Type"] == "AWS::KMS::Key"] == []


def test_every_deployment_tags_its_resources_with_service_and_stage() -> None:
    configuration = tomllib.loads((ROOT / "samconfig.toml").read_text())
    for stage in ("dev", "prod"):
        assert configuration[stage]["deploy"]["parameters"]["tags"] == ["service=earned", f"stage={stage}"]


def test_the_saved_queries_search_the_logs_of_every_function_and_of_the_api() -> None:
    queries = [one for one in OBSERVABILITY["Resources"].values() if one["Type"] == "AWS::Logs::QueryDefinition"]
    searched = [one["Properties"]["LogGroupNames"] for one in queries]
    assert {"Ref": "FunctionLogs"} in searched
    assert [{"Ref": "ApiLog"}] in searched
    given = ROOT_STACK["Resources"]["Observability"]["Properties"]["Parameters"]["FunctionLogs"]["Fn::Join"][1]
    assert given == [{"Fn::GetAtt": ["Roles", f"Outputs.{name}Log"]} for name in functions()]


def test_an_api_with_a_domain_has_no_second_address() -> None:
    api = ROOT_STACK["Resources"]["Api"]["Properties"]
    assert api["DisableExecuteApiEndpoint"] == {"Fn::If": ["HasCustomDomain", True, False]}
    assert ROOT_STACK["Outputs"]["ApiUrl"]["Value"]["Fn::If"][:2] == [
        "HasCustomDomain",
        {"Fn::Sub": "https://${DomainName}"},
    ]


def test_only_an_emulator_goes_without_what_it_lacks() -> None:
    conditional = {name for name, one in OBSERVABILITY["Resources"].items() if one.get("Condition") == "IsOnAws"}
    queries = {name for name, one in OBSERVABILITY["Resources"].items() if one["Type"] == "AWS::Logs::QueryDefinition"}
    assert conditional == queries | {"RecursionStopped", "WritesThrottled", "ReadsThrottled"}
    assert OBSERVABILITY["Conditions"]["IsOnAws"] == {"Fn::Equals": [{"Ref": "OnAws"}, "true"]}
    assert ROOT_STACK["Parameters"]["OnAws"]["Default"] == "true"


def test_an_overdue_certificate_is_judged_by_its_age() -> None:
    """Counting periods goes blind when a pass of the sweep takes longer than a period."""
    alarm = alarms()["CertificatesOverdue"]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("OldestOverdueCertificateMinutes", "Maximum")
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (45, 1)


def test_a_pass_of_the_sweep_that_takes_more_than_a_day_has_an_alarm() -> None:
    alarm = alarms()["SweepPassOld"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("SweepPassHours", "Maximum", 24)
