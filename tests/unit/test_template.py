"""The templates are lint-clean, as written and as transformed, and fit each other."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import cfnlint.api
import pytest
from cfnlint.config import ManualArgs
from samtranslator.translator.transform import transform

from earned.aws.s3 import ARCHIVES, SEGMENT, STATE
from earned.testing.cloudformation import (
    INFRA,
    REQUIRED,
    ROOT,
    TEMPLATE,
    Function,
    functions,
    queues,
    read_template,
    reserved_concurrency,
    resources,
)

TEMPLATES = [TEMPLATE, *sorted(INFRA.glob("*.yaml"))]
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-2"]


class NoManagedPolicies:
    """The loader of AWS managed policies that the transform needs; the template names none."""

    def load(self) -> dict[str, str]:
        """Managed policies by name."""
        return {}


def of_type(kind: str, stack: str) -> dict[str, dict[str, Any]]:
    """The properties of the resources of a type, by name."""
    return resources(kind, INFRA / f"{stack}.yaml")


def policy_of(name: str, stack: str) -> list[dict[str, Any]]:
    """The policy statements of a bucket, queue or topic."""
    policies = [
        resource["Properties"]
        for resource in read_template(INFRA / f"{stack}.yaml")["Resources"].values()
        if resource["Type"] in {"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"}
    ]
    on = {"Ref": name}
    [found] = [one for one in policies if on in (one.get("Queues") or one.get("Topics") or [one["Bucket"]])]
    statements: list[dict[str, Any]] = found["PolicyDocument"]["Statement"]
    return statements


def consumers() -> dict[str, Function]:
    """The function that consumes each queue, by the queue's logical id."""
    return {function.source.queue: function for function in functions().values() if function.source}


@pytest.fixture(scope="module")
def transformed() -> dict[str, Any]:
    """The template after SAM's transform."""
    local_paths = re.compile(r'"((?:layers|functions|infra)/[^"$]+)"')
    source = json.loads(local_paths.sub(r'"s3://bucket/\1"', json.dumps(read_template())))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGIONS[0])
        result: dict[str, Any] = transform(source, REQUIRED, NoManagedPolicies())
    return result


def complaints(text: str) -> list[str]:
    """The findings of cfn-lint in a template."""
    return [str(match) for match in cfnlint.api.lint(text, config=ManualArgs(regions=REGIONS))]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_is_lint_clean_as_written(path: Path) -> None:
    assert complaints(path.read_text()) == []


def test_the_template_is_lint_clean_as_transformed(transformed: dict[str, Any]) -> None:
    assert complaints(json.dumps(transformed)) == []


def test_every_nested_output_that_is_used_exists() -> None:
    template = read_template()
    nested = {
        name: set(read_template(ROOT / resource["Properties"]["Location"])["Outputs"])
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Application"
    }
    asked = re.findall(r'"Fn::GetAtt": \["(\w+)", "Outputs\.(\w+)"\]', json.dumps(template))
    assert asked
    assert [f"{stack}.{output}" for stack, output in asked if output not in nested[stack]] == []


def test_a_nested_stack_gets_only_its_parameters_and_all_required_ones() -> None:
    for resource in read_template()["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Application":
            declared = read_template(ROOT / resource["Properties"]["Location"]).get("Parameters", {})
            given = set(resource["Properties"].get("Parameters", {}))
            required = {name for name, parameter in declared.items() if "Default" not in parameter}
            assert required <= given <= set(declared)


def test_every_event_source_reports_failures_per_message(transformed: dict[str, Any]) -> None:
    mappings = [
        resource["Properties"]
        for resource in transformed["Resources"].values()
        if resource["Type"] == "AWS::Lambda::EventSourceMapping"
    ]
    assert len(mappings) == 7
    assert all(mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for mapping in mappings)


def test_a_visibility_timeout_is_six_function_timeouts_and_the_batching_window() -> None:
    assert queues().keys() == consumers().keys()
    for name, function in consumers().items():
        assert function.source
        assert queues()[name].visibility_timeout >= 6 * function.timeout + function.source.window


def test_a_queue_keeps_messages_for_four_days_and_its_dead_letter_queue_for_two_weeks() -> None:
    properties = of_type("AWS::SQS::Queue", "queues")
    for name, queue in queues().items():
        assert queue.dead_letter_queue == name.replace("Queue", "DeadLetterQueue")
        assert properties[name]["MessageRetentionPeriod"] == 4 * 86_400
        assert properties[queue.dead_letter_queue]["MessageRetentionPeriod"] == 14 * 86_400


def test_a_message_is_retried_for_15_to_60_minutes() -> None:
    """Then it moves to the dead-letter queue, which has an alarm."""
    for queue in queues().values():
        assert 15 * 60 <= queue.max_receive_count * queue.visibility_timeout <= 3600


def test_a_batch_above_ten_has_the_window_that_lambda_requires() -> None:
    for function in consumers().values():
        assert function.source
        assert function.source.batch_size <= 10 or function.source.window >= 1


def test_changes_evaluation_and_generation_have_no_batching_window() -> None:
    for name in ("ChangeQueue", "EvaluationQueue", "GenerationQueue"):
        source = consumers()[name].source
        assert source
        assert source.window == 0


def chosen(value: Any, *conditions: str) -> Any:
    """A value of the template when exactly these conditions hold."""
    match value:
        case {"Fn::If": [condition, then, otherwise]}:
            return chosen(then if condition in conditions else otherwise, *conditions)
        case {"Fn::FindInMap": [name, first, second]}:
            return read_template()["Mappings"][name][first][second]
        case {"Ref": "AWS::NoValue"}:
            return None
        case dict():
            return {key: chosen(one, *conditions) for key, one in value.items()}
    return value


PROD = "IsProd", "IsReserved", "PollersAreLimited"
PROVISIONED = "IsProd", "IsReserved", "PollersAreProvisioned"


def test_the_concurrency_that_the_template_tells_is_the_reserved_one() -> None:
    [told] = re.findall(r"prod reserves (\d+), with provisioned pollers ([\d,]+)", (ROOT / "template.yaml").read_text())
    assert [reserved_concurrency(provisioned=False), reserved_concurrency(provisioned=True)] == [
        int(number.replace(",", "")) for number in told
    ]
    assert reserved_concurrency(provisioned=False) <= 1_000 - 100


def test_nothing_is_reserved_when_the_account_has_too_little_or_outside_prod() -> None:
    for conditions in (
        ("IsProd", "PollersAreLimited"),
        ("IsProd", "PollersAreProvisioned"),
        ("PollersAreProvisioned",),
    ):
        for function in resources("AWS::Serverless::Function").values():
            assert chosen(function["ReservedConcurrentExecutions"], *conditions) is None
    assert read_template()["Conditions"]["IsReserved"] == {
        "Fn::And": [{"Condition": "IsProd"}, {"Fn::Equals": [{"Ref": "ReserveConcurrency"}, "true"]}]
    }


def test_pollers_are_limited_in_prod_only_when_they_are_the_default() -> None:
    assert read_template()["Conditions"]["PollersAreLimited"] == {
        "Fn::And": [{"Condition": "IsProd"}, {"Fn::Equals": [{"Ref": "Pollers"}, "default"]}]
    }


def test_every_queue_and_dead_letter_queue_has_an_alarm_and_every_function_one_on_throttles() -> None:
    functions = [
        name
        for name, resource in read_template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    watched = {
        (alarm["MetricName"], alarm["Dimensions"][0]["Value"]["Ref"])
        for alarm in of_type("AWS::CloudWatch::Alarm", "observability").values()
        if "MetricName" in alarm
    }
    for name in of_type("AWS::SQS::Queue", "queues"):
        dead = name.endswith("DeadLetterQueue")
        metric = "ApproximateNumberOfMessagesVisible" if dead else "ApproximateAgeOfOldestMessage"
        assert (metric, f"{name}Name") in watched
    assert {("Throttles", f"{name}Name") for name in functions} <= watched


def test_the_documents_bucket_denies_overwriting_and_deleting_except_by_erasure() -> None:
    statements = policy_of("DocumentsBucket", "storage")
    overwriting, deleting = ((one.get("Fn::If") or [None, one])[1] for one in statements[1:])
    assert (overwriting["Effect"], overwriting["Principal"], overwriting["Action"]) == ("Deny", "*", "s3:PutObject")
    assert overwriting["Condition"] == {"Null": {"s3:if-none-match": "true"}}
    assert (deleting["Effect"], deleting["Principal"]) == ("Deny", "*")
    assert deleting["Action"] == ["s3:DeleteObject", "s3:DeleteObjectVersion"]
    assert deleting["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": {"Fn::GetAtt": ["ErasureRole", "Arn"]}}}


def test_the_erasure_role_belongs_to_no_function_and_reaches_only_personal_data() -> None:
    [role] = of_type("AWS::IAM::Role", "storage").values()
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert trust["Condition"]["Fn::If"][:2] == ["MfaRequired", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}]
    assert read_template()["Parameters"]["ErasureRequiresMfa"]["Default"] == "true"
    [policy] = role["Policies"]
    may = [(one["Action"], one.get("Condition")) for one in policy["PolicyDocument"]["Statement"]]
    has_key = {"Null": {"dynamodb:LeadingKeys": "false"}}
    kinds = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["enrollment#*", "account#*"]}, **has_key}
    requests = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "request"}, **has_key}
    assert may == [
        (["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], kinds),
        ("dynamodb:Query", None),
        (["dynamodb:DeleteItem", "dynamodb:Query"], requests),
        ("s3:ListBucketVersions", None),
        (["s3:DeleteObject", "s3:DeleteObjectVersion"], None),
        ("s3:GetObjectVersion", None),
        ("s3:ListBucketMultipartUploads", None),
        ("s3:AbortMultipartUpload", None),
    ]
    [reading] = [one for one in policy["PolicyDocument"]["Statement"] if one["Action"] == "s3:GetObjectVersion"]
    read = [arn["Fn::Sub"] for arn in reading["Resource"]]
    assert read == ["${ExportsBucket.Arn}/" + ARCHIVES + "*" + suffix for suffix in (STATE, SEGMENT)]


@pytest.mark.parametrize(
    ("kind", "stack"),
    [("AWS::S3::Bucket", "storage"), ("AWS::SQS::Queue", "queues"), ("AWS::SNS::Topic", "observability")],
)
def test_every_bucket_queue_and_topic_requires_tls(kind: str, stack: str) -> None:
    assert of_type(kind, stack)
    for name in of_type(kind, stack):
        [rule] = [one for one in policy_of(name, stack) if one.get("Sid") == "OnlyThroughTls"]
        assert (rule["Effect"], rule["Principal"]) == ("Deny", "*")
        assert rule["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_bucket_is_private_encrypted_logged_and_except_for_exports_versioned() -> None:
    for name, bucket in of_type("AWS::S3::Bucket", "storage").items():
        assert bucket["PublicAccessBlockConfiguration"] == {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        }
        assert "BucketEncryption" in bucket
        assert ("LoggingConfiguration" in bucket) == (name != "AccessLogsBucket")
        assert ("VersioningConfiguration" in bucket) == (name != "ExportsBucket")


def test_every_table_has_point_in_time_recovery_and_in_prod_deletion_protection() -> None:
    for table in of_type("AWS::DynamoDB::Table", "storage").values():
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    given = read_template()["Resources"]["Storage"]["Properties"]["Parameters"]
    assert given["DeletionProtection"] == {"Fn::If": ["IsProd", "true", "false"]}


def test_tables_queues_and_logs_are_encrypted_with_the_one_key() -> None:
    key = {"Ref": "KeyArn"}
    tables = of_type("AWS::DynamoDB::Table", "storage").values()
    assert all(
        table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} for table in tables
    )
    assert all(one["KmsMasterKeyId"] == key for one in of_type("AWS::SQS::Queue", "queues").values())
    assert all(group["KmsKeyId"] == key for group in of_type("AWS::Logs::LogGroup", "roles").values())


def test_the_key_serves_this_account_alone() -> None:
    [key] = of_type("AWS::KMS::Key", "key").values()
    _, through_services, *_ = key["KeyPolicy"]["Statement"]
    assert through_services["Principal"] == {"AWS": "*"}
    only = through_services["Condition"]["StringEquals"]
    assert only["kms:CallerAccount"] == {"Ref": "AWS::AccountId"}
    assert len(only["kms:ViaService"]) == 4
    assert "kms:CreateGrant" not in through_services["Action"]


def test_a_grant_on_the_key_is_for_a_service_itself() -> None:
    """A principal with a grant could use the key past every condition of its policy."""
    [key] = of_type("AWS::KMS::Key", "key").values()
    granting = [one for one in key["KeyPolicy"]["Statement"] if "kms:CreateGrant" in one.get("Action", "")]
    [statement] = granting
    assert statement["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert statement["Condition"]["StringEquals"]["kms:CallerAccount"] == {"Ref": "AWS::AccountId"}


def mappings_of(transformed: dict[str, Any], *conditions: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(reserved concurrency of the function, event source mapping) when exactly these conditions hold."""
    resources = transformed["Resources"]
    for resource in resources.values():
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            mapping = chosen(resource["Properties"], *conditions)
            function = resources[resource["Properties"]["FunctionName"]["Ref"]]["Properties"]
            yield chosen(function["ReservedConcurrentExecutions"], *conditions), mapping


def test_in_prod_an_event_source_uses_exactly_the_reserved_concurrency_of_its_function(
    transformed: dict[str, Any],
) -> None:
    """A higher one would use up the deliveries of messages that Lambda only throttled."""
    for reserved, mapping in mappings_of(transformed, *PROD):
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": reserved}
        assert mapping.get("ProvisionedPollerConfig") is None


def test_a_function_with_provisioned_pollers_takes_ten_batches_per_poller(
    transformed: dict[str, Any],
) -> None:
    found = [pair for pair in mappings_of(transformed, *PROVISIONED) if pair[1].get("ProvisionedPollerConfig")]
    assert len(found) == 2
    for reserved, mapping in found:
        pollers = mapping["ProvisionedPollerConfig"]
        assert pollers["MinimumPollers"] == pollers["MaximumPollers"] == reserved / 10
        assert mapping["ScalingConfig"] is None  # AWS takes one or the other


STEPS = [PROD, ("IsProd", "IsReserved"), PROVISIONED]  # Pollers: default, unlimited, provisioned
SCALING = {"ScalingConfig", "ProvisionedPollerConfig"}


@pytest.mark.parametrize("steps", [STEPS, STEPS[::-1]], ids=["up", "down"])
def test_a_step_from_one_kind_of_pollers_to_the_next_never_adds_one_scaling_mode_and_removes_the_other(
    transformed: dict[str, Any], steps: list[tuple[str, ...]]
) -> None:
    """Lambda refuses a mapping with both; an update that adds one while it removes the other depends on their order."""
    set_by_step = [
        [{name for name in SCALING if mapping.get(name) is not None} for _, mapping in mappings_of(transformed, *step)]
        for step in steps
    ]
    for before, after in pairwise(set_by_step):
        assert before != after
        for one, other in zip(before, after, strict=True):
            assert len(one ^ other) <= 1
            assert len(other) <= 1


def test_toggling_the_pollers_never_lowers_the_tables_throughput() -> None:
    """Warm throughput can only rise: an update that lowers it fails, and the whole deployment with it."""
    given = read_template()["Resources"]["Storage"]["Properties"]["Parameters"]
    for units in ("WriteUnits", "ReadUnits"):
        assert given[units] == {"Fn::FindInMap": ["Table", {"Ref": "WarmThroughput"}, units]}
    records = read_template(INFRA / "storage.yaml")["Resources"]["RecordsTable"]["Properties"]
    assert records["WarmThroughput"]["Fn::If"][0] == "PrewarmTable"
    assert records["WarmThroughput"]["Fn::If"][2] == {"Ref": "AWS::NoValue"}  # back at the default, it asks for nothing
    default = read_template()["Mappings"]["Table"]["default"]["WriteUnits"]
    prewarm = read_template(INFRA / "storage.yaml")["Conditions"]["PrewarmTable"]
    assert prewarm == {"Fn::Not": [{"Fn::Equals": [{"Ref": "WriteUnits"}, default]}]}


def test_the_table_is_prewarmed_for_provisioned_pollers() -> None:
    """A mark and a certificate write one unit each; 10,000 of both must be written within two seconds."""
    assert read_template()["Mappings"]["Table"]["large-event"]["WriteUnits"] >= 2 * 10_000 / 2
    records = read_template(INFRA / "storage.yaml")["Resources"]["RecordsTable"]["Properties"]
    assert records["WarmThroughput"]["Fn::If"][1] == {
        "WriteUnitsPerSecond": {"Ref": "WriteUnits"},
        "ReadUnitsPerSecond": {"Ref": "ReadUnits"},
    }


def test_docs_operate_explains_every_parameter_and_no_other() -> None:
    rows = [row for row in (ROOT / "docs" / "operate.md").read_text().splitlines() if row.startswith("| `")]
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert explained == read_template()["Parameters"].keys()


def test_no_more_than_five_checks_are_suppressed_and_each_says_why() -> None:
    suppressed = [
        check["comment"]
        for path in TEMPLATES
        for resource in read_template(path)["Resources"].values()
        for check in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert len(suppressed) <= 5
    assert all(suppressed)


def test_exports_expire_after_a_day() -> None:
    storage = read_template(INFRA / "storage.yaml")["Resources"]
    [rule] = storage["ExportsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["Prefix"], rule["ExpirationInDays"]) == ("Enabled", "exports/", 1)
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert storage["RecordsTable"]["Properties"]["TimeToLiveSpecification"]["AttributeName"] == "expires"
