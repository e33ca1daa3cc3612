"""Which rules an operator can write down, and by which key an event is acted on."""

from dataclasses import replace
from typing import Any

import pytest

from drift_mcp.events import event
from drift_mcp.events.rules.ledger import Task
from drift_mcp.events.rules.rule import Rule, rules_of
from drift_mcp.settings import InvalidSetting

TAGS = {"tags": ["Website chat"]}


def task(**changes: Any) -> Task:
    data = {"id": 5, "contactId": 77, "createdAt": 1_772_452_800_000}
    told = event.read("acme", "new_conversation", 1, data)
    return replace(Task("", "9", told, told.key, 1, 0), **changes)


def test_true_is_a_rule_without_arguments_and_false_is_none() -> None:
    on = {"new_conversation": {"enrich_contact": True, "add_contact_tags": False}, "contact_identified": {}}
    assert rules_of(on) == (Rule("new_conversation", "enrich_contact", {}),)


def test_arguments_are_the_tools_own() -> None:
    (rule,) = rules_of({"contact_identified": {"add_contact_tags": TAGS}})
    assert (rule.name, rule.arguments) == ("contact_identified.add_contact_tags", TAGS)


@pytest.mark.parametrize(
    ("event_type", "tool", "given", "says"),
    [
        ("contact_updated", "enrich_contact", True, "for new_conversation and contact_identified"),
        ("new_conversation", "delete_contact", True, "can run enrich_contact"),
        ("new_conversation", "enrich_contact", "yes", "give true, false, or a table"),
        ("new_conversation", "enrich_contact", {"colour": "red"}, "no argument"),
        ("new_conversation", "enrich_contact", {"contact_id": 5}, "leave contact_id out"),
        ("new_conversation", "enrich_contact", {"email": "one@visitor.example"}, "exactly one of"),
        ("new_conversation", "add_contact_tags", True, "tags is missing"),
    ],
)
def test_what_cannot_work_is_said(event_type: str, tool: str, given: Any, says: str) -> None:
    with pytest.raises(InvalidSetting, match=says):
        rules_of({event_type: {tool: given}})


class TestKey:
    RULE = Rule("new_conversation", "add_contact_tags", TAGS)

    def test_every_attempt_has_the_same(self) -> None:
        assert self.RULE.key(task()) == self.RULE.key(task(attempt=7, cursor="12"))

    def test_another_rule_other_arguments_another_event_and_a_replay_have_another(self) -> None:
        others = [
            Rule("new_conversation", "enrich_contact", {}).key(task()),
            Rule("new_conversation", "add_contact_tags", {"tags": ["Chat"]}).key(task()),
            self.RULE.key(task(key=b"another")),
            self.RULE.key(task(replays=1)),
        ]
        assert len({self.RULE.key(task()), *others}) == 5
