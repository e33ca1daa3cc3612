"""Builds the gateway that the settings ask for: to Drift with the user's token, or to the sandbox in this process."""

from pydantic import SecretStr

from drift_mcp import __version__
from drift_mcp.credentials import ClientCredentials, FixedCredential
from drift_mcp.credentials.environment import EnvironmentCredential
from drift_mcp.drift.gateway import Gateway, Limits
from drift_mcp.settings import Settings


def connect(settings: Settings) -> Gateway:
    """A gateway, not yet connected to anything: the first call does that."""
    limits = Limits(
        connect=settings.connect_timeout,
        read=settings.read_timeout,
        total=settings.total_timeout,
        attachment_bytes=settings.attachment_bytes,
    )
    agent = f"drift-mcp/{__version__}"
    if settings.sandbox:
        import httpx

        from drift_mcp.sandbox import SANDBOX_TOKEN, create_app
        from drift_mcp.sandbox.choices import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

        return Gateway(
            "https://driftapi.com",
            FixedCredential(SANDBOX_TOKEN, ClientCredentials(SANDBOX_CLIENT_ID, SecretStr(SANDBOX_CLIENT_SECRET))),
            limits=limits,
            transport=httpx.ASGITransport(app=create_app()),
            user_agent=agent,
        )
    return Gateway(settings.base_url, EnvironmentCredential(), limits=limits, user_agent=agent)
