"""`make preflight`: each check passes on an account that is ready, and says what to do on one that is not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from tools.operations.__main__ import app
from tools.operations.preflight import (
    Account,
    Check,
    check_announcements,
    check_brand,
    check_certificate,
    check_concurrency,
    check_issuer,
    preflight,
)
from tools.operations.samconfig import NotConfigured, read_deployment
from tools.operations.stacks import adopt_region

ISSUER = "https://login.example.com"
PROD = {
    "Stage": "prod",
    "Pollers": "default",
    "ReserveConcurrency": "true",
    "Issuer": ISSUER,
    "DomainName": "certificates.example.com",
    "CertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/1",
}
BRANDS = {"default": 'provider = "Example Academy"\nsignatory = "Ada Sample"\n'}
QUOTA = {"QuotaName": "PutEvents throttle limit in transactions per second", "Value": 10_000.0}


def issuer_answers(**changed: Any) -> dict[str, Mapping[str, Any]]:
    return {
        f"{ISSUER}/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"} | changed,
        f"{ISSUER}/keys": {"keys": [{"kty": "RSA", "kid": "1"}]},
        f"{ISSUER}/ec-keys": {"keys": [{"kty": "EC", "kid": "1"}]},
    }


@pytest.mark.parametrize(
    ("limit", "changed", "passed"),
    [
        (1_000, {}, True),
        (602, {}, True),
        (601, {}, False),
        (1_451, {"Pollers": "provisioned"}, False),
        (1_452, {"Pollers": "provisioned"}, True),
        (10, {"ReserveConcurrency": "false"}, True),
        (10, {"Stage": "dev"}, True),
    ],
)
def test_the_account_has_the_concurrency_that_prod_reserves_and_a_hundred_more(
    limit: int, changed: dict[str, str], passed: bool
) -> None:
    assert check_concurrency(PROD | changed, limit).passed is passed


@pytest.mark.parametrize(
    ("changed", "passed"),
    [
        ({}, True),
        ({"issuer": f"{ISSUER}/"}, False),
        ({"jwks_uri": f"{ISSUER}/ec-keys"}, False),
    ],
)
def test_the_issuer_publishes_itself_and_an_rsa_key(changed: dict[str, str], passed: bool) -> None:
    assert check_issuer(PROD, issuer_answers(**changed).__getitem__).passed is passed


def test_a_missing_issuer_is_named() -> None:
    assert "samconfig.toml" in check_issuer(PROD | {"Issuer": ""}, issuer_answers().__getitem__).told


@pytest.mark.parametrize(
    ("certificate", "changed", "passed"),
    [
        ({"Status": "ISSUED", "DomainName": "certificates.example.com"}, {}, True),
        ({"Status": "ISSUED", "DomainName": "*.example.com"}, {}, True),
        ({"Status": "ISSUED", "DomainName": "*.com"}, {}, False),
        ({"Status": "ISSUED", "DomainName": "other.example.com"}, {}, False),
        ({"Status": "PENDING_VALIDATION", "DomainName": "certificates.example.com"}, {}, False),
        ({}, {"DomainName": "", "CertificateArn": ""}, False),
        ({}, {"DomainName": "", "CertificateArn": "", "Stage": "dev"}, True),
        ({}, {"CertificateArn": "", "Stage": "dev"}, False),
    ],
)
def test_the_certificate_is_issued_for_the_domain(
    certificate: dict[str, str], changed: dict[str, str], passed: bool
) -> None:
    assert check_certificate(PROD | changed, lambda _: certificate).passed is passed


@pytest.mark.parametrize(
    ("value", "pollers", "passed"),
    [(10_000, "provisioned", True), (750, "default", True), (400, "default", False), (750, "provisioned", False)],
)
def test_the_region_takes_the_announcements_of_a_large_event(value: int, pollers: str, passed: bool) -> None:
    quotas = [{"QuotaName": "Rules", "Value": 9e9}, QUOTA | {"Value": value}]
    assert check_announcements(PROD | {"Pollers": pollers}, quotas).passed is passed


@pytest.mark.parametrize("name", ["provider", "signatory"])
def test_a_part_of_the_sample_brand_does_not_go_to_production(name: str) -> None:
    sample = {"provider": "Northlight Leadership Academy", "signatory": "Ingrid Solvang"}
    text = "\n".join(
        f'{key} = "{sample[key]}"' if key == name else f'{key} = "Example"' for key in ("provider", "signatory")
    )
    assert not check_brand({"default": text}).passed
    assert f"{name} of other" in check_brand(BRANDS | {"other": text}).told
    assert check_brand(BRANDS).passed


def account(**changed: Any) -> Account:
    answers = {
        "concurrency_limit": lambda: 1_000,
        "describe_certificate": lambda _: {"Status": "ISSUED", "DomainName": "certificates.example.com"},
        "event_quotas": lambda: [QUOTA],
        "discover": issuer_answers().__getitem__,
    }
    return Account(**(answers | changed))


def test_every_check_has_a_line() -> None:
    found = list(preflight(PROD, account(), lambda: BRANDS))
    assert [check.name for check in found] == ["concurrency", "issuer", "certificate", "announcements", "brand"]
    assert all(check.passed for check in found)


def test_a_check_that_cannot_be_made_has_failed_and_the_others_are_made() -> None:
    def refused() -> int:
        raise PermissionError("lambda:GetAccountSettings")

    found = list(preflight(PROD, account(concurrency_limit=refused), lambda: BRANDS))
    expected = Check("concurrency", False, "could not be checked: PermissionError: lambda:GetAccountSettings")
    assert found[0] == expected
    assert all(check.passed for check in found[1:])


def test_parameters_come_from_the_template_samconfig_and_the_command(tmp_path: Path) -> None:
    samconfig = tmp_path / "samconfig.toml"
    samconfig.write_text(
        'version = 0.1\n[prod.deploy.parameters]\nstack_name = "earned-prod"\n'
        'parameter_overrides = ["Stage=prod", "Issuer=https://login.example.com"]\n'
        '[dev.deploy.parameters]\nstack_name = "earned-dev"\nparameter_overrides = "Stage=\\"dev\\""\n'
    )
    prod = read_deployment("earned-prod", "Pollers=provisioned", samconfig).parameters
    assert (prod["Stage"], prod["Issuer"], prod["Pollers"]) == ("prod", ISSUER, "provisioned")
    assert prod["ReserveConcurrency"] == "true"
    assert read_deployment("earned-dev", "", samconfig).parameters["Stage"] == "dev"
    with pytest.raises(NotConfigured, match="earned-prod, earned-dev"):
        read_deployment("other", "", samconfig)


def test_the_command_prints_a_line_for_each_check_and_fails_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "eu-central-1")
    with mock_aws():
        done = CliRunner().invoke(app, ["preflight", "--stack", "earned-dev"])  # samconfig.toml names no issuer
    told = [line.split(":")[0].split() for line in done.stdout.splitlines()]
    assert [name for _, name in told] == ["concurrency", "issuer", "certificate", "announcements", "brand"]
    assert ["FAIL", "issuer"] in told
    assert ["ok", "certificate"] in told
    assert "still the sample's provider of default" in done.stdout.replace("\n", " ")  # brand.toml was found
    assert done.exit_code == 1


def test_aws_region_names_the_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    adopt_region()
    assert boto3.Session().region_name == "eu-central-1"
