#!/usr/bin/env bash
# A part of an SVG that is hidden by one attribute shows in svglib or in PyMuPDF: each ignores what the other obeys.
#
# Package: svglib 2.3.2 (which rst2pdf and xhtml2pdf use), PyMuPDF 2.0, reportlab, Python 3.11.
# Expected: `opacity="0"`, `visibility="hidden"` and `display="none"` each hide an element and what is in it; all three are SVG
#   1.1, and svglib answers `requiredFeatures` with "OpacityAttribute".
# Seen: svglib ignores `opacity` of shapes, groups and text, so what is half transparent is opaque; PyMuPDF ignores `visibility`
#   and `display`, and draws nothing of what stands in an <a> or <switch>. A second state of a picture, waiting for an
#   animation that no renderer runs, is drawn over the first. Hidden in both is what has opacity="0" and visibility="hidden".
#   Output: a line for each, "opacity: svglib shown, PyMuPDF hidden" …
# Source: https://github.com/deeplook/svglib, svglib/svglib.py (`applyStyleOnShape`: no "opacity" in its table);
#   https://github.com/ArtifexSoftware/mupdf, source/svg/svg-run.c (`svg_run_element`)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv >/dev/null
venv/bin/pip install --quiet --disable-pip-version-check svglib==2.3.2 PyMuPDF==2.0
cat >run.py <<'PY'
import io

import pymupdf
from reportlab.graphics import renderPDF
from svglib.svglib import svg2rlg

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">'


def with_svglib(svg):
    pdf = renderPDF.drawToString(svg2rlg(io.BytesIO(svg)))
    return pymupdf.open(stream=pdf, filetype="pdf").load_page(0).get_pixmap()


def with_pymupdf(svg):
    return pymupdf.open(stream=svg, filetype="svg").load_page(0).get_pixmap()


def look(render, before, after=""):
    svg = f'{HEAD}{before}<rect width="20" height="10" fill="#008000"/>{after}</svg>'.encode()
    return "hidden" if render(svg).pixel(5, 5) == (255, 255, 255) else "shown"


for name, before, after in (
    ("nothing", "<g>", "</g>"),
    ("opacity", '<g opacity="0">', "</g>"),
    ("visibility", '<g visibility="hidden">', "</g>"),
    ("display", '<g display="none">', "</g>"),
    ("opacity and visibility", '<g opacity="0" visibility="hidden">', "</g>"),
    ("a link", "<a>", "</a>"),
):
    print(f"{name}: svglib {look(with_svglib, before, after)}, PyMuPDF {look(with_pymupdf, before, after)}")
PY
venv/bin/python -W ignore run.py | tee output
diff output - <<'EXPECTED'
nothing: svglib shown, PyMuPDF shown
opacity: svglib shown, PyMuPDF hidden
visibility: svglib hidden, PyMuPDF shown
display: svglib hidden, PyMuPDF shown
opacity and visibility: svglib hidden, PyMuPDF hidden
a link: svglib shown, PyMuPDF hidden
EXPECTED
