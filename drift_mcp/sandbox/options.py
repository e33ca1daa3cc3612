"""The optional parameters of a sandbox, the same for `create_app`, `serve` and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


class Options(TypedDict, total=False):
    """`org`: the organisation's id, else the seed's; several organisations are several sandboxes.
    `token_seconds`: how long an access token of OAuth lives. `redirect_uris`: where the app may be sent back to
    beside loopback addresses. `redirect_typo`: send `?code=X?state=Y` as Drift's documentation prints it.
    `faults`: a plan of faults from the start on, as POST /_sandbox/faults takes it. `rate_limit`: calls a minute
    for each token (reports: 60), else unlimited.
    `webhook_url` and `webhook_token`: where events are posted to, and the verification token that goes along.
    """

    org: int | None
    token_seconds: int
    redirect_uris: Sequence[str]
    redirect_typo: bool
    faults: Mapping[str, Any] | None
    rate_limit: int | None
    webhook_url: str | None
    webhook_token: str | None
