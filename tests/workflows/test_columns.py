"""What `sync_contacts` takes names for: usual headers, attributes that exist, new ones only when asked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drift_mcp.arguments import InvalidArguments
from drift_mcp.drift.errors import Forbidden, ServerFault
from drift_mcp.drift.wire import Answer, Call
from drift_mcp.workflows.bulk.columns import Declared, understand
from drift_mcp.workflows.bulk.rows import Table

from .jobs import Desk, Send

EMAIL = "p1@new.example"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def sync(desk: Desk, text: str = "", **arguments: Any) -> dict[str, Any]:
    if text:
        (desk.files / "a.csv").write_text(text)
        arguments["file"] = "a.csv"
    return await desk.do("sync_contacts", **arguments)


async def contact(desk: Desk, email: str = EMAIL) -> dict[str, Any]:
    (found,) = (await desk.ask("find_contacts_by_email", email=email, detail="full"))["items"]
    return dict(found)


def listings(desk: Desk) -> int:
    return sum(call.path == "/contacts/attributes" for call in desk.wire.calls)


class TestMeaning:
    @pytest.mark.parametrize(
        ("header", "meaning"),
        [
            ("Email", "email"), ("E-mail", "email"), ("MAIL", "email"), ("e_mail", "email"), ("Name", "name"),
            ("Full name", "name"), ("Telephone", "phone"), ("Phone", "phone"), ("Company", "employment_name"),
            ("Account", "employment_name"), ("Organisation", "employment_name"), ("Organization", "employment_name"),
            ("External id", "external_id"), ("externalId", "external_id"), ("CRM ID", "external_id"),
            ("Lead Score", "lead_score"), ("leadscore", "lead_score"), ("LEAD-SCORE", "lead_score"),
            ("Newsletter opt-in", "newsletter_opt_in"), ("Budget in €", "custom_7"), ("attributes.Plan", "plan"),
        ],
    )  # fmt: skip
    def test_usual_headers_and_other_spellings_are_known(self, header: str, meaning: str) -> None:
        types = dict.fromkeys(("lead_score", "newsletter_opt_in", "custom_7", "plan"), "STRING")
        plain = {"leadscore": "lead_score", "newsletteroptin": "newsletter_opt_in", "plan": "plan"}
        known = Declared(types, plain | {"budgetin": "custom_7"})
        assert understand(Table([header], []), known, create=False).meaning == {header: meaning}

    @pytest.mark.parametrize("order", ["First name,Last name", "Surname,Given_Name"])
    async def test_first_and_last_name_are_the_name_in_that_order(self, desk: Desk, order: str) -> None:
        given = {"First name": "Jane", "Last name": "Doe", "Given_Name": "Jane", "Surname": "Doe"}
        cells = ",".join(given[name] for name in order.split(","))
        report = await sync(desk, f"Mail,{order}\n{EMAIL},{cells}\n")
        assert (await contact(desk))["name"] == "Jane Doe"
        assert report["columns"] == {"Mail": "email", **dict.fromkeys(order.split(","), "name")}
        assert "new_attributes" not in report

    async def test_beside_a_name_or_alone_they_are_attributes(self, desk: Desk) -> None:
        report = await sync(desk, f"email,name,First name,Last name\n{EMAIL},J. D.,Jane,Doe\n")
        assert report["columns"]["First name"] == "first_name"
        assert (await contact(desk))["name"] == "J. D."
        rows = [{"email": EMAIL, "attributes": {"First Name": "Janet", "Last Name": "Doe"}}]
        assert (await sync(desk, contacts=rows))["columns"] == {"First Name": "first_name", "Last Name": "last_name"}

    async def test_one_listing_a_job_and_none_for_the_usual_fields(self, desk: Desk) -> None:
        report = await sync(desk, f"E-Mail,Full Name,Lead score\n{EMAIL},P,7\np2@new.example,Q,8\n")
        assert listings(desk) == 1
        assert report["drift_calls"] == len(desk.wire.calls) == 1 + 2 + 2
        await sync(desk, f"E-Mail,Full Name,CRM id\n{EMAIL},P,7\n")
        assert listings(desk) == 0

    async def test_rows_of_arguments_may_spell_names_otherwise_too(self, desk: Desk) -> None:
        rows = [{"Email": EMAIL, "Full name": "P", "company": "Acme", "attributes": {"Lead Score": "7"}}]
        report = await sync(desk, contacts=rows)
        assert report["columns"]["Lead Score"] == "lead_score"
        attributes = (await contact(desk))["attributes"]
        assert (attributes["employment_name"], attributes["lead_score"]) == ("Acme", 7)

    async def test_two_columns_for_one_field_are_refused(self, desk: Desk) -> None:
        with pytest.raises(InvalidArguments, match="'Email' and 'E-mail' both mean email"):
            await sync(desk, f"Email,E-mail\n{EMAIL},{EMAIL}\n")
        assert desk.wire.made("POST") == 0

    @pytest.mark.parametrize("text", ["Adresse,Name\n" + "x@y.example,X\n" * 9, "Name\n", "\n"])
    async def test_a_file_without_the_key_column_fails_once(self, desk: Desk, text: str) -> None:
        with pytest.raises(InvalidArguments) as refused:
            await sync(desk, text, new_attributes=True)
        (problem,) = refused.value.problems
        assert "no column is the email" in problem
        assert ("'Name'" in problem) == ("Name" in text)
        assert desk.wire.made("POST") == 0


class TestUnknownNames:
    async def test_they_are_refused_before_anything_is_written_with_the_nearest(self, desk: Desk) -> None:
        for create in ({}, {"dry_run": True}):
            with pytest.raises(InvalidArguments) as refused:
                await sync(desk, f"email,lead_scor,zzz\n{EMAIL},1,2\n", **create)
            (problem,) = refused.value.problems
            assert "'lead_scor' (did you mean lead_score?), 'zzz'" in problem
            assert "new_attributes true" in problem
        assert desk.wire.made("POST") == 0
        with pytest.raises(InvalidArguments, match=r"'nam' \(did you mean name\?\)"):
            await sync(desk, contacts=[{"email": EMAIL, "nam": "typo"}])

    async def test_with_new_attributes_they_are_made_and_told(self, desk: Desk) -> None:
        report = await sync(desk, f"email,Plan,Zzz 1\n{EMAIL},pro,x\n", new_attributes=True)
        assert report["new_attributes"] == ["Zzz 1"]
        assert report["columns"] == {"email": "email", "Plan": "plan", "Zzz 1": "Zzz 1"}
        attributes = (await contact(desk))["attributes"]
        assert (attributes["plan"], attributes["Zzz 1"]) == ("pro", "x")

    @pytest.mark.parametrize("way", ["forbidden", "excluded"])
    async def test_where_they_cannot_be_read_nothing_is_guessed(self, tmp_path: Path, way: str) -> None:
        desk = Desk(tmp_path, **({"exclude_tools": "list_contact_attributes"} if way == "excluded" else {}))
        if way == "forbidden":
            desk.wire.meddle = _failing(Forbidden(status=403))
        with pytest.raises(InvalidArguments, match=r"list_contact_attributes: .*'plan'.*new_attributes true"):
            await sync(desk, contacts=[{"email": EMAIL, "attributes": {"plan": "pro"}}])
        report = await sync(desk, f"email,company,plan\n{EMAIL},Acme,pro\n", new_attributes=True)
        assert report["created"] == 1
        assert "new_attributes" not in report
        attributes = (await contact(desk))["attributes"]
        assert (attributes["employment_name"], attributes["plan"]) == ("Acme", "pro")

    async def test_a_fault_while_reading_them_ends_it(self, desk: Desk) -> None:
        desk.wire.meddle = _failing(ServerFault(status=500))
        with pytest.raises(ServerFault):
            await sync(desk, contacts=[{"email": EMAIL, "attributes": {"plan": "pro"}}], new_attributes=True)
        assert desk.wire.made("POST") == 0


def _failing(error: Exception) -> Callable[[int, Call, Send], Any]:
    async def meddle(number: int, call: Call, send: Send) -> Answer:
        if call.path == "/contacts/attributes":
            raise error
        return await send(call)

    return meddle


class TestValues:
    @pytest.mark.parametrize(
        ("text", "number"), [("7", 7), (" -3 ", -3), ("0.50", 0.5), ("1e3", 1000.0), ("007", 7), ("+.5", 0.5)]
    )
    async def test_text_for_a_number_is_sent_as_one(self, desk: Desk, text: str, number: float) -> None:
        await sync(desk, f"email,Lead Score\n{EMAIL},{text}\n")
        (post,) = [call for call in desk.wire.calls if call.path == "/contacts" and call.method == "POST"]
        body: Any = post.body
        assert body["attributes"]["lead_score"] == number
        assert not isinstance(body["attributes"]["lead_score"], str)

    @pytest.mark.parametrize("text", ["many", '"1,200"', "nan", "inf", "1_000", "0x10", "--1", "9" * 50, "1e999"])
    async def test_text_that_is_no_number_fails_its_row(self, desk: Desk, text: str) -> None:
        report = await sync(desk, f"email,lead_score\n{EMAIL},{text}\np2@new.example,5\n")
        assert (report["created"], report["failed"]) == (1, 1)
        assert report["failures"] == [{"line": 2, "reason": "lead_score: must be a number such as 1200 or 12.5"}]

    async def test_truth_values_are_known_by_their_words(self, desk: Desk) -> None:
        await sync(desk, f"email,Newsletter opt-in\n{EMAIL},TRUE\n")
        assert (await contact(desk))["attributes"]["newsletter_opt_in"] is True


class TestDryRun:
    async def test_samples_show_old_and_new(self, desk: Desk) -> None:
        await desk.ask("create_contact", email=EMAIL, name="Old", attributes={"plan": "pro", "lead_score": 3})
        text = "email,name,plan,lead_score\n" + "".join(f"n{n}@new.example,N,,\n" for n in range(9))
        report = await sync(desk, f"{text}{EMAIL},New,pro,4\n", dry_run=True)
        first, *rest = report["samples"]
        assert first == {
            "line": 11,
            "outcome": "updated",
            "changes": [
                {"field": "name", "old": "Old", "new": "New"},
                {"field": "lead_score", "old": 3, "new": 4},
            ],
        }
        assert [(each["line"], each["outcome"]) for each in rest] == [(n, "created") for n in (2, 3, 4, 5)]
        assert rest[0]["changes"] == [{"field": "email", "new": "n0@new.example"}, {"field": "name", "new": "N"}]

    async def test_they_are_short_and_only_of_a_dry_run(self, desk: Desk) -> None:
        rows = [{"email": EMAIL, "attributes": {"bio": "x\n" * 5_000}}]
        report = await sync(desk, contacts=rows, dry_run=True)
        assert len(report["samples"][0]["changes"][1]["new"]) == 120
        assert "samples" not in await sync(desk, contacts=rows)
