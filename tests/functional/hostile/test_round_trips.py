"""What people may write comes back letter by letter, in JSON and XML, and arrives at hosts as data."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Service
from tests.functional.hostile.asking import ask
from tests.functional.permissions.recipes import KEY, recipe
from tests.functional.permissions.world import World
from tests.support.zone import Zone

TEXTS = (
    "'; DROP TABLE vm; -- \"`\\",
    "{{ 7*7 }}{% for x in range(10) %}{{ lookup('pipe', 'id') }}{% endfor %}{# x",
    "${jndi:ldap://x} #{7*7} <%= 7*7 %> %(x)s {0.__class__} %s%n",
    '<a href="x">&lt;</a> ]]> <!-- <![CDATA[ <?xml?> &e;',
    "$(reboot)`id`|rm -rf / & ; > /etc/passwd < /dev/zero \\n \\0 \\",
    "\u202e\u05d0\u05d1\u05d2\u2066 \u0645\u0631\u062d\u0628\u0627 \ufeff\u200f.",
    "\U0001f469\u200d\U0001f680 \U0001f1e9\U0001f1ea \u2764\ufe0f",
    "Z\u00fcrich \u6771\u4eac \u0e01\u0e33 \u01fa",
    "100% _a\\_b% *?[x] ^.*$",
    "null", "0", "-rf ../../etc/passwd", "=1+1", "\U0001f433" * 255,
)
"""In Unicode's composed form and without blanks at the ends, so that nothing is normalised."""

PLACES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "createZone": ("listZones", {"name": "name"}),
    "createPod": ("listPods", {"name": "name"}),
    "addCluster": ("listClusters", {"clustername": "name"}),
    "createPhysicalNetwork": ("listPhysicalNetworks", {"name": "name"}),
    "createStoragePool": ("listStoragePools", {"name": "name"}),
    "addImageStore": ("listImageStores", {"name": "name"}),
    "createServiceOffering": ("listServiceOfferings", {"name": "name", "displaytext": "displaytext"}),
    "createNetworkOffering": ("listNetworkOfferings", {"name": "name", "displaytext": "displaytext"}),
    "createNetwork": ("listNetworks", {"name": "name", "displaytext": "displaytext"}),
    "registerTemplate": ("listTemplates", {"name": "name", "displaytext": "displaytext"}),
    "registerSSHKeyPair": ("listSSHKeyPairs", {"name": "name"}),
    "deployVirtualMachine": ("listVirtualMachines", {"displayname": "displayname", "group": "group"}),
}
"""Command to the command that lists what it makes, and what it takes to the field that shows it."""


def seen(world: World, command: str, field: str, **filters: str) -> tuple[list[str], list[str]]:
    """The field of everything the list shows, as JSON and as XML have it."""
    params = {**recipe(command, world.things["admin"]), "listall": "true", **filters}
    if command == "listTemplates":
        params["templatefilter"] = "all"  # those still on their way, too
    in_json = ask(world.service.admin, command, params).content
    in_xml = ask(world.service.admin, command, params, "xml").content
    items = next((v for k, v in in_json.items() if k != "count"), [])
    return [item[field] for item in items if field in item], [e.text or "" for e in in_xml.iterfind(f"*/{field}")]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_texts_come_back_letter_by_letter(world: World, text: str) -> None:
    admin, things = world.service.admin, world.things["admin"]
    for command, (list_command, fields) in PLACES.items():
        answer = ask(admin, command, {**recipe(command, things), **dict.fromkeys(fields, text)})
        assert (answer.status, answer.text) == (200, ""), command
        for field in fields.values():
            for shown in seen(world, list_command, field, keyword=text):
                assert shown.count(text) == 1, command


def test_maps_and_tags_come_back_letter_by_letter(world: World) -> None:
    admin, things = world.service.admin, world.things["admin"]
    texts = [text for text in TEXTS if len(text) <= 100]
    pairs = {f"serviceofferingdetails[{n}].{part}": text for n, text in enumerate(texts) for part in ("key", "value")}
    tags = ",".join(text for text in texts if "," not in text)
    params = {**recipe("createServiceOffering", things), **pairs, "tags": tags, "hosttags": tags}
    made = admin.one("createServiceOffering", **params)
    assert made["serviceofferingdetails"] == {text: text for text in texts}
    assert made["tags"] == made["hosttags"] == tags
    answer = ask(admin, "listServiceOfferings", {"id": made["id"]}, "xml").content
    shown = answer.find("serviceoffering/serviceofferingdetails")
    assert {(e.get("name") or e.tag, e.text) for e in shown} == {(text, text) for text in texts}
    world.restore()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60))
def test_any_text_comes_back_letter_by_letter(world: World, text: str) -> None:
    """Composed and without blanks at its ends; XML shows U+FFFD for the two characters it cannot hold."""
    admin, offering = world.service.admin, world.things["admin"]["spare_offering"]
    answer = ask(admin, "updateServiceOffering", {"id": offering, "displaytext": text})
    kept = unicodedata.normalize("NFC", text).strip()
    if not kept:
        assert answer.status in {200, 431}
        return
    assert answer.status == 200, answer.text
    assert answer.content["serviceoffering"]["displaytext"] == kept
    (in_json,), (in_xml,) = seen(world, "listServiceOfferings", "displaytext", id=offering)
    assert in_json == kept
    assert in_xml == re.sub("[\ufffe\uffff]", "\ufffd", kept)
    assert kept in seen(world, "listServiceOfferings", "displaytext", keyword=kept)[0]


def test_wildcards_of_sql_are_letters_in_keywords(world: World) -> None:
    names = ("a%b", "a_b", "axb", "a\\b", "A%B", "ab", "a/b", "a'b", 'a"b')
    for name in names:
        world.service.admin("registerSSHKeyPair", name=name, publickey=KEY)
    for keyword, found in {
        "%": {"a%b", "A%B"}, "_": {"a_b"}, "a_b": {"a_b"}, "A%": {"a%b", "A%B"}, "\\": {"a\\b"}, "/": {"a/b"},
        "'": {"a'b"}, '"': {'a"b'}, "%%": set(), "a%b%": set(), "' or ''='": set(), "*": set(), "[a-z]": set(),
    }.items():
        assert set(seen(world, "listSSHKeyPairs", "name", keyword=keyword)[0]) == found, keyword
    world.restore()


@pytest.mark.sqlite_only
def test_texts_arrive_at_hosts_as_data(built_zone: Zone, service: Service) -> None:
    """Whatever is told to a host of what people wrote is exactly what they wrote."""
    api, zone = service.admin, built_zone
    for number, text in enumerate(TEXTS):
        data = base64.b64encode(text.encode()).decode()
        comment = "".join(c for c in text if c.isprintable())
        api("updateZone", id=zone.zone, name=text)
        offering = api.one("createServiceOffering", name=text, displaytext="-", cpunumber=1, cpuspeed=100, memory=64)
        api("registerSSHKeyPair", name=text, publickey=f"{KEY.rpartition(' ')[0]} {comment}")
        vm = api.job("deployVirtualMachine", **zone.deploy(
            serviceofferingid=offering["id"], name=f"m{number}", displayname=text, keypair=text, userdata=data,
            group=text, **{"details[0].key": text, "details[0].value": text}))
        assert (vm["displayname"], vm["group"], vm["keypair"], vm["details"]) == (text, text, text, {text: text})
        (router,) = service.cloud.simulator.inventory("router").values()
        told = router["metadata"][vm["nic"][0]["ipaddress"]]
        assert told["availability-zone"] == told["service-offering"] == text
        assert told["public-keys"].split(" ", 2)[2] == comment
        assert base64.b64decode(told["user-data"]) == text.encode()
        _nowhere_else(service, text, told)


def _nowhere_else(service: Service, text: str, told: dict[str, Any]) -> None:
    """Names that hosts act on are the service's own or a checked host name, never what people wrote."""
    plain = re.compile(r"[A-Za-z0-9.:/ -]*")
    assert plain.fullmatch(told["local-hostname"])
    for (_, kind, key), spec in service.cloud.simulator.inventory().items():
        if kind in {"domain", "volume", "bridge"}:
            assert plain.fullmatch(key)
            assert text not in str(spec) or plain.fullmatch(text)
