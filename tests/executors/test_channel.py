"""Messages over a socket."""

from __future__ import annotations

import socket
import struct

import pytest

from unitune.executors.channel import Channel


@pytest.fixture
def ends():
    one, other = socket.socketpair()
    with one, other:
        yield Channel(one), Channel(other), other


def test_messages_arrive_whole_and_in_order(ends):
    here, there, _ = ends
    for message in (b"one", b"", b"three"):
        there.send(message)
    assert [here.receive() for _ in range(3)] == [b"one", b"", b"three"]
    there.send(b"four")
    there.send(b"five")
    assert here.read() == [b"four", b"five"]


def test_reading_does_not_wait(ends):
    here, _, raw = ends
    assert here.read() is None
    raw.sendall(struct.pack("!Q", 4) + b"pa")
    assert here.read() == []
    assert here.partial
    raw.sendall(b"rt")
    assert here.read() == [b"part"]
    assert not here.partial


def test_the_end_comes_after_all_that_was_sent(ends):
    here, there, _ = ends
    here.send(b"never read, which makes the end a reset")
    there.send(b"last")
    there.close()
    assert here.read() == [b"last"]
    with pytest.raises(EOFError):
        here.read()
    with pytest.raises(EOFError):
        here.receive()
    with pytest.raises(OSError, match="pipe"):
        here.send(b"")
