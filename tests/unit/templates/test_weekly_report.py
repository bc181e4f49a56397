"""The weekly report: it is optional, and its roles may do what it needs and nothing else."""

import re
from typing import Any

import pytest

from earned.testing.cloudformation import INFRA, read_template

TEMPLATE = read_template()
WEEKLY = read_template(INFRA / "reports.yaml")["Resources"]


def statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def test_without_a_bucket_there_is_no_schedule_and_no_permission() -> None:
    assert TEMPLATE["Resources"]["Reports"]["Condition"] == "HasReportBucket"
    assert TEMPLATE["Conditions"]["HasReportBucket"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ReportBucket"}, ""]}]}
    assert TEMPLATE["Parameters"]["ReportBucket"]["Default"] == ""
    kinds = {"AWS::Scheduler::Schedule", "AWS::IAM::Role", "AWS::IAM::RolePolicy"}
    assert {one["Type"] for one in WEEKLY.values()} == kinds


def test_the_report_is_asked_for_once_a_week() -> None:
    schedule = WEEKLY["Schedule"]["Properties"]
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == ("cron(0 3 ? * MON *)", "UTC")
    assert schedule["Target"]["Arn"] == {"Ref": "ExportQueueArn"}
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": {"Ref": "ExportDeadLetterQueueArn"}}


def test_the_schedule_may_only_send_to_the_export_queue_and_its_dead_letter_queue() -> None:
    role = WEEKLY["ScheduleRole"]["Properties"]
    [policy] = role["Policies"]
    queues = [{"Ref": "ExportQueueArn"}, {"Ref": "ExportDeadLetterQueueArn"}]
    assert statements(policy) == [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queues}]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_export_function_may_put_reports_and_begin_the_weekly_one_alone() -> None:
    policy = WEEKLY["WeeklyReportPolicy"]["Properties"]
    assert policy["RoleName"] == {"Ref": "ExportCertificatesRoleName"}
    put, begin = statements(policy)
    assert (put["Action"], begin["Action"]) == ("s3:PutObject", "dynamodb:PutItem")
    assert put["Resource"] == {"Fn::Sub": "arn:${AWS::Partition}:s3:::${ReportBucket}/reports/*"}
    assert begin["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": "export##"},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


@pytest.mark.parametrize(
    ("bucket", "is_name"), [("", True), ("earned-reports", True), ("s3://reports", False), ("a", False)]
)
def test_the_parameter_is_the_name_of_a_bucket(bucket: str, is_name: bool) -> None:  # a case
    assert bool(re.fullmatch(TEMPLATE["Parameters"]["ReportBucket"]["AllowedPattern"], bucket)) is is_name
