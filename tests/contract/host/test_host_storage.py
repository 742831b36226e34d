"""Pools, stores, images, templates and volumes on this machine."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.node import virt
from ansible_collections.stratoform.cloud.plugins.module_utils.node.errors import NodeError
from ansible_collections.stratoform.cloud.plugins.module_utils.node.facts import Facts
from ansible_collections.stratoform.cloud.plugins.module_utils.node.pools import Pool
from ansible_collections.stratoform.cloud.plugins.module_utils.node.store_images import StoreImage
from ansible_collections.stratoform.cloud.plugins.module_utils.node.stores import ImageStore
from ansible_collections.stratoform.cloud.plugins.module_utils.node.templates import Template
from ansible_collections.stratoform.cloud.plugins.module_utils.node.volumes import Volume

from tests.support.host import run

MIB = 1 << 20


def contents(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def make_image(path: Path, *options: str, image_format: str = "qcow2") -> Path:
    run("qemu-img", "create", "-q", "-f", image_format, *options, path, *([] if "-b" in options else ["8M"]))
    return path


@pytest.mark.usefixtures("_libvirt")
def test_facts() -> None:
    result = Facts.converge({})
    assert not result.changed
    assert result.value["hypervisor"] == "KVM"
    assert result.value["acceleration"] in ("kvm", "qemu")
    assert result.value["cpus"] >= 1
    assert result.value["memory_bytes"] > 100 * MIB


def test_pool_comes_and_goes(place: Path) -> None:
    (place / "pool" / "kept").write_text("data")
    params = {"uuid": str(uuid.uuid4()), "type": "SharedMountPoint", "path": str(place / "pool")}
    assert Pool.converge(params, check=True).changed
    assert Pool.converge(params, check=True).changed  # the first one changed nothing
    assert Pool.converge(params).changed
    again = Pool.converge(params)
    assert not again.changed
    assert again.value["capacity_bytes"] >= again.value["available_bytes"] > 0
    absent = {**params, "state": "absent"}
    assert [Pool.converge(absent).changed, Pool.converge(absent).changed] == [True, False]
    assert contents(place / "pool") == ["kept"]


def test_a_pool_that_stopped_is_started(place: Path, pool: str) -> None:
    libvirt_pool = virt.connection().storagePoolLookupByUUIDString(pool)
    libvirt_pool.destroy()
    with pytest.raises(NodeError, match=f"storage pool {pool} is not active on this host"):
        Volume.converge({"pool_uuid": pool, "name": "v", "size_bytes": MIB})
    assert Pool.converge({"uuid": pool, "type": "Filesystem", "path": str(place / "pool")}).changed
    assert libvirt_pool.isActive()


def test_a_missing_directory_is_named(place: Path) -> None:
    name = str(uuid.uuid4())
    with pytest.raises(NodeError) as told:
        Pool.converge({"uuid": name, "type": "Filesystem", "path": str(place / "no")})
    assert str(told.value) == f"Failed to prepare storage pool {name}: directory {place}/no does not exist on this host"


def test_an_export_that_cannot_be_mounted_leaves_nothing(place: Path) -> None:
    name = str(uuid.uuid4())
    nfs = {"uuid": name, "type": "NetworkFilesystem", "source_host": "127.0.0.1", "source_path": "/no-export"}
    with pytest.raises(NodeError, match=r"mount\.nfs: "):
        Pool.converge(nfs)
    with pytest.raises(NodeError, match=r"NFS export 127\.0\.0\.1:/no-export cannot be mounted"):
        ImageStore.converge({"url": "nfs://127.0.0.1/no-export"})
    assert not Path("/mnt", name).exists()
    assert not Path("/mnt/stratoform").exists()
    assert name not in [pool.name() for pool in virt.connection().listAllStoragePools()]
    assert contents(place) == ["pool", "store"]


def image(place: Path, source: Path, **changes: Any) -> dict[str, Any]:
    limits = {"max_bytes": 100 * MIB, "timeout_s": 60, "format": "QCOW2"}
    return {"store_url": f"file://{place}/store", "path": "t/1/a", "url": f"file://{source}", **limits, **changes}


def test_image_comes_and_goes(place: Path) -> None:
    source = make_image(place / "a.qcow2")
    digest = f"sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}"
    params = image(place, source, checksum=digest)
    assert StoreImage.converge(params, check=True).changed
    assert contents(place / "store") == []
    first, second = StoreImage.converge(params), StoreImage.converge(params)
    assert [first.changed, second.changed] == [True, False]
    assert first.value == second.value
    assert first.value["checksum"] == digest
    assert first.value["virtual_size_bytes"] == 8 * MIB
    assert StoreImage.converge({**params, "state": "absent"}).changed
    assert contents(place / "store") == []


@pytest.mark.parametrize(("make", "changes", "cause"), [
    (["-F", "raw", "-b", "/etc/hostname"], {}, "refused: it refers to a backing file"),
    (["-o", "data_file={place}/d"], {}, "refused: it refers to an external data file"),
    ([], {"format": "RAW"}, "the image is QCOW2, not RAW as declared"),
    ([], {"format": "ISO"}, "the image is QCOW2, not ISO as declared"),
    ([], {"checksum": "0" * 64}, "the checksum of .* is sha256:.*, not sha256:0000"),
    ([], {"max_bytes": 1000}, "bytes, the limit is 1000"),
    ([], {"path": "../a"}, "is not a relative path"),
    ([], {"store_url": "file:///no/such"}, "directory /no/such does not exist"),
    ([], {"url": "file:///no/such"}, "No such file or directory /no/such"),
])
def test_a_bad_image_is_refused_and_leaves_nothing(
    place: Path, make: list[str], changes: dict[str, Any], cause: str
) -> None:
    source = make_image(place / "a.qcow2", *(option.format(place=place) for option in make))
    with pytest.raises(NodeError, match=cause):
        StoreImage.converge(image(place, source, **changes))
    assert contents(place / "store") == []


def test_an_empty_image_is_refused(place: Path) -> None:
    (place / "empty").touch()
    with pytest.raises(NodeError, match="the image is empty"):
        StoreImage.converge(image(place, place / "empty"))


@pytest.mark.parametrize(("image_format", "declared"), [("vmdk", "VMDK"), ("vpc", "VHD"), ("raw", "RAW")])
def test_other_formats(place: Path, image_format: str, declared: str) -> None:
    source = make_image(place / "a", image_format=image_format)
    assert StoreImage.converge(image(place, source, format=declared)).changed
    with pytest.raises(NodeError, match=f"the image is {declared}, not QCOW2 as declared"):
        StoreImage.converge(image(place, source, path="b"))


def test_a_vmdk_of_other_files_is_refused(place: Path) -> None:
    source = make_image(place / "a.vmdk", "-o", "subformat=monolithicFlat", image_format="vmdk")
    with pytest.raises(NodeError, match=r"cannot be read|refers to extents"):
        StoreImage.converge(image(place, source, format="VMDK"))


def test_template_and_volume(place: Path, pool: str) -> None:
    source = make_image(place / "store" / "t.raw", image_format="raw")
    template = {"pool_uuid": pool, "name": "t", "source": {"url": f"file://{place}/store", "path": source.name}}
    (place / "pool" / ".t.partial").write_text("left by a killed run")
    assert [Template.converge(template).changed, Template.converge(template).changed] == [True, False]
    assert contents(place / "pool") == ["t"]

    volume = {"pool_uuid": pool, "name": "v", "size_bytes": 16 * MIB, "format": "qcow2", "backing": "t"}
    assert [Volume.converge(volume).changed, Volume.converge(volume).changed] == [True, False]
    assert Volume.converge({**volume, "size_bytes": 32 * MIB}).value["capacity_bytes"] == 32 * MIB
    with pytest.raises(NodeError, match="cannot shrink"):
        Volume.converge(volume)
    with pytest.raises(NodeError, match="bytes are less than the"):
        Volume.converge({**volume, "name": "w", "size_bytes": MIB})
    with pytest.raises(NodeError, match=r"its template .* does not exist"):
        Volume.converge({**volume, "name": "w", "backing": "x"})
    for operation, params in ((Volume, volume), (Template, template)):
        absent = {**params, "state": "absent"}
        assert [operation.converge(absent).changed, operation.converge(absent).changed] == [True, False]
    assert contents(place / "pool") == []


def test_a_template_with_another_checksum_is_refused(place: Path, pool: str) -> None:
    make_image(place / "store" / "t.qcow2")
    source = {"url": f"file://{place}/store", "path": "t.qcow2"}
    with pytest.raises(NodeError, match=r"does not have the checksum sha256:00"):
        Template.converge({"pool_uuid": pool, "name": "t", "source": source, "checksum": "sha256:00"})
    assert contents(place / "pool") == []


def test_a_full_disk_is_said_and_leaves_nothing(place: Path, pool: str) -> None:
    source = make_image(place / "a.qcow2")
    with source.open("r+b") as file:
        file.truncate(1 << 43)  # sparse, yet more than a test machine has left
    with pytest.raises(NodeError, match=rf"{1 << 43} bytes are needed in .*, only .* are free"):
        StoreImage.converge(image(place, source, max_bytes=1 << 60))
    (place / "store" / "t").hardlink_to(source)
    template = {"pool_uuid": pool, "name": "t", "source": {"url": f"file://{place}/store", "path": "t"}}
    with pytest.raises(NodeError, match="bytes are needed in"):
        Template.converge(template)
    assert contents(place / "pool") == []
