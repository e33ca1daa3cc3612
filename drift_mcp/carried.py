"""What a call carries among the arguments of its tool: the caller's own key, and the token of a preview."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from drift_mcp.arguments import KEY, InvalidArguments, checked_key
from drift_mcp.caller import Answer, Caller, Reply
from drift_mcp.catalogue import Entry
from drift_mcp.consent.question import LONGEST_TOKEN, PREVIEW_TOKEN

Arguments = Mapping[str, Any]


def unpacked(entry: Entry, arguments: Arguments, caller: Caller) -> tuple[Arguments, Caller]:
    """The arguments of the tool itself, and the caller with what else stands among them.

    Raises:
        InvalidArguments: the key or the token cannot be one.
    """
    takes = entry.tool["inputSchema"]["properties"]
    if PREVIEW_TOKEN in arguments and PREVIEW_TOKEN in takes:
        caller = _with_token(arguments[PREVIEW_TOKEN], caller)
        arguments = _without(PREVIEW_TOKEN, arguments)
    if arguments.get(KEY) is not None and KEY in takes:
        caller = replace(caller, key=checked_key(arguments[KEY]))
        arguments = _without(KEY, arguments)
    return arguments, caller


def _with_token(token: Any, caller: Caller) -> Caller:
    if token is not None and not (isinstance(token, str) and len(token) <= LONGEST_TOKEN):
        raise InvalidArguments([f"{PREVIEW_TOKEN}: pass it as the preview has it, or leave it out"])
    if caller.can_be_asked or not token:  # who can be asked is asked
        return caller
    return replace(caller, reply=Reply(token, Answer.ACCEPTED))


def _without(name: str, arguments: Arguments) -> Arguments:
    return {given: value for given, value in arguments.items() if given != name}
