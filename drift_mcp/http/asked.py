"""What a request asks to narrow this server to, in its headers and in its URL's query."""

from difflib import get_close_matches

from starlette.requests import Request

from drift_mcp.settings import InvalidSetting
from drift_mcp.surface import Narrowing

NAMES = ("toolsets", "tools", "exclude_tools", "read_only")
PREFIX = "x-drift-"
HEADERS = {f"{PREFIX}{name.replace('_', '-')}": name for name in NAMES}
_YES, _NO = {"", "1", "true", "yes", "on"}, {"0", "false", "no", "off"}
_ALIKE = 0.75
_MOST = 50


def narrowings(request: Request) -> list[Narrowing]:
    """What the request asks for: at most one of its headers and one of its query.

    Raises:
        InvalidSetting: something looks like a wish to narrow but is none. To pass it over would give more than the
            caller meant to have.
    """
    headers: dict[str, list[str]] = {}
    for header, value in request.headers.items():
        if header.startswith(PREFIX):
            if header not in HEADERS:
                raise InvalidSetting(f"there is no header {_shown(header)}{_did_you_mean(header, list(HEADERS))}")
            headers.setdefault(HEADERS[header], []).append(value)
    query: dict[str, list[str]] = {}
    parameters = request.query_params.multi_items()
    if len(parameters) > _MOST:  # to look what thousands may be meant for would hold everybody up
        raise InvalidSetting(f"there are more than {_MOST} parameters")
    for name, value in parameters:
        if name in NAMES:
            query.setdefault(name, []).append(value)
        elif hint := _did_you_mean(name, list(NAMES)):
            # Others are let pass: gateways and hosts add parameters of their own.
            raise InvalidSetting(f"there is no parameter {_shown(name)}{hint}")
    return [_narrowing(given) for given in (headers, query) if given]


def _narrowing(given: dict[str, list[str]]) -> Narrowing:
    texts = {name: ",".join(values) for name, values in given.items()}
    wishes = [value.strip().lower() for value in given.get("read_only", ())]
    if any(wish not in _YES | _NO for wish in wishes):
        raise InvalidSetting("read_only must be true or false")
    texts.pop("read_only", None)
    return Narrowing(**texts, read_only=any(wish in _YES for wish in wishes))


def _did_you_mean(name: str, known: list[str]) -> str:
    close = get_close_matches(name.lower().replace("-", "_") if "_" in known[2] else name, known, 1, _ALIKE)
    return f"; did you mean {close[0]}?" if close else ""


def _shown(name: str) -> str:
    return repr(name[:60])
