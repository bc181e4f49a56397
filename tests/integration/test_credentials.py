"""Credentials: in the document and from the API, their status, and what a verifier finds at the public address."""

import gzip
import hashlib
import io
import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pikepdf
import pytest
from botocore.exceptions import ClientError

from earned.aws.dynamodb import access_log, enrollments
from earned.aws.s3 import Documents
from earned.domain.enrollment import CompletionRecord
from earned.messages.requests import Purpose, generation_message
from earned.testing.service import Service
from earned.usecases.signing_keys import SECONDS_CACHED, SigningKeys
from tests.integration.issued_records import enrolled, issue
from tests.integration.test_lifecycle import attended as attended  # noqa: PLC0414  # a fixture of this module too
from tests.integration.test_lifecycle import finished as finished  # noqa: PLC0414  # as above
from tests.integration.test_lifecycle import record
from tests.integration.wire_faults import Request, count_requests, requests_pass
from tests.unit.document.credential_proofs import verify
from tools.operations.rotate_key import rotate
from tools.story import NOON, Story, cloud_event

SUPPORT = {"sub": "sup-1", "role": "support"}


def path(story: Story, account: str = "ada") -> str:
    return f"/v1/certificates/{record(story, account).certificate_id}/credential"


def credential(story: Story, account: str = "ada") -> dict[str, Any]:
    """The credential that the company's admin gets."""
    answer = story.service.ask("GET", path(story, account), story.claims("admin", "company-admin"))
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "application/vc")
    found: dict[str, Any] = json.loads(answer["body"])
    return found


def embedded(document: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(document)) as pdf:
        return pdf.attachments["credential.json"].get_file().read_bytes()


def document(story: Story, revision: int = 1, account: str = "ada") -> bytes:
    key = f"certificates/{record(story, account).certificate_id}/{revision}.pdf"
    return story.service.documents(key)[key]


def public(service: Service, url: str) -> dict[str, Any]:
    """What everyone gets at an address of the public address."""
    base_url = service.apps["serve_api"].settings.verify_base_url
    assert url.startswith(base_url)
    answer = service.ask("GET", url.removeprefix(base_url), None)
    assert answer["statusCode"] == 200, answer
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    assert answer["headers"]["Cache-Control"].startswith("public, max-age=")
    found: dict[str, Any] = json.loads(answer["body"])
    return found


def method(service: Service, signed: dict[str, Any]) -> dict[str, Any]:
    """The verification method of a proof, by the DID document at its did:web address."""
    did, _, _ = signed["proof"]["verificationMethod"].partition("#")
    name, *rest = did.removeprefix("did:web:").split(":")
    scheme = service.apps["serve_api"].settings.verify_base_url.partition("//")[0]
    found = public(service, f"{scheme}//{name.replace('%3A', ':')}/{'/'.join(rest) or '.well-known'}/did.json")
    assert found["id"] == did
    [one] = [one for one in found["verificationMethod"] if one["id"] == signed["proof"]["verificationMethod"]]
    assert one["id"] in found["assertionMethod"]
    return dict(one)


def check(service: Service, signed: dict[str, Any]) -> None:
    """Verify a signature as a stranger does; raises `InvalidSignature`."""
    verify(signed, method(service, signed)["publicKeyMultibase"])


def is_set(service: Service, signed: dict[str, Any]) -> bool:
    """The status bit of a credential, by its signed list."""
    status = signed["credentialStatus"]
    listed = public(service, status["statusListCredential"])
    check(service, listed)
    assert listed["id"] == status["statusListCredential"]
    encoded = listed["credentialSubject"]["encodedList"]
    bits = gzip.decompress(urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    assert len(bits) * 8 == 131_072
    index = int(status["statusListIndex"])
    return bool(bits[index // 8] >> (7 - index % 8) & 1)


def correct_the_name(story: Story) -> None:
    story.service.post("Directory", cloud_event("account.saved", story.account("ada", name="Ada Example"), NOON))
    story.service.settle()
    status, _ = story.service.post_to(f"/v1/certificates/{record(story).certificate_id}/reissue", {}, SUPPORT)
    assert status == 202
    story.service.settle()


def test_the_document_contains_the_credential_that_the_api_serves_signed_by_the_issuer(finished: Story) -> None:
    answer = finished.service.ask("GET", path(finished), finished.claims("admin", "company-admin"))
    assert embedded(document(finished)) == answer["body"].encode()
    signed = credential(finished)
    check(finished.service, signed)
    assert signed["credentialSubject"]["identifier"][0]["identityHash"] == "Ada Sample"
    assert signed["credentialSubject"]["result"][0]["value"] == "90"
    assert "ada@example.com" not in answer["body"]
    assert not is_set(finished.service, signed)


def test_the_credential_is_dated_when_the_last_rule_held(finished: Story) -> None:
    found = record(finished).issue
    assert found is not None
    assert credential(finished)["validFrom"] == "2026-03-02T12:02:00.000Z"
    assert found.completed_at < found.issued_at


def test_fetching_a_credential_is_recorded_like_a_download(finished: Story) -> None:
    credential(finished)
    [access] = access_log.accesses_of(record(finished).certificate_id)
    assert (access.account_id, access.role) == (finished.id("admin"), "company-admin")


def test_a_revoked_certificate_has_no_credential_and_its_status_bit_is_set(attended: Story) -> None:
    service, signed = attended.service, credential(attended)
    assert not is_set(service, signed)
    service.post("Attendance", attended.mark("ada", "absent", NOON + timedelta(hours=1)))
    service.settle()
    assert service.get(path(attended), attended.claims("admin", "company-admin"))[0] == 404
    assert is_set(service, signed)


def test_a_superseded_credential_has_its_bit_set_and_its_successor_has_not(finished: Story) -> None:
    service, first = finished.service, credential(finished)
    correct_the_name(finished)
    second = credential(finished)
    assert second["credentialSubject"]["identifier"][0]["identityHash"] == "Ada Example"
    assert embedded(document(finished, 2)) == json.dumps(second, ensure_ascii=False, separators=(",", ":")).encode()
    check(service, second)
    assert (is_set(service, first), is_set(service, second)) == (True, False)


@pytest.mark.parametrize("what", ["enrollment.removed", "account.removed"])
def test_a_withdrawn_certificate_has_no_credential_and_its_status_bit_is_set(finished: Story, what: str) -> None:
    service, signed, at = finished.service, credential(finished), path(finished)
    data = finished.enrollment_of("ada")
    wanted = data if what == "enrollment.removed" else {"account_id": data["account_id"]}
    service.post("Directory", cloud_event(what, wanted, NOON + timedelta(days=1)))
    service.settle()
    assert service.get(at, finished.claims("admin", "company-admin"))[0] == 404
    assert is_set(service, signed)


@pytest.mark.parametrize(
    "place",
    ["aaaabbbbccccddddeeeeffff22/1", "{certificate}/2", "{certificate}/0", "{certificate}/one", "{certificate}/-1"],
)
def test_what_was_never_issued_has_no_status(finished: Story, place: str) -> None:
    """A verifier that gets no list refuses the credential."""
    place = place.format(certificate=record(finished).certificate_id)
    answer = finished.service.ask("GET", f"/status/{place}", None)
    assert answer["statusCode"] == 404
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"


def test_a_certificate_that_is_earned_and_not_issued_has_no_status(service: Service, story: Story) -> None:
    unissued = enrolled(story.id("enr-1"), story.id("acc-1"), None)
    assert service.ask("GET", f"/status/{unissued.certificate_id}/1", None)["statusCode"] == 404


def test_without_its_key_the_status_is_a_fault_and_no_list(finished: Story) -> None:
    service = finished.service
    app = service.apps["serve_api"]
    cold = SigningKeys(app.dependencies.status_keys._secret, app.documents, "statuses")
    service.use("serve_api", keys=cold)

    def refuse(request: Request) -> Any:
        if request.operation == "GetSecretValue":
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, request.operation)
        return request.send()

    with requests_pass(refuse):
        answer = service.ask("GET", f"/status/{record(finished).certificate_id}/1", None)
    assert answer["statusCode"] == 500


def test_the_key_of_status_lists_is_none_of_the_issuers_keys(finished: Story) -> None:
    """Verifiers demand that the method's controller is the issuer of what it signed, and that the issuer lists it."""
    service, signed = finished.service, credential(finished)
    listed = public(service, signed["credentialStatus"]["statusListCredential"])
    of_status, of_certificate = method(service, listed), method(service, signed)
    assert of_status["controller"] == listed["issuer"] == f"{signed['issuer']['id']}:status"
    assert of_certificate["controller"] == signed["issuer"]["id"]
    issuer = public(service, f"{signed['issuer']['url']}/.well-known/did.json")
    assert of_status["publicKeyMultibase"] not in {one["publicKeyMultibase"] for one in issuer["verificationMethod"]}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/vc"),
        ("*/*", "application/vc"),
        ("application/vc", "application/vc"),
        ("application/ld+json, application/json", "application/json"),
    ],
)
def test_a_status_list_comes_in_the_type_that_the_client_parses(finished: Story, accept: str, media_type: str) -> None:
    place = f"/status/{record(finished).certificate_id}/1"
    answer = finished.service.ask("GET", place, None, headers={"accept": accept})
    assert (answer["headers"]["Content-Type"], answer["headers"]["Vary"]) == (media_type, "Accept")


def test_a_status_list_is_valid_for_an_hour(finished: Story) -> None:
    found = public(finished.service, credential(finished)["credentialStatus"]["statusListCredential"])
    valid_from, until = (datetime.fromisoformat(found[name]) for name in ("validFrom", "validUntil"))
    assert until - valid_from == timedelta(hours=1)


@pytest.mark.parametrize(
    ("place", "seconds"), [("/status/{certificate}/1", 60), ("/.well-known/did.json", 300), ("/status/did.json", 300)]
)
def test_a_status_is_cached_for_a_minute_and_keys_for_five(finished: Story, place: str, seconds: int) -> None:
    answer = finished.service.ask("GET", place.format(certificate=record(finished).certificate_id), None)
    assert answer["headers"]["Cache-Control"] == f"public, max-age={seconds}"


def lose(story: Story) -> bytes:
    """Lose Ada's document, and have the sweep restore it; the bytes that it had."""
    before, key = document(story), f"certificates/{record(story).certificate_id}/1.pdf"
    boto3.client("s3").delete_object(Bucket=story.service.outputs["DocumentsBucketName"], Key=key)
    story.service.sweep(everything=True)
    story.service.settle()
    return before


def test_a_lost_document_comes_back_with_its_credential(finished: Story) -> None:
    before = lose(finished)
    assert document(finished) == before
    assert embedded(before)


def rotated(service: Service) -> None:
    """Rotate the key of certificates as an operator does, and start a sandbox that has not cached the former one."""
    outputs, app = service.outputs, service.apps["generate_certificate"]
    waited: list[float] = []
    documents = Documents(boto3.client("s3"), outputs["DocumentsBucketName"])
    rotate(boto3.client("secretsmanager"), outputs["CertificateKeyArn"], documents, "certificates", waited.append)
    assert waited == [300]
    service.use("generate_certificate", keys=SigningKeys(app.keys._secret, app.documents, "certificates"))


def test_after_a_rotation_old_documents_verify_and_come_back_in_the_same_bytes(finished: Story) -> None:
    service, first = finished.service, credential(finished)
    rotated(service)
    before = lose(finished)
    assert document(finished) == before
    check(service, first)
    assert credential(finished) == first
    correct_the_name(finished)
    second = credential(finished)
    check(service, second)
    assert first["proof"]["verificationMethod"] != second["proof"]["verificationMethod"]


def test_a_key_is_published_before_it_signs(service: Service) -> None:
    app, order = service.apps["generate_certificate"], []

    def note(request: Request) -> Any:
        order.append(request.operation)
        return request.send()

    with requests_pass(note):
        SigningKeys(app.keys._secret, app.documents, "certificates").current()
    assert order == ["GetSecretValue", "PutObject"]


def test_a_key_that_cannot_be_published_signs_nothing(service: Service) -> None:
    app = service.apps["generate_certificate"]
    keys = SigningKeys(app.keys._secret, app.documents, "certificates")

    def refuse(request: Request) -> Any:
        if request.operation == "PutObject":
            raise ClientError({"Error": {"Code": "AccessDenied"}}, request.operation)
        return request.send()

    for _ in range(2):
        with requests_pass(refuse), pytest.raises(ClientError):
            keys.current()
    assert keys.current().public in app.documents.published_keys("certificates")


def test_a_sandbox_reads_its_secret_once_in_fifteen_minutes(service: Service) -> None:
    app, now = service.apps["generate_certificate"], [0.0]
    keys = SigningKeys(app.keys._secret, app.documents, "certificates", lambda: now[0])
    with count_requests() as counts:
        for now[0] in (0, 1, SECONDS_CACHED - 1):
            keys.current()
        assert counts["GetSecretValue"] == 1
        now[0] = SECONDS_CACHED
        keys.current()
    assert counts["GetSecretValue"] == 2


def test_without_its_key_a_certificate_waits_and_is_issued_when_the_key_is_back(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    app = service.apps["generate_certificate"]
    service.use("generate_certificate", keys=SigningKeys(app.keys._secret, app.documents, "certificates"))
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))

    def refuse(request: Request) -> Any:
        if request.operation == "GetSecretValue":
            raise ClientError({"Error": {"Code": "InternalServiceError"}}, request.operation)
        return request.send()

    with requests_pass(refuse):
        service.settle()
    assert story.certificates() == []
    service.make_visible("Generation")
    service.settle()
    check(service, credential(story))


def without_proof(story: Story) -> CompletionRecord:
    """Ada's certificate as it was issued before credentials were signed."""
    found = record(story)
    assert found.issue is not None
    app = story.service.apps["generate_certificate"]
    unsigned = replace(found.issue, credential=None)
    drawn = app.certificates.draw_issued(found.training_id, unsigned)
    before = replace(unsigned, document_sha256=hashlib.sha256(drawn).hexdigest(), document_version=None)
    enrollments.issue(found, before)
    key = f"certificates/{found.certificate_id}/1.pdf"
    boto3.client("s3").put_object(Bucket=story.service.outputs["DocumentsBucketName"], Key=key, Body=drawn)
    return replace(found, issue=before)


def test_a_certificate_from_before_keeps_its_bytes_and_has_no_credential(finished: Story) -> None:
    without_proof(finished)
    before = lose(finished)
    assert document(finished) == before
    with pikepdf.open(io.BytesIO(before)) as pdf:
        assert not pdf.attachments
    assert finished.service.get(path(finished), finished.claims("admin", "company-admin"))[0] == 404


def test_a_certificate_from_before_gets_a_credential_with_its_next_revision(finished: Story) -> None:
    without_proof(finished)
    correct_the_name(finished)
    signed = credential(finished)
    check(finished.service, signed)
    assert signed["credentialSubject"]["result"][0]["value"] == "90"
    assert embedded(document(finished, 2))


def test_a_request_that_comes_again_after_a_crash_puts_the_same_bytes(finished: Story) -> None:
    """The proof has no clock: else the retry would find other bytes, and take the next revision."""
    found = record(finished)
    assert found.issue is not None
    app = finished.service.apps["generate_certificate"]
    later = replace(found.issue, issued_at=found.issue.issued_at + timedelta(hours=1), credential=None)
    again = app.credentials.sign(found.training_id, later, found.issue.credential and found.issue.credential.result)
    assert app.certificates.draw_issued(found.training_id, again) == document(finished)


def test_the_public_addresses_ask_for_the_certificate_alone(service: Service, story: Story) -> None:
    """A status costs one read of the index and one of the record; keys are listed in one request."""
    issued = issue(enrolled(story.id("enr-1"), story.id("acc-1"), None))
    service.ask("GET", f"/status/{issued.certificate_id}/1", None)
    with count_requests() as counts:
        service.ask("GET", f"/status/{issued.certificate_id}/1", None)
        service.ask("GET", "/.well-known/did.json", None)
    assert dict(counts) == {"Query": 1, "BatchGetItem": 1, "ListObjectsV2": 1}


def test_the_generator_signs_no_sample_of_a_text_check(service: Service, story: Story) -> None:
    with count_requests() as counts:
        service.start_anew()
        story.publish()
        service.settle()
    assert counts["GetSecretValue"] == 0


def test_generation_message_is_not_a_way_to_another_signature(finished: Story) -> None:
    """A repeated request announces again and signs nothing: the proof stays."""
    first = credential(finished)
    message = generation_message(record(finished), purpose=Purpose.RECONCILE, request="another")
    finished.service.post("Generation", message.body)
    finished.service.settle()
    assert credential(finished) == first


def test_an_erasure_ends_the_proof_and_leaves_the_status_and_the_keys(finished: Story) -> None:
    """A signature and a public key would prove a guessed name; a copy of the document is reported as revoked."""
    service, signed = finished.service, credential(finished)
    enrollments.withdraw(record(finished).key, NOON + timedelta(days=1), "erasure")
    enrollments.erase_holder(record(finished))
    erased = record(finished).issue
    assert erased is not None
    assert (erased.credential, erased.printed.holder, erased.document_sha256) == (None, "", "")
    check(service, signed)
    assert is_set(service, signed)
