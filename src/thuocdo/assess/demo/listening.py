"""A listening socket with a thread for each connection: what the fixture servers and their TLS fronts share."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import Final, Self

PATIENCE_S: Final = 20.0
TLS_HANDSHAKE: Final = 0x16
_TAKE: Final = 65_536
_LENGTH: Final = b"content-length:"


class Listening:
    """Answers every connection while the block runs; a connection that breaks ends nothing else."""

    def __init__(self, listening: socket.socket, patience_s: float = PATIENCE_S) -> None:
        self._listening, self._patience_s = listening, patience_s

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # wakes the thread that accepts
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def answer(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def _accept(self) -> None:
        while True:
            try:
                connection, _peer = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(self._patience_s)
            self.answer(connection)


class Front(Listening):
    """What nginx does before the web role and the collector: TLS, one host for both, `X-Forwarded-Proto`."""

    def __init__(
        self,
        listening: socket.socket,
        context: ssl.SSLContext,
        ports: dict[str, int],
        patience_s: float = PATIENCE_S,
    ) -> None:
        """ports: where paths of a beginning go; the first that fits, "" being every one."""
        super().__init__(listening, patience_s)
        self._context, self._ports = context, ports

    def answer(self, connection: socket.socket) -> None:
        with self._context.wrap_socket(connection, server_side=True) as client:
            head, body = request(client)
            if not head:
                return
            first, *lines = head.decode("latin-1").split("\r\n")
            kept = [
                line
                for line in lines
                if not line.lower().startswith(("connection:", "x-forwarded"))
            ]
            told = "\r\n".join((first, *kept, "X-Forwarded-Proto: https", "Connection: close"))
            path = first.split(" ")[1]
            port = next(port for begun, port in self._ports.items() if path.startswith(begun))
            with socket.create_connection(("127.0.0.1", port), self._patience_s) as server:
                server.sendall(told.encode("latin-1") + b"\r\n\r\n" + body)
                while part := server.recv(_TAKE):
                    client.sendall(part)


class Away(Listening):
    """A door over http, which leads to the one over https."""

    def __init__(self, listening: socket.socket, to: str) -> None:
        super().__init__(listening)
        self._to = to

    def answer(self, connection: socket.socket) -> None:
        request(connection)
        head = f"HTTP/1.1 301 Moved Permanently\r\nLocation: {self._to}\r\n"
        connection.sendall(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())


def request(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one request; an empty head where there is none, or TLS came to a plain port."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(_TAKE)
        if not part or (not data and part[0] == TLS_HANDSHAKE):
            return b"", b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lines = (line for line in head.split(b"\r\n") if line.lower().startswith(_LENGTH))
    length = next((int(line[len(_LENGTH) :]) for line in lines), 0)
    while len(body) < length:
        part = connection.recv(_TAKE)
        if not part:
            break
        body += part
    return head, body
