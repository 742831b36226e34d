"""Disk offerings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Service
from tests.support.client import Client, Refused


def create(api: Client, **more: object) -> dict[str, Any]:
    return api.one("createDiskOffering", **{"name": "fast", "displaytext": "Fast", "disksize": 10} | more)


def names(client: Client, **filters: object) -> list[str]:
    return [offering["name"] for offering in client.items("listDiskOfferings", **filters)]


def test_the_cloud_begins_with_the_offerings_clients_expect(api: Client) -> None:
    shown = {o["name"]: (o["disksize"], o["iscustomized"]) for o in api.items("listDiskOfferings")}
    assert shown == {"Small": (5, False), "Medium": (20, False), "Large": (100, False), "Custom": (0, True)}


def test_an_offering_is_shown_with_all_its_fields(api: Client) -> None:
    made = create(api, tags="ssd, blue", storagetype="LOCAL", bytesreadrate=1000, byteswriterate=0, iopswriterate=50,
                  provisioningtype="thin", customizediops=False, miniops=0, hypervisorsnapshotreserve=0)
    assert made | {"id": "", "created": ""} == {
        "id": "", "created": "", "name": "fast", "displaytext": "Fast", "disksize": 10, "iscustomized": False,
        "iscustomizediops": False, "tags": "ssd,blue", "storagetype": "local", "provisioningtype": "thin",
        "diskBytesReadRate": 1000, "diskIopsWriteRate": 50, "displayoffering": True,
    }
    assert api.one("listDiskOfferings", id=made["id"]) == made


@pytest.mark.parametrize(("change", "text"), [
    ({"name": None}, "parameter name is missing"),
    ({"displaytext": None}, "parameter displaytext is missing"),
    ({"disksize": None}, "Invalid parameter disksize: it is missing; or say customized=true"),
    ({"disksize": 0}, "0 is not between 1"),
    ({"customized": True}, "Invalid parameter disksize: an offering with customized=true leaves the size"),
    ({"storagetype": "tape"}, "is not one of shared, local"),
    ({"provisioningtype": "fat"}, "Invalid parameter provisioningtype: 'fat' is not one of thin"),
    ({"miniops": 5}, "Invalid parameter miniops: I/O operations can be promised"),
    ({"maxiops": 5}, "Invalid parameter maxiops"),
    ({"customizediops": True}, "Invalid parameter customizediops"),
    ({"hypervisorsnapshotreserve": 10}, "Invalid parameter hypervisorsnapshotreserve"),
    ({"iopsreadrate": -1}, "Invalid parameter iopsreadrate"),
    ({"name": "Small"}, "a disk offering named 'Small' exists already"),
    ({"domainid": "1"}, "no domain with id '1'"),
])
def test_what_is_no_offering_is_refused(api: Client, change: dict[str, object], text: str) -> None:
    with pytest.raises(Refused, match=text):
        create(api, **change)
    assert len(names(api)) == 4


def test_offerings_change_their_look_and_go(api: Client) -> None:
    made = create(api)
    changed = api.one("updateDiskOffering", id=made["id"], name="slow", displaytext="Slow", sortkey=0)
    assert (changed["name"], changed["displaytext"], changed["disksize"]) == ("slow", "Slow", 10)
    with pytest.raises(Refused, match="named 'Small' exists already"):
        api("updateDiskOffering", id=made["id"], name="Small")
    with pytest.raises(Refused, match="updateDiskOffering has no such parameter"):
        api("updateDiskOffering", id=made["id"], disksize=7)
    assert names(api, keyword="SLO") == names(api, name="slow") == ["slow"]
    assert names(api, storagetype="local") == []
    api("deleteDiskOffering", id=made["id"])
    assert "slow" not in names(api)
    create(api, name="slow")


def test_who_sees_which_offering(service: Service, api: Client) -> None:
    ann, dora = service.user("ann", path="/a/"), service.user("dora", 2, path="/b/")
    with service.cloud.db.read() as session:
        domain = session.connection().exec_driver_sql("select uuid from domain where path = '/a/'").scalar()
    create(api, name="for a", domainid=domain)
    hidden = create(api, name="hidden", displayoffering=False)
    standard = ["Small", "Medium", "Large", "Custom"]
    assert names(api) == [*standard, "for a", "hidden"]
    assert names(ann) == [*standard, "for a"]
    assert names(dora) == standard
    assert names(api, domainid=domain) == ["for a"]
    create(api, name="Small", domainid=domain)  # each domain has names of its own
    with pytest.raises(Refused, match="or it is not yours to use"):
        ann("listDiskOfferings", id=hidden["id"])
    api("updateDiskOffering", id=hidden["id"], displayoffering=True)
    assert "hidden" in names(ann)
    for command in ("createDiskOffering", "updateDiskOffering", "deleteDiskOffering"):
        with pytest.raises(Refused, match="is not available to this account"):
            ann(command)
