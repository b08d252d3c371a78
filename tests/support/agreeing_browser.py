"""``BROWSER="python -m tests.support.agreeing_browser %s"``: agrees on the simulated consent page, without a screen."""

import ssl
import sys
from urllib.parse import urlsplit

import httpx

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # Loading those of the system takes 30 ms.


def consent(authorize_url: str, decision: str = "agree") -> httpx.Response:
    """Opens the consent page, presses a button, and follows where that leads."""
    parts = urlsplit(authorize_url)
    with httpx.Client(follow_redirects=True, timeout=20.0, verify=NO_CERTIFICATES) as browser:
        page = browser.get(authorize_url)
        if page.is_error:
            return page
        form = {"query": parts.query, "decision": decision}
        return browser.post(f"{parts.scheme}://{parts.netloc}/authorize/decide", data=form)


if __name__ == "__main__":
    consent(sys.argv[1], *sys.argv[2:])
