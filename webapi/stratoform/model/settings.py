"""Settings: declared with type, range, scope and default here; only what differs is in the database.

Names and defaults are those of the described system (CloudStack administration guide, "Global settings").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from .records import SettingValue


@dataclass(frozen=True)
class Setting:
    """One declared setting.

    Attributes:
        kind: int, float, bool or str; what its text must read as.
        least, most: bounds of a number.
        pattern: what a text must match as a whole, and ``form`` what to call it.
        scopes: where else than globally it may be set (zone, cluster, storagepool, account, domain).
        at_start: a new value takes effect when the service is started again; all others do at once.
        secret: it is kept encrypted, and neither lists nor events show it.
    """

    name: str
    kind: type
    default: str
    category: str
    doc: str
    least: float = float("-inf")
    most: float = float("inf")
    scopes: tuple[str, ...] = ()
    pattern: str = ".*"
    form: str = "a text"
    secret: bool = False
    at_start: bool = False

    def check(self, text: str) -> str:
        """The text, refused when it does not read as the setting's kind within its bounds.

        Raises:
            ValueError: a sentence saying what is allowed.
        """
        if self.kind is bool:
            if text.lower() not in {"true", "false"}:
                msg = f"{self.name} is true or false"
                raise ValueError(msg)
            return text.lower()
        if self.kind is str:
            if not re.fullmatch(self.pattern, text, re.IGNORECASE):
                msg = f"{self.name} is {self.form}"
                raise ValueError(msg)
            return text
        try:
            number = self.kind(text)
        except ValueError:
            msg = f"{self.name} is a{' whole' if self.kind is int else ''} number"
            raise ValueError(msg) from None
        if not self.least <= number <= self.most:
            msg = f"{self.name} is at least {self.least:g} and at most {self.most:g}"
            raise ValueError(msg)
        return str(number) if self.kind is int else text  # Python reads "1_000" and digits of every script


_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = rf"{_LABEL}(\.{_LABEL})*"

_LIMITS = (
    ("user.vms", "virtual machines", 20), ("public.ips", "public IP addresses", 20), ("volumes", "volumes", 20),
    ("snapshots", "snapshots", 20), ("templates", "templates", 20), ("networks", "networks", 20), ("vpcs", "VPCs", 20),
    ("cpus", "CPUs", 40), ("memory", "MB of memory", 40960), ("primary.storage", "GiB of primary storage", 200),
    ("secondary.storage", "GiB of secondary storage", 400),
)
"""What accounts and projects may have unless said otherwise: last part of the setting's name, noun, default."""

_ATTRIBUTE = "[a-z][a-z0-9;-]{0,63}"

_LDAP = (
    Setting("ldap.basedn", str, "", "LDAP", "Entry of the directory below which people are, e.g. dc=example,dc=org."),
    Setting("ldap.bind.principal", str, "", "LDAP", "Entry of the user who searches; empty: the search is anonymous."),
    Setting("ldap.bind.password", str, "", "LDAP", "Password of the user who searches.", secret=True),
    *(Setting(f"ldap.{name}", str, default, "LDAP", f"{doc}.", pattern=_ATTRIBUTE, form="the name of an LDAP attribute")
      for name, default, doc in (
          ("username.attribute", "uid", "Attribute with the name users log in with"),
          ("email.attribute", "mail", "Attribute with the e-mail address"),
          ("firstname.attribute", "givenname", "Attribute with the first name"),
          ("lastname.attribute", "sn", "Attribute with the last name"),
          ("user.object", "inetOrgPerson", "Object class of people"),
          ("group.object", "groupOfUniqueNames", "Object class of groups"),
          ("group.user.uniquemember", "uniquemember", "Attribute of a group with its members' entries"))),
    Setting("ldap.search.group.principle", str, "", "LDAP", "Entry of the group whose members alone count."),
    Setting("ldap.query.filter", str, "", "LDAP",
            "Filter that finds who logs in: %u is the user name, %e the e-mail address, %n first and last name. Empty: "
            "made of the attributes.", pattern=r"|\(.*\)", form="a filter in parentheses"),
    Setting("ldap.tls", str, "none", "LDAP", "none, ssl (from the first byte, mostly port 636) or starttls.",
            pattern="none|ssl|starttls", form="none, ssl or starttls"),
    Setting("ldap.truststore", str, "", "LDAP",
            "File with certificates of authorities in PEM form; empty: those this machine trusts.",
            pattern=r"|/.*", form="the path of a file"),
    Setting("ldap.read.timeout", int, "1000", "LDAP", "Milliseconds the directory may take for an answer.", 100, 60000),
    Setting("ldap.request.page.size", int, "1000", "LDAP", "Entries asked for at once.", 1, 10000),
)
"""Where people are in the directory (CloudStack administration guide, LDAP; tls and query.filter are ours)."""

DECLARED: Mapping[str, Setting] = {s.name: s for s in (
    Setting("cpu.overprovisioning.factor", float, "1", "Advanced",
            "How many times a host's CPU may be given to guests.", 1, 1000, ("cluster",)),
    Setting("mem.overprovisioning.factor", float, "1", "Advanced",
            "How many times a host's memory may be given to guests.", 1, 1000, ("cluster",)),
    Setting("storage.overprovisioning.factor", float, "2", "Storage",
            "How many times a pool's size may be given to thin disks.", 1, 1000, ("zone", "storagepool")),
    Setting("pool.storage.allocated.capacity.disablethreshold", float, "0.85", "Alert",
            "Part of a pool's over-provisioned size above which no more disks are placed there.", 0, 1, ("zone",)),
    Setting("pool.storage.capacity.disablethreshold", float, "0.85", "Alert",
            "Part of a pool's real space in use above which no more disks are placed there.", 0, 1, ("zone",)),
    Setting("default.page.size", int, "500", "Advanced", "Largest page of a list command.", 1, 10000),
    Setting("expunge.delay", int, "86400", "Advanced",
            "Seconds a destroyed machine can be recovered before it is expunged.", 0),
    Setting("expunge.interval", int, "86400", "Advanced", "Seconds between two looks for machines to expunge.", 1),
    Setting("guest.domain.suffix", str, "cloud.internal", "Network",
            "DNS suffix of guest networks that declare none.", scopes=("zone",), pattern=_DOMAIN,
            form="a domain name"),
    Setting("job.expire.minutes", int, "1440", "Advanced", "Minutes a finished job's answer is kept.", 1),
    Setting("max.template.iso.size", int, "50", "Advanced", "Largest image that may be registered, in GB.", 1, 65536),
    Setting("allow.user.create.projects", bool, "true", "Project Defaults", "Users may create projects."),
    Setting("allow.public.user.templates", bool, "true", "Advanced", "Users may register public templates.",
            scopes=("account", "domain")),
    Setting("max.volume.size.gb", int, "2000", "Advanced", "Largest disk that may be made, in GB.", 1, 2**20),
    Setting("custom.diskoffering.size.min", int, "1", "Advanced", "Smallest custom disk in GB.", 1),
    Setting("custom.diskoffering.size.max", int, "1024", "Advanced", "Largest custom disk in GB.", 1),
    Setting("instance.name", str, "VM", "Advanced", "Last part of the host-side names of machines.",
            pattern="[a-z0-9]{1,16}", form="at most 16 letters and digits"),
    *(Setting(f"{name}.notificationthreshold", float, "0.75", "Alert",
              f"Part of {noun} in use above which operators are alerted.", 0, 1,
              ("cluster",) if name.startswith("cluster") else ())
      for name, noun in (
          ("cluster.cpu.allocated.capacity", "a cluster's CPU"),
          ("cluster.memory.allocated.capacity", "a cluster's memory"),
          ("cluster.storage.capacity", "a cluster's storage"),
          ("cluster.storage.allocated.capacity", "a cluster's storage, by what is promised of it,"),
          ("cluster.localStorage.capacity", "the storage local to a cluster's hosts"),
          ("pod.privateip.capacity", "a pod's private addresses"),
          ("zone.virtualnetwork.publicip.capacity", "a zone's public addresses"),
          ("zone.directnetwork.publicip.capacity", "the addresses of a zone's shared networks"),
          ("zone.secstorage.capacity", "a zone's secondary storage"), ("zone.vlan.capacity", "a zone's VLANs"))),
    Setting("capacity.check.period", int, "300000", "Alert",
            "Milliseconds between two comparisons of capacities with their thresholds.", 1),
    Setting("alert.wait", int, "180", "Alert", "Seconds a host may be disconnected before operators are alerted.", 0),
    Setting("alert.email.addresses", str, "", "Alert", "Addresses that alerts are sent to, separated by commas.",
            pattern=r"|[^\s,@]+@[^\s,@]+( *, *[^\s,@]+@[^\s,@]+)*", form="mail addresses, separated by commas"),
    Setting("alert.email.sender", str, "", "Alert", "Address that alerts come from.", pattern=r"|\S+@\S+",
            form="a mail address"),
    Setting("alert.smtp.host", str, "", "Alert", "Mail server that sends alerts.", pattern=r"|[0-9a-z.:-]+",
            form="the name or address of a host"),
    Setting("alert.smtp.port", int, "465", "Alert", "Port of that mail server; on 465 TLS begins at once.", 1, 65535),
    Setting("alert.smtp.useAuth", bool, "false", "Alert", "That mail server wants user name and password."),
    Setting("alert.smtp.username", str, "", "Alert", "User name for that mail server."),
    Setting("alert.smtp.password", str, "", "Alert", "Password for that mail server.", secret=True),
    Setting("alert.smtp.useStartTLS", bool, "false", "Alert",
            "The connection to that mail server turns to TLS before anything else is said."),
    Setting("event.purge.delay", int, "15", "Advanced", "Days events are kept; 0: for ever.", 0, 36500),
    Setting("alert.purge.delay", int, "0", "Alert", "Days alerts are kept; 0: for ever.", 0, 36500),
    Setting("wait", int, "1800", "Advanced", "Seconds a command that waits for a host may take.", 1),
    Setting("stop.graceful.seconds", int, "60", "Advanced",
            "Seconds a guest gets to shut down before it is switched off.", 0, 240),
    Setting("project.invite.required", bool, "false", "Project Defaults",
            "Who is added to a project is invited first, and becomes a member by accepting."),
    Setting("project.invite.timeout", int, "86400000", "Project Defaults",
            "Milliseconds an invitation to a project can be accepted.", 1),
    Setting("project.email.sender", str, "", "Project Defaults", "Address that invitations to projects come from.",
            pattern=r"|\S+@\S+", form="a mail address"),
    Setting("project.smtp.host", str, "", "Project Defaults", "Mail server that sends invitations to projects.",
            pattern=r"|[0-9a-z.:-]+", form="the name or address of a host"),
    Setting("project.smtp.port", int, "465", "Project Defaults",
            "Port of that mail server; on 465 TLS begins at once.", 1, 65535),
    Setting("project.smtp.useAuth", bool, "false", "Project Defaults",
            "That mail server wants user name and password."),
    Setting("project.smtp.username", str, "", "Project Defaults", "User name for that mail server."),
    Setting("project.smtp.password", str, "", "Project Defaults", "Password for that mail server.", secret=True),
    Setting("project.smtp.useStartTLS", bool, "false", "Project Defaults",
            "The connection to that mail server turns to TLS before anything else is said."),
    Setting("session.timeout", int, "30", "Advanced",
            "Minutes without a call after which a session ends; holds for sessions begun from now on.", 1, 525600),
    Setting("incorrect.login.attempts.allowed", int, "5", "Advanced",
            "Wrong passwords in a row after which a user is locked; 0: never.", 0, 1000),
    Setting("security.singlesignon.key", str, "", "Secure",
            "Key with which a portal signs logins; empty: single sign-on is off.", secret=True,
            pattern=r"|\S{16,255}", form="16 to 255 characters without spaces"),
    Setting("security.singlesignon.tolerance.millis", int, "300000", "Secure",
            "Milliseconds by which the time stamp of a signed login may differ from this machine's clock.",
            0, 86400000),
    Setting("api.throttling.enabled", bool, "false", "Advanced", "Accounts may make only so many calls in a time."),
    Setting("api.throttling.interval", int, "1", "Advanced", "Seconds after which calls are counted anew.", 1, 86400),
    Setting("api.throttling.max", int, "25", "Advanced", "Calls an account may make within api.throttling.interval.",
            1),
    Setting("api.throttling.cachesize", int, "50000", "Advanced",
            "Accounts whose calls are counted; more than there are accounts.", 1, 10**6),
    Setting("integration.api.port", int, "0", "Advanced",
            "Port on which this machine is served as administrator, unasked; 0: none. Read at start.", 0, 65535,
            at_start=True),
    Setting("max.account.projects", int, "-1", "Account Defaults", "Most projects an account may own; -1: any.", -1),
    *_LDAP,
    *(Setting(f"max.{owner}.{what}", int, str(default), f"{owner.title()} Defaults",
              f"Most {noun} where the {owner} has no limit of its own; -1: any.", -1)
      for owner in ("account", "project") for what, noun, default in _LIMITS),
)}


class Settings:
    """Reads settings, nearest scope first."""

    def text(self, session: Session, name: str, **owners: int) -> str:
        """The value as text.

        Args:
            session: any session.
            name: a declared setting.
            owners: row ids by scope, e.g. ``cluster=3``; the first given scope that has a value wins.
        """
        setting = DECLARED[name]
        for scope, owner in owners.items():
            if scope in setting.scopes:
                row = session.get(SettingValue, (name, scope, owner))
                if row is not None and row.value is not None:
                    return row.value
        row = session.get(SettingValue, (name, "global", 0))
        return row.value if row is not None and row.value is not None else setting.default

    def whole(self, session: Session, name: str, **owners: int) -> int:
        """The value as a whole number."""
        return int(self.text(session, name, **owners))

    def number(self, session: Session, name: str, **owners: int) -> float:
        """The value as a number."""
        return float(self.text(session, name, **owners))

    def flag(self, session: Session, name: str, **owners: int) -> bool:
        """The value as a truth."""
        return self.text(session, name, **owners) == "true"

    def everything(self, session: Session, **owners: int) -> dict[str, str]:
        """Name to text of all settings that can be set in a scope, as they hold there; one query.

        Args:
            session: any session.
            owners: row ids by scope, nearest first, as for ``text``; without any: all settings, globally.
        """
        here = [and_(SettingValue.scope == scope, SettingValue.owner_id == owner) for scope, owner in owners.items()]
        rows = session.execute(
            select(SettingValue.name, SettingValue.scope, SettingValue.value)
            .where(or_(*here, SettingValue.scope == "global"), SettingValue.value.is_not(None))
        )
        kept = {(name, where): value or "" for name, where, value in rows}
        scope = next(iter(owners), None)
        return {
            name: next((kept[name, where] for where in (*owners, "global") if kept.get((name, where))), setting.default)
            for name, setting in DECLARED.items() if scope is None or scope in setting.scopes
        }
