"""The one exception of the host side."""

from __future__ import annotations


class NodeError(Exception):
    """A cause in plain words, e.g. ``directory /srv/primary does not exist on this host``.

    Library code raises it with the cause only; :mod:`.base` puts "Failed to <verb> <object>: " in front.
    """
