from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from cdktf import App, Fn, LocalBackend, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from constructs import Construct

from floe_infra.crossing import Crossing


@dataclass(frozen=True)
class Inner:
    arn: str


@dataclass(frozen=True)
class Outer:
    name: str
    port: int
    url: str
    inner: Inner | None
    buckets: dict[str, Inner]
    ids: tuple[str, ...]


def carried(make: Any) -> tuple[Outer, dict[str, Any], dict[str, Any]]:
    app = App()
    source, target = TerraformStack(app, "source"), TerraformStack(app, "target")
    backend = LocalBackend(source, path="source.tfstate")
    AwsProvider(source, "aws", region="eu-west-1")
    bucket = S3Bucket(source, "bucket", bucket="lake")
    remote = backend.get_remote_state_data_source(target, "source", "source")
    crossing = Crossing(Construct(source, "to_target"), remote)
    ref = crossing.carry("storage", make(bucket))
    TerraformOutput(target, "seen", value=[ref.name, ref.url, *ref.ids, ref.inner.arn if ref.inner else ""])
    return ref, *(json.loads(json.dumps(stack.to_terraform())) for stack in (source, target))


def everything(bucket: S3Bucket) -> Outer:
    arn = Inner(bucket.arn)
    return Outer("plain", 5432, f"s3://{bucket.bucket}/x", arn, {"raw-1": arn}, (bucket.id, Fn.upper(bucket.id)))


def test_tokens_become_named_outputs_and_are_read_from_the_state():
    _, source, target = carried(everything)
    outputs = {name: block["value"] for name, block in source["output"].items()}
    address = next(iter(source["resource"]["aws_s3_bucket"]))
    assert outputs == {
        "services_storage_url": f"s3://${{aws_s3_bucket.{address}.bucket}}/x",
        "services_storage_inner_arn": f"${{aws_s3_bucket.{address}.arn}}",
        "services_storage_ids_0": f"${{aws_s3_bucket.{address}.id}}",
        "services_storage_ids_1": f"${{upper(aws_s3_bucket.{address}.id)}}",
    }
    read = "${data.terraform_remote_state.source.outputs.services_storage_"
    assert target["output"]["seen"]["value"] == [
        "plain",
        f"{read}url}}",
        f"{read}ids_0}}",
        f"{read}ids_1}}",
        f"{read}inner_arn}}",
    ]


def test_what_terraform_may_show_in_a_plan_is_not_marked_sensitive():
    _, source, _ = carried(everything)
    assert not any("sensitive" in block for block in source["output"].values())


def test_what_is_known_already_stays():
    ref, source, _ = carried(lambda _: Outer("plain", 5432, "http://x", None, {}, ("a",)))
    assert ref == Outer("plain", 5432, "http://x", None, {}, ("a",))
    assert "output" not in source
