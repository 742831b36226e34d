"""A browser of sorts: keeps cookies, sends forms, signs nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from flask import Flask
from sqlalchemy import select

from stratoform.app import create_app
from stratoform.model.tenancy import Account, Domain, User
from stratoform.secrets import hash_password
from tests.conftest import Service
from tests.support.client import Refused


class Browser:
    """One visitor of a service."""

    def __init__(self, app: Flask) -> None:
        self.http = app.test_client()
        self.key = ""
        self.answer: Any = None

    def __call__(self, command: str, method: str = "POST", **params: Any) -> Any:
        """What is under the answer's root. The session's key goes along unless ``sessionkey`` says otherwise.

        Raises:
            Refused: with the error's code and text.
        """
        form = {"command": command, "response": "json", "sessionkey": self.key, **params}
        form = {name: str(value) for name, value in form.items() if value not in (None, "")}
        where = {"query_string": form} if method == "GET" else {"data": form}
        self.answer = self.http.open("/client/api", method=method, **where)
        (content,) = self.answer.get_json().values()
        if self.answer.status_code != 200:
            assert content["errorcode"] == self.answer.status_code
            raise Refused(self.answer.status_code, content["errortext"])
        return content

    def login(self, username: str, password: str, **params: Any) -> Any:
        """Logs in and keeps the key of the session."""
        answer = self("login", username=username, password=password, **params)
        self.key = answer["sessionkey"]
        return answer

    @property
    def token(self) -> str | None:
        """The session's cookie."""
        cookie = self.http.get_cookie("JSESSIONID", path="/client")
        return cookie.value if cookie is not None else None

    @token.setter
    def token(self, value: str) -> None:
        self.http.set_cookie("JSESSIONID", value, path="/client")


@dataclass
class Site:
    """A service whose users have passwords."""

    service: Service

    def __post_init__(self) -> None:
        self.app = create_app(self.service.cloud)

    def browser(self) -> Browser:
        """A fresh one."""
        return Browser(self.app)

    def user(self, name: str, password: str | None, path: str = "/", **more: Any) -> None:
        """Makes an account of one user."""
        self.service.user(name, path=path)
        self.change(name, password=hash_password(password) if password else None, **more)

    def change(self, name: str, **columns: Any) -> None:
        """Sets columns of a user."""
        def work(session: Any) -> None:
            user = session.scalars(select(User).where(User.name == name)).one()
            for column, value in columns.items():
                setattr(user, column, value)

        self.service.cloud.db.write(work)

    def change_account(self, name: str, **columns: Any) -> None:
        """Sets columns of an account."""
        def work(session: Any) -> None:
            account = session.scalars(select(Account).where(Account.name == name)).one()
            for column, value in columns.items():
                setattr(account, column, value)

        self.service.cloud.db.write(work)

    def domain(self, path: str) -> str:
        """Id of the domain of that path."""
        with self.service.cloud.db.read() as session:
            return session.scalars(select(Domain.uuid).where(Domain.path == path)).one()

    def row(self, name: str) -> User:
        """The user as it is now."""
        with self.service.cloud.db.read() as session:
            return session.scalars(select(User).where(User.name == name)).one()

    def pass_time(self, **by: float) -> None:
        """Sets the service's clocks forward; no sleeping."""
        sessions, patience = self.service.cloud.logins.sessions, self.service.cloud.logins.patience
        seconds = timedelta(**by)
        wall, steady = sessions.clock, patience.clock

        def later() -> datetime:
            return wall() + seconds

        sessions.clock = self.service.cloud.logins.single_sign_on.clock = later
        patience.clock = lambda: steady() + seconds.total_seconds()


def sign(key: str, **params: str) -> str:
    """The signature of a portal: HMAC-SHA1 over the sorted, encoded, lower-cased parameters."""
    text = "&".join(f"{name}={quote(params[name], safe='*')}" for name in sorted(params)).lower()
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()
