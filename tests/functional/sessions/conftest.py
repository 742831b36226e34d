"""A service whose users have passwords."""

from __future__ import annotations

import pytest

from tests.conftest import Service
from tests.functional.sessions.browser import Browser, Site


@pytest.fixture
def site(service: Service) -> Site:
    made = Site(service)
    made.user("alice", "wonderland", first_name="Alice", last_name="Liddell", timezone="Asia/Kolkata")
    made.user("bert", "sesame street", path="/tv/")
    return made


@pytest.fixture
def browser(site: Site) -> Browser:
    return site.browser()
