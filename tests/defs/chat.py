"""A chat's webhook over real HTTP that keeps the lines it receives."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass
class Chat:
    """The lines received, and the status of the responses."""

    lines: list[str] = field(default_factory=list)
    status: int = 200
    url: str = ""

    def received(self) -> list[str]:
        """Return the lines received since the last call, without the name of the sender."""
        lines, self.lines = self.lines, []
        return [line.removeprefix("cce-etl: ") for line in lines]


@contextmanager
def chat_server() -> Iterator[Chat]:
    """Serve a chat's webhook on loopback."""
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
            if chat.status == 200:
                chat.lines += text.splitlines()
            self.send_response(chat.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        chat.url = f"http://127.0.0.1:{server.server_port}/hook-canary-51c2"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield chat
        finally:
            server.shutdown()
            thread.join()
