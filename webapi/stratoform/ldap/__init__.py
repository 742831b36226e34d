"""Directories of people (LDAP, RFC 4511): finding them, and having their passwords checked there."""
