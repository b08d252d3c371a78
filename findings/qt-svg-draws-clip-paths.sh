#!/usr/bin/env bash
# Qt draws the shapes of a clipPath that stands outside of defs, as if they were part of the picture.
#
# Package: PySide6-Essentials 6.12.0 (QtSvg), Python 3.11.
# Expected: a clipPath is never drawn itself, wherever it stands: only what it clips is. On white, a rectangle of black
#   at 6 % through it is #f0f0f0, as in every browser, librsvg, resvg and CairoSVG.
# Seen: without defs the pixel is #000000, the clipPath's own rectangle; in defs it is #f0f0f0. Nothing is reported.
#   Output: "bare 0xff000000" / "in defs 0xfff0f0f0".
# Source: https://www.w3.org/TR/css-masking-1/#ClipPathElement ("never rendered directly"); QtSvg implements SVG Tiny 1.2,
#   which has no clipPath.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyside6-essentials==6.12.0
QT_QPA_PLATFORM=offscreen "$folder/venv/bin/python" - <<'PY' | tee "$folder/output"
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

application = QGuiApplication([])
CLIP = '<clipPath id="c"><rect width="20" height="20"/></clipPath>'
SHAPE = '<g clip-path="url(#c)"><rect width="20" height="20" fill="#000" fill-opacity="0.06"/></g>'
for name, clip in (("bare", CLIP), ("in defs", f"<defs>{CLIP}</defs>")):
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{clip}{SHAPE}</svg>'
    image = QImage(20, 20, QImage.Format.Format_ARGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    print(name, hex(image.pixel(10, 10)))
PY
diff "$folder/output" - <<'EXPECTED'
bare 0xff000000
in defs 0xfff0f0f0
EXPECTED
