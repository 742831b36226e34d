# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every module that speaks to the cloud's API documents alike."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation of the options in ``module_utils/resource.py:API_ARGUMENTS``."""

    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - URL of the cloud's API, for instance V(http://127.0.0.1:8080/client/api).
      - Where an C(api_*) option is not given, the environment variables and the file of the C(cs) client
        are read. These are E(CLOUDSTACK_ENDPOINT), E(CLOUDSTACK_KEY), E(CLOUDSTACK_SECRET),
        E(CLOUDSTACK_TIMEOUT), E(CLOUDSTACK_METHOD), E(CLOUDSTACK_VERIFY), E(CLOUDSTACK_CERT) and so on.
        When E(CLOUDSTACK_ENDPOINT) is not set, the file is read. It is the one that E(CLOUDSTACK_CONFIG) names,
        C(cloudstack.ini) in the working directory, or C(~/.cloudstack.ini).
    type: str
  api_key:
    description: API key of the user on whose behalf the module acts.
    type: str
  api_secret:
    description: Secret that belongs to O(api_key).
    type: str
  api_timeout:
    description: Seconds that one request may take. V(10) unless the environment or the file says otherwise.
    type: float
  api_http_method:
    description: How requests are sent. V(post) unless the environment or the file says otherwise.
    type: str
    choices: [get, post]
  api_config:
    description: Path of the configuration file, on the machine where the module runs.
    type: path
  api_region:
    description: Section of the configuration file. V(cloudstack) unless E(CLOUDSTACK_REGION) says otherwise.
    type: str
  validate_certs:
    description: Whether the API's TLS certificate is checked. True unless the environment or the file says otherwise.
    type: bool
  wait_timeout:
    description:
      - Seconds that one asynchronous job, or one wait for an object to become usable, may take.
      - V(600) unless the environment or the file says otherwise (C(job_timeout)).
    type: float
notes:
  - Runs where Ansible runs or on any machine that reaches the API. Needs nothing but Python's standard library.
  - Objects are named or told by their id; names are looked up in the zone the task declares.
attributes:
  check_mode:
    description: Can run in check mode and tell what would change.
    support: full
  diff_mode:
    description: Returns what differs.
    support: full
  action_group:
    description: With C(module_defaults) on the group C(stratoform.cloud.api) credentials are given once.
    support: full
    membership: [stratoform.cloud.api]
"""
