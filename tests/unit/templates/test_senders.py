"""Who may send events and upload logos: the named principals, whatever the policies of others allow."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from earned.testing.cloudformation import INFRA, TEMPLATE, read_template

PORTAL = "arn:aws:iam::210987654321:role/portal"
OTHER = "arn:aws:iam::123456789012:role/administrator"
REDRIVE = "arn:RedriveRole"
Statement = dict[str, Any]


def resolve(value: Any, named: list[str]) -> Any:
    """A value of a policy when these principals are named."""
    match value:
        case {"Fn::If": ["HasNamedSenders", then, otherwise]}:
            return resolve(then if named else otherwise, named)
        case {"Ref": "PortalPrincipalArns"}:
            return ",".join(named)
        case {"Ref": "AWS::NoValue"}:
            return None
        case {"Fn::GetAtt": [name, "Arn"]}:
            return f"arn:{name}"
        case {"Fn::Sub": "${PortalPrincipalArns},${RedriveRole.Arn}"}:
            return ",".join([*named, REDRIVE])
        case {"Fn::Split": [separator, text]}:
            return resolve(text, named).split(separator)
        case dict():
            return {key: resolve(one, named) for key, one in value.items()}
        case list():
            return [one for one in (resolve(part, named) for part in value) if one is not None]
    return value


def statements(stack: str, policy: str, named: list[str]) -> list[Statement]:
    document = read_template(INFRA / f"{stack}.yaml")["Resources"][policy]["Properties"]["PolicyDocument"]
    found: list[Statement] = resolve(document, named)["Statement"]
    return found


def denies(some: list[Statement], action: str, principal: str) -> bool:
    """Whether a statement on principals denies an action; an allowing policy of the principal does not help then."""
    return any(
        one["Effect"] == "Deny"
        and one["Action"] == action
        and principal not in one["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
        for one in some
        if "ArnNotEquals" in one.get("Condition", {})
    )


def allows(some: list[Statement], action: str, principal: str) -> bool:
    return any(
        one["Effect"] == "Allow" and action in one["Action"] and principal in one["Principal"]["AWS"] for one in some
    )


POLICIES = [("queues", "PortalQueuePolicy", "sqs:SendMessage"), ("storage", "AssetsBucketPolicy", "s3:PutObject")]


@pytest.mark.parametrize(("stack", "policy", "action"), POLICIES)
def test_a_named_principal_of_another_account_may_and_every_other_is_denied(
    stack: str, policy: str, action: str
) -> None:
    some = statements(stack, policy, [PORTAL])
    assert allows(some, action, PORTAL)
    assert not denies(some, action, PORTAL)
    assert denies(some, action, OTHER)


@pytest.mark.parametrize(("stack", "policy", "action"), POLICIES)
def test_nobody_is_denied_when_none_is_named(stack: str, policy: str, action: str) -> None:
    assert not denies(statements(stack, policy, []), action, OTHER)


def test_a_redrive_may_still_send_to_the_portals_queues() -> None:
    assert not denies(statements("queues", "PortalQueuePolicy", [PORTAL]), "sqs:SendMessage", REDRIVE)
    [role] = [one for name, one in read_template(INFRA / "queues.yaml")["Resources"].items() if name == "RedriveRole"]
    [policy] = role["Properties"]["Policies"]
    receiving, sending = policy["PolicyDocument"]["Statement"]
    assert all(one["Fn::GetAtt"][0].endswith("DeadLetterQueue") for one in receiving["Resource"])
    assert not any(one["Fn::GetAtt"][0].endswith("DeadLetterQueue") for one in sending["Resource"])
    assert sending["Action"] == "sqs:SendMessage"


def test_the_denial_covers_the_three_queues_of_the_portal() -> None:
    policy = read_template(INFRA / "queues.yaml")["Resources"]["PortalQueuePolicy"]["Properties"]
    assert policy["Queues"] == [{"Ref": f"{name}Queue"} for name in ("Directory", "Progress", "Attendance")]


def test_a_named_principal_uploads_to_the_folder_of_logos_and_nobody_else_uploads_anywhere() -> None:
    of = {one["Sid"]: one["Resource"] for one in statements("storage", "AssetsBucketPolicy", [PORTAL])}
    assert of["ThePortalUploadsLogos"] == {"Fn::Sub": "${AssetsBucket.Arn}/logos/*"}
    assert of["NobodyElseUploads"] == {"Fn::Sub": "${AssetsBucket.Arn}/*"}


def test_a_named_principal_of_another_account_may_use_the_key_of_the_queues() -> None:
    [key] = read_template(INFRA / "key.yaml")["Resources"].values()
    some = resolve(key["Properties"]["KeyPolicy"], [PORTAL])["Statement"]
    [statement] = [one for one in some if one["Principal"].get("AWS") == [PORTAL]]
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    through_sqs = {"kms:ViaService": {"Fn::Sub": "sqs.${AWS::Region}.amazonaws.com"}}
    assert statement["Condition"] == {"StringEquals": through_sqs}


@pytest.mark.parametrize("stack", ["Key", "Queues", "Storage"])
def test_every_stack_with_such_a_policy_is_given_the_names(stack: str) -> None:
    given = read_template()["Resources"][stack]["Properties"]["Parameters"]["PortalPrincipalArns"]
    assert given == {"Ref": "PortalPrincipalArns"}


@pytest.mark.parametrize(
    ("arn", "accepted"),
    [
        (PORTAL, True),
        ("arn:aws:iam::210987654321:user/portal", True),
        (f"{PORTAL},{OTHER}", True),
        (f"{PORTAL},", False),
        ("", True),
        ("*", False),
        ("arn:aws:iam::210987654321:root", False),
        ("arn:aws:iam::210987654321:role/*", False),
    ],
)
def test_a_principal_is_one_role_or_user(arn: str, accepted: bool) -> None:
    pattern = read_template()["Parameters"]["PortalPrincipalArns"]["AllowedPattern"]
    assert (re.search(pattern, arn) is not None) is accepted


# Lambda documents no condition key for assuming an execution role, EventBridge none for a topic. For a log group the
# encryption context names the account.
WITHOUT_ACCOUNT = {"sts:AssumeRole by lambda.amazonaws.com", "sns:Publish by events.amazonaws.com"}


def services_that_act() -> Iterator[tuple[str, Statement]]:
    for path in [TEMPLATE, *sorted(INFRA.glob("*.yaml"))]:
        for resource in read_template(path)["Resources"].values():
            yield from allowed_services(resource)


def allowed_services(value: Any) -> Iterator[tuple[str, Statement]]:
    if isinstance(value, dict):
        principal = value.get("Principal")
        if value.get("Effect") == "Allow" and isinstance(principal, dict) and "Service" in principal:
            yield f"{value['Action']} by {principal['Service']}", value
        for one in value.values():
            yield from allowed_services(one)
    elif isinstance(value, list):
        for one in value:
            yield from allowed_services(one)


SOURCES = {"aws:SourceArn", "kms:EncryptionContext:aws:logs:arn"}
OF_THIS_ACCOUNT = re.compile(r"^arn:\$\{AWS::Partition\}:[a-z-]+:(\$\{AWS::Region\})?:\$\{AWS::AccountId\}:")


def is_of_this_account(condition: Statement) -> bool:
    """Whether a condition names this account as that of the source: by itself, or as the account of an ARN."""
    tests = {key: value for operator, keys in condition.items() for key, value in keys.items()}
    if set(condition) <= {"StringEquals", "ArnEquals", "ArnLike"}:
        account = tests.get("aws:SourceAccount") == {"Ref": "AWS::AccountId"}
        arns = [value.get("Fn::Sub", "") for key, value in tests.items() if key in SOURCES]
        return account or any(OF_THIS_ACCOUNT.search(arn) for arn in arns)
    return False


@pytest.mark.parametrize(
    ("condition", "enough"),
    [
        ({"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, True),
        (
            {"ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:*"}}},
            True,
        ),
        ({"StringEquals": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/r"}}}, True),
        ({"ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:s3:::${Bucket}"}}}, False),
        (
            {"ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:*:${AWS::AccountId}"}}},
            False,
        ),
        ({"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}, False),
        ({"StringNotEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, False),
        ({}, False),
    ],
)
def test_the_arn_of_a_source_is_enough_where_it_names_the_account(condition: Statement, enough: bool) -> None:
    """An ARN without an account, such as a bucket's, may belong to anyone who takes its name."""
    assert is_of_this_account(condition) is enough


def test_a_service_acts_for_this_account_alone() -> None:
    found = list(services_that_act())
    assert len(found) > 10
    for what, statement in found:
        assert what in WITHOUT_ACCOUNT or is_of_this_account(statement.get("Condition", {})), what


def test_api_gateway_calls_the_function_for_this_api_of_this_account_alone() -> None:
    permission = read_template()["Resources"]["ApiPermission"]["Properties"]
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert OF_THIS_ACCOUNT.search(permission["SourceArn"]["Fn::Sub"])
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${Api}/*")
