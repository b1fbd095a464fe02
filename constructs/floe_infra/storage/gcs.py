"""Google Cloud Storage: warehouse buckets, their key, their log bucket, and who may use them."""

from __future__ import annotations

from collections.abc import Mapping

from cdktf_cdktf_provider_google.service_account_iam_member import ServiceAccountIamMember
from cdktf_cdktf_provider_google.storage_bucket_iam_member import StorageBucketIamMember
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.cloud.google_iam import Account, account_id
from floe_infra.context import Context
from floe_infra.refs import IdentityRef, StorageRef
from floe_infra.storage.config import GcsConfig
from floe_infra.storage.gcs_bucket import BucketKey, SecureBucket, expire_after, tidy

_LOOK = "roles/storage.legacyBucketReader"
"""To see the bucket itself, as clients do before they begin: roles for objects do not include that
(https://cloud.google.com/storage/docs/access-control/iam-roles)."""
_READ = "roles/storage.objectViewer"
_READ_WRITE = "roles/storage.objectAdmin"
_LEND = "roles/iam.serviceAccountTokenCreator"
_EXCHANGE_DAYS = 1
"""For what a query that was broken off has left behind."""
_LOGS_RESTORABLE_DAYS = 7


class GcsStorage(Construct):
    """The lakehouse's buckets.

    Cloud Storage encrypts and decrypts by itself: whoever may read an object needs no right to the key.

    Attributes:
        ref: what other rooms take.
        key: the encryption key, or None when an existing one or Google's own is used.
        logs: the bucket of usage logs.
        buckets: the warehouse buckets, by layer (or `warehouse`).
        preaggregations: Cube's bucket, when asked for.
        exchange: the bucket for queries' intermediate results, when asked for.
        compute_logs: the bucket for what Dagster's runs print, when asked for.
    """

    def __init__(self, scope: Construct, id: str, *, config: GcsConfig, context: Context) -> None:
        super().__init__(scope, id)
        self._config, self._context = config, context
        makes_key = config.own_key and not config.kms_key_name
        self.key = BucketKey(self, "key", context=context, purpose="storage") if makes_key else None
        self._key_name = self.key.name if self.key else config.kms_key_name
        self.logs = SecureBucket(
            self,
            "logs",
            name=self._name("logs"),
            context=context,
            kms_key_name=None,
            rules=expire_after(config.logs_expire_days),
            soft_delete_days=_LOGS_RESTORABLE_DAYS,
        )
        self._before = [self.logs.let_logs_in(), *([self.key.usable] if self.key else [])]
        layers = Construct(self, "layers")  # whose names are the user's: they may not meet ours
        self.buckets = {
            purpose: SecureBucket(
                layers,
                purpose,
                name=self._name(purpose),
                context=context,
                kms_key_name=self._key_name,
                rules=tidy(
                    uploads_days=config.lifecycle.abort_incomplete_uploads_days,
                    noncurrent_days=config.lifecycle.noncurrent_versions_days,
                ),
                soft_delete_days=config.lifecycle.soft_delete_days,
                autoclass=config.lifecycle.autoclass,
                logs=self.logs,
                after=self._before,
            )
            for purpose in config.warehouse_buckets
        }
        self.preaggregations = (
            self._short_lived("preaggregations", config.preaggregations_expire_days) if config.preaggregations else None
        )
        self.exchange = self._short_lived("exchange", _EXCHANGE_DAYS) if config.exchange else None
        self.compute_logs = (
            self._short_lived("compute_logs", config.compute_logs_expire_days) if config.compute_logs else None
        )
        whole = next(iter(self.buckets.values()))
        self.ref = StorageRef(
            layers={layer: self.buckets.get(layer, whole).ref for layer in config.layers},
            region=context.region,
            scheme="gs",
            preaggregations=self.preaggregations.ref if self.preaggregations else None,
            exchange=self.exchange.ref if self.exchange else None,
            compute_logs=self.compute_logs.ref if self.compute_logs else None,
            logs=self.logs.ref,
        )

    def grant_read(self, identity: IdentityRef) -> None:
        """Let the identity list and read the warehouse buckets."""
        self._grant(f"read_{_words(identity)}", google.member(identity), _READ, self.buckets)

    def grant_read_write(self, identity: IdentityRef) -> None:
        """Let the identity list, read, write and delete in the warehouse buckets."""
        self._grant(f"read_write_{_words(identity)}", google.member(identity), _READ_WRITE, self.buckets)

    def grant_exchange(self, identity: IdentityRef) -> None:
        """Let the identity use the bucket for intermediate results."""
        if self.exchange is None:
            raise LookupError("There is no bucket for intermediate results: `storage.exchange` is false.")
        buckets = {"exchange": self.exchange}
        self._grant(f"exchange_{_words(identity)}", google.member(identity), _READ_WRITE, buckets)

    def grant_compute_logs(self, identity: IdentityRef) -> None:
        """Let the identity use the bucket for what Dagster's runs print."""
        if self.compute_logs is None:
            raise LookupError("There is no bucket for what runs print: `storage.compute_logs` is false.")
        buckets = {"compute_logs": self.compute_logs}
        self._grant(f"compute_logs_{_words(identity)}", google.member(identity), _READ_WRITE, buckets)

    def lend_role(self, identity: IdentityRef) -> str:
        """A service account that may read and write in the warehouse buckets, and that this identity, and no other, can
        act as: a catalog does so for its clients, and narrows it down to the table at hand
        (https://cloud.google.com/iam/docs/downscoping-short-lived-credentials). Returns the account's email."""
        id = f"lent_{_words(identity)}"
        lent = Account(
            self,
            id,
            account_id=account_id(self._context.prefix, "storage", identity.namespace, identity.service_account),
            description=f"Lent out by {identity.service_account} in namespace {identity.namespace}",
            context=self._context,
        )
        self._grant(f"{id}_storage", lent.account.member, _READ_WRITE, self.buckets)
        ServiceAccountIamMember(
            self,
            f"{id}_lend",
            service_account_id=lent.account.name,
            role=_LEND,
            member=google.member(identity),
            depends_on=[google.api(self, "iamcredentials")],
        )
        return lent.account.email

    def _grant(self, id: str, member: str, role: str, buckets: Mapping[str, SecureBucket]) -> None:
        scope = Construct(self, id)
        for purpose, bucket in buckets.items():
            for name, each in ((purpose, role), (f"{purpose}-bucket", _LOOK)):
                StorageBucketIamMember(scope, name, bucket=bucket.ref.name, role=each, member=member)

    def _name(self, purpose: str) -> str:
        project = self._context.account_id
        return self._config.bucket_name(purpose, prefix=self._context.prefix, account_id=project)

    def _short_lived(self, purpose: str, days: int) -> SecureBucket:
        """A bucket of what is not kept for long."""
        return SecureBucket(
            self,
            purpose,
            name=self._name(purpose),
            context=self._context,
            kms_key_name=self._key_name,
            rules=expire_after(days),
            soft_delete_days=0,
            logs=self.logs,
            after=self._before,
        )


def _words(identity: IdentityRef) -> str:
    return f"{identity.namespace}_{identity.service_account}"
