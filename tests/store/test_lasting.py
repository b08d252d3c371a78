"""Which databases the next restart may take."""

from pathlib import Path

import pytest

from widget.config.settings import Settings
from widget.store.lasting import may_not_last

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
    assert may_not_last(settings.database_url, settings.disk_starts_empty, is_data) is expected
