"""The templates: what AWS would be told, lint-clean as written and as transformed, with every reference met."""

import json
import re
from pathlib import Path
from typing import Any

import cfnlint.api
import pytest
from cfnlint.config import ManualArgs
from cfnlint.decode.cfn_yaml import load
from samtranslator.translator.transform import transform

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = [ROOT / "template.yaml", *sorted((ROOT / "infra").glob("*.yaml"))]
REGIONS = ["eu-central-1"]
PARAMETERS = {"Issuer": "https://issuer.example", "Audience": "portal", "VerifyBaseUrl": "https://certificates.example"}


class NoManagedPolicies:
    """The transform asks for AWS's managed policies by name; ours names none."""

    def load(self) -> dict[str, str]:
        """Managed policies by name."""
        return {}


def read(path: Path) -> dict[str, Any]:
    """A template with its intrinsic functions written out."""
    plain: dict[str, Any] = json.loads(json.dumps(load(str(path))))
    return plain


@pytest.fixture(scope="module")
def transformed() -> dict[str, Any]:
    """The template as SAM's transform leaves it."""
    local_paths = re.compile(r'"((?:layers|functions|infra)/[^"$]+)"')
    source = json.loads(local_paths.sub(r'"s3://bucket/\1"', json.dumps(read(ROOT / "template.yaml"))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGIONS[0])
        result: dict[str, Any] = transform(source, PARAMETERS, NoManagedPolicies())
    return result


def complaints(text: str) -> list[str]:
    """What cfn-lint says of a template."""
    return [str(match) for match in cfnlint.api.lint(text, config=ManualArgs(regions=REGIONS))]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_is_lint_clean_as_written(path: Path) -> None:
    assert complaints(path.read_text()) == []


def test_the_template_is_lint_clean_as_transformed(transformed: dict[str, Any]) -> None:
    assert complaints(json.dumps(transformed)) == []


def test_every_nested_output_that_is_referred_to_exists() -> None:
    template = read(ROOT / "template.yaml")
    nested = {
        name: set(read(ROOT / resource["Properties"]["Location"])["Outputs"])
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Application"
    }
    asked = re.findall(r'"Fn::GetAtt": \["(\w+)", "Outputs\.(\w+)"\]', json.dumps(template))
    assert asked
    assert [f"{stack}.{output}" for stack, output in asked if output not in nested[stack]] == []


def test_every_parameter_given_to_a_nested_stack_exists_and_none_is_forgotten() -> None:
    for resource in read(ROOT / "template.yaml")["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Application":
            declared = read(ROOT / resource["Properties"]["Location"]).get("Parameters", {})
            given = set(resource["Properties"].get("Parameters", {}))
            required = {name for name, parameter in declared.items() if "Default" not in parameter}
            assert required <= given <= set(declared)


def test_every_queue_that_is_consumed_answers_message_by_message(transformed: dict[str, Any]) -> None:
    mappings = [
        resource["Properties"]
        for resource in transformed["Resources"].values()
        if resource["Type"] == "AWS::Lambda::EventSourceMapping"
    ]
    assert len(mappings) == 6
    assert all(mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for mapping in mappings)


def test_every_queue_outlives_its_function_six_times_and_has_dead_letters_kept_for_two_weeks() -> None:
    queues = read(ROOT / "infra" / "queues.yaml")
    functions = read(ROOT / "template.yaml")
    timeouts = {
        event["Properties"]["Queue"]["Fn::GetAtt"][1].removeprefix("Outputs.").removesuffix("Arn"): (
            resource["Properties"].get("Timeout", functions["Globals"]["Function"]["Timeout"]),
            event["Properties"].get("MaximumBatchingWindowInSeconds", 0),
        )
        for resource in functions["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    for name, resource in queues["Resources"].items():
        properties = resource["Properties"]
        if name.endswith("DeadLetterQueue"):
            assert properties["MessageRetentionPeriod"] == 14 * 86_400
            continue
        timeout, window = timeouts[name]
        visibility = queues["Parameters"][properties["VisibilityTimeout"]["Ref"]]["Default"]
        assert visibility >= 6 * timeout + window
        assert properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0].endswith("DeadLetterQueue")


def test_every_dead_letter_queue_has_an_alarm() -> None:
    queues = [name for name in read(ROOT / "infra" / "queues.yaml")["Resources"] if name.endswith("DeadLetterQueue")]
    alarms = json.dumps(read(ROOT / "infra" / "observability.yaml"))
    assert [name for name in queues if f'{{"Ref": "{name}Name"}}' not in alarms] == []


def test_the_bucket_refuses_to_overwrite_and_to_speak_without_tls() -> None:
    policy = json.dumps(read(ROOT / "infra" / "storage.yaml")["Resources"]["DocumentsBucketPolicy"])
    assert '"s3:if-none-match": "true"' in policy
    assert '"aws:SecureTransport": "false"' in policy


def test_only_the_function_that_makes_certificates_may_put_documents() -> None:
    may_put = {
        name
        for name, resource in read(ROOT / "template.yaml")["Resources"].items()
        for policy in resource["Properties"].get("Policies", [])
        for statement in policy["Statement"]
        if "s3:PutObject" in statement["Action"] and "DocumentsBucket" in json.dumps(statement["Resource"])
    }
    assert may_put == {"GenerateCertificate"}


def test_the_assets_of_the_portal_are_private_encrypted_versioned_and_outlive_the_stack() -> None:
    storage = read(ROOT / "infra" / "storage.yaml")["Resources"]
    bucket = storage["AssetsBucket"]
    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
    assert "BucketEncryption" in bucket["Properties"]
    assert '"aws:SecureTransport": "false"' in json.dumps(storage["AssetsBucketPolicy"])


def test_assets_are_only_read_and_only_by_the_function_that_makes_certificates() -> None:
    statements = [
        (name, statement["Action"])
        for name, resource in read(ROOT / "template.yaml")["Resources"].items()
        for policy in resource["Properties"].get("Policies", [])
        for statement in policy["Statement"]
        if "AssetsBucket" in json.dumps(statement["Resource"])
    ]
    assert statements == [("GenerateCertificate", "s3:GetObject")]


def test_exports_are_private_encrypted_and_go_away_after_a_day() -> None:
    storage = read(ROOT / "infra" / "storage.yaml")["Resources"]
    bucket = storage["ExportsBucket"]["Properties"]
    [rule] = bucket["LifecycleConfiguration"]["Rules"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert "BucketEncryption" in bucket
    assert (rule["Status"], rule["Prefix"], rule["ExpirationInDays"]) == ("Enabled", "exports/", 1)
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert '"aws:SecureTransport": "false"' in json.dumps(storage["ExportsBucketPolicy"])
    assert storage["RecordsTable"]["Properties"]["TimeToLiveSpecification"]["AttributeName"] == "expires"


def test_nobody_may_delete_anything() -> None:
    actions = re.findall(r"(?:s3|dynamodb):(\w+)", json.dumps(read(ROOT / "template.yaml")["Resources"]))
    assert [action for action in actions if action.startswith("Delete") or "*" in action] == []
