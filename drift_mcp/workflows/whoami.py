"""Which Drift this is, and what can be done in it."""

from typing import Any

from pydantic import Field

from drift_mcp.drift.errors import DriftError
from drift_mcp.operation import Access, Request, Result
from drift_mcp.operations.app import TOKEN_INFO
from drift_mcp.problems import drift_failed
from drift_mcp.workflow import Context, Workflow


class Identity(Result):
    connection: str | None = Field(None, description="drift, or sandbox: a local Drift with invented data.")
    connections: list[str] | None = Field(None, description="Those there are, where there are several.")
    drift: str | None = Field(None, description="Where Drift is.")
    org_id: int | None = None
    scopes: list[str] | None = Field(None, description="What the token may do; absent if it cannot be read.")
    server_version: str | None = None
    surface: dict[str, Any] | None = Field(None, description="What the operator lets this server offer.")
    problem: str | None = Field(None, description="Why the token could not be read, and what to do.")


async def whoami(_: Request, context: Context) -> dict[str, Any]:
    """One call to Drift, and none that fails: what cannot be read is left out."""
    about = dict(context.about())
    try:
        info = await context.token_info()
    except DriftError as error:
        told = drift_failed(TOKEN_INFO, error)["error"]
        return about | {"problem": f"{told['message']} {told['next']}"}
    known = {name: info[name] for name in ("org_id", "scopes") if name in info}
    return about | known


WORKFLOWS = [
    Workflow(
        name="whoami",
        title="Where am I connected",
        summary="Which Drift organisation this is, what the token may do, and what this server offers.",
        intents=(
            "am I in the sandbox or the real Drift",
            "which permissions does this server have",
            "why is a tool missing here",
        ),
        toolset="server",
        scope=None,
        access=Access.READ,
        request=Request,
        result=Identity,
        run=whoami,
        essential=True,
    ),
]
