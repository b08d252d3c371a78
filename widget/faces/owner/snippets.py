"""The finished snippets: what an owner copies to show it in one place or another."""

from dataclasses import dataclass, replace
from html import escape
from urllib.parse import quote

from widget.faces.pictures.options import Options
from widget.faces.pictures.sizes import DEFAULT_WIDTHS, height_of
from widget.faces.pictures.svg_frames import FRAMES

_FETCH = """\
const answer = await fetch("{address}/now-playing");
const now = await answer.json();
if (now.is_playing) {{
  console.log(now.item.title, now.item.artists.map((artist) => artist.name).join(", "));
}}"""


@dataclass(frozen=True, slots=True)
class Snippet:
    """``name`` is the contract's; ``text`` is what is copied."""

    name: str
    title: str
    hint: str
    text: str


def snippets(address: str, options: Options, width: int | None) -> tuple[Snippet, ...]:
    """All snippets for ``options``, with absolute URLs; ``width`` in pixels, None for as wide as the place."""
    return (
        Snippet("iframe", "Any web page", "An iframe.", iframe(address, options, width)),
        Snippet(
            "script",
            "Script tag",
            "Places the iframe after itself, and gives it its height.",
            _script(address, options),
        ),
        Snippet(
            "element",
            "Custom element",
            "The script once, the element as often as you like.",
            _element(address, options),
        ),
        Snippet(
            "markdown",
            "README on GitHub",
            "A picture that follows the reader's dark mode.",
            _markdown(address, options),
        ),
        Snippet("image", "Image", "For places that take an image only.", _image(address, options)),
        Snippet(
            "obs",
            "OBS browser source",
            "Without a background, for a stream.",
            page_url(address, replace(options, background="none")),
        ),
        Snippet(
            "oembed",
            "oEmbed",
            f"Notion, WordPress and others need only {page_url(address, options)}",
            oembed_url(address, options),
        ),
        Snippet("json", "JSON", "For a design of your own.", _FETCH.format(address=address)),
    )


def iframe(address: str, options: Options, width: int | None, height: int | None = None) -> str:
    """The iframe; its colour scheme is that of the page inside, or a box in another colour would show."""
    scheme = "dark" if options.theme == "dark" else "light"
    if height is None:
        height = height_of(options.layout, width or DEFAULT_WIDTHS[options.layout])
    if width is None and options.layout == "cover":
        width = DEFAULT_WIDTHS["cover"]
    return (
        f'<iframe src="{escape(page_url(address, options))}" title="Now playing" width="{width or "100%"}" '
        f'height="{height}" loading="lazy" style="border: 0; color-scheme: {scheme}"></iframe>'
    )


def page_url(address: str, options: Options) -> str:
    """The absolute address of the widget with ``options``."""
    return address + "/widget" + _query(options)


def picture_url(address: str, options: Options) -> str:
    """The absolute address of the picture with ``options``."""
    return address + "/now-playing.svg" + _query(options)


def oembed_url(address: str, options: Options) -> str:
    """The oEmbed address of the widget with ``options``."""
    return f"{address}/oembed?url={quote(page_url(address, options), safe='')}"


def _query(options: Options) -> str:
    query = options.query()
    return f"?{query}" if query else ""


def _script(address: str, options: Options) -> str:
    return f'<script src="{escape(address)}/embed.js" async{_attributes(options, "data-")}></script>'


def _element(address: str, options: Options) -> str:
    return (
        f'<script src="{escape(address)}/embed.js" async data-define-only></script>\n'
        f"<now-playing{_attributes(options, '')}></now-playing>"
    )


def _attributes(options: Options, prefix: str) -> str:
    return "".join(f' {prefix}{name}="{escape(value)}"' for name, value in options.chosen().items())


def _markdown(address: str, options: Options) -> str:
    if options.theme != "auto":
        return f"[![Now playing on Spotify]({picture_url(address, options)})]({page_url(address, options)})"
    light, dark = (picture_url(address, replace(options, theme=theme)) for theme in ("light", "dark"))
    return (
        f'<a href="{escape(page_url(address, options))}"><picture>\n'
        f'  <source media="(prefers-color-scheme: dark)" srcset="{escape(dark)}">\n'
        f'  <img src="{escape(light)}" alt="Now playing on Spotify"{_measures(options)}>\n'
        "</picture></a>"
    )


def _image(address: str, options: Options) -> str:
    return (
        f'<a href="{escape(page_url(address, options))}"><img src="{escape(picture_url(address, options))}" '
        f'alt="Now playing on Spotify"{_measures(options)}></a>'
    )


def _measures(options: Options) -> str:
    frame = FRAMES[options.layout]
    return "" if options.idle == "hide" else f' width="{frame.width}" height="{frame.height}"'
