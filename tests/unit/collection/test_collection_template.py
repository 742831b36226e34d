"""Templates: broken downloads, permissions, checksums that differ."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError
from ansible_collections.stratoform.cloud.plugins.module_utils.planner import UPDATE, Plan
from ansible_collections.stratoform.cloud.plugins.modules.template import Template
from fake_cloud import FakeCloud, Row


class TemplateCloud(FakeCloud):
    """Registers, and downloads with every look, to an end that can be chosen."""

    ending = "Download Complete"

    def _obey(self, command: str, params: dict[str, str]) -> Row:
        if command == "registerTemplate":
            return {
                "template": [self.add("template", **params, isready=False, status="Waiting for the download to begin")]
            }
        if command == "updateTemplatePermissions":
            self._update("template", params)
            return {"success": True}
        if command == "listTemplates":
            del params["templatefilter"]
            for row in self.rows.get("template", []):
                row["status"] = self.ending if row.get("status") == "50% Downloaded" else "50% Downloaded"
                row["isready"] = row["status"] == "Download Complete"
        return super()._obey(command, params)


@pytest.fixture
def cloud() -> TemplateCloud:
    """A zone."""
    cloud = TemplateCloud()
    cloud.add("zone", name="z")
    return cloud


def template(cloud: TemplateCloud, **options: Any) -> Template:
    """One task."""
    unset = {field.name: field.default for field in Template.fields}
    return Template({**unset, "wait": True, "state": "present", "name": "t", "zone": "z", **options}, cloud.api())


def test_its_download_is_waited_for_and_told(cloud: TemplateCloud) -> None:
    """Step by step; the text for people is the name when none is declared."""
    item = template(cloud, url="http://x/y").converge(check_mode=False).item
    assert item["progress"] == ["Waiting for the download to begin", "50% Downloaded", "Download Complete"]
    assert cloud.sent("registerTemplate")["displaytext"] == "t"


def test_a_failed_download_is_the_tasks_failure(cloud: TemplateCloud) -> None:
    """In the cloud's words."""
    cloud.ending = "Unable to fetch http://x/y: 404 Not Found"
    with pytest.raises(
        CloudError, match=r"^Failed to download template 't': Unable to fetch http://x/y: 404 Not Found$"
    ):
        template(cloud).converge(check_mode=False)


def test_a_broken_template_is_registered_anew(cloud: TemplateCloud) -> None:
    """Repeating after the repair works."""
    cloud.add("template", name="t", zoneid=cloud.rows["zone"][0]["id"], status="50% Downloaded")
    cloud.ending = "404 Not Found"
    task = template(cloud)
    broken = task.find()
    cloud.ending = "Download Complete"
    todo = Plan(UPDATE, {"usable": False}, {"usable": True})
    assert task.carry_out(todo, broken)["isready"]
    assert cloud.commands() == ["deleteTemplate", "registerTemplate"]


def test_permissions_have_a_command_of_their_own(cloud: TemplateCloud) -> None:
    """The rest goes by the usual one."""
    row = cloud.add("template", name="t", zoneid=cloud.rows["zone"][0]["id"], ispublic=False, displaytext="a")
    template(cloud, is_public=True, display_text="b").converge(check_mode=False)
    assert cloud.sent("updateTemplatePermissions") == {"id": row["id"], "ispublic": "true"}
    assert cloud.sent("updateTemplate") == {"id": row["id"], "displaytext": "b"}


@pytest.mark.parametrize(
    ("there", "warned"), [("sha256:aa", False), ("sha256:bb", True), ("md5:cccc", False), ("", False)]
)
def test_another_image_than_declared_is_warned_of(cloud: TemplateCloud, there: str, warned: bool) -> None:
    """It cannot be replaced; a checksum of another kind cannot be compared."""
    cloud.add("template", name="t", zoneid=cloud.rows["zone"][0]["id"], checksum=there)
    task = template(cloud, checksum="sha256:AA")
    assert not task.converge(check_mode=True).changed
    assert bool(task.warnings) is warned
