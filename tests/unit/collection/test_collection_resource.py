"""The base class: find, plan, check mode, carry out, against a cloud in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError
from ansible_collections.stratoform.cloud.plugins.module_utils.field import CREATE, UPDATE, Field
from ansible_collections.stratoform.cloud.plugins.module_utils.resource import ABSENT, Outcome, Resource
from fake_cloud import FakeCloud


class Pod(Resource):
    """A kind with a reference, an immutable, a late field and a state of its own."""

    noun = "pod"
    lists, creates, updates, deletes = "listPods", "createPod", "updatePod", "deletePod"
    states: ClassVar[Mapping[str, Any]] = {"present": {}, "enabled": {"allocation_state": "Enabled"}, "absent": ABSENT}
    fields = (
        Field("name", key=True, narrows="name", required=True),
        Field("zone", reference="zone", narrows="zoneid", immutable=True, on=CREATE),
        Field("gateway"),
        Field("size", type="int", immutable=True, on=CREATE),
        Field("secret", shown=None, no_log=True),
        Field("details", type="dict"),
        Field("tags", type="list", elements="str", on=UPDATE),
        Field("allocation_state", option=False),
    )


class Locked(Pod):
    """A kind the API cannot change."""

    updates = None


class Throwaway(Locked):
    """A kind on which nothing hangs."""

    replaceable = True


def converge(cloud: FakeCloud, kind: type[Resource] = Pod, check_mode: bool = False, **options: Any) -> Outcome:
    """One task."""
    declared = {field.name: None for field in kind.fields} | {"state": "present", "name": "p", "zone": "z"} | options
    return kind(declared, cloud.api()).converge(check_mode)


@pytest.fixture(autouse=True)
def zone(cloud: FakeCloud) -> dict[str, Any]:
    """A zone to be in."""
    return cloud.add("zone", name="z")


def test_created_once(cloud: FakeCloud, zone: dict[str, Any]) -> None:
    """The second run changes nothing and sends nothing."""
    first, second = (converge(cloud, gateway="10.0.0.1", size=3, secret="s") for _ in range(2))
    assert (first.changed, second.changed) == (True, False)
    assert cloud.commands() == ["createPod"]
    sent = {"name": "p", "zoneid": zone["id"], "gateway": "10.0.0.1", "size": "3", "secret": "s"}
    assert cloud.sent("createPod") == sent
    assert second.item["name"] == "p"


def test_the_diff_speaks_of_names(cloud: FakeCloud) -> None:
    """Before nothing, after what was declared."""
    outcome = converge(cloud, gateway="10.0.0.1")
    assert (outcome.before, outcome.after) == ({}, {"name": "p", "zone": "z", "gateway": "10.0.0.1"})


def test_only_what_differs_is_sent(cloud: FakeCloud) -> None:
    """With the object's id."""
    item = converge(cloud, gateway="10.0.0.1").item
    outcome = converge(cloud, gateway="10.0.0.2")
    assert outcome.changed
    assert outcome.before["gateway"], outcome.after["gateway"] == ("10.0.0.1", "10.0.0.2")
    assert cloud.sent("updatePod") == {"id": item["id"], "gateway": "10.0.0.2"}
    assert outcome.item["gateway"] == "10.0.0.2"


def test_what_only_an_update_takes_follows_the_creation(cloud: FakeCloud) -> None:
    """In the same run; the next one finds it done."""
    assert converge(cloud, tags=["b", "a"]).item["tags"] == "b,a"
    assert cloud.commands() == ["createPod", "updatePod"]
    assert not converge(cloud, tags=["a", "b"]).changed


def test_a_state_is_a_field(cloud: FakeCloud) -> None:
    """Present leaves it alone."""
    cloud.add("pod", name="p", zoneid=cloud.rows["zone"][0]["id"], allocationstate="Disabled")
    assert not converge(cloud).changed
    assert converge(cloud, state="enabled").changed
    assert cloud.sent("updatePod")["allocationstate"] == "Enabled"
    assert not converge(cloud, state="enabled").changed


def test_an_immutable_field_is_refused_by_name(cloud: FakeCloud) -> None:
    """Also in check mode, and nothing is sent."""
    converge(cloud, size=3)
    for check_mode in (False, True):
        with pytest.raises(CloudError, match=r"^Failed to change pod 'p': size cannot be changed from 3 to 4$"):
            converge(cloud, size=4, check_mode=check_mode)
    assert cloud.commands() == ["createPod"]


def test_without_an_update_command_everything_is_immutable(cloud: FakeCloud) -> None:
    """Unless a new object can take the old one's place."""
    converge(cloud, Locked, gateway="a")
    with pytest.raises(CloudError, match="gateway cannot be changed"):
        converge(cloud, Locked, gateway="b")
    assert converge(cloud, Throwaway, gateway="b").changed
    assert cloud.commands() == ["createPod", "deletePod", "createPod"]


@pytest.mark.parametrize("state", ["present", "absent"])
def test_check_mode_changes_nothing_and_tells_the_same(cloud: FakeCloud, state: str) -> None:
    """Of creation and deletion alike."""
    if state == "absent":
        converge(cloud)
    before = cloud.commands()
    told = converge(cloud, state=state, check_mode=True)
    assert cloud.commands() == before
    done = converge(cloud, state=state)
    assert told.changed
    assert told[:3] == done[:3]


def test_deleted_once(cloud: FakeCloud) -> None:
    """A second time there is nothing left to delete."""
    converge(cloud)
    assert converge(cloud, state="absent") == Outcome(True, {"name": "p", "zone": "z"}, {}, {})
    assert not converge(cloud, state="absent").changed


def test_nothing_is_in_a_zone_that_is_not_there(cloud: FakeCloud) -> None:
    """So there is nothing to delete, and check mode can tell of a whole cloud yet to be made."""
    assert not converge(cloud, zone="nowhere", state="absent").changed
    assert converge(cloud, zone="nowhere", check_mode=True).after["zone"] == "nowhere"
    with pytest.raises(CloudError, match=r"^Failed to create pod 'p': there is no zone 'nowhere'$"):
        converge(cloud, zone="nowhere")


def test_a_zone_may_be_told_by_id(cloud: FakeCloud, zone: dict[str, Any]) -> None:
    """Which is the same zone."""
    converge(cloud)
    assert not converge(cloud, zone=zone["id"]).changed


def test_two_of_one_name_are_refused(cloud: FakeCloud, zone: dict[str, Any]) -> None:
    """The ids are given, to choose from."""
    ids = [cloud.add("pod", name="p", zoneid=zone["id"])["id"] for _ in range(2)]
    with pytest.raises(CloudError, match="there are 2 such objects \\({}, {}\\)".format(*ids)):
        converge(cloud)


def test_jobs_are_waited_for(cloud: FakeCloud) -> None:
    """And their result is the object."""
    cloud.slow.add("pod")
    assert converge(cloud, gateway="a").item["gateway"] == "a"
    assert converge(cloud, state="absent").changed
    assert cloud.rows["pod"] == []


def test_a_refusal_says_what_was_being_done(cloud: FakeCloud) -> None:
    """And then the cloud's own sentence."""
    cloud.refusals["createPod"] = (431, "The address range is taken.")
    with pytest.raises(CloudError, match=r"^Failed to create pod 'p': The address range is taken\.$") as refusal:
        converge(cloud)
    assert refusal.value.code == 431


def test_a_mapping_is_sent_whole(cloud: FakeCloud, zone: dict[str, Any]) -> None:
    """The API replaces it, so what nobody declared goes with it."""
    cloud.add("pod", name="p", zoneid=zone["id"], details={"theirs": "1", "ours": "1"})
    assert not converge(cloud, details={"ours": "1"}).changed
    converge(cloud, details={"ours": "2"})
    sent = {name: value for name, value in cloud.sent("updatePod").items() if name != "id"}
    assert sent == {"details[0].theirs": "1", "details[0].ours": "2"}


def test_waiting_tells_what_was_seen_last(cloud: FakeCloud, zone: dict[str, Any]) -> None:
    """When the time is over."""
    row = cloud.add("pod", name="p", zoneid=zone["id"], state="Alert")
    options = {field.name: None for field in Pod.fields} | {"name": "p", "zone": "z", "state": "present"}
    with pytest.raises(CloudError, match=r"^its state, 'Alert', did not become a good one within 60 s$"):
        Pod(options, cloud.api()).watch(row, lambda pod: pod.get("state") == "Up", "state")
