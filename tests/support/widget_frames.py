"""The widget in an iframe on a host's page, and its measurements there."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Frame, Page

from tests.support.host_page import host_page

BOXES = """() => {
    const parts = '.artwork,.label,.title,.artists,.explicit,time,.line,.icon,.source,.bars,.ago';
    const card = document.querySelector('.widget').getBoundingClientRect();
    const shown = (node) => node.checkVisibility({visibilityProperty: true}) && node.getBoundingClientRect().width > 0;
    const boxes = [...document.querySelectorAll(parts)].filter(shown).map((node) => {
        const box = node.getBoundingClientRect(), style = getComputedStyle(node);
        const name = (node.closest('.row') ? 'row ' : '') + (node.className.baseVal ?? node.className ?? node.tagName);
        return [name.trim() || node.tagName, box.left, box.top + parseFloat(style.paddingTop), box.right,
            box.bottom - parseFloat(style.paddingBottom)];
    });
    return [['card', card.left, card.top, card.right, card.bottom], ...boxes];
}"""
"""The box of each part: lines of text without the padding that they leave for tall letters."""

Box = tuple[str, float, float, float, float]


@contextmanager
def framed(page: Page, address: str, width: float, height: float, *, scheme: str = "light dark") -> Iterator[Frame]:
    """Yield the page at ``address`` in an iframe of that size, as the snippets embed it."""
    style = f"border:0;color-scheme:{scheme}"
    html = f'<iframe src="{address}" width="{width:g}" height="{height:g}" style="{style}"></iframe>'
    with host_page(f"<style>body{{margin:0}}</style>{html}") as url:
        page.goto(url)
        inner = page.frames[1]
        inner.wait_for_load_state()
        yield inner


def boxes(frame: Frame | Page) -> list[Box]:
    """Return the card, then each visible part of it: name, left, top, right, bottom."""
    return [tuple(box) for box in frame.evaluate(BOXES)]


def layout_problems(found: list[Box]) -> list[str]:
    """Return a line for each part that sticks out of the card or overlaps another."""
    card, *parts = found
    outside = [f"{part[0]} sticks out: {part} of {card}" for part in parts if not _inside(part, card)]
    pairs = ((one, other) for place, one in enumerate(parts) for other in parts[place + 1 :])
    return outside + [f"{one[0]} lies over {other[0]}: {one} {other}" for one, other in pairs if _overlap(one, other)]


def _inside(part: Box, card: Box) -> bool:
    near = 0.6
    return (
        part[1] >= card[1] - near
        and part[2] >= card[2] - near
        and part[3] <= card[3] + near
        and part[4] <= card[4] + near
    )


def _overlap(one: Box, other: Box) -> bool:
    near = 0.6
    across = min(one[3], other[3]) - max(one[1], other[1])
    down = min(one[4], other[4]) - max(one[2], other[2])
    return across > near and down > near
