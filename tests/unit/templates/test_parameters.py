"""The parameters: what a deployment refuses before it creates anything."""

import re
from typing import Any

import pytest

from earned.testing.cloudformation import read_template

TEMPLATE = read_template()


def accepts(parameter: str, value: str) -> bool:
    return re.search(TEMPLATE["Parameters"][parameter]["AllowedPattern"], value) is not None


def evaluate(expression: Any, parameters: dict[str, str]) -> Any:
    """The value of an expression of CloudFormation's string functions."""
    match expression:
        case {"Fn::Select": [int(index), values]}:
            return evaluate(values, parameters)[index]
        case {"Fn::Split": [separator, text]}:
            return evaluate(text, parameters).split(separator)
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{(\w+)\}", lambda name: parameters[name[1]], text)
        case {"Ref": name}:
            return parameters[name]
    return expression


@pytest.mark.parametrize("parameter", ["VerifyBaseUrl", "Issuer"])
@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("https://certificates.example.com", True),
        ("https://certificates.example.com/", True),
        ("https://example.com/certificates", True),
        ("https://example.com:8443/realms/portal", True),
        ("http://127.0.0.1:4566", True),
        ("http://certificates.example.com", False),
        ("certificates.example.com", False),
        ("https://", False),
        ("https://example.com/?a=1", False),
        ("https://example.com/#top", False),
        ("https://example.com/a b", False),
        ("https://user@example.com", False),
        ("", False),
    ],
)
def test_the_urls_are_https_and_have_no_query(parameter: str, url: str, accepted: bool) -> None:
    assert accepts(parameter, url) is accepted


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("https://certificates.example.com/", "https://certificates.example.com"),
        ("https://certificates.example.com", "https://certificates.example.com"),
        ("https://example.com/certificates/", "https://example.com/certificates"),
    ],
)
def test_a_certificate_prints_the_base_url_without_a_trailing_slash(given: str, printed: str) -> None:
    variables = TEMPLATE["Resources"]["GenerateCertificate"]["Properties"]["Environment"]["Variables"]
    assert evaluate(variables["VERIFY_BASE_URL"], {"VerifyBaseUrl": given}) == printed


def test_a_production_stack_has_a_domain_and_its_certificate() -> None:
    rule = TEMPLATE["Rules"]["AProductionStackHasADomain"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
    given = [{"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]} for name in ("DomainName", "CertificateArn")]
    assert [one["Assert"] for one in rule["Assertions"]] == [{"Fn::And": given}]
