"""The template of the roles: `python -m thuocdo.run.template FD` loads the libraries once and forks a role when asked.

A process of its own, so that the supervisor stays small and nothing that a library does can end it. A role it forks
is handed over to the supervisor at once: between the two stands a process that ends, and whoever loses its parent
becomes the supervisor's child (adopted.py). So the template may die, and no role notices.

    supervisor → template   one message: Order, with a line to the role and, maybe, the file for its output
    role → supervisor       its process id, when it is the supervisor's child and will end with it
    supervisor → role       one byte: go on; the end of the line instead: nobody wants you any more
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import time
import traceback
from typing import Final

import msgspec

from thuocdo.core.leaving import end_with_parent
from thuocdo.run import forked

READY: Final = b"ready"
GO: Final = b"!"
PID: Final = struct.Struct("!i")
LONGEST: Final = 1 << 18
"""Bytes of an order: command line and environment."""
_ADOPTION_SECONDS: Final = 0.0005


class Order(msgspec.Struct, frozen=True):
    """A role to start: the words after `thuocdo`, its whole environment, nice(2), and who is to be its parent."""

    words: list[str]
    environment: dict[bytes, bytes]
    nice: int
    supervisor: int


def serve(line: socket.socket) -> None:
    """Until the supervisor closes the line. Returns in a role's own process, which is to run it then."""
    line.sendall(READY)
    while True:
        message, files, _, _ = socket.recv_fds(line, LONGEST, 2, socket.MSG_CMSG_CLOEXEC)
        if not message:
            os._exit(0)
        between = -1
        with contextlib.suppress(OSError):  # no memory, no process number: the line's end says so
            between = os.fork()
        if between == 0:
            line.close()
            try:
                _hand_over(msgspec.msgpack.decode(message, type=Order), *files)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            return
        for file in files:
            os.close(file)
        if between > 0:
            os.waitpid(between, 0)


def _hand_over(order: Order, talk: int, output: int | None = None) -> None:
    """Fork once more and end; returns in the role, when its parent is the supervisor."""
    between = os.getpid()
    if os.fork():
        os._exit(0)
    while os.getppid() == between:
        time.sleep(_ADOPTION_SECONDS)
    end_with_parent()
    if os.getppid() != order.supervisor:  # it died meanwhile
        os._exit(1)
    os.setsid()
    os.nice(order.nice)
    if output is not None:
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
    with socket.socket(fileno=talk) as line:
        line.sendall(PID.pack(os.getpid()))
        if line.recv(len(GO)) != GO:
            os._exit(1)
    said = order.environment.items()
    forked.become(order.words, {os.fsdecode(name): os.fsdecode(value) for name, value in said})


def main() -> None:
    """Load, and fork roles until the line ends; in a role, run it to its end."""
    line = socket.socket(fileno=int(sys.argv[1]))
    forked.call_itself([sys.executable, "-m", "thuocdo.run.template"], "thuocdo-template")
    forked.load()
    serve(line)
    forked.end(forked.run())


if __name__ == "__main__":
    main()
