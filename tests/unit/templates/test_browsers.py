"""What a browser may do: the origins of AllowedOrigins, and their preflights without a token."""

import re
from pathlib import Path
from typing import Any

import pytest

from earned.testing.cloudformation import INFRA, read_template
from tools.local import sam

TEMPLATE = read_template()
STORAGE = read_template(INFRA / "storage.yaml")
HAS_ORIGINS = {"Fn::Not": [{"Fn::Equals": [{"Ref": "AllowedOrigins"}, ""]}]}
ORIGINS = {"Fn::Split": [",", {"Ref": "AllowedOrigins"}]}
NONE = {"Ref": "AWS::NoValue"}


def test_the_api_allows_the_named_origins_and_by_default_none() -> None:
    condition, cors, otherwise = TEMPLATE["Resources"]["Api"]["Properties"]["CorsConfiguration"]["Fn::If"]
    assert (condition, otherwise) == ("HasAllowedOrigins", NONE)
    assert cors["AllowOrigins"] == ORIGINS
    assert "authorization" in cors["AllowHeaders"]
    assert TEMPLATE["Parameters"]["AllowedOrigins"]["Default"] == ""


def test_a_preflight_needs_no_token() -> None:
    routes = [one["Properties"] for one in TEMPLATE["Resources"].values() if one["Type"] == "AWS::ApiGatewayV2::Route"]
    guarded = {route["RouteKey"].partition(" ")[2] for route in routes if route["AuthorizationType"] == "JWT"}
    open_to_preflights = {
        route["RouteKey"].partition(" ")[2]
        for route in routes
        if route["RouteKey"].startswith("OPTIONS ") and route["AuthorizationType"] == "NONE"
    }
    assert guarded
    assert guarded <= open_to_preflights


@pytest.mark.parametrize("bucket", ["DocumentsBucket", "ExportsBucket"])
def test_a_download_link_opens_in_the_pages_of_the_named_origins(bucket: str) -> None:
    condition, cors, otherwise = STORAGE["Resources"][bucket]["Properties"]["CorsConfiguration"]["Fn::If"]
    assert (condition, otherwise) == ("HasAllowedOrigins", NONE)
    [rule] = cors["CorsRules"]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (ORIGINS, ["GET", "HEAD"])
    given = TEMPLATE["Resources"]["Storage"]["Properties"]["Parameters"]["AllowedOrigins"]
    assert given == {"Ref": "AllowedOrigins"}


@pytest.mark.parametrize("stack", [TEMPLATE, STORAGE], ids=["api", "storage"])
def test_an_empty_list_of_origins_is_none(stack: dict[str, Any]) -> None:
    assert stack["Conditions"]["HasAllowedOrigins"] == HAS_ORIGINS


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        ("https://portal.example.com", True),
        ("https://portal.example.com:8443", True),
        ("http://localhost:3000", True),
        ("https://a.example.com,http://localhost:3000", True),
        ("https://a.example.com,", False),
        ("", True),
        ("*", False),
        ("https://*.example.com", False),
        ("http://portal.example.com", False),
        ("https://portal.example.com/", False),
    ],
)
def test_an_origin_is_exact(origin: str, accepted: bool) -> None:
    pattern = TEMPLATE["Parameters"]["AllowedOrigins"]["AllowedPattern"]
    assert (re.search(pattern, origin) is not None) is accepted


@pytest.mark.parametrize(
    ("origins", "given"),
    [
        ([], None),
        (["https://a.example.com", "https://b.example.com"], "https://a.example.com,https://b.example.com"),
    ],
)
def test_the_local_stack_takes_the_same_origins(origins: list[str], given: str | None) -> None:
    found: list[dict[str, str]] = []
    sam.deploy(lambda verb, options, parameters: found.append(parameters), Path("built"), "http://issuer", origins)
    assert found[0].get("AllowedOrigins") == given
