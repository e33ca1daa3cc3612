"""The two pages a person sees: "may this app in?", and what was wrong with the link that led there."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from starlette.responses import HTMLResponse

# Nothing is loaded from anywhere and nobody may frame the page. No `form-action`: browsers apply it to the redirect
# that follows, too. `same-origin` and not `no-referrer`, with which a browser would not say where a form came from.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid; place-items: center;
  background: Canvas; color: CanvasText }
main { box-sizing: border-box; width: min(30rem, 100% - 2rem); margin: 1rem 0; padding: 1.75rem;
  border: 1px solid light-dark(#d0d0d7, #4a4a52); border-radius: 12px }
h1 { font-size: 1.375rem; line-height: 1.25; margin: 0 0 .75rem }
p { margin: .75rem 0 }
ul { columns: 11rem; padding-left: 1.25rem }
code { font-size: .9em }
small { color: light-dark(#595960, #a9a9b2); overflow-wrap: anywhere }
form { display: flex; gap: .75rem; margin: 1.5rem 0 1rem }
button { flex: 1; font: inherit; font-weight: 600; padding: .6rem; border-radius: 8px; cursor: pointer;
  border: 1px solid #85858e; background: transparent; color: inherit }
button[value=approve] { background: #2455d6; border-color: #2455d6; color: #fff }
button:focus-visible { outline: 3px solid CanvasText; outline-offset: 2px }
"""


def consent(app: str, organisation: str, scopes: Sequence[str], redirect_uri: str, value: str) -> HTMLResponse:
    """Names the app and its scopes, with Approve and Deny; `value` comes back with the answer."""
    may = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in scopes) or "<li>nothing</li>"
    return _page(
        f"Connect {app}",
        f"""<p><strong>{escape(app)}</strong> asks for access to <strong>{escape(organisation)}</strong>. It may:</p>
<ul>{may}</ul>
<form method="post" action="/authorize">
<input type="hidden" name="consent" value="{escape(value)}">
<button name="decision" value="approve">Approve</button>
<button name="decision" value="deny">Deny</button>
</form>
<small>You go on to {escape(redirect_uri)}. This is a local Drift with invented data.</small>""",
        200,
    )


def refusal(reason: str) -> HTMLResponse:
    """For a link that cannot be answered by sending the person back."""
    return _page("This app cannot be connected", f"<p>{escape(reason)}</p>", 400)


def _page(title: str, body: str, status: int) -> HTMLResponse:
    text = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>
<style>{STYLE}</style></head>
<body><main><h1>{escape(title)}</h1>
{body}
</main></body>
</html>
"""
    return HTMLResponse(text, status, HEADERS)
