"""A rule: one tool that this server runs by itself on the contact of each event of one type.

[connections.acme.on.new_conversation]
enrich_contact = true
add_contact_tags = { tags = ["Website chat"] }

[connections.acme.on.contact_identified]
enrich_contact = { attributes = { lead_source = "Chat" } }

A tool's arguments are its own, but for the contact, which is the event's. Without an agent there are two sources of
what to fill in: the account of the company's domain in the e-mail address, which `enrich_contact` looks up in Drift,
and what the operator gives here.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drift_mcp.events.rules.ledger import Task
from drift_mcp.settings import InvalidSetting

EVENTS = ("new_conversation", "contact_identified")
"""Types of event that name a contact, and that nothing a rule does can cause."""
TOOLS = ("enrich_contact", "add_contact_tags", "post_timeline_event")
CONTACT = "contact_id"
_SEE = "docs/events.md shows them"


@dataclass(frozen=True, slots=True)
class Rule:
    """On an event of type `event`, `tool` with `arguments`."""

    event: str
    tool: str
    arguments: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.event}.{self.tool}"

    def key(self, task: Task) -> str:
        """The idempotency key of acting on that event: the same for every attempt, in every process.

        It names what is to be done too, so that changed arguments are another write, and counts how often the operator
        has asked for an event that was done to be done again.
        """
        parts = [self.name, self.arguments, task.key.hex(), task.event.at, task.replays]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def rules_of(on: Mapping[str, Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules in an entry's `on`.

    Raises:
        InvalidSetting: one of them cannot work.
    """
    return tuple(_rules(on))


def _rules(on: Mapping[str, Mapping[str, Any]]) -> Iterator[Rule]:
    for event, tools in on.items():
        if event not in EVENTS:
            raise InvalidSetting(f"on: rules can be for {' and '.join(EVENTS)}, not for {event!r}; {_SEE}")
        for tool, given in tools.items():
            if tool not in TOOLS:
                raise InvalidSetting(f"on.{event}: rules can run {', '.join(TOOLS)}, not {tool!r}; {_SEE}")
            if given is False:
                continue
            if given is not True and not isinstance(given, dict):
                raise InvalidSetting(f"on.{event}.{tool}: give true, false, or a table of arguments")
            arguments = {} if given is True else given
            _check(f"on.{event}.{tool}", tool, arguments)
            yield Rule(event, tool, arguments)


def _check(place: str, tool: str, arguments: Mapping[str, Any]) -> None:
    from drift_mcp import catalogue
    from drift_mcp.arguments import InvalidArguments, parse

    if CONTACT in arguments:
        raise InvalidSetting(f"{place}: leave {CONTACT} out, it is the event's")
    try:
        parse(catalogue.load()[tool].record(), {**arguments, CONTACT: 1})
        json.dumps(arguments)
    except InvalidArguments as error:
        raise InvalidSetting(f"{place}: {error}") from None
    except TypeError:
        raise InvalidSetting(f"{place}: dates and times have to be text, in quotes") from None
