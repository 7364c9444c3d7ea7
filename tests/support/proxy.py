"""A line that can be cut and frozen: TCP between a client and its database."""

import contextlib
import socket
import threading
from enum import Enum, auto
from typing import Self


class Line(Enum):
    WHOLE = auto()
    CUT = auto()  # open connections are closed, new ones too
    FROZEN = auto()  # connections are taken and stay open, nothing passes
    DEAF = auto()  # what is sent arrives; the line breaks under the answer


class Proxy:
    """`with Proxy(port) as proxy:` – connect to `proxy.port`."""

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._state = threading.Condition()
        self._line = Line.WHOLE
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._set(Line.CUT)
        # Wakes the thread that waits in accept, which close alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def cut(self) -> None:
        self._set(Line.CUT)

    def freeze(self) -> None:
        self._set(Line.FROZEN)

    def lose_answers(self) -> None:
        self._set(Line.DEAF)

    def mend(self) -> None:
        self._set(Line.WHOLE)

    def _set(self, line: Line) -> None:
        with self._state:
            self._line = line
            self._state.notify_all()
            if line is Line.CUT:
                for end in self._open:
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            if not self._passes():
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                return
            with server:
                with self._state:
                    self._open |= {client, server}
                back = threading.Thread(target=self._pump, args=(server, client, True), daemon=True)
                back.start()
                self._pump(client, server)
                back.join()
                with self._state:
                    self._open -= {client, server}

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool = False) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self._passes() or (answers and self._line is Line.DEAF):
                    break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _passes(self) -> bool:
        """Waits while the line is frozen; False where it is cut."""
        with self._state:
            self._state.wait_for(lambda: self._line is not Line.FROZEN)
            return self._line is not Line.CUT
