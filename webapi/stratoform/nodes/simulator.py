"""Hosts that exist only in a table: hypervisor type ``Simulator``.

Product code: it carries demonstrations, CI and load tests. Operations keep the modules' contracts (idempotent, the
same refusals), so a saga cannot tell the difference; what is on a simulated host outlives the service, as it would
on a real one. Faults make it fail or dawdle on demand (CloudStack: ``configureSimulator``).
"""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import JSON, String, bindparam, delete, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from stratoform.db.database import Database
from stratoform.db.types import NAMING, Key

from .catalogue import OPERATIONS, Operation
from .oplog import OperationLog
from .port import Facts, NodeError, NodeFailed, NodeTimeout, NodeUnreachable, Target, size_in

GIB = 2**30
POOL_BYTES = 1024 * GIB
IMAGE_BYTES = 64 * 2**20
FAILURES: Mapping[str, type[NodeError]] = {"fail": NodeFailed, "unreachable": NodeUnreachable, "timeout": NodeTimeout}


class Base(DeclarativeBase):
    """The simulated fleet's tables."""

    type_annotation_map = {dict[str, Any]: JSON(), str: String(128)}  # noqa: RUF012 - declared once


Base.metadata.naming_convention = NAMING


class SimObject(Base):
    """One thing on one simulated host: ``kind`` is the operation that made it, ``key`` its name there."""

    __tablename__ = "sim_object"

    host: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(512), primary_key=True)
    spec: Mapped[dict[str, Any]]


_THIS = (SimObject.host == bindparam("of"), SimObject.kind == bindparam("a"), SimObject.key == bindparam("called"))
# Built once, for the table: load tests live by them.
_GET = select(SimObject.spec).where(*_THIS)
_ADD = insert(SimObject.__table__).values(  # type: ignore[arg-type]  # a declared class has a Table
    host=bindparam("of"), kind=bindparam("a"), key=bindparam("called"), spec=bindparam("spec"))
_CHANGE = update(SimObject.__table__).where(*_THIS).values(spec=bindparam("spec"))  # type: ignore[arg-type]  # see above


class SimFault(Base):
    """Trouble to come: the next ``remaining`` calls that match wait, and fail unless ``failure`` is empty."""

    __tablename__ = "sim_fault"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    host: Mapped[str] = mapped_column(default="*")  # pattern on the target's address
    operation: Mapped[str] = mapped_column(default="*")
    remaining: Mapped[int] = mapped_column(default=1)
    failure: Mapped[str] = mapped_column(String(16), default="fail")
    cause: Mapped[str] = mapped_column(String(255), default="simulated failure")
    wait: Mapped[float] = mapped_column(default=0.0)


_TROUBLE = select(SimFault.id).where(SimFault.remaining > 0).limit(1)


class SimulatorNodes:
    """Carries operations out on simulated hosts."""

    def __init__(self, db: Database, oplog: OperationLog) -> None:
        self.db = db
        self.oplog = oplog

    def run(self, operation: str, target: Target, args: Mapping[str, Any], job: str = "") -> Facts:
        """See Nodes.run."""
        op = OPERATIONS[operation]
        checked = op.checked(args)
        began = time.monotonic()
        outcome = "ok"
        try:
            return self._run(op, target, checked)
        except NodeError as error:
            outcome = str(error)
            raise
        finally:
            if job:
                self.oplog.write(operation, target, job, checked, time.monotonic() - began, outcome)

    def trouble(self, **fault: Any) -> None:
        """Plans a fault; see SimFault for the names."""
        self.db.write(lambda session: session.add(SimFault(**fault)))

    def heal(self) -> None:
        """Forgets every planned fault."""
        self.db.write(lambda session: session.execute(delete(SimFault)))

    def inventory(self, kind: str | None = None) -> dict[tuple[str, str, str], dict[str, Any]]:
        """Everything there is on simulated hosts: (host, kind, key) to spec."""
        query = select(SimObject) if kind is None else select(SimObject).where(SimObject.kind == kind)
        with self.db.read() as session:
            return {(o.host, o.kind, o.key): o.spec for o in session.scalars(query)}

    def running(self, host: str) -> dict[str, str]:
        """Name to uuid of the guests of one host."""
        query = select(SimObject).where(SimObject.host == host, SimObject.kind == "domain")
        with self.db.read() as session:
            return {o.key: o.spec["uuid"] for o in session.scalars(query)}

    def vanish(self, host: str, domain: str) -> None:
        """A guest dies without anyone asking for it."""
        self.db.write(lambda session: session.execute(delete(SimObject).where(
            SimObject.host == host, SimObject.kind == "domain", SimObject.key == domain)))

    def _run(self, op: Operation, target: Target, args: dict[str, Any]) -> Facts:
        fault, facts = self.db.write(lambda session: _perform(session, op, target, args, troubled=True))
        if fault is None:
            return facts
        time.sleep(fault.wait)
        if fault.failure:
            raise FAILURES[fault.failure](op.name, target, fault.cause)
        return self.db.write(lambda session: _perform(session, op, target, args, troubled=False))[1]


def _perform(
    session: Session, op: Operation, target: Target, args: dict[str, Any], *, troubled: bool,
) -> tuple[SimFault | None, Facts]:
    """(the fault that comes first, nothing done), or (None, what was done)."""
    fault = _due(session, op.name, target) if troubled else None
    if fault is not None:
        return fault, {}
    return None, _ACTIONS[op.name](_Host(session, target.name, op.name, target), args)


def _due(session: Session, operation: str, target: Target) -> SimFault | None:
    if session.scalar(_TROUBLE) is None:
        return None
    for fault in session.scalars(select(SimFault).where(SimFault.remaining > 0).order_by(SimFault.id)):
        if fault.operation in {"*", operation} and fnmatch.fnmatchcase(target.address, fault.host):
            fault.remaining -= 1
            return fault
    return None


class _Host:
    """One simulated host within one transaction."""

    def __init__(self, session: Session, name: str, operation: str, target: Target) -> None:
        self.session, self.name, self.operation, self.target = session, name, operation, target

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        spec: dict[str, Any] | None = self.session.scalar(_GET, {"of": self.name, "a": kind, "called": key})
        return spec

    def put(self, kind: str, key: str, spec: Mapping[str, Any]) -> None:
        found = self.get(kind, key)
        if found == spec:
            return
        row = {"of": self.name, "a": kind, "called": key, "spec": dict(spec)}
        self.session.execute(_ADD if found is None else _CHANGE, row)

    def drop(self, kind: str, key: str) -> None:
        self.session.execute(delete(SimObject).where(
            SimObject.host == self.name, SimObject.kind == kind, SimObject.key == key))

    def fail(self, cause: str) -> NodeFailed:
        return NodeFailed(self.operation, self.target, cause)

    def pool(self, uuid: str) -> _Host:
        """What is on a pool is seen by every host that has the pool."""
        if self.get("pool", uuid) is None:
            raise self.fail(f"Failed to find storage pool {uuid}: no such pool on this host")
        return _Host(self.session, uuid, self.operation, self.target)


def _facts(host: _Host, _args: dict[str, Any]) -> Facts:
    target = host.target
    size = size_in(target.address)
    cpus = int(size["cpus"])
    return {
        "name": target.address.split("?")[0].removeprefix("http://").replace("/", "-"), "os": "Simulated",
        "hypervisor": "Simulator", "hypervisor_version": "1.0", "acceleration": "none", "cpus": cpus,
        "cpu_sockets": max(1, cpus // 16), "cpu_mhz": int(size["mhz"]),
        "memory_bytes": int(size["memory_gb"] * GIB), "capabilities": "hvm", "bridges": ["cloudbr0"],
    }


def _pool(host: _Host, args: dict[str, Any]) -> Facts:
    if args["state"] == "absent":
        host.drop("pool", args["uuid"])
        return {}
    host.put("pool", args["uuid"], args)
    return {"path": args["path"], "capacity_bytes": POOL_BYTES, "available_bytes": POOL_BYTES, "used_bytes": 0}


def _template(host: _Host, args: dict[str, Any]) -> Facts:
    pool, name = host.pool(args["pool_uuid"]), args["name"]
    if args["state"] == "absent":
        pool.drop("template", name)
        return {}
    pool.put("template", name, args)
    return {"path": name, "virtual_size_bytes": IMAGE_BYTES, "physical_size_bytes": IMAGE_BYTES}


def _volume(host: _Host, args: dict[str, Any]) -> Facts:
    pool, name = host.pool(args["pool_uuid"]), args["name"]
    if args["state"] == "absent":
        pool.drop("volume", name)
        return {}
    if args.get("backing") and pool.get("template", args["backing"]) is None:
        raise host.fail(f"Failed to create volume {name}: backing file {args['backing']} does not exist")
    current = pool.get("volume", name)
    if current is not None and current["size_bytes"] > args["size_bytes"] and not args.get("shrink"):
        raise host.fail(f"Failed to prepare volume {name}: it has {current['size_bytes']} bytes and cannot shrink to "
                        f"{args['size_bytes']}")
    pool.put("volume", name, {key: value for key, value in args.items() if key != "shrink"})
    return {"path": name, "capacity_bytes": args["size_bytes"], "allocation_bytes": 0}


def _image_store(host: _Host, args: dict[str, Any]) -> Facts:
    if args["state"] == "absent":
        host.drop("image_store", args["url"])
        return {}
    host.put("image_store", args["url"], args)
    return {"path": args["url"], "capacity_bytes": POOL_BYTES, "available_bytes": POOL_BYTES}


def _image(host: _Host, args: dict[str, Any]) -> Facts:
    key = f"{args['store_url']}/{args['path']}"
    if args["state"] == "absent":
        host.drop("image", key)
        return {}
    host.put("image", key, args)
    return {"path": args["path"], "virtual_size_bytes": IMAGE_BYTES, "physical_size_bytes": IMAGE_BYTES,
            "checksum": args["checksum"]}


def _bridge(host: _Host, args: dict[str, Any]) -> Facts:
    vlan = args.get("vlan")
    name = args["label"] if vlan is None else f"{args['label']}-{vlan}"
    if args["state"] == "absent":
        host.drop("bridge", name)
        return {}
    host.put("bridge", name, args)
    return {"name": name}


def _router(host: _Host, args: dict[str, Any]) -> Facts:
    current = host.get("router", args["name"])
    if args["state"] == "absent":
        host.drop("router", args["name"])
        return {}
    if current is None or current["generation"] < args["generation"]:
        host.put("router", args["name"], args)
        current = args
    return {"name": args["name"], "generation": current["generation"]}


def _domain(host: _Host, args: dict[str, Any]) -> Facts:
    name, current = args["name"], host.get("domain", args["name"])
    if current is not None and current["uuid"] != args["uuid"]:
        raise host.fail(f"Failed to change domain {name}: another guest has that name")
    if args["state"] != "running":
        host.drop("domain", name)
        return {"name": name, "uuid": args["uuid"], "state": args["state"]}
    for disk in args["disks"]:
        if host.pool(disk["pool_uuid"]).get("volume", disk["volume"]) is None:
            raise host.fail(f"Failed to start domain {name}: disk {disk['volume']} does not exist")
    for nic in args["nics"]:
        if host.get("bridge", nic["bridge"]) is None:
            raise host.fail(f"Failed to start domain {name}: bridge {nic['bridge']} does not exist")
    host.put("domain", name, args)
    return {"name": name, "uuid": args["uuid"], "state": "running", "vnc_port": 5900}


def _guest_disk(host: _Host, args: dict[str, Any]) -> Facts:
    guest, volume = host.get("domain", args["name"]), args["volume"]
    if guest is None or guest["uuid"] != args["uuid"]:
        if args["state"] == "absent":
            return {}
        raise host.fail(f"Failed to attach disk {volume} of guest {args['name']}: the guest does not run on this host")
    disk = {key: args[key] for key in ("pool_uuid", "volume", "format", "bus", "device_id", "limits")}
    others = [d for d in guest["disks"] if d["volume"] != volume]
    if args["state"] == "absent":
        host.put("domain", args["name"], {**guest, "disks": others})
        return {}
    if any(d["device_id"] == args["device_id"] for d in others):
        raise host.fail(f"Failed to attach disk {volume} of guest {args['name']}: its device is taken")
    pool = host.pool(args["pool_uuid"])
    file = pool.get("volume", volume)
    if file is None:
        raise host.fail(f"Failed to attach disk {volume} of guest {args['name']}: volume {volume} does not exist")
    if args.get("size_bytes"):
        pool.put("volume", volume, {**file, "size_bytes": args["size_bytes"]})
    disks = sorted([*others, disk], key=lambda d: int(d["device_id"]))
    host.put("domain", args["name"], {**guest, "disks": disks})
    return {"device": f"vd{chr(ord('a') + args['device_id'])}", "capacity_bytes": args.get("size_bytes")}


_ACTIONS: Mapping[str, Callable[[_Host, dict[str, Any]], Facts]] = {
    "facts": _facts, "pool": _pool, "template": _template, "volume": _volume, "image_store": _image_store,
    "image": _image, "bridge": _bridge, "router": _router, "domain": _domain,
    "guest_disk": _guest_disk,
}
