"""The announcements on the bus: archived, delivered with retries, and never dropped."""

import json
from typing import Any

import pytest

from earned.testing.cloudformation import INFRA, read_template

STACK = read_template(INFRA / "announcements.yaml")
RESOURCES: dict[str, dict[str, Any]] = STACK["Resources"]
PORTAL = read_template(INFRA / "portal.yaml")
EVERY_ANNOUNCEMENT = {"source": ["earned"]}


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[name]["Properties"]
    return found


def test_the_bus_keeps_ninety_days_of_announcements() -> None:
    archive = properties("Archive")
    assert (archive["SourceArn"], archive["RetentionDays"]) == ({"Ref": "BusArn"}, 90)
    assert archive["EventPattern"] == EVERY_ANNOUNCEMENT
    assert STACK["Conditions"]["IsArchived"] == {"Fn::Equals": [{"Ref": "OnAws"}, "true"]}
    assert read_template()["Parameters"]["OnAws"]["Default"] == "true"


@pytest.mark.parametrize(
    ("rule", "condition", "target"),
    [
        ("SubscriberRule", "HasSubscriberQueue", {"Ref": "SubscriberQueueArn"}),
        ("WebhookRule", "HasWebhook", {"Fn::GetAtt": ["Webhook", "Arn"]}),
    ],
)
def test_a_receiver_gets_every_announcement_or_it_is_in_the_dead_letter_queue(
    rule: str, condition: str, target: dict[str, Any]
) -> None:
    assert RESOURCES[rule]["Condition"] == condition
    assert properties(rule)["EventBusName"] == {"Ref": "BusName"}
    assert properties(rule)["EventPattern"] == EVERY_ANNOUNCEMENT
    [delivery] = properties(rule)["Targets"]
    assert delivery["Arn"] == target
    assert delivery["InputPath"] == "$.detail"
    assert delivery["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
    assert delivery["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["UndeliveredQueue", "Arn"]}}


def test_the_rules_of_this_bus_alone_may_send_to_the_dead_letter_queue() -> None:
    _, allowed = properties("UndeliveredQueuePolicy")["PolicyDocument"]["Statement"]
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    [source] = allowed["Condition"]["ArnLike"].values()
    assert source["Fn::Sub"].endswith(":rule/${BusName}/*")


def test_eventbridge_may_use_the_key_of_the_dead_letter_queue() -> None:
    assert properties("UndeliveredQueue")["KmsMasterKeyId"] == {"Ref": "KeyArn"}
    [key] = [one["Properties"] for one in read_template(INFRA / "key.yaml")["Resources"].values()]
    [statement] = [one for one in key["KeyPolicy"]["Statement"] if "events.amazonaws.com" in str(one.get("Principal"))]
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(statement["Action"])
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_undelivered_announcements_have_an_alarm() -> None:
    alarm = read_template(INFRA / "observability.yaml")["Resources"]["AnnouncementsUndelivered"]["Properties"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Ref": "UndeliveredQueueName"}}]


def test_the_webhook_proves_who_calls_with_a_secret_that_no_template_contains() -> None:
    key = properties("WebhookConnection")["AuthParameters"]["ApiKeyAuthParameters"]
    assert key["ApiKeyValue"] == {"Fn::Sub": "{{resolve:secretsmanager:${WebhookSecretArn}:SecretString}}"}
    rule = read_template()["Rules"]["AWebhookHasASecret"]
    assert rule["Assertions"][0]["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "WebhookSecretArn"}, ""]}]}


def test_the_portals_policy_posts_events_and_uploads_logos_and_does_nothing_else() -> None:
    [policy] = [one["Properties"] for one in PORTAL["Resources"].values()]
    may = {str(one["Action"]): one["Resource"] for one in policy["PolicyDocument"]["Statement"]}
    assert may == {
        "sqs:SendMessage": [{"Ref": f"{name}QueueArn"} for name in ("Directory", "Progress", "Attendance")],
        "s3:PutObject": {"Fn::Sub": "${AssetsBucketArn}/logos/*"},
        "['kms:Decrypt', 'kms:GenerateDataKey']": {"Ref": "KeyArn"},
    }


def test_the_text_for_another_account_is_the_portals_policy() -> None:
    """A managed policy cannot be attached in another account."""
    text = PORTAL["Outputs"]["PortalPolicyDocument"]["Value"]["Fn::Sub"]
    told = json.loads(text)["Statement"]
    [policy] = [one["Properties"] for one in PORTAL["Resources"].values()]
    for own, other in zip(policy["PolicyDocument"]["Statement"], told, strict=True):
        assert own["Action"] == other["Action"]
        own_resources = own["Resource"] if isinstance(own["Resource"], list) else [own["Resource"]]
        plain = [one.get("Fn::Sub") or "${" + one["Ref"] + "}" for one in own_resources]
        assert other["Resource"] == (plain if isinstance(other["Resource"], list) else plain[0])
        assert ("Condition" in own) == ("Condition" in other)


def test_the_outputs_name_the_archive_and_the_portals_policy() -> None:
    assert {"ArchiveName", "UndeliveredQueueUrl", "PortalPolicyArn", "PortalPolicyDocument"} <= read_template()[
        "Outputs"
    ].keys()
