"""Files are fetched from a server once, gone on with, tried again, checked; nothing of it touches the network."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from avatarium.training.trajectory import download
from avatarium.worlds.core.errors import UserError

CONTENTS = {"one.txt": b"0 1 2 3\n" * 500, "two.txt": b"10 1 2 3\n" * 300}


class Server:
    """Serves ``CONTENTS``; notes what it is asked for; refuses as often as it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.refuse: list[int] = []
        self.ranges = True
        self.contents = dict(CONTENTS)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name, wanted = self.path.strip("/"), self.headers.get("Range", "")
                server.asked.append((name, wanted))
                if server.refuse:
                    self.send_error(server.refuse.pop(0))
                elif name not in server.contents:
                    self.send_error(404)
                else:
                    begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and server.ranges else 0
                    body = server.contents[name][begin:]
                    self.send_response(206 if begin else 200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                """Keep quiet."""

        return Handler

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "SUMS", {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()})
    found = Server()
    yield found
    found.close()


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def fetch(server: Server, tmp_path: Path, naps: list[float]) -> Callable[[], list[Path]]:
    return lambda: download.fetch(tmp_path / "kept", server.url, sleep=naps.append)


def test_every_file_is_fetched_once(server: Server, fetch: Callable[[], list[Path]], tmp_path: Path) -> None:
    assert [path.read_bytes() for path in fetch()] == list(CONTENTS.values())
    assert {path.name for path in (tmp_path / "kept").iterdir()} == set(CONTENTS)
    fetch()
    assert [name for name, _ in server.asked] == ["one.txt", "two.txt"]


def test_a_file_begun_before_is_gone_on_with(server: Server, fetch: Callable[[], list[Path]], tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "one.txt.part").write_bytes(CONTENTS["one.txt"][:1000])
    assert fetch()[0].read_bytes() == CONTENTS["one.txt"]
    assert server.asked[0] == ("one.txt", "bytes=1000-")


def test_a_server_that_sends_the_whole_again_is_understood(server: Server, fetch: Callable[[], list[Path]], tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "one.txt.part").write_bytes(CONTENTS["one.txt"][:1000])
    assert fetch()[0].read_bytes() == CONTENTS["one.txt"]


def test_trouble_that_passes_is_waited_for_longer_each_time(server: Server, fetch: Callable[[], list[Path]], naps: list[float]) -> None:
    server.refuse = [503, 429, 500]
    fetch()
    assert naps == [1.0, 2.0, 4.0]
    server.refuse = [416]
    fetch()


def test_trouble_that_stays_and_refusals_end_with_a_sentence(server: Server, fetch: Callable[[], list[Path]], naps: list[float]) -> None:
    server.refuse = [503] * download.TRIES
    with pytest.raises(UserError, match="answers 503, tried 4 times"):
        fetch()
    assert len(naps) == download.TRIES - 1
    del server.contents["one.txt"]
    with pytest.raises(UserError, match=r"answers 404 .*--from FOLDER"):
        fetch()


def test_another_file_is_thrown_away(server: Server, fetch: Callable[[], list[Path]], tmp_path: Path) -> None:
    server.contents["one.txt"] = b"something else"
    with pytest.raises(UserError, match="is another file than is meant"):
        fetch()
    assert not list((tmp_path / "kept").iterdir())


def test_without_a_network_the_way_out_is_told(server: Server, tmp_path: Path, naps: list[float]) -> None:
    with pytest.raises(UserError, match=r"cannot be reached .* try again when there is a network, or .*--from FOLDER"):
        download.fetch(tmp_path / "kept", "http://127.0.0.1:9", sleep=naps.append)


def test_files_of_somebody_who_has_them_are_checked_and_copied(server: Server, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    with pytest.raises(UserError, match="holds none of"):
        download.take(theirs, tmp_path / "kept")
    (theirs / "two.txt").write_bytes(CONTENTS["two.txt"])
    assert [path.name for path in download.take(theirs, tmp_path / "kept")] == ["two.txt"]
    assert download.whole(tmp_path / "kept" / "two.txt")
    (theirs / "one.txt").write_bytes(b"0 1 2 3\n")
    with pytest.raises(UserError, match="is not the file that is meant"):
        download.take(theirs, tmp_path / "kept")
    assert not server.asked


def test_the_cache_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert download.folder() == tmp_path / "avatarium" / "eth_ucy"
