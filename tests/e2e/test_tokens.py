"""Forged, borrowed and expired tokens are refused, and the answer does not say why."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.e2e.portal import Portal
from tools.local import issuer

pytestmark = pytest.mark.stack
PATH = "/v1/support-requests"
SECONDS_OF_A_DAY = 86_400


@dataclass(frozen=True)
class Mint:
    """What a forger knows: the issuer, the form of its tokens and its public key; to compare, the private key."""

    issuer: str
    key: RSAKey

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a valid support token with changes; a change to None removes the claim."""
        now = int(time.time())
        good: dict[str, Any] = {"iss": self.issuer, "aud": issuer.AUDIENCE, "sub": "sup-1", "role": "support"}
        good |= {"token_use": "access", "client_id": "portal", "iat": now - 60, "exp": now + 3600}
        return {name: value for name, value in (good | changes).items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, key: Any = None, **changes: Any) -> str:
        """A valid token with another header, key or claims; a change to None removes the field."""
        good = {"alg": "RS256", "kid": self.key.kid, "typ": "at+jwt"} | (header or {})
        kept = {name: value for name, value in good.items() if value is not None}
        return jwt.encode(kept, self.claims(**changes), key or self.key, algorithms=["RS256", "ES256"])

    def unsigned(self, algorithm: str, signature: str = "") -> str:
        """A token with the algorithm `none`."""
        parts = [{"alg": algorithm, "kid": self.key.kid}, self.claims()]
        return ".".join([*(encoded(json.dumps(part).encode()) for part in parts), signature])

    def with_secret(self, secret: bytes) -> str:
        """A token under HMAC; the JWT library refuses to sign with a public key."""
        signed, _ = self.unsigned("HS256").rsplit(".", 1)
        return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"

    def with_other_claims(self) -> str:
        """The signature of a valid token under other claims."""
        header, _, signature = self.token(role="employee").split(".")
        return ".".join([header, encoded(json.dumps(self.claims()).encode()), signature])


def encoded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def ago(days: float) -> int:
    return int(time.time() - days * SECONDS_OF_A_DAY)


ANOTHER = RSAKey.generate_key(2048, {"kid": "another", "use": "sig"})
ELLIPTIC = ECKey.generate_key("P-256", {"kid": "elliptic"})
FORGED: dict[str, Callable[[Mint], str]] = {
    "no algorithm": lambda mint: mint.unsigned("none"),
    "no algorithm, in capitals": lambda mint: mint.unsigned("NONE"),
    "no algorithm, and a signature": lambda mint: mint.unsigned("none", mint.token().rsplit(".", 1)[1]),
    "no signature": lambda mint: mint.unsigned("RS256"),
    "signed with the public key as a secret": lambda mint: mint.with_secret(mint.key.as_pem(private=False)),
    "signed with the public key in DER as a secret": lambda mint: mint.with_secret(mint.key.as_der(private=False)),
    "signed with nothing as a secret": lambda mint: mint.with_secret(b""),
    "signed with another key under the right name": lambda mint: mint.token(key=ANOTHER),
    "signed with another key under its own name": lambda mint: mint.token({"kid": "another"}, ANOTHER),
    "an elliptic key": lambda mint: mint.token({"alg": "ES256"}, ELLIPTIC),
    "a key that the token brings along": lambda mint: mint.token(
        {"kid": "another", "jwk": ANOTHER.as_dict(private=False)}, ANOTHER
    ),
    "a key that the token says where to find": lambda mint: mint.token(
        {"kid": "another", "jku": "http://127.0.0.1:9/jwks.json"}, ANOTHER
    ),
    "a key's name that is a path": lambda mint: mint.token({"kid": "../../../dev/null"}, ANOTHER),
    "no key's name": lambda mint: mint.token({"kid": None}, ANOTHER),
    "other claims under a good signature": Mint.with_other_claims,
    "another audience": lambda mint: mint.token(aud="another"),
    "the audience in capitals": lambda mint: mint.token(aud=issuer.AUDIENCE.upper()),
    "no audience": lambda mint: mint.token(aud=None),
    "audiences without ours": lambda mint: mint.token(aud=["another", f"{issuer.AUDIENCE}-too"]),
    "another issuer": lambda mint: mint.token(iss="https://login.example"),
    "an issuer that begins like ours": lambda mint: mint.token(iss=f"{mint.issuer}.example"),
    "the issuer with a slash": lambda mint: mint.token(iss=f"{mint.issuer}/"),
    "no issuer": lambda mint: mint.token(iss=None),
    "expired": lambda mint: mint.token(exp=ago(0.01)),
    "expired long ago": lambda mint: mint.token(iat=ago(400), exp=ago(399)),
    "not valid yet": lambda mint: mint.token(nbf=ago(-1)),
    "issued tomorrow": lambda mint: mint.token(iat=ago(-1), exp=ago(-2)),
    "cut short": lambda mint: mint.token()[:-8],
    "without its last part": lambda mint: mint.token().rsplit(".", 1)[0],
    "with a part too many": lambda mint: f"{mint.token()}.{mint.token().split('.')[0]}",
    "no JSON": lambda _: ".".join([encoded(b"garbled")] * 3),
    "empty parts": lambda _: "..",
    "encrypted by its looks": lambda mint: f"{mint.token().replace('.', '..')}.x.y",
    "an ID token": lambda mint: mint.token({"typ": "JWT"}, token_use="id"),
    "an ID token of an issuer that sets no use": lambda mint: mint.token(token_use=None, client_id=None, nonce="n"),
    "no subject": lambda mint: mint.token(sub=None),
    "a subject that is a list": lambda mint: mint.token(sub=["sup-1"]),
    "no role": lambda mint: mint.token(role=None),
    "a role in a list": lambda mint: mint.token(role=["support"]),
    "two roles": lambda mint: mint.token(role="employee support"),
    "a role in capitals": lambda mint: mint.token(role="SUPPORT"),
}


@pytest.fixture(scope="module")
def mint(portal: Portal) -> Mint:
    return Mint(portal.stack.issuer, portal.issuers_key())


def asked(portal: Portal, headers: list[tuple[str, str]], **query: str) -> httpx.Response:
    """The API's answer to exactly these headers."""
    return httpx.get(portal.stack.api + PATH, headers=headers, params=query, timeout=60, trust_env=False)


def bearer(token: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {token}"


def leaks_nothing(answer: httpx.Response) -> bool:
    """Whether an answer is a refusal and nothing else."""
    wanted = (
        {"message"} if answer.headers["content-type"] == "application/json" else {"type", "title", "status", "detail"}
    )
    return answer.status_code in {401, 403} and set(answer.json()) == wanted and "sup-1" not in answer.text


def test_a_valid_token_is_accepted(portal: Portal, mint: Mint) -> None:
    assert asked(portal, [bearer(mint.token())]).status_code == 200
    assert asked(portal, [bearer(mint.token(aud=["another", issuer.AUDIENCE]))]).status_code == 200


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_token_is_refused(portal: Portal, mint: Mint, how: str) -> None:
    answer = asked(portal, [bearer(FORGED[how](mint))])
    assert leaks_nothing(answer), (answer.status_code, answer.text)


def test_a_token_outside_the_authorization_header_is_refused(portal: Portal, mint: Mint) -> None:
    token = mint.token()
    for headers, query in (
        ([], {"access_token": token}),
        ([], {"Authorization": f"Bearer {token}"}),
        ([("Cookie", f"Authorization={token}; access_token={token}")], {}),
        ([("X-Forwarded-Authorization", f"Bearer {token}")], {}),
        ([("Authorization", f"Basic {base64.b64encode(f'sup-1:{token}'.encode()).decode()}")], {}),
        ([("Authorization", "Bearer")], {}),
        ([("Authorization", "")], {}),
    ):
        answer = asked(portal, headers, **query)
        assert leaks_nothing(answer), (headers, query, answer.status_code, answer.text)


def test_a_second_header_adds_nothing_to_the_first(portal: Portal, mint: Mint) -> None:
    # The gateway may read either header or none; both together must not open more than each alone.
    employee, forged = mint.token(role="employee"), mint.token(key=ANOTHER)
    for first, second in ((employee, forged), (forged, employee)):
        assert asked(portal, [bearer(first), bearer(second)]).status_code in {401, 403, 404}


def test_other_input_does_not_change_the_role_of_a_token(portal: Portal, mint: Mint) -> None:
    token = mint.token(role="employee")
    headers = [bearer(token), ("role", "support"), ("X-Role", "support")]
    assert asked(portal, headers).status_code == 404
    assert asked(portal, headers, role="support", sub="sup-1").status_code == 400  # unknown parameters
