"""A small source of its own: card, mirror, data folder and a server of raw files."""

import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from causalex_core import paths
from causalex_core.data import manifest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "labels/cas(me)^2 new.csv": b"subject,onset\n1,2\n",
    "big.bin": bytes(range(256)) * 800,
    "empty.txt": b"",
}
CARD = f"""\
title: A small source
description: Three files.
licence: none stated
terms: For tests.
ask: nobody
citation: {{key: nobody2026, text: Nobody.}}
repository: someone/some-repo
commit: {COMMIT}
include: ["*"]
"""


@dataclass
class House:
    """Where the folders of one test are."""

    cards: Path
    mirror: Path
    data: Path

    def add_card(
        self, name: str, *, derived: bool = False, files: dict[str, bytes] = FILES
    ) -> None:
        text = CARD + ("derived_from: [casme2_squared]\n" if derived else "")
        (self.cards / f"{name}.yml").write_text(text)
        lines = [manifest.LIST_HEADER]
        for path, content in files.items():
            lines.append(f"{path}\t{len(content)}\t{hashlib.sha256(content).hexdigest()}")
        (self.cards / f"{name}.files.tsv").write_text("\n".join(lines) + "\n")
        manifest.cards.cache_clear()

    def fill(self, root: Path, files: dict[str, bytes] = FILES) -> None:
        for path, content in files.items():
            paths.atomic_write(root / "someone/some-repo" / COMMIT / path, content)

    def place(self, root: Path, path: str) -> Path:
        return root / "someone/some-repo" / COMMIT / path


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Empty folders for cards, mirror and data, in place of those of the checkout."""
    made = House(tmp_path / "cards", tmp_path / "mirror", tmp_path / "data")
    made.cards.mkdir()
    made.mirror.mkdir()
    monkeypatch.setattr(paths, "MANIFEST", made.cards)
    monkeypatch.setattr(paths, "mirrors", lambda: [made.mirror])
    monkeypatch.setenv("CAUSALEX_DATA", str(made.data))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("CAUSALEX_OFFLINE", raising=False)
    manifest.cards.cache_clear()
    yield made
    manifest.cards.cache_clear()


@dataclass
class Host:
    """A raw-file host on this machine; `requests` are (path, Range) in order of arrival."""

    url: str
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    connections: int = 0
    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    ranges: bool = True  # whether Range is honoured
    stop_after: int | None = None  # break the connection after so many bytes of a body
    drip: float = 0.0  # seconds between two pieces of 4 kB
    status: int = 200


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """Serve FILES as the commit of the small source, and point CAUSALEX_RAW_URL to it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # one connection for many files, as the real host

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            path = unquote(self.path).split(f"{COMMIT}/", 1)[-1]
            served.requests.append((path, wanted))
            content = served.files.get(path)
            if served.status != 200 or content is None:
                self.send_error(404 if content is None else served.status)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            start = start if served.ranges else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header(
                    "Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}"
                )
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.send_body(content[start:])

        def send_body(self, body: bytes) -> None:
            for place in range(0, len(body), 4096):
                if served.stop_after is not None and place >= served.stop_after:
                    self.close_connection = True
                    return
                self.wfile.write(body[place : place + 4096])
                time.sleep(served.drip)

        def handle(self) -> None:
            served.connections += 1
            try:
                super().handle()
            except ConnectionError:
                pass  # the client was killed: that is what some tests do

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Host(f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("CAUSALEX_RAW_URL", served.url)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
