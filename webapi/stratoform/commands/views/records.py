"""Events, settings, jobs, and what the API says of itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Select

from stratoform.commands.frame.kinds import kind_word
from stratoform.commands.frame.view import Field, View, col, unset
from stratoform.model.alerts import Alert, AlertType
from stratoform.model.records import Event
from stratoform.model.regions import Region
from stratoform.model.tenancy import User

from .common import CAPACITY, OWNER, with_owner


def _event_people(query: Select[Any]) -> Select[Any]:
    return (
        with_owner(query, Event).outerjoin(User, User.id == Event.user_id)
    )


JOB_FIELDS = (
    unset("jobid", "string", "The unfinished job that is changing this object."),
    unset("jobstatus", "integer", "The state of that job."),
)
"""What no job ever changes still declares these: generators of clients expect them everywhere."""

EVENT = View("event", Event, (
    col("id", "string", "The event's id.", Event.uuid),
    col("username", "string", "The user who acted.", User.name),
    col("type", "string", "What was done, e.g. VM.CREATE.", Event.type),
    col("level", "string", "INFO, WARN or ERROR.", Event.level),
    col("description", "string", "What happened, in words.", Event.description),
    *OWNER,
    col("created", "date", "When it happened.", Event.created),
    col("state", "state", "Scheduled, Started or Completed.", Event.state),
    col("parentid", "string", "The event that began this chain.", Event.start_uuid),
    col("jobid", "string", "The job that did it.", Event.job_uuid),
    unset("jobstatus", "integer", "The state of that job."),
    col("resourcetype", "string", "Kind of the object it speaks of.", Event.subject_type, make=kind_word,
        since="4.17.0"),
    col("resourceid", "string", "The object it speaks of.", Event.subject_uuid, since="4.17.0"),
    col("archived", "boolean", "True when it was put away.", Event.archived, since="4.19.0"),
), _event_people)

EVENT_TYPE = View("eventtype", None, (
    unset("name", "string", "The type."),
    unset("description", "string", "What events of the type say."),
    *JOB_FIELDS,
))

ALERT = View("alert", Alert, (
    col("id", "string", "The alert's id.", Alert.uuid),
    col("type", "short", "What it is about: " + ", ".join(f"{int(kind)} {kind.name}" for kind in AlertType) + ".",
        Alert.type),
    col("name", "string", "Its name.", Alert.name, since="4.3"),
    col("description", "string", "What is wrong, in words.", Alert.description),
    col("sent", "date", "When it was raised.", Alert.created),
    col("resolved", "date", "When what it speaks of was over; left out while it lasts.", Alert.resolved),
    *JOB_FIELDS,
))

REGION = View("region", Region, (
    col("id", "integer", "The region's number.", Region.id),
    col("name", "string", "Its name.", Region.name),
    col("endpoint", "string", "Where its API answers.", Region.endpoint),
    col("gslbserviceenabled", "boolean", "True when it balances load between regions.", Region.id,
        make=lambda _id: False),
    col("portableipserviceenabled", "boolean", "True when addresses can move between its zones.", Region.id,
        make=lambda _id: False),
    *JOB_FIELDS,
))

CAPACITY_ENTRY = replace(CAPACITY, fields=(*CAPACITY.fields, *JOB_FIELDS))

CLOUD_IDENTIFIER = View("cloudidentifier", None, (
    unset("userid", "string", "The user who asked."),
    unset("cloudidentifier", "string", "What tells this cloud from others."),
    unset("signature", "string", "The identifier signed with the user's secret key: HMAC-SHA1, in base64."),
    *JOB_FIELDS,
))

PLANNER = View("deploymentPlanner", None, (unset("name", "string", "The planner's name."), *JOB_FIELDS))

CONFIGURATION = View("configuration", None, (
    unset("category", "string", "Where the setting belongs."),
    unset("name", "string", "The setting's name."),
    unset("value", "string", "Its value in the scope asked for."),
    unset("scope", "string", "The scope of the value; for global ones, where else it may be set."),
    unset("id", "long", "Id of the object of that scope."),
    unset("description", "string", "What the setting does."),
    unset("displaytext", "string", "The same.", since="4.18.0"),
    unset("defaultvalue", "string", "Its value as long as nobody sets one.", since="4.18.0"),
    unset("type", "string", "String, Number, Decimal or Boolean.", since="4.18.0"),
    unset("isdynamic", "boolean", "True when a new value takes effect at once.", since="4.18.0"),
    unset("group", "string", "Its group: the category.", since="4.18.0"),
    unset("subgroup", "string", "Its subgroup.", since="4.18.0"),
    unset("component", "string", "The part of the service it belongs to.", since="4.18.0"),
    *JOB_FIELDS,
))

ASYNC_JOB = View("asyncjobs", None, (
    unset("accountid", "string", "The account that asked for it."),
    unset("userid", "string", "The user who asked for it."),
    unset("cmd", "string", "The command it carries out."),
    unset("jobstatus", "integer", "0 under way, 1 succeeded, 2 failed."),
    unset("jobprocstatus", "integer", "Always 0; see jobprogress."),
    unset("jobresultcode", "integer", "0, or the error code of a failure."),
    unset("jobresulttype", "string", "object: jobresult is an object."),
    unset("jobresult", "responseobject", "The command's answer, or the error."),
    unset("jobinstancetype", "string", "The kind of object it changes."),
    unset("jobinstanceid", "string", "The object it changes."),
    unset("created", "date", "When it was asked for."),
    unset("jobid", "string", "The job's id."),
    unset("jobprogress", "string", "What is being done right now, in words."),
))

_RESPONSE_FIELD = View("response", None, (
    unset("name", "string", "The field's name."),
    unset("description", "string", "What it says."),
    unset("type", "string", "Its type."),
    unset("since", "string", "Release that brought it."),
    unset("response", "set", "The fields it consists of."),
))

_PARAMETER = View("params", None, (
    unset("name", "string", "The parameter's name."),
    unset("description", "string", "What it means."),
    unset("type", "string", "Its type."),
    unset("length", "integer", "Most characters it may have."),
    unset("required", "boolean", "True when the command needs it."),
    unset("since", "string", "Release that brought it."),
    unset("related", "string", "Commands that deal with what it refers to."),
))

API = View("api", None, (
    unset("name", "string", "The command's name."),
    unset("description", "string", "What it does."),
    unset("since", "string", "Release that brought it."),
    unset("isasync", "boolean", "True when it answers with a job to poll."),
    unset("related", "string", "Commands that answer with the same kind of object."),
    Field("params", "set", "What it takes.", nested=_PARAMETER),
    Field("response", "set", "What it answers.", nested=_RESPONSE_FIELD),
    unset("type", "string", "Type of the answer."),
    *JOB_FIELDS,
))

CAPABILITY = View("capability", None, (
    unset("securitygroupsenabled", "boolean", "True when some zone has security groups."),
    unset("cloudstackversion", "string", "Release of the API spoken here."),
    unset("userpublictemplateenabled", "boolean", "True when users may register public templates."),
    unset("supportELB", "string", "True when basic zones have elastic load balancing."),
    unset("projectinviterequired", "boolean", "True when accounts join projects by invitation."),
    unset("allowusercreateprojects", "boolean", "True when users may create projects."),
    unset("customdiskofferingminsize", "long", "Smallest custom disk in GB."),
    unset("customdiskofferingmaxsize", "long", "Largest custom disk in GB."),
    unset("regionsecondaryenabled", "boolean", "True when one image store serves all zones."),
    unset("kvmsnapshotenabled", "boolean", "True when disks of KVM machines can be snapshotted."),
    unset("apilimitinterval", "integer", "Seconds after which the count of calls starts again."),
    unset("apilimitmax", "integer", "Calls allowed in that time."),
    unset("dynamicrolesenabled", "boolean", "True when roles can be made.", since="4.9.0"),
    unset("allowuserviewdestroyedvm", "boolean", "True when the caller sees destroyed machines.", since="4.6.0"),
    unset("allowuserexpungerecovervm", "boolean", "True when the caller may recover machines.", since="4.6.0"),
    unset("allowuserexpungerecovervolume", "boolean", "True when the caller may recover disks.", since="4.14.0"),
    unset("allowuserviewalldomainaccounts", "boolean", "True when users see the accounts of their domain.",
          since="4.15.0"),
    unset("additionalconfigenabled", "boolean", "True when users may give machines hypervisor settings.",
          since="4.20.0"),
    unset("kubernetesserviceenabled", "boolean", "True when clusters of containers can be ordered.", since="4.14.0"),
    unset("kubernetesclusterexperimentalfeaturesenabled", "boolean", "True when their trial features are on.",
          since="4.14.0"),
    unset("instanceleaseenabled", "boolean", "True when machines can have an end date.", since="4.21.0"),
    *JOB_FIELDS,
))

API_LIMIT = View("apilimit", None, (
    unset("accountid", "string", "The account."),
    unset("account", "string", "The account's name."),
    unset("apiIssued", "int", "Calls it made since they are counted."),
    unset("apiAllowed", "int", "Calls it may still make."),
    unset("expireAfter", "long", "Seconds until its calls are counted anew."),
    *JOB_FIELDS,
))

HYPERVISOR = View("hypervisor", None, (unset("name", "string", "The hypervisor's name."), *JOB_FIELDS))

STORAGE_PROVIDER = View("dataStoreProvider", None, (
    unset("name", "string", "The provider's name."),
    unset("type", "string", "primary or image."),
    *JOB_FIELDS,
))

SUCCESS = View("success", None, (
    unset("success", "boolean", "True when it was done."),
    unset("displaytext", "string", "Words about it."),
    *JOB_FIELDS,
))
"""What commands without an object answer."""
