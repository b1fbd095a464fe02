"""Who may use buckets of S3: what each identity may do with which of them, by IAM policies that name them."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import Fn
from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
)
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from floe_infra.cloud.iam import Role, identity_id, role_name, trust
from floe_infra.context import Context
from floe_infra.refs import BucketRef, IdentityRef, StorageRef

_READ = ["s3:GetObject"]
_WRITE = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
_LIST = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
_USE_KEY = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"]


class S3Access(Construct):
    """Grants on the buckets of `ref`, whoever made them.

    Attributes:
        ref: the buckets and their key.
    """

    ref: StorageRef

    def __init__(self, scope: Construct, id: str, *, context: Context, ref: StorageRef | None = None) -> None:
        super().__init__(scope, id)
        self._context = context
        if ref:
            self.ref = ref

    def grant_read(self, identity: IdentityRef) -> None:
        """Let the identity list and read the warehouse buckets."""
        id = f"read_{identity_id(identity)}"
        self._grant(id, identity.role, "read", self.ref.buckets, _READ, ["kms:Decrypt"])

    def grant_read_write(self, identity: IdentityRef) -> None:
        """Let the identity list, read, write and delete in the warehouse buckets."""
        id = f"read_write_{identity_id(identity)}"
        self._grant(id, identity.role, "read_write", self.ref.buckets, _READ + _WRITE, _USE_KEY)

    def grant_exchange(self, identity: IdentityRef) -> None:
        """Let the identity use the bucket for intermediate results."""
        if self.ref.exchange is None:
            raise LookupError("There is no bucket for intermediate results: `storage.exchange` is false.")
        id = f"exchange_{identity_id(identity)}"
        self._grant(id, identity.role, "exchange", (self.ref.exchange,), _READ + _WRITE, _USE_KEY)

    def grant_compute_logs(self, identity: IdentityRef) -> None:
        """Let the identity use the bucket for what Dagster's runs print."""
        if self.ref.compute_logs is None:
            raise LookupError("There is no bucket for what runs print: `storage.compute_logs` is false.")
        id = f"compute_logs_{identity_id(identity)}"
        self._grant(id, identity.role, "compute_logs", (self.ref.compute_logs,), _READ + _WRITE, _USE_KEY)

    def lend_role(self, identity: IdentityRef) -> str:
        """A role that may read and write in the warehouse buckets, and that this identity, and no other, can assume: a
        catalog does so for its clients, and narrows it down to the table at hand. Returns the role's ARN."""
        id = f"lent_{identity_id(identity)}"
        role = Role(
            self,
            id,
            name=role_name(f"{self._context.prefix}-storage", identity.namespace, identity.service_account),
            description=f"Lent out by {identity.service_account} in namespace {identity.namespace}",
            trust=trust("sts:AssumeRole", {"AWS": identity.role_arn}, {}),
            context=self._context,
        )
        self._grant(f"{id}_storage", role.role.name, "read_write", self.ref.buckets, _READ + _WRITE, _USE_KEY)
        IamRolePolicy(
            self,
            f"{id}_lend",
            name="lend-storage",
            role=identity.role,
            policy=Fn.jsonencode(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role.role.arn}],
                }
            ),
        )
        return role.role.arn

    def _grant(
        self,
        id: str,
        role: str,
        access: str,
        buckets: Sequence[BucketRef],
        objects: list[str],
        key: list[str],
    ) -> None:
        document = DataAwsIamPolicyDocument(
            self,
            f"{id}_document",
            statement=[
                DataAwsIamPolicyDocumentStatement(
                    sid="List", actions=_LIST, resources=[bucket.arn for bucket in buckets]
                ),
                DataAwsIamPolicyDocumentStatement(
                    sid="Objects", actions=objects, resources=[f"{bucket.arn}/*" for bucket in buckets]
                ),
                DataAwsIamPolicyDocumentStatement(sid="Key", actions=key, resources=[self.ref.kms_key_arn or ""]),
            ],
        )
        IamRolePolicy(
            self,
            id,
            name=f"storage-{access.replace('_', '-')}",
            role=role,
            policy=document.json,
        )
