"""Running an operation: pages become one listing, files become resources."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_mcp.arguments import InvalidArguments, parse
from drift_mcp.drift.errors import DriftError, NotFound
from drift_mcp.drift.wire import Answer, Call
from drift_mcp.execute import MAX_PAGES, Outcome, execute
from drift_mcp.operation import Access, ListRequest, Operation, Result
from drift_mcp.present import as_text, size
from tests.support.drifts import PagedDrift
from tests.support.each import for_each
from tests.support.operations import OPERATIONS
from tests.support.properties import many, modest, unseen
from tests.support.requests import example

STYLES = ("page_token", "pagination", "next", "index", "link_header", "start_index", None)
each_style = pytest.mark.parametrize("style", STYLES)


class Row(Result):
    n: int | None = None
    text: str | None = None


def operation(style: str | None, page: int = 10) -> Operation:
    # The older form of conversations/list answers `pagination` to calls of the newer one.
    paging = "page_token" if style == "pagination" else style
    return Operation(
        name="list_rows", title="", summary="", intents=(), method="GET", path="/rows", toolset="app", scope=None,
        access=Access.READ, request=ListRequest, result=Row, unwrap=lambda body: body["rows"], many=True,
        paging=paging, page_size=("limit", page) if paging else None,
    )  # fmt: skip


def rows(count: int, text: str = "x") -> list[dict[str, Any]]:
    return [{"n": n, "text": text} for n in range(count)]


async def ask(drift: Any, style: str | None, budget: int = 100_000, **arguments: Any) -> dict[str, Any]:
    listing = operation(style, getattr(drift, "page", 10))
    return (await execute(listing, parse(listing, arguments), drift.send, budget=budget)).content


async def walk(drift: PagedDrift, limit: int, budget: int) -> list[dict[str, Any]]:
    """Every answer of an agent that goes on with next_cursor until there is none."""
    answers = [await ask(drift, drift.style, budget, limit=limit)]
    while "next_cursor" in answers[-1]:
        assert len(answers) <= len(drift.rows) + 1, "the walk does not end"
        answers.append(await ask(drift, drift.style, budget, limit=limit, cursor=answers[-1]["next_cursor"]))
    return answers


class TestWalking:
    @each_style
    @modest
    @given(
        listed=st.builds(rows, st.integers(0, 60), st.sampled_from(["x", "x" * 40, "x" * 400, "x" * 2_000])),
        page=st.integers(1, 25), limit=st.integers(1, 40), budget=st.integers(1_000, 6_000),
    )  # fmt: skip
    async def test_going_on_with_next_cursor_shows_every_row_once_and_in_order(
        self, style: str | None, listed: list[dict[str, Any]], page: int, limit: int, budget: int
    ) -> None:
        answers = await walk(PagedDrift(style, listed, page), limit, budget)
        assert [row["n"] for answer in answers for row in answer["items"]] == list(range(len(listed)))
        for answer in answers:
            assert answer["count"] == len(answer["items"]) <= limit
            assert answer["has_more"] is ("next_cursor" in answer)
        assert all(answer["items"] for answer in answers[:-1])

    @each_style
    async def test_a_page_of_the_wanted_size_costs_one_request(self, style: str | None) -> None:
        drift = PagedDrift(style, rows(30), 10)
        answer = await ask(drift, style, limit=10)
        assert len(drift.calls) == 1
        assert (answer["count"], answer["has_more"]) == (10, True)

    @each_style
    async def test_an_empty_listing_is_empty_and_ends(self, style: str | None) -> None:
        assert await ask(PagedDrift(style, [], 5), style) == {"items": [], "count": 0, "has_more": False}

    async def test_the_other_arguments_stay_in_every_request(self) -> None:
        listing = OPERATIONS["list_conversations"]
        calls: list[Call] = []

        async def send(call: Call) -> Answer:
            calls.append(call)
            token = str(len(calls))
            links = {"next": f"https://api.drift.com/conversations/list?page_token={token}&statusId=9&limit=99"}
            return Answer(200, {"data": [{"id": len(calls)}], "links": links if len(calls) < 3 else {}})

        await execute(listing, parse(listing, {"status": ["open", "closed"], "limit": 3}), send, budget=10_000)
        assert [[pair for pair in call.query if pair[0] != "page_token"] for call in calls] == [
            [("statusId", "1"), ("statusId", "2"), ("limit", "3")]
        ] * 3
        assert [dict(call.query).get("page_token") for call in calls] == [None, "1", "2"]

    async def test_one_listing_costs_a_limited_number_of_requests_and_can_be_continued(self) -> None:
        drift = PagedDrift("next", rows(50), 1)
        answer = await ask(drift, "next", limit=200)
        assert len(drift.calls) == MAX_PAGES == 20
        assert answer["has_more"] is True
        more = await ask(drift, "next", limit=200, cursor=answer["next_cursor"])
        assert [row["n"] for row in answer["items"] + more["items"]] == list(range(40))

    async def test_empty_pages_in_between_do_not_end_the_walk(self) -> None:
        pages: list[list[dict[str, int]]] = [[{"n": 0}], [], [], [{"n": 1}]]

        class Gaps:
            async def send(self, call: Call) -> Answer:
                at = int(dict(call.query).get("next", "0"))
                return Answer(200, {"rows": pages[at], "pagination": {"more": at < 3, "next": at + 1}})

        answer = await ask(Gaps(), "next")
        assert [row["n"] for row in answer["items"]] == [0, 1]
        assert answer["has_more"] is False

    @pytest.mark.parametrize("tokens", [["a"], ["a", "b"], ["a", "b", "c"]])
    async def test_a_server_that_goes_round_in_circles_is_left(self, tokens: list[str]) -> None:
        calls = 0

        class Circle:
            async def send(self, call: Call) -> Answer:
                nonlocal calls
                calls += 1
                at = dict(call.query).get("next")
                following = tokens[(tokens.index(at) + 1) % len(tokens)] if at else tokens[0]
                return Answer(200, {"rows": [{"n": 1}], "pagination": {"more": True, "next": following}})

        answer = await ask(Circle(), "next", limit=200)
        assert calls == len(tokens) + 1
        assert answer["has_more"] is True
        assert "next_cursor" not in answer
        assert answer["truncated"].startswith("Drift's next page is one that was read before")


class TestCursors:
    @each_style
    @pytest.mark.parametrize(
        "cursor",
        [
            "garbage",
            "limit=5",
            "statusId=1",
            "evil=1&page_token=x",
            "next=5&host=evil.example",
            "skip=-1",
            "skip=1.5",
            "skip=9999999",
            "skip=99999999999999999999",
            "skip=",
            "skip=１",
            "skip=²",
            "skip=x",
            "https://evil.example/?next=1",
            "&",
        ],
    )
    async def test_a_cursor_that_was_not_handed_out_is_refused_before_anything_is_sent(
        self, style: str | None, cursor: str
    ) -> None:
        drift = PagedDrift(style, rows(3), 2)
        with pytest.raises(InvalidArguments, match="next_cursor"):
            await ask(drift, style, cursor=cursor)
        assert drift.calls == []

    @pytest.mark.parametrize(("style", "foreign"), [("next", "page_token=a"), ("index", "next=5"), (None, "next=1")])
    async def test_the_cursor_of_another_listing_is_refused(self, style: str | None, foreign: str) -> None:
        with pytest.raises(InvalidArguments):
            await ask(PagedDrift(style, rows(3), 2), style, cursor=foreign)

    async def test_a_cursor_beyond_the_rows_shows_none(self) -> None:
        assert (await ask(PagedDrift(None, rows(3), 2), None, cursor="skip=500"))["items"] == []

    @many
    @given(cursor=st.text(st.characters(), min_size=1, max_size=60))
    async def test_no_text_as_a_cursor_raises_anything_but_a_refusal(self, cursor: str) -> None:
        drift = PagedDrift("page_token", rows(1), 2)

        async def send(call: Call) -> Answer:
            drift.calls.append(call)
            return Answer(200, {"rows": []})

        listing = operation("page_token")
        try:
            await execute(listing, parse(listing, {"cursor": cursor}), send, budget=5_000)
        except InvalidArguments:
            assert drift.calls == []
        else:
            assert {name for name, _ in drift.calls[0].query} <= {"limit", "page_token", "next"}

    async def test_a_cursor_that_was_handed_out_is_taken_back_however_long_drifts_token_is(self) -> None:
        token = "t/+" * 400

        async def send(call: Call) -> Answer:
            if "page_token" in dict(call.query):
                assert dict(call.query)["page_token"] == token
                return Answer(200, {"rows": [{"n": 1}]})
            return Answer(200, {"rows": [{"n": 0}], "links": {"next": f"/x?page_token={token.replace('+', '%2B')}"}})

        listing = operation("page_token")
        first = await execute(listing, parse(listing, {"limit": 1}), send, budget=50_000)
        again = parse(listing, {"limit": 1, "cursor": first.content["next_cursor"]})
        assert (await execute(listing, again, send, budget=50_000)).content["items"] == [{"n": 1}]

    @pytest.mark.parametrize(
        "name",
        [each.name for each in OPERATIONS.values() if each.many and "cursor" not in each.request.model_fields],
    )
    async def test_a_cursor_is_handed_out_only_where_the_operation_takes_one(self, name: str) -> None:
        listing = OPERATIONS[name]

        async def send(call: Call) -> Answer:
            return Answer(
                200, {"data": [{"id": n, "name": "x" * 200, "attributes": {"a": "y" * 200}} for n in range(20)]}
            )

        answer = (await execute(listing, parse(listing, example(name)), send, budget=1_000)).content
        assert "next_cursor" not in answer
        assert answer["count"] < 20
        assert "next_cursor" not in answer["truncated"]


class TestChosenFields:
    LIST = OPERATIONS["list_accounts"]

    async def ask(self, **arguments: Any) -> list[dict[str, Any]]:
        async def send(_: Call) -> Answer:
            account = {"accountId": "1_a.example", "name": "A", "domain": "a.example", "createDateTime": 1548700064840}
            account |= {"customProperties": [{"name": "tier", "value": "A"}], "brandNew": 1}
            return Answer(200, {"data": {"accounts": [account]}})

        asked = parse(self.LIST, arguments)
        rows: list[dict[str, Any]] = (await execute(self.LIST, asked, send, budget=9_000)).content["items"]
        return rows

    async def test_a_row_has_these_and_no_others_whether_wide_or_not(self) -> None:
        assert await self.ask(fields=["account_id", "created_at", "custom_properties", "owner_id"]) == [
            {
                "account_id": "1_a.example",
                "created_at": "2019-01-28T18:27:44Z",
                "custom_properties": [{"name": "tier", "value": "A"}],
            }
        ]
        assert await self.ask(fields="name", detail="full") == [{"name": "A"}]

    async def test_without_a_choice_detail_decides(self) -> None:
        brief, full = [(await self.ask(detail=detail))[0] for detail in ("brief", "full")]
        assert "custom_properties" not in brief
        assert brief.items() < full.items()

    @pytest.mark.parametrize(
        ("name", "hint"), [("acount_id", "did you mean account_id"), ("zzz", "there are account_id")]
    )
    async def test_one_that_does_not_exist_is_refused(self, name: str, hint: str) -> None:
        with pytest.raises(InvalidArguments, match=f"no field .{name}.; {hint}"):
            await self.ask(fields=[name])


class TestBudget:
    @modest
    @given(
        count=st.integers(1, 40), limit=st.integers(1, 40), budget=st.integers(1_000, 8_000),
        length=st.sampled_from([10, 200, 3_000]),
    )  # fmt: skip
    async def test_a_whole_listing_keeps_to_the_budget(self, count: int, limit: int, budget: int, length: int) -> None:
        answer = await ask(PagedDrift("page_token", rows(count, "x" * length), 10), "page_token", budget, limit=limit)
        assert size(answer) <= budget

    @pytest.mark.parametrize("budget", [1_000, 2_000, 10_000])
    async def test_a_whole_record_keeps_to_the_budget(self, budget: int) -> None:
        async def send(call: Call) -> Answer:
            return Answer(200, "x" * 50_000)

        reading = OPERATIONS["get_conversation_transcript"]
        outcome = await execute(reading, parse(reading, {"conversation_id": 1}), send, budget=budget)
        assert size(outcome.content) <= budget
        assert "shortened" in outcome.content["truncated"]

    async def test_what_was_cut_from_a_listing_is_said(self) -> None:
        answer = await ask(PagedDrift(None, rows(30, "x" * 900), 10), None, 3_000)
        assert answer["count"] < 25
        assert answer["has_more"] is True
        assert str(25 - answer["count"]) in answer["truncated"]


class TestOddAnswers:
    @pytest.mark.parametrize("body", [{"data": {"foo": "bar-1"}}, {"data": "bar-1"}, "bar-1", {"foo": "bar-1"}])
    async def test_an_answer_that_is_no_list_is_not_shown_as_an_empty_one(self, body: Any) -> None:
        async def send(call: Call) -> Answer:
            return Answer(200, body)

        listing = OPERATIONS["list_conversations"]
        try:
            outcome = await execute(listing, parse(listing, {}), send, budget=5_000)
        except DriftError:
            return
        assert "bar-1" in as_text(outcome.content)

    @for_each("name", [name for name in OPERATIONS if name != "download_attachment"])
    @pytest.mark.parametrize("body", [None, [], {}, "text", 5, True, {"data": None}, {"data": [None, 1, "x"]}, [[]]])
    async def test_no_answer_makes_an_operation_fail_otherwise_than_as_drifts_fault(self, name: str, body: Any) -> None:
        each = OPERATIONS[name]

        async def send(call: Call) -> Answer:
            return Answer(200, body)

        try:
            outcome = await execute(each, parse(each, example(name)), send, budget=50_000)
        except DriftError:
            return
        assert isinstance(outcome.content, dict)
        assert ("items" in outcome.content) is each.many

    async def test_drifts_refusal_passes_through(self) -> None:
        async def send(call: Call) -> Answer:
            raise NotFound("no such contact", status=404)

        reading = OPERATIONS["get_contact"]
        with pytest.raises(NotFound):
            await execute(reading, parse(reading, {"contact_id": 1}), send, budget=5_000)


class TestAttachments:
    @staticmethod
    async def fetch(body: bytes = b"%PDF", **headers: str) -> Outcome:
        async def send(call: Call) -> Answer:
            assert call.path == "/attachments/581264/data"
            return Answer(200, body, {name.replace("_", "-"): value for name, value in headers.items()})

        download = OPERATIONS["download_attachment"]
        return await execute(download, parse(download, {"document_id": 581264}), send, budget=1_000)

    async def test_a_file_comes_as_an_embedded_resource_beside_its_facts(self) -> None:
        body = bytes(range(256)) * 40
        outcome = await self.fetch(
            body, content_type="application/pdf; charset=x", content_disposition='attachment; filename="Offer 1.pdf"'
        )
        assert outcome.content == {
            "document_id": 581264, "file_name": "Offer 1.pdf", "mime_type": "application/pdf", "bytes": 10_240,
        }  # fmt: skip
        (block,) = outcome.blocks
        assert block["type"] == "resource"
        assert block["resource"]["mimeType"] == "application/pdf"
        assert block["resource"]["uri"].endswith("581264")
        assert base64.b64decode(block["resource"]["blob"]) == body

    async def test_a_file_without_headers_has_a_name_all_the_same(self) -> None:
        outcome = await self.fetch(b"")
        assert outcome.content == {
            "document_id": 581264,
            "file_name": "attachment-581264",
            "mime_type": "application/octet-stream",
            "bytes": 0,
        }

    @pytest.mark.parametrize(
        ("disposition", "name"),
        [
            ('attachment; filename="../../etc/passwd"', "passwd"),
            ('attachment; filename="C:\\\\temp\\\\evil.exe"', "evil.exe"),
            ("attachment; filename=plain.txt", "plain.txt"),
            ("attachment; filename*=UTF-8''%E2%82%AC%20rates.pdf", "€ rates.pdf"),
            ("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
            ('attachment; filename=".."', "attachment-581264"),
            ('attachment; filename="."', "attachment-581264"),
            ('attachment; filename="dir/"', "attachment-581264"),
            ("attachment; filename*=UTF-8''a%0Ab%09c.txt", "a b c.txt"),
            ("inline", "attachment-581264"),
        ],
    )
    async def test_a_file_name_is_plain_and_safe(self, disposition: str, name: str) -> None:
        assert (await self.fetch(content_disposition=disposition)).content["file_name"] == name

    @many
    @given(
        parts=st.lists(
            st.one_of(
                st.text(st.characters(codec="latin-1"), max_size=12),
                st.sampled_from(
                    [
                        "attachment",
                        ";",
                        " filename=",
                        " filename*=",
                        "filename*0*=",
                        "filename*1=",
                        '"',
                        "''",
                        "UTF-8''",
                        "x'y'",
                        "%2e%2e",
                        "%2f",
                        "%0a",
                        "%00",
                        "%e2%80%ae",
                        "../",
                        "..",
                        "\\",
                        "a.txt",
                    ]
                ),
            ),
            max_size=9,
        )
    )
    async def test_no_header_gives_a_name_that_is_dangerous(self, parts: list[str]) -> None:
        name = (await self.fetch(content_disposition="attachment; filename=" + "".join(parts))).content["file_name"]
        assert 0 < len(name) <= 200
        assert name not in {".", ".."}
        assert not set(name) & set("/\\\n\t\r")
        assert unseen(name) == []
