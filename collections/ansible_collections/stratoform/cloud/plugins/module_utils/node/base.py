"""What every host operation shares: find, plan, apply, and the one way in and out.

An operation is a class with four questions: what is (:meth:`Operation.find`), what must be done
(:meth:`Operation.plan`, pure), how one step is done (``do_<verb>`` methods), what to report
(:meth:`Operation.value`). :meth:`Operation.converge` asks them in order. It needs no Ansible, so the same
code also runs over a kept connection; :func:`serve` is the Ansible module around it.
"""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from . import virt
from .errors import NodeError
from .files import RUN_DIR, locked

State = dict[str, Any]


class Step(NamedTuple):
    """One thing to do: ``verb`` names the operation's method ``do_<verb>``, ``what`` is its argument."""

    verb: str
    what: Any = None


class Plan(NamedTuple):
    """Steps in order, and the state they lead to. No steps: nothing to change."""

    steps: tuple[Step, ...]
    after: State


@dataclass(frozen=True)
class Result:
    """What a converge did (or, in check mode, would do)."""

    changed: bool
    before: State
    after: State
    value: State


class Operation:
    """One declarative operation on one object of the host. May run any number of times.

    Attributes:
        noun: key of the returned dict, and the word for the object in error messages.
        verbs: for each wanted state, the verb of "Failed to <verb> <object>".
    """

    noun: ClassVar[str]
    verbs: ClassVar[Mapping[str, str]] = {"present": "prepare", "absent": "remove"}

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params

    @property
    def wanted(self) -> str:
        """The state asked for."""
        return str(self.params.get("state") or "present")

    def title(self) -> str:
        """The object in an error message, e.g. ``storage pool 0b1c...``."""
        return self.noun

    def lock_file(self) -> str:
        """Path of the lock that keeps two runs on the same object apart."""
        name = "".join(c if c.isalnum() else "-" for c in self.title())
        return os.path.join(RUN_DIR, "lock", name)

    def find(self) -> State:
        """Read what is there; an empty dict when nothing is. Changes nothing."""
        raise NotImplementedError

    def plan(self, current: State) -> Plan:
        """Decide what leads from ``current`` to what the parameters ask for. Changes nothing."""
        raise NotImplementedError

    def value(self, state: State) -> State:
        """The dict handed back to the caller, made from the state that was reached."""
        return state

    def show(self, state: State) -> State:
        """The state as it may appear in a diff: without secrets."""
        return state

    def apply(self, step: Step) -> None:
        """Do one step."""
        getattr(self, f"do_{step.verb}")(step.what)

    @classmethod
    def converge(cls, params: Mapping[str, Any], check: bool = False) -> Result:
        """Bring the object to the wanted state, or with ``check`` only tell what would change.

        Raises:
            NodeError: "Failed to <verb> <object>: <cause>".
        """
        operation = cls(params)
        with operation._told(), operation._alone(check):
            before = operation.find()
            plan = operation.plan(before)
            after = plan.after
            if plan.steps and not check:
                for step in plan.steps:
                    operation.apply(step)
                after = operation.find()
            return Result(bool(plan.steps), operation.show(before), operation.show(after), operation.value(after))

    def _alone(self, check: bool) -> contextlib.AbstractContextManager[None]:
        # A dry run only reads, so it may look beside a running one; it must not leave a lock file either.
        return contextlib.nullcontext() if check else locked(self.lock_file())

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn every expected failure into the one sentence."""
        try:
            yield
        except NodeError as error:
            cause = str(error)
        except virt.errors() as error:
            cause = error.get_error_message()  # type: ignore[attr-defined]
        except OSError as error:
            cause = " ".join(filter(None, [error.strerror or str(error), str(error.filename or "")]))
        else:
            return
        raise NodeError(f"Failed to {self.verbs[self.wanted]} {self.title()}: {cause}")


class _Module(AnsibleModule):
    """Ansible's module without its habit of writing every argument to the host's journal.

    Arguments hold users' data and passwords, deep inside of free-form dicts. Marking those ``no_log`` would
    instead blot every string that happens to occur in them out of the results.
    """

    def _log_invocation(self) -> None:
        pass


def serve(operation: type[Operation], argument_spec: dict[str, Any], **options: Any) -> None:
    """Run an operation as an Ansible module: the only place that exits. Arguments are not handed back."""
    os.umask(0o022)  # a careful root's 077 would hide from guests' and routers' daemons what is written for them
    module = _Module(argument_spec=argument_spec, supports_check_mode=True, **options)
    try:
        result = operation.converge(module.params, module.check_mode)
    except NodeError as error:
        module.fail_json(msg=str(error), invocation={})
    except Exception as error:  # noqa: BLE001  a bug: the caller still gets a sentence, the log the trace
        message = f"Failed to converge {operation.noun}: unexpected {type(error).__name__}: {error}"
        module.fail_json(msg=message, exception=traceback.format_exc(), invocation={})
    diff = {"diff": {"before": result.before, "after": result.after}} if module._diff else {}  # noqa: SLF001
    module.exit_json(changed=result.changed, invocation={}, **{operation.noun: result.value}, **diff)
