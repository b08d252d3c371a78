"""``BROWSER="python -m tests.support.agreeing_browser %s"``: agrees on the simulated consent page, without a screen."""

import sys
from urllib.parse import urlsplit

import httpx


def consent(authorize_url: str, decision: str = "agree") -> httpx.Response:
    """Opens the consent page, presses a button, and follows where that leads."""
    parts = urlsplit(authorize_url)
    with httpx.Client(follow_redirects=True, timeout=20.0) as browser:
        page = browser.get(authorize_url)
        if page.is_error:
            return page
        form = {"query": parts.query, "decision": decision}
        return browser.post(f"{parts.scheme}://{parts.netloc}/authorize/decide", data=form)


if __name__ == "__main__":
    consent(sys.argv[1], *sys.argv[2:])
