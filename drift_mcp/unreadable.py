"""Answers for messages that cannot be read.

The SDK drops a line it cannot parse, even one that has an id, and the host waits for ever. Here such a line gets a
JSON-RPC error: half a surrogate pair, nesting that is too deep, parameters that are no object.
"""

import contextvars
import json
import re
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, JSONRPCResponse
from pydantic import ValidationError

from drift_mcp.problems import problem
from drift_mcp.results import failed

if TYPE_CHECKING:
    from mcp.shared._stream_protocols import ReadStream, WriteStream

_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s"{}\[\],:]+')
_MAX_SCALAR = 200
_NOT_JSON = "The message is not JSON that can be read: look for half a surrogate pair or nesting past 100 levels."
_NO_REQUEST = "The message is no JSON-RPC request: params must be an object."


class AnsweringReader:
    """A read stream that passes on what could be read, and answers the rest."""

    def __init__(self, inner: "ReadStream[SessionMessage | Exception]", answers: "WriteStream[SessionMessage]") -> None:
        self._inner = inner
        self._answers = answers

    @property
    def last_context(self) -> contextvars.Context | None:
        """The sender's context, which the SDK asks a stream for."""
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        while True:
            item = await self._inner.receive()
            if not await self._answered(item):
                return item

    async def aclose(self) -> None:
        await self._inner.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        while True:
            item = await self._inner.__anext__()
            if not await self._answered(item):
                return item

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._inner.__aexit__(kind, error, trace)

    async def _answered(self, item: SessionMessage | Exception) -> bool:
        answer = answer_to(item) if isinstance(item, ValidationError) else None
        if answer is not None:
            await self._answers.send(SessionMessage(answer))
        return answer is not None


def answer_to(error: ValidationError) -> JSONRPCError | JSONRPCResponse | None:
    """The answer to the line that `error` is about; None when it has no id, so that nobody waits for one.

    A tool call gets an error result, as for any other arguments that do not fit: that is what an agent gets to see.
    """
    problems = error.errors()
    line = problems[0]["input"] if problems[0]["type"] == "json_invalid" else None
    if isinstance(line, str):
        request, said = _scalars_in(line), ErrorData(code=PARSE_ERROR, message=_NOT_JSON)
    else:
        # Each kind of message it might have been says what it lacks, some of them of the message as a whole.
        whole = (each["input"] for each in problems if isinstance(each["input"], dict) and "jsonrpc" in each["input"])
        request, said = next(whole, {}), ErrorData(code=INVALID_REQUEST, message=_NO_REQUEST)
    number = request.get("id")
    if isinstance(number, bool) or not isinstance(number, str | int):
        return None
    if isinstance(line, str) and request.get("method") == "tools/call":
        refused = failed(problem("invalid_arguments", _NOT_JSON, "Correct the arguments and call again."))
        return JSONRPCResponse(jsonrpc="2.0", id=number, result={**refused, "resultType": "complete"})
    return JSONRPCError(jsonrpc="2.0", id=number, error=said)


def _scalars_in(line: str) -> dict[str, str | int | None]:
    """The outermost members of a line that is no proper JSON, as far as they are plain texts or numbers."""
    found: dict[str, str | int | None] = {}
    depth = 0
    key = ""
    for match in _PART.finditer(line):
        part = match.group()
        if depth == 1 and key in {'"id"', '"method"'}:
            found[key[1:-1]] = _scalar(part)
        depth += (part in "{[") - (part in "}]")
        # A text in the place of a key is followed by its value; a value that looks like a key ends with itself.
        key = part if key == "" or not key.startswith('"') else ""
    return found


def _scalar(part: str) -> str | int | None:
    try:
        value = json.loads(part) if len(part) < _MAX_SCALAR else None
    except ValueError:
        return None
    usable = isinstance(value, int) or (isinstance(value, str) and value.isprintable())
    return value if usable else None
