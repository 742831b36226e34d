"""The ``cs`` client, as a library and as a program."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cs import CloudStack, CloudStackApiException

from .conftest import Running


@pytest.fixture(scope="module")
def cs(running: Running) -> CloudStack:
    return CloudStack(endpoint=running.endpoint, key=running.key, secret=running.secret, poll_interval=0.05,
                      timeout=30)


def program(running: Running, *words: str) -> Any:
    """What the program prints, as JSON."""
    env = {**os.environ, "CLOUDSTACK_CONFIG": str(running.ini)}
    done = subprocess.run([Path(sys.executable).with_name("cs"), *words], env=env, capture_output=True, check=True,
                          timeout=60)
    return json.loads(done.stdout)


def test_lists_and_pages(cs, running):
    assert cs.listZones(name="sim")["zone"][0]["id"] == running.zone.zone
    assert cs.listZones(name="nowhere") == {}
    assert len(cs.listOsTypes(fetch_list=True)) == cs.listOsTypes()["count"]
    assert len(cs.listOsTypes(page=1, pagesize=10)["ostype"]) == 10


def test_waits_for_jobs(cs, running):
    data = base64.b64encode(b"#!/bin/sh\necho hello").decode()
    made = cs.deployVirtualMachine(**running.zone.deploy(name="by-cs", userdata=data), fetch_result=True)
    vm = made["virtualmachine"]
    assert (vm["name"], vm["state"]) == ("by-cs", "Running")
    assert cs.stopVirtualMachine(id=vm["id"], fetch_result=True)["virtualmachine"]["state"] == "Stopped"
    job = cs.startVirtualMachine(id=vm["id"])
    running.api.await_job(job["jobid"])
    assert cs.queryAsyncJobResult(jobid=job["jobid"])["jobresult"]["virtualmachine"]["state"] == "Running"
    cs.destroyVirtualMachine(id=vm["id"], expunge=True, fetch_result=True)
    assert vm["id"] not in str(cs.listVirtualMachines(listall=True))


def test_sends_maps_and_lists(cs, running):
    """``cs`` writes a list of mappings as name[0].key and joins other lists with commas."""
    wanted = running.zone.deploy(name="maps", details=[{"note": "a b&c"}], iptonetworklist=[
        {"networkid": running.zone.network, "ip": "10.1.1.123"}])
    del wanted["networkids"]
    vm = cs.deployVirtualMachine(**wanted, fetch_result=True)["virtualmachine"]
    assert vm["nic"][0]["ipaddress"] == "10.1.1.123"
    assert vm["details"]["note"] == "a b&c"
    cs.destroyVirtualMachine(id=vm["id"], expunge=True, fetch_result=True)


def test_raises_what_the_service_says(cs):
    with pytest.raises(CloudStackApiException) as error:
        cs.deleteZone(id="no-such-zone")
    assert error.value.error["errorcode"] == 431
    assert "no-such-zone" in error.value.error["errortext"]


def test_posts_what_is_too_long_for_a_url(running):
    cs = CloudStack(endpoint=running.endpoint, key=running.key, secret=running.secret, method="post",
                    poll_interval=0.05)
    data = base64.b64encode(os.urandom(20000)).decode()
    vm = cs.deployVirtualMachine(**running.zone.deploy(name="long", userdata=data), fetch_result=True)
    cs.destroyVirtualMachine(id=vm["virtualmachine"]["id"], expunge=True, fetch_result=True)


def test_the_program_prints_what_it_gets(running):
    assert program(running, "listZones", "name=sim")["zone"][0]["name"] == "sim"
    made = program(running, "createSSHKeyPair", "name=program")
    assert "PRIVATE KEY" in made["keypair"]["privatekey"]
    assert program(running, "deleteSSHKeyPair", "name=program")["success"] in {True, "true"}


def test_a_tenant_of_two_machines(cs, running):
    """A domain, an account in it with keys, a project of that account, and a limit that says why it refuses."""
    domain = cs.createDomain(name="tenants")["domain"]
    account = cs.createAccount(account="tina", domainid=domain["id"], username="tina", password="Secret-123",
                               firstname="Tina", lastname="Tenant", email="tina@example.org", accounttype=0)["account"]
    keys = cs.registerUserKeys(id=account["user"][0]["id"])["userkeys"]
    tina = CloudStack(endpoint=running.endpoint, key=keys["apikey"], secret=keys["secretkey"], poll_interval=0.05)
    project = tina.createProject(name="shop", displaytext="shop", fetch_result=True)["project"]
    cs.updateResourceLimit(resourcetype=0, projectid=project["id"], max=2)
    wanted = {**running.zone.deploy(), "projectid": project["id"], "fetch_result": True}
    for name in ("one", "two"):
        vm = tina.deployVirtualMachine(name=name, **wanted)["virtualmachine"]
        assert (vm["state"], vm["project"]) == ("Running", "shop")
    with pytest.raises(CloudStackApiException) as refusal:
        tina.deployVirtualMachine(name="three", **wanted)
    assert refusal.value.error["errorcode"] == 532
    assert "2" in refusal.value.error["errortext"]
    assert "shop" in refusal.value.error["errortext"]
    assert tina.listVirtualMachines(projectid=-1)["count"] == 2
    assert tina.listVirtualMachines() == {}
    cs.deleteDomain(id=domain["id"], cleanup=True, fetch_result=True)
    assert cs.listDomains(name="tenants", listall=True) == {}
