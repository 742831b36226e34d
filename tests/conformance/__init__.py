"""Clients of others, as they are, against a service in a process of its own, over HTTP, on a simulated zone."""
