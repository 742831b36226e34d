"""The composition root: every service is made here, once, in a flat list. Nothing else constructs services."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Flask, Response, jsonify
from sqlalchemy import delete, text

from . import __version__, commands
from .access.authenticators import Authenticator, NativePasswords
from .access.ldap_passwords import LdapPasswords
from .access.logins import Logins
from .access.sessions import Sessions
from .commands.frame.call_limits import CallLimits
from .commands.frame.context import Shared
from .commands.frame.deferred import deferred
from .commands.frame.directory import Directory
from .commands.frame.dispatch import Dispatcher as Commands
from .commands.frame.jobhooks import JobHooks
from .commands.frame.permissions import Permissions
from .config import Config
from .db.database import Database
from .jobs.dispatch import Dispatcher as Jobs
from .jobs.queue import worker_name
from .jobs.runner import Runner
from .jobs.tables import Worker
from .ldap.directory import LdapDirectory
from .model.bootstrap import bootstrap
from .model.migrations import migrate
from .model.settings import Settings
from .nodes.ansible import AnsibleNodes
from .nodes.libvirt_watch import LibvirtWatcher
from .nodes.oplog import OperationLog
from .nodes.port import Fleet, Nodes
from .nodes.simulator import SimulatorNodes
from .reconcilers.alerts import Alerts
from .reconcilers.cleaning import Cleaning
from .reconcilers.going import Going
from .reconcilers.hosts import HostWatch
from .reconcilers.invitations import Invitations
from .reconcilers.loop import Loop, Reconciler
from .reconcilers.mail import Outbox
from .reconcilers.records import Records
from .reconcilers.routers import Routers
from .reconcilers.storage import StorageFigures
from .reference.http import blueprint as reference
from .sagas.registry import SAGAS
from .sagas.services import SIMULATOR, Services
from .secrets import Vault
from .wire.http import blueprint
from .wire.sessions import Entrance


@dataclass
class Cloud:
    """One service, put together and not yet started."""

    config: Config
    db: Database
    vault: Vault
    simulator: SimulatorNodes
    services: Services
    runner: Runner[Services]
    jobs: Jobs
    commands: Commands
    directory: Directory
    logins: Logins
    host_watch: HostWatch
    watcher: LibvirtWatcher
    reconcilers: Loop

    def start(self) -> None:
        """Starts workers, watchers and reconcilers; jobs of an earlier life resume."""
        self.jobs.start()
        self.watcher.start()
        self.reconcilers.start()

    def stop(self) -> None:
        """Stops them; jobs under way are finished first."""
        self.reconcilers.stop()
        self.watcher.stop()
        self.jobs.stop()
        self.db.write(lambda session: session.execute(delete(Worker).where(Worker.name == self.runner.worker)))
        self.db.close()


def load_commands() -> None:
    """Imports every module of commands/, which registers the commands in it."""
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module.name}")


def create_cloud(config: Config, nodes: Callable[[Nodes], Nodes] = lambda nodes: nodes) -> Cloud:
    """Puts a service together on a migrated database.

    Args:
        config: the installation.
        nodes: may wrap who carries operations out (tests do).
    """
    load_commands()
    vault, db = _ground(config)
    for_jobs = db.for_workers()
    simulator, fleet = _hosts(config, for_jobs)
    settings = Settings()
    services = Services(for_jobs, nodes(fleet), settings, vault, simulated=config.simulated)
    sagas = dict(SAGAS)
    runner = Runner(for_jobs, sagas, services, JobHooks(), worker_name())
    jobs = Jobs(runner, config.threads)
    ldap = LdapDirectory(db, settings, vault)
    shared = Shared(settings, vault, Permissions(db), CallLimits(db, settings), jobs.wait, jobs.wake, ldap)
    sagas["command"] = deferred(shared)  # the one saga that is made of commands, which need the engine themselves

    logins = _logins(db, settings, vault, ldap)
    host_watch = HostWatch(db, vault, simulator)
    watcher = LibvirtWatcher(host_watch, config.ssh_key, config.var / "keys" / "known_hosts")
    host_watch.watcher = watcher
    cleaning = Cleaning(db, settings, jobs.wake, config.var / "log" / "jobs")
    records, alerts = Records(db, settings), Alerts(db, settings, vault)
    reconcilers = Loop([
        Reconciler("hosts", 10, host_watch.sweep),
        Reconciler("simulated hosts", 60, host_watch.sweep_simulated),
        Reconciler("routers", 10, Routers(db, jobs.wake).repair),
        Reconciler("storage figures", 60, StorageFigures(db, watcher).refresh),
        Reconciler("expunge", 60, cleaning.expunge),
        Reconciler("template copies", 300, cleaning.template_copies),
        Reconciler("disks", 60, cleaning.volumes),
        Reconciler("going", 300, Going(db, jobs.wake).remove),
        Reconciler("old jobs", 600, cleaning.old_jobs),
        Reconciler("sessions", 600, logins.sessions.forget),
        Reconciler("invitations", 60, Invitations(db).expire),
        Reconciler("mail", 5, Outbox(db, jobs.wake).send),
        Reconciler("faults", 20, alerts.faults),
        Reconciler("shortages", 20, alerts.shortages),
        Reconciler("alerts", 20, alerts.tell),
        Reconciler("gone tags", 300, records.gone_tags),
        Reconciler("old events", 3600, records.old_events),
        Reconciler("old alerts", 3600, records.old_alerts),
    ])
    return Cloud(config, db, vault, simulator, services, runner, jobs, Commands(db, shared), Directory(db, vault),
                 logins, host_watch, watcher, reconcilers)


def _ground(config: Config) -> tuple[Vault, Database]:
    """The key to the secrets, and a database in which everything is that is always there."""
    config.var.mkdir(parents=True, exist_ok=True)
    config.var.chmod(0o700)  # database, keys and logs are nobody else's business
    vault = Vault.at(config.key_file)
    db = Database(config.database)
    migrate(db.engine)
    db.write(lambda session: bootstrap(session, vault))
    return vault, db


def _logins(db: Database, settings: Settings, vault: Vault, ldap: LdapDirectory) -> Logins:
    """Who logs in: authenticators are asked in the order of their list."""
    authenticators: Sequence[Authenticator] = (NativePasswords(db), LdapPasswords(db, ldap))
    return Logins(db, settings, vault, Sessions(db), authenticators)


def _hosts(config: Config, db: Database) -> tuple[SimulatorNodes, Nodes]:
    """Who carries operations out: Ansible on real hosts, the simulator on simulated ones."""
    oplog = OperationLog(config.var / "log" / "jobs")
    simulator = SimulatorNodes(db, oplog)
    ansible = AnsibleNodes(config.home / "playbooks" / "ops", config.home / "collections", config.var / "run", oplog,
                           config.ssh_key)
    return simulator, Fleet({SIMULATOR: simulator}, ansible)


def create_app(cloud: Cloud) -> Flask:
    """The WSGI application of a service."""
    app = Flask("stratoform", static_folder=None)
    sessions = cloud.logins.sessions
    entrance = Entrance({"login": cloud.logins.login, "logout": sessions.logout}, sessions.caller)
    app.register_blueprint(blueprint(cloud.commands, cloud.directory, entrance))
    app.register_blueprint(reference())

    @app.get("/client/health")
    def health() -> Response:
        with cloud.db.read() as session:
            session.execute(text("select 1"))
        return jsonify(status="ok", version=__version__)

    return app
