"""Stratoform: hypervisor hosts become a self-service cloud that speaks the CloudStack API."""

__version__ = "0.1.0"
