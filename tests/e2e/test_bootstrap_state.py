"""The state bucket: made with a state on disk, which then moves into it."""

from __future__ import annotations

import pytest

from floe_infra.cli.bootstrap_state import bootstrap_state
from floe_infra.runtime.emulator import Emulator

from .conftest import Deployed, needs_aws_provider
from .test_local import assert_is_safe

pytestmark = [pytest.mark.slow, needs_aws_provider]

CONFIG = """
name: acme
environment: dev
cloud: {{provider: aws, region: eu-west-1, account_id: "111122223333", endpoint: "{endpoint}"}}
state: {{kind: s3, bucket: acme-terraform-state}}
"""


def test_state_bucket_holds_its_own_state(tmp_path, monkeypatch):
    with Emulator() as aws:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        file, out = tmp_path / "floe-infra.yaml", tmp_path / "cdktf.out"
        file.write_text(CONFIG.format(endpoint=aws.endpoint))

        bootstrap_state(file, out, yes=True)

        from floe_infra.config import load

        s3 = Deployed(load(file), aws, out, {}).client("s3")
        assert_is_safe(s3, "acme-terraform-state")
        listed = s3.list_objects_v2(Bucket="acme-terraform-state")["Contents"]
        assert [each["Key"] for each in listed] == ["floe-infra/acme-dev-state.tfstate"]
        left = [path for path in tmp_path.rglob("*.tfstate") if path.parent.name != ".terraform"]  # names the backend
        assert not left, "no state is left on this machine"

        bootstrap_state(file, out, yes=True)  # the second time finds the bucket, and changes nothing
