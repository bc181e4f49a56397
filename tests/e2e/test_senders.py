"""Named senders, with IAM enforced: a policy of their own does not let others send events or upload logos."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from earned.testing.cloudformation import INFRA
from tests.e2e.portal import Portal
from tools.local.stack import LocalStack

pytestmark = pytest.mark.stack

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def stack(portal: Portal) -> LocalStack:
    if "127.0.0.1" not in portal.stack.aws_endpoint:
        pytest.skip("it creates stacks and roles that may do everything")
    return portal.stack


def client(stack: LocalStack, service: str, session: boto3.Session | None = None) -> Any:
    make: Callable[..., Any] = (session or stack.session()).client
    return make(service, endpoint_url=stack.aws_endpoint)


def role(stack: LocalStack) -> str:
    """The ARN of a new role that may do everything, by its own policy."""
    iam, name = client(stack, "iam"), f"sender-{uuid.uuid4().hex[:8]}"
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))
    return arn


def session_of(stack: LocalStack, arn: str) -> boto3.Session:
    got = client(stack, "sts").assume_role(RoleArn=arn, RoleSessionName="senders")["Credentials"]
    return boto3.Session(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"], stack.region)


def deployed(stack: LocalStack, name: str, sender: str) -> dict[str, str]:
    """The outputs of a further stack of queues or storage, in which `sender` is named."""
    cloudformation, full_name = client(stack, "cloudformation"), f"{name}-{uuid.uuid4().hex[:8]}"
    key = client(stack, "kms").create_key()["KeyMetadata"]["Arn"]
    given = {"KeyArn": key, "PortalPrincipalArns": sender}
    cloudformation.create_stack(
        StackName=full_name,
        TemplateBody=(INFRA / f"{name}.yaml").read_text(),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": one, "ParameterValue": value} for one, value in given.items()],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=full_name, WaiterConfig={"Delay": 1})
    [described] = cloudformation.describe_stacks(StackName=full_name)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}


def is_allowed(call: Callable[..., Any], **arguments: Any) -> bool:
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"AccessDenied", "AccessDeniedException"}:
            raise
        return False
    return True


def test_only_the_named_role_and_a_redrive_send_events(stack: LocalStack) -> None:
    portal, other = role(stack), role(stack)
    outputs = deployed(stack, "queues", portal)
    senders = {"portal": portal, "other": other, "redrive": outputs["RedriveRoleArn"]}
    sent = {
        name: {
            queue: is_allowed(
                client(stack, "sqs", session_of(stack, arn)).send_message,
                QueueUrl=outputs[f"{queue}QueueUrl"],
                MessageBody="{}",
            )
            for queue in ("Directory", "Progress", "Attendance")
        }
        for name, arn in senders.items()
    }
    everywhere, nowhere = (dict.fromkeys(("Directory", "Progress", "Attendance"), may) for may in (True, False))
    assert sent == {"portal": everywhere, "other": nowhere, "redrive": everywhere}


def test_only_the_named_role_uploads_logos(stack: LocalStack) -> None:
    portal, other = role(stack), role(stack)
    bucket = deployed(stack, "storage", portal)["AssetsBucketName"]
    uploaded = {
        name: is_allowed(
            client(stack, "s3", session_of(stack, arn)).put_object, Bucket=bucket, Key="logos/co-1/logo.svg", Body=b""
        )
        for name, arn in {"portal": portal, "other": other}.items()
    }
    assert uploaded == {"portal": True, "other": False}
