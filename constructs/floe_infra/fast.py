"""`import floe_infra.fast`, as an app's first line, makes importing and synthesizing CDKTF fast."""

from floe_infra.runtime.fast_import import enable

enable()
