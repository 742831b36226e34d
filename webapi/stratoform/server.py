"""The HTTP server: gunicorn, one process with threads; jobs, watchers and reconcilers live in the same process."""

from __future__ import annotations

import gc
from typing import Any

from gunicorn.app.base import BaseApplication

from .config import Config

THREADS = 16
LONGEST_LINE = 8190
"""gunicorn's maximum; what does not fit into a URL (user data) goes by POST."""


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    def __init__(self, config: Config) -> None:
        self.config = config
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": self.config.bind, "workers": 1, "worker_class": "gthread", "threads": THREADS,
            "limit_request_line": LONGEST_LINE, "timeout": 0, "graceful_timeout": 30, "keepalive": 75,
            "loglevel": "warning", "proc_name": "stratoform", "worker_exit": _leave, "control_socket_disable": True,
        }.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """Runs in the worker process, after the fork: threads started here live."""
        from .app import create_app, create_cloud  # noqa: PLC0415 - after the fork
        from .integration import IntegrationPort, integration_port  # noqa: PLC0415 - see above

        cloud = create_cloud(self.config)
        cloud.start()
        integration = IntegrationPort(cloud, integration_port(self.config, cloud.db))
        integration.start()
        self.cfg.cloud, self.cfg.integration = cloud, integration
        app = create_app(cloud)
        gc.collect()
        gc.freeze()  # modules, models and commands stay for good: the collector need not look at them again
        return app


def _leave(_server: Any, worker: Any) -> None:
    for part in (getattr(worker.cfg, name, None) for name in ("integration", "cloud")):
        if part is not None:
            part.stop()


def serve(config: Config) -> None:
    """Serves until told to stop (SIGTERM, SIGINT)."""
    _Server(config).run()
