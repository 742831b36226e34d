"""Providers of network services, their elements, and who carries traffic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Select

from stratoform.commands.frame.view import View, col, jobs_of, unset
from stratoform.model.network import PhysicalNetwork
from stratoform.model.network_services import NetworkElement, NetworkProvider

from .network import SERVICE


def _join_wire(query: Select[Any]) -> Select[Any]:
    return query.join(PhysicalNetwork, PhysicalNetwork.id == NetworkProvider.physical_network_id)


NETWORK_PROVIDER = View("networkserviceprovider", NetworkProvider, (
    col("name", "string", "Name of the provider.", NetworkProvider.name),
    col("physicalnetworkid", "string", "Physical network it serves.", PhysicalNetwork.uuid),
    unset("destinationphysicalnetworkid", "string", "Physical network it bridges to."),
    col("state", "string", "Enabled, or Disabled: new networks get nothing of it.", NetworkProvider.state),
    col("id", "string", "The provider's id.", NetworkProvider.uuid),
    col("servicelist", "list", "Services it gives there.", NetworkProvider.services),
    col("canenableindividualservice", "boolean", "True when its services can be enabled one by one.",
        NetworkProvider.name, make=lambda _name: True),
    *jobs_of(NetworkProvider),
), _join_wire)

NETWORK_SERVICE = replace(SERVICE, key="networkservice")
"""What ``listSupportedNetworkServices`` lists."""


def _join_provider(query: Select[Any]) -> Select[Any]:
    return query.join(NetworkProvider, NetworkProvider.id == NetworkElement.provider_id)


VIRTUAL_ROUTER_ELEMENT = View("virtualrouterelement", NetworkElement, (
    col("id", "string", "The element's id.", NetworkElement.uuid),
    col("nspid", "string", "Provider that works by it.", NetworkProvider.uuid),
    col("enabled", "boolean", "True when its provider can be enabled.", NetworkElement.enabled),
    unset("account", "string", "Not used; elements belong to nobody."),
    unset("projectid", "string", "Not used; elements belong to nobody."),
    unset("project", "string", "Not used; elements belong to nobody."),
    unset("domainid", "string", "Not used; elements belong to nobody."),
    unset("domain", "string", "Not used; elements belong to nobody."),
    *jobs_of(NetworkElement),
), _join_provider)

TRAFFIC_IMPLEMENTOR = View("traffictypeimplementorresponse", None, (
    unset("traffictype", "string", "Kind of traffic."),
    unset("traffictypeimplementor", "string", "The operation on hosts that carries it."),
    unset("jobid", "string", "Not used."),
    unset("jobstatus", "integer", "Not used."),
))
