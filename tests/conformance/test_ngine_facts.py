"""The module ``cs_facts`` of ngine_io.cloudstack asks a network's router, not the API: here the router's service."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratoform.config import home

from .fetch_clients import COLLECTION, FOLDER

sys.path.insert(0, str(home() / "collections"))

from ansible_collections.stratoform.cloud.plugins.module_utils.node.router import metadata_part, metadata_service
from ansible_collections.stratoform.cloud.plugins.module_utils.node.router.spec import parse

GUEST = {
    "instance-id": "i-2-5-VM", "vm-id": "77777777-2222-4111-8111-111111111111", "local-hostname": "web1",
    "local-ipv4": "10.1.1.23", "public-ipv4": "10.1.1.23", "public-hostname": "10.1.1.23", "public-keys": "",
    "service-offering": "Small Instance", "availability-zone": "sim",
    "user-data": base64.b64encode(b"role: web\n").decode(), "password": None,
}
ROUTER = {
    "uuid": "77777777-1111-4111-8111-111111111111", "name": "r-7-VM", "generation": 3, "gateway": "127.0.0.1",
    "interfaces": [{"name": "eth0", "bridge": "cloudbr0", "mac": "02:00:00:00:07:01", "address": "127.0.0.1/8",
                    "role": "guest"}],
    "dns": {"domain": "cs1cloud.internal", "servers_for_guests": [], "upstream": []},
    "dhcp": [], "metadata": {"127.0.0.1": GUEST}, "state": "present",
}


@pytest.fixture
def router(tmp_path: Path) -> Iterator[str]:
    """Address and port of a router's metadata service whose only guest is this machine."""
    (tmp_path / "metadata.json").write_text(metadata_part.data(parse(ROUTER)))
    server = metadata_service.Server(0, metadata_service.Knowledge(str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def facts(host: str, folder: Path, *more: str) -> dict[str, Any]:
    env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(FOLDER), "ANSIBLE_CONFIG": str(folder / "none.cfg"),
           "ANSIBLE_DEPRECATION_WARNINGS": "0", "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible"), "localhost", "-m", "ngine_io.cloudstack.cs_facts", "-a",
         f"meta_data_host={host}", "-e", f"ansible_python_interpreter={sys.executable}", *more],
        env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.partition("=>")[2])
    assert found["changed"] is False
    return found["ansible_facts"]


@pytest.mark.skipif(not (FOLDER / COLLECTION).is_dir(), reason="`make conformance` brings the collection")
@pytest.mark.parametrize("mode", [(), ("--check",)], ids=["for real", "check mode"])
def test_a_guest_learns_who_it_is(router: str, tmp_path: Path, mode: tuple[str, ...]) -> None:
    found = facts(router, tmp_path, *mode)
    assert found["cloudstack_instance_id"] == "i-2-5-VM"
    assert found["cloudstack_local_hostname"] == "web1"
    assert found["cloudstack_local_ipv4"] == found["cloudstack_public_ipv4"] == "10.1.1.23"
    assert found["cloudstack_service_offering"] == "Small Instance"
    assert found["cloudstack_availability_zone"] == "sim"
    assert found["cloudstack_user_data"] == {"role": "web"}
