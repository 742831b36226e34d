"""Simulated hosts fail and dawdle when they are told to."""

from __future__ import annotations

import time

import pytest

from tests.support.client import Refused


def test_a_host_fails_until_it_is_healed(built_zone, api):
    where = {"hostid": built_zone.hosts[0]}
    api("configureSimulator", name="PlugNicCommand", value="result:fail", **where)
    for name in ("one", "two"):
        with pytest.raises(Refused, match="told to by configureSimulator"):
            api.job("deployVirtualMachine", **built_zone.deploy(name=name))
    api("configureSimulator", name="bridge", value="result:", **where)
    assert api.job("deployVirtualMachine", **built_zone.deploy(name="one"))["state"] == "Running"


def test_a_zone_dawdles_as_often_as_it_is_told(built_zone, api):
    api("configureSimulator", name="StartCommand", value="wait:400|count:1", zoneid=built_zone.zone)
    began = time.monotonic()
    api.job("deployVirtualMachine", **built_zone.deploy(name="slow"))
    assert time.monotonic() - began >= 0.4


def test_everything_fails_where_nothing_else_is_said(built_zone, api):
    api("configureSimulator", name="CreateCommand", value="result:fail|count:1")
    with pytest.raises(Refused, match="configureSimulator"):
        api.job("deployVirtualMachine", **built_zone.deploy(name="one"))
    assert api.job("deployVirtualMachine", **built_zone.deploy(name="one"))["state"] == "Running"


@pytest.mark.parametrize(("params", "why"), [
    ({"name": "FlyCommand", "value": "result:fail"}, "FlyCommand"),
    ({"name": "StartCommand", "value": "explode"}, "wait:<milliseconds>"),
    ({"name": "StartCommand", "value": "wait:soon"}, "whole number"),
    ({"name": "StartCommand", "value": "result:maybe"}, "fail or nothing"),
    ({"name": "StartCommand", "value": "wait:1|timeout:2"}, "each once"),
])
def test_what_cannot_be_read_is_refused(api, params, why):
    with pytest.raises(Refused, match=why):
        api("configureSimulator", **params)
