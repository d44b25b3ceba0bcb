"""Messages between the driver and a worker: bytes with their length in front, over a socket."""

from __future__ import annotations

import socket
import struct

_LENGTH = struct.Struct("!Q")
_CHUNK = 1 << 18


class Channel:
    """One end of a pair of connected sockets.

    A worker waits in `receive`. The driver, which has several to listen to, calls `read` when
    there is something; it never waits there for the rest of a message, since a worker that died
    in the middle of one would keep it waiting.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._buffer = bytearray()

    def fileno(self) -> int:
        """Return the number by which a selector knows it."""
        return self._socket.fileno()

    def send(self, message: bytes) -> None:
        """Send a message; raise OSError if nobody is at the other end."""
        self._socket.sendall(_LENGTH.pack(len(message)) + message)

    def receive(self) -> bytes:
        """Wait for the next message; raise EOFError if the other end is closed."""
        while True:
            message = self._take()
            if message is not None:
                return message
            self._fetch(0)

    def read(self) -> list[bytes] | None:
        """Return the messages that are complete by now, or None if nothing came at all.

        Raises:
            EOFError: the other end is closed, and all that it sent was read.
        """
        try:
            self._fetch(socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        messages = []
        while (message := self._take()) is not None:
            messages.append(message)
        return messages

    @property
    def partial(self) -> bool:
        """Whether a message has come in part."""
        return bool(self._buffer)

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    def _fetch(self, flags: int) -> None:
        try:
            chunk = self._socket.recv(_CHUNK, flags)
        except ConnectionError as error:  # it died with something unread
            raise EOFError from error
        if not chunk:
            raise EOFError
        self._buffer += chunk

    def _take(self) -> bytes | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        end = _LENGTH.size + _LENGTH.unpack_from(self._buffer)[0]
        if len(self._buffer) < end:
            return None
        message = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        return message
