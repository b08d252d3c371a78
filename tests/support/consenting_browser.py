"""``BROWSER="python -m tests.support.consenting_browser %s"``: agrees on the simulated consent page.

It starts once for each authorization, so it imports nothing that is not Python's own.
"""

import sys
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

TIMEOUT_SECONDS = 20


def consent(authorize_url: str, decision: str = "agree") -> tuple[int, str]:
    """Open the consent page, press a button, and return status and text of the page to which that leads."""
    parts = urlsplit(authorize_url)
    try:
        with urlopen(authorize_url, timeout=TIMEOUT_SECONDS):
            pass
        form = urlencode({"query": parts.query, "decision": decision}).encode()
        with urlopen(f"{parts.scheme}://{parts.netloc}/authorize/decide", form, TIMEOUT_SECONDS) as page:
            return page.status, page.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


if __name__ == "__main__":
    consent(sys.argv[1], *sys.argv[2:])
