"""A router in a namespace of this machine, and guests that are namespaces too."""

from __future__ import annotations

import base64
import copy
import os
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.node.errors import NodeError
from ansible_collections.stratoform.cloud.plugins.module_utils.node.router import dhcp_release, links_part
from ansible_collections.stratoform.cloud.plugins.module_utils.node.router.operation import RouterOperation

from tests.support.host import run, wait_for

NAME, GUEST_NETNS = "r-9901-VM", "sf-test-guest"
GUEST_MAC, OTHER_MAC, GUEST_IP = "02:00:00:00:99:05", "02:00:00:00:99:06", "198.18.1.23"
DIRECTORY = Path("/run/stratoform/router", NAME)


def spec_of(bridge: str) -> dict[str, Any]:
    return {
        "uuid": str(uuid.uuid4()),
        "name": NAME,
        "generation": 1,
        "interfaces": [{"name": "eth0", "bridge": bridge, "mac": "02:00:00:00:99:01", "address": "198.18.1.2/24"}],
        "gateway": "198.18.1.1",
        "dns": {"domain": "cs1cloud.internal", "upstream": []},
        "dhcp": [{"mac": GUEST_MAC, "ip": GUEST_IP, "hostname": "one"}],
        "metadata": {GUEST_IP: {
            "instance-id": "i-2-5-VM", "public-keys": "ssh-ed25519 AAAA {{ 7*7 }}",
            "user-data": base64.b64encode(b"#!/bin/sh\n\0\xff").decode(), "password": "se<cret",
        }},
    }  # fmt: skip


@pytest.fixture
def spec(bridge: str) -> Iterator[dict[str, Any]]:
    """A spec; its router is gone afterwards."""
    value = spec_of(bridge)
    yield value
    RouterOperation.converge({**value, "state": "absent"})


@pytest.fixture
def guest(bridge: str) -> Iterator[str]:
    """A namespace on the bridge with the guest's MAC and no address."""
    run("ip", "netns", "add", GUEST_NETNS)
    peer = ["peer", "name", "eth0", "address", GUEST_MAC, "netns", GUEST_NETNS]
    run("ip", "link", "add", "sf-test-v0", "type", "veth", *peer)
    run("ip", "link", "set", "sf-test-v0", "master", bridge, "up")
    run("ip", "-n", GUEST_NETNS, "link", "set", "eth0", "up")
    yield GUEST_NETNS
    run("ip", "link", "delete", "sf-test-v0")
    run("ip", "netns", "delete", GUEST_NETNS)


def lease(guest: str, mac: str = GUEST_MAC) -> list[str]:
    """Ask for an address as udhcpc does; what it was told: address, routers, static routes, DNS."""
    script = Path("/run/sf-test-udhcpc")
    told = "$ip/$mask|$router|$staticroutes|$dns|$domain|$hostname"
    script.write_text(f'#!/bin/sh\n[ "$1" = bound ] && echo "{told}"\nexit 0\n')
    script.chmod(0o755)
    try:
        run("ip", "-n", guest, "link", "set", "eth0", "address", mac)
        argv = ["busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "3", "-T", "1", "-O", "staticroutes"]
        answer = run("ip", "netns", "exec", guest, *argv, "-s", script, check=False).stdout.decode()
    finally:
        script.unlink()
    return answer.strip().split("|") if answer.strip() else []


def fetch(guest: str, path: str, *, host: str = "198.18.1.2", port: int = 80, header: str = "") -> bytes:
    """Ask the metadata service from within the guest's namespace, with nothing but a socket."""
    request = f"GET {path} HTTP/1.0\r\n{header}\r\n".encode()
    code = (
        "import socket,sys\n"
        "s=socket.create_connection((sys.argv[1],int(sys.argv[2])),3)\n"
        "s.sendall(sys.stdin.buffer.read())\n"
        "while d:=s.recv(65536): sys.stdout.buffer.write(d)\n"
    )
    answer = run("ip", "netns", "exec", guest, "python3", "-I", "-c", code, host, port, stdin=request).stdout
    head, _blank, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.0 200", b"HTTP/1.0 404")), answer
    return body if b" 200 " in head.splitlines()[0] else b"404"


def pid(daemon: str) -> int:
    return int((DIRECTORY / f"{daemon}.pid").read_text())


def with_address(guest: str, address: str = GUEST_IP) -> None:
    run("ip", "-n", guest, "address", "replace", f"{address}/24", "dev", "eth0")


def test_the_router_comes_and_goes(spec: dict[str, Any]) -> None:
    assert RouterOperation.converge(spec, check=True).changed
    assert not DIRECTORY.exists()
    first, second = RouterOperation.converge(spec), RouterOperation.converge(spec)
    assert first.value == {"name": NAME, "generation": 1, "changed_parts": ["dnsmasq", "links", "metadata"]}
    assert (second.changed, second.value["changed_parts"]) == (False, [])
    assert "cret" not in repr(first)
    pids = [pid("dnsmasq"), pid("metadata")]
    absent = {**spec, "state": "absent"}
    assert [RouterOperation.converge(absent).changed, RouterOperation.converge(absent).changed] == [True, False]
    assert not DIRECTORY.exists()
    assert not Path("/run/netns", NAME).exists()
    assert not Path("/sys/class/net", links_part.host_end(spec["uuid"], "eth0")).exists()
    for number in pids:
        command = Path("/proc", str(number), "cmdline")
        assert not command.exists() or command.read_bytes() == b""  # a zombie its parent has not collected yet


def test_a_guest_gets_its_address_and_only_its_own(spec: dict[str, Any], guest: str) -> None:
    RouterOperation.converge(spec)
    routes = "169.254.169.254/32 198.18.1.2 0.0.0.0/0 198.18.1.1"
    assert lease(guest) == [f"{GUEST_IP}/24", "198.18.1.1", routes, "198.18.1.2", "cs1cloud.internal", "one"]
    assert lease(guest, mac=OTHER_MAC) == []


def test_an_address_moves_to_another_guest_without_a_restart(spec: dict[str, Any], guest: str) -> None:
    RouterOperation.converge(spec)
    assert lease(guest)[0] == f"{GUEST_IP}/24"
    before = pid("dnsmasq")
    dhcp = [{"mac": OTHER_MAC, "ip": GUEST_IP, "hostname": "two"}]
    RouterOperation.converge({**spec, "generation": 2, "dhcp": dhcp})
    assert pid("dnsmasq") == before
    assert lease(guest, mac=OTHER_MAC)[0] == f"{GUEST_IP}/24"
    assert lease(guest, mac=GUEST_MAC) == []


def test_what_a_guest_may_know(spec: dict[str, Any], guest: str) -> None:
    RouterOperation.converge(spec)
    with_address(guest)
    run("ip", "-n", guest, "route", "add", "169.254.169.254", "via", "198.18.1.2")
    for host in ("198.18.1.2", "169.254.169.254"):
        assert fetch(guest, "/latest/meta-data/instance-id", host=host) == b"i-2-5-VM"
    assert fetch(guest, "/latest/user-data") == b"#!/bin/sh\n\0\xff"
    assert fetch(guest, "/latest/meta-data/public-keys/0/openssh-key") == b"ssh-ed25519 AAAA {{ 7*7 }}"
    assert fetch(guest, "/latest/password") == b"404"
    run("ip", "-n", guest, "address", "flush", "dev", "eth0")
    with_address(guest, "198.18.1.99")
    assert fetch(guest, "/latest/meta-data/instance-id") == b"404"


def test_a_password_is_told_until_it_is_saved(spec: dict[str, Any], guest: str) -> None:
    RouterOperation.converge(spec)
    with_address(guest)

    def ask(word: str) -> bytes:
        return fetch(guest, "/", port=8080, header=f"DomU_Request: {word}\r\n")

    words = ["send_my_password", "send_my_password", "x", "saved_password", "send_my_password"]
    answers = [b"se<cret", b"se<cret", b"bad_request", b"saved_password", b"saved_password"]
    assert [ask(word) for word in words] == answers
    RouterOperation.converge({**spec, "generation": 2})  # the same password, written again
    assert ask("send_my_password") == b"saved_password"
    changed = copy.deepcopy({**spec, "generation": 3})
    changed["metadata"][GUEST_IP]["password"] = "other"
    RouterOperation.converge(changed)
    assert ask("send_my_password") == b"other"


def test_a_new_guest_restarts_nothing_and_is_quick(spec: dict[str, Any], guest: str) -> None:
    RouterOperation.converge(spec)
    before = [pid("dnsmasq"), pid("metadata")]
    for generation in range(2, 12):
        spec["dhcp"].append({"mac": f"02:00:00:00:98:{generation:02x}", "ip": f"198.18.1.{generation + 100}",
                             "hostname": f"g{generation}"})  # fmt: skip
        started = time.monotonic()
        result = RouterOperation.converge({**spec, "generation": generation})
        assert time.monotonic() - started < 0.3
        assert result.value["changed_parts"] == ["dnsmasq"]
    assert [pid("dnsmasq"), pid("metadata")] == before
    assert lease(guest, mac="02:00:00:00:98:0b")[0] == "198.18.1.111/24"


def test_an_older_spec_changes_nothing_but_heals(spec: dict[str, Any]) -> None:
    newer = {**spec, "generation": 5, "dhcp": []}
    RouterOperation.converge(newer)
    for number in (pid("dnsmasq"), pid("metadata")):
        os.kill(number, signal.SIGKILL)
    (DIRECTORY / "hosts").unlink()
    result = RouterOperation.converge(spec)
    assert (result.changed, result.value["generation"]) == (True, 5)
    assert result.value["changed_parts"] == ["dnsmasq", "metadata"]
    assert (DIRECTORY / "dhcp-hosts").read_text() == ""
    assert not RouterOperation.converge(newer).changed


def test_lost_files_and_links_come_back(spec: dict[str, Any]) -> None:
    RouterOperation.converge(spec)
    for name in ("dnsmasq.pid", "metadata.pid"):  # daemons that live and cannot be named must not block new ones
        (DIRECTORY / name).unlink()
    run("ip", "-n", NAME, "link", "delete", "eth0")
    result = RouterOperation.converge(spec)
    assert result.value["changed_parts"] == ["dnsmasq", "links", "metadata"]
    assert not RouterOperation.converge(spec).changed
    listed = run("ip", "netns", "pids", NAME).stdout
    assert sorted(map(int, listed.split())) == sorted([pid("dnsmasq"), pid("metadata")])


def test_a_router_of_another_cloud_is_left_alone(spec: dict[str, Any]) -> None:
    RouterOperation.converge(spec)
    other = {**spec, "uuid": str(uuid.uuid4()), "generation": 9}
    with pytest.raises(NodeError, match=f"a router of this name with UUID {spec['uuid']} is on this host"):
        RouterOperation.converge(other)
    assert not RouterOperation.converge({**other, "state": "absent"}).changed
    assert not RouterOperation.converge(spec).changed


def test_a_missing_bridge_is_named_and_nothing_is_made(spec: dict[str, Any]) -> None:
    spec["interfaces"][0]["bridge"] = "no-such-br"
    with pytest.raises(NodeError, match="prepare router r-9901-VM: there is no bridge no-such-br on this host"):
        RouterOperation.converge(spec)
    assert not DIRECTORY.exists()
    assert not Path("/run/netns", NAME).exists()


def test_a_release_reaches_its_namespace_and_leaves_the_thread_outside(spec: dict[str, Any]) -> None:
    RouterOperation.converge(spec)
    dhcp_release.release(NAME, dhcp_release.Lease(GUEST_MAC, GUEST_IP, "*"), "198.18.1.2")
    with socket.socket() as outside, pytest.raises(OSError, match="Cannot assign requested address"):
        outside.bind(("198.18.1.2", 0))  # an address of the namespace only


def test_daemons_survive_a_hasty_guest(spec: dict[str, Any], guest: str) -> None:
    RouterOperation.converge(spec)
    with_address(guest)
    code = (
        "import socket\n"
        "held=[socket.create_connection(('198.18.1.2',80),3) for _ in range(40)]\n"
        "held[0].sendall(b'GET /latest/instance-id HTTP/1.0\\r\\n\\r\\n')\n"
        "print(held[0].recv(15))\n"
    )
    assert b"200" in run("ip", "netns", "exec", guest, "python3", "-I", "-c", code).stdout
    wait_for(lambda: fetch(guest, "/latest/instance-id") == b"i-2-5-VM", 8)
