"""What every cloud begins with to make disks of: the disk offerings by whose names clients look for them."""

from __future__ import annotations

from typing import Final

from .storage import DiskOffering

GIB: Final = 2**30


def disk_offerings() -> list[DiskOffering]:
    """The three sizes the reference offers from the start, and one whose size is chosen with the disk."""
    fixed = [("Small", 5), ("Medium", 20), ("Large", 100)]
    return [
        *(DiskOffering(name=name, display_text=f"{name} Disk, {size} GB", size=size * GIB) for name, size in fixed),
        DiskOffering(name="Custom", display_text="Custom Disk", customized=True),
    ]
