"""The documents on the service itself: ``/client/openapi.json`` and ``/client/docs/``. They tell nothing of a cloud."""

from __future__ import annotations

import json
from functools import cache
from typing import Final

from flask import Blueprint, Response, abort, redirect
from werkzeug.wrappers import Response as AnyResponse

from .openapi import document
from .pages import page

_TYPES: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


@cache
def _document() -> str:
    return json.dumps(document(), ensure_ascii=False, separators=(",", ":"))


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("reference", __name__)

    @routes.get("/client/openapi.json")
    def openapi() -> Response:
        return _shown(_document(), "application/json")

    @routes.get("/client/docs")
    def docs() -> AnyResponse:
        return redirect("docs/", 308)

    @routes.get("/client/docs/")
    @routes.get("/client/docs/<name>")
    def one(name: str = "index.html") -> Response:
        text = page(name)
        if text is None:
            abort(404)
        return _shown(text, _TYPES[name.rpartition(".")[2]])

    return routes


def _shown(text: str, kind: str) -> Response:
    response = Response(text, content_type=f"{kind}; charset=UTF-8")
    response.headers["Cache-Control"] = "max-age=300"
    response.headers["Content-Security-Policy"] = "default-src 'self'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
