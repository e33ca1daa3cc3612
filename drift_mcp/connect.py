"""Builds the gateway that the settings ask for: to Drift with the user's token, or to the sandbox in this process."""

from functools import partial
from typing import TYPE_CHECKING

from pydantic import SecretStr

from drift_mcp import __version__, telemetry
from drift_mcp.credentials import ClientCredentials, CredentialProvider, FixedCredential
from drift_mcp.drift.budget import Budget, MakeBudget
from drift_mcp.drift.gateway import Gateway, Limits
from drift_mcp.drift.limiter import Rates
from drift_mcp.settings import Settings

if TYPE_CHECKING:
    from drift_mcp.store.shared import Shared


def connect(settings: Settings, credential: CredentialProvider, shared: "Shared | None" = None) -> Gateway:
    """A gateway, not yet connected to anything: the first call does that. `shared` is where replicas count calls."""
    limits = Limits(
        connect=settings.connect_timeout,
        read=settings.read_timeout,
        total=settings.total_timeout,
        attachment_bytes=settings.attachment_bytes,
    )
    agent = f"drift-mcp/{__version__}"
    if settings.sandbox:
        import httpx

        from drift_mcp.sandbox import create_app

        return Gateway(
            "https://driftapi.com",
            credential,
            limits=limits,
            transport=httpx.ASGITransport(app=create_app(org=settings.sandbox_org or None)),
            user_agent=agent,
            observe=telemetry.drift_called,
        )
    rates = Rates(settings.calls_per_minute, settings.reports_per_minute)
    budget: MakeBudget = Budget
    if shared is not None:
        from drift_mcp.store.budget import SharedBudget

        budget = partial(SharedBudget, shared=shared)
    return Gateway(
        settings.base_url,
        credential,
        limits=limits,
        rates=rates,
        budget=budget,
        user_agent=agent,
        observe=telemetry.drift_called,
    )


def sandbox_credential() -> CredentialProvider:
    """The token of the sandbox in this process. It is no secret."""
    from drift_mcp.sandbox import SANDBOX_TOKEN
    from drift_mcp.sandbox.choices import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

    return FixedCredential(SANDBOX_TOKEN, ClientCredentials(SANDBOX_CLIENT_ID, SecretStr(SANDBOX_CLIENT_SECRET)))
