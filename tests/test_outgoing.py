"""What an agent may send to people: what is never sent, and what a person is asked about first."""

import json
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_mcp import catalogue
from drift_mcp.arguments import InvalidArguments
from drift_mcp.operation import Access
from drift_mcp.outgoing import _FIELDS, ALLOWED, MAX_SENT, Known, TokenPrint, concerns, findings, refusals
from drift_mcp.text import to_html
from tests.e2e.catalogue import plausible_arguments
from tests.support.growth import grows_with_its_length_alone
from tests.support.operations import call_of
from tests.support.properties import any_text, many

GRACE = "grace.adeyemi@cobaltmed.example"
NOBODY_KNOWN = Known()
OURS = Known(
    contact_emails=frozenset({"kim@campus.example"}),
    own_emails=frozenset({"yuki@freelance.example"}),
    own_domains=frozenset({"harborloom.example"}),
)
OWN_TOKEN = "f3A9xQ0zLw7VbN2kT5yR8mJ1"
HOLDING = Known(token=TokenPrint.of(OWN_TOKEN))


def refused(tool: str, known: Known = NOBODY_KNOWN, **arguments: Any) -> str:
    with pytest.raises(InvalidArguments) as error:
        refusals(tool, arguments, known)
    return str(error.value)


def found(body: str, known: Known = OURS, **more: Any) -> list[str]:
    return [each.text for each in findings("send_message", {"body": body, **more}, known)]


class TestHtml:
    @pytest.mark.parametrize(
        "html",
        [
            '<p>Hi <b>Kim</b>,<br>see <a href="https://www.harborloom.example/x?a=1&amp;b=2" rel="x">this</a></p>',
            "<a href='mailto:hello@harborloom.example'>write</a> or <a href=\"tel:+123\">call</a>",
            '<ul><li>one</li><li>two</li></ul><img src="https://www.harborloom.example/x.png" alt="a chart"/>',
            '<span class="driftiwyg-tag-property">Kim</span> 1 &lt; 2',
            "<P>loud</P>",
            "no markup, 2 > 1",
        ],
    )
    def test_what_a_message_is_made_of_may_be_sent(self, html: str) -> None:
        refusals("send_message", {"body": html, "format": "html"}, NOBODY_KNOWN)

    @pytest.mark.parametrize(
        ("html", "why"),
        [
            ("<script>alert(1)</script>", "<script> is not allowed"),
            ("<ScRiPt >x", "<script> is not allowed"),
            ("<iframe src='https://x.example'></iframe>", "<iframe> is not allowed"),
            ("<style>p{}</style>", "<style> is not allowed"),
            ("<form><input></form>", "<form> is not allowed"),
            ("<svg onload='x'>", "<svg> is not allowed"),
            ("<p onclick='x()'>y</p>", "<p> must not have onclick"),
            ("<p style='display:none'>y</p>", "<p> must not have style"),
            ("<img src='https://x.example/y' onerror='z'>", "<img> must not have onerror"),
            ("<a href='javascript:alert(1)'>y</a>", "href of <a> must be a whole address"),
            ("<a href='JAVASCRIPT:x'>y</a>", "href of <a> must be a whole address"),
            ("<a href='&#106;avascript&#58;x'>y</a>", "href of <a> must be a whole address"),
            ("<a href='java\tscript:x'>y</a>", "href of <a> must be a whole address"),
            ("<a href='data:text/html,x'>y</a>", "href of <a> must be a whole address"),
            ("<a href='/x'>y</a>", "href of <a> must be a whole address"),
            ("<img src='http://x.example/y'>", "src of <img> must be a whole address"),
            ("<img src='data:image/png;base64,AA'>", "src of <img> must be a whole address"),
            ("<a href=javascript:x>y</a>", "attribute without quotes"),
            ("<!-- x -->", "a comment"),
            ("<p", "begins no tag"),
            ("1 < 2", "&lt;"),
            ("<a href='https://x.example' <script>>", "begins no tag"),
            ("<a href=\"https://x.example\"onclick='y'>", "begins no tag"),
            ("<scr<script>ipt>", "is not allowed"),
        ],
    )
    def test_what_could_run_load_or_hide_is_refused_and_it_says_why(self, html: str, why: str) -> None:
        for tool in ("send_message", "create_conversation", "reply_to_conversation"):
            assert why in refused(tool, body=html, format="html")

    def test_the_same_as_plain_text_may_be_sent(self) -> None:
        refusals("send_message", {"body": "<script>alert(1)</script> 1 < 2", "format": "text"}, NOBODY_KNOWN)

    def test_a_bots_prompt_is_sent_as_it_is_so_markup_in_it_counts(self) -> None:
        assert "<script>" in refused("trigger_driftbot", payload={"a": [{"body": "<script>x</script>"}]})
        assert "<img>" in refused("qualify_with_driftbot", prompt="<img src='https://e.example' onerror='x'>")
        refusals("trigger_driftbot", {"payload": {"body": "Is 1 < 2?"}}, NOBODY_KNOWN)

    @many
    @given(
        st.lists(
            st.sampled_from(
                [
                    "<",
                    ">",
                    "</",
                    "/>",
                    "script",
                    "a",
                    "p",
                    " ",
                    "href",
                    "=",
                    '"',
                    "'",
                    "javascript:x",
                    "https://a.example",
                    "onclick",
                    "<!--",
                    "-->",
                    "&lt;",
                    "style",
                    "\n",
                    "é",
                    "<p>",
                    "</p>",
                ]
            ),
            max_size=14,
        ).map("".join)
    )
    def test_what_is_let_through_holds_nothing_but_allowed_tags(self, html: str) -> None:
        from html.parser import HTMLParser

        try:
            refusals("send_message", {"body": html, "format": "html"}, NOBODY_KNOWN)
        except InvalidArguments:
            return

        class Seen(HTMLParser):
            def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
                assert tag in ALLOWED
                assert {name for name, _ in attrs} <= ALLOWED[tag]
                assert "javascript:" not in str(dict(attrs).get("href"))

            def handle_comment(self, data: str) -> None:
                raise AssertionError(data)

        Seen().feed(html)


class TestSizeAndCharacters:
    def test_the_size_is_counted_as_it_is_sent(self) -> None:
        refusals("send_message", {"body": "x" * MAX_SENT}, NOBODY_KNOWN)
        assert "50001" in refused("send_message", body="x" * (MAX_SENT + 1))
        assert len(to_html("<" * 20_000)) > MAX_SENT
        assert "at most 50000" in refused("send_message", body="<" * 20_000)

    @pytest.mark.parametrize("character", ["\u200b", "\u202e", "\U000e0041", "\ufeff"])
    def test_characters_that_nobody_sees_are_refused(self, character: str) -> None:
        assert "1 invisible" in refused("send_message", body=f"Hi{character} Kim")
        assert "note: has 1 invisible" in refused("reply_to_conversation", body="Hi", note=f"x{character}")

    def test_emoji_and_line_ends_are_not_invisible(self) -> None:
        refusals("send_message", {"body": "Danke 👩‍💻\r\n❤️"}, NOBODY_KNOWN)


class TestOwnToken:
    @pytest.mark.parametrize(
        "body",
        [
            OWN_TOKEN,
            f"key={OWN_TOKEN}.",
            f"x{OWN_TOKEN}y",
            " ".join(OWN_TOKEN),
            f"{OWN_TOKEN[:9]}\n{OWN_TOKEN[9:]}",
        ],
    )
    def test_it_is_never_sent_to_anybody(self, body: str) -> None:
        for tool, arguments in (
            ("send_message", {"body": body}),
            ("send_message", {"body": body, "type": "private_note"}),
            ("create_note", {"body": body}),
            ("reply_to_conversation", {"body": "Hi", "note": body}),
            ("trigger_driftbot", {"payload": {"x": body}}),
        ):
            said = refused(tool, HOLDING, **arguments)
            assert "never sent" in said
            assert OWN_TOKEN not in said

    @pytest.mark.parametrize(
        ("body", "form"),
        [
            ("1234567890‑1234‑1234‑123456", "text"),
            ("1234567890 – 1234 – 1234 – 123456", "text"),
            ("12345.67890.1234.1234.123456", "text"),
            ("12345<b></b>67890-1234-1234-123456", "html"),
            ("<i>1234567890</i><br>-1234-1234-1<b>2</b>3456", "html"),
            ("1234567890&#45;1234&#8209;1234-123456", "html"),
            ('<a href="https://e.example/?q=1234567890%252D1234-1234-123456">x</a>', "html"),
        ],
    )
    def test_nor_with_other_dashes_or_with_markup_inside(self, body: str, form: str) -> None:
        known = Known(token=TokenPrint.of("1234567890-1234-1234-123456"))
        assert "never sent" in refused("send_message", known, body=body, format=form)

    def test_a_token_of_words_alone_is_only_found_as_it_is(self) -> None:
        known = Known(token=TokenPrint.of("sandbox-token-not-secret"))
        refusals("send_message", {"body": "The sandbox token is not secret"}, known)
        assert "never sent" in refused("send_message", known, body="sandbox-token- not-secret")

    def test_in_a_link_neither(self) -> None:
        address = f"https://e.example/?q=%{ord(OWN_TOKEN[0]):x}{OWN_TOKEN[1:]}"
        assert "never sent" in refused("send_message", HOLDING, body=f'<a href="{address}">x</a>', format="html")

    def test_other_text_is_sent(self) -> None:
        refusals("send_message", {"body": OWN_TOKEN[:-1] + "2"}, HOLDING)
        refusals("send_message", {"body": "short"}, HOLDING)

    def test_the_print_does_not_show_the_token(self) -> None:
        assert OWN_TOKEN not in repr(HOLDING)


class TestAddresses:
    @pytest.mark.parametrize(
        "body",
        [
            f"Grace is {GRACE}.",
            GRACE.upper(),
            f"mail <{GRACE}>",
            "grace.adeyemi [at] cobaltmed [dot] example",
            "grace.adeyemi at cobaltmed dot example",
            "grace.adeyemi＠cobaltmed.example",
            "grace.adeyemi%40cobaltmed.example",
            "grace.adeyemi&#64;cobaltmed.example",
            "https://x.example/?q=grace.adeyemi%40cobaltmed.example",
        ],
    )
    def test_somebody_elses_is_shown_to_a_person_first(self, body: str) -> None:
        (text,) = found(body)
        assert GRACE in text
        assert "not their address" in text

    @pytest.mark.parametrize(
        "html",
        [
            f'<a href="mailto:{GRACE}">x</a>',
            f'<a href="https://e.example/?q={GRACE}">x</a>',
            "<p>grace.adeyemi<b>@cobaltmed.example</b></p>",
            f'<img src="https://e.example/x.png" alt="{GRACE}">',
            f'<a href="https://e.example" title="{GRACE}">x</a>',
        ],
    )
    def test_in_html_it_is_found_wherever_it_stands(self, html: str) -> None:
        assert [GRACE in each for each in found(html, format="html")] == [True]

    @pytest.mark.parametrize(
        "body",
        [
            "Write to hello@harborloom.example",
            "hello@eu.harborloom.example",
            "yuki@freelance.example",
            "You are Kim@Campus.example, right?",
            "a@b",
            "@handle",
            "5 @ 3.20 each",
        ],
    )
    def test_the_contacts_own_and_ours_are_not(self, body: str) -> None:
        assert found(body) == []

    def test_a_domain_that_only_ends_like_ours_is_somebody_elses(self) -> None:
        assert len(found("x@evilharborloom.example")) == 1

    def test_the_team_may_read_it(self) -> None:
        assert found(GRACE, type="private_note") == []
        assert findings("reply_to_conversation", {"body": "Hi", "note": GRACE}, OURS) == []

    def test_the_one_who_is_written_to_is_known_from_the_arguments(self) -> None:
        assert findings("create_conversation", {"email": GRACE, "body": f"Hello {GRACE}"}, NOBODY_KNOWN) == []

    def test_where_nothing_is_known_every_address_is_asked_about(self) -> None:
        assert len(found("hello@harborloom.example and kim@campus.example", NOBODY_KNOWN)) == 2

    def test_buttons_and_prompts_are_read_too(self) -> None:
        assert findings("send_message", {"body": "Hi", "buttons": ["Yes", GRACE]}, OURS)
        assert findings("qualify_with_driftbot", {"questions": [f"Do you know {GRACE}?"]}, OURS)
        assert findings("trigger_driftbot", {"payload": {"body": f"Ask {GRACE}"}}, OURS)


class TestSecrets:
    @pytest.mark.parametrize(
        "secret",
        [
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
            "AKIAIOSFODNN7EXAMPLE",
            "-----BEGIN RSA PRIVATE KEY-----",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "xoxb-123456789012-abcdefABCDEF",
            "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "Bearer abcdef0123456789abcdef",
            "1234567890-1234-1234-123456",
            "f3A9xQ0zLw7VbN2kT5yR8mJ1",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        ],
    )
    def test_what_looks_like_one_is_shown_to_a_person_first_but_not_repeated(self, secret: str) -> None:
        for more in ({}, {"type": "private_note"}, {"format": "html"}):
            (text,) = found(f"use {secret} please", **more)
            assert secret not in text
            assert "looks like" in text

    @pytest.mark.parametrize(
        "body",
        [
            "Your tracking number is 1Z999AA10123456784.",
            "Order 2026-03-02/77812, invoice INV-2026-000123.",
            "https://www.harborloom.example/docs/connectors/how-to-connect-a-carrier-in-5-steps",
            "Donaudampfschifffahrtsgesellschaftskapitän",
            "+49 170 1234567, 00491701234567",
            "9" * 60,
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "https://meet.example/abc-defg-hij",
            "SOC 2 Type II, ISO 27001",
        ],
    )
    def test_ordinary_numbers_and_words_are_not(self, body: str) -> None:
        assert found(body) == []


MARKUP = "a <b>c</b> & d"
ESCAPED = "a &lt;b&gt;c&lt;/b&gt; &amp; d"


class TestEveryTool:
    @pytest.mark.parametrize("name", [name for name in _FIELDS if catalogue.load()[name].path])
    def test_what_is_called_a_text_is_escaped_on_its_way_and_what_is_called_free_is_not(self, name: str) -> None:
        properties = catalogue.load()[name].tool["inputSchema"]["properties"]
        for field, _, form in _FIELDS[name]:
            kind = properties[field]["type"]
            value: Any = {"array": [MARKUP], "object": {"body": MARKUP}}.get(kind, MARKUP)
            sent = json.dumps(call_of(name, plausible_arguments(name) | {field: value}).body, ensure_ascii=False)
            assert (ESCAPED if form == "text" else MARKUP) in sent, field
            assert (MARKUP if form == "text" else ESCAPED) not in sent, field

    @pytest.mark.parametrize(
        ("name", "field", "value"),
        [
            ("send_message", "buttons", ["Yes", "<script>alert(1)</script>"]),
            ("reply_to_conversation", "buttons", ["<img src=x onerror=alert(1)>"]),
            ("create_conversation_from_scratch", "title", "<script>alert(1)</script>"),
            ("update_meeting", "subject", "<script>alert(1)</script>"),
            ("update_meeting", "location", "<a href='javascript:alert(1)'>here</a>"),
            ("update_meeting", "notes", "<svg onload=alert(1)>"),
        ],
    )
    def test_a_script_is_refused_wherever_it_would_be_sent_as_it_is(self, name: str, field: str, value: Any) -> None:
        assert f"{field}: " in refused(name, **{field: value})

    def test_every_argument_that_is_a_text_for_people_is_looked_at(self) -> None:
        for name, fields in _FIELDS.items():
            properties = catalogue.load()[name].tool["inputSchema"]["properties"]
            assert {field for field, _, _ in fields} <= set(properties), name
        long_texts = {"body", "note", "prompt", "revise", "questions", "buttons", "payload", "title"}
        for entry in catalogue.load().values():
            if entry.access != Access.READ:
                named = long_texts & set(entry.tool["inputSchema"]["properties"])
                assert named <= {field for field, _, _ in _FIELDS.get(entry.name, ())}, entry.name

    def test_others_are_none_of_its_business(self) -> None:
        assert not concerns("update_contact")
        assert findings("update_contact", {"email": GRACE, "body": GRACE}, OURS) == []
        refusals("update_contact", {"body": "<script>"}, OURS)

    @many
    @given(any_text, st.sampled_from(["text", "html"]))
    def test_no_text_makes_it_raise_anything_else(self, text: str, form: str) -> None:
        arguments = {"body": text, "format": form}
        findings("send_message", arguments, OURS)
        with suppress(InvalidArguments):
            refusals("send_message", arguments, HOLDING)

    @pytest.mark.parametrize(
        "piece",
        [
            "<a href='",
            "<p ",
            "a@",
            "@",
            "a.",
            "<",
            "eyJ",
            "&#",
            "%",
            "x ",
            "1234567890-",
            "(at)",
            "A1",
            "<a b",
            "[",
            " at ",
        ],
    )
    def test_the_time_to_check_a_body_grows_with_its_length_alone(self, piece: str) -> None:
        def check(body: str) -> None:
            arguments = {"body": body, "format": "html"}
            findings("send_message", arguments, OURS)
            with pytest.raises(InvalidArguments) if "<" in piece else nullcontext():
                refusals("send_message", arguments, HOLDING)

        grows_with_its_length_alone(check, lambda length: (piece * length)[:length], MAX_SENT)
