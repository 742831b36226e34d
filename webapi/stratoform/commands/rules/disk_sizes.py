"""How large a disk is: what its offering says, or within the settings' bounds what its maker says."""

from __future__ import annotations

from typing import Final

from stratoform.commands.frame.context import Context
from stratoform.commands.frame.params import refuse
from stratoform.model.storage import DiskOffering

GIB: Final = 2**30


def size_of(context: Context, offering: DiskOffering, asked: int | None) -> int:
    """The size in bytes of a disk of an offering.

    Args:
        context: the command's.
        offering: a disk offering.
        asked: the parameter ``size`` in GB.

    Raises:
        ApiError: size is missing, is out of bounds, or is the offering's to say.
    """
    if not offering.customized:
        if asked is not None:
            raise refuse("size", f"the disk offering '{offering.name}' is of {offering.size // GIB} GB; only one that "
                                 "is customized lets you choose")
        _demand_within(context, "diskofferingid", offering.size)
        return offering.size
    if asked is None:
        raise refuse("size", f"the disk offering '{offering.name}' leaves it to you: give it in GB")
    return custom_size(context, asked)


def custom_size(context: Context, asked: int) -> int:
    """The size in bytes of a disk whose size is its maker's choice, in GB.

    Raises:
        ApiError: it is out of the bounds of settings custom.diskoffering.size.min and .max.
    """
    settings, session = context.shared.settings, context.session
    least = settings.whole(session, "custom.diskoffering.size.min")
    most = settings.whole(session, "custom.diskoffering.size.max")
    if not least <= asked <= most:
        raise refuse("size", f"{asked} GB is not between {least} and {most} GB (settings custom.diskoffering.size.min "
                             "and custom.diskoffering.size.max)")
    _demand_within(context, "size", asked * GIB)
    return asked * GIB


def _demand_within(context: Context, parameter: str, size: int) -> None:
    """Refuses a disk larger than any may be."""
    most = context.shared.settings.whole(context.session, "max.volume.size.gb")
    if size > most * GIB:
        raise refuse(parameter, f"a disk of {size // GIB} GB is larger than the {most} GB of setting "
                                "max.volume.size.gb")

