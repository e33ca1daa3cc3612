"""Every job on a Drift that answers nonsense or little: an error that has a name, or an answer; never a crash."""

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import DriftError
from drift_mcp.present import as_text
from drift_mcp.schema import input_schema, output_schema
from drift_mcp.workflow import NotAllowed
from drift_mcp.workflows import qualify_with_driftbot
from tests.workflows.desk import Desk, workflow

EMAIL = "hannah.vos@northpier.example"
JOBS: dict[str, dict[str, Any]] = {
    "triage_inbox": {"limit": 3, "account": "northpier"},
    "reply_to_conversation": {"body": "a", "note": "n", "status": "pending"},
    "capture_lead": {"email": EMAIL, "external_id": "crm-7", "name": "N", "attributes": {"plan": "pro"}},
    "get_contact_overview": {"email": EMAIL},
    "enrich_contact": {"email": EMAIL, "phone": "5", "overwrite": True},
    "route_conversation": {"assign": True, "note": "n"},
    "qualify_with_driftbot": {"wait_seconds": 3, "questions": ["Why?"]},
}
each_job = pytest.mark.parametrize("job", JOBS)
NONSENSE: list[Any] = [
    {}, [], None, 7, "x", {"data": None}, {"data": {}}, {"data": []}, {"data": [{}]}, {"data": [None, 7, "x"]},
    {"data": {"messages": [{}, None]}}, {"data": {"id": "x", "attributes": 7, "participants": "y"}},
    {"data": {"accounts": [{}, {"domain": 7}]}}, {"data": [{"id": None, "createdAt": {}, "attributes": []}]},
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(qualify_with_driftbot, "sleep", sleep)
    monkeypatch.setattr(qualify_with_driftbot, "elapsed", lambda: now[0])


def arguments(desk: Desk, job: str) -> dict[str, Any]:
    if job in {"triage_inbox", "capture_lead", "get_contact_overview", "enrich_contact"}:
        return JOBS[job]
    contacts = {row["id"] for row in desk.world.rows("contacts") if row["attributes"].get("email") == EMAIL}
    rows = (row for row in desk.world.rows("conversations") if row["contactId"] in contacts and row["status"] == "open")
    return {"conversation_id": next(rows)["id"]} | JOBS[job]


class Nonsense(httpx.AsyncBaseTransport):
    """Answers one method and path with nonsense and everything else as it is."""

    def __init__(self, inner: httpx.AsyncBaseTransport, where: tuple[str, str], body: Any) -> None:
        self.inner, self.where, self.body = inner, where, body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        if (request.method, request.url.path) == self.where:
            return httpx.Response(200, json=self.body)
        return answer


async def routes(open_desk: Callable[..., Desk], job: str) -> list[tuple[str, str]]:
    """Every request that a job makes when all goes well."""
    desk = open_desk()
    await desk.run(job, **arguments(desk, job))
    return sorted(set(desk.sent))


def parts(value: Any) -> Iterator[Any]:
    yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(item)


@each_job
async def test_nonsense_in_one_answer_breaks_nothing(open_desk: Callable[..., Desk], job: str) -> None:
    first = open_desk()
    fresh = pickle.dumps(first.world.tables)
    for where in (await routes(open_desk, job))[:14]:
        for body in NONSENSE:
            first.world.tables = pickle.loads(fresh)
            desk = open_desk(app=first.app)
            desk.wire.inner = Nonsense(desk.wire.inner, where, body)
            try:
                answer = await desk.run(job, **arguments(desk, job))
            except (DriftError, NotAllowed, InvalidArguments):
                continue
            assert as_text(answer), (where, body)
            assert None not in list(parts(answer)), (where, body)


@each_job
async def test_small_answers_cost_more_calls_and_give_the_same_kind_of_answer(
    open_desk: Callable[..., Desk], job: str
) -> None:
    desk, small = open_desk(), open_desk(result_bytes=1_000)
    whole = await desk.run(job, **arguments(desk, job))
    about = {"problems", "truncated"}
    assert set(await small.run(job, **arguments(small, job))) - about == set(whole) - about


@each_job
async def test_a_token_without_scopes_gives_an_error_with_a_name(open_desk: Callable[..., Desk], job: str) -> None:
    desk = open_desk(scopes=[])
    with pytest.raises(DriftError):
        await desk.run(job, **arguments(desk, job))


@each_job
def test_the_schema_is_small_and_describes_every_argument(job: str) -> None:
    tool = workflow(job)
    schema = input_schema(tool.request)
    assert len(as_text(schema)) <= 950
    assert all(part.get("description") for part in schema["properties"].values())
    assert "anyOf" not in as_text(schema)
    assert output_schema(tool.result, many=False)["type"] == "object"
    assert 3 <= len(tool.intents) <= 5


@each_job
async def test_what_a_job_answers_is_what_its_result_describes(open_desk: Callable[..., Desk], job: str) -> None:
    desk = open_desk()
    answer = await desk.run(job, **arguments(desk, job))
    tool = workflow(job)
    assert set(answer) <= set(tool.result.model_fields)
    assert tool.result.model_validate(answer)
