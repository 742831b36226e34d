"""A small signing client that speaks to a service in this process."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient


class Refused(Exception):
    """The service answered with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class Client:
    """Calls commands with one user's keys.

    Args:
        http: a Flask test client.
        key, secret: the user's.
    """

    def __init__(self, http: FlaskClient, key: str, secret: str) -> None:
        self.http, self.key, self.secret = http, key, secret

    def __call__(self, command: str, **params: Any) -> Any:
        """What is under the answer's root.

        Raises:
            Refused: with the error's code and text.
        """
        params = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in params.items() if v is not None}
        params |= {"command": command, "apikey": self.key, "response": "json"}
        query = "&".join(f"{k}={quote(v, safe='*')}" for k, v in sorted(params.items(), key=lambda kv: kv[0].lower()))
        digest = hmac.new(self.secret.encode(), query.lower().encode(), hashlib.sha1).digest()
        body = f"{query}&signature={quote(base64.b64encode(digest).decode(), safe='')}"
        answer = self.http.post("/client/api", data=body, content_type="application/x-www-form-urlencoded")
        (content,) = answer.get_json().values()
        if answer.status_code != 200:
            assert content["errorcode"] == answer.status_code
            raise Refused(answer.status_code, content["errortext"])
        return content

    def items(self, command: str, **params: Any) -> list[Any]:
        """The objects a list command answers."""
        content = self(command, **params)
        return next((v for k, v in content.items() if k != "count"), [])

    def one(self, command: str, **params: Any) -> Any:
        """The only object a command answers."""
        content = self(command, **params)
        (value,) = (v for k, v in content.items() if k != "count")
        if isinstance(value, list):
            (value,) = value
        return value

    def job(self, command: str, limit: float = 30.0, **params: Any) -> Any:
        """Runs an asynchronous command to its end and returns the job's object.

        Raises:
            Refused: the command or its job failed.
        """
        return self.await_job(self(command, **params)["jobid"], limit)

    def await_job(self, uuid: str, limit: float = 30.0) -> Any:
        """Waits for a job and returns its object."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            job = self("queryAsyncJobResult", jobid=uuid)
            if job["jobstatus"] == 2:
                raise Refused(job["jobresultcode"], job["jobresult"]["errortext"])
            if job["jobstatus"] == 1:
                result = job.get("jobresult", {})
                return next(iter(result.values())) if len(result) == 1 else result
            time.sleep(0.01)
        raise TimeoutError(f"{uuid} is still under way: {job}")
