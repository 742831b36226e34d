"""A router's spec, and what each of its parts decides."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.node.base import Step
from ansible_collections.stratoform.cloud.plugins.module_utils.node.errors import NodeError
from ansible_collections.stratoform.cloud.plugins.module_utils.node.router import (
    dhcp_release,
    dnsmasq_part,
    links_part,
    metadata_part,
    metadata_service,
)
from ansible_collections.stratoform.cloud.plugins.module_utils.node.router.operation import newest
from ansible_collections.stratoform.cloud.plugins.module_utils.node.router.part import Place, digest
from ansible_collections.stratoform.cloud.plugins.module_utils.node.router.spec import parse

SPEC: dict[str, Any] = {
    "uuid": "77777777-1111-4111-8111-111111111111",
    "name": "r-7-VM",
    "generation": 3,
    "interfaces": [{"name": "eth0", "bridge": "cloudbr0", "mac": "02:00:00:00:07:01", "address": "10.1.1.2/24"}],
    "gateway": "10.1.1.1",
    "dns": {"domain": "cs1cloud.internal", "servers_for_guests": [], "upstream": ["192.0.2.53"]},
    "dhcp": [{"mac": "02:00:00:00:00:05", "ip": "10.1.1.23", "hostname": "web1", "lease": "infinite"}],
    "metadata": {
        "10.1.1.23": {
            "instance-id": "i-2-5-VM",
            "public-keys": "ssh-ed25519 AAAA me",
            "public-ipv4": None,
            "user-data": base64.b64encode(b"#!/bin/sh\n\xff").decode(),
            "password": "secret",
        }
    },
}
PLACE = Place("r-7-VM")


def spec(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(SPEC), **changes}


def test_parse() -> None:
    router = parse(SPEC)
    assert router.reservations[0].hostname == "web1"
    known = dict(router.guests["10.1.1.23"].metadata)
    assert known == {"instance-id": "i-2-5-VM", "public-keys": "ssh-ed25519 AAAA me"}
    assert "secret" not in repr(router)


RESERVED = SPEC["dhcp"][0]


@pytest.mark.parametrize(("changes", "cause"), [
    ({"uuid": "x"}, "'x' is not a valid UUID"),
    ({"name": "../r"}, "is not a valid instance name"),
    ({"interfaces": []}, "needs an interface with the role guest"),
    ({"interfaces": SPEC["interfaces"] * 2}, "interface twice: eth0"),
    ({"gateway": "10.1.1.300"}, "is not an IPv4 address"),
    ({"dns": {"domain": "a,b"}}, "is not a valid DNS domain"),
    ({"dns": {"upstream": ["10.0.0.1#53\nuser=root"]}}, "is not an IP address"),
    ({"dhcp": [{**RESERVED, "hostname": "web1\ndhcp-script=/x"}]}, "is not a valid host name"),
    ({"dhcp": [{**RESERVED, "hostname": "a,b"}]}, "is not a valid host name"),
    ({"dhcp": [{**RESERVED, "lease": "forever"}]}, "is not a lease time"),
    ({"dhcp": [{**RESERVED, "ip": "10.1.2.1"}]}, "is in no network of the router"),
    ({"dhcp": [{**RESERVED, "ip": "10.1.1.2"}]}, "is the router's own address"),
    ({"dhcp": [RESERVED, {**RESERVED, "ip": "10.1.1.24"}]}, "MAC address reserved twice: 02:00:00:00:00:05"),
    ({"dhcp": [RESERVED, {**RESERVED, "mac": "02:00:00:00:00:06"}]}, "address reserved twice: 10.1.1.23"),
    ({"metadata": {"10.1.1.23": {"user-data": "not base64!"}}}, "the user data of 10.1.1.23 is not base64"),
    ({"metadata": {"10.1.1.23": {"../x": "y"}}}, "is not a metadata key"),
    ({"metadata": {"x": {}}}, "is not an IPv4 address"),
])
def test_what_no_part_could_serve_is_refused(changes: dict[str, Any], cause: str) -> None:
    with pytest.raises(NodeError, match=cause):
        parse(spec(**changes))


def test_the_newest_spec_wins() -> None:
    stored = spec(generation=3)
    assert newest(None, stored) is stored
    assert newest(stored, later := spec(generation=4)) is later
    assert newest(stored, spec(generation=3)) is stored
    assert newest(stored, spec(generation=2)) is stored
    with pytest.raises(NodeError, match="is on this host"):
        newest(stored, spec(uuid="87777777-1111-4111-8111-111111111111"))


THERE = {
    "ready": True,
    "route": "10.1.1.1",
    "interfaces": {
        "eth0": {
            "mac": "02:00:00:00:07:01",
            "up": True,
            "bridge": "cloudbr0",
            "plugged_up": True,
            "addresses": ["10.1.1.2/24", "169.254.169.254/32"],
        }
    },
}


def there(**changes: Any) -> dict[str, Any]:
    return {**THERE, "interfaces": {"eth0": {**THERE["interfaces"]["eth0"], **changes}}}  # type: ignore[index]


@pytest.mark.parametrize(("current", "verbs"), [
    ({}, ["add_netns", "add", "plug", "add_address", "add_address", "up", "route"]),
    (THERE, []),
    (there(bridge=None), ["plug"]),
    (there(plugged_up=False), ["plug"]),
    (there(up=False), ["up"]),
    (there(mac="02:00:00:00:07:09"), ["mac", "up", "route"]),
    (there(addresses=["10.1.1.2/24"]), ["add_address"]),
    (there(addresses=["10.1.1.2/24", "10.9.9.9/24", "169.254.169.254/32"]), ["drop_address"]),
    ({**THERE, "route": None}, ["route"]),
    ({**THERE, "ready": False}, ["add_netns"]),
    ({**THERE, "interfaces": {**THERE["interfaces"], "eth9": {}}}, ["delete"]),  # type: ignore[dict-item]
])
def test_links_plan(current: dict[str, Any], verbs: list[str]) -> None:
    assert [step.verb for step in links_part.plan(current, parse(SPEC))] == verbs


@pytest.mark.parametrize("gateway", [None, "10.1.1.2", "192.0.2.1"])
def test_no_route_to_itself_or_out_of_reach(gateway: str | None) -> None:
    router = parse(spec(gateway=gateway))
    assert [step.verb for step in links_part.plan(THERE, router)] == ["unroute"]


def test_host_ends_are_stable_short_and_distinct() -> None:
    names = {links_part.host_end(SPEC["uuid"], f"eth{number}") for number in range(50)}
    assert len(names) == 50
    assert all(len(name) <= 15 for name in names)


def test_dnsmasq_contents() -> None:
    texts = dnsmasq_part.contents(parse(SPEC), PLACE, "dnsmasq")
    assert texts["dhcp-hosts"] == "02:00:00:00:00:05,10.1.1.23,web1,infinite\n"
    assert texts["hosts"] == "10.1.1.2 data-server\n10.1.1.23 web1\n"
    assert texts["servers"] == "server=192.0.2.53\n"
    assert texts["dhcp-options"].splitlines() == [
        "tag:eth0,option:router,10.1.1.1",
        "tag:eth0,option:classless-static-route,169.254.169.254/32,10.1.1.2,0.0.0.0/0,10.1.1.1",
        "tag:eth0,option:dns-server,10.1.1.2",
    ]
    lines = texts["dnsmasq.conf"].splitlines()
    assert {"interface=eth0", "dhcp-range=set:eth0,10.1.1.0,static,255.255.255.0,infinite"} <= set(lines)
    assert "dhcp-ignore=tag:!known" in lines


def test_a_new_guest_leaves_the_configuration_alone() -> None:
    more = spec(dhcp=[RESERVED, {"mac": "02:00:00:00:00:06", "ip": "10.1.1.24", "hostname": "web2"}])
    before, after = (dnsmasq_part.contents(parse(one), PLACE, "dnsmasq") for one in (SPEC, more))
    assert {name for name in after if before[name] != after[name]} == {"dhcp-hosts", "hosts"}


FILES = {"dnsmasq.conf": "c", "hosts": "h"}
READ = dnsmasq_part.note(FILES)
LEASE = dhcp_release.Lease("02:00:00:00:00:05", "10.1.1.23", "*")


@pytest.mark.parametrize(("changes", "gone", "steps"), [
    ({}, [], []),
    ({"alive": False}, [], [("start", READ)]),
    ({"files": {**FILES, "hosts": None}}, [], [("write", "hosts")]),
    ({"files": {**FILES, "hosts": "x"}, "read": READ[:17] + "x"}, [], [("write", "hosts"), ("reload", READ)]),
    ({"read": READ[:17] + "killed before the reload"}, [], [("reload", READ)]),
    ({"read": "killed before the restart"}, [], [("start", READ)]),
    ({"read": ""}, [], [("start", READ)]),
    ({"files": {**FILES, "dnsmasq.conf": "x"}, "read": "x"}, [], [("write", "dnsmasq.conf"), ("start", READ)]),
    ({}, [LEASE], [("release", LEASE)]),
])
def test_dnsmasq_plan(changes: dict[str, Any], gone: list[Any], steps: list[Any]) -> None:
    current = {"files": FILES, "alive": True, "read": READ, **changes}
    assert dnsmasq_part.plan(current, FILES, gone) == [Step(*step) for step in steps]


@pytest.mark.parametrize(("lease", "is_stale"), [
    (LEASE, False),
    (LEASE._replace(mac="02:00:00:00:00:09"), True),
    (LEASE._replace(ip="10.1.1.77"), True),
    (LEASE._replace(ip="10.9.9.9"), False),
])
def test_leases_of_others_are_stale(lease: dhcp_release.Lease, is_stale: bool) -> None:
    assert dnsmasq_part.stale([lease], parse(SPEC)) == ([lease] if is_stale else [])


def test_lease_files_and_the_release_of_a_lease() -> None:
    text = (
        "1700000000 02:00:00:00:00:05 10.1.1.23 web1 01:02:00:00:00:00:05\n"
        "0 02:00:00:00:00:06 10.1.1.24 * *\nduid x\n"
    )
    leases = dhcp_release.parse_leases(text)
    assert [(lease.mac[-2:], lease.ip, lease.client_id) for lease in leases] == [
        ("05", "10.1.1.23", "01:02:00:00:00:00:05"),
        ("06", "10.1.1.24", "*"),
    ]
    packet = dhcp_release.message(leases[0], "10.1.1.2")
    assert packet[12:16] == bytes([10, 1, 1, 23])  # ciaddr, RFC 2131 figure 1
    assert packet[28:34] == bytes.fromhex("020000000005")
    assert packet[236:] == (
        bytes.fromhex("63825363") + b"\x35\x01\x07" + b"\x36\x04\x0a\x01\x01\x02"
        + b"\x3d\x07\x01\x02\x00\x00\x00\x00\x05" + b"\xff"
    )  # fmt: skip


RUNS = digest(["p"])


def metadata_state(**changes: Any) -> dict[str, Any]:
    files = {"metadata.py": "p", "metadata.json": '{"guests": {"10.1.1.23": {"password": "s"}}}'}
    return {"files": files, "taken": [], "alive": True, "runs": RUNS, **changes}


@pytest.mark.parametrize(("changes", "steps"), [
    ({}, []),
    ({"alive": False}, [("start", RUNS)]),
    ({"runs": "an older one"}, [("start", RUNS)]),
    ({"runs": None}, [("start", RUNS)]),
    ({"files": {"metadata.py": "p"}}, [("write", "metadata.json")]),
    ({"files": {**metadata_state()["files"], "metadata.py": "q"}}, [("write", "metadata.py")]),
    ({"taken": ["10.1.1.23", "10.1.1.99"]}, [("forget", "10.1.1.99")]),
])
def test_metadata_plan(changes: dict[str, Any], steps: list[Any]) -> None:
    found = metadata_part.plan(metadata_state(**changes), metadata_state()["files"])
    assert found == [Step(*step) for step in steps]


@pytest.mark.parametrize(("path", "expected"), [
    ("/", b"latest\n"),
    ("/latest", b"meta-data\nuser-data\n"),
    ("/latest/meta-data/", b"instance-id\npublic-keys\n"),
    ("/latest/meta-data", b"instance-id\npublic-keys\n"),
    ("/latest/meta-data/instance-id", b"i-2-5-VM"),
    ("/latest/instance-id", b"i-2-5-VM"),
    ("/latest//meta-data//instance-id?x=1", b"i-2-5-VM"),
    ("/latest/public-keys", b"ssh-ed25519 AAAA me"),
    ("/latest/meta-data/public-keys/0/openssh-key", b"ssh-ed25519 AAAA me"),
    ("/latest/user-data", b"#!/bin/sh\n\xff"),
    ("/latest/password", None),
    ("/latest/meta-data/public-ipv4", None),
    ("/latest/meta-data/../../etc/passwd", None),
    ("/2009-04-04/meta-data", None),
])
def test_metadata_answers(path: str, expected: bytes | None) -> None:
    guest = SPEC["metadata"]["10.1.1.23"]
    known = parse(SPEC).guests["10.1.1.23"]
    entry = {"metadata": dict(known.metadata), "user_data": guest["user-data"], "password": "secret"}
    assert metadata_service.answer(entry, path) == expected


def test_the_program_of_the_service_is_at_hand() -> None:
    assert "def answer(" in metadata_part.program()
    compile(metadata_part.program(), "metadata.py", "exec")
