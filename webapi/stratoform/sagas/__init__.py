"""Multi-step work, one file a verb: a table of (step, do, undo) and ``order()``, which says how to ask for it."""
