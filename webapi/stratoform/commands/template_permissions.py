"""Who may use a template besides its owner: everybody, or single accounts and projects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from stratoform.model.projects import Project
from stratoform.model.storage import Template, TemplateGrant
from stratoform.model.tenancy import PROJECT_TYPE, Account, Domain

from .frame.answer import One
from .frame.base import EVERYONE, Command
from .frame.params import Bool, Choice, ListOf, Ref, Text, refuse, shown
from .templates import check_openness, refuse_unless_own
from .views.storage import TEMPLATE_PERMISSION


class UpdateTemplatePermissions(Command, roles=EVERYONE, event="TEMPLATE.UPDATE"):
    """Says who may use and download a template."""

    accounts = ListOf(Text("Accounts of the template's domain to grant the use to, or to take it from; goes with op."))
    id = Ref(Template, "The template.").required
    isfeatured = Bool("It is shown among the recommended ones; root administrators only.")
    ispublic = Bool("Every account may use it.")
    isextractable = Bool("It may be downloaded from the cloud.")
    op = Choice("What to do with accounts and projects: add, remove, or reset to nobody at all.",
                ("add", "remove", "reset"))
    projectids = ListOf(Ref(Project, "Projects to grant the use to, or to take it from; goes with op."))

    def check(self) -> None:
        """See Command.check."""
        refuse_unless_own(self, self.id)
        check_openness(self, featured=bool(self.isfeatured), public=bool(self.ispublic))
        named = "accounts" if self.accounts else "projectids" if self.projectids else None
        if named is not None and self.op not in {"add", "remove"}:
            raise refuse("op", f"it must be add or remove, for {named} are given")
        if named is None and self.op in {"add", "remove"}:
            raise refuse("accounts", f"op is {self.op}: name accounts or projectids")

    def run(self) -> None:
        """See Command.run."""
        self.assign(self.id, {"isfeatured": "is_featured", "ispublic": "is_public", "isextractable": "is_extractable"})
        if self.op == "reset":  # the reference takes the template back from everybody
            self.id.is_public = self.id.is_featured = False
            self.session.execute(delete(TemplateGrant).where(TemplateGrant.template_id == self.id.id))
        elif self.op is not None:
            self._change({account.id for account in self._named()})

    def _named(self) -> list[Account]:
        """The accounts named, and those of the projects.

        Raises:
            ApiError: BAD_PARAMETER, an account is not in the domain of the template's owner.
        """
        domain = self.session.get_one(Domain, self.id.domain_id)
        found = [self.session.get_one(Account, project.account_id) for project in self.projectids or ()]
        for name in self.accounts or ():
            account = self.context.live(Account, Account.name == name, Account.domain_id == domain.id,
                                        Account.type != PROJECT_TYPE)
            if account is None:
                raise refuse("accounts", f"domain '{domain.name}' of the template has no account named {shown(name)}")
            found.append(account)
        return found

    def _change(self, accounts: set[int]) -> None:
        grants = TemplateGrant.template_id == self.id.id
        if self.op == "remove":
            self.session.execute(delete(TemplateGrant).where(grants, TemplateGrant.account_id.in_(accounts)))
            return
        known = set(self.session.scalars(select(TemplateGrant.account_id).where(grants)))
        self.session.add_all(TemplateGrant(template_id=self.id.id, account_id=account)
                             for account in sorted(accounts - known - {self.id.account_id}))


class ListTemplatePermissions(Command, roles=EVERYONE, view=TEMPLATE_PERMISSION):
    """Tells who may use a template besides its owner."""

    id = Ref(Template, "The template.").required

    def check(self) -> None:
        """See Command.check."""
        refuse_unless_own(self, self.id)

    def run(self) -> One:
        """See Command.run."""
        query = (
            select(Account.name, Project.uuid).join(TemplateGrant, TemplateGrant.account_id == Account.id)
            .outerjoin(Project, Project.account_id == Account.id)
            .where(TemplateGrant.template_id == self.id.id, Account.removed.is_(None)).order_by(TemplateGrant.id)
        )
        granted: list[Any] = list(self.session.execute(query))
        return One(TEMPLATE_PERMISSION.key, {
            "id": self.id.uuid, "ispublic": self.id.is_public,
            "domainid": self.session.get_one(Domain, self.id.domain_id).uuid,
            "account": [name for name, project in granted if project is None] or None,
            "projectids": [project for _, project in granted if project is not None] or None,
        })
