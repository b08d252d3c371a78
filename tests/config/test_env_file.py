"""``.env`` is read as a POSIX shell reads it: a line that ``export`` prints comes back unchanged."""

import shutil
import string
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap.export import as_env
from widget.config.env_file import parse_env
from widget.config.settings import load_environ
from widget.model.errors import ConfigurationError

PRINTABLE = "".join(sorted(set(string.printable) - set("\r\n\x0b\x0c"))) + "éß„“”’…中文🎧\u00a0"
ODD = [
    PRINTABLE,
    "Mum's radio",
    'a "quoted" word',
    "abc${NOPE}def",
    "$(touch here)",
    "`touch here`",
    "back\\slash\\",
    "a#b # c",
    " spaces ",
    "'",
    '"',
    "''\"\"",
    *PRINTABLE,
]


def read_back(values: dict[str, str]) -> dict[str, str]:
    return dict(parse_env(as_env(values) + "\n"))


@given(st.text(st.sampled_from(PRINTABLE), min_size=1))
def test_every_value_that_export_prints_comes_back(value: str) -> None:
    assert read_back({"A": "first", "NAME": value, "Z": "last"}) == {"A": "first", "NAME": value, "Z": "last"}


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell")
def test_a_shell_and_the_program_read_the_same(tmp_path: Path) -> None:
    values = {f"VALUE_{number}": value for number, value in enumerate(ODD)}
    (tmp_path / ".env").write_text(as_env(values), encoding="utf-8")
    script = ". ./.env; " + "".join(f"printf '%s\\0' \"${name}\"; " for name in values)
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == list(values.values())
    assert load_environ({}, tmp_path) == values
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NAME=plain", "plain"),
        ("NAME = plain  # a comment", "plain"),
        ("export NAME=plain", "plain"),
        ("NAME=two words", "two words"),
        ("NAME=Mum's radio", "Mum's radio"),
        ("NAME=C:\\music\\now", "C:\\music\\now"),
        ("NAME=a#b", "a#b"),
        ("NAME=abc${NOPE}def", "abc${NOPE}def"),
        ("NAME='${NOPE}' # a comment", "${NOPE}"),
        ('NAME="a \\"b\\" \\$c \\n"', 'a "b" $c \\n'),
        ("NAME='one\ntwo'", "one\ntwo"),
        ("NAME=first\r\nNAME=last\r\n", "last"),
        ("# NAME=comment\nnothing here\nNAME=", ""),
        ("NAME=''", ""),
    ],
)
def test_values_that_people_write(text: str, value: str) -> None:
    assert dict(parse_env(text)) == {"NAME": value}


@pytest.mark.parametrize("text", ["A=1\nNAME='needle", 'A=1\nNAME="needle\n', "A=1\nNAME='needle' and more"])
def test_a_broken_quotation_is_named_by_its_line_and_holds_no_value(tmp_path: Path, text: str) -> None:
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"\.env, line 2: .* NAME") as error:
        load_environ({}, tmp_path)
    assert "needle" not in str(error.value)


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfPORT=1\r\n")
    assert load_environ({}, tmp_path) == {"PORT": "1"}
