"""The embedded AWS: that it comes and goes, and that its answers are those of AWS where moto alone would differ."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from werkzeug.routing import Map, Rule

from floe_infra.runtime.emulator import ACCOUNT_ID, Emulator, EmulatorMissingError
from floe_infra.runtime.emulator.repeats import MOST_KEPT, Repeats
from floe_infra.runtime.providers import mirrors
from floe_infra.runtime.terraform import Terraform

REGIONS = iter(boto3.Session().get_available_regions("eks"))
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/admins"
ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def region() -> str:
    """A region of the test's own: quicker than to empty the account before each."""
    return next(REGIONS)


@pytest.fixture
def aws(running: Emulator, region: str) -> Any:
    """`aws("s3")` is a client."""
    return lambda service: _client(running, service, region)


def _client(emulator: Emulator, service: str, region: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name=region,
        endpoint_url=emulator.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def _error(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return raised.value.response["Error"]["Code"]


class TestComingAndGoing:
    def test_without_moto_it_says_what_to_install(self) -> None:
        code = (
            "import sys; sys.modules['moto'] = None\n"
            "from floe_infra.runtime.emulator import Emulator, EmulatorMissingError\n"
            "try: Emulator().__enter__()\n"
            "except EmulatorMissingError as missing: print(missing)"
        )
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert "pip install 'floe-infra[emulator]'" in said.stdout
        assert issubclass(EmulatorMissingError, Exception)

    def test_it_starts_empty_and_leaves_moto_as_it_was(self) -> None:
        """In a process of its own: this module's emulator may be running already, and its account is then inherited."""
        code = """
import moto.eks, moto.rds.models, boto3, socket, os
from floe_infra.runtime.emulator import Emulator
os.environ["AWS_PROFILE"] = "one-that-does-not-exist"
os.environ.pop("MOTO_ACCOUNT_ID", None)
before = moto.eks.eks_backends, moto.rds.models.DBInstance.__init__
for _ in range(2):
    with Emulator(account_id="111122223333") as emulator:
        port = emulator.port
        os.environ.update(emulator.environment)
        s3 = boto3.client("s3", region_name="us-east-1")
        assert s3.list_buckets()["Buckets"] == []
        s3.create_bucket(Bucket="left-behind")
        assert boto3.client("sts", region_name="us-east-1").get_caller_identity()["Account"] == "111122223333"
        assert moto.eks.eks_backends is not before[0]
    assert (moto.eks.eks_backends, moto.rds.models.DBInstance.__init__) == before
    assert not hasattr(moto.rds.models.DBInstance, "performance_insights_enabled")
    assert socket.socket().connect_ex(("127.0.0.1", port)) != 0
assert os.environ["AWS_PROFILE"] == "one-that-does-not-exist" and "MOTO_ACCOUNT_ID" not in os.environ
"""
        subprocess.run([sys.executable, "-c", code], check=True)

    @pytest.mark.usefixtures("running")
    def test_one_at_a_time_in_a_process(self) -> None:
        with pytest.raises(RuntimeError, match="already running"):
            Emulator().__enter__()

    @pytest.mark.usefixtures("running")
    def test_rules_are_built_one_at_a_time(self) -> None:
        """https://github.com/python/cpython/issues/106905"""
        busy, most = 0, 0

        class Slow(Rule):
            def _compile_builder(self, append_unknown: bool = True) -> Any:
                nonlocal busy, most
                busy += 1
                most = max(most, busy)
                time.sleep(0.01)
                busy -= 1
                return super()._compile_builder(append_unknown)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: Map([Slow(f"/{number}/<name>")]), range(4)))
        assert most == 1

    def test_the_endpoint_exists_only_while_it_runs(self) -> None:
        with pytest.raises(RuntimeError, match="context manager"):
            _ = Emulator().endpoint

    def test_reset_forgets_everything(self, running: Emulator, aws: Any) -> None:
        s3 = aws("s3")
        s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
        running.reset()
        assert s3.list_buckets()["Buckets"] == []

    def test_what_is_not_emulated_fails_at_once_and_by_name(self, aws: Any) -> None:
        """Not with a status that clients retry for minutes."""
        with pytest.raises(ClientError) as raised:
            aws("eks").list_insights(clusterName="c")
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
        assert raised.value.response["ResponseMetadata"]["RetryAttempts"] == 0


class TestRepeats:
    """What AWS' SDKs send again, since an answer was lost, has the invocation's id of the first attempt."""

    @staticmethod
    def _create_vpc(emulator: Emulator, region: str, invocation: str, attempt: int = 1) -> bytes:
        scope = f"test/20260101/{region}/ec2/aws4_request"
        request = Request(
            emulator.endpoint,
            data=b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.7.0.0%2F16",
            headers={
                "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
                "amz-sdk-invocation-id": invocation,
                "amz-sdk-request": f"attempt={attempt}; max=25",
            },
        )
        with urlopen(request) as answer:
            return bytes(answer.read())

    @staticmethod
    def _vpcs(aws: Any) -> int:
        return len(aws("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.7.0.0/16"]}])["Vpcs"])

    def test_a_repeated_request_makes_nothing_more(
        self, running: Emulator, region: str, aws: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        first = self._create_vpc(running, region, "a")
        assert b"<vpcId>" in first
        assert not caplog.records
        assert self._create_vpc(running, region, "a", attempt=2) == first
        assert self._vpcs(aws) == 1
        [said] = [record for record in caplog.records if record.levelname == "WARNING"]
        assert said.getMessage() == "POST / (CreateVpc, attempt=2; max=25) came again and was answered as before"

    def test_other_requests_are_new(self, running: Emulator, region: str, aws: Any) -> None:
        assert self._create_vpc(running, region, "b") != self._create_vpc(running, region, "c")
        assert self._vpcs(aws) == 2

    def test_a_repetition_waits_for_the_first_answer(self) -> None:
        begun, lost = Event(), Event()

        def slow(environ: Any, start_response: Any) -> Any:
            begun.set()
            assert lost.wait(10)
            return _answering("200 OK", b"made")(environ, start_response)

        calls = _Calls(slow)
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(calls, "a")
            assert begun.wait(10)
            again = pool.submit(calls, "a")
            assert not wait([again], timeout=0.1).done
            lost.set()
            assert first.result() == again.result() == ("200 OK", b"made")
        assert calls.answered == 1

    @pytest.mark.parametrize("first", [("400 Bad Request", b"no"), ("200 OK", bytes(MOST_KEPT + 1))])
    def test_failures_and_what_is_large_are_tried_again(self, first: tuple[str, bytes]) -> None:
        calls = _Calls(_answering(*first), _answering("200 OK", b"made"))
        assert [calls("a"), calls("a"), calls("a")] == [first, ("200 OK", b"made"), ("200 OK", b"made")]

    def test_after_an_exception_it_is_tried_again(self) -> None:
        def failing(*_: Any) -> list[bytes]:
            raise KeyError

        calls = _Calls(failing, _answering("200 OK", b"made"))
        with pytest.raises(KeyError):
            calls("a")
        assert calls("a") == ("200 OK", b"made")

    def test_the_oldest_answers_are_forgotten(self) -> None:
        calls = _Calls(_answering("200 OK", b"made"), most=2)
        for id in ("a", "b", "c", "b", "a"):
            calls(id)
        assert calls.answered == 4

    def test_requests_without_an_id_are_nobodys_repetition(self) -> None:
        calls = _Calls(_answering("200 OK", b"made"))
        assert [calls(""), calls("")] == [("200 OK", b"made")] * 2
        assert calls.answered == 2


def _answering(status: str, body: bytes) -> Any:
    def answer(environ: Any, start_response: Any) -> list[bytes]:
        start_response(status, [("X-Test", "yes")])
        return [body]

    return answer


class _Calls:
    """Calls by invocation: the applications answer one after the other, the last one then on."""

    def __init__(self, *applications: Any, **more: Any) -> None:
        self._applications = applications
        self.answered = 0
        self._repeats = Repeats(self._application, **more)

    def _application(self, environ: Any, start_response: Any) -> Any:
        self.answered += 1
        return self._applications[min(self.answered, len(self._applications)) - 1](environ, start_response)

    def __call__(self, invocation: str) -> tuple[str, bytes]:
        said: list[Any] = []
        environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "wsgi.input": BytesIO()}
        if invocation:
            environ["HTTP_AMZ_SDK_INVOCATION_ID"] = invocation
        body = b"".join(self._repeats(environ, lambda *start: said.append(start)))
        [(status, headers, *_)] = said
        assert headers == [("X-Test", "yes")]
        return status, body


class TestEks:
    @pytest.fixture
    def eks(self, aws: Any) -> Any:
        vpc = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = aws("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        eks = aws("eks")
        eks.create_cluster(
            name="c",
            version="1.32",
            roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/eks",
            resourcesVpcConfig={"subnetIds": [subnet], "endpointPrivateAccess": True},
            accessConfig={"authenticationMode": "API"},
            logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]},
        )
        return eks

    def test_a_cluster_has_what_kubernetes_clients_and_roles_need(self, eks: Any, aws: Any, region: str) -> None:
        cluster = eks.describe_cluster(name="c")["cluster"]
        pem = base64.b64decode(cluster["certificateAuthority"]["data"])
        assert x509.load_pem_x509_certificate(pem).subject
        assert cluster["identity"]["oidc"]["issuer"].startswith(f"https://oidc.eks.{region}.amazonaws.com/id/")
        network = cluster["resourcesVpcConfig"]
        assert (network["endpointPublicAccess"], network["endpointPrivateAccess"]) == (True, True)
        groups = aws("ec2").describe_security_groups(GroupIds=[network["clusterSecurityGroupId"]])["SecurityGroups"]
        assert groups[0]["VpcId"] == network["vpcId"]

    def test_a_deleted_cluster_takes_its_security_group_with_it(self, eks: Any, aws: Any) -> None:
        group = eks.describe_cluster(name="c")["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
        eks.delete_cluster(name="c")
        with pytest.raises(ClientError):
            aws("ec2").describe_security_groups(GroupIds=[group])

    def test_a_cluster_changes_in_place_by_what_is_named(self, eks: Any) -> None:
        subnets = eks.describe_cluster(name="c")["cluster"]["resourcesVpcConfig"]["subnetIds"]
        update = eks.update_cluster_config(name="c", resourcesVpcConfig={"publicAccessCidrs": ["198.51.100.0/24"]})
        changes = [{"types": ["api"], "enabled": True}, {"types": ["audit"], "enabled": False}]
        eks.update_cluster_config(name="c", logging={"clusterLogging": changes})
        assert eks.describe_update(name="c", updateId=update["update"]["id"])["update"]["status"] == "Successful"
        cluster = eks.describe_cluster(name="c")["cluster"]
        assert cluster["resourcesVpcConfig"]["publicAccessCidrs"] == ["198.51.100.0/24"]
        assert cluster["resourcesVpcConfig"]["subnetIds"] == subnets
        (enabled,) = [setup["types"] for setup in cluster["logging"]["clusterLogging"] if setup["enabled"]]
        assert enabled == ["api"]

    def test_a_node_group_is_given_no_ssh_access(self, eks: Any) -> None:
        subnets = eks.describe_cluster(name="c")["cluster"]["resourcesVpcConfig"]["subnetIds"]
        node_role = f"arn:aws:iam::{ACCOUNT_ID}:role/node"
        made = eks.create_nodegroup(clusterName="c", nodegroupName="n", subnets=subnets, nodeRole=node_role)
        assert "remoteAccess" not in made["nodegroup"]
        assert (made["nodegroup"]["version"], made["nodegroup"]["updateConfig"]) == ("1.32", {"maxUnavailable": 1})

    def test_addons(self, eks: Any) -> None:
        made = eks.create_addon(clusterName="c", addonName="kube-proxy")["addon"]
        assert (made["status"], made["addonVersion"]) == ("ACTIVE", "v1.32.0-eksbuild.2")
        eks.update_addon(clusterName="c", addonName="kube-proxy", addonVersion="v1.32.3-eksbuild.1")
        assert eks.describe_addon(clusterName="c", addonName="kube-proxy")["addon"]["addonVersion"] == (
            "v1.32.3-eksbuild.1"
        )
        assert eks.list_addons(clusterName="c")["addons"] == ["kube-proxy"]
        eks.delete_addon(clusterName="c", addonName="kube-proxy")
        with pytest.raises(eks.exceptions.ResourceNotFoundException):
            eks.describe_addon(clusterName="c", addonName="kube-proxy")
        with pytest.raises(eks.exceptions.InvalidParameterException):
            eks.create_addon(clusterName="c", addonName="coredsn")

    def test_an_addon_owns_its_pod_identities(self, eks: Any) -> None:
        associations = [{"serviceAccount": "ebs-csi-controller-sa", "roleArn": ROLE}]
        made = eks.create_addon(clusterName="c", addonName="aws-ebs-csi-driver", podIdentityAssociations=associations)[
            "addon"
        ]
        (found,) = eks.list_pod_identity_associations(clusterName="c", namespace="kube-system")["associations"]
        assert made["podIdentityAssociations"] == [found["associationArn"]]
        assert found["ownerArn"] == made["addonArn"]
        eks.delete_addon(clusterName="c", addonName="aws-ebs-csi-driver")
        assert eks.list_pod_identity_associations(clusterName="c")["associations"] == []

    def test_access_entries_and_their_policies(self, eks: Any) -> None:
        entry = eks.create_access_entry(clusterName="c", principalArn=ROLE)["accessEntry"]
        assert entry["username"] == f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/admins/{{{{SessionName}}}}"
        eks.associate_access_policy(
            clusterName="c", principalArn=ROLE, policyArn=ADMIN_POLICY, accessScope={"type": "cluster"}
        )
        listed = eks.list_associated_access_policies(clusterName="c", principalArn=ROLE)["associatedAccessPolicies"]
        assert [policy["policyArn"] for policy in listed] == [ADMIN_POLICY]
        with pytest.raises(eks.exceptions.ResourceInUseException):
            eks.create_access_entry(clusterName="c", principalArn=ROLE)
        eks.disassociate_access_policy(clusterName="c", principalArn=ROLE, policyArn=ADMIN_POLICY)
        eks.delete_access_entry(clusterName="c", principalArn=ROLE)
        with pytest.raises(eks.exceptions.ResourceNotFoundException):
            eks.describe_access_entry(clusterName="c", principalArn=ROLE)

    @pytest.mark.parametrize("scope", [{"type": "namespace"}, {"type": "cluster", "namespaces": ["floe"]}])
    def test_namespaces_belong_to_the_namespace_scope(self, eks: Any, scope: dict[str, Any]) -> None:
        eks.create_access_entry(clusterName="c", principalArn=ROLE)
        with pytest.raises(eks.exceptions.InvalidParameterException):
            eks.associate_access_policy(clusterName="c", principalArn=ROLE, policyArn=ADMIN_POLICY, accessScope=scope)

    def test_access_entries_need_the_api_mode(self, eks: Any) -> None:
        eks.update_cluster_config(name="c", accessConfig={"authenticationMode": "CONFIG_MAP"})
        with pytest.raises(eks.exceptions.InvalidRequestException):
            eks.create_access_entry(clusterName="c", principalArn=ROLE)

    def test_pod_identities(self, eks: Any) -> None:
        account = {"clusterName": "c", "namespace": "floe", "serviceAccount": "dagster"}
        made = eks.create_pod_identity_association(**account, roleArn=ROLE, tags={"a": "b"})["association"]
        with pytest.raises(eks.exceptions.ResourceInUseException):
            eks.create_pod_identity_association(**account, roleArn=ROLE)
        found = {"clusterName": "c", "associationId": made["associationId"]}
        eks.update_pod_identity_association(**found, roleArn=ROLE + "2")
        assert eks.describe_pod_identity_association(**found)["association"]["roleArn"] == ROLE + "2"
        eks.tag_resource(resourceArn=made["associationArn"], tags={"c": "d"})
        eks.untag_resource(resourceArn=made["associationArn"], tagKeys=["a"])
        assert eks.list_tags_for_resource(resourceArn=made["associationArn"])["tags"] == {"c": "d"}
        eks.delete_pod_identity_association(**found)
        assert eks.list_pod_identity_associations(clusterName="c")["associations"] == []


class TestCorrections:
    def test_s3_keeps_the_whole_lifecycle(self, aws: Any) -> None:
        s3 = aws("s3")
        s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
        rules = [
            {
                "ID": "versions",
                "Status": "Enabled",
                "Filter": {"And": {"Prefix": "data/", "ObjectSizeGreaterThan": 131072}},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 2},
            }
        ]
        s3.put_bucket_lifecycle_configuration(Bucket="bucket", LifecycleConfiguration={"Rules": rules})
        assert s3.get_bucket_lifecycle_configuration(Bucket="bucket")["Rules"] == rules
        s3.delete_bucket_lifecycle(Bucket="bucket")
        with pytest.raises(ClientError) as raised:
            s3.get_bucket_lifecycle_configuration(Bucket="bucket")
        assert _error(raised) == "NoSuchLifecycleConfiguration"

    def test_s3_policies_with_conditions_refuse_nothing(self, aws: Any) -> None:
        s3 = aws("s3")
        s3.create_bucket(Bucket="tls-only", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::tls-only/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        s3.put_bucket_policy(Bucket="tls-only", Policy=policy)
        s3.put_object(Bucket="tls-only", Key="key", Body=b"value")
        assert s3.get_object(Bucket="tls-only", Key="key")["Body"].read() == b"value"
        assert json.loads(s3.get_bucket_policy(Bucket="tls-only")["Policy"]) == json.loads(policy)

    def test_s3_writes_logs_where_the_policy_allows_it(self, aws: Any) -> None:
        s3 = aws("s3")
        place = {"LocationConstraint": s3.meta.region_name}
        for name in ("logged", "logs"):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)
        key_format = {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
        target = {"TargetBucket": "logs", "TargetPrefix": "a/", "TargetObjectKeyFormat": key_format}
        with pytest.raises(ClientError) as raised:
            s3.put_bucket_logging(Bucket="logged", BucketLoggingStatus={"LoggingEnabled": target})
        assert _error(raised) == "InvalidTargetBucketForLogging"
        logs = "arn:aws:s3:::logs"
        statements = [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [logs, f"{logs}/*"]},
            {
                "Effect": "Allow",
                "Principal": {"Service": "logging.s3.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{logs}/*",
            },
        ]
        s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Statement": statements}))
        s3.put_bucket_logging(Bucket="logged", BucketLoggingStatus={"LoggingEnabled": target})
        assert s3.get_bucket_logging(Bucket="logged")["LoggingEnabled"] == target

    def test_kms_keeps_the_rotation_period(self, aws: Any) -> None:
        kms = aws("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)
        kms.enable_key_rotation(KeyId=key)
        assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
        kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
        assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180

    def test_security_group_rules_keep_their_descriptions(self, aws: Any) -> None:
        ec2 = aws("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
        pair = {"GroupId": group, "Description": "from the nodes"}
        permission = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [pair]}
        made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
        assert made["SecurityGroupRules"][0]["Description"] == "from the nodes"

    def test_a_launch_templates_own_tags_are_not_those_of_its_instances(self, aws: Any) -> None:
        ec2 = aws("ec2")
        tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}]
        made = ec2.create_launch_template(LaunchTemplateName="t", LaunchTemplateData={}, TagSpecifications=tags)
        template = made["LaunchTemplate"]["LaunchTemplateId"]
        (version,) = ec2.describe_launch_template_versions(LaunchTemplateId=template)["LaunchTemplateVersions"]
        assert not version["LaunchTemplateData"].get("TagSpecifications")
        ec2.create_tags(Resources=[template], Tags=[{"Key": "a", "Value": "c"}])
        (found,) = ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"]
        assert found["Tags"] == [{"Key": "a", "Value": "c"}]

    def test_databases_are_told_apart_and_keep_their_insights(self, aws: Any) -> None:
        rds = aws("rds")
        for name in "ab":
            rds.create_db_instance(
                DBInstanceIdentifier=name,
                DBInstanceClass="db.t3.micro",
                Engine="postgres",
                EngineVersion="16",
                ManageMasterUserPassword=True,
                MasterUsername="admin",
                EnablePerformanceInsights=True,
                PerformanceInsightsRetentionPeriod=7,
            )
        a, b = rds.describe_db_instances()["DBInstances"]
        assert a["DbiResourceId"] != b["DbiResourceId"]
        assert a["EngineVersion"].startswith("16.")
        assert (a["PerformanceInsightsEnabled"], a["PerformanceInsightsRetentionPeriod"]) == (True, 7)
        rds.modify_db_instance(DBInstanceIdentifier="a", EnablePerformanceInsights=False)
        changed = rds.describe_db_instances(DBInstanceIdentifier="a")["DBInstances"][0]
        assert not changed["PerformanceInsightsEnabled"]

    def test_parameters_of_a_group_come_and_go(self, aws: Any) -> None:
        rds = aws("rds")
        group = {"DBParameterGroupName": "g"}
        rds.create_db_parameter_group(**group, DBParameterGroupFamily="postgres16", Description="g")
        parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
        rds.modify_db_parameter_group(**group, Parameters=[parameter])
        (found,) = rds.describe_db_parameters(**group, Source="user")["Parameters"]
        assert (found["ParameterName"], found["Source"]) == ("rds.force_ssl", "user")
        rds.reset_db_parameter_group(**group, Parameters=[parameter])
        assert rds.describe_db_parameters(**group)["Parameters"] == []

    def test_the_managed_policies_of_aws_are_there(self, aws: Any) -> None:
        policy = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
        assert aws("iam").get_policy(PolicyArn=policy)["Policy"]["Arn"] == policy


@pytest.mark.slow
def test_the_real_provider_finds_nothing_to_change(running: Emulator, tmp_path: Path, region: str) -> None:
    """Apply, change in place, destroy: what the extension of EKS answers is what the AWS provider expects."""
    if not shutil.which("terraform") or not any("hashicorp/aws" in p for m in mirrors() for p in m.providers):
        pytest.skip("needs Terraform, and the AWS provider without the network")
    config = json.loads((Path(__file__).parent / "eks.tf.json").read_text())
    directory = tmp_path / "stack"
    directory.mkdir()
    terraform = Terraform(directory, environment={**running.environment, "AWS_REGION": region})
    plan = tmp_path / "plan"

    def apply(**changes: dict[str, Any]) -> None:
        for address, arguments in changes.items():
            kind, name = address.split("__")
            config["resource"][kind][name].update(arguments)
        (directory / "main.tf.json").write_text(json.dumps(config))
        terraform.apply()
        changed = terraform.plan(plan)
        assert not changed, terraform.show_plan(plan).of("create", "update", "replace", "delete")

    (directory / "main.tf.json").write_text(json.dumps(config))
    terraform.init()
    apply()
    apply(
        aws_eks_cluster__c={"enabled_cluster_log_types": ["api", "scheduler"]},
        aws_eks_node_group__workers={"labels": {"node-type": "spot", "more": "yes"}, "tags": {"a": "c"}},
        aws_launch_template__workers={"tags": {"a": "c"}, "ebs_optimized": True},
        aws_eks_addon__cni={"configuration_values": '{"env":{"ENABLE_PREFIX_DELEGATION":"false"}}'},
        aws_eks_access_entry__admins={"kubernetes_groups": ["admins", "operators"]},
        aws_eks_pod_identity_association__dagster={"role_arn": "${aws_iam_role.cluster.arn}"},
    )
    eks = _client(running, "eks", region)
    workers = eks.describe_nodegroup(clusterName="acme", nodegroupName="workers")["nodegroup"]
    assert (workers["capacityType"], workers["labels"]["more"]) == ("SPOT", "yes")
    terraform.destroy()
    assert eks.list_clusters()["clusters"] == []
