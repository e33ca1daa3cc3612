"""The yardstick: a server with one tool, written the way the SDK's README shows.

It is the fastest plain form we found, so that the comparison does not flatter us:

* httpx2 rather than httpx: the SDK has imported it already, while `import httpx` costs 7 ms more at start (30
  where rich is installed) and a call through it takes 0.5 ms longer;
* the client is made at the first call, not on import: making one reads the CA certificates, 30 to 50 ms;
* it does not log every HTTP request, which the SDK's default level would: ours does not either.
"""

import os
from functools import cache
from typing import Any

import httpx2
from mcp.server import MCPServer

mcp = MCPServer("bare", log_level="WARNING")


@cache
def drift() -> httpx2.AsyncClient:
    """The pooled client."""
    return httpx2.AsyncClient(
        base_url=os.environ["DRIFT_BASE_URL"],
        headers={"Authorization": f"Bearer {os.environ['DRIFT_ACCESS_TOKEN']}"},
    )


@mcp.tool()
async def get_conversation(conversation_id: int) -> dict[str, Any]:
    """Fetch one Drift conversation by its id."""
    response = await drift().get(f"/conversations/{conversation_id}")
    response.raise_for_status()
    return response.json()


if __name__ == "__main__":
    mcp.run()
