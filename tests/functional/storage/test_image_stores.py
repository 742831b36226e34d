"""Secondary storage: adding, listing, removing."""

from __future__ import annotations

import pytest

from tests.conftest import Service
from tests.support.client import Client, Refused
from tests.support.zone import Zone, build


@pytest.fixture
def zone(api: Client) -> Zone:
    return build(api)


def add(api: Client, zone: Zone, **more: object) -> dict[str, object]:
    given = {"zoneid": zone.zone, "name": "more", "provider": "NFS", "url": "nfs://192.0.2.12/export/more"}
    return api.one("addImageStore", **given | more)


def test_a_store_is_shown_as_declared(api: Client, zone: Zone) -> None:
    for provider, url, protocol in (
        ("nfs", "nfs://192.0.2.12/export/more", "nfs"), ("NFS", "file:///srv/images", "file"),
        ("Directory", "file:///srv/others", "file"), ("Simulator", "sim://store/a", "sim"),
    ):
        store = add(api, zone, name=url, provider=provider, url=url)
        assert (store["url"], store["protocol"]) == (url, protocol)
        assert store["providername"].lower() == provider.lower()
        assert (store["scope"], store["zonename"], store["name"]) == ("ZONE", "sim", url)
        assert api.one("listImageStores", name=url).items() <= store.items()


def test_the_older_command_answers_under_its_own_key(api: Client, zone: Zone) -> None:
    answer = api("addSecondaryStorage", zoneid=zone.zone, url="nfs://192.0.2.12/export/more/")
    assert answer["secondarystorage"]["name"] == "nfs://192.0.2.12/export/more"
    assert "imagestore" in api("listImageStores")


BAD: tuple[tuple[dict[str, object], str], ...] = (
    ({"provider": "S3"}, "is not one of NFS, Directory, Simulator"),
    ({"provider": "Directory"}, "Directory does not serve nfs:// URLs"),
    ({"url": None}, "provider NFS needs it"),
    ({"url": "ftp://host/path"}, "is not one of nfs://host/export"),
    ({"url": "file://host/srv"}, "names a host"),
    ({"url": "nfs:///srv"}, "names no server"),
    ({"zoneid": None}, "Invalid parameter zoneid"),
    ({"name": "secondary"}, "named 'secondary' exists already"),
    ({"url": "nfs://192.0.2.10/export//secondary"}, "image store 'secondary' is there already"),
    ({"details[0].key": "accesskey", "details[0].value": "x"}, "has no such settings: accesskey"),
)


def test_bad_input_names_the_parameter(api: Client, zone: Zone) -> None:
    for given, why in BAD:
        with pytest.raises(Refused, match=why) as refusal:
            add(api, zone, **given)
        assert refusal.value.code == 431
    assert [store["name"] for store in api.items("listImageStores")] == ["secondary"]


def test_a_store_that_cannot_be_reached_leaves_no_trace(service: Service, api: Client, zone: Zone) -> None:
    service.cloud.simulator.trouble(operation="image_store", failure="fail", cause="directory does not exist")
    with pytest.raises(Refused, match="directory does not exist"):
        add(api, zone)
    assert [store["name"] for store in api.items("listImageStores")] == ["secondary"]
    assert add(api, zone)["name"] == "more"


def test_a_store_with_templates_stays(service: Service, api: Client, zone: Zone) -> None:
    with pytest.raises(Refused, match=r"still has 1 template\(s\): tiny") as refusal:
        api("deleteImageStore", id=zone.store)
    assert refusal.value.code == 536
    api.job("deleteTemplate", id=zone.template)
    assert api("deleteImageStore", id=zone.store) == {"success": "true"}
    assert api.items("listImageStores") == []
    assert service.cloud.simulator.inventory("image_store") == {}


def test_lists_filter(api: Client, zone: Zone) -> None:
    add(api, zone, provider="Directory", url="file:///srv/images")

    def names(**filters: object) -> list[str]:
        return [store["name"] for store in api.items("listImageStores", **filters)]

    assert names() == names(zoneid=zone.zone) == ["secondary", "more"]
    assert names(protocol="file") == names(provider="Directory") == names(keyword="direct") == ["more"]
    assert names(id=zone.store) == names(name="secondary") == ["secondary"]
