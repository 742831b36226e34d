"""What every cloud begins with to make machines of: service offerings and guest operating systems.

Names of offerings, categories and older systems are the reference's, by which clients look them up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from .compute import GuestOsCategory, ServiceOffering

ROUTER_SIZE: Final = "System Offering For Software Router"


def service_offerings() -> list[ServiceOffering]:
    """The two sizes the reference offers from the start."""
    return [
        ServiceOffering(name="Small Instance", display_text="Small Instance", cpus=1, speed=500, memory=512),
        ServiceOffering(name="Medium Instance", display_text="Medium Instance", cpus=1, speed=1000, memory=1024),
    ]


def system_offerings() -> list[ServiceOffering]:
    """The size of the cloud's own machines, which network offerings have unless they name another."""
    return [ServiceOffering(
        name=ROUTER_SIZE, display_text=ROUTER_SIZE, cpus=1, speed=500, memory=256, is_system=True,
        default_use=True, system_vm_type="domainrouter",
    )]


def guest_os_categories_and_types() -> list[tuple[GuestOsCategory, list[str]]]:
    """Each category with the names of its operating systems."""
    return [(GuestOsCategory(name=category), list(names)) for category, names in SYSTEMS.items()]


def _both(names: Iterable[str]) -> list[str]:
    """Each name for 32 and 64 bits."""
    return [f"{name} ({bits}-bit)" for name in names for bits in (32, 64)]


def _x64(names: Iterable[str]) -> list[str]:
    return [f"{name} (64-bit)" for name in names]


SYSTEMS: Final[Mapping[str, Sequence[str]]] = {
    "CentOS": [
        *(f"CentOS 4.{minor} (32-bit)" for minor in range(5, 9)),
        *_both(f"CentOS 5.{minor}" for minor in range(11)), *_both(f"CentOS 6.{minor}" for minor in range(11)),
        *_x64(("CentOS 7", "CentOS 8", "CentOS Stream 8", "CentOS Stream 9", "CentOS Stream 10")),
    ],
    "Debian": [
        "Debian GNU/Linux 4.0 (32-bit)", "Debian GNU/Linux 5.0 (32-bit)",
        *_both(f"Debian GNU/Linux {release}" for release in ("6", "7", "8", "9", "10", "11", "12")),
        "Debian GNU/Linux 13 (64-bit)",
    ],
    "Oracle": [
        *_both(f"Oracle Enterprise Linux 5.{minor}" for minor in range(11)),
        *_both(f"Oracle Enterprise Linux 6.{minor}" for minor in range(6)),
        *_x64(("Oracle Linux 7", "Oracle Linux 8", "Oracle Linux 9", "Oracle Linux 10")),
    ],
    "RedHat": [
        *(f"Red Hat Enterprise Linux 4.{minor} (32-bit)" for minor in range(5, 9)),
        *_both(f"Red Hat Enterprise Linux 5.{minor}" for minor in range(11)),
        *_both(f"Red Hat Enterprise Linux 6.{minor}" for minor in range(11)),
        *_x64(("Red Hat Enterprise Linux 7", "Red Hat Enterprise Linux 8", "Red Hat Enterprise Linux 9",
               "Red Hat Enterprise Linux 10", "AlmaLinux 8", "AlmaLinux 9", "AlmaLinux 10",
               "Rocky Linux 8", "Rocky Linux 9", "Rocky Linux 10", "Fedora Linux")),
    ],
    "SUSE": [
        *_both(("SUSE Linux Enterprise Server 9 SP4", "SUSE Linux Enterprise Server 10 SP1",
                "SUSE Linux Enterprise Server 10 SP4", "SUSE Linux Enterprise Server 11",
                "SUSE Linux Enterprise Server 11 SP1")),
        *_x64(("SUSE Linux Enterprise Server 12", "SUSE Linux Enterprise Server 15", "openSUSE Leap 15")),
    ],
    "Windows": [
        *_both(("Windows 7", "Windows 8", "Windows 10")), "Windows 11 (64-bit)", "Windows XP SP3 (32-bit)",
        "Windows Server 2003 Enterprise Edition (32-bit)", "Windows Server 2003 Enterprise Edition (64-bit)",
        *_both(("Windows Server 2008",)), "Windows Server 2008 R2 (64-bit)", "Windows Server 2012 (64-bit)",
        "Windows Server 2012 R2 (64-bit)", "Windows Server 2016 (64-bit)", "Windows Server 2019 (64-bit)",
        "Windows Server 2022 (64-bit)", "Windows Server 2025 (64-bit)", "Windows PV",
    ],
    "Other": [
        "Other (32-bit)", "Other (64-bit)", "Other Linux (32-bit)", "Other Linux (64-bit)", "Other CentOS (32-bit)",
        "Other CentOS (64-bit)", "Other PV (32-bit)", "Other PV (64-bit)", "DOS", "Alpine Linux (64-bit)",
        "Arch Linux (64-bit)",
    ],
    "Novel": ["Novell Netware 5.1", "Novell Netware 6.x"],
    "Unix": [
        *_both(("FreeBSD", "FreeBSD 10", "FreeBSD 11", "FreeBSD 12")),
        *_x64(("FreeBSD 13", "FreeBSD 14", "NetBSD", "OpenBSD")), *_both(("Sun Solaris 10",)),
        "Sun Solaris 11 (64-bit)",
    ],
    "Ubuntu": [
        *_both(f"Ubuntu {release}" for release in ("8.04", "10.04", "10.10", "11.04", "12.04", "14.04", "16.04")),
        *_x64(f"Ubuntu {release} LTS" for release in ("18.04", "20.04", "22.04", "24.04")),
        *_both(("Other Ubuntu",)),
    ],
    "None": ["None"],
}
"""Category to names ("Novel" is spelled so there); what came after 2014 is ours."""
