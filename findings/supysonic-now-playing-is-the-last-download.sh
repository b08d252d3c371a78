#!/usr/bin/env bash
# Supysonic's getNowPlaying shows the song that was fetched last, not the one that the player says is playing.
#
# Package: Supysonic 0.7.9, Python 3.11.
# Expected: `scrobble` with `submission=false` is how a Subsonic client says what plays now. A client for gapless playback
#   fetches the next song while the present one plays, so `getNowPlaying` should go on naming the present one.
# Seen: each request to `stream` makes its song the one that plays, with `minutesAgo` 0, and `scrobble` never does (it only tells
#   Last.fm and ListenBrainz). So the next song is shown as soon as it is prefetched, a range request of a seek starts
#   the song anew, and what a client plays from its own cache is never shown.
#   Output: "plays first.wav, and getNowPlaying: first.wav" / "plays first.wav, next is prefetched: second.wav" /
#   "client says that first.wav plays: second.wav".
# Source: https://github.com/spl0k/supysonic/blob/0.7.9/supysonic/api/media.py (`stream_media`) and api/annotation.py (`scrobble`)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv >/dev/null
venv/bin/pip install --quiet --disable-pip-version-check Supysonic==0.7.9
cat >supysonic.conf <<CONF
[base]
database_uri = sqlite:///$folder/supysonic.db
[webapp]
cache_dir = $folder/cache
mount_webui = off
[daemon]
socket = $folder/daemon.sock
run_watcher = no
CONF
cat >run.py <<'PY'
import subprocess
import wave

for name in ("first.wav", "second.wav"):
    with wave.open(f"music/album/{name}", "wb") as song:
        song.setparams((1, 2, 8000, 0, "NONE", ""))
        song.writeframes(bytes(16000 * 5))
for arguments in (["user", "add", "elin", "-p", "pw"], ["folder", "add", "music", "music"], ["folder", "scan", "-f", "music"]):
    subprocess.run(["venv/bin/supysonic-cli", *arguments], check=True, capture_output=True)

from supysonic.web import create_application

client = create_application().test_client()


def call(method, **query):
    answer = client.get(f"/rest/{method}.view", query_string={"u": "elin", "p": "pw", "c": "a", "v": "1.12.0", "f": "json", **query})
    return answer.json["subsonic-response"] if answer.is_json else answer


def now():
    (entry,) = call("getNowPlaying")["nowPlaying"]["entry"]
    return entry["title"]


songs = {song["title"]: song["id"] for song in call("getRandomSongs")["randomSongs"]["song"]}
first, second = sorted(songs)
call("stream", id=songs[first])
call("scrobble", id=songs[first], submission="false")
print("plays first.wav, and getNowPlaying:", now())
call("stream", id=songs[second])
print("plays first.wav, next is prefetched:", now())
call("scrobble", id=songs[first], submission="false")
print("client says that first.wav plays:", now())
PY
mkdir -p music/album
PYTHONWARNINGS=ignore venv/bin/python run.py 2>errors | tee output || { cat errors; exit 1; }
diff output - <<'EXPECTED'
plays first.wav, and getNowPlaying: first.wav
plays first.wav, next is prefetched: second.wav
client says that first.wav plays: second.wav
EXPECTED
