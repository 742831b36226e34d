"""The libvirt of this host."""

from __future__ import annotations

from typing import Any

from .errors import NodeError

try:
    import libvirt
except ImportError:  # a machine that only downloads images needs none
    libvirt = None

URI = "qemu:///system"
_connections: dict[str, Any] = {}


def connection() -> Any:
    """Return a live connection; one is kept for the life of the process.

    Raises:
        NodeError: libvirt's Python binding is missing, or its daemon does not answer.
    """
    if libvirt is None:
        raise NodeError("the libvirt binding for Python (package python3-libvirt) is not installed on this host")
    kept = _connections.get(URI)
    if kept is not None and kept.isAlive():
        return kept
    libvirt.registerErrorHandler(lambda *_: None, None)  # errors are raised; the default also prints them
    try:
        _connections[URI] = libvirt.open(URI)
    except libvirt.libvirtError as error:
        raise NodeError(f"libvirt does not answer on this host: {error.get_error_message()}") from None
    return _connections[URI]


def is_missing(error: Exception) -> bool:
    """Tell "there is no such object" from every other libvirt error."""
    missing = (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_NO_STORAGE_POOL)
    return error.get_error_code() in missing  # type: ignore[attr-defined]


def errors() -> tuple[type[Exception], ...]:
    """Exception types of libvirt, for an ``except`` clause; none without the binding."""
    return (libvirt.libvirtError,) if libvirt else ()


def pool_directory(uuid: str) -> str:
    """Return the directory of an active storage pool.

    Raises:
        NodeError: no such pool, or it is not active: for NFS its files would land under the mount point.
    """
    from xml.etree import ElementTree  # noqa: PLC0415  only here, and each import costs every operation

    try:
        pool = connection().storagePoolLookupByUUIDString(uuid)
    except errors() as error:
        if is_missing(error):
            raise NodeError(f"storage pool {uuid} is not known on this host") from None
        raise
    if not pool.isActive():
        raise NodeError(f"storage pool {uuid} is not active on this host")
    path = ElementTree.fromstring(pool.XMLDesc()).findtext("target/path")  # noqa: S314  libvirt's own XML
    if not path:
        raise NodeError(f"storage pool {uuid} has no directory")
    return path
