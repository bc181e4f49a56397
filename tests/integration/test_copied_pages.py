"""The pages in the bucket behind CloudFront: with the headers of infra/edge.yaml, they are what the API answers."""

from typing import Any

import boto3
import pytest

from earned.api import pages
from earned.testing.cloudformation import INFRA, read_template
from earned.testing.service import Service
from tools.operations.pages import EDGE_REGION, NotTheSame, objects_of, put

BUCKET = "pages-of-the-edge"
ISSUER = "https://issuer.example"  # of the service under test
ADDED = read_template(INFRA / "edge.yaml")["Resources"]["PagesHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]


def answer(service: Service, path: str) -> dict[str, Any]:
    return service.ask("GET", path, None)


def copied(service: Service) -> dict[str, dict[str, Any]]:
    """The objects of the bucket after the pages were copied into it, by key."""
    s3, page = boto3.client("s3", region_name=EDGE_REGION), answer(service, "/console/")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="console/0123456789abcdef/team.js", Body=b"an older release")
    for one in objects_of(page["body"], page["headers"]["Content-Security-Policy"], ISSUER):
        put(s3, BUCKET, one)
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    return {key: s3.get_object(Bucket=BUCKET, Key=key) for key in keys}


def test_each_object_is_what_the_api_answers_at_its_address(service: Service) -> None:
    objects = copied(service)
    objects.pop("console/0123456789abcdef/team.js")
    assert set(objects) == {"console", "console/", "console/earned.js"} | {
        f"console/{pages.current_version()}/{name}" for name in pages.files()
    }
    for key, found in objects.items():
        served = answer(service, f"/{key}")
        assert found["Body"].read().decode() == served["body"], key
        assert found["ContentType"] == served["headers"]["Content-Type"], key
        assert found["CacheControl"] == served["headers"]["Cache-Control"], key


def test_an_open_page_of_an_older_release_still_finds_its_files(service: Service) -> None:
    assert copied(service)["console/0123456789abcdef/team.js"]["Body"].read() == b"an older release"


def test_the_page_is_copied_after_all_that_it_names(service: Service) -> None:
    page = answer(service, "/console/")
    objects = objects_of(page["body"], page["headers"]["Content-Security-Policy"], ISSUER)

    assert [one.key for one in objects][-2:] == ["console", "console/"]


def test_the_edge_adds_the_headers_that_a_bucket_cannot_send(service: Service) -> None:
    served, security = answer(service, "/console/")["headers"], ADDED["SecurityHeadersConfig"]
    policy = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    added = {
        "Access-Control-Allow-Origin": ADDED["CorsConfig"]["AccessControlAllowOrigins"]["Items"][0],
        "Content-Security-Policy": policy.replace("${PagesIssuerOrigins}", ISSUER),
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "Strict-Transport-Security": f"max-age={security['StrictTransportSecurity']['AccessControlMaxAgeSec']}",
        "X-Content-Type-Options": "nosniff" if "ContentTypeOptions" in security else "",
    }
    of_the_object = {"Cache-Control", "Content-Type", "ETag"}

    assert {name: text for name, text in served.items() if name not in of_the_object | {"Vary"}} == added


def test_pages_of_another_release_are_not_copied(service: Service) -> None:
    page = answer(service, "/console/")
    other = page["body"].replace(pages.current_version(), "0123456789abcdef", 1)

    with pytest.raises(NotTheSame, match="check out what is deployed"):
        list(objects_of(other, page["headers"]["Content-Security-Policy"], ISSUER))


def test_pages_that_sign_in_where_the_edge_allows_nothing_are_not_copied(service: Service) -> None:
    page = answer(service, "/console/")

    with pytest.raises(NotTheSame, match=f"PagesIssuerOrigins='{ISSUER}'"):
        list(objects_of(page["body"], page["headers"]["Content-Security-Policy"], "https://id.example.com"))
