"""Alerts reach a real local service, and no service can disturb the sender."""

import time

from tests.support.live_server import free_port, live_server
from tests.support.receiver import Receiver
from widget.notifications.channels import Channel, parse_channels


def only(url: str) -> Channel:
    (channel,), unreadable = parse_channels([url])
    assert unreadable == ()
    return channel


async def test_a_message_arrives_at_a_local_service() -> None:
    receiver = Receiver()
    with live_server(receiver.app) as url:
        assert await only(url.replace("http", "json")).send("A title", "A body")
    assert receiver.titles == ["A title"]
    assert receiver.received[0]["message"] == "A body"


async def test_a_service_that_answers_500_did_not_take_the_message() -> None:
    receiver = Receiver(status=500)
    with live_server(receiver.app) as url:
        assert not await only(url.replace("http", "json")).send("A title", "A body")


async def test_a_service_that_nobody_runs_did_not_take_the_message() -> None:
    assert not await only(f"json://127.0.0.1:{free_port()}").send("A title", "A body")


async def test_a_service_that_hangs_is_given_up() -> None:
    receiver = Receiver(delay=2.0)
    with live_server(receiver.app) as url:
        begun = time.monotonic()
        assert not await only(url.replace("http", "json")).send("A title", "A body", seconds=0.2)
        assert time.monotonic() - begun < 1.5


async def test_a_service_s_plug_in_that_raises_disturbs_nobody() -> None:
    def broken(title: str, body: str) -> bool:
        raise RuntimeError("json://user:marked@example.org")

    assert not await Channel("1. json", "f", broken).send("A title", "A body")


def test_an_address_with_a_typo_is_reported_by_its_place_and_not_shown() -> None:
    channels, unreadable = parse_channels(["jsn://me:marked@example.org", "marked", "json://me:marked@example.org"])
    assert [channel.label for channel in channels] == ["3. json"]
    assert unreadable == ("1. jsn", "2. address")
    assert "marked" not in repr(channels)


def test_two_addresses_have_two_fingerprints() -> None:
    channels, _ = parse_channels(["json://example.org/1", "json://example.org/2"])
    assert len({channel.fingerprint for channel in channels}) == 2
