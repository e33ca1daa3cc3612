"""What a Drift answers of a contact and cannot be read is not nothing: it is neither written over nor made again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from drift_mcp.drift.errors import BrokenAnswer
from tests.workflows.desk import Desk

EMAIL = "kept.person@gearwick.example"
KEPT = {"name": "Kept Name", "phone": "12345", "employment_name": "Kept Co"}
NEW = {"name": "Over", "phone": "999"}

Contact = dict[str, Any]


class Altered(httpx.AsyncBaseTransport):
    """Changes each contact in an answer by `alter`, and leaves the contact in Drift as it is."""

    def __init__(self, inner: httpx.AsyncBaseTransport, alter: Callable[[Contact], None]) -> None:
        self.inner, self.alter = inner, alter

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        path = request.url.path
        if request.method != "GET" or not path.startswith("/contacts") or path == "/contacts/attributes":
            return answer
        body = json.loads(await answer.aread())
        found = body["data"]
        for contact in found if isinstance(found, list) else [found]:
            self.alter(contact)
        return httpx.Response(200, json=body)


def alter(desk: Desk, how: Callable[[Contact], None]) -> None:
    desk.wire.inner = Altered(desk.wire.inner, how)


@pytest.fixture
def desk(open_desk: Callable[..., Desk], tmp_path: Path) -> Desk:
    return open_desk(state_dir=str(tmp_path))


async def made(desk: Desk, email: str = EMAIL, **more: Any) -> int:
    fields = {"name": KEPT["name"], "phone": KEPT["phone"], "attributes": {"employment_name": KEPT["employment_name"]}}
    number = (await desk.ask("create_contact", email=email, **fields, **more))["id"]
    desk.sent.clear()
    return int(number)


def kept(desk: Desk, number: int) -> dict[str, Any]:
    attributes = desk.world.get("contacts", number)["attributes"]
    return {name: attributes.get(name) for name in KEPT}


ODD_ATTRIBUTES = [[{"name": "name", "value": "Kept Name"}], "{}", 7]
UPSERTS: dict[str, dict[str, Any]] = {
    "enrich_contact": {"email": EMAIL, **NEW, "company": "Over Co"},
    "capture_lead": {"email": EMAIL, **NEW, "company": "Over Co"},
    "sync_contacts": {"contacts": [{"email": EMAIL, **NEW, "attributes": {"employment_name": "Over Co"}}]},
}


@pytest.mark.parametrize("odd", ODD_ATTRIBUTES)
@pytest.mark.parametrize("job", UPSERTS)
async def test_attributes_that_cannot_be_read_are_not_written_over(desk: Desk, job: str, odd: Any) -> None:
    number = await made(desk)
    alter(desk, lambda contact: contact.update(attributes=odd))
    answer = (await desk.toolbox.call(job, UPSERTS[job]))["structuredContent"]
    if job == "sync_contacts":
        (failure,) = answer["failures"]
        assert "could not be read" in failure["reason"]
        assert answer["failed"] == 1
    else:
        error = answer["error"]
        assert error["kind"] == "broken_answer"
        assert "What the contact has could not be read" in error["message"]
        assert "may_have_been_applied" not in error
    assert desk.writes == []
    assert kept(desk, number) == KEPT


async def test_overwrite_is_of_what_could_be_read(desk: Desk) -> None:
    number = await made(desk)
    alter(desk, lambda contact: contact.update(attributes=[]))
    with pytest.raises(BrokenAnswer):
        await desk.run("enrich_contact", contact_id=number, name="Over", overwrite=True)
    assert desk.writes == []


@pytest.mark.parametrize("job", ["enrich_contact", "capture_lead", "sync_contacts"])
async def test_a_single_field_that_cannot_be_read_keeps_the_others_writable(desk: Desk, job: str) -> None:
    number = (await desk.ask("create_contact", email=EMAIL))["id"]
    alter(desk, lambda contact: contact.update(phone=["12345"]))
    desk.sent.clear()

    async def call(**fields: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"email": EMAIL, **fields}
        given = {"contacts": [given]} if job == "sync_contacts" else given
        answer: dict[str, Any] = (await desk.toolbox.call(job, given))["structuredContent"]
        return answer

    refused = await call(phone="999")
    assert "could not be read" in json.dumps(refused)
    assert desk.writes == []
    await call(name="Nina")
    attributes = desk.world.get("contacts", number)["attributes"]
    assert (attributes["name"], attributes.get("phone")) == ("Nina", None)


class TestSyncedRows:
    @pytest.mark.parametrize("number", [None, "x7", {}])
    async def test_a_contact_without_an_id_fails_its_row_only(self, desk: Desk, number: Any) -> None:
        await made(desk)

        def lose(contact: Contact) -> None:
            if contact["attributes"]["email"] == EMAIL:
                contact["id"] = number

        alter(desk, lose)
        rows = [{"email": EMAIL, "name": "Over"}, {"email": "other@gearwick.example", "name": "O"}]
        answer = await desk.run("sync_contacts", contacts=rows)
        assert (answer["created"], answer["failed"]) == (1, 1)
        (failure,) = answer["failures"]
        assert (failure["line"], "broken_answer" in failure["reason"]) == (1, True)
        assert desk.writes == [("POST", "/contacts")]

    @pytest.mark.parametrize("odd", [4711.0, ["crm-1"], {"id": "crm-1"}, None])
    async def test_an_external_id_that_was_not_asked_for_fails_its_row_and_creates_nothing(
        self, desk: Desk, odd: Any
    ) -> None:
        for number in (1, 2, 3):
            await made(desk, f"p{number}@gearwick.example", external_id=f"crm-{number}")

        def lose(contact: Contact) -> None:
            if contact["attributes"]["externalId"] == "crm-1":
                contact["attributes"]["externalId"] = odd

        alter(desk, lose)
        rows = [{"external_id": f"crm-{n}", "email": f"new{n}@gearwick.example", "name": "N"} for n in (1, 2, 3)]
        answer = await desk.run("sync_contacts", contacts=rows, key="external_id")
        assert (answer["created"], answer["updated"], answer["failed"]) == (0, 2, 1)
        (failure,) = answer["failures"]
        assert failure["line"] == 1
        assert "none of those asked for" in failure["reason"]
        assert {method for method, _ in desk.writes} == {"PATCH"}

    async def test_an_external_id_with_characters_that_are_not_shown_is_found(self, desk: Desk) -> None:
        await made(desk, external_id="crm\u200b-1")
        rows = [{"external_id": "crm\u200b-1", "email": EMAIL, "name": KEPT["name"]}]
        answer = await desk.run("sync_contacts", contacts=rows, key="external_id")
        assert answer["unchanged"] == 1
