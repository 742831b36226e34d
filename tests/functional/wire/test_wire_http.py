"""The endpoint as clients meet it, with a dispatcher that records what it is asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import pytest
import requests
from cs import CloudStack, CloudStackApiException
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from stratoform.commands.frame.answer import Accepted, Many, One, Plain
from stratoform.commands.frame.caller import Caller, Credential, RoleType
from stratoform.errors import ApiError, Fault
from stratoform.wire.http import LARGEST_BODY, blueprint

ALICE = Caller(user_id=3, account_id=2, domain_id=1, domain_path="/", role=RoleType.USER)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SENTENCE = "unable to verify user credentials and/or request signature"


class Cloud:
    """A dispatcher and directory that remember what they were asked and answer what they are told."""

    def __init__(self) -> None:
        self.answer = Plain({"success": True})
        self.calls = []
        self.now = NOW

    def __call__(self, name, params, caller):
        self.calls.append((name, dict(params), caller))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def by_api_key(self, key):
        return Credential("secret", ALICE) if key == "key" else None

    def clock(self):
        return self.now


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def client(cloud):
    app = Flask("test")
    app.register_blueprint(blueprint(cloud, cloud, clock=cloud.clock))
    return app.test_client()


def signed(command="listZones", **params) -> str:
    query = {"command": command, "apiKey": "key", **params}
    text = "&".join(f"{name}={quote(query[name], safe='*')}" for name in sorted(query))
    signature = base64.b64encode(hmac.new(b"secret", text.lower().encode(), hashlib.sha1).digest()).decode()
    return f"{text}&{urlencode({'signature': signature})}"


def get(client, command="listZones", **params):
    return client.get("/client/api?" + signed(command, **params))


def error_in(response, root="listzonesresponse"):
    body = json.loads(response.data)[root]
    assert response.status_code == body["errorcode"]
    assert body["uuidList"] == []
    return body


def test_a_get_is_answered_in_json(client, cloud):
    cloud.answer = Many("zone", [{"id": "z", "created": NOW, "dns1": None}], 1)
    response = get(client, response="json", available="true", **{"tags[0].key": "k"})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json == {
        "listzonesresponse": {"count": 1, "zone": [{"id": "z", "created": "2026-01-02T03:04:05+0000"}]}
    }
    assert cloud.calls == [("listZones", {"available": "true", "tags": [{"key": "k"}]}, ALICE)]


def test_xml_is_the_default(client, cloud):
    cloud.answer = One("zone", {"id": "z", "name": "a<b\0"})
    response = get(client, "createZone")
    assert response.headers["Content-Type"] == "text/xml; charset=UTF-8"
    root = ET.fromstring(response.data)  # noqa: S314 - our own answer
    assert (root.tag, root.attrib) == ("createzoneresponse", {"cloud-stack-version": "4.3.0"})
    assert root.findtext("zone/name") == "a<b\ufffd"


def test_a_post_is_merged_with_the_query(client, cloud):
    text = signed(name="a b", response="json")
    query, _, body = text.partition("&")
    response = client.post(f"/client/api?{query}", data=body, content_type="application/x-www-form-urlencoded")
    assert response.json == {"listzonesresponse": {"success": "true"}}
    assert cloud.calls == [("listZones", {"name": "a b"}, ALICE)]


def test_32_kib_of_user_data_fit_into_a_post(client, cloud):
    userdata = "QUJD" * 8192
    body = signed("deployVirtualMachine", userdata=userdata)
    response = client.post("/client/api", data=body, content_type="application/x-www-form-urlencoded; charset=utf-8")
    assert response.status_code == 200
    assert cloud.calls[0][1] == {"userdata": userdata}


def test_an_accepted_job(client, cloud):
    cloud.answer = Accepted("j", "v")
    assert get(client, "deployVirtualMachine", response="JSON").json == {
        "deployvirtualmachineresponse": {"id": "v", "jobid": "j"}
    }


def test_a_refusal_stands_in_the_commands_own_root(client, cloud):
    cloud.answer = ApiError(Fault.IN_USE, "the zone has pods")
    error = error_in(get(client, "restoreVirtualMachine", response="json"), "restorevmresponse")
    assert (error["errorcode"], error["cserrorcode"], error["errortext"]) == (536, 4375, "the zone has pods")


def test_a_refusal_in_xml(client, cloud):
    cloud.answer = ApiError(Fault.BAD_PARAMETER, "no <zone>", [("zone", "u")])
    response = get(client)
    root = ET.fromstring(response.data)  # noqa: S314 - our own answer
    assert response.status_code == 431
    assert [root.findtext(p) for p in ("errorcode", "errortext", "uuidList/uuid")] == ["431", "no <zone>", "u"]


def test_an_unknown_command_has_no_root_of_its_own(client, cloud):
    cloud.answer = ApiError(Fault.UNKNOWN_COMMAND, "there is no command 'makeCoffee'")
    assert error_in(get(client, "makeCoffee", response="json"), "errorresponse")["errorcode"] == 432


def test_no_command(client, cloud):
    assert error_in(get(client, "", response="json"), "errorresponse")["errorcode"] == 432
    assert cloud.calls == []


@pytest.mark.parametrize("tail", ["x", "&more=1", "&apikey2=1"])
def test_strangers_are_refused_before_anything_runs(client, cloud, tail):
    response = client.get("/client/api?" + signed(response="json") + tail)
    error = error_in(response)
    assert (error["errorcode"], error["cserrorcode"], error["errortext"]) == (401, 4290, SENTENCE)
    assert cloud.calls == []


def test_a_strangers_command_never_becomes_an_element(client):
    response = client.get("/client/api?command=%3Cscript%3E")
    assert response.status_code == 401
    assert ET.fromstring(response.data).tag == "errorresponse"  # noqa: S314 - our own answer


def test_a_request_expires_by_the_clock_given(client, cloud):
    query = signed(signatureVersion="3", expires="2026-01-02T03:14:05Z", response="json")
    assert client.get("/client/api?" + query).status_code == 200
    cloud.now += timedelta(minutes=11)
    assert error_in(client.get("/client/api?" + query))["errortext"] == SENTENCE


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
def test_other_methods_are_refused(client, cloud, method):
    response = client.open("/client/api?" + signed(response="json"), method=method)
    assert response.status_code == 405
    assert method == "HEAD" or error_in(response)["errortext"] == "only GET and POST are allowed"
    assert cloud.calls == []


def test_a_body_too_large_is_refused(client):
    form = "application/x-www-form-urlencoded"
    query = "/client/api?response=json&command=listZones"
    fits, more = b"a=" + b"x" * (LARGEST_BODY - 2), b"a=" + b"x" * (LARGEST_BODY - 1)
    assert error_in(client.post(query, data=fits, content_type=form))["errorcode"] == 401
    assert error_in(client.post(query, data=more, content_type=form))["errorcode"] == 431
    error = error_in(client.post(query, data=b"x" * (10 << 20), content_type=form))
    assert error["errortext"] == "the request body is too large; at most 1048576 bytes are allowed"


def test_a_body_too_large_without_a_length_is_refused(client):
    response = client.post(
        "/client/api?response=json&command=listZones",
        input_stream=io.BytesIO(b"x" * (40 << 20)),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert error_in(response)["errorcode"] == 431


def test_a_body_cut_short_is_refused(client):
    response = client.post(
        "/client/api?response=json&command=listZones", data=b"a=b", environ_overrides={"CONTENT_LENGTH": "100"}
    )
    assert error_in(response)["errorcode"] == 431


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_a_body_of_another_type_is_refused(client, kind):
    response = client.post("/client/api?" + signed(response="json"), data=b"{}", content_type=kind)
    assert error_in(response)["errorcode"] == 431


def test_without_a_body_its_type_does_not_matter(client):
    assert client.post("/client/api?" + signed(), content_type="application/json").status_code == 200


@pytest.mark.parametrize(
    ("query", "code", "named"),
    [("name=a%00", 430, "'name'"), ("name=%ff", 430, "'name'"), ("d[x].y=1", 430, "'d[x].y'"), ("a=1&A=2", 431, "'A'")],
)
def test_bad_parameters_are_named(client, query, code, named):
    error = error_in(client.get(f"/client/api?command=listZones&response=json&{query}"))
    assert error["errorcode"] == code
    assert named in error["errortext"]


def test_what_nobody_foresaw_is_logged_without_secrets(client, cloud, caplog):
    cloud.answer = RuntimeError("INSERT INTO user VALUES ('hunter2 \"x\"')")
    with caplog.at_level(logging.ERROR):
        response = get(client, "createUser", response="json", password='hunter2 "x"', username="bob", z="z" * 99_999)
    error = error_in(response, "createuserresponse")
    assert (error["errorcode"], error["cserrorcode"]) == (530, 4250)
    log_id = error["errortext"].rpartition(" ")[2]
    assert "RuntimeError" not in error["errortext"]
    assert len(caplog.records) == 1
    assert len(caplog.text) < 20_000
    for words in (log_id, "RuntimeError", "bob", "'createUser'"):
        assert words in caplog.text
    for secret in ("hunter2", signed("createUser").rpartition("=")[2]):
        assert secret not in caplog.text


@pytest.mark.parametrize("answer", [None, One("zone", {"size": float("nan")}), Plain({"a": object()})])
def test_an_answer_that_cannot_be_rendered_is_an_error_of_ours(client, cloud, answer):
    cloud.answer = answer
    assert error_in(get(client, response="json"))["errorcode"] == 530


@given(query=st.binary(), body=st.binary(), method=st.sampled_from(["GET", "POST"]))
def test_no_request_is_answered_by_anything_but_the_api(query, body, method):
    app, cloud = Flask("test"), Cloud()
    app.register_blueprint(blueprint(cloud, cloud))
    response = app.test_client().open(
        "/client/api",
        method=method,
        data=body,
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"QUERY_STRING": query.decode("latin-1")},
    )
    assert response.status_code in {401, 430, 431}
    ET.fromstring(response.data)  # noqa: S314 - our own answer


class Wsgi:
    """Carries what requests prepared to the application and back."""

    def __init__(self, client) -> None:
        self.client = client

    def send(self, prepared, **_):
        answer = self.client.open(
            prepared.path_url, method=prepared.method, data=prepared.body, headers=dict(prepared.headers)
        )
        response = requests.Response()
        response.status_code, response.headers = (
            answer.status_code,
            requests.structures.CaseInsensitiveDict(answer.headers),
        )
        response._content = answer.data
        return response


@pytest.fixture(params=["get", "post"])
def cs(request, client, cloud):
    cloud.now = datetime.now(UTC)
    return CloudStack("http://x/client/api", "key", "secret", method=request.param, session=Wsgi(client))


def test_cs_reads_lists_pages_and_success(cs, cloud):
    cloud.answer = Many("zone", [{"id": "z"}], 1)
    assert cs.listZones(fetch_list=True, name="~ü *+/", tags={"key": "k"}, id=["a", "b"]) == [{"id": "z"}]
    assert cloud.calls[0][1] == {
        "name": "~ü *+/", "tags": [{"key": "k"}], "id": "a,b", "page": "1", "pagesize": "500",
    }  # fmt: skip
    cloud.answer = Plain({"success": True})
    assert cs.deleteZone(id="z") == {"success": "true"}


def test_cs_reads_refusals_and_failed_jobs(cs, cloud):
    cloud.answer = ApiError(Fault.BAD_PARAMETER, "no such zone")
    with pytest.raises(CloudStackApiException, match="HTTP 431") as refused:
        cs.deleteZone(id="z")
    assert refused.value.error["errortext"] == "no such zone"
    failure = ApiError(Fault.INTERNAL, "the host is away")
    cloud.answer = Plain({"jobid": "j", "jobstatus": 2, "jobresultcode": failure.fault, "jobresult": failure})
    with pytest.raises(CloudStackApiException) as failed:
        cs.startVirtualMachine(id="v", fetch_result=True)
    assert failed.value.error["errortext"] == "the host is away"
