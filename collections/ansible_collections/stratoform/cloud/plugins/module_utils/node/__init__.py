"""The host side: what the ``node_*`` modules do, usable without Ansible."""
