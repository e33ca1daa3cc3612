"""Who may call what: bearer, scopes, unknown routes, aliases, shapes of refusal."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from drift_mcp.sandbox import SANDBOX_TOKEN, create_app
from drift_mcp.sandbox.choices import ALL_SCOPES
from drift_mcp.sandbox.resources import endpoints
from tests.support.each import for_each

from . import tiny
from .conftest import Clock, connect, refused

# Written down by hand from Drift's documentation, not derived from the code.
DOCUMENTED = """
GET /conversations/list conversation_read
GET /conversations/{conversationId} conversation_read
POST /conversations/new conversation_write
GET /conversations/stats conversation_read
GET /conversations/{conversationId}/transcript conversation_read
GET /conversations/{conversationId}/json_transcript conversation_read
GET /conversations/{conversationId}/messages conversation_read
POST /conversations/{conversationId}/messages conversation_write
GET /attachments/{documentId}/data conversation_read
POST /reports/conversations conversation_read
POST /reports/conversation-summary conversation_read
POST /contacts contact_write
GET /contacts/{contactId} contact_read
GET /contacts contact_read
PATCH /contacts/{contactId} contact_write
PATCH /contacts/normalize contact_write
DELETE /contacts/{contactId} contact_write
POST /emails/unsubscribe contact_write
POST /contacts/timeline contact_write
GET /contacts/attributes all_contact_read
POST /contacts/{contactId}/tags contact_write
DELETE /contacts/{contactId}/tags/{tagName} contact_write
POST /contacts/{contactId}/tags/delete/_bulk contact_write
GET /accounts account_read
GET /accounts/{accountId} account_read
POST /accounts/create account_write
PATCH /accounts/update account_write
DELETE /accounts/{accountId} account_write
GET /users/list user_read
GET /users/{userId} user_read
GET /users user_read
PATCH /users/update user_write
GET /teams/org user_read
GET /teams/users/{userId} user_read
GET /users/meetings/org user_read
GET /playbooks/list playbook_read
GET /playbooks/clp playbook_read
POST /app/token_info -
POST /app/uninstall -
POST /gdpr/retrieve gdpr_read
POST /gdpr/delete gdpr_write
GET /scim/Users scim
GET /scim/Users/{id} scim
POST /scim/Users scim
PUT /scim/Users/{id} scim
PATCH /scim/Users/{id} scim
DELETE /scim/Users/{id} scim
"""
# Written down by hand from the third-party catalogues; served under a prefix of their own.
CATALOGUE = """
GET /v2/conversations conversation_read
GET /v2/conversations/status/{status} conversation_read
POST /v2/conversations conversation_write
POST /v2/conversations/create conversation_write
PATCH /v2/conversations/{conversationId} conversation_write
DELETE /v2/conversations/{conversationId} conversation_write
GET /v2/conversations/{conversationId}/messages/{messageId} conversation_read
PATCH /v2/conversations/{conversationId}/messages/{messageId} conversation_write
POST /v2/conversations/{conversationId}/timeline/notes conversation_write
GET /v2/conversations/{conversationId}/timeline/notes/{noteId} conversation_read
PATCH /v2/conversations/{conversationId}/timeline/notes/{noteId} conversation_write
POST /v2/conversations/{conversationId}/driftbot/trigger conversation_write
PATCH /v2/conversations/{conversationId}/driftbot conversation_write
POST /v2/tags conversation_write
GET /v2/tags/{tagId} conversation_read
PATCH /v2/tags/{tagId} conversation_write
DELETE /v2/tags/{tagId} conversation_write
GET /v2/contacts contact_read
GET /v2/contacts/match-email contact_read
POST /v2/contacts/raw contact_write
GET /v2/contacts/{contactId}/timeline contact_read
GET /v2/companies/{companyId}/people contact_read
GET /v2/companies/{companyId}/teams user_read
GET /v2/meetings user_read
GET /v2/meetings/{meetingId} user_read
POST /v2/meetings user_write
PATCH /v2/meetings/{meetingId} user_write
DELETE /v2/meetings/{meetingId} user_write
POST /v2/meetings/{meetingId}/participants user_write
GET /v2/events -
"""
DOCUMENTED_ROWS = [(*line.split(),) for line in DOCUMENTED.split("\n") if line]
CATALOGUE_ROWS = [(*line.split(),) for line in CATALOGUE.split("\n") if line]
ROWS = DOCUMENTED_ROWS + CATALOGUE_ROWS
PLACEHOLDERS = {
    "{conversationId}": "7001",
    "{contactId}": "5001",
    "{accountId}": "300_one.example",
    "{companyId}": "300_one.example",
    "{messageId}": "8003",
    "{noteId}": "8004",
    "{tagId}": "1",
    "{meetingId}": "1",
    "{status}": "open",
}


def concrete(path: str) -> str:
    for placeholder, value in PLACEHOLDERS.items():
        path = path.replace(placeholder, value)
    head, _, tail = path.partition("{")
    return head + "101" + tail.partition("}")[2] if tail else path


@pytest.mark.parametrize(("method", "path", "scope"), ROWS)
async def test_every_documented_call_needs_exactly_its_scope(
    app: Starlette, method: str, path: str, scope: str
) -> None:
    issue = app.state.sandbox.world.issue_token
    async with connect(app, issue([name for name in ALL_SCOPES if name != scope])) as without:
        response = await without.request(method, concrete(path))
        if scope == "-":
            assert response.status_code not in (401, 403, 404, 405)
            return
        assert response.status_code == 403
        assert scope in response.text
        if scope != "scim":
            refused(response, 403, "authentication_error")
    async with connect(app, issue([scope])) as allowed:
        response = await allowed.request(method, concrete(path))
        assert response.status_code not in (401, 403, 405, 500)


@pytest.mark.parametrize(("method", "path", "scope"), ROWS)
async def test_no_call_works_without_a_token(app: Starlette, method: str, path: str, scope: str) -> None:
    async with connect(app, None) as stranger:
        response = await stranger.request(method, concrete(path))
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


def test_every_endpoint_of_the_sandbox_names_a_scope_or_is_open_by_documentation() -> None:
    open_paths = {endpoint.path for endpoint in endpoints() if endpoint.scope is None}
    assert {"/app/token_info", "/app/uninstall"} == {path for path in open_paths if path.startswith("/app/")}
    assert {endpoint.scope for endpoint in endpoints()} <= {None, *ALL_SCOPES}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer unknown", SANDBOX_TOKEN])
async def test_anything_but_a_known_bearer_is_401(app: Starlette, header: str) -> None:
    async with connect(app, None) as stranger:
        response = await stranger.get("/users/list", headers={"Authorization": header})
    refused(response, 401, "authentication_error")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
async def test_the_bearer_scheme_ignores_case(app: Starlette, scheme: str) -> None:
    async with connect(app, None) as client:
        response = await client.get("/users/list", headers={"Authorization": f"{scheme} {SANDBOX_TOKEN}"})
    assert response.status_code == 200


async def test_an_expired_token_is_401(app: Starlette, clock: Clock) -> None:
    world = app.state.sandbox.world
    token = world.issue_token(ALL_SCOPES)
    world.tables["tokens"][token]["expiresAt"] = clock.at + 1000
    async with connect(app, token) as client:
        assert (await client.get("/users/list")).status_code == 200
        clock.at += 1000
        refused(await client.get("/users/list"), 401, "authentication_error")


async def test_the_configured_token_and_scopes_are_the_ones_that_count(tiny_seed: None) -> None:
    app = create_app(now=lambda: tiny.NOW, token="other", scopes=["user_read"])
    async with connect(app, "other") as client:
        assert (await client.get("/users/list")).status_code == 200
        refused(await client.get("/accounts"), 403, "authentication_error")
    async with connect(app) as client:
        refused(await client.get("/users/list"), 401, "authentication_error")


async def test_the_scope_is_checked_before_the_resource_and_the_body(app: Starlette) -> None:
    async with connect(app, app.state.sandbox.world.issue_token([])) as client:
        assert (await client.get("/conversations/1")).status_code == 403
        assert (await client.post("/contacts", content=b"{")).status_code == 403


@pytest.mark.parametrize("path", ["/", "/nope", "/contacts/5001/nope", "/v1", "/v1/nope", "/conversation/7001"])
async def test_an_unknown_route_is_drifts_404(drift: httpx.AsyncClient, path: str) -> None:
    refused(await drift.get(path), 404, "not_found")


async def test_a_wrong_method_is_405_with_drifts_body_and_the_right_methods(drift: httpx.AsyncClient) -> None:
    response = await drift.post("/contacts/5001", json={})
    refused(response, 405, "validation_error")
    assert {"GET", "PATCH", "DELETE"} <= set(response.headers["allow"].split(", "))


@pytest.mark.parametrize("path", ["/v1/users/list", "/users/list/", "/v1/users/list/"])
async def test_old_prefix_and_trailing_slash_reach_the_same_resource(drift: httpx.AsyncClient, path: str) -> None:
    assert (await drift.get(path)).json() == (await drift.get("/users/list")).json()


@pytest.mark.parametrize(
    "path",
    [
        "/conversations/{}",
        "/conversations/{}/messages",
        "/conversations/{}/transcript",
        "/contacts/{}",
        "/conversations/{}/json_transcript",
        "/attachments/{}/data",
        "/accounts/{}",
        "/users/{}",
        "/teams/users/{}",
        "/v2/conversations/7001/messages/{}",
        "/v2/conversations/{}/messages/8001",
        "/v2/conversations/7001/timeline/notes/{}",
        "/v2/conversations/{}/timeline/notes/8004",
        "/v2/tags/{}",
        "/v2/contacts/{}/timeline",
        "/v2/companies/{}/people",
        "/v2/companies/{}/teams",
        "/v2/meetings/{}",
    ],
)
@for_each("missing", ["999999", "0", "abc", "-1", "1" * 30, "٣"])
async def test_an_id_that_names_nothing_is_404(drift: httpx.AsyncClient, path: str, missing: str) -> None:
    refused(await drift.get(path.format(missing)), 404, "not_found")


BODIES = [
    b"",
    b"{",
    b"null",
    b"7",
    b'"x"',
    b"[[]]",
    b'{"attributes": 7, "message": 7, "metrics": 7, "email": 7, "type": 7, "ownerId": "x", "body": 7, "users": 7, '
    b'"name": 7, "labels": 7, "action_id": [], "status": 7, "start_at": "x"}',
    b'{"attributes": {"email": NaN}, "email": NaN}',
    b'{"attributes": {"email": 1e999}}',
    b'{"attributes": {"email": "\\ud800@x.y"}, "email": "\\ud800@x.y"}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"x": ' + b"9" * 5000 + b"}",
]
WRITES = [(method, path) for method, path, _ in ROWS if method in ("POST", "PUT", "PATCH")]


@pytest.mark.parametrize(("method", "path"), [row for row in WRITES if row[1] != "/app/uninstall"])
@for_each("body", BODIES, lambda body: repr(body[:80]))
async def test_a_body_of_the_wrong_shape_is_400(drift: httpx.AsyncClient, method: str, path: str, body: bytes) -> None:
    query = {"/users/update": "?userId=101", "/contacts/normalize": "?idType=drift&id=5001"}.get(path, "")
    response = await drift.request(method, concrete(path) + query, content=body)
    assert response.status_code == 400
    if not path.startswith("/scim"):
        refused(response, 400, "validation_error")


async def test_the_general_and_the_report_budget_answer_429_once_switched_on(
    app: Starlette, drift: httpx.AsyncClient, clock: Clock
) -> None:
    app.state.sandbox.limits.per_minute = 600
    report = {"metrics": ["createdAt"]}
    for _ in range(60):
        assert (await drift.post("/reports/conversations", json=report)).status_code == 200
    refused(await drift.post("/reports/conversations", json=report), 429, "rate_limit")
    assert (await drift.get("/users/list")).status_code == 200
    clock.at += 1000
    assert (await drift.post("/reports/conversations", json=report)).status_code == 200
