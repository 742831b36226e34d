"""Subnets, spans and VLANs, case by case."""

from __future__ import annotations

import pytest

from stratoform.commands.rules.addressing import Span, Vlan, VlanRanges, holding, span, subnet
from stratoform.errors import ApiError


def parsed(param, text):
    param.name = "vlan"
    return param.parse(text)


@pytest.mark.parametrize(("text", "vlan"), [
    ("untagged", "untagged"), ("VLAN://untagged", "untagged"), ("7", "7"), (" 0007", "7"), ("vlan://4094", "4094"),
])
def test_vlans(text, vlan):
    assert parsed(Vlan("A VLAN."), text) == vlan


@pytest.mark.parametrize("text", ["", "0", "4095", "-1", "1-2", "vlan://", "٣", "1;2", "99999"])
def test_what_is_no_vlan(text):
    with pytest.raises(ApiError, match="vlan"):
        parsed(Vlan("A VLAN."), text)


@pytest.mark.parametrize("text", ["", ",", "5-", "-5", "5-4", "1-10,10", "0-5", "1-4095", "a", "1,,2"])
def test_what_are_no_vlan_ranges(text):
    with pytest.raises(ApiError, match="vlan"):
        parsed(VlanRanges("VLANs."), text)


def test_vlan_ranges_hold_vlans():
    stored = parsed(VlanRanges("VLANs."), " 100 - 199 ,300")
    assert stored == "100-199,300"
    assert [holding(stored, v) for v in ("100", "199", "200", "300", "untagged")] == [
        (100, 199), (100, 199), None, (300, 300), None]
    assert holding(None, "5") is None


@pytest.mark.parametrize(("gateway", "netmask"), [
    ("10.0.0.0", "255.255.255.0"), ("10.0.0.255", "255.255.255.0"), ("10.0.0.1", "255.255.255.254"),
    ("10.0.0.1", "255.255.255.255"), ("10.0.0.1", "0.0.0.0"),  # noqa: S104 - a netmask
])
def test_what_is_no_subnet(gateway, netmask):
    with pytest.raises(ApiError):
        subnet(gateway, netmask)


def test_spans():
    network = subnet("10.0.0.1", "255.255.255.248")
    assert str(network) == "10.0.0.0/29"
    whole = span(network, "10.0.0.1", "10.0.0.2", "10.0.0.6")
    assert str(whole) == "10.0.0.2-10.0.0.6"
    assert span(network, "10.0.0.1", "10.0.0.3", None) == Span(whole.start + 1, whole.start + 1)
    for start, end in (("10.0.0.1", "10.0.0.3"), ("10.0.0.0", None), ("10.0.0.2", "10.0.0.7"), ("10.0.0.4", "10.0.0.3"),
                       ("10.0.0.2", "10.0.1.2")):
        with pytest.raises(ApiError):
            span(network, "10.0.0.1", start, end)
    assert whole.overlaps(Span(whole.end, whole.end + 9))
    assert not whole.overlaps(Span(whole.end + 1, whole.end + 9))
