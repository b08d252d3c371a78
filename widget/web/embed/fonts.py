"""The fonts that a face may ask for, all of them the reader's own."""

from collections.abc import Mapping

from widget.web.embed.options import Font

FONT_FAMILIES: Mapping[Font, str] = {
    "system": 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif',
    "serif": 'ui-serif,Charter,Georgia,"Noto Serif",serif',
    "mono": 'ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono","Noto Sans Mono",monospace',
    "rounded": 'ui-rounded,"SF Pro Rounded","Hiragino Maru Gothic ProN",Nunito,system-ui,sans-serif',
}
"""Values of CSS's ``font-family``."""
