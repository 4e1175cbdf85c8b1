"""An embeddings endpoint on loopback that answers as told."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import openai

KEY = "sk-secret-0123456789"


class EndpointServer:
    """Serves /v1/embeddings: last index first, letters counted. `refusals` are given first, as (status, JSON body)."""

    def __init__(self) -> None:
        self.refusals: list[tuple[int, object]] = []
        self.headers: dict[str, str] = {}
        self.requests: list[dict[str, Any]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.requests.append(request)
                status, reply = endpoint.refusals.pop(0) if endpoint.refusals else (200, embeddings(request))
                body = json.dumps(reply).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **endpoint.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def client(self) -> openai.OpenAI:
        return openai.OpenAI(api_key=KEY, base_url=self.url)


def embeddings(request: dict[str, Any]) -> dict[str, object]:
    rows = [[1.0 + text.count(letter) for letter in "abcdefgh"] for text in request["input"]]
    data = [{"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(rows)]
    return {"object": "list", "model": request["model"], "data": data[::-1], "usage": {}}
