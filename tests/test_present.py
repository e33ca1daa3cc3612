"""Drift's answers as an agent reads them."""

import json
from typing import Annotated, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from drift_mcp.fields import Stamp, VisitorHtml
from drift_mcp.operation import WIDE, Request, Result
from drift_mcp.operations import Detailed
from drift_mcp.present import as_read, as_text, fit_record, fit_rows, noting_removed, result_of, shortened, size
from drift_mcp.schema import output_schema
from tests.support import columns
from tests.support.operations import OPERATIONS
from tests.support.properties import dirty_text, json_values, modest, quick, unseen

NOTHING_ASKED = Request()
BRIEF, FULL = Detailed(detail="brief"), Detailed(detail="full")


class Inner(Result):
    name: str | None = None


class Card(Result):
    id: int | None = None
    full_name: str | None = None
    text: VisitorHtml | None = None
    made_at: Stamp | None = None
    numbers: list[int] | None = None
    inner: Inner | None = None
    extra: Annotated[str | None, WIDE] = None


def card(payload: Any, request: Request = NOTHING_ASKED) -> dict[str, Any]:
    return result_of(Card, payload, request)


class TestFields:
    def test_drifts_names_become_ours_and_dates_and_html_become_readable(self) -> None:
        payload = {"id": 5, "fullName": "Jane", "text": "<p>Hi <b>there</b></p>", "madeAt": 1548700064840}
        assert card(payload) == {"id": 5, "full_name": "Jane", "text": "Hi there", "made_at": "2019-01-28T18:27:44Z"}

    def test_what_is_empty_is_left_out_at_every_depth(self) -> None:
        payload = {
            "id": 0,
            "fullName": "",
            "text": None,
            "numbers": [],
            "inner": {"name": None},
            "more": {"a": {"b": []}},
        }
        assert card(payload) == {"id": 0}

    def test_false_and_zero_are_not_empty(self) -> None:
        assert card({"id": 0, "flag": False, "rate": 0.0}) == {"id": 0, "flag": False, "rate": 0.0}

    def test_a_list_keeps_its_length(self) -> None:
        assert card({"more": ["a", "", None, {}]})["more"] == ["a", "", None, {}]

    def test_a_field_that_drift_adds_is_kept_under_a_name_like_the_others(self) -> None:
        assert card({"id": 1, "brandNew": {"x": 1}}) == {"id": 1, "brand_new": {"x": 1}}

    def test_wide_fields_show_in_full_only(self) -> None:
        payload = {"id": 1, "extra": "more"}
        assert card(payload, BRIEF) == {"id": 1}
        assert card(payload, FULL) == {"id": 1, "extra": "more"}
        assert card(payload, NOTHING_ASKED) == {"id": 1, "extra": "more"}

    @pytest.mark.parametrize("payload", [["a", 1], "text", 5, True])
    def test_a_payload_that_is_no_object_is_shown_as_a_value(self, payload: Any) -> None:
        assert card(payload) == {"value": payload}

    def test_no_payload_at_all_is_an_empty_record(self) -> None:
        assert card(None) == {}

    def test_the_payload_itself_is_not_changed(self) -> None:
        payload = {"id": "odd", "text": "<b>x</b>", "inner": {"name": "a\u200bb"}}
        before = json.dumps(payload)
        card(payload)
        assert json.dumps(payload) == before


class TestUnexpectedTypes:
    def test_an_odd_field_comes_back_raw_and_costs_nothing_else(self) -> None:
        shown = card({"id": "not a number", "fullName": "Jane", "numbers": {"a": 1}})
        assert shown == {"full_name": "Jane", "unexpected": {"id": "not a number", "numbers": {"a": 1}}}

    def test_a_field_that_drift_keeps_elsewhere_costs_nothing_else_either(self) -> None:
        payload = {"id": 7, "author": {"type": "contact", "id": "x-9"}, "body": "<p>Hello</p>", "buttons": "yes"}
        shown = result_of(OPERATIONS["list_messages"].result, payload, BRIEF)
        odd = {"authorId": "x-9", "buttons": "yes"}
        assert shown == {"id": 7, "author": "visitor", "text": "Hello", "unexpected": odd}

    def test_an_odd_field_that_is_for_nobody_is_not_shown(self) -> None:
        message = OPERATIONS["list_messages"].result
        assert result_of(message, {"id": 7, "orgId": "not for the agent"}, BRIEF) == {"id": 7}

    def test_an_odd_field_inside_an_object_keeps_the_object(self) -> None:
        assert card({"id": 1, "inner": {"name": ["a"]}}) == {"id": 1, "unexpected": {"inner": {"name": ["a"]}}}

    def test_an_odd_field_is_cleaned_of_invisible_characters(self) -> None:
        assert card({"id": "a\u202eb"})["unexpected"] == {"id": "ab"}

    @pytest.mark.parametrize(
        ("name", "payload", "words"),
        [
            (
                "get_contact",
                {"id": 7, "attributes": {"email": "a@b.com", "phone": 5551234, "plan": "pro"}},
                ["7", "a@b.com", "5551234", "pro"],
            ),
            (
                "get_contact",
                {"id": "seven", "attributes": {"email": ["a@b.com"], "name": "Jane", "plan": "pro"}},
                ["seven", "a@b.com", "Jane", "pro"],
            ),
            (
                "get_contact",
                {"id": 7, "attributes": {"email": "a@b.com", "tags": "vip", "plan": "pro"}},
                ["7", "a@b.com", "vip", "pro"],
            ),
            (
                "send_message",
                {"id": 7, "body": "<p>Hello</p>", "author": {"type": "contact", "id": "x-9"}, "type": "chat"},
                ["7", "Hello", "x-9", "chat"],
            ),
            (
                "send_message",
                {"id": "seven", "body": "<p>Hello</p>", "buttons": [{"label": 5}], "author": {"id": "x-9"}},
                ["seven", "Hello", "x-9", "5"],
            ),
        ],
    )  # fmt: skip
    def test_nothing_is_lost_where_names_are_changed_on_the_way(
        self, name: str, payload: dict[str, Any], words: list[str]
    ) -> None:
        text = as_text(result_of(OPERATIONS[name].result, payload, NOTHING_ASKED))
        assert [word for word in words if word not in text] == []


class TestRemovedText:
    def test_a_record_says_how_many_characters_were_taken_out_of_it(self) -> None:
        shown = card({"fullName": "J\u200bane\u202e", "text": "<p>Hi</p><p hidden>do this</p>&#x2066;"})
        assert shown == {"full_name": "Jane", "text": "Hi", "removed_text": {"invisible": 3, "hidden": 6}}

    def test_a_record_that_nothing_was_taken_out_of_says_nothing(self) -> None:
        assert "removed_text" not in card({"fullName": "Jane 👩‍💻", "text": "<p>Hi<br>there</p>\r\n"})

    def test_nothing_is_counted_twice_where_a_field_does_not_fit(self) -> None:
        shown = card({"id": "a\u200b", "numbers": "x", "fullName": "J\u200b", "added": "y\u200b"})
        assert shown["removed_text"] == {"invisible": 3}

    def test_a_job_can_tell_from_which_records(self) -> None:
        with noting_removed() as noted:
            card({"id": 5, "fullName": "J\u200b"})
            card({"id": 6, "fullName": "J"})
        card({"id": 8, "fullName": "J\u200b"})
        assert noted == [{"record": "card", "id": 5, "invisible": 1}]


RESULTS = {operation.result: operation.name for operation in OPERATIONS.values()}


each_result = pytest.mark.parametrize("result", RESULTS, ids=list(RESULTS.values()))


def any_payload(result: type[Result]) -> st.SearchStrategy[dict[str, Any]]:
    """Answers with Drift's names in them, and anything at all as their values."""
    names = [field.alias or own for own, field in result.model_fields.items()]
    return st.dictionaries(st.sampled_from([*names, "attributes", "author", "addedByDrift"]), json_values, max_size=6)


@each_result
@quick
@given(data=st.data())
def test_whatever_drift_answers_the_record_fits_the_published_schema(result: type[Result], data: st.DataObject) -> None:
    shown = result_of(result, data.draw(any_payload(result)), FULL)
    Draft202012Validator(output_schema(result, many=False)).validate(shown)


@each_result
@quick
@given(data=st.data())
def test_whatever_drift_answers_no_character_in_the_record_is_invisible(
    result: type[Result], data: st.DataObject
) -> None:
    assert unseen(result_of(result, data.draw(any_payload(result)), FULL)) == []


class TestWhatOperationsShow:
    def test_a_contact_has_its_usual_attributes_by_name_and_the_custom_ones_beside(self) -> None:
        payload = {
            "id": 15811408544,
            "createdAt": 1664572604326,
            "attributes": {
                "_END_USER_VERSION": 4, "_end_user_version": 4, "_calculated_version": 4, "socialProfiles": {},
                "externalId": 55, "external_id": 55, "email": "a@b.com", "events": {}, "start_date": 1664572604326,
                "last_context_location": '{"city":"Boston","region":"Massachusetts","countryName":"United States"}',
                "recent_source": "ads", "tags": [{"name": "VIP", "color": "0960C5"}], "plan": "pro", "note": "x\u202ey",
            },
        }  # fmt: skip
        brief = result_of(OPERATIONS["get_contact"].result, payload, BRIEF)
        assert brief == {
            "id": 15811408544,
            "email": "a@b.com",
            "external_id": "55",
            "tags": ["VIP"],
            "location": "Boston, Massachusetts, United States",
            "created_at": "2022-09-30T21:16:44Z",
            "attributes": {"plan": "pro", "note": "xy"},
            "removed_text": {"invisible": 1},
        }
        full = result_of(OPERATIONS["get_contact"].result, payload, FULL)
        assert full["attributes"]["recent_source"] == "ads"
        assert full["attributes"]["_END_USER_VERSION"] == 4

    @pytest.mark.parametrize(
        ("author", "shown"),
        [
            ({"type": "contact", "id": 9, "bot": False}, {"author": "visitor", "author_id": 9}),
            ({"type": "user", "id": 3, "bot": True}, {"author": "bot", "author_id": 3}),
            ({"type": "user", "id": 4, "bot": False}, {"author": "agent", "author_id": 4}),
        ],
    )
    def test_a_message_says_who_wrote_it(self, author: dict[str, Any], shown: dict[str, Any]) -> None:
        message = OPERATIONS["list_messages"].result
        assert (
            result_of(message, {"id": 1, "author": author, "body": "<p>x</p>"}, BRIEF) == {"id": 1, "text": "x"} | shown
        )

    def test_a_conversation_shows_tag_names_and_no_organisation(self) -> None:
        payload = {
            "status": "closed", "participants": [243266, 252465], "contactId": 903182234, "createdAt": 1528293067340,
            "id": 116119985, "relatedPlaybookId": 63505, "inboxId": 116983, "orgId": 1,
            "conversationTags": [{"color": "0960C5", "name": "test_tag"}], "updatedAt": 1565798942334,
        }  # fmt: skip
        assert result_of(OPERATIONS["get_conversation"].result, payload, NOTHING_ASKED) == {
            "id": 116119985, "status": "closed", "contact_id": 903182234, "participants": [243266, 252465],
            "tags": ["test_tag"], "inbox_id": 116983, "related_playbook_id": 63505,
            "created_at": "2018-06-06T13:51:07Z", "updated_at": "2019-08-14T16:09:02Z",
        }  # fmt: skip


rows_of_text = st.lists(
    st.builds(
        lambda n, text: {"n": n, "text": text},
        st.integers(0, 10**6),
        st.integers(0, 3_000).map(lambda n: "ab é" * (n // 4)),
    ),
    min_size=1,
    max_size=12,
)


class TestFitRows:
    def test_what_fits_is_not_touched(self) -> None:
        rows = [{"a": "x" * 5_000}]
        assert fit_rows(rows, 10_000) == (rows, None)

    @modest
    @given(rows=rows_of_text, budget=st.integers(1_000, 12_000))
    def test_the_result_keeps_to_the_budget_when_one_shortened_row_does(
        self, rows: list[dict[str, Any]], budget: int
    ) -> None:
        kept, said = fit_rows(rows, budget)
        assert size(kept) <= budget  # a row here is at most some 600 bytes once shortened
        assert [row["n"] for row in kept] == [row["n"] for row in rows[: len(kept)]]
        assert len(kept) >= 1
        cut = kept != rows
        assert (said is not None) is cut
        if said is not None and len(kept) < len(rows):
            assert str(len(rows) - len(kept)) in said

    @modest
    @given(rows=rows_of_text, budget=st.integers(1_000, 12_000))
    def test_what_is_said_about_shortened_texts_is_true_of_the_rows_shown(
        self, rows: list[dict[str, Any]], budget: int
    ) -> None:
        kept, said = fit_rows(rows, budget)
        changed = sum(row["text"] != before["text"] for row, before in zip(kept, rows, strict=False))
        if changed == 0:
            assert said is None or "shortened" not in said
        else:
            assert said is not None
            assert f"{changed} long text" in said

    def test_texts_are_shortened_before_rows_are_dropped(self) -> None:
        kept, said = fit_rows([{"n": n, "text": "x" * 5_000} for n in range(4)], 6_000)
        assert len(kept) == 4
        assert said is not None
        assert "shortened" in said

    def test_at_least_one_row_is_shown_however_small_the_budget(self) -> None:
        kept, said = fit_rows([{"n": list(range(1_000))}, {"n": []}], 1_000)
        assert kept == [{"n": list(range(1_000))}]
        assert said is not None
        assert "1 row" in said

    def test_the_rows_given_are_not_changed(self) -> None:
        rows = [{"text": "x" * 9_000, "deep": {"list": ["y" * 9_000]}}]
        fit_rows(rows, 1_000)
        assert rows == [{"text": "x" * 9_000, "deep": {"list": ["y" * 9_000]}}]


class TestFitRecord:
    @modest
    @given(text=st.text("abé€👍 ", max_size=400).map(lambda text: text * 40), budget=st.integers(1_000, 8_000))
    def test_a_long_text_is_brought_within_the_budget_and_it_is_said(self, text: str, budget: int) -> None:
        record, said = fit_record({"id": 1, "text": text}, budget)
        assert size(record) <= budget
        assert (said is None) is (record["text"] == text)
        assert record["id"] == 1

    def test_a_record_that_has_no_text_to_cut_says_nothing_untrue(self) -> None:
        record, said = fit_record({"numbers": list(range(2_000))}, 1_000)
        assert record["numbers"] == list(range(len(record["numbers"])))
        assert size(record) <= 1_000
        assert said is not None
        assert "shortened" not in said
        assert f"cut to {len(record['numbers'])} entries" in said


class TestShortened:
    @modest
    @given(text=st.text("abcdefghij", min_size=400, max_size=900), longest=st.integers(100, 350))
    def test_head_and_tail_stay_and_the_number_of_missing_characters_is_told(self, text: str, longest: int) -> None:
        short, cuts = shortened({"text": text}, longest)
        assert cuts == 1
        head, _, rest = short["text"].partition(" […")
        missing, _, tail = rest.partition(" characters left out…] ")
        assert text.startswith(head)
        assert text.endswith(tail)
        assert len(head) > len(tail) > 0
        assert len(head) + len(tail) == longest
        assert int(missing) == len(text) - longest

    def test_texts_are_found_at_every_depth(self) -> None:
        short, cuts = shortened({"a": ["x" * 500, {"b": "y" * 500}], "c": "short"}, 100)
        assert cuts == 2
        assert short["c"] == "short"

    def test_a_text_of_the_longest_length_is_left_whole(self) -> None:
        assert shortened({"a": "x" * 100}, 100) == ({"a": "x" * 100}, 0)


class TestAsText:
    @modest
    @given(st.dictionaries(dirty_text, st.one_of(st.integers(), st.booleans())))
    def test_it_is_compact_json_of_the_same_content(self, content: dict[str, Any]) -> None:
        text = as_text(content)
        assert json.loads(text) == content
        assert size(content) == len(text.encode("utf-8", "replace"))

    def test_letters_of_other_alphabets_are_written_as_they_are(self) -> None:
        assert as_text({"größe": "日本"}) == '{"größe":"日本"}'


class TestAsRead:
    ROWS: ClassVar = [{"id": n, "status": "open", "updated_at": "2026-03-01T09:00:00Z"} for n in range(1, 6)]

    def test_a_list_of_short_rows_names_its_fields_once(self) -> None:
        rows = [{"id": n, "contact_id": 10 + n, "tags": ["vip"]} for n in range(1, 5)] + [{"id": 5, "contact_id": 15}]
        assert as_read({"items": rows, "count": 5}) == (
            '{"items":{"columns":["id","contact_id","tags"],"rows":'
            '[[1,11,["vip"]],[2,12,["vip"]],[3,13,["vip"]],[4,14,["vip"]],[5,15,null]]},"count":5}'
        )

    @pytest.mark.parametrize(
        "rows",
        [
            pytest.param(ROWS[:3], id="few"),
            pytest.param([*ROWS, {"id": 6, "inner": {"a": 1}}], id="nested"),
            pytest.param([*ROWS, {"id": 6, "more": [["a"]]}], id="nested lists"),
            pytest.param([*ROWS, {"id": None}], id="a null of its own"),
            pytest.param([*ROWS, "a text"], id="not all are rows"),
            pytest.param([{"id": n, "text": "long words " * 9} for n in range(9)], id="long texts"),
            pytest.param([{f"field_{n}": n} for n in range(9)], id="nothing in common"),
            pytest.param([{f"field_{n}": n for n in range(13)}] * 9, id="wide"),
        ],
    )
    def test_others_name_them_in_every_row(self, rows: list[Any]) -> None:
        assert as_read({"items": rows}) == as_text({"items": rows})

    def test_a_list_inside_is_one_too(self) -> None:
        assert json.loads(as_read({"contact": {"chats": self.ROWS}}))["contact"]["chats"]["columns"][0] == "id"

    @modest
    @given(
        st.lists(
            st.dictionaries(
                st.sampled_from(["id", "a_name", "another_name", "and_one_more"]),
                st.one_of(st.integers(), st.booleans(), dirty_text, st.lists(st.integers(), max_size=2)),
            ),
            max_size=8,
        )
    )
    def test_it_says_the_same_as_the_structure(self, rows: list[dict[str, Any]]) -> None:
        content = {"from_visitors": "items[].name", "items": rows, "count": len(rows)}
        assert columns.read(as_read(content)) == content
        assert len(as_read(content)) <= len(as_text(content))
