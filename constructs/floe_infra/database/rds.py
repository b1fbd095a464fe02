"""RDS for PostgreSQL, with its key, firewall, logs and monitoring."""

from __future__ import annotations

from cdktf import Fn, IResolvable, Op, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
    DataAwsIamPolicyDocumentStatementCondition,
    DataAwsIamPolicyDocumentStatementPrincipals,
)
from cdktf_cdktf_provider_aws.db_instance import DbInstance
from cdktf_cdktf_provider_aws.db_parameter_group import DbParameterGroup, DbParameterGroupParameter
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from floe_infra.cloud.iam import limits
from floe_infra.cloud.kms import EncryptionKey
from floe_infra.context import Context
from floe_infra.database.config import ADMIN_SECRET, RdsConfig
from floe_infra.fields import is_token
from floe_infra.refs import ClusterRef, DatabaseRef, NetworkRef, SecretRef
from floe_infra.terraform import keep

PORT = 5432
_LOGS = ("postgresql", "upgrade")
_PARAMETERS = {
    "rds.force_ssl": "1",
    "log_connections": "1",
    "log_disconnections": "1",
    "log_lock_waits": "1",
    "log_min_duration_statement": "1000",  # milliseconds
    # Not `ddl`: the log would then hold every password that a CREATE ROLE or ALTER ROLE sets.
    "log_statement": "none",
}


class RdsDatabase(Construct):
    """A PostgreSQL server that only the cluster reaches, and whose password nobody has seen.

    Replacing the server, or removing it, takes more than one wrong step while the platform keeps its data: Terraform
    refuses (`prevent_destroy`), then RDS does (`deletion_protection`), and then there is still a final snapshot and
    what was backed up. The snapshot's name is fixed, so that no time stamp gets into the output. RDS removes nothing
    if it is taken already.

    Attributes:
        ref: what other rooms take.
        key: the encryption key, or None when an existing one is used.
        subnet_group: the private subnets.
        security_group: the firewall, closed until `allow_from`.
        parameter_group: TLS and logging.
        log_groups: by log; made before RDS would make them without key and retention.
        monitoring_role: what RDS reports the operating system's metrics with.
        instance: the server.
    """

    def __init__(self, scope: Construct, id: str, *, config: RdsConfig, context: Context, network: NetworkRef) -> None:
        super().__init__(scope, id)
        self._config, self._context = config, context
        self.key = (
            None
            if config.kms_key_arn
            else EncryptionKey(self, "key", context=context, purpose="database", log_groups=True)
        )
        self._key_arn = self.key.arn if self.key else config.kms_key_arn
        self.subnet_group = DbSubnetGroup(
            self,
            "subnet_group",
            name=context.prefix,
            description=f"Private subnets of {context.prefix}",
            subnet_ids=list(network.private_subnet_ids),
        )
        self.security_group = SecurityGroup(
            self,
            "security_group",
            name=f"{context.prefix}-database",
            description=f"PostgreSQL of {context.prefix}",
            vpc_id=network.id,
        )
        self.parameter_group = self._parameter_group()
        self.log_groups = {log: self._log_group(log) for log in _LOGS}
        self.monitoring_role = self._monitoring_role()
        self._monitoring = IamRolePolicyAttachment(
            self,
            "monitoring_policy",
            role=self.monitoring_role.name,
            policy_arn=f"arn:{context.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
        )
        self.instance = self._instance()
        self.ref = DatabaseRef(
            host=self.instance.address,
            port=PORT,
            database=config.database_name,
            user=config.username,
            secret=SecretRef(
                name=ADMIN_SECRET,
                remote_key=self.instance.master_user_secret.get(0).secret_arn,
                keys=("username", "password"),
                kms_key_arn=self._key_arn,
            ),
            engine_version=config.engine_version,
            ca_bundle_url=_ca_bundle_url(context),
        )

    def allow_from(self, cluster: ClusterRef) -> None:
        """Open the server's port to the cluster's nodes and pods."""
        VpcSecurityGroupIngressRule(
            self,
            "from_cluster",
            security_group_id=self.security_group.id,
            description="PostgreSQL from the cluster",
            referenced_security_group_id=cluster.security_group_id,
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
        )

    def _instance(self) -> DbInstance:
        config, context = self._config, self._context
        keeps = context.keeps_data
        instance = DbInstance(
            self,
            "instance",
            identifier=context.prefix,
            instance_class=config.instance_class,
            engine="postgres",
            # The provider compares only as much of the version as is given: no drift when RDS raises the minor.
            engine_version=config.engine_version,
            auto_minor_version_upgrade=_without_minor(config.engine_version),
            # The file names the version, so changing it there is the decision.
            allow_major_version_upgrade=True,
            parameter_group_name=self.parameter_group.name,
            apply_immediately=False,
            db_name=config.database_name,
            port=PORT,
            username=config.username,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=self._key_arn,
            iam_database_authentication_enabled=True,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            db_subnet_group_name=self.subnet_group.name,
            vpc_security_group_ids=[self.security_group.id],
            publicly_accessible=False,
            multi_az=config.multi_az,
            storage_type="gp3",
            allocated_storage=config.allocated_storage_gib,
            max_allocated_storage=config.max_allocated_storage_gib,
            storage_encrypted=True,
            kms_key_id=self._key_arn,
            backup_retention_period=config.backup_retention_days,
            backup_window="02:00-03:00",
            maintenance_window="sun:03:30-sun:04:30",
            copy_tags_to_snapshot=True,
            delete_automated_backups=not keeps,
            deletion_protection=keeps,
            skip_final_snapshot=not keeps,
            final_snapshot_identifier=(config.final_snapshot_name or f"{context.prefix}-final") if keeps else None,
            performance_insights_enabled=config.performance_insights,
            performance_insights_kms_key_id=self._key_arn if config.performance_insights else None,
            performance_insights_retention_period=7 if config.performance_insights else None,
            monitoring_interval=60,
            monitoring_role_arn=self.monitoring_role.arn,
            enabled_cloudwatch_logs_exports=list(_LOGS),
            depends_on=[self._monitoring, *self.log_groups.values()],
        )
        keep(instance, context)
        return instance

    def _parameter_group(self) -> DbParameterGroup:
        """One for each major version: RDS removes none that a server uses, so a new one comes first. The server takes a
        new major version in its maintenance window; the old group goes with the first deploy after that."""
        family = f"postgres{_major(self._config.engine_version)}"
        return DbParameterGroup(
            self,
            "parameter_group",
            name=f"{self._context.prefix}-{family}",
            family=family,
            description=f"{family} of {self._context.prefix}: TLS only, slow statements logged",
            parameter=[DbParameterGroupParameter(name=name, value=value) for name, value in _PARAMETERS.items()],
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )

    def _log_group(self, log: str) -> CloudwatchLogGroup:
        return CloudwatchLogGroup(
            self,
            f"{log}_log",
            name=f"/aws/rds/instance/{self._context.prefix}/{log}",
            retention_in_days=self._config.log_retention_days,
            kms_key_id=self._key_arn,
        )

    def _monitoring_role(self) -> IamRole:
        """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html, for this server
        alone and not for whoever else asks the service to (the confused deputy)."""
        context = self._context
        server = f"arn:{context.partition}:rds:{context.region}:{context.account_id}:db:{context.prefix}"
        trust = DataAwsIamPolicyDocument(
            self,
            "monitoring_trust",
            statement=[
                DataAwsIamPolicyDocumentStatement(
                    actions=["sts:AssumeRole"],
                    principals=[
                        DataAwsIamPolicyDocumentStatementPrincipals(
                            type="Service", identifiers=["monitoring.rds.amazonaws.com"]
                        )
                    ],
                    condition=[
                        _equals("aws:SourceArn", server),
                        _equals("aws:SourceAccount", context.account_id),
                    ],
                )
            ],
        )
        return IamRole(
            self,
            "monitoring_role",
            name=f"{context.prefix}-database-monitoring",
            description=f"RDS reports the operating system's metrics of {context.prefix}",
            assume_role_policy=trust.json,
            **limits(context),
        )


def _major(version: str) -> str:
    return Fn.element(Fn.split(".", version), 0) if is_token(version) else version.partition(".")[0]


def _without_minor(version: str) -> bool | IResolvable:
    return Op.eq(Fn.length_of(Fn.split(".", version)), 1) if is_token(version) else "." not in version


def _equals(variable: str, value: str) -> DataAwsIamPolicyDocumentStatementCondition:
    return DataAwsIamPolicyDocumentStatementCondition(test="StringEquals", variable=variable, values=[value])


def _ca_bundle_url(context: Context) -> str:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html"""
    return {
        "aws-us-gov": "https://truststore.pki.us-gov-west-1.rds.amazonaws.com/global/global-bundle.pem",
        "aws-cn": "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/global/global-bundle.pem",
    }.get(context.partition, "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem")
