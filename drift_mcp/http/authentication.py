"""How a request shows who sends it: by a key, by an access token, or not at all where nobody is asked."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mcp.server.auth.handlers.metadata import ProtectedResourceMetadataHandler
from mcp.server.auth.routes import build_resource_metadata_url, cors_middleware
from mcp.shared.auth import ProtectedResourceMetadata
from pydantic import AnyHttpUrl
from starlette.requests import Request
from starlette.routing import Route

from drift_mcp.http.issuer import Issuer, Unreachable
from drift_mcp.http.keys import PREFIX, Keys
from drift_mcp.http.principals import ANYONE, Check, Principal
from drift_mcp.http.refused import Refused
from drift_mcp.http.tokens import AccessTokens, InvalidToken, LacksScope, NotGranted
from drift_mcp.settings import Hosting, InvalidSetting, listed

METADATA = "/.well-known/oauth-protected-resource"


@dataclass(frozen=True)
class Authentication:
    """Either, both or none. `challenge` is what a 401 says about how to be let in."""

    keys: Keys | None = None
    tokens: AccessTokens | None = None
    challenge: str = 'realm="drift-mcp"'
    scopes: str = ""

    async def principal(self, request: Request) -> Principal:
        """Who sends the request.

        Raises:
            Refused: it must say so, and does not.
        """
        if self.keys is None and self.tokens is None:
            return ANYONE
        given = request.headers.getlist("authorization")
        scheme, _, credential = (given[0] if len(given) == 1 else "").partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential:
            what = "An access token" if self.keys is None else "A key"
            raise self._refused(401, f"{what} is required, in the header Authorization, after Bearer.")
        if self.keys and (self.tokens is None or credential.startswith(PREFIX)):
            principal = self.keys.principal(credential)
            if principal is None:
                raise self._refused(401, "This key is not known here.", "invalid_token")
            return principal
        assert self.tokens is not None
        try:
            return await self.tokens.principal(credential)
        except InvalidToken as error:
            raise self._refused(401, str(error), "invalid_token") from None
        except LacksScope:
            message = f"The access token lacks a scope: {self.scopes} is needed."
            raise self._refused(403, message, "insufficient_scope") from None
        except NotGranted:
            raise Refused(403, "The operator of this server has given the holder of this token nothing.") from None
        except Unreachable:
            message = "Access tokens cannot be checked now: their issuer cannot be reached."
            raise Refused(503, message, retry_after="10") from None

    def _refused(self, status: int, message: str, error: str = "") -> Refused:
        parts = [self.challenge]
        if error:
            parts += [f'error="{error}"', f'error_description="{message}"']
        if self.scopes:
            parts.append(f'scope="{self.scopes}"')
        return Refused(status, message, www_authenticate=f"Bearer {', '.join(parts)}")


def authentication(hosting: Hosting, check: Check) -> Authentication:
    """What the operator asks callers for.

    Raises:
        InvalidSetting: a file of callers cannot be used; or `check` raises it for one of them.
    """
    keys: Keys | None = None
    tokens: AccessTokens | None = None

    def check_key(principal: Principal) -> None:
        _check_unlike(principal, tokens)
        check(principal)

    def check_caller(principal: Principal) -> None:
        _check_unlike(principal, keys)
        check(principal)

    if hosting.keys:
        keys = Keys(Path(hosting.keys), check_key)
    if not hosting.oauth_issuer:
        return Authentication(keys)
    issuer = Issuer(hosting.oauth_issuer, hosting.oauth_jwks)
    scopes = _scopes(hosting)
    tokens = AccessTokens(issuer, hosting.oauth_audience, scopes, Path(hosting.oauth_callers), check_caller)
    return Authentication(keys, tokens, f'resource_metadata="{_metadata_url(hosting)}"', " ".join(scopes))


def _check_unlike(principal: Principal, others: Keys | AccessTokens | None) -> None:
    """
    Raises:
        InvalidSetting: the other file has an entry of this name, so that two callers would pass for one.
    """
    if others is not None and principal.name.lower() in others.names():
        raise InvalidSetting("keys and oauth_callers both have an entry of this name")


def metadata_routes(hosting: Hosting) -> list[Route]:
    """Where a client learns whom to ask for a token (RFC 9728).

    At the path that belongs to the audience, at that of `/mcp` in case a proxy takes a prefix off, and at the root.
    """
    if not hosting.oauth_issuer:
        return []
    # Out of text: made of URL objects, an issuer without a path would get a slash, and be another one.
    metadata = ProtectedResourceMetadata.model_validate(
        {
            "resource": hosting.oauth_audience,
            "authorization_servers": [hosting.oauth_issuer],
            "scopes_supported": _scopes(hosting) or None,
            "resource_name": "drift-mcp",
        }
    )
    answer = cors_middleware(ProtectedResourceMetadataHandler(metadata).handle, ["GET", "OPTIONS"])
    paths = {urlsplit(str(_metadata_url(hosting))).path, f"{METADATA}/mcp", METADATA}
    return [Route(path, answer, methods=["GET", "OPTIONS"]) for path in sorted(paths)]


def _metadata_url(hosting: Hosting) -> AnyHttpUrl:
    return build_resource_metadata_url(AnyHttpUrl(hosting.oauth_audience))


def _scopes(hosting: Hosting) -> list[str]:
    return listed(hosting.oauth_scopes.replace(" ", ","))
