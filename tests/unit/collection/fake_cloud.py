"""A cloud in memory, seen through the module client's transport: rows in, JSON out, jobs that take two polls."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from ansible_collections.stratoform.cloud.plugins.module_utils.api import Api
from ansible_collections.stratoform.cloud.plugins.module_utils.settings import Settings

Row = dict[str, Any]
POLLS = 2


class FakeCloud:
    """Rows of each kind, changed by ``list<Kind>s``, ``create<Kind>``, ``update<Kind>``, ``delete<Kind>``.

    ``calls`` records every command sent; a kind in ``slow`` answers with jobs.
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.slow: set[str] = set()
        self.refusals: dict[str, tuple[int, str]] = {}
        self.jobs: dict[str, tuple[int, Row]] = {}
        self.page_size = 500
        self.now = 0.0

    def api(self) -> Api:
        """A client of this cloud whose clock runs only while it sleeps."""
        return Api(Settings("http://cloud/api", job_timeout=60), self.send, lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    def add(self, kind: str, **fields: Any) -> Row:
        """Put an object there by hand."""
        row = {"id": str(uuid.uuid4()), **fields}
        self.rows.setdefault(kind, []).append(row)
        return row

    def commands(self) -> list[str]:
        """What was sent that changes something."""
        return [name for name, _ in self.calls if not name.startswith(("list", "query"))]

    def sent(self, command: str) -> dict[str, str]:
        """The parameters of the last such command."""
        return next(params for name, params in reversed(self.calls) if name == command)

    def send(self, _settings: Settings, params: Mapping[str, str]) -> tuple[int, bytes]:
        """The transport."""
        command = params["command"]
        rest = {name: value for name, value in params.items() if name not in ("command", "response")}
        self.calls.append((command, dict(rest)))
        status, answer = 200, {}
        if command in self.refusals:
            status, text = self.refusals[command]
            answer = {"errorcode": status, "errortext": text}
        elif command == "queryAsyncJobResult":
            answer = self._job(rest["jobid"])
        else:
            answer = self._obey(command, rest)
        return status, json.dumps({f"{command.lower()}response": answer}).encode()

    def _obey(self, command: str, params: dict[str, str]) -> Row:
        verb = next(verb for verb in ("list", "create", "update", "delete") if command.startswith(verb))
        kind = command.removeprefix(verb).lower().removesuffix("s")
        if verb == "list":
            return self._list(kind, params)
        answer = getattr(self, f"_{verb}")(kind, params)
        if kind not in self.slow:
            return answer
        jobid = str(uuid.uuid4())
        self.jobs[jobid] = (POLLS, answer)
        return {"jobid": jobid}

    def _list(self, kind: str, params: dict[str, str]) -> Row:
        page, size = int(params.pop("page", 1)), int(params.pop("pagesize", self.page_size))
        rows = self.rows.get(kind, [])
        found = [row for row in rows if all(row.get(key, value) == value for key, value in params.items())]
        zones = {row["id"]: row["name"] for row in self.rows.get("zone", [])}
        named = [{**row, **({"zonename": zones[row["zoneid"]]} if "zoneid" in row else {})} for row in found]
        chosen = named[(page - 1) * size : page * size]
        return {"count": len(found), kind: chosen} if chosen else {}

    def _create(self, kind: str, params: dict[str, str]) -> Row:
        return {kind: self.add(kind, **params)}

    def _update(self, kind: str, params: dict[str, str]) -> Row:
        row = next(row for row in self.rows[kind] if row["id"] == params["id"])
        row.update(params)
        return {kind: row}

    def _delete(self, kind: str, params: dict[str, str]) -> Row:
        self.rows[kind] = [row for row in self.rows[kind] if row["id"] != params["id"]]
        return {"success": True}

    def _job(self, jobid: str) -> Row:
        left, result = self.jobs[jobid]
        self.jobs[jobid] = (left - 1, result)
        if left > 0:
            return {"jobid": jobid, "jobstatus": 0}
        failed = "errortext" in result
        return {"jobid": jobid, "jobstatus": 2 if failed else 1, "jobresult": result}
