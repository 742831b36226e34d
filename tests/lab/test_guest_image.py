"""The guest image does what the cloud asks of a guest. Real guests, emulated; no root, no network of this machine."""

from __future__ import annotations

import http.server
import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
IMAGE = CHECKOUT / "var" / "image"
BOOT_LIMIT_S = 120  # alone it takes 5; the machine may be busy

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not (IMAGE / "tiny.qcow2").exists(), reason="playbooks/setup.yml builds the image"),
]


class Guest:
    """A running guest, its console in a file, its monitor on a socket."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.console = directory / "console.log"
        self._monitor = directory / "monitor"
        disk = directory / "disk.qcow2"
        create = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(IMAGE / "tiny.qcow2"), str(disk)]
        subprocess.run(create, check=True)
        self.process = subprocess.Popen(
            [
                *("qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-m", "128", "-nodefaults"),
                *("-display", "none", "-serial", f"file:{self.console}", "-device", "virtio-rng-pci"),
                *("-qmp", f"unix:{self._monitor},server=on,wait=off"),
                *("-drive", f"if=virtio,file={disk},discard=unmap", *arguments),
            ]
        )

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the console shows a pattern."""
        until = time.monotonic() + BOOT_LIMIT_S
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(pattern, self.text())
            if found:
                return found
            time.sleep(0.2)
        raise AssertionError(f"no {pattern!r} on the console:\n{self.text()[-3000:]}")

    def text(self) -> str:
        return self.console.read_text(errors="replace") if self.console.exists() else ""

    def press_power_button(self) -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._monitor))
            with connection.makefile("rw") as stream:
                stream.readline()
                for command in ("qmp_capabilities", "system_powerdown"):
                    stream.write(json.dumps({"execute": command}) + "\n")
                    stream.flush()
                    stream.readline()

    def end(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)


class Metadata(http.server.BaseHTTPRequestHandler):
    """A metadata service as a virtual router has it."""

    key = ""

    def do_GET(self) -> None:
        answers = {
            "meta-data/instance-id": "i-2-7-VM",
            "meta-data/local-hostname": "from-http",
            "meta-data/public-keys": self.key,
            "user-data": "#!/bin/sh\necho seen $((40 + 2))\nexit 3\n",
        }
        body = answers.get(self.path.removeprefix("/latest/"), "").encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def networked(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Iterator[tuple[Guest, int]]:
    """A guest with QEMU's own DHCP server, and the metadata service at the well-known address; and its ssh port."""
    Metadata.key = key.with_suffix(".pub").read_text()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ssh = free_port()
    net = (
        "user,id=net,restrict=on,net=169.254.0.0/16,host=169.254.1.1,dhcpstart=169.254.1.10,"
        f"hostfwd=tcp:127.0.0.1:{ssh}-:22,"
        f"guestfwd=tcp:169.254.169.254:80-cmd:socat - TCP:127.0.0.1:{server.server_address[1]}"
    )
    guest = Guest(tmp_path_factory.mktemp("networked"), "-netdev", net, "-device", "virtio-net-pci,netdev=net,romfile=")
    yield guest, ssh
    guest.end()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration drive in CloudStack's layout."""
    path = tmp_path_factory.mktemp("drive") / "config.img"
    files = {
        "cloudstack/metadata/local-hostname.txt": "from-drive\n",
        "cloudstack/userdata/user_data.txt": "#!/bin/sh\nhostname > /dev/console\n",
    }
    subprocess.run(["/usr/sbin/mkfs.fat", "-C", "-n", "CONFIG-2", str(path), "1024"], check=True, capture_output=True)
    for directory in ("cloudstack", "cloudstack/metadata", "cloudstack/userdata"):
        subprocess.run(["mmd", "-i", str(path), f"::{directory}"], check=True)
    for name, content in files.items():
        subprocess.run(["mcopy", "-i", str(path), "-", f"::{name}"], input=content.encode(), check=True)
    return path


def test_metadata_over_http_makes_the_instance(networked: tuple[Guest, int]) -> None:
    guest, _ = networked
    ready = guest.wait_for(r"guest: ready name=(\S+) source=(\S+) addresses=(\S+)")
    assert ready.groups() == ("from-http", "http:169.254.169.254", "169.254.1.10/16")


def test_user_data_runs_and_its_end_is_told(networked: tuple[Guest, int]) -> None:
    guest, _ = networked
    guest.wait_for(r"guest: user data ended with code 3")


def test_the_declared_key_logs_in(networked: tuple[Guest, int], key: Path) -> None:
    guest, port = networked
    guest.wait_for(r"guest: ready")
    options = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "ConnectTimeout": "60",
    }
    seen = subprocess.run(
        [
            *("ssh", "-i", str(key), "-p", str(port)),
            *(word for name, value in options.items() for word in ("-o", f"{name}={value}")),
            *("root@127.0.0.1", "hostname; cat /run/user-data.log"),
        ],
        capture_output=True,
        text=True,
        timeout=BOOT_LIMIT_S,
        check=False,
    )
    assert seen.stdout.split("\n") == ["from-http", "seen 42", ""], seen.stderr


def test_the_power_button_switches_off(networked: tuple[Guest, int]) -> None:
    guest, _ = networked
    guest.wait_for(r"guest: user data ended")
    guest.press_power_button()
    assert guest.process.wait(timeout=30) == 0
    assert "guest: power button pressed" in guest.text()


def test_a_configuration_drive_makes_the_instance(tmp_path: Path, drive: Path) -> None:
    guest = Guest(tmp_path, "-drive", f"if=virtio,format=raw,readonly=on,file={drive}")
    try:
        ready = guest.wait_for(r"guest: ready name=(\S+) source=(\S+)")
        assert ready.groups() == ("from-drive", "drive:CONFIG-2")
        guest.wait_for(r"guest: user data ended with code 0")
        assert re.search(r"^from-drive\r?$", guest.text(), re.MULTILINE)
    finally:
        guest.end()


def test_the_same_inputs_build_nothing() -> None:
    """The role's own question, asked without Ansible: equal inputs are known by their hash."""
    names = re.findall(r"^  - (\S+)$", (CHECKOUT / "roles/guest_image/vars/main.yml").read_text(), re.MULTILINE)
    contents = names[names.index("busybox-static") :]
    build = CHECKOUT / "roles/guest_image/files/build.sh"
    command = [str(build), str(IMAGE), "64", "linux-image-cloud-amd64", *contents, "--dry-run"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "unchanged\n"
