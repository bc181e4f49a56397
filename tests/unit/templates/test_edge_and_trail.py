"""What is optional: CloudFront with a firewall in front of the API, and the record of who touched a document."""

import json
import re
from typing import Any

from earned.api import negotiation, requests
from earned.aws.dynamodb.support import REQUESTS_PER_ADDRESS, REQUESTS_PER_EMAIL
from earned.domain.exports import MAX_PER_HOUR
from earned.testing.cloudformation import INFRA, ROOT, read_template

EDGE = read_template(INFRA / "edge.yaml")
TRAIL = read_template(INFRA / "trail.yaml")
OPERATE = (ROOT / "docs" / "operate.md").read_text("utf-8")


def edge(name: str) -> dict[str, Any]:
    found: dict[str, Any] = EDGE["Resources"][name]["Properties"]
    return found


def test_the_edge_is_no_part_of_the_stack() -> None:
    """A firewall for CloudFront exists in us-east-1 alone."""
    assert "edge.yaml" not in json.dumps(read_template())
    assert re.search(
        EDGE["Parameters"]["PublicCertificateArn"]["AllowedPattern"], "arn:aws:acm:us-east-1:123456789012:certificate/1"
    )
    assert not re.search(
        EDGE["Parameters"]["PublicCertificateArn"]["AllowedPattern"],
        "arn:aws:acm:eu-central-1:123456789012:certificate/1",
    )


def with_pages(value: Any) -> Any:
    """What a property is where the pages come from a bucket; it is absent otherwise."""
    condition, there, otherwise = value["Fn::If"]
    assert (condition, otherwise) == ("PagesFromBucket", {"Ref": "AWS::NoValue"})
    return there


def test_every_request_passes_the_firewall_and_none_of_the_api_is_answered_from_a_cache() -> None:
    distribution = edge("Distribution")["DistributionConfig"]
    assert distribution["WebACLId"] == {"Fn::GetAtt": ["Firewall", "Arn"]}
    [pages] = with_pages(distribution["CacheBehaviors"])
    assert pages["PathPattern"] == "/console*"
    behavior = distribution["DefaultCacheBehavior"]
    assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # Managed-CachingDisabled
    assert (
        behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    )  # Managed-AllViewerExceptHostHeader
    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
    assert set(behavior["AllowedMethods"]) >= {"GET", "HEAD", "POST", "OPTIONS"}


def test_pages_come_from_the_api_unless_the_issuer_is_named() -> None:
    assert EDGE["Parameters"]["PagesIssuerOrigins"]["Default"] == ""
    assert EDGE["Conditions"]["PagesFromBucket"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "PagesIssuerOrigins"}, ""]}]}
    of_the_pages = {name: one.get("Condition") for name, one in EDGE["Resources"].items() if name.startswith("Pages")}
    assert len(of_the_pages) == 4
    assert set(of_the_pages.values()) == {"PagesFromBucket"}


def test_the_pages_are_cached_as_long_as_they_say_and_compressed() -> None:
    [pages] = with_pages(edge("Distribution")["DistributionConfig"]["CacheBehaviors"])
    assert pages["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"  # Managed-CachingOptimized
    assert pages["Compress"] is True
    assert pages["ViewerProtocolPolicy"] == "redirect-to-https"
    assert pages["ResponseHeadersPolicyId"] == {"Ref": "PagesHeaders"}
    assert "OriginRequestPolicyId" not in pages  # neither a token nor the code of a sign-in reaches the bucket


def test_the_api_answers_for_pages_that_the_bucket_does_not_have() -> None:
    distribution = edge("Distribution")["DistributionConfig"]
    [group] = with_pages(distribution["OriginGroups"])["Items"]
    [pages] = with_pages(distribution["CacheBehaviors"])
    assert pages["TargetOriginId"] == group["Id"]
    assert [one["OriginId"] for one in group["Members"]["Items"]] == ["bucket", "api"]
    assert {403, 404} <= set(group["FailoverCriteria"]["StatusCodes"]["Items"])  # S3 answers 403 for a missing key


def test_the_distribution_alone_reads_the_bucket_of_the_pages() -> None:
    assert all(edge("PagesBucket")["PublicAccessBlockConfiguration"].values())
    statements = edge("PagesBucketPolicy")["PolicyDocument"]["Statement"]
    [allowed] = [one for one in statements if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert "${Distribution}" in allowed["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"]
    assert edge("PagesAccess")["OriginAccessControlConfig"]["SigningBehavior"] == "always"
    [_, bucket] = edge("Distribution")["DistributionConfig"]["Origins"]
    assert with_pages(bucket)["OriginAccessControlId"] == {"Ref": "PagesAccess"}


def test_one_address_cannot_exhaust_the_service() -> None:
    first, *managed = edge("Firewall")["Rules"]
    limit = first["Statement"]["RateBasedStatement"]
    assert (first["Action"], limit["AggregateKeyType"]) == ({"Block": {}}, "IP")
    assert limit["Limit"] == {"Ref": "RequestsPerAddress"}
    assert all(one["OverrideAction"] == {"None": {}} for one in managed)


def test_no_rule_refuses_a_long_body_which_an_export_of_many_accounts_has() -> None:
    groups = [one["Statement"]["ManagedRuleGroupStatement"]["Name"] for one in edge("Firewall")["Rules"][1:]]
    assert "AWSManagedRulesCommonRuleSet" not in groups


def test_the_log_of_the_firewall_has_blocked_requests_without_tokens_and_certificates() -> None:
    logging = edge("FirewallLogging")
    assert logging["LoggingFilter"]["DefaultBehavior"] == "DROP"
    assert {"UriPath": {}} in logging["RedactedFields"]
    assert {"SingleHeader": {"Name": "authorization"}} in logging["RedactedFields"]
    assert edge("FirewallLog")["LogGroupName"]["Fn::Sub"].startswith("aws-waf-logs-")


def test_the_page_for_operators_says_how_to_put_the_edge_in_front() -> None:
    section = OPERATE.partition("## An edge in front")[2].partition("\n## ")[0]
    assert "--region us-east-1" in section
    required = {name for name, one in EDGE["Parameters"].items() if "Default" not in one} | {"PagesIssuerOrigins"}
    assert [name for name in sorted(required) if f"{name}=" not in section] == []


def test_data_events_are_off_unless_asked_for() -> None:
    root = read_template()
    assert root["Resources"]["Trail"]["Condition"] == "RecordsDataEvents"
    assert root["Conditions"]["RecordsDataEvents"] == {"Fn::Equals": [{"Ref": "DataEvents"}, "true"]}
    assert root["Parameters"]["DataEvents"]["Default"] == "false"


def test_data_events_are_of_the_documents_and_logos_alone() -> None:
    [selector] = TRAIL["Resources"]["Trail"]["Properties"]["AdvancedEventSelectors"]
    fields = {one["Field"]: one for one in selector["FieldSelectors"]}
    assert fields["eventCategory"]["Equals"] == ["Data"]
    assert fields["resources.ARN"]["StartsWith"] == [
        {"Fn::Sub": "${DocumentsBucketArn}/"},
        {"Fn::Sub": "${AssetsBucketArn}/"},
    ]


def test_the_trail_is_encrypted_validated_and_kept_as_long_as_logs() -> None:
    trail = TRAIL["Resources"]["Trail"]["Properties"]
    assert trail["KMSKeyId"] == {"Ref": "KeyArn"}
    assert trail["EnableLogFileValidation"] is True
    [rule] = TRAIL["Resources"]["TrailBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == {"Ref": "LogRetentionDays"}
    assert any("cloudtrail.amazonaws.com" in str(one) for one in key_statements())


def key_statements() -> list[dict[str, Any]]:
    [key] = read_template(INFRA / "key.yaml")["Resources"].values()
    found: list[dict[str, Any]] = key["Properties"]["KeyPolicy"]["Statement"]
    return found


def test_the_limits_of_the_table_are_those_of_code_and_template() -> None:
    table = (ROOT / "docs" / "contract.md").read_text("utf-8").partition("### Limits")[2].partition("\n### ")[0]
    stage = read_template()["Resources"]["ApiStage"]["Properties"]
    burst, rate = (stage["DefaultRouteSettings"][f"Throttling{name}Limit"] for name in ("Burst", "Rate"))
    [route] = stage["RouteSettings"].values()
    assert f"{rate} a second, {burst:,} at once" in table
    assert f"{route['ThrottlingRateLimit']} a second, {route['ThrottlingBurstLimit']} at once" in table
    assert f"{requests.MAX_BODY_BYTES // 1024} KiB, nested {requests.MAX_DEPTH} deep" in table
    assert f"{requests.MAX_QUERY_CHARACTERS:,} characters" in table
    assert f"| {negotiation.MAX_PREFERENCES} |" in table
    assert f"{MAX_PER_HOUR} exports in an hour" in table
    assert f"{REQUESTS_PER_ADDRESS} an hour" in table
    assert f"{REQUESTS_PER_EMAIL} an hour" in table
    assert f"{EDGE['Parameters']['RequestsPerAddress']['Default']:,} in five minutes" in table
