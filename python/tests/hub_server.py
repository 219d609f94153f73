"""A hub on loopback: real HTTP with ranges, redirects to signed addresses on another host, faults on demand.

It speaks as much of the Hugging Face hub's protocol as a download needs. As a program it serves what its
argument says, for tests in other languages: `python hub_server.py '{"repos": {"owner/name": "FOLDER"}}'`
prints its address, answers a line on stdin with the requests so far, and ends with stdin.
"""

import hashlib
import json
import re
import socket
import struct
import sys
import threading
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

LARGE = (".safetensors", ".bin")  # what a real repository has in LFS
SIGNATURE = "X-Amz-Signature=s3cret"
BLOCK = 1 << 20


@dataclass
class Faults:
    """What goes wrong."""

    gated: bool = False
    """Files need a token; the token `hf_accepted…` has accepted the licence, others have not."""
    cut: dict[str, list[int]] = field(default_factory=dict)
    """Per file: bytes after which each next connection is cut, one after the other."""
    reset: bool = False
    """Cut by a reset instead of an end."""
    stall: dict[str, int] = field(default_factory=dict)
    """Per file: bytes after which the next connection sends nothing more, until the server ends."""
    spoilt: list[str] = field(default_factory=list)
    """Files whose first byte is another one."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Lengths that the list of files tells instead of the true ones."""
    branches: list[str] = field(default_factory=list)
    """Names beside `main` that mean the same commit."""
    ignores_ranges: bool = False
    status: int | None = None
    """Every request gets this one."""


@dataclass
class Seen:
    """A request that came."""

    host: str
    """`hub` or `cdn`."""
    path: str
    range: str | None
    token: str | None


class Hub:
    """The server: `with Hub({"owner/name": folder}) as hub:` …, `hub.url` is its HF_ENDPOINT."""

    def __init__(self, repos, **faults):
        self.repos = {name: Path(folder) for name, folder in repos.items()}
        self.faults = Faults(**faults)
        self.seen = []
        self.ended = threading.Event()
        self._servers = [self._serve("hub"), self._serve("cdn")]
        hub, cdn = (server.server_address[1] for server in self._servers)
        self.url, self.cdn = f"http://127.0.0.1:{hub}", f"http://localhost:{cdn}"

    def _serve(self, host):
        handler = type("Handler", (_Handler,), {"hub": self, "host": host})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.ended.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def commit(self, repo):
        """Names the content, as a commit does."""
        digest = hashlib.sha1(repo.encode(), usedforsecurity=False)
        for file in self.files(repo):
            digest.update((self.repos[repo] / file).read_bytes())
        return digest.hexdigest()

    def files(self, repo):
        folder = self.repos[repo]
        return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())

    def has(self, repo, commit, file):
        return repo in self.repos and commit == self.commit(repo) and file in self.files(repo)

    def ranges(self, name):
        """The ranges that were asked of a file, from where its bytes are."""
        return [seen.range for seen in self.seen if seen.path.endswith(name) and seen.host == "cdn"]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    host: str
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments):
        """Says nothing."""

    def do_GET(self):  # the name that http.server calls
        path = unquote(urlsplit(self.path).path)
        token = self.headers.get("Authorization")
        self.hub.seen.append(Seen(self.host, path, self.headers.get("Range"), token))
        if self.hub.faults.status is not None:
            self._refuse(self.hub.faults.status)
        elif self.host == "cdn":
            self._send_bytes(path)
        elif path.startswith("/api/"):
            self._send_list(path)
        else:
            self._resolve(path)

    def _send_list(self, path):
        found = re.fullmatch(r"/api/(models|spaces)/(.+?)(?:/revision/(.+))?", path)
        repo = found and ("spaces/" if found[1] == "spaces" else "") + found[2]
        if repo not in self.hub.repos:
            self._refuse(401, "RepoNotFound")
        elif found[3] not in (None, "main", *self.hub.faults.branches, self.hub.commit(repo)):
            self._refuse(404, "RevisionNotFound")
        else:
            siblings = [self._sibling(repo, file) for file in self.hub.files(repo)]
            self._send_json({"id": repo, "sha": self.hub.commit(repo), "siblings": siblings})

    def _sibling(self, repo, file):
        content = (self.hub.repos[repo] / file).read_bytes()
        size = self.hub.faults.sizes.get(file, len(content))
        sha1 = hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
        told = {"rfilename": file, "size": size, "blobId": sha1}
        if file.endswith(LARGE):
            sha256 = hashlib.sha256(content).hexdigest()
            told |= {"blobId": "0" * 40, "lfs": {"sha256": sha256, "size": size, "pointerSize": 134}}
        return told

    def _resolve(self, path):
        repo, _, rest = path.lstrip("/").partition("/resolve/")
        commit, _, file = rest.partition("/")
        token = self.headers.get("Authorization")
        if self.hub.faults.gated and token is None:
            self._refuse(401, "GatedRepo")
        elif self.hub.faults.gated and not token.startswith("Bearer hf_accepted"):
            self._refuse(403, "GatedRepo")
        elif (
            repo not in self.hub.repos or commit != self.hub.commit(repo) or file not in self.hub.files(repo)
        ):
            self._refuse(404, "EntryNotFound")
        elif file.endswith(LARGE):
            self.send_response(302)
            self.send_header("Location", f"{self.hub.cdn}/{quote(repo)}/{quote(file)}?{SIGNATURE}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send_file(repo, file)

    def _send_bytes(self, path):
        if parse_qs(urlsplit(self.path).query) != parse_qs(SIGNATURE):
            self._refuse(403)
            return
        repo = next(repo for repo in self.hub.repos if path.startswith(f"/{repo}/"))
        self._send_file(repo, path.removeprefix(f"/{repo}/"))

    def _send_file(self, repo, file):
        faults = self.hub.faults
        content = (self.hub.repos[repo] / file).read_bytes()
        if file in faults.spoilt:
            content = bytes([content[0] ^ 1]) + content[1:]
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(asked[1]) if asked and not faults.ignores_ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cuts = faults.cut.get(file, [])
        end = cuts.pop(0) if cuts else len(content)
        stalls = file in faults.stall
        end = faults.stall.pop(file) if stalls else end
        self._write(content[start:end])
        if stalls:
            self.hub.ended.wait()
        if end < len(content):
            self._hang_up()

    def _write(self, content):
        for begin in range(0, len(content), BLOCK):
            try:
                self.wfile.write(content[begin : begin + BLOCK])
            except OSError:  # who asked has gone
                return

    def _hang_up(self):
        if self.hub.faults.reset:
            # an end without lingering is a reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _refuse(self, status, code=None):
        self.send_response(status)
        if code is not None:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_json(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def answer(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main():
    """Serves until standard input ends."""
    with Hub(**json.loads(sys.argv[1])) as hub:
        answer(hub.url)
        for _line in sys.stdin:
            answer(json.dumps([asdict(seen) for seen in hub.seen]))


if __name__ == "__main__":
    main()
