"""Where the next page is, by each of Drift's ways of paging, and that nothing else is taken from a link."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_mcp.drift.paging import STYLES, Position, pages
from drift_mcp.drift.wire import Answer, Call
from tests.support.properties import any_text, json_values, many, modest

CALL = Call("GET", "/conversations/list", (("statusId", "1"), ("limit", "25")))


def following(
    style: str, body: Any = None, headers: dict[str, str] | None = None, call: Call = CALL
) -> Position | None:
    return STYLES[style].next_position(call, Answer(200, body, headers or {}))


class TestPageToken:
    def test_only_the_token_is_taken_from_the_link(self) -> None:
        link = "https://api.drift.com/conversations/list?page_token=abc%2B%3D&limit=99&statusId=2"
        assert following("page_token", {"data": [], "links": {"self": "x", "next": link}}) == {"page_token": "abc+="}

    def test_the_older_form_is_understood(self) -> None:
        body = {"data": [], "pagination": {"more": True, "next": "123494893"}}
        assert following("page_token", body) == {"next": "123494893"}

    def test_the_link_goes_before_the_older_form(self) -> None:
        body = {"links": {"next": "/x?page_token=new"}, "pagination": {"more": True, "next": "old"}}
        assert following("page_token", body) == {"page_token": "new"}

    @pytest.mark.parametrize(
        "body",
        [
            {"data": []},
            {"links": {}},
            {"links": {"next": None}},
            {"links": {"next": ""}},
            {"links": None},
            {"links": []},
            {"links": {"next": "https://api.drift.com/conversations/list"}},
            {"links": {"next": "/x?page_token="}},
            {"links": {"next": 5}},
            {"pagination": None},
            {"pagination": {"more": False, "next": "5"}},
            {"pagination": {"more": True}},
            {"pagination": {"more": True, "next": None}},
            {"pagination": {"more": True, "next": ""}},
            [],
            "text",
            None,
            5,
        ],
    )
    def test_without_a_next_position_it_is_the_end(self, body: Any) -> None:
        assert following("page_token", body) is None


class TestMessages:
    def test_the_next_position_counts_while_there_is_more(self) -> None:
        assert following("next", {"data": {}, "pagination": {"more": True, "next": "abc"}}) == {"next": "abc"}
        assert following("next", {"data": {}, "pagination": {"more": True, "next": 0}}) == {"next": "0"}

    def test_no_more_is_the_end_even_with_a_position(self) -> None:
        assert following("next", {"data": {}, "pagination": {"more": False, "next": "abc"}}) is None

    def test_a_position_without_a_word_about_more_counts(self) -> None:
        assert following("next", {"pagination": {"next": "abc"}}) == {"next": "abc"}


class TestAccounts:
    def test_a_relative_link_gives_the_index(self) -> None:
        body = {"data": {"accounts": [], "total": 50, "next": "/accounts?index=10&size=10"}}
        assert following("index", body) == {"index": "10"}

    @pytest.mark.parametrize("body", [{"data": {"accounts": []}}, {"data": {"next": None}}, {"data": []}, {}, None])
    def test_without_a_link_it_is_the_end(self, body: Any) -> None:
        assert following("index", body) is None


class TestLinkHeader:
    @pytest.mark.parametrize(
        "link",
        [
            "<https://driftapi.com/contacts?cursor=abc&email=a%40b.com>; rel='next'",
            '<https://driftapi.com/contacts?cursor=abc>; rel="next"',
            "<https://driftapi.com/contacts?cursor=abc>;rel=next",
            "</contacts?cursor=abc>; title=\"x\"; REL = 'NEXT'",
            "</contacts?cursor=zzz>; rel='prev', </contacts?cursor=abc>; rel='next'",
            "</contacts?cursor=abc>; rel='next', </contacts?cursor=zzz>; rel='last'",
        ],
    )
    def test_the_next_link_gives_its_cursor_and_nothing_else(self, link: str) -> None:
        assert following("link_header", headers={"link": link}) == {"cursor": "abc"}

    @pytest.mark.parametrize(
        "link",
        ["", "</contacts?cursor=abc>; rel='prev'", "</contacts>; rel='next'", "cursor=abc; rel=next", "<>; rel=next"],
    )
    def test_no_next_link_is_the_end(self, link: str) -> None:
        assert following("link_header", headers={"link": link}) is None

    def test_no_header_is_the_end(self) -> None:
        assert following("link_header", {"data": []}) is None


class TestScim:
    def test_the_next_index_follows_the_rows_that_came(self) -> None:
        body = {"totalResults": 5, "Resources": [{}, {}]}
        assert following("start_index", body) == {"startIndex": "3"}
        third = CALL.with_query({"startIndex": "3"})
        assert following("start_index", body, call=third) == {"startIndex": "5"}
        fifth = CALL.with_query({"startIndex": "5"})
        assert following("start_index", {"totalResults": 5, "Resources": [{}]}, call=fifth) is None

    @pytest.mark.parametrize(
        "body",
        [{"totalResults": 5, "Resources": []}, {"totalResults": "5", "Resources": [{}]}, {"Resources": [{}]}, {}, None],
    )
    def test_an_answer_that_leads_nowhere_is_the_end(self, body: Any) -> None:
        assert following("start_index", body) is None


class TestForeignLinks:
    @pytest.mark.parametrize(
        "link",
        [
            "https://evil.example/steal?page_token=abc",
            "//evil.example/?page_token=abc",
            "http://user:pw@evil.example:1/?page_token=abc#x",
            "../../elsewhere?page_token=abc&Authorization=x&host=evil.example",
            "javascript:?page_token=abc",
        ],
    )
    async def test_a_link_to_anywhere_else_only_gives_its_token(self, link: str) -> None:
        sent: list[Call] = []

        async def send(call: Call) -> Answer:
            sent.append(call)
            return Answer(200, {"links": {"next": link}} if len(sent) == 1 else {})

        found = [page async for page in pages(send, CALL, STYLES["page_token"])]
        assert len(found) == 2
        assert sent == [CALL, CALL.with_query({"page_token": "abc"})]
        assert sent[1].path == "/conversations/list"

    @pytest.mark.parametrize("style", list(STYLES))
    @pytest.mark.parametrize(
        "link", ["https://[evil", "//[", "http://[::1", "https://a]b/?next=1", "\x00", "?" * 5_000]
    )
    def test_a_link_that_is_no_url_is_the_end_and_no_error(self, style: str, link: str) -> None:
        body = {"links": {"next": link}, "data": {"next": link}}
        assert following(style, body, {"link": f"<{link}>; rel=next"}) is None

    @pytest.mark.parametrize("style", list(STYLES))
    @many
    @given(body=json_values, link=any_text, key=st.sampled_from(["links", "pagination", "data", "Resources"]))
    def test_no_answer_raises_or_gives_a_parameter_of_its_own_choice(
        self, style: str, body: Any, link: str, key: str
    ) -> None:
        for each in (body, {key: body}, {key: {"next": body, "more": True}}, {key: {"next": link}}):
            found = following(style, each, {"link": link})
            assert found is None or (found and set(found) <= STYLES[style].keys)
            assert found is None or all(isinstance(value, str) and value for value in found.values())


class TestWalks:
    async def test_without_a_style_there_is_one_page(self) -> None:
        async def send(call: Call) -> Answer:
            return Answer(200, {"links": {"next": "/x?page_token=a"}, "pagination": {"more": True, "next": "b"}})

        (page,) = [page async for page in pages(send, CALL, None)]
        assert (page.position, page.next) == ({}, None)

    @modest
    @given(tokens=st.lists(st.sampled_from("abcd"), max_size=12))
    async def test_a_token_that_comes_again_ends_the_walk_and_is_no_end_of_the_list(self, tokens: list[str]) -> None:
        asked: list[str | None] = []

        async def send(call: Call) -> Answer:
            asked.append(dict(call.query).get("page_token"))
            later = tokens[len(asked) - 1] if len(asked) <= len(tokens) else None
            return Answer(200, {"links": {"next": f"/x?page_token={later}"}} if later else {})

        found = [page async for page in pages(send, CALL, STYLES["page_token"])]
        assert len(asked) == len(set(asked))
        assert [page.position.get("page_token") for page in found] == asked
        fresh = next((place for place, token in enumerate(tokens) if token in tokens[:place]), len(tokens))
        assert asked == [None, *tokens[:fresh]]
        assert [page.loops for page in found] == [False] * fresh + [fresh < len(tokens)]

    async def test_a_walk_can_begin_in_the_middle(self) -> None:
        async def send(call: Call) -> Answer:
            assert dict(call.query)["page_token"] == "m"
            return Answer(200, {})

        (page,) = [page async for page in pages(send, CALL, STYLES["page_token"], {"page_token": "m"})]
        assert page.position == {"page_token": "m"}

    async def test_pages_are_asked_for_one_at_a_time_as_they_are_wanted(self) -> None:
        calls = 0

        async def send(call: Call) -> Answer:
            nonlocal calls
            calls += 1
            return Answer(200, {"links": {"next": f"/x?page_token={calls}"}})

        async for page in pages(send, CALL, STYLES["page_token"]):
            if page.next == {"page_token": "3"}:
                break
        assert calls == 3
