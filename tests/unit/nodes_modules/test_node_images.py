"""Images from strangers: headers, checksums, addresses; and a real transfer over loopback."""

from __future__ import annotations

import hashlib
import http.server
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.node import images, stores
from ansible_collections.stratoform.cloud.plugins.module_utils.node.download import Limits, fetch, parse_checksum
from ansible_collections.stratoform.cloud.plugins.module_utils.node.errors import NodeError

BODY = b"x" * 3_000_000
SHA256 = hashlib.sha256(BODY).hexdigest()
MD5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
WIDE = Limits(max_bytes=10**9, timeout_s=30)


def header(version: int = 3, backing: int = 0, features: int = 0) -> bytes:
    start = b"QFI\xfb" + struct.pack(">IQ", version, backing)
    return start.ljust(72, b"\0") + struct.pack(">Q", features) + bytes(24)


@pytest.mark.parametrize(("data", "refusal"), [
    (header(), None),
    (header(version=2, features=4), None),  # version 2 has other bytes there
    (b"raw bytes", None),
    (header(backing=512), "it refers to a backing file"),
    (header(version=2, backing=512), "it refers to a backing file"),
    (header(features=4), "it refers to an external data file"),
    (header()[:40], "its qcow2 header is cut short"),
])
def test_qcow2_headers(data: bytes, refusal: str | None) -> None:
    assert images.qcow2_refusal(data) == refusal


@pytest.mark.parametrize(("text", "expected"), [
    (None, None),
    ("", None),
    (MD5, f"md5:{MD5}"),
    (f"md5:{MD5}", f"md5:{MD5}"),
    (f"{{SHA-256}}{SHA256.upper()}", f"sha256:{SHA256}"),
    (f"sha256:{SHA256}", f"sha256:{SHA256}"),
    ("a" * 128, f"sha512:{'a' * 128}"),
])
def test_checksum_spellings(text: str | None, expected: str | None) -> None:
    found = parse_checksum(text)
    assert (str(found) if found else None) == expected


@pytest.mark.parametrize("text", ["sha256:abc", f"md5:{SHA256}", "crc:1234", "z" * 32, "{SHA-256}"])
def test_what_is_no_checksum_is_refused(text: str) -> None:
    with pytest.raises(NodeError, match="is not a checksum"):
        parse_checksum(text)


@pytest.mark.parametrize(("url", "directory", "export"), [
    ("file:///srv/s", "/srv/s", None),
    ("file://localhost/srv/s/", "/srv/s", None),
    ("file:///srv/a%20b", "/srv/a b", None),
    ("nfs://nfs1/export/s", None, "nfs1:/export/s"),
    ("nfs://[2001:db8::1]/e", None, "[2001:db8::1]:/e"),
])
def test_store_urls(url: str, directory: str | None, export: str | None) -> None:
    found = stores.parse(url)
    assert found[1] == export
    assert found[0] == directory if directory else found[0].startswith("/mnt/stratoform/")


@pytest.mark.parametrize("url", ["", "/srv", "file://host/srv", "nfs://-o,exec/x", "nfs:///x", "nfs://h", "smb://h/x"])
def test_other_store_urls_are_refused(url: str) -> None:
    with pytest.raises(NodeError):
        stores.parse(url)


def test_mount_points_are_read_as_text() -> None:
    text = (
        "25 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
        r"48 25 0:44 / /mnt/a\040b rw,nosuid master:1 - nfs4 h:/e\040x rw,vers=4.2" + "\n"
    )
    assert stores.mounts(text) == {"/": "/dev/vda", "/mnt/a b": "h:/e x"}


_MOVED = {"/to-file": "file:///etc/passwd", "/to-ftp": "ftp://127.0.0.1/x", "/loop": "/loop", "/moved": "/image"}


class _Origin(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        location = _MOVED.get(self.path)
        if location:
            self.send_response(302)
            self.send_header("Location", location)
        elif self.path in ("/image", "/short", "/unsized"):
            self.send_response(200)
            if self.path != "/unsized":
                self.send_header("Content-Length", str(len(BODY) + (self.path == "/short")))
        else:
            self.send_response(404)
        self.end_headers()
        if self.path in ("/image", "/short", "/unsized"):
            self.wfile.write(BODY)

    def log_message(self, *_arguments: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        """A client that hangs up early is what some of these tests are about."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _Origin) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/image", "/moved", "/unsized"])
@pytest.mark.parametrize("checksum", [None, MD5, f"sha256:{SHA256}"])
def test_fetch(origin: str, tmp_path: Path, path: str, checksum: str | None) -> None:
    target = tmp_path / "image"
    assert fetch(origin + path, str(target), parse_checksum(checksum), WIDE) == f"sha256:{SHA256}"
    assert target.read_bytes() == BODY


@pytest.mark.parametrize(("path", "limits", "cause"), [
    ("/missing", WIDE, "answered 404 Not Found"),
    ("/to-file", WIDE, "Redirection to url 'file:///etc/passwd' is not allowed"),
    ("/to-ftp", WIDE, "redirects to ftp://127.0.0.1/x, which is not http or https"),
    ("/loop", WIDE, "answered 302"),
    ("/short", WIDE, "ended after 3000000 of 3000001 bytes"),
    ("/image", Limits(1000, 30), "the image has 3000000 bytes, the limit is 1000"),
    ("/unsized", Limits(2_500_000, 30), "the limit is 2500000"),
    ("/image", Limits(10**9, -1), "took longer than -1 seconds"),
])
def test_what_cannot_be_fetched_is_said(origin: str, tmp_path: Path, path: str, limits: Limits, cause: str) -> None:
    with pytest.raises(NodeError, match=cause):
        fetch(origin + path, str(tmp_path / "image"), None, limits)


def test_another_checksum_is_refused(origin: str, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=f"is md5:{MD5}, not md5:{'0' * 32}"):
        fetch(f"{origin}/image", str(tmp_path / "image"), parse_checksum("0" * 32), WIDE)


@pytest.mark.parametrize(("url", "cause"), [
    ("ftp://a/b", "file, http and https are allowed"),
    ("http://", "file, http and https are allowed"),
    ("http://127.0.0.1:1/x", "cannot be reached"),
])
def test_other_addresses_are_refused(tmp_path: Path, url: str, cause: str) -> None:
    with pytest.raises(NodeError, match=cause):
        fetch(url, str(tmp_path / "image"), None, WIDE)
