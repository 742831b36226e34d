"""Templates: images that machines are made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select, true

from stratoform.errors import ApiError, Fault
from stratoform.jobs.queue import Order
from stratoform.model.compute import GuestOs
from stratoform.model.limits import Resource
from stratoform.model.storage import ImageStore, Template, Volume
from stratoform.model.tenancy import Account
from stratoform.model.topology import Zone
from stratoform.sagas import template_download, template_remove

from .frame.answer import Answer, Many
from .frame.base import EVERYONE, AsyncCommand, Command
from .frame.caller import RoleType
from .frame.context import Context
from .frame.owned import ALL_PROJECTS, OwnedList, Owner, account_of
from .frame.params import Bool, Choice, Details, Int, Ref, Text, refuse
from .frame.scope import granted, owned, visible
from .frame.tags import TagFilter
from .rules.image_urls import checksum, source_url
from .rules.limits import demand
from .rules.places import demand_free_name, not_yet
from .views.storage import TEMPLATE

ALL_ZONES: Final = "-1"
FORMATS: Final = ("QCOW2", "RAW", "VHD", "VMDK")
HYPERVISORS: Final = ("KVM", "Simulator")
FILTERS: Final = ("featured", "self", "selfexecutable", "sharedexecutable", "executable", "community", "all")


class ZoneOrAll(Ref[Zone]):
    """A zone's id, or -1 for all zones: then the value is None."""

    def resolve(self, value: Any, context: Context) -> Any:
        """See Param.resolve."""
        return None if value == ALL_ZONES else super().resolve(value, context)


def refuse_unless_own(command: Command, template: Template) -> None:
    """Refuses to change a template the caller may only use.

    Raises:
        ApiError: ACCOUNT.
    """
    if command.caller.is_root:
        return
    mine = select(Template.id).where(Template.id == template.id, owned(Template, command.caller))
    if command.session.scalar(mine) is None:
        raise ApiError(Fault.ACCOUNT, f"Unable to execute {command.name}: template '{template.name}' belongs to "
                                      "another account", [(template.__tablename__, template.uuid)])


def check_openness(command: Command, *, featured: bool, public: bool) -> None:
    """Refuses to recommend a template, or to open it to all, to whom may not.

    Raises:
        ApiError: NOT_PERMITTED, BAD_PARAMETER.
    """
    if command.caller.is_root:
        return
    if featured:
        raise ApiError(Fault.NOT_PERMITTED, "Only root administrators can make templates featured")
    name = "allow.public.user.templates"
    allowed = command.context.shared.settings.flag(
        command.session, name, account=command.caller.account_id, domain=command.caller.domain_id)
    if public and not allowed:
        raise refuse("ispublic", f"setting {name} lets this account have private templates only")


def _demand_free(command: Command, name: str, account: int, zone: int | None, but: int = 0) -> None:
    """Refuses a name that another template of the account serves one of the same zones under."""
    overlapping = or_(Template.zone_id == zone, Template.zone_id.is_(None)) if zone is not None else true()
    demand_free_name(command.session, "name", name, Template, Template.account_id == account,
                     Template.state != "Failed", Template.id != but, overlapping)


class RegisterTemplate(Owner, roles=EVERYONE, event="TEMPLATE.CREATE", view=TEMPLATE):
    """Registers a template and has its image fetched; listTemplates tells when it is ready."""

    answers_list = True

    bits = Int("32 or 64 (default): the guest's word size.", least=32, most=64)
    displaytext = Text("Text for people.", length=4096).required
    format = Choice("The image's format.", FORMATS).required
    hypervisor = Choice("The hypervisor it runs on.", HYPERVISORS).required
    isfeatured = Bool("It is shown among the recommended ones; root administrators only.")
    ispublic = Bool("Every account may use it.")
    name_ = Text("Name of the template; unique in its account and zone.").required
    ostypeid = Ref(GuestOs, "The guest operating system.", noun="OS type").required
    passwordenabled = Bool("Its guests take a password from the cloud.")
    sshkeyenabled = Bool("Its guests take an ssh key from the cloud.")
    isextractable = Bool("It may be downloaded from the cloud.")
    requireshvm = Bool("It needs full virtualisation (default true).")
    url = Text("Where the image is: http(s)://..., or, for root administrators, file:///path on its own machine.",
               length=2048).required
    zoneid = ZoneOrAll(Zone, "The zone it is for; -1 for all zones, root administrators only.").required
    checksum = Text("Checksum of the image: algorithm:hex, or hex alone (MD5, SHA-1, SHA-2 by its length).")
    templatetag = Text("Tag of the hosts its guests are placed on.", admin=True)
    details = Details("Free key-value pairs that its machines inherit.")
    isdynamicallyscalable = Bool("Its guests can grow while they run.")
    isrouting = Bool("It is for the cloud's own routers, which need none here.")

    @property
    def zone(self) -> Zone | None:
        """The template's zone; None: all."""
        zone: Zone | None = self.values["zoneid"]
        return zone

    def check(self) -> None:
        """See Command.check."""
        if self.bits not in {None, 32, 64}:
            raise refuse("bits", f"{self.bits} is neither 32 nor 64")
        for name, wish in {"templatetag": "Placing guests by their template's tag",
                           "isrouting": "A template for routers"}.items():
            if self.values.get(name):
                raise refuse(name, f"{not_yet(wish)}; leave it out")
        source_url(self.url, self.caller)
        self._check_rights()
        self._check_store()

    def _check_rights(self) -> None:
        if self.caller.is_root:
            return
        if self.zone is None:
            raise ApiError(Fault.NOT_PERMITTED, "Only root administrators can register templates for all zones")
        check_openness(self, featured=bool(self.isfeatured), public=bool(self.ispublic))

    def _check_store(self) -> None:
        """Without secondary storage the download could only fail."""
        serves = or_(ImageStore.zone_id == self.zone.id, ImageStore.zone_id.is_(None)) if self.zone else true()
        if self.context.live(ImageStore, ImageStore.state == "Up", serves) is None:
            where = f"zone '{self.zone.name}'" if self.zone else "this cloud"
            raise ApiError(Fault.RESOURCE_UNAVAILABLE, f"Unable to execute registerTemplate: {where} has no secondary "
                                                       "storage in service; add some with addImageStore")

    def run(self) -> Template:
        """See Command.run."""
        owner = self.owner()
        _demand_free(self, self.name_, owner.id, self.zone.id if self.zone else None)
        demand(self.context, owner, {Resource.TEMPLATE: 1})  # how much storage it takes is known when it was fetched
        template = self._recorded(owner)
        self.session.add(template)
        self.session.flush()
        self.enqueue(template_download.order(template), template)
        return template

    def _recorded(self, owner: Account) -> Template:
        return Template(
            name=self.name_, display_text=self.displaytext, account_id=owner.id, domain_id=owner.domain_id,
            zone_id=self.zone.id if self.zone else None, url=self.url, format=self.format,
            hypervisor=self.hypervisor, guest_os_id=self.ostypeid.id, bits=self.bits or 64,
            is_public=bool(self.ispublic), is_featured=bool(self.isfeatured),
            is_extractable=bool(self.isextractable), password_enabled=bool(self.passwordenabled),
            sshkey_enabled=bool(self.sshkeyenabled), requires_hvm=self.requireshvm is not False,
            dynamically_scalable=bool(self.isdynamicallyscalable), details=self.details or {},
            checksum=checksum(self.checksum) if self.checksum is not None else None,
        )

    def answer(self, outcome: Any) -> Answer:
        """A list, as the reference answers: the template once for each zone it serves."""
        rows = TEMPLATE.rows(self.session, self.caller, lambda query: query.where(Template.id == outcome.id))
        return Many(TEMPLATE.key, rows, len(rows))


class ListTemplates(OwnedList, roles=EVERYONE, view=TEMPLATE):
    """Lists templates, once for each zone they serve."""

    keyword_columns = (Template.name,)

    hypervisor = Text("Only templates for this hypervisor.")
    id = Ref(Template, "Only this template.")
    name_ = Text("Only the template of this name.")
    templatefilter = Choice(
        "Which: featured (recommended), self (one's own), selfexecutable (one's own, ready), sharedexecutable (shared "
        "with one, ready), executable (all one can use now), community (public, not featured), all (administrators).",
        FILTERS).required
    zoneid = Ref(Zone, "Only templates that serve this zone.")
    showremoved = Bool("Deleted ones too.")
    tags = TagFilter("Only templates with these tags.")

    def check(self) -> None:
        """See Command.check."""
        if self.templatefilter == "all" and self.caller.role is RoleType.USER:
            raise ApiError(Fault.NOT_PERMITTED, "Invalid parameter templatefilter: all is for administrators only")

    def order(self) -> tuple[Any, ...]:
        """See ListCommand.order."""
        return (Template.sort_key, Template.id, Zone.id)

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        wanted = [*visible(Template, self.caller), or_(Zone.id.is_(None), and_(true(), *visible(Zone, self.caller)))]
        if not self.caller.is_root:
            wanted.append(Template.type != "SYSTEM")
        if not self.showremoved:
            wanted.append(Template.removed.is_(None))
        wanted += self.matching({"hypervisor": Template.hypervisor, "id": Template.id, "name": Template.name,
                                 "zoneid": Zone.id})
        return wanted + self._filtered()

    def _filtered(self) -> list[ColumnElement[bool]]:
        """What the template filter means (CloudStack API, listTemplates)."""
        ready = Template.state == "Ready"
        whose = self.owned_conditions(Template) if {"account", "domainid", "projectid"} & set(self.values) else []
        whose = [] if self.templatefilter in {"featured", "community"} and "projectid" in self.values else whose
        featured, public = Template.is_featured.is_(True), Template.is_public.is_(True)
        meaning: dict[str, Callable[[], list[ColumnElement[bool]]]] = {
            "featured": lambda: [public, featured, ready, *whose],
            "community": lambda: [public, ~featured, ready, *whose],
            "self": lambda: self.owned_conditions(Template),
            "selfexecutable": lambda: [ready, *self.owned_conditions(Template)],
            "sharedexecutable": lambda: [ready, granted(self._users()), Template.account_id.not_in(self._users())],
            "executable": lambda: [ready, or_(public, granted(self._users()),
                                              and_(true(), *self.owned_conditions(Template)))],
            "all": lambda: whose,
        }
        return meaning[self.templatefilter]()

    def _users(self) -> Sequence[int]:
        """Row ids of the accounts that others may have granted the use of a template: the project's, or one's own."""
        if "projectid" in self.values:
            project = self.values["projectid"]
            return self.caller.projects if project == ALL_PROJECTS else (project.account_id,)
        if self.account is not None:
            return (account_of(self, self.account, self.domainid).id,)
        return (self.caller.account_id,)


class UpdateTemplate(Command, roles=EVERYONE, event="TEMPLATE.UPDATE", view=TEMPLATE):
    """Changes what is said of a template; its image stays."""

    bootable = Bool("A machine can boot from it; true for every template.")
    displaytext = Text("New text for people.", length=4096)
    id = Ref(Template, "The template.").required
    name_ = Text("New name.")
    ostypeid = Ref(GuestOs, "The guest operating system.", noun="OS type")
    format = Choice("The image's format; it cannot change.", FORMATS)
    passwordenabled = Bool("Its guests take a password from the cloud.")
    sortkey = Int("Its place in lists, smallest first.")
    isdynamicallyscalable = Bool("Its guests can grow while they run.")
    isrouting = Bool("It is for the cloud's own routers, which need none here.")
    details = Details("Free key-value pairs that its machines inherit; they replace the template's.")

    def check(self) -> None:
        """See Command.check."""
        refuse_unless_own(self, self.id)
        if self.bootable is False:
            raise refuse("bootable", "machines boot from their template; only an ISO can be anything else")
        if self.format not in {None, self.id.format}:
            raise refuse("format", f"the image is {self.id.format}, as was checked; register another template")
        if self.isrouting:
            raise refuse("isrouting", f"{not_yet('A template for routers')}; leave it out")
        if self.name_ is not None:
            _demand_free(self, self.name_, self.id.account_id, self.id.zone_id, self.id.id)

    def run(self) -> Template:
        """See Command.run."""
        self.assign(self.id, {
            "displaytext": "display_text", "name": "name", "passwordenabled": "password_enabled",
            "sortkey": "sort_key", "isdynamicallyscalable": "dynamically_scalable", "details": "details",
        })
        if self.ostypeid is not None:
            self.id.guest_os_id = self.ostypeid.id
        return self.id


class DeleteTemplate(AsyncCommand, roles=EVERYONE, event="TEMPLATE.DELETE"):
    """Deletes a template; machines made from it live on."""

    id = Ref(Template, "The template.").required
    zoneid = Ref(Zone, "The zone to delete it from; it must be the only one it serves.")

    def check(self) -> None:
        """See Command.check."""
        refuse_unless_own(self, self.id)
        if self.zoneid is not None and self.zoneid.id != self.id.zone_id:
            why = "it serves all zones; leave zoneid out to delete it from all" if self.id.zone_id is None else \
                "it does not serve that zone"
            raise refuse("zoneid", f"template '{self.id.name}': {why}")
        waiting = select(Volume.id).where(
            Volume.template_id == self.id.id, Volume.state.in_(("Allocated", "Creating")), Volume.removed.is_(None))
        if self.session.scalar(waiting.limit(1)) is not None:
            raise ApiError(Fault.IN_USE, f"Unable to execute deleteTemplate: machines that have not started yet need "
                                         f"template '{self.id.name}'", [(self.id.__tablename__, self.id.uuid)])

    def prepare(self) -> Template:
        """See AsyncCommand.prepare."""
        return self.id

    def order(self, subject: Template) -> Order:
        """See AsyncCommand.order."""
        return template_remove.order(subject)
