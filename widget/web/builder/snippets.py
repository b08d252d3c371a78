"""The finished snippets: what an owner copies to show it in one place or another."""

from dataclasses import dataclass, replace
from html import escape
from urllib.parse import quote

from widget.web.embed.options import WidgetOptions
from widget.web.embed.sizes import default_width, layout_height

_FETCH = """\
const answer = await fetch("{address}/now-playing");
const now = await answer.json();
if (now.is_playing) {{
  console.log(now.item.title, now.item.artists.map((artist) => artist.name).join(", "));
}}"""
_PICTURE_TEXT = "Now playing"


@dataclass(frozen=True, slots=True)
class Snippet:
    """``name`` is the contract's; ``title`` the place; ``how`` says where to paste ``text``."""

    name: str
    title: str
    instructions: str
    text: str


def snippets(
    address: str, options: WidgetOptions, width: int | None = None, rows: int = 0, *, credited: bool = False
) -> tuple[Snippet, ...]:
    """All snippets for ``options``, with absolute URLs.

    ``width`` is in pixels, None for the layout's own; ``rows`` is how many earlier items the list shows, ``credited``
    whether a credit is due to the source.
    """
    stream = replace(options, theme="dark", background="none", idle="hide")
    shown_width = width or default_width(options.layout, options.scale)
    height = layout_height(options.layout, shown_width, options.scale, rows, credited=credited)
    return (
        Snippet(
            "iframe",
            "Web page",
            "Paste it into the page’s HTML where the music is to show.",
            iframe(address, options, shown_width, height),
        ),
        Snippet(
            "script",
            "Script tag",
            "Paste it where the music is to show. It takes the height it needs, and suits light and dark pages.",
            _script(address, options, width),
        ),
        Snippet(
            "element",
            "Element",
            "Paste the first line once into the page, the second wherever the music is to show.",
            _element(address, options, width),
        ),
        Snippet(
            "markdown",
            "README",
            "Paste it into README.md. It follows the reader’s theme."
            if options.theme == "auto"
            else "Paste it into README.md.",
            _markdown(address, options, width),
        ),
        Snippet(
            "wordpress",
            "WordPress",
            "Paste it into the editor as it is: it becomes a Custom HTML block.",
            f"<!-- wp:html -->\n{iframe(address, options, shown_width, height, old=True)}\n<!-- /wp:html -->",
        ),
        Snippet(
            "notion",
            "Notion",
            "Type /embed on the page, and paste this address.",
            page_url(address, options),
        ),
        Snippet(
            "obs",
            "OBS",
            f"Add a browser source of {shown_width} × {height} with this address.",
            page_url(address, stream),
        ),
        Snippet("image", "Image", "For places that take an image and no more.", _image(address, options, width)),
        Snippet("json", "JSON", "For a design of your own.", _FETCH.format(address=address)),
        Snippet(
            "oembed",
            "oEmbed",
            "For programs that ask what to embed; most of them find it by the page’s address alone.",
            oembed_url(address, options),
        ),
    )


def iframe(address: str, options: WidgetOptions, width: int, height: int, *, old: bool = False) -> str:
    """The iframe, of that size in pixels. Its colour scheme is that of the page inside: another one would tell that
    page a wrong scheme, and draw a box behind its corners. ``old`` adds what hosts understand that take styles away.
    """
    attributes = ' frameborder="0" scrolling="no"' if old else ""
    return (
        f'<iframe src="{escape(page_url(address, options))}" title="Now playing" width="{width}" height="{height}"'
        f'{attributes} loading="lazy" style="border: 0; max-width: 100%; color-scheme: {colour_scheme(options)}">'
        "</iframe>"
    )


def colour_scheme(options: WidgetOptions) -> str:
    """The CSS ``color-scheme`` of the page inside, which its iframe must have too."""
    return "light dark" if options.theme == "auto" else options.theme


def page_url(address: str, options: WidgetOptions) -> str:
    """The absolute address of the widget with ``options``."""
    return address + "/widget" + _query(options)


def picture_url(address: str, options: WidgetOptions) -> str:
    """The absolute address of the picture with ``options``."""
    return address + "/now-playing.svg" + _query(options)


def oembed_url(address: str, options: WidgetOptions) -> str:
    """The oEmbed address of the widget with ``options``."""
    return f"{address}/oembed?url={quote(page_url(address, options), safe='')}"


def _query(options: WidgetOptions) -> str:
    query = options.query()
    return f"?{query}" if query else ""


def _script(address: str, options: WidgetOptions, width: int | None) -> str:
    return f'<script src="{escape(address)}/embed.js" async{_attributes(options, width, "data-")}></script>'


def _element(address: str, options: WidgetOptions, width: int | None) -> str:
    return (
        f'<script src="{escape(address)}/embed.js" async data-define-only></script>\n'
        f"<now-playing{_attributes(options, width)}></now-playing>"
    )


def _attributes(options: WidgetOptions, width: int | None, prefix: str = "") -> str:
    chosen = options.non_default() | ({} if width is None else {"width": str(width)})
    return "".join(f' {prefix}{name}="{escape(value)}"' for name, value in chosen.items())


def _markdown(address: str, options: WidgetOptions, width: int | None) -> str:
    if options.theme != "auto":
        return _image(address, options, width)
    light, dark = (picture_url(address, replace(options, theme=theme)) for theme in ("light", "dark"))
    return (
        f'<a href="{escape(address)}/listen"><picture>\n'
        f'  <source media="(prefers-color-scheme: dark)" srcset="{escape(dark)}">\n'
        f"  {_img(light, options, width)}\n"
        "</picture></a>"
    )


def _image(address: str, options: WidgetOptions, width: int | None) -> str:
    return f'<a href="{escape(address)}/listen">{_img(picture_url(address, options), options, width)}</a>'


def _img(source: str, options: WidgetOptions, width: int | None) -> str:
    """The picture has one shape, whatever its width; where it may be a line or a list, the height is its own."""
    usual = default_width(options.layout, options.scale)
    shown = width or usual
    height = round(layout_height(options.layout, usual, options.scale) * shown / usual)
    measured = "" if options.idle == "hide" or options.layout == "list" else f' height="{height}"'
    return f'<img src="{escape(source)}" alt="{_PICTURE_TEXT}" width="{shown}"{measured}>'
