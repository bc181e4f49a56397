"""Checks an account, and the parameters of a deployment, before anything is created."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import boto3
import httpx

from earned.document.deployed_designs import DEPLOYED_DESIGNS, FOLDER
from earned.testing.cloudformation import reserved_concurrency

SAMPLE = {"provider": "Northlight Leadership Academy", "signatory": "Ingrid Solvang"}
UNRESERVED = 100  # AWS requires so much of an account's concurrency to stay unreserved
# Announcements a second when 10,000 people are marked at once: 10,000 in 13.5 s, and in 5 s (docs/decisions/0024).
PEAK_ANNOUNCEMENTS = {"default": 750, "provisioned": 2_000}
Quotas = Sequence[Mapping[str, Any]]
Brands = Mapping[str, str]  # the text of each design's brand.toml


@dataclass(frozen=True)
class Check:
    """The outcome of a check; `told` says what was found, and what to do about a failure."""

    name: str
    passed: bool
    told: str


@dataclass(frozen=True)
class Account:
    """What the checks read: answers of AWS and of the issuer."""

    concurrency_limit: Callable[[], int]
    describe_certificate: Callable[[str], Mapping[str, Any]]
    event_quotas: Callable[[], Quotas]
    discover: Callable[[str], Mapping[str, Any]]

    @classmethod
    def on_aws(cls) -> "Account":
        session = boto3.Session()
        acm: Any = session.client("acm")
        quotas: Any = session.client("service-quotas")

        def event_quotas() -> Quotas:
            applied = quotas.get_paginator("list_service_quotas").paginate(ServiceCode="events")
            return [quota for page in applied for quota in page["Quotas"]]

        return cls(
            concurrency_limit=lambda: int(
                session.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
            ),
            describe_certificate=lambda arn: acm.describe_certificate(CertificateArn=arn)["Certificate"],
            event_quotas=event_quotas,
            discover=_get_json,
        )


def preflight(parameters: Mapping[str, str], account: Account, brands: Callable[[], Brands]) -> Iterator[Check]:
    """Run every check; one that cannot be made has failed."""
    checks: dict[str, Callable[[], Check]] = {
        "concurrency": lambda: check_concurrency(parameters, account.concurrency_limit()),
        "issuer": lambda: check_issuer(parameters, account.discover),
        "certificate": lambda: check_certificate(parameters, account.describe_certificate),
        "announcements": lambda: check_announcements(parameters, account.event_quotas()),
        "brand": lambda: check_brand(brands()),
    }
    for name, check in checks.items():
        try:
            yield check()
        except Exception as error:  # one line per check, whatever fails
            yield Check(name, False, f"could not be checked: {type(error).__name__}: {error}")


def check_concurrency(parameters: Mapping[str, str], limit: int) -> Check:
    if parameters["Stage"] != "prod" or parameters["ReserveConcurrency"] == "false":
        return Check("concurrency", True, f"nothing is reserved; the account has {limit}")
    needed = reserved_concurrency(provisioned=parameters["Pollers"] == "provisioned") + UNRESERVED
    if limit >= needed:
        return Check("concurrency", True, f"the account has {limit}, {needed} are needed")
    advice = "request an increase of Lambda's concurrent executions, or set ReserveConcurrency=false"
    return Check("concurrency", False, f"the account has {limit}, {needed} are needed: {advice}")


def check_issuer(parameters: Mapping[str, str], discover: Callable[[str], Mapping[str, Any]]) -> Check:
    """API Gateway fetches the issuer's discovery document when the authorizer is created; it takes RSA keys only."""
    issuer = parameters["Issuer"]
    if not issuer:
        return Check("issuer", False, "Issuer is not set: add it to parameter_overrides in samconfig.toml")
    document = discover(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if document.get("issuer") != issuer:
        return Check("issuer", False, f"it calls itself {document.get('issuer')!r}: set Issuer to exactly that")
    keys = discover(document["jwks_uri"]).get("keys", [])
    if not any(key.get("kty") == "RSA" for key in keys):
        return Check("issuer", False, f"{document['jwks_uri']} has no RSA key: API Gateway takes no other")
    return Check("issuer", True, f"{issuer} has {len(keys)} keys")


def check_certificate(parameters: Mapping[str, str], describe: Callable[[str], Mapping[str, Any]]) -> Check:
    domain, arn = parameters["DomainName"], parameters["CertificateArn"]
    if not domain and not arn:
        passed = parameters["Stage"] != "prod"
        advice = "no domain" if passed else "Stage=prod needs DomainName and CertificateArn"
        return Check("certificate", passed, advice)
    if not domain or not arn:
        return Check("certificate", False, "set both DomainName and CertificateArn, or neither")
    certificate = describe(arn)
    if certificate["Status"] != "ISSUED":
        return Check(
            "certificate", False, f"its status is {certificate['Status']}: add its DNS record and wait for ISSUED"
        )
    names = [certificate["DomainName"], *certificate.get("SubjectAlternativeNames", [])]
    if not any(_covers(name, domain) for name in names):
        return Check("certificate", False, f"it is for {', '.join(names)} and not for {domain}")
    return Check("certificate", True, f"issued for {domain}")


def check_announcements(parameters: Mapping[str, str], quotas: Quotas) -> Check:
    needed = PEAK_ANNOUNCEMENTS[parameters["Pollers"]]
    found = [quota["Value"] for quota in quotas if quota["QuotaName"].startswith("PutEvents throttle limit")]
    if not found:
        return Check("announcements", False, "this region tells no quota of PutEvents: look it up in Service Quotas")
    if max(found) < needed:
        told = f"PutEvents takes {max(found):.0f} a second, a large event needs {needed}: request an increase"
        return Check("announcements", False, told)
    return Check("announcements", True, f"PutEvents takes {max(found):.0f} a second, {needed} are needed")


def check_brand(brands: Brands) -> Check:
    """Certificates print the brand for good, and a course may name any design."""
    told = {design: tomllib.loads(brand) for design, brand in brands.items()}
    samples = [
        f"{name} of {design}"
        for design, brand in told.items()
        for name, sample in SAMPLE.items()
        if brand.get(name) == sample
    ]
    if samples:
        return Check("brand", False, f"still the sample's {', '.join(samples)}: see docs/certificate-design.md")
    return Check("brand", True, f"certificates are by {told['default']['provider']}")


def read_brands() -> Brands:
    return {design: (FOLDER / design / "brand.toml").read_text("utf-8") for design in sorted(DEPLOYED_DESIGNS)}


def _covers(name: str, domain: str) -> bool:
    return fnmatchcase(domain, name) and name.count(".") == domain.count(".")  # `*` stands for one label


def _get_json(url: str) -> Mapping[str, Any]:
    answer = httpx.get(url, timeout=10, follow_redirects=False)
    answer.raise_for_status()
    document: Mapping[str, Any] = answer.json()
    return document
