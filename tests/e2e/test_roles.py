"""Every action of every function's role, tried with that role on a stack that enforces IAM: allowed or refused.

An allowed request need not succeed: most are such that they change nothing.
"""

import json
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from earned.testing.cloudformation import functions, tables
from tests.e2e.portal import Portal
from tests.unit.test_roles import Statement, allows
from tests.unit.test_roles import statements as statements  # noqa: PLC0414  # a fixture of this module too
from tools.local.stack import LocalStack

pytestmark = pytest.mark.stack
FUNCTIONS = tuple(functions())
KEYS = {name: table.key for name, table in tables().items()}
INDEX_KEYS = {"by-email": "email_code"}
REFUSED = {"AccessDenied", "AccessDeniedException"}
NOBODY = [
    ("dynamodb:DeleteItem", "RecordsTable", "enrollment#roles"),
    ("dynamodb:PutItem", "RecordsTable", "enrollment#roles"),
    ("dynamodb:UpdateItem", "AccessLogTable", "roles"),
    ("dynamodb:Scan", "SupportTable", None),
    ("s3:DeleteObject", "DocumentsBucket/certificates/roles", None),
    ("s3:PutObject", "DocumentsBucket/roles", None),
    ("s3:DeleteObject", "DocumentsBucket/issuer-keys/certificates/roles", None),
    ("secretsmanager:PutSecretValue", "CertificateKey", None),
    ("s3:PutObject", "AssetsBucket/roles", None),
    ("sqs:SendMessage", "DirectoryQueue", None),
    ("sqs:SendMessage", "ProgressQueue", None),
    ("sqs:SendMessage", "AttendanceQueue", None),
]
Cell = tuple[str, str, str | None]


class Account:
    """AWS clients for the stack's owner, for its functions' roles, and for users with one permission."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self.client = self._clients(stack.session())
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        self._functions = {one["FunctionName"]: one for page in pages for one in page["Functions"]}

    def function(self, name: str) -> dict[str, Any]:
        """The configuration of a function."""
        found: dict[str, Any]
        [found] = [one for full_name, one in self._functions.items() if f"-{name}-" in full_name]
        return found

    def in_role_of(self, function: str) -> Callable[[str], Any]:
        """Makes clients with a function's role."""
        role = self.function(function)["Role"]
        got = self.client("sts").assume_role(RoleArn=role, RoleSessionName="roles")["Credentials"]
        credentials = got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"]
        return self._clients(boto3.Session(*credentials, self._stack.region))

    def as_user_with(self, action: str) -> Callable[[str], Any]:
        """Makes clients of a new user with one permission on all resources."""
        iam, name = self.client("iam"), uuid.uuid4().hex
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self._clients(boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=self._stack.region))

    def output(self, name: str) -> str:
        return self._stack.outputs[name]

    def _clients(self, session: boto3.Session) -> Callable[[str], Any]:
        make: Callable[..., Any] = session.client
        return cache(lambda service: make(service, endpoint_url=self._stack.aws_endpoint))


@pytest.fixture(scope="module")
def account(portal: Portal) -> Account:
    """The account, with an object in every place that a role may read."""
    if "127.0.0.1" not in portal.stack.aws_endpoint:
        pytest.skip("on AWS only Lambda gets these roles")
    account = Account(portal.stack)
    for resource in (
        "DocumentsBucket/certificates/roles",
        "DocumentsBucket/logos/roles",
        "AssetsBucket/logos/roles",
        "ExportsBucket/exports/roles",
        "ExportsBucket/exports/roles.zip",
    ):
        bucket, _, key = resource.partition("/")
        account.client("s3").put_object(Bucket=account.output(f"{bucket}Name"), Key=key, Body=b"roles")
    return account


def cells(statements: dict[str, list[Statement]]) -> list[Cell]:
    """One example of every action that a role may do, and the actions that no role may do."""
    return sorted(
        {
            (action, resource.replace("*", "roles"), key.replace("*", "roles") if key else None)
            for some in statements.values()
            for statement in some
            for action in statement["actions"]
            for resource in statement["resources"]
            for key in statement["kinds"] or [None]
        }
        | set(NOBODY),
        key=str,
    )


def attempt(account: Account, client: Callable[[str], Any], cell: Cell) -> bool:
    """Whether IAM allowed an action."""
    action, resource, key = cell
    try:
        request(account, client, action, resource, key or "roles")
    except ClientError as error:
        return error.response["Error"]["Code"] not in REFUSED
    return True


def request(account: Account, client: Callable[[str], Any], action: str, resource: str, key: str) -> None:
    """Make the request of an action."""
    service, _, verb = action.partition(":")
    name, _, path = resource.partition("/")
    match service:
        case "dynamodb":
            ask_table(
                client(service), verb, account.output(f"{name}Name"), KEYS[name], path.removeprefix("index/"), key
            )
        case "s3":
            ask_bucket(client(service), verb, account.output(f"{name}Name"), path)
        case "sqs":
            ask_queue(client(service), verb, account.output(f"{name}Url"))
        case "logs":
            group = account.function(name.removesuffix("Log"))["LoggingConfig"]["LogGroup"]
            events = {"logEvents": [{"timestamp": 0, "message": "roles"}]} if verb == "PutLogEvents" else {}
            ask = {"PutLogEvents": client(service).put_log_events, "CreateLogStream": client(service).create_log_stream}
            ask[verb](logGroupName=group, logStreamName="roles", **events)
        case "events":
            entry = {
                "Source": "roles",
                "DetailType": "roles",
                "Detail": "{}",
                "EventBusName": account.output("BusName"),
            }
            client(service).put_events(Entries=[entry])
        case "secretsmanager":
            ask_secret(client(service), verb, account.output(f"{name}Arn"))


def ask_secret(secrets: Any, verb: str, arn: str) -> None:
    match verb:
        case "GetSecretValue":
            secrets.get_secret_value(SecretId=arn)
        case "PutSecretValue":
            secrets.put_secret_value(SecretId=arn, SecretString="roles")  # refused; on a stack of the tests


def ask_table(dynamodb: Any, verb: str, table: str, names: tuple[str, ...], index: str, key: str) -> None:
    """Query a table or index with a condition that is never true, so that nothing changes."""
    item = {names[0]: {"S": key}, names[1]: {"S": "roles"}}
    never = {"ConditionExpression": "attribute_exists(nothing)"}
    match verb:
        case "BatchGetItem":
            dynamodb.batch_get_item(RequestItems={table: {"Keys": [item]}})
        case "Query":
            asked = INDEX_KEYS.get(index, index.removeprefix("by-")) if index else names[0]
            of_index = {"IndexName": index} if index else {}
            dynamodb.query(
                TableName=table,
                KeyConditionExpression="#0 = :0",
                ExpressionAttributeNames={"#0": asked},
                ExpressionAttributeValues={":0": {"S": key}},
                **of_index,
            )
        case "Scan":
            dynamodb.scan(TableName=table, Limit=1)
        case "UpdateItem":
            dynamodb.update_item(TableName=table, Key=item, UpdateExpression="REMOVE nothing", **never)
        case "PutItem":
            dynamodb.put_item(TableName=table, Item=item, **never)
        case "DeleteItem":
            dynamodb.delete_item(TableName=table, Key=item, **never)


def ask_bucket(s3: Any, verb: str, bucket: str, key: str) -> None:
    """Make a request to a bucket that changes no object."""
    match verb:
        case "GetObject":
            s3.get_object(Bucket=bucket, Key=key)
        case "GetObjectVersion":
            s3.get_object(Bucket=bucket, Key=key, VersionId="roles")
        case "ListBucket":
            s3.list_objects_v2(Bucket=bucket)
        case "PutObject":
            s3.put_object(Bucket=bucket, Key=key, Body=b"roles", IfNoneMatch="*")
        case "DeleteObject":
            s3.delete_object(Bucket=bucket, Key=key)


def ask_queue(sqs: Any, verb: str, url: str) -> None:
    """Make a request that changes nothing in a queue: SQS rejects a delay of a day, a timeout of 0 hides nothing."""
    match verb:
        case "SendMessage":
            sqs.send_message(QueueUrl=url, MessageBody="roles", DelaySeconds=86_400)
        case "ReceiveMessage":
            sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
        case "DeleteMessage":
            sqs.delete_message(QueueUrl=url, ReceiptHandle="roles")
        case "ChangeMessageVisibility":
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle="roles", VisibilityTimeout=0)
        case "GetQueueAttributes":
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_iam_allows_a_role_exactly_the_actions_of_its_table(
    account: Account, statements: dict[str, list[Statement]], function: str
) -> None:
    client = account.in_role_of(function)
    every = cells(statements)
    expected = {cell for cell in every if any(allows(one, *cell) for one in statements[function])}
    allowed = {cell for cell in every if attempt(account, client, cell)}
    assert expected
    assert allowed == expected


def test_a_document_is_put_only_once_and_only_with_if_none_match(account: Account) -> None:
    s3 = account.in_role_of("GenerateCertificate")("s3")
    there = {"Bucket": account.output("DocumentsBucketName"), "Key": "certificates/roles", "Body": b"other"}
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(**there, IfNoneMatch="*")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(**there)


def test_no_user_can_delete_a_document(account: Account) -> None:
    s3 = account.as_user_with("s3:*")("s3")
    there = {"Bucket": account.output("DocumentsBucketName"), "Key": "certificates/roles"}
    version = s3.get_object(**there)["VersionId"]
    for more in ({}, {"VersionId": version}):
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(**there, **more)


def test_iam_refuses_a_batch_read_with_one_forbidden_key(account: Account) -> None:
    dynamodb = account.in_role_of("RecordProgress")("dynamodb")
    keys = [{"pk": {"S": pk}, "sk": {"S": "-"}} for pk in ("training#roles", "account#roles")]
    table = account.output("RecordsTableName")
    dynamodb.batch_get_item(RequestItems={table: {"Keys": keys[:1]}})
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.batch_get_item(RequestItems={table: {"Keys": keys}})
