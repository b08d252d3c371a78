"""Databases that the next restart may delete."""

from pathlib import Path

import pytest

from widget.config.settings import Settings
from widget.store.factory import is_ephemeral

HEROKU, RENDER, KOYEB = {"DYNO": "web.1"}, {"RENDER": "true"}, {"KOYEB_APP_NAME": "music"}


def is_data(path: Path) -> bool:
    return path in (Path("/"), Path("/data"))


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("sqlite:///now-playing.db", HEROKU, True),
        ("sqlite:////var/now-playing.db", RENDER, True),
        ("sqlite:////var/now-playing.db", KOYEB, True),
        ("sqlite:////var/now-playing.db", {"K_SERVICE": "music"}, True),
        ("sqlite:////data/music/now-playing.db", RENDER, False),
        ("sqlite:////var/now-playing.db", {}, False),
        ("sqlite:////var/now-playing.db", {"DYNO": ""}, False),
        ("postgresql://db/music", HEROKU, False),
    ],
)
def test_a_file_on_no_mount_may_go_where_disks_start_empty(url: str, environ: dict[str, str], expected: bool) -> None:
    settings = Settings.from_environ({"DATABASE_URL": url, **environ})
    assert is_ephemeral(settings.database_url, settings.has_ephemeral_disk, is_data) is expected
