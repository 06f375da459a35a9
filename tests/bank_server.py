"""A bank's system that takes work orders, on this machine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Bank(ThreadingHTTPServer):
    """Takes what is posted to it, and answers with ``statuses`` in turn (the last one for good)."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.taken: list[tuple[dict[str, str], bytes]] = []
        bank = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                bank.taken.append(({name.lower(): value for name, value in self.headers.items()}, content))
                status = bank.statuses.pop(0) if len(bank.statuses) > 1 else bank.statuses[0]
                if status:  # 0: hang up without an answer
                    self.send_response(status)
                    self.send_header("Location", "http://127.0.0.1:9/")
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Door)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/orders"


@contextlib.contextmanager
def open_bank() -> Iterator[Bank]:
    """A bank that is there while the context lasts."""
    server = Bank()
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
