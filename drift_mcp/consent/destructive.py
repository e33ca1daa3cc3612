"""Destructive operations: the question whether to do it, with the target by name.

What names the target was often typed by a visitor of a website. It is put between quotation marks that it cannot
contain, on one line, with nothing invisible, and what Drift says is cut.
"""

from functools import partial
from typing import Any

from drift_mcp.catalogue import load
from drift_mcp.consent.policy import asks
from drift_mcp.consent.question import Asking, Question, ask, canonical
from drift_mcp.drift.errors import BadToken, DriftError, NotConnected, NotFound
from drift_mcp.operation import Access, LookUp, Operation, Request, Target
from drift_mcp.text import unrendered, visible
from drift_mcp.workflow import NotAllowed

_UNREAD = ("it could not be read, so no name is known", None)
_UNNAMED = ("Drift has no name for it", None)
"""Said instead of a field and its value."""

_LONGEST = 80
"""Characters of one fact that a question shows."""


async def check(operation: Operation, request: Request, asking: Asking) -> str:
    """Returns when `operation` may be done: after a last look that its target is still what the person saw, if asked.

    What it returns is the organisation they agreed for, as `only_in` takes it; "" where nobody was asked.

    Raises:
        NotAgreed: they have not.
        NotFound: Drift has no such record, so there is nothing to agree to.
        NotConnected, BadToken: nor is there where Drift cannot be asked anything at all.
    """
    if operation.access is Access.DESTRUCTIVE and asks(asking, operation.name):
        make = partial(_question, operation, request, asking)
        return await ask(await make(), asking, make)
    return ""


async def _question(operation: Operation, request: Request, asking: Asking) -> Question:
    target = operation.target
    assert target is not None, f"{operation.name} is destructive and does not say what its target is"
    arguments = request.model_dump(mode="json", exclude_none=True)
    effect = target.effect.format_map({name: _named(value) for name, value in arguments.items()})
    seen = await _seen(operation, target, arguments, asking)
    facts = ", ".join(name if value is None else f"{name.replace('_', ' ')} {_told(value)}" for name, value in seen)
    if seen and not asking.names:
        facts = "its name is withheld"
    return Question(
        text=f"{effect}{facts and ': '}{facts}? {target.consequence} Drift organisation: {asking.connection}.",
        bound_to=asking.bound(operation.name, arguments),
        shown=canonical(seen),
    )


async def _seen(
    operation: Operation, target: Target, arguments: dict[str, Any], asking: Asking
) -> list[tuple[str, Any]]:
    """What the look-ups of `target` tell of it, as (field, value).

    Raises:
        NotFound: the record itself is not there.
        NotConnected, BadToken: nothing can be looked up.
    """
    known = arguments
    seen: list[tuple[str, Any]] = []
    for look_up in target.look_ups:
        if look_up.by and look_up.by not in known:
            continue  # such as a conversation without a contact
        try:
            found = await asking.read(look_up.operation, **{look_up.by: known[look_up.by]} if look_up.by else {})
        except (NotConnected, BadToken):
            raise
        except (DriftError, NotAllowed) as error:
            # Who brings an answer is told what is wrong with that: the record may be gone because it counted before.
            if isinstance(error, NotFound) and not asking.answered and _is_record(look_up, operation):
                raise
            seen.append(_UNREAD)
            continue
        for row in found.get("items", [found]):
            facts = [(name, row[name]) for name in look_up.shows if name in row]
            seen += facts or [_UNNAMED]
            known = row | known
    return seen


def _is_record(look_up: LookUp, operation: Operation) -> bool:
    """Whether what is looked up is the record that `operation` acts on, or that has what it acts on: by Drift's paths.

    Somebody else who belongs to it, such as a conversation's contact, may be gone while the record is there.
    """
    return f"{operation.path}/".startswith(f"{load()[look_up.operation].path}/")


def _named(value: Any) -> str:
    """An argument as a question shows it: whole, for what is not shown is not agreed to."""
    if isinstance(value, list):
        return ", ".join(map(_named, value))
    return _quoted(value) if isinstance(value, str) else str(value)


def _told(value: Any) -> str:
    """What Drift says of a target as a question shows it."""
    line = _quoted(value) if isinstance(value, str) else str(value)
    return line if len(line) <= _LONGEST else f'{line[: _LONGEST - 2]}…"'


def _quoted(text: str) -> str:
    line = unrendered(" ".join(visible(text).split()))
    return f'"{line.replace(chr(34), chr(39))}"'
