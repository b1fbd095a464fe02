"""Synthesize in a second: import one file of a provider's 2,000, and let Node work while Python does.

A team's own app turns it on with its first line, before anything of CDKTF::

    import floe_infra.fast  # noqa: F401

What makes stock CDKTF slow, and the answers here, of which none writes to disk; the synthesized bytes stay the same:

* A provider's root package imports all of its resources: `bindings` puts a root in its place that imports
  them as they are asked for.
* jsii's kernel loads every resource of a provider into Node: `kernel.cjs` gives it the lazy index that each
  provider ships beside the eager one, and lets jsii complete the index of its package cache.
* Python waits while Node starts and while it loads packages: `kernel` does not wait until it needs an answer. In a
  block that says so (`unawaited`), it does not wait for what it can foresee (`foreseen`) either.
* Every argument is checked by typeguard, and every message converted by cattrs: `arguments` and `messages` do what is
  plain by themselves.

Whatever is not as expected is left to stock CDKTF, and `status()` says so. `FLOE_INFRA_FAST_IMPORT=0` leaves
everything to it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import NamedTuple

# Nothing else that takes a while: Node starts first.
from floe_infra.runtime.fast_import import node
from floe_infra.runtime.fast_import.later import imported_later

SWITCH = "FLOE_INFRA_FAST_IMPORT"

_OBJECTS = 50_000
"""How many new objects make Python look for garbage, of which imports and constructs leave none. It does so after 700
by itself, which takes a tenth of the whole."""


class Status(NamedTuple):
    """What is fast in this process, and what is not.

    Attributes:
        switched_off: the environment variable says so.
        kernel: how jsii's kernel runs: "fast", or "stock".
        bindings: the provider packages that import their resources lazily.
        surprises: one sentence for each thing left to stock CDKTF because it was not as expected.
    """

    switched_off: bool
    kernel: str
    bindings: tuple[str, ...]
    surprises: tuple[str, ...]


_kernel_is_fast = False
_surprises: list[str] = []
_enabled = False


def enable(*ahead: str) -> None:
    """Make importing CDKTF fast in this process. May be called again, and at any time, but early is better:
    what was imported before stays as it is.

    Starts Node, so call it only where something will be synthesized.

    Args:
        ahead: bindings that will be used for sure (`"aws"`), which Node then loads while Python imports all else.
    """
    global _enabled
    if _enabled or switched_off():
        return
    _enabled = True
    _collect_less_garbage()
    node.prepare_environment()
    _start_kernel()
    from floe_infra.runtime.fast_import import bindings

    bindings.install(_surprises.append, _imported)
    if _kernel_is_fast:
        _load(ahead)


@contextmanager
def unawaited() -> Iterator[None]:
    """In here Python goes on while Node makes what it was asked for, and waits only where it needs an answer.

    A failure is raised later than its cause, within the block; the traceback says where that was. So this is for code
    which catches none, such as a whole platform's.
    """
    if not _kernel_is_fast:
        yield
        return
    from floe_infra.runtime.fast_import import kernel

    with kernel.unawaited():
        yield


def _collect_less_garbage() -> None:
    threshold, *older = gc.get_threshold()
    if threshold:
        gc.set_threshold(max(threshold, _OBJECTS), *older)


def switched_off() -> bool:
    return os.environ.get(SWITCH, "").strip().lower() in {"0", "false", "no", "off"}


def status() -> Status:
    """How it went so far; complete once the first construct has been made."""
    from floe_infra.runtime.fast_import import bindings

    return Status(
        switched_off=switched_off(),
        kernel="fast" if _kernel_is_fast else "stock",
        bindings=tuple(bindings.lazy),
        surprises=tuple(_surprises),
    )


def _start_kernel() -> None:
    global _kernel_is_fast
    if "jsii" in sys.modules and _assemblies_loaded():
        _surprises.append("CDKTF was imported before fast import was enabled, so its kernel runs already.")
        return
    try:
        process = node.start()
    except (OSError, LookupError) as error:
        _surprises.append(f"The kernel is jsii's own: {error}")
        return
    try:
        # Imports jsii, which takes about as long as Node needs to start: only now, so that they overlap.
        with imported_later("cattr"):
            from floe_infra.runtime.fast_import import kernel

        kernel.install(process, on_fallback=_fell_back, on_surprise=_surprises.append)
    except Exception as error:
        process.abandon()
        _surprises.append(f"The kernel is jsii's own, because jsii is not as expected: {error}")
    else:
        _kernel_is_fast = True


def _imported(fqn: str) -> None:
    if _kernel_is_fast:
        from floe_infra.runtime.fast_import import kernel

        kernel.look_up(fqn)


def _load(names: tuple[str, ...]) -> None:
    for name in names:
        try:
            import_module(f"cdktf_cdktf_provider_{name}")
        except ImportError as error:
            _surprises.append(f"Not loaded ahead: {error}")


def _assemblies_loaded() -> bool:
    from jsii import _reference_map

    return bool(_reference_map._assembly_to_module)


def _fell_back(reason: str) -> None:
    global _kernel_is_fast
    _kernel_is_fast = False
    _surprises.append(f"The fast kernel gave up, jsii's own took over: {reason}")
