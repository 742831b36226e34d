"""The API as an OpenAPI 3.0 document, made from the same declarations that check requests and answer listApis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stratoform.commands.discovery import RELEASE
from stratoform.commands.frame import history
from stratoform.commands.frame.base import STRANGERS, Command, ListCommand
from stratoform.commands.frame.params import Choice, Details, Int, ListOf, NoneYet, Param, Records, Ref
from stratoform.commands.frame.tags import Tags
from stratoform.commands.frame.view import Field, View
from stratoform.commands.views.records import SUCCESS
from stratoform.wire.roots import root_of

from .areas import areas

Schema = dict[str, Any]

ADMIN_ONLY: Final = "x-root-administrators-only"
_PLAIN: Final[Mapping[str, Schema]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"}, "int": {"type": "integer", "format": "int32"},
    "short": {"type": "integer", "format": "int32"}, "long": {"type": "integer", "format": "int64"},
    "date": {"type": "string", "example": "2026-11-20T13:45:00+0000"},
    "map": {"type": "object"}, "responseobject": {"type": "object"},
}
"""Types of fields that are more than texts."""
_LISTS: Final = frozenset({"set", "list"})

_ERROR: Final[Schema] = {
    "type": "object", "description": "A refusal.",
    "properties": {
        "errorcode": {"type": "integer", "description": "The HTTP status too."},
        "cserrorcode": {"type": "integer", "description": "The reference's number for the kind of refusal."},
        "errortext": {"type": "string", "description": "What was asked, of what, why not, and what to do."},
        "uuidList": {"type": "array", "items": {"type": "object", "properties": {
            "uuid": {"type": "string"}, "description": {"type": "string"}}}},
    },
    "required": ["errorcode", "cserrorcode", "errortext", "uuidList"],
}
_SECURITY: Final[Schema] = {
    "apiKey": {"type": "apiKey", "in": "query", "name": "apikey", "description": "Who asks: a user's API key."},
    "signature": {
        "type": "apiKey", "in": "query", "name": "signature",
        "description": "Base64 of the HMAC-SHA1, with the user's secret key, of all parameters, sorted by name, in "
                       "lower case, as name=value joined by &, values percent-encoded."},
    "session": {"type": "apiKey", "in": "query", "name": "sessionkey",
                "description": "What login answered, together with its cookies."},
}


def document() -> dict[str, Any]:
    """The document. Every command is an operation of the path ``/client/api/<its name>``."""
    schemas: dict[str, Schema] = {"Error": _ERROR}
    names = _Names(schemas)
    paths: dict[str, Any] = {}
    for title, commands in areas().items():
        for command in commands:
            method = "get" if command.is_list else "post"
            paths[f"/client/api/{command.name}"] = {method: _operation(command, title, names)}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Stratoform", "version": RELEASE,
            "description": "A private cloud that speaks the CloudStack API. GET with a query and POST with a form are "
                           "the same for every command but login, and so are /client/api and /client/api/<command>."},
        "servers": [{"url": "/"}],
        "tags": [{"name": title} for title in areas()],
        "security": [{"apiKey": [], "signature": []}, {"session": []}],
        "paths": dict(sorted(paths.items())),
        "components": {"securitySchemes": _SECURITY, "schemas": dict(sorted(schemas.items()))},
    }


class _Names:
    """Gives each view a name of its own among the document's schemas."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self.schemas = schemas
        self._names: dict[int, tuple[str, View]] = {}

    def reference(self, view: View) -> Schema:
        """A reference to the schema of a view, which is made when it is first asked for."""
        if id(view) not in self._names:
            name, number = view.key, 2
            while name in self.schemas:
                name, number = f"{view.key}{number}", number + 1
            self._names[id(view)] = name, view
            self.schemas[name] = {}  # a view may consist of itself
            properties = {field.name: self._field(view, field) for field in view.fields}
            self.schemas[name].update({"type": "object", "properties": properties})
        return {"$ref": f"#/components/schemas/{self._names[id(view)][0]}"}

    def _field(self, view: View, field: Field) -> Schema:
        if field.type in _LISTS:
            schema: Schema = {"type": "array", "items": self.reference(field.nested) if field.nested else {}}
            if field.nested is None:  # the reference calls texts with commas lists, too
                schema = {"anyOf": [schema, {"type": "string"}]}
        else:
            schema = dict(_PLAIN.get(field.type, {"type": "string"}))
        schema["description"] = field.doc
        if field.admin:
            schema[ADMIN_ONLY] = True
        since = field.since or history.FIELDS.get(f"{view.key}.{field.name}")
        return schema | ({"x-since": since} if since else {})


def _operation(command: type[Command], title: str, names: _Names) -> Schema:
    parameters = [*_protocol(command), *(p for param in command.params.values() for p in _parameters(param))]
    since = command.since or history.COMMANDS.get(command.name)
    operation: Schema = {
        "operationId": command.name, "tags": [title], "summary": command.description,
        "x-roles": sorted(role.name.lower() for role in command.roles), "x-async": command.is_async,
        **({"x-since": since} if since else {}), **({"x-event": command.event} if command.event else {}),
        "responses": {
            "200": _answer("The answer.", root_of(command.name), _content(command, names)),
            "default": _answer("A refusal.", None, {"$ref": "#/components/schemas/Error"}),
        },
    }
    if command.name in STRANGERS:
        operation["security"] = []
    if command.is_list:
        return operation | {"parameters": parameters}
    form = {"type": "object", "properties": {p["name"]: p["schema"] | {"description": p["description"]}
                                             for p in parameters},
            "required": [p["name"] for p in parameters if p.get("required")]}
    lists = {p["name"]: {"style": "form", "explode": False} for p in parameters if p["schema"].get("type") == "array"}
    content = {"schema": form} | ({"encoding": lists} if lists else {})
    return operation | {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": content}}}


def _answer(words: str, root: str | None, content: Schema) -> Schema:
    """An answer: everything stands under one root, which in a refusal may be ``errorresponse`` too."""
    schema: Schema = {"type": "object", "additionalProperties": content, "minProperties": 1, "maxProperties": 1}
    if root is not None:
        schema = {"type": "object", "properties": {root: content}, "required": [root], "additionalProperties": False}
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _content(command: type[Command], names: _Names) -> Schema:
    """What stands under the root of an answer."""
    if command.is_async:
        return {"type": "object", "required": ["jobid"], "properties": {
            "jobid": {"type": "string", "description": "The job; queryAsyncJobResult tells how it stands."},
            "id": {"type": "string", "description": "The object that will be."}}}
    if command.flat:
        return names.reference(command.view or SUCCESS)
    if command.view is None or command.view is SUCCESS:
        return {"type": "object", "required": ["success"], "properties": {
            "success": {"anyOf": [{"type": "string"}, {"type": "boolean"}]}, "displaytext": {"type": "string"}}}
    one = names.reference(command.view)
    many = {"type": "array", "items": one}
    shown: Schema = {"anyOf": [many, one]} if command.is_list and not issubclass(command, ListCommand) else many
    if not command.is_list and not command.answers_list:
        return {"type": "object", "properties": {command.view.key: one}, "required": [command.view.key]}
    return {"type": "object", "properties": {"count": {"type": "integer"}, command.view.key: shown}}


def _protocol(command: type[Command]) -> Iterator[Schema]:
    where = {"in": "query", "required": True}
    yield {"name": "command", **where, "description": "The command.",
           "schema": {"type": "string", "enum": [command.name]}}
    yield {"name": "response", **where, "description": "The format of the answer; left out: XML.",
           "schema": {"type": "string", "enum": ["json"]}}


def _parameters(param: Param[Any]) -> Iterator[Schema]:
    """The parameter; of a map, the fields of its first entry."""
    about: Schema = {"in": "query", "description": param.doc}
    if param.since:
        about["x-since"] = param.since
    if param.admin:
        about[ADMIN_ONLY] = True
    if not isinstance(param, Details | Records | Tags):
        yield {"name": param.name, **about, "required": param.demanded, "schema": _schema(param)}
        return
    fields = sorted(param.fields) if isinstance(param, Records) else ["key", "value"]
    for field in fields:
        wanted = param.demanded and (not isinstance(param, Records))
        yield {"name": f"{param.name}[0].{field}", **about, "required": wanted,
               "description": f"{param.doc} Of the first entry; more have higher numbers.",
               "schema": {"type": "string", "maxLength": param.length, **({"minLength": 1} if field == "key" else {})}}


def _schema(param: Param[Any]) -> Schema:
    if isinstance(param, ListOf):
        return {"type": "array", "items": _schema(param.item), "maxItems": param.most}
    if isinstance(param, Int):
        return {**_PLAIN[param.wire_type], "minimum": param.least, "maximum": param.most}
    if param.wire_type == "boolean":
        return {"type": "boolean"}
    schema: Schema = {"type": "string", "minLength": 0 if param.takes_empty else 1, "maxLength": param.length}
    if isinstance(param, Choice):
        schema = {"type": "string", "enum": list(param.words.values())}
    elif type(param) in {Ref, NoneYet}:
        schema = {"type": "string", "format": "uuid"}
    return schema
