"""Access tokens of an authorization server: which count, and how its keys are kept. Over real HTTP, with real keys."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drift_mcp.http import issuer as issuers
from drift_mcp.http.authentication import authentication
from drift_mcp.http.issuer import Issuer, Unreachable
from drift_mcp.http.keys import new_key as new_keys_entry
from drift_mcp.http.tokens import AccessTokens, InvalidToken, LacksScope, NotGranted
from drift_mcp.settings import Hosting, InvalidSetting
from tests.support.authorization_server import AuthorizationServer, new_key

HERE = "https://drift.example/mcp"
CALLERS = [
    {"name": "Ana", "claim": "sub", "value": "ana", "connections": ["acme"]},
    {"name": "batch", "claim": "client_id", "value": "nightly", "read_only": True},
    {"name": "support", "claim": "groups", "value": "support"},
]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def callers(tmp_path: Path) -> Path:
    path = tmp_path / "callers.json"
    path.write_text(json.dumps({"callers": CALLERS}))
    path.chmod(0o644)
    return path


@pytest.fixture
def tokens(server: AuthorizationServer, clock: Clock, callers: Path) -> AccessTokens:
    return AccessTokens(Issuer(server.issuer, "", clock), HERE, ["drift"], callers, lambda _: None)


class TestWhoseItIs:
    async def test_the_first_caller_whose_claim_fits(self, server: AuthorizationServer, tokens: AccessTokens) -> None:
        ana = await tokens.principal(server.token(client_id="nightly"))
        assert (ana.name, ana.connections) == ("Ana", frozenset({"acme"}))
        batch = await tokens.principal(server.token(sub=None, client_id="nightly"))
        assert (batch.name, batch.narrowing and batch.narrowing.read_only) == ("batch", True)

    async def test_holders_whom_one_entry_covers_are_told_apart_without_being_named(
        self, server: AuthorizationServer, tokens: AccessTokens
    ) -> None:
        found = [
            (await tokens.principal(server.token(sub=sub, groups=["staff", "support"]))).name
            for sub in ("bob@corp.example", "eve@corp.example", "bob@corp.example")
        ]
        assert found[0] == found[2] != found[1]
        assert all(name.startswith("support#") and "corp" not in name for name in found)

    async def test_clients_without_a_subject_whom_one_entry_covers_are_told_apart(
        self, server: AuthorizationServer, tokens: AccessTokens
    ) -> None:
        async def name(**claims: Any) -> str:
            nobody = {"sub": None, "client_id": None, "groups": ["support"]}
            return (await tokens.principal(server.token(**nobody | claims))).name

        assert len({await name(client_id="one"), await name(client_id="two"), await name(azp="three")}) == 3
        with pytest.raises(InvalidToken, match="whose it is"):
            await name()

    @pytest.mark.parametrize(
        "claims", [{"sub": "mallory"}, {"sub": None}, {"sub": "ANA"}, {"sub": "x", "groups": "support staff"}]
    )
    async def test_who_is_in_no_entry_gets_nothing(
        self, server: AuthorizationServer, tokens: AccessTokens, claims: dict[str, Any]
    ) -> None:
        with pytest.raises(NotGranted):
            await tokens.principal(server.token(**claims))

    async def test_an_entry_taken_out_counts_at_once(
        self, server: AuthorizationServer, tokens: AccessTokens, callers: Path
    ) -> None:
        token = server.token()
        assert (await tokens.principal(token)).name == "Ana"
        for left in (CALLERS[1:], []):
            callers.write_text(json.dumps({"callers": left}))  # noqa: ASYNC240
            with pytest.raises(NotGranted):
                await tokens.principal(token)

    @pytest.mark.parametrize(
        "scope", [{"scope": "openid drift"}, {"scope": None, "scp": ["drift"]}, {"scope": None, "scp": "drift"}]
    )
    async def test_the_scope_may_be_written_in_every_usual_way(
        self, server: AuthorizationServer, tokens: AccessTokens, scope: dict[str, Any]
    ) -> None:
        assert (await tokens.principal(server.token(**scope))).name == "Ana"

    @pytest.mark.parametrize("scope", [None, "", "drifting", "openid", ["openid"], 7, {"drift": True}])
    async def test_without_the_scope_it_is_not_enough(
        self, server: AuthorizationServer, tokens: AccessTokens, scope: Any
    ) -> None:
        with pytest.raises(LacksScope):
            await tokens.principal(server.token(scope=scope))


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "PS256", "ES256", "ES384", "ES512", "EdDSA"])
async def test_a_signature_by_any_private_key_counts(
    server: AuthorizationServer, tokens: AccessTokens, algorithm: str
) -> None:
    server.add_key("another", algorithm)
    assert (await tokens.principal(server.token("another"))).name == "Ana"


@pytest.mark.parametrize("audience", [HERE, [HERE], ["https://other.example", HERE]])
async def test_a_token_may_be_for_several_servers(
    server: AuthorizationServer, tokens: AccessTokens, audience: Any
) -> None:
    assert (await tokens.principal(server.token(aud=audience))).name == "Ana"


async def test_clocks_may_differ_by_a_minute(server: AuthorizationServer, tokens: AccessTokens) -> None:
    now = int(time.time())
    assert await tokens.principal(server.token(exp=now - 30))
    assert await tokens.principal(server.token(nbf=now + 30, iat=now + 30))


def _unsigned(server: AuthorizationServer) -> str:
    return jwt.encode(server.claims(), "", "none", headers={"kid": "first"})


def _signed_with_the_public_key(server: AuthorizationServer) -> str:
    """As by HMAC with the published key for its secret, which libraries refuse to do."""
    public = server.keys["first"][1].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [{"alg": "HS256", "typ": "at+jwt", "kid": "first"}, server.claims()]
    signing = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(public, signing, hashlib.sha256)).rstrip(b"=")
    return (signing + b"." + signature).decode()


def _of_a_stranger(server: AuthorizationServer) -> str:
    return jwt.encode(server.claims(), new_key("RS256"), "RS256", headers={"kid": "first"})


def _with_its_own_key(server: AuthorizationServer) -> str:
    key = new_key("RS256")
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    headers = {"kid": "mine", "jwk": public, "jku": f"{server.url}/jwks"}
    return jwt.encode(server.claims(), key, "RS256", headers=headers)


def _changed(server: AuthorizationServer) -> str:
    head, _, signature = server.token().split(".")
    body = base64.urlsafe_b64encode(json.dumps(server.claims(sub="ana", admin=True)).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def _short_key(server: AuthorizationServer) -> str:
    server.add_key("short", "RS256", bits=1024)
    return server.token("short")


def _encryption_key(server: AuthorizationServer) -> str:
    server.add_key("enc", "RS256", use="enc")
    return server.token("enc")


def _other_algorithm(server: AuthorizationServer) -> str:
    return jwt.encode(server.claims(), server.keys["first"][1], "RS512", headers={"kid": "first"})


def _other_kind_of_key(server: AuthorizationServer) -> str:
    server.add_key("curve", "ES256")
    return jwt.encode(server.claims(), server.keys["first"][1], "RS256", headers={"kid": "curve"})


def _without_key_id_among_several(server: AuthorizationServer) -> str:
    server.add_key("second", "RS256")
    return jwt.encode(server.claims(), server.keys["first"][1], "RS256")


BAD: dict[str, Callable[[AuthorizationServer], str]] = {
    "unsigned": _unsigned,
    "signed with the public key": _signed_with_the_public_key,
    "of a stranger": _of_a_stranger,
    "with its own key": _with_its_own_key,
    "changed": _changed,
    "short key": _short_key,
    "key for encryption": _encryption_key,
    "other algorithm": _other_algorithm,
    "other kind of key": _other_kind_of_key,
    "without key id among several": _without_key_id_among_several,
    "expired": lambda server: server.token(exp=int(time.time()) - 120),
    "never ends": lambda server: server.token(exp=None),
    "end is no number": lambda server: server.token(exp="tomorrow"),
    "not yet": lambda server: server.token(nbf=int(time.time()) + 300),
    "for another": lambda server: server.token(aud="https://other.example/mcp"),
    "for others": lambda server: server.token(aud=["https://other.example/mcp", HERE + "/more"]),
    "for nobody": lambda server: server.token(aud=None),
    "for almost us": lambda server: server.token(aud=HERE.upper()),
    "of another issuer": lambda server: server.token(iss="https://issuer.example"),
    "of almost the issuer": lambda server: server.token(iss=server.issuer + "/"),
    "of no issuer": lambda server: server.token(iss=None),
    "an id token": lambda server: server.token(headers={"typ": "id+jwt"}),
    "unknown key": lambda server: server.token(headers={"kid": "nobody's"}),
    "critical extension": lambda server: server.token(headers={"crit": ["exotic"], "exotic": 1}),
    "too long": lambda server: server.token(note="x" * 20_000),
    "no token": lambda _: "abc",
    "three parts of nothing": lambda _: "..",
    "no JSON": lambda _: "e30.e30.e30",
    "not ASCII": lambda _: "é.é.é",
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_token_is_nobodys(server: AuthorizationServer, tokens: AccessTokens, kind: str) -> None:
    bad = BAD[kind](server)
    with pytest.raises(InvalidToken) as refused:
        await tokens.principal(bad)
    assert bad not in str(refused.value)
    # The same server and the same keys: it is the token that was bad.
    assert await tokens.principal(server.token())


class TestTheIssuersKeys:
    async def test_they_are_fetched_once(self, server: AuthorizationServer, tokens: AccessTokens) -> None:
        for _ in range(3):
            await tokens.principal(server.token())
        assert server.asked == ["/.well-known/oauth-authorization-server", "/jwks"]

    async def test_a_new_one_is_found_and_guesses_make_no_flood(
        self, server: AuthorizationServer, tokens: AccessTokens, clock: Clock
    ) -> None:
        await tokens.principal(server.token())
        server.add_key("second", "ES256")
        for _ in range(20):
            with pytest.raises(InvalidToken):
                await tokens.principal(server.token("second"))
        assert len(server.asked) == 2
        clock.now += issuers.PAUSE
        assert await tokens.principal(server.token("second"))
        assert len(server.asked) == 4

    async def test_one_that_is_taken_back_stops_counting(
        self, server: AuthorizationServer, tokens: AccessTokens, clock: Clock
    ) -> None:
        token = server.token()
        assert await tokens.principal(token)
        server.published.clear()
        clock.now += issuers.MAX_AGE
        with pytest.raises(InvalidToken):
            await tokens.principal(token)

    async def test_they_outlast_an_issuer_that_is_away_but_not_for_ever(
        self, server: AuthorizationServer, tokens: AccessTokens, clock: Clock
    ) -> None:
        token = server.token()
        assert await tokens.principal(token)
        server.status = 503
        clock.now += issuers.MAX_AGE
        assert await tokens.principal(token)
        clock.now += issuers.LAST_RESORT
        with pytest.raises(Unreachable):
            await tokens.principal(token)
        server.status = 0
        clock.now += issuers.PAUSE
        assert await tokens.principal(token)

    @pytest.mark.parametrize("status", [302, 401, 500])
    async def test_nothing_but_the_document_itself_counts(
        self, server: AuthorizationServer, tokens: AccessTokens, status: int
    ) -> None:
        server.answers["/elsewhere"] = (200, server.metadata)
        server.answers["/.well-known/oauth-authorization-server"] = (status, {})
        with pytest.raises(Unreachable):
            await tokens.principal(server.token())

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"keys": 7}', b"{}"])
    async def test_what_is_no_key_set_is_none(
        self, server: AuthorizationServer, tokens: AccessTokens, body: bytes
    ) -> None:
        server.answers["/jwks"] = (200, body)
        with pytest.raises(Unreachable):
            await tokens.principal(server.token())

    async def test_one_that_is_too_large_is_not_read(self, server: AuthorizationServer, tokens: AccessTokens) -> None:
        server.answers["/jwks"] = (200, json.dumps({"keys": server.published}).encode() + b" " * issuers.SIZE_LIMIT)
        with pytest.raises(Unreachable):
            await tokens.principal(server.token())

    async def test_a_key_that_cannot_be_used_spoils_no_other(
        self, server: AuthorizationServer, tokens: AccessTokens
    ) -> None:
        server.published[:0] = [{}, {"kty": "oct", "k": "AAAA", "kid": "first"}, {"kty": "RSA", "n": 7}, {"kty": "EC"}]  # type: ignore[list-item]
        assert await tokens.principal(server.token())

    async def test_a_token_without_key_id_is_by_the_only_key(
        self, server: AuthorizationServer, tokens: AccessTokens
    ) -> None:
        assert await tokens.principal(jwt.encode(server.claims(), server.keys["first"][1], "RS256"))

    @pytest.mark.parametrize(
        "place",
        [
            "/.well-known/oauth-authorization-server/tenant",
            "/.well-known/openid-configuration/tenant",
            "/tenant/.well-known/openid-configuration",
        ],
    )
    async def test_an_issuer_with_a_path_is_found_in_every_place_it_may_be(self, callers: Path, place: str) -> None:
        with AuthorizationServer("/tenant") as server:
            server.answers = {place: (200, server.metadata), "/jwks": server.answers["/jwks"]}
            tokens = AccessTokens(Issuer(server.issuer), HERE, [], callers, lambda _: None)
            assert await tokens.principal(server.token())

    async def test_metadata_of_another_issuer_does_not_count(
        self, server: AuthorizationServer, tokens: AccessTokens
    ) -> None:
        other = server.metadata() | {"issuer": "https://issuer.example"}
        server.answers["/.well-known/oauth-authorization-server"] = (200, other)
        with pytest.raises(Unreachable):
            await tokens.principal(server.token())

    @pytest.mark.parametrize("address", ["http://192.0.2.1/jwks", "file:///etc/hostname", "ftp://127.0.0.1/jwks", 7])
    async def test_keys_come_over_tls_or_from_this_machine(
        self, server: AuthorizationServer, tokens: AccessTokens, address: Any
    ) -> None:
        server.answers["/.well-known/oauth-authorization-server"] = (200, server.metadata() | {"jwks_uri": address})
        with pytest.raises(Unreachable):
            await tokens.principal(server.token())

    async def test_where_they_are_can_be_set(self, server: AuthorizationServer, callers: Path) -> None:
        issuer = Issuer(server.issuer, f"{server.url}/jwks")
        assert await AccessTokens(issuer, HERE, [], callers, lambda _: None).principal(server.token())
        assert server.asked == ["/jwks"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ('{"callers": [{"name": "a"}]}', "value"),
        ('{"callers": [{"name": "a", "value": "x", "toolset": "y"}]}', "toolset"),
        ('{"callers": [{"name": "a", "value": "x"}, {"name": "A", "value": "y"}]}', "same name"),
    ],
)
def test_what_is_no_file_of_callers_is_refused(callers: Path, text: str, said: str) -> None:
    callers.write_text(text)
    with pytest.raises(InvalidSetting, match=said):
        AccessTokens(Issuer("https://issuer.example"), HERE, [], callers, lambda _: None)


@pytest.mark.parametrize("late", ["keys", "callers", ""])
def test_a_key_and_a_token_never_pass_for_one_caller(
    callers: Path, tmp_path: Path, late: str, caplog: pytest.LogCaptureFixture
) -> None:
    keys = tmp_path / "keys.json"
    entries = {name: new_keys_entry(name)[1] for name in ("ANA", "other")}

    def write(name: str) -> None:
        keys.write_text(json.dumps({"keys": [entries[name]]}))
        keys.chmod(0o600)

    def others() -> str:
        return json.dumps({"callers": CALLERS[1:]})

    write("other" if late == "keys" else "ANA")
    if late == "callers":
        callers.write_text(others())
    hosting = Hosting(
        keys=str(keys), oauth_issuer="https://issuer.example", oauth_audience=HERE, oauth_callers=str(callers)
    )
    if not late:
        with pytest.raises(InvalidSetting, match="both have an entry of this name"):
            authentication(hosting, lambda _: None)
        return
    made = authentication(hosting, lambda _: None)
    assert made.keys
    assert made.tokens
    if late == "keys":
        write("ANA")
        made.keys.principal("looks again")
    else:
        callers.write_text(json.dumps({"callers": CALLERS}))
        made.tokens._file.now()
    assert "both have an entry of this name" in caplog.text
    assert not made.keys.names() & made.tokens.names()


def test_a_file_of_callers_that_others_may_change_is_refused(callers: Path) -> None:
    callers.chmod(0o666)
    with pytest.raises(InvalidSetting, match="open to other users"):
        AccessTokens(Issuer("https://issuer.example"), HERE, [], callers, lambda _: None)
