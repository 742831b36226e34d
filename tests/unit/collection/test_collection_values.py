"""The small functions by which modules compare what is spelled in several ways."""

from __future__ import annotations

import pytest
from ansible_collections.stratoform.cloud.plugins.inventory.instances import address, group_names, host_names
from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError
from ansible_collections.stratoform.cloud.plugins.module_utils.field import bare_vlan
from ansible_collections.stratoform.cloud.plugins.modules.host import known_as
from ansible_collections.stratoform.cloud.plugins.modules.primary_storage import place_of, tidy_url
from ansible_collections.stratoform.cloud.plugins.modules.ssh_key import fingerprint
from ansible_collections.stratoform.cloud.plugins.modules.template import broken, digest

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBOewmGX8A8OrT0JFNil17Cbnq56Y3eIIEV38rsyMNfO someone@somewhere"
KEY_MD5 = "71:88:76:e3:1d:bf:2c:e5:96:6d:46:c2:0c:a2:e2:17"

POOLS = [
    ("nfs://Server/export/p/", {"type": "NetworkFilesystem", "ipaddress": "server", "path": "/export/p"}),
    ("SharedMountPoint://localhost/mnt/p", {"type": "SharedMountPoint", "ipaddress": "127.0.0.1", "path": "/mnt/p"}),
    ("filesystem:///srv/p", {"type": "Filesystem", "path": "/srv/p/"}),
]


@pytest.mark.parametrize(("url", "pool"), POOLS)
def test_a_url_and_the_pool_it_made_are_the_same_place(url: str, pool: dict[str, str]) -> None:
    """However the server of a local path is called."""
    assert tidy_url(url) == tidy_url(str(place_of(pool)))


def test_places_differ_by_path_and_server() -> None:
    """Of a remote pool."""
    assert len({tidy_url(url) for url in ("nfs://a/x", "nfs://b/x", "nfs://a/y", "filesystem://a/x")}) == 4


def test_a_pool_whose_answer_does_not_tell_its_url_has_no_place() -> None:
    """An RBD URL has more in it than the answer shows."""
    assert place_of({"type": "RBD", "path": "pool"}) is None
    assert tidy_url("rbd://u:s@mon/pool") == "rbd://u:s@mon/pool"


def test_fingerprints_are_the_ones_of_openssh() -> None:
    """``ssh-keygen -l -E md5`` shows the same."""
    assert fingerprint(KEY) == fingerprint(KEY_MD5) == KEY_MD5


@pytest.mark.parametrize("key", ["", "ssh-rsa", "ssh-rsa not*base64", "{{ 1 }} {{ 2 }}"])
def test_what_is_no_key_is_refused(key: str) -> None:
    """With what was expected."""
    with pytest.raises(CloudError, match="public_key is not an OpenSSH public key"):
        fingerprint(key)


@pytest.mark.parametrize("checksum", ["sha256:ABC", "{SHA-256}abc", "abc", " abc "])
def test_checksums_are_compared_by_their_digits(checksum: str) -> None:
    """Whatever names the algorithm."""
    assert digest(checksum) == "abc"


@pytest.mark.parametrize(
    ("template", "lost"),
    [
        ({"isready": True, "status": "Download Complete"}, False),
        ({"isready": False, "status": "30% Downloaded"}, False),
        ({"isready": False}, False),
        ({"isready": False, "status": "Waiting for the download to begin"}, False),
        ({"isready": False, "status": "Download Complete"}, False),
        ({"isready": False, "status": "Failed to download: 404"}, True),
        ({"isready": False, "status": "Download Error"}, True),
    ],
)
def test_a_broken_download_is_told_from_a_slow_one(template: dict[str, object], lost: bool) -> None:
    """By its status."""
    assert broken(template) is lost


@pytest.mark.parametrize(("vlan", "bare"), [("vlan://100", "100"), ("100", "100"), ("vlan://untagged", "untagged")])
def test_vlans_are_compared_bare(vlan: str, bare: str) -> None:
    """The API shows some of them as URIs."""
    assert bare_vlan(vlan) == bare


@pytest.mark.parametrize(
    ("url", "name", "expected"),
    [
        ("http://10.0.0.5", None, {"10.0.0.5"}),
        ("http://10.0.0.5", "node5", {"node5"}),
        ("http://sim/c0/h0", None, {"http://sim/c0/h0", "sim/c0/h0", "sim-c0-h0"}),
    ],
)
def test_a_host_is_known_by_what_its_url_tells(url: str, name: str | None, expected: set[str]) -> None:
    """A simulated host by its path, never by the server name it shares."""
    assert known_as(url, name) == expected


NICS = [
    {"networkname": "back", "networkid": "1", "ipaddress": "10.0.0.1"},
    {"networkname": "front", "networkid": "2", "ipaddress": "10.0.1.1", "isdefault": True},
]


@pytest.mark.parametrize(
    ("network", "expected"), [(None, "10.0.1.1"), ("back", "10.0.0.1"), ("1", "10.0.0.1"), ("x", None)]
)
def test_the_address_of_an_instance(network: str | None, expected: str | None) -> None:
    """In the default network, or in the one asked for."""
    assert address({"nic": NICS}, network) == expected
    assert address({}, network) is None


def test_the_groups_of_an_instance() -> None:
    """What is unset makes no group."""
    instance = {"zonename": "z", "state": "Running", "tags": [{"key": "role", "value": "web"}], "group": ""}
    assert group_names(instance) == ["zone_z", "state_running", "tag_role_web"]


def test_host_names_are_unique_and_no_templates() -> None:
    """The id stands in."""
    instances = [{"id": "1", "name": "a"}, {"id": "2", "name": "a"}, {"id": "3", "name": "{{ x }}"}, {"id": "4"}]
    assert host_names(instances, "name") == ["a", "a-2", "3", "4"]
