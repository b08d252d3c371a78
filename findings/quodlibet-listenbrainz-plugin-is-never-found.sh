#!/usr/bin/env bash
# Quod Libet 4.5.0 ships its ListenBrainz plug-in in a folder in which it does not look for plug-ins.
#
# Package: exfalso 4.5.0-2 (Debian 12; it holds Quod Libet's modules), with the system's python3-gi.
# Expected: the plug-in that NEWS announces for 4.4.0 ("Add listenbrainz scrobbling plugin") is listed with the others, and
#   can be switched on.
# Seen: the manager scans `ext/` and the user's own folder; the plug-in lies in `plugins/listenbrainz/`, beside the manager
#   itself. It is never found, `active_plugins = listenbrainz` in the configuration is ignored without a word, and no listen is
#   submitted. Copied to `$QUODLIBET_USERDIR/plugins/listenbrainz/` it works (a symbolic link is not followed).
#   Output: "plug-ins found: True, listenbrainz found: False" / "it lies in plugins/listenbrainz".
# Source: https://github.com/quodlibet/quodlibet/pull/3528, quodlibet/_main.py (`PLUGIN_DIRS`, `init_plugins`).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq exfalso=4.5.0-2 2>/dev/null
dpkg -x exfalso_4.5.0-2_all.deb package
cat >run.py <<'PY'
import os

import quodlibet
from quodlibet import _main
from quodlibet.util.importhelper import get_importables

base = os.path.dirname(quodlibet.__file__)
found = [name for kind in _main.PLUGIN_DIRS for name, _, _ in get_importables(os.path.join(base, "ext", kind))]
print(f"plug-ins found: {len(found) > 50}, listenbrainz found: {'listenbrainz' in found}")
for root, _, _ in os.walk(base):
    if os.path.basename(root) == "listenbrainz":
        print("it lies in", os.path.relpath(root, base))
PY
PYTHONPATH=package/usr/lib/python3/dist-packages /usr/bin/python3 run.py 2>errors | tee output || { cat errors; exit 1; }
diff output - <<'EXPECTED'
plug-ins found: True, listenbrainz found: False
it lies in plugins/listenbrainz
EXPECTED
