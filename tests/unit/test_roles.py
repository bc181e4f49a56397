"""Who may do what: every action of every function's role, and what no role has."""

from fnmatch import fnmatchcase
from typing import Any

import pytest

from earned.testing.cloudformation import INFRA, read_template
from tests.unit.test_template import chosen
from tests.unit.test_template import transformed as transformed  # noqa: PLC0414  # a fixture of this module too

# A line is a statement: service, actions, resources, in brackets the kinds of items; `new`: only with If-None-Match.
MAY = """
RecordDirectory
    logs      CreateLogStream PutLogEvents                      on RecordDirectoryLog
    sqs       DeleteMessage GetQueueAttributes ReceiveMessage   on DirectoryQueue
    dynamodb  UpdateItem                 on RecordsTable [enrollment#* training#* account#* company#*
                                            company-certificates#*]
    dynamodb  Query                      on RecordsTable [enrollment#*]
    dynamodb  BatchGetItem               on RecordsTable [training#* account#* company#*]
    sqs       SendMessage                on ChangeQueue EvaluationQueue GenerationQueue DirectoryDeadLetterQueue
    events    PutEvents                  on Bus

RecordProgress
    logs      CreateLogStream PutLogEvents                      on RecordProgressLog
    sqs       DeleteMessage GetQueueAttributes ReceiveMessage   on ProgressQueue
    dynamodb  Query UpdateItem           on RecordsTable [enrollment#*]
    dynamodb  BatchGetItem               on RecordsTable [training#*]
    sqs       SendMessage                on GenerationQueue ProgressDeadLetterQueue
    events    PutEvents                  on Bus

RecordAttendance
    logs      CreateLogStream PutLogEvents                      on RecordAttendanceLog
    sqs       DeleteMessage GetQueueAttributes ReceiveMessage   on AttendanceQueue
    dynamodb  Query UpdateItem           on RecordsTable [enrollment#*]
    dynamodb  BatchGetItem               on RecordsTable [training#*]
    sqs       SendMessage                on GenerationQueue AttendanceDeadLetterQueue
    events    PutEvents                  on Bus

FanOutChanges
    logs      CreateLogStream PutLogEvents                      on FanOutChangesLog
    sqs       DeleteMessage GetQueueAttributes ReceiveMessage   on ChangeQueue
    dynamodb  BatchGetItem               on RecordsTable [account#*]
    dynamodb  Query                      on RecordsTable/index/by-holder RecordsTable/index/by-training
    sqs       SendMessage                on EvaluationQueue ChangeDeadLetterQueue

EvaluateEnrollments
    logs      CreateLogStream PutLogEvents                      on EvaluateEnrollmentsLog
    sqs       DeleteMessage GetQueueAttributes ReceiveMessage   on EvaluationQueue
    dynamodb  UpdateItem                 on RecordsTable [enrollment#*]
    dynamodb  BatchGetItem               on RecordsTable [enrollment#* training#* account#* company#*]
    sqs       SendMessage                on GenerationQueue EvaluationDeadLetterQueue

GenerateCertificate
    logs      CreateLogStream PutLogEvents                      on GenerateCertificateLog
    sqs       DeleteMessage GetQueueAttributes ReceiveMessage   on GenerationQueue
    dynamodb  UpdateItem                 on RecordsTable [enrollment#* training#* company-certificates#*]
    dynamodb  BatchGetItem               on RecordsTable [enrollment#* training#* account#* company#*]
    s3        GetObject                  on DocumentsBucket/certificates/* DocumentsBucket/logos/*
    s3        PutObject                  on DocumentsBucket/certificates/* DocumentsBucket/logos/* new
    s3        PutObject                  on DocumentsBucket/issuer-keys/certificates/* new
    secretsmanager GetSecretValue        on CertificateKey
    s3        GetObject                  on AssetsBucket/*
    s3        ListBucket                 on AssetsBucket DocumentsBucket
    events    PutEvents                  on Bus
    sqs       SendMessage                on GenerationDeadLetterQueue

ExportCertificates
    logs      CreateLogStream PutLogEvents                      on ExportCertificatesLog
    sqs       ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage   on ExportQueue
    dynamodb  Query UpdateItem           on RecordsTable [export#*]
    dynamodb  BatchGetItem               on RecordsTable [enrollment#* training#* account#* company#*
                                            company-certificates#*]
    dynamodb  Query                      on RecordsTable/index/by-holder
    dynamodb  Scan                       on RecordsTable
    s3        GetObject                  on DocumentsBucket/certificates/*
    s3        GetObject PutObject        on ExportsBucket/exports/*
    s3        ListBucket                 on DocumentsBucket ExportsBucket
    sqs       SendMessage                on ExportDeadLetterQueue

Sweep
    logs      CreateLogStream PutLogEvents                      on SweepLog
    dynamodb  UpdateItem                 on RecordsTable [sweep#* training#*]
    dynamodb  BatchGetItem               on RecordsTable [enrollment#* training#* account#* company#* sweep#*]
    dynamodb  Scan                       on RecordsTable
    dynamodb  Query                      on RecordsTable/index/by-calendar RecordsTable/index/by-training
    s3        GetObject                  on DocumentsBucket/certificates/*
    s3        ListBucket                 on DocumentsBucket
    events    PutEvents                  on Bus
    sqs       SendMessage                on EvaluationQueue GenerationQueue

ServeApi
    logs      CreateLogStream PutLogEvents                      on ServeApiLog
    dynamodb  PutItem                    on RecordsTable [export#*]
    dynamodb  UpdateItem                 on RecordsTable [export-hour#*]
    dynamodb  Query                      on RecordsTable [enrollment#* export#*]
    dynamodb  BatchGetItem               on RecordsTable [enrollment#* training#* account#* company#*
                                            company-certificates#*]
    dynamodb  Query                      on RecordsTable/index/by-calendar RecordsTable/index/by-email
                                            RecordsTable/index/by-holder RecordsTable/index/by-training
    dynamodb  PutItem                    on AccessLogTable
    dynamodb  PutItem Query              on SupportTable [request]
    dynamodb  Query                      on SupportTable [dropped]
    dynamodb  UpdateItem                 on SupportTable [rate dropped]
    s3        GetObject GetObjectVersion on DocumentsBucket/certificates/*
    s3        GetObject                  on ExportsBucket/exports/*.zip
    s3        PutObject                  on DocumentsBucket/issuer-keys/statuses/* new
    secretsmanager GetSecretValue        on StatusKey
    s3        ListBucket                 on DocumentsBucket
    sqs       SendMessage                on GenerationQueue ExportQueue
"""

# Sensitive actions, and the only roles that may do them.
RECORDERS = {"RecordDirectory", "RecordProgress", "RecordAttendance", "EvaluateEnrollments", "GenerateCertificate"}
ONLY: dict[tuple[str, str, str | None], set[str]] = {
    ("dynamodb:UpdateItem", "RecordsTable", "enrollment#enr-1"): RECORDERS,
    ("dynamodb:PutItem", "RecordsTable", "enrollment#enr-1"): set(),
    ("dynamodb:UpdateItem", "RecordsTable", "account#acc-1"): {"RecordDirectory"},
    ("dynamodb:UpdateItem", "RecordsTable", "company#co-1"): {"RecordDirectory"},
    ("dynamodb:UpdateItem", "RecordsTable", "training#course-1"): {"GenerateCertificate", "RecordDirectory", "Sweep"},
    ("dynamodb:Scan", "RecordsTable", None): {"ExportCertificates", "Sweep"},
    ("dynamodb:Query", "RecordsTable/index/by-email", None): {"ServeApi"},
    ("dynamodb:PutItem", "AccessLogTable", "cert"): {"ServeApi"},
    ("dynamodb:UpdateItem", "AccessLogTable", "cert"): set(),
    ("dynamodb:Query", "SupportTable", "request"): {"ServeApi"},
    ("s3:PutObject", "DocumentsBucket/certificates/cert/1.pdf", None): {"GenerateCertificate"},
    ("s3:PutObject", "DocumentsBucket/anything-else", None): set(),
    ("s3:PutObject", "DocumentsBucket/issuer-keys/certificates/z6Mk", None): {"GenerateCertificate"},
    ("s3:PutObject", "DocumentsBucket/issuer-keys/statuses/z6Mk", None): {"ServeApi"},
    ("secretsmanager:GetSecretValue", "CertificateKey", None): {"GenerateCertificate"},
    ("secretsmanager:GetSecretValue", "StatusKey", None): {"ServeApi"},
    ("s3:GetObjectVersion", "DocumentsBucket/certificates/cert/1.pdf", None): {"ServeApi"},
    ("s3:GetObject", "AssetsBucket/logos/co-1/logo.svg", None): {"GenerateCertificate"},
    ("s3:PutObject", "AssetsBucket/logos/co-1/logo.svg", None): set(),
    ("s3:PutObject", "ExportsBucket/exports/export.zip", None): {"ExportCertificates"},
    ("s3:GetObject", "ExportsBucket/exports/export.checkpoint", None): {"ExportCertificates"},
    ("s3:GetObject", "ExportsBucket/exports/export.0a.segment", None): {"ExportCertificates"},
    ("sqs:SendMessage", "ExportQueue", None): {"ServeApi"},
    ("events:PutEvents", "Bus", None): RECORDERS - {"EvaluateEnrollments"} | {"Sweep"},
    ("sqs:SendMessage", "ChangeQueue", None): {"RecordDirectory"},
    ("sqs:SendMessage", "ProgressQueue", None): set(),
    ("sqs:SendMessage", "AttendanceQueue", None): set(),
    ("sqs:SendMessage", "DirectoryQueue", None): set(),
}
# Buckets that a role reads only through links to objects that are there.
ONLY_LINKED = {"ServeApi": {"ExportsBucket"}}
SERVICES = {"logs", "sqs", "dynamodb", "s3", "events", "secretsmanager"}

Statement = dict[str, Any]


@pytest.fixture(scope="module")
def statements() -> dict[str, list[Statement]]:
    """The statements of each function's role, with plain names for what they are on."""
    return {
        name.removesuffix("Role"): [plain(s) for p in role["Policies"] for s in p["PolicyDocument"]["Statement"]]
        for name, role in roles().items()
    }


def roles() -> dict[str, dict[str, Any]]:
    """The roles' properties by name."""
    resources = read_template(INFRA / "roles.yaml")["Resources"].items()
    return {name: one["Properties"] for name, one in resources if one["Type"] == "AWS::IAM::Role"}


def plain(statement: Statement) -> Statement:
    """A statement with lists instead of single values, and names instead of references."""
    assert statement.keys() <= {"Effect", "Action", "Resource", "Condition"}
    assert statement["Effect"] == "Allow"
    return {
        "actions": listed(statement["Action"]),
        "resources": [named(resource) for resource in listed(statement["Resource"])],
        **restrictions(statement.get("Condition")),
    }


def listed(value: Any) -> list[Any]:
    """A value as a list."""
    return value if isinstance(value, list) else [value]


def named(resource: dict[str, Any]) -> str:
    """The name of a resource: `${RecordsTableArn}/index/by-email` is RecordsTable/index/by-email."""
    [(function, value)] = resource.items()
    text: str = value[0] if function == "Fn::GetAtt" else value
    return text.replace("${", "").replace("Arn}", "").removesuffix("Arn")


def restrictions(condition: Any) -> dict[str, Any]:
    """A condition as fields; there are two conditions."""
    match condition:
        case None:
            return {"kinds": None, "new": False}
        # Without "Null", ForAllValues allows a request that has no key.
        case {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": kinds}, "Null": {"dynamodb:LeadingKeys": "false"}}:
            return {"kinds": listed(kinds), "new": False}
        case {"Fn::If": ["OverwritesRefused", {"Null": {"s3:if-none-match": "false"}}, {"Ref": "AWS::NoValue"}]}:
            return {"kinds": None, "new": True}
    raise AssertionError(condition)


def line(statement: Statement) -> str:
    """A statement as a line of the table."""
    [service] = {action.partition(":")[0] for action in statement["actions"]}
    actions = [action.partition(":")[2] for action in statement["actions"]]
    kinds = f"[{' '.join(statement['kinds'])}]" if statement["kinds"] else ""
    new = "new" if statement["new"] else ""
    return " ".join(f"{service} {' '.join(actions)} on {' '.join(statement['resources'])} {kinds} {new}".split())


def allows(statement: Statement, action: str, resource: str, key: str | None) -> bool:
    """Whether a statement allows an action."""
    return (
        action in statement["actions"]
        and any(fnmatchcase(resource, pattern) for pattern in statement["resources"])
        and (statement["kinds"] is None or any(fnmatchcase(key or "", kind) for kind in statement["kinds"]))
    )


def test_each_role_has_exactly_the_statements_of_the_table(statements: dict[str, list[Statement]]) -> None:
    table = {}
    for block in MAY.strip().split("\n\n"):
        function, *lines = block.splitlines()
        table[function] = [" ".join(row.split()) for row in join_continued(lines)]
    assert {function: [line(one) for one in some] for function, some in statements.items()} == table


def join_continued(lines: list[str]) -> list[str]:
    """Join a line that names no service to the line before it."""
    joined: list[str] = []
    for row in lines:
        if row.split()[0] in SERVICES:
            joined.append(row)
        else:
            joined[-1] += row
    return joined


@pytest.mark.parametrize("what", ONLY, ids=[f"{action} {resource} {key or ''}" for action, resource, key in ONLY])
def test_a_sensitive_action_is_allowed_to_exactly_its_roles(
    statements: dict[str, list[Statement]], what: tuple[str, str, str | None]
) -> None:
    assert {name for name, some in statements.items() if any(allows(one, *what) for one in some)} == ONLY[what]


def test_a_role_that_reads_objects_may_list_their_bucket_so_that_a_missing_one_is_no_refusal(
    statements: dict[str, list[Statement]],
) -> None:
    for name, some in statements.items():
        read = {
            resource.partition("/")[0]
            for statement in some
            for resource in statement["resources"]
            if "s3:GetObject" in statement["actions"]
        }
        listed = {resource for one in some for resource in one["resources"] if "s3:ListBucket" in one["actions"]}
        assert read - ONLY_LINKED.get(name, set()) == listed, name


def test_no_role_may_delete_or_has_a_wildcard_for_actions_or_resources(
    statements: dict[str, list[Statement]],
) -> None:
    every = [statement for some in statements.values() for statement in some]
    actions = {action for statement in every for action in statement["actions"]} - {"sqs:DeleteMessage"}
    assert [action for action in actions if "*" in action or "Delete" in action or "Create" in action] == [
        "logs:CreateLogStream"
    ]
    assert [resource for statement in every for resource in statement["resources"] if resource.startswith("*")] == []


def test_every_function_has_the_role_and_log_group_of_its_name_and_sam_adds_no_role(
    transformed: dict[str, Any],
) -> None:
    resources = transformed["Resources"]
    functions = {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::Lambda::Function"}
    assert {f"{name}Role" for name in functions} == roles().keys()
    for name, properties in functions.items():
        assert properties["Role"] == {"Fn::GetAtt": ["Roles", f"Outputs.{name}RoleArn"]}
        assert properties["LoggingConfig"] == {"LogGroup": {"Fn::GetAtt": ["Roles", f"Outputs.{name}Log"]}}
    assert [name for name, one in resources.items() if one["Type"].startswith("AWS::IAM::")] == ["ShiftApiRole"]


def test_only_lambda_assumes_a_role_and_only_a_vpc_adds_a_managed_policy() -> None:
    for role in roles().values():
        [trust] = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust == {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        assert role["ManagedPolicyArns"] == {
            "Fn::If": ["UsesVpc", [{"Ref": "NetworkPolicyArn"}], {"Ref": "AWS::NoValue"}]
        }


def test_each_arn_parameter_gets_the_resource_of_its_name() -> None:
    """`RecordsTableArn` is the records table's and no other."""
    given = read_template()["Resources"]["Roles"]["Properties"]["Parameters"]
    for name, value in given.items():
        if name.endswith(("TableArn", "BucketArn", "QueueArn")):
            assert value["Fn::GetAtt"][1] == f"Outputs.{name}"
    for stack in ("storage", "queues"):
        for name, output in read_template(INFRA / f"{stack}.yaml")["Outputs"].items():
            if name.endswith("Arn"):
                assert chosen(output["Value"]) == {"Fn::GetAtt": [name.removesuffix("Arn"), "Arn"]}
