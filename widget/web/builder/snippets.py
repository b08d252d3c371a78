"""The snippets of the builder: the code or address to paste for each kind of site."""

from dataclasses import dataclass, replace
from html import escape
from urllib.parse import quote

from widget.web.embed.options import NOW_OPTION_NAMES, WidgetOptions
from widget.web.embed.sizes import default_width, layout_height

_FETCH = """\
const response = await fetch("{address}/now-playing");
const now = await response.json();
if (now.is_playing) {{
  console.log(now.item.title, now.item.artists.map((artist) => artist.name).join(", "));
}}"""
_IMAGE_ALT = "Now playing"
_SCRIPT_HINT = (
    "Paste this where the widget should appear. Sizes itself and matches light or dark pages. "
    "Site with client-side navigation (Next, Astro, Turbo)? Use the element."
)
_ELEMENT_HINT = "Paste the first line once into the page, the second wherever the widget should appear."


@dataclass(frozen=True, slots=True)
class Snippet:
    """One snippet: ``name`` is the published ``data-snippet``, ``title`` the kind of site."""

    name: str
    title: str
    instructions: str
    text: str


def snippets(
    address: str, options: WidgetOptions, width: int | None = None, rows: int = 0, *, credited: bool = False
) -> tuple[Snippet, ...]:
    """Return all snippets for ``options``, the recommended one first, with absolute URLs.

    ``width`` is in CSS pixels, None for the layout's own. ``rows`` is the number of earlier items in a list,
    ``credited`` whether the source requires attribution.
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
    """Return the iframe element, ``width`` by ``height`` CSS pixels.

    ``old`` adds attributes for hosts that strip styles. Its color scheme is that of the page inside: another one would
    report the wrong scheme to the page, and draw a box behind its corners.
    """
    attributes = ' frameborder="0" scrolling="no"' if old else ""
    style = f"border: 0; max-width: 100%; color-scheme: {color_scheme(options)}"
    if options.background == "glass":  # Only the element can blur the host's page.
        style += f"; border-radius: {options.radius * options.scale:g}px; backdrop-filter: blur(20px) saturate(1.5)"
    return (
        f'<iframe src="{escape(page_url(address, options))}" title="Now playing" width="{width}" height="{height}"'
        f'{attributes} loading="lazy" style="{style}">'
        "</iframe>"
    )


def color_scheme(options: WidgetOptions) -> str:
    """Return the CSS ``color-scheme`` of the widget page, which its iframe needs too."""
    return "light dark" if options.theme == "auto" else options.theme


def page_url(address: str, options: WidgetOptions) -> str:
    """Return the absolute address of the widget with ``options``."""
    return address + "/widget" + _query(options)


def svg_url(address: str, options: WidgetOptions) -> str:
    """Return the absolute address of the SVG with ``options``."""
    return address + "/now-playing.svg" + _query(options)


def oembed_url(address: str, options: WidgetOptions) -> str:
    """Return the oEmbed address of the widget with ``options``."""
    return f"{address}/oembed?url={quote(page_url(address, options), safe='')}"


def now_url(address: str, options: WidgetOptions) -> str:
    """Return the address of the page to link to, with those of ``options`` that it takes."""
    return address + "/now" + _query(options.only(NOW_OPTION_NAMES))


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
        image = _img(svg_url(address, options), options, width)
        return f'<a href="{escape(address)}/listen">{image}</a>'
    # Two sources, as in WebKit an SVG within img stays light on a dark system.
    light, dark = (svg_url(address, replace(options, theme=theme)) for theme in ("light", "dark"))
    return (
        f'<a href="{escape(address)}/listen"><picture>\n'
        f'  <source media="(prefers-color-scheme: dark)" srcset="{escape(dark)}">\n'
        f"  {_img(light, options, width)}\n"
        "</picture></a>"
    )


def _img(source: str, options: WidgetOptions, width: int | None) -> str:
    """Return the image element. The SVG keeps its proportions at every width."""
    natural_width = default_width(options.layout, options.scale)
    image_width = width or natural_width
    height = round(layout_height(options.layout, natural_width, options.scale) * image_width / natural_width)
    # A hidden picture is 1 px high, a list as high as its rows, a pill as wide as its words.
    has_height, has_width = options.idle != "hide" and options.layout != "list", options.layout != "pill"
    size = f' width="{image_width}"' * has_width + f' height="{height}"' * has_height
    return f'<img src="{escape(source)}" alt="{_IMAGE_ALT}"{size}>'
