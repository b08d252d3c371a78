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
_SCRIPT_HINT = (
    "Paste this where the widget should appear. Sizes itself and matches light or dark pages. "
    "Site with client-side navigation (Next, Astro, Turbo)? Use the element."
)
_ELEMENT_HINT = "Paste the first line once into the page, the second wherever the widget should appear."


@dataclass(frozen=True, slots=True)
class Snippet:
    """``name`` is the contract's; ``title`` the place; ``instructions`` say where to paste ``text``."""

    name: str
    title: str
    instructions: str
    text: str


def snippets(
    address: str, options: WidgetOptions, width: int | None = None, rows: int = 0, *, credited: bool = False
) -> tuple[Snippet, ...]:
    """Return all snippets for ``options``, the recommended place first, with absolute URLs.

    ``width`` is in pixels, None for the layout's own; ``rows`` is how many earlier items the list shows, ``credited``
    whether a credit is due to the source.
    """
    stream = replace(options, theme="dark", background="none", idle="hide")
    frame_width = width or default_width(options.layout, options.scale)
    height = layout_height(options.layout, frame_width, options.scale, rows, credited=credited)
    frame, page = iframe(address, options, frame_width, height), page_url(address, options)
    framed = iframe(address, options, frame_width, height, old=True)
    return (
        Snippet("script", "Script tag", _SCRIPT_HINT, _script(address, options, frame_width)),
        Snippet("iframe", "Iframe", _iframe_hint(options), frame),
        Snippet("element", "Element", _ELEMENT_HINT, _element(address, options, frame_width)),
        Snippet("markdown", "README", _markdown_hint(options), _image(address, options, width)),
        Snippet("notion", "Notion", "Type /embed on the page, then paste this address.", page),
        Snippet(
            "obs",
            "OBS",
            f"Add a browser source of {frame_width} × {height} with this address.",
            page_url(address, stream),
        ),
        Snippet(
            "wordpress",
            "WordPress",
            "Paste this into the editor. It becomes a Custom HTML block.",
            f"<!-- wp:html -->\n{framed}\n<!-- /wp:html -->",
        ),
        Snippet("link", "Link", "A page of its own, to link to or show on a second screen.", now_url(address, options)),
        Snippet("image", "Image", "For sites that only accept images.", _image(address, options, width)),
        Snippet("json", "JSON", "For your own design.", _FETCH.format(address=address)),
        Snippet(
            "oembed",
            "oEmbed",
            "For apps that use oEmbed. Most need only the widget’s address.",
            oembed_url(address, options),
        ),
    )


def iframe(address: str, options: WidgetOptions, width: int, height: int, *, old: bool = False) -> str:
    """The iframe, of that size in pixels. Its color scheme is that of the page inside: another one would tell that
    page a wrong scheme, and draw a box behind its corners. ``old`` adds what hosts understand that take styles away.
    """
    # Some hosts remove the style attribute.
    attributes = ' frameborder="0" scrolling="no"' if old else ""
    style = f"border: 0; max-width: 100%; color-scheme: {color_scheme(options)}"
    if options.background == "glass":  # The host's page is blurred by the element; a page can't see what is behind it.
        style += f"; border-radius: {options.radius * options.scale:g}px; backdrop-filter: blur(20px) saturate(1.5)"
    return (
        f'<iframe src="{escape(page_url(address, options))}" title="Now playing" width="{width}" height="{height}"'
        f'{attributes} loading="lazy" style="{style}">'
        "</iframe>"
    )


def color_scheme(options: WidgetOptions) -> str:
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


def now_url(address: str, options: WidgetOptions) -> str:
    """Return the address of the page to link to; it has a look of its own but for these options."""
    kept = WidgetOptions(
        theme=options.theme, background=options.background, motion=options.motion, lang=options.lang, idle=options.idle
    )
    return address + "/now" + _query(kept)


def _query(options: WidgetOptions) -> str:
    query = options.query()
    return f"?{query}" if query else ""


def _iframe_hint(options: WidgetOptions) -> str:
    hints = ["Paste this where the widget should appear."]
    if options.theme == "auto":
        hints.append("Follows the visitor’s system. Is your page always light? Choose Light.")
    if options.idle == "hide":
        hints.append("An iframe keeps its empty space; the script tag does not.")
    return " ".join(hints)


def _markdown_hint(options: WidgetOptions) -> str:
    return "Paste this into README.md." + (" It follows the reader’s theme." if options.theme == "auto" else "")


def _script(address: str, options: WidgetOptions, width: int) -> str:
    return f'<script src="{escape(address)}/embed.js" async{_attributes(options, width, "data-")}></script>'


def _element(address: str, options: WidgetOptions, width: int) -> str:
    return (
        f'<script src="{escape(address)}/embed.js" async data-define-only></script>\n'
        f"<now-playing{_attributes(options, width)}></now-playing>"
    )


def _attributes(options: WidgetOptions, width: int, prefix: str = "") -> str:
    chosen = {**options.non_default(), "width": str(width)}
    return "".join(f' {prefix}{name}="{escape(value)}"' for name, value in chosen.items())


def _image(address: str, options: WidgetOptions, width: int | None) -> str:
    if options.theme != "auto":
        image = _img(picture_url(address, options), options, width)
        return f'<a href="{escape(address)}/listen">{image}</a>'
    # Two sources: in WebKit an SVG within img stays light on a dark system.
    light, dark = (picture_url(address, replace(options, theme=theme)) for theme in ("light", "dark"))
    return (
        f'<a href="{escape(address)}/listen"><picture>\n'
        f'  <source media="(prefers-color-scheme: dark)" srcset="{escape(dark)}">\n'
        f"  {_img(light, options, width)}\n"
        "</picture></a>"
    )


def _img(source: str, options: WidgetOptions, width: int | None) -> str:
    """The picture has one shape, whatever its width; where it may be a line or a list, the height is its own."""
    usual = default_width(options.layout, options.scale)
    image_width = width or usual
    height = round(layout_height(options.layout, usual, options.scale) * image_width / usual)
    measured = "" if options.idle == "hide" or options.layout == "list" else f' height="{height}"'
    wide = "" if options.layout == "pill" else f' width="{image_width}"'  # A pill is as wide as its words.
    return f'<img src="{escape(source)}" alt="{_PICTURE_TEXT}"{wide}{measured}>'
