"""Templates: registering, who sees which, deleting."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import Zone, build

URL = "http://images.example.org/debian.qcow2"
SHA = "ab" * 32


@pytest.fixture
def zone(api: Client) -> Zone:
    return build(api)


def register(client: Client, zone: Zone, **more: object) -> dict[str, Any]:
    given = {"zoneid": zone.zone, "name": "debian", "displaytext": "Debian 12", "format": "QCOW2", "url": URL,
             "hypervisor": "Simulator", "ostypeid": os_type(client)}
    return client.one("registerTemplate", **given | more)


def os_type(client: Client, name: str = "Debian GNU/Linux 12 (64-bit)") -> str:
    return client.one("listOsTypes", description=name)["id"]


def settled(client: Client, template: str) -> dict[str, Any]:
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        found = client.one("listTemplates", templatefilter="self", id=template)
        if found["isready"] or "jobid" not in found:
            return found
        time.sleep(0.02)
    raise TimeoutError(template)


def names(client: Client, kind: str, **filters: object) -> list[str]:
    return sorted(template["name"] for template in client.items("listTemplates", templatefilter=kind, **filters))


def test_a_template_is_shown_as_registered_and_becomes_ready(api: Client, zone: Zone) -> None:
    new = register(api, zone, checksum=f"{{SHA-256}}{SHA.upper()}", passwordenabled=True, isextractable=True,
                   sshkeyenabled=True, isdynamicallyscalable=True,
                   **{"details[0].key": "rootDiskController", "details[0].value": "virtio"})
    assert (new["isready"], new["crossZones"], new["ostypename"]) == (False, False, "Debian GNU/Linux 12 (64-bit)")
    assert new["jobid"]
    ready = settled(api, new["id"])
    assert (ready["isready"], ready["status"], ready["size"]) == (True, "Download Complete", 64 * 2**20)
    assert ready["checksum"] == f"sha256:{SHA}"
    assert ready["details"] == {"rootDiskController": "virtio"}
    assert ready["hostname"] == "secondary"
    assert all(ready[flag] for flag in ("passwordenabled", "isextractable", "sshkeyenabled", "isdynamicallyscalable"))
    assert (ready["account"], ready["domain"], ready["zonename"]) == ("admin", "ROOT", "sim")
    assert ready["templatetype"] == "USER"


BAD: tuple[tuple[dict[str, object], str, int], ...] = (
    ({"url": "ftp://host/x"}, "is neither http://, https:// nor file:///", 431),
    ({"url": "http:///x"}, "names no server", 431),
    ({"url": "http://user:secret@host/x"}, "must not carry a user name", 431),
    ({"url": "http://host/x.qcow2.bz2"}, "is packed", 431),
    ({"url": "http://host:port/x"}, "is no URL", 431),
    ({"url": "http://host/a b"}, "is neither", 431),
    ({"url": "file://host/x"}, "names a host", 431),
    ({"url": "file:///"}, "no absolute path", 431),
    ({"url": "file:///srv/../etc/shadow"}, "without '..'", 431),
    ({"url": "http://h/" + "x" * 3000}, "at most 2048 characters", 431),
    ({"checksum": "xyz"}, "is no checksum", 431),
    ({"checksum": "ab"}, "2 hexadecimal digits are no known checksum", 431),
    ({"checksum": f"md5:{SHA}"}, "64 hexadecimal digits are no md5 checksum", 431),
    ({"format": "ISO"}, "is not one of QCOW2, RAW, VHD, VMDK", 431),
    ({"hypervisor": "XenServer"}, "is not one of KVM, Simulator", 431),
    ({"ostypeid": "1"}, "no OS type with id '1'", 431),
    ({"zoneid": "1"}, "no zone with id '1'", 431),
    ({"bits": 48}, "neither 32 nor 64", 431),
    ({"isrouting": True}, "not offered by this installation yet", 431),
    ({"templatetag": "gpu"}, "not offered by this installation yet", 431),
    ({"name": "tiny"}, "named 'tiny' exists already", 431),
    ({"displaytext": None}, "parameter displaytext is missing", 431),
    ({"account": "nobody", "domainid": None}, "no account 'nobody'", 431),
)


def test_bad_input_names_the_parameter_and_leaves_nothing(api: Client, zone: Zone) -> None:
    for given, why, code in BAD:
        with pytest.raises(Refused, match=why) as refusal:
            register(api, zone, **given)
        assert refusal.value.code == code
    assert names(api, "all", listall=True) == ["tiny"]


def test_a_zone_without_secondary_storage_is_named(api: Client, zone: Zone) -> None:
    bare = api.one("createZone", name="bare", networktype="Advanced", dns1="192.0.2.53", internaldns1="192.0.2.53")
    with pytest.raises(Refused, match="zone 'bare' has no secondary storage") as refusal:
        register(api, zone, zoneid=bare["id"])
    assert refusal.value.code == 534


def test_a_failed_download_says_why_and_can_be_registered_again(service: Service, api: Client, zone: Zone) -> None:
    service.cloud.simulator.trouble(operation="image", failure="fail", cause="404 Not Found")
    failed = settled(api, register(api, zone)["id"])
    assert failed["isready"] is False
    assert "404 Not Found" in failed["status"]
    assert settled(api, register(api, zone)["id"])["isready"]
    api.job("deleteTemplate", id=failed["id"])
    assert names(api, "self") == ["debian", "tiny"]


def test_users_register_private_templates_from_the_network(service: Service, api: Client, zone: Zone) -> None:
    ann = service.user("ann")
    for given, why, code in (
        ({"url": "file:///etc/passwd"}, "Only root administrators .* file://", 401),
        ({"url": "http://127.0.0.1/x"}, "the cloud's own", 431),
        ({"url": "http://localhost:8080/x"}, "the cloud's own", 431),
        ({"url": "http://2130706433/x"}, "the cloud's own", 431),
        ({"url": "http://[::1]/x"}, "the cloud's own", 431),
        ({"url": "http://169.254.169.254/latest"}, "the cloud's own", 431),
        ({"zoneid": -1}, "Only root administrators .* all zones", 401),
        ({"isfeatured": True}, "Only root administrators can make templates featured", 401),
        ({"templatetag": "x"}, "root administrators only", 401),
    ):
        with pytest.raises(Refused, match=why) as refusal:
            register(ann, zone, **given)
        assert refusal.value.code == code
    api("updateConfiguration", name="allow.public.user.templates", value="false")
    with pytest.raises(Refused, match=r"allow\.public\.user\.templates"):
        register(ann, zone, ispublic=True)
    mine = settled(ann, register(ann, zone, url="https://images.be/x.qcow2")["id"])
    assert mine["account"] == "ann"
    assert {"hostname", "hostid", "templatetag"}.isdisjoint(mine)


def test_filters_mean_what_they_say(service: Service, api: Client, zone: Zone) -> None:
    ann, bob = service.user("ann"), service.user("bob")
    boss = service.user("boss", kind=2)
    settled(api, register(api, zone, name="featured", ispublic=True, isfeatured=True)["id"])
    settled(ann, register(ann, zone, name="hers")["id"])
    settled(ann, register(ann, zone, name="open", ispublic=True)["id"])
    service.cloud.simulator.trouble(operation="image", failure="fail")
    settled(ann, register(ann, zone, name="broken")["id"])

    assert names(ann, "self") == ["broken", "hers", "open"]
    assert names(ann, "selfexecutable") == ["hers", "open"]
    assert names(ann, "featured") == names(bob, "featured") == ["featured"]
    assert names(bob, "community") == ["open", "tiny"]
    assert names(ann, "executable") == ["featured", "hers", "open", "tiny"]
    assert names(bob, "executable") == ["featured", "open", "tiny"]
    assert names(bob, "self") == names(bob, "sharedexecutable") == []
    assert names(api, "self") == ["featured", "tiny"]
    assert names(api, "self", listall=True) == names(api, "all") == ["broken", "featured", "hers", "open", "tiny"]
    assert names(boss, "all") == ["broken", "featured", "hers", "open", "tiny"]
    assert names(api, "community", account="ann", domainid=api.one("listTemplates", templatefilter="self",
                 name="tiny")["domainid"]) == ["open"]
    with pytest.raises(Refused, match="all is for administrators only") as refusal:
        names(ann, "all")
    assert refusal.value.code == 401
    with pytest.raises(Refused, match="is not one of featured, self"):
        names(ann, "mine")
    hers = ann.one("listTemplates", templatefilter="self", name="hers")["id"]
    with pytest.raises(Refused, match="or it is not yours to use"):
        bob("listTemplates", templatefilter="executable", id=hers)


def test_lists_filter_and_page(api: Client, zone: Zone) -> None:
    register(api, zone, name="other", hypervisor="KVM")
    assert names(api, "self", hypervisor="KVM") == names(api, "self", keyword="THE") == ["other"]
    assert names(api, "self", zoneid=zone.zone, name="tiny") == ["tiny"]
    assert api("listTemplates", templatefilter="self", page=2, pagesize=1)["count"] == 2
    assert names(api, "self", **{"tags[0].key": "a", "tags[0].value": "b"}) == []


def test_a_template_of_all_zones_appears_in_each(api: Client, zone: Zone) -> None:
    api("createZone", name="other", networktype="Advanced", dns1="192.0.2.53", internaldns1="192.0.2.53")
    answer = api("registerTemplate", zoneid=-1, name="everywhere", displaytext="x", format="RAW", url=URL,
                 hypervisor="KVM", ostypeid=os_type(api))
    assert answer["count"] == 2
    assert [row["zonename"] for row in answer["template"]] == ["sim", "other"]
    assert all(row["crossZones"] for row in answer["template"])
    row = api.one("listTemplates", templatefilter="self", name="everywhere", zoneid=zone.zone)
    assert row["zoneid"] == zone.zone
    with pytest.raises(Refused, match="it serves all zones"):
        api("deleteTemplate", id=row["id"], zoneid=zone.zone)
    api.job("deleteTemplate", id=row["id"])
    assert names(api, "self") == ["tiny"]


def test_only_owner_and_administrators_delete(service: Service, zone: Zone) -> None:
    ann = service.user("ann")
    with pytest.raises(Refused, match="belongs to another account") as refusal:
        ann("deleteTemplate", id=zone.template)
    assert refusal.value.code == 531
    hers = settled(ann, register(ann, zone)["id"])["id"]
    assert ann.job("deleteTemplate", id=hers, zoneid=zone.zone) is True
    assert names(ann, "self") == []
    assert names(ann, "self", showremoved=True) == ["debian"]
    images = {key.rsplit("/")[-1] for _, _, key in service.cloud.simulator.inventory("image")}
    assert images == {f"{zone.template}.qcow2"}


def test_a_machine_outlives_its_template_and_one_not_started_needs_it(api: Client, zone: Zone) -> None:
    vm = api.job("deployVirtualMachine", **zone.deploy(name="waiting", startvm=False))
    with pytest.raises(Refused, match="machines that have not started yet") as refusal:
        api("deleteTemplate", id=zone.template)
    assert refusal.value.code == 536
    api.job("startVirtualMachine", id=vm["id"])
    api.job("deleteTemplate", id=zone.template)
    api.job("stopVirtualMachine", id=vm["id"])
    assert api.job("startVirtualMachine", id=vm["id"])["state"] == "Running"


def test_what_is_said_of_a_template_changes(service: Service, api: Client, zone: Zone) -> None:
    ann = service.user("ann")
    hers = settled(ann, register(ann, zone)["id"])["id"]
    changed = ann.one("updateTemplate", id=hers, name="debian12", displaytext="Debian", passwordenabled=True, sortkey=3,
                      ostypeid=os_type(ann, "Other (64-bit)"), **{"details[0].key": "a", "details[0].value": "b"})
    assert (changed["name"], changed["displaytext"], changed["ostypename"]) == ("debian12", "Debian", "Other (64-bit)")
    assert (changed["passwordenabled"], changed["details"]) == (True, {"a": "b"})
    assert names(api, "self", listall=True) == ["debian12", "tiny"]
    assert [t["name"] for t in api.items("listTemplates", templatefilter="all")] == ["tiny", "debian12"]
    for command, given, why in (
        ("updateTemplate", {"format": "RAW"}, "the image is QCOW2"),
        ("updateTemplate", {"bootable": False}, "machines boot from their template"),
        ("updateTemplate", {"isrouting": True}, "not offered by this installation yet"),
        ("updateTemplatePermissions", {"isfeatured": True}, "Only root administrators can make templates featured"),
        ("updateTemplatePermissions", {"accounts": "nobody", "op": "add"}, "has no account named 'nobody'"),
    ):
        with pytest.raises(Refused, match=why):
            ann(command, id=hers, **given)
    ann("updateTemplatePermissions", id=hers, ispublic=True, isextractable=True)
    shown = service.user("bob").one("listTemplates", templatefilter="community", name="debian12")
    assert shown["isextractable"] is True
    for command in ("updateTemplate", "updateTemplatePermissions"):
        with pytest.raises(Refused, match="belongs to another account"):
            ann(command, id=zone.template)
    api("updateTemplatePermissions", id=hers, isfeatured=True)
    assert names(ann, "featured") == ["debian12"]
    ann("updateTemplatePermissions", id=hers, op="reset")
    assert names(ann, "featured") == []
