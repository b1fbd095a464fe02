"""The app in cdktf.json: the platform of the file named by FLOE_INFRA_CONFIG, else of floe-infra.yaml."""

import os
import sys

# Without this folder, whose platform.py would stand in for Python's own.
sys.path[:] = [folder for folder in sys.path if folder != os.path.dirname(os.path.abspath(__file__))]

from floe_infra.glance import bindings  # noqa: E402
from floe_infra.runtime import fast_import  # noqa: E402

file = os.environ.get("FLOE_INFRA_CONFIG", "floe-infra.yaml")
fast_import.enable(*bindings(file))

from cdktf import App  # noqa: E402

from floe_infra import ConfigError, FloePlatform, load  # noqa: E402

try:
    config = load(file)
except ConfigError as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(2)

app = App()
FloePlatform(app, "platform", config)
app.synth()
