"""The production example: what AWS holds afterwards, what Terraform remembers, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
import typer

from floe_infra.cli.deploy import deploy_platform
from floe_infra.cli.destroy import destroy_platform
from floe_infra.cli.stacks import planned
from floe_infra.runtime.terraform import Terraform
from floe_infra.synthesis import synthesize
from secret_search import found

from .conftest import needs_aws_provider
from .test_local import assert_is_safe

pytestmark = [pytest.mark.slow, needs_aws_provider]


@pytest.fixture(scope="module")
def production(deploy):
    return deploy("floe-infra.yaml")


def test_buckets(production):
    s3 = production.client("s3")
    for layer in ("bronze", "silver", "gold"):
        bucket = f"floe-prod-{layer}-111122223333"
        assert_is_safe(s3, bucket)
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert {transition["StorageClass"] for rule in rules for transition in rule.get("Transitions", [])} == {
            "INTELLIGENT_TIERING"
        }
        assert not [rule for rule in rules if "Days" in rule.get("Expiration", {})]
    assert_is_safe(s3, "floe-prod-preaggregations-111122223333")


def test_database(production):
    [database] = production.client("rds").describe_db_instances()["DBInstances"]
    assert database["Engine"] == "postgres"
    assert database["EngineVersion"].startswith("16")
    assert database["MultiAZ"]
    assert database["StorageEncrypted"]
    assert not database["PubliclyAccessible"]
    assert database["DeletionProtection"]
    assert database["DBInstanceClass"] == "db.t3.medium"
    tags = {tag["Key"]: tag["Value"] for tag in database["TagList"]}
    assert tags["floe-infra:environment"] == "prod"
    assert tags["cost-center"] == "4711"


def test_cluster(production):
    eks = production.client("eks")
    [name] = eks.list_clusters()["clusters"]
    cluster = eks.describe_cluster(name=name)["cluster"]
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"]
    assert not cluster["resourcesVpcConfig"]["endpointPublicAccess"]
    assert cluster["encryptionConfig"][0]["resources"] == ["secrets"]
    groups = {}
    for group in eks.list_nodegroups(clusterName=name)["nodegroups"]:
        described = eks.describe_nodegroup(clusterName=name, nodegroupName=group)["nodegroup"]
        groups[described["labels"]["node-type"]] = described
    assert groups["spot"]["capacityType"] == "SPOT"
    assert groups["spot"]["scalingConfig"]["maxSize"] == 12
    assert len(groups["spot"]["instanceTypes"]) >= 3
    assert groups["spot"]["taints"] == [{"key": "spot", "value": "true", "effect": "NO_SCHEDULE"}]
    assert groups["on-demand"]["capacityType"] == "ON_DEMAND"
    assert set(eks.list_addons(clusterName=name)["addons"]) == {
        "vpc-cni",
        "coredns",
        "kube-proxy",
        "aws-ebs-csi-driver",
        "metrics-server",
    }


def test_network(production):
    ec2 = production.client("ec2")
    vpc = production.outputs["network_id"]
    only = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = ec2.describe_subnets(Filters=only)["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 3
    assert not [subnet for subnet in subnets if subnet["MapPublicIpOnLaunch"]]
    assert len(ec2.describe_nat_gateways(Filters=only)["NatGateways"]) == 3
    [group] = ec2.describe_security_groups(Filters=[*only, {"Name": "group-name", "Values": ["default"]}])[
        "SecurityGroups"
    ]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])


def test_second_plan_is_empty(production):
    foundation, _ = synthesize(production.config, production.out)
    with planned(foundation, environment=production.aws.environment) as again:
        assert again.summary.empty, again.summary


def test_no_secret_in_state_plan_files_or_logs(production, tmp_path):
    secrets = secret_values(production)
    assert len(secrets) > 12, "RDS' own, and those made for the services"
    helm_values(production)  # which leaves what Helm would get below the output folder
    files = [production.state, *(path for path in production.out.rglob("*") if is_ours(path))]
    texts = {str(path): path.read_text(errors="replace") for path in files}
    assert {"cdk.tf.json", "manifest.json", "terraform.tfstate"} <= {path.name for path in files}
    texts["printed while deploying"] = production.printed
    texts["plan of nothing"] = plan_json(production, production.config, tmp_path / "same")
    every_one = dict.fromkeys(made_secrets(production), 2)
    rotated = production.config.secrets.model_copy(update={"generations": every_one})
    config = production.config.model_copy(update={"secrets": rotated})
    texts["plan of other secrets"] = plan_json(production, config, tmp_path / "rotated")
    assert texts["plan of other secrets"].count("secret_string_wo_version") > len(every_one)
    assert found(secrets, texts) == []


def secret_values(production):
    """Every one that the emulated cloud holds."""
    secrets = production.client("secretsmanager")
    values = set()
    for secret in secrets.list_secrets()["SecretList"]:
        text = secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"]
        names = ("username", "client_id", "database")
        made = {key: value for key, value in json.loads(text).items() if key not in names}
        assert all(len(value) > 7 for value in made.values()), secret["Name"]
        values |= {text, *made.values()}
    return values


def made_secrets(production):
    """The names within the platform of what can be made anew."""
    needs = production.config.needs.values()
    return [name for need in needs for name in need.all_secrets if name != "polaris-root"]


def is_ours(path):
    """Whether Terraform or floe-infra has written the file, and no provider is in it."""
    return path.is_file() and (".terraform" not in path.parts or path.name == "terraform.tfstate")


def plan_json(production, config, out):
    """All that Terraform says of a plan: configuration, prior state, and every change."""
    foundation, _ = synthesize(config, out / "cdktf.out")
    shutil.copytree(production.state.parent, out / production.state.parent.name)
    with planned(foundation, environment=production.aws.environment) as plan:
        command = [shutil.which("terraform"), "show", "-json", str(plan.file)]
        environment = {**os.environ, **production.aws.environment}
        return subprocess.run(
            command, cwd=foundation.directory, env=environment, check=True, capture_output=True, text=True
        ).stdout


def test_destroy_is_refused(production):
    with pytest.raises(typer.Exit) as refusal:
        destroy_platform(production.config, production.out, yes=True, environment=production.aws.environment)
    assert refusal.value.exit_code == 2
    assert len(production.client("rds").describe_db_instances()["DBInstances"]) == 1


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("storage", {"bucket_prefix": "elsewhere"}),
        ("database", {"database_name": "other"}),
    ],
)
def test_replacing_what_holds_data_is_refused(production, section, change, capsys):
    changed = production.config.model_copy(
        update={section: getattr(production.config, section).model_copy(update=change)}
    )
    assert_refused(production, changed, capsys)


def test_leaving_out_what_holds_data_is_refused(production, capsys):
    """`prevent_destroy` goes away with the resource that carries it, so Terraform alone would go ahead."""
    none = {"kind": "none"}
    others = {"catalog": {"kind": "glue"}, "compute": none, "lineage": none}
    data = production.config.model_dump() | others | {"database": none}
    assert_refused(production, type(production.config).model_validate(data), capsys)


def assert_refused(production, changed, capsys):
    with pytest.raises(typer.Exit) as refusal:
        deploy_platform(
            changed, production.out, yes=True, stacks=["foundation"], environment=production.aws.environment
        )
    assert refusal.value.exit_code == 2
    assert "allow_data_loss" in capsys.readouterr().err


def test_the_services_read_what_they_need_of_the_foundation(production):
    """Terraform itself puts the foundation's outputs into the values that Helm would get: they are JSON then, with
    nothing left to fill in."""
    values = {name: json.loads(text) for name, text in helm_values(production).items()}
    polaris = values["polaris"]
    role = polaris["serviceAccount"]["annotations"]["eks.amazonaws.com/role-arn"]
    iam = production.client("iam")
    assert role == iam.get_role(RoleName="floe-prod-catalog.polaris")["Role"]["Arn"]
    trusted = iam.get_role(RoleName="floe-prod-storage-catalog.polaris")["Role"]["AssumeRolePolicyDocument"]
    assert [each["Principal"] for each in trusted["Statement"]] == [{"AWS": role}]
    assert "TfToken" not in json.dumps(values)
    assert "${ENV:" in values["trino"]["catalogs"]["iceberg"], "which Trino fills in, not Terraform"
    secrets = production.client("secretsmanager")
    copied = [
        source["extract"]["key"]
        for release in values.values()
        for manifest in release.get("manifests", [])
        if manifest["kind"] == "ExternalSecret"
        for source in manifest["spec"]["dataFrom"]
    ]
    assert len(copied) > 6
    for arn in copied:
        assert secrets.describe_secret(SecretId=arn)["ARN"] == arn


def helm_values(production):
    """By release, what Terraform would hand to Helm."""
    _, services = synthesize(production.config, production.out)
    stack = json.loads(services.file.read_text())
    outputs = {
        f"{block['namespace']}_{block['name']}": {"value": block["values"][0]}
        for block in stack["resource"]["helm_release"].values()
    }
    directory = services.directory.parent / "values"  # as deep as the stack's own, as the state's path is relative
    directory.mkdir(exist_ok=True)
    only = {"data": {"terraform_remote_state": stack["data"]["terraform_remote_state"]}, "output": outputs}
    (directory / "cdk.tf.json").write_text(json.dumps({**only, "terraform": {"backend": {"local": {}}}}))
    terraform = Terraform(directory, environment=production.aws.environment)
    terraform.init()
    terraform.apply()
    return {name.partition("_")[2]: text for name, text in terraform.output().items()}
