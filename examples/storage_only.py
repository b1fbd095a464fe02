"""Two of the building blocks in a stack of one's own: buckets and a catalog, beside a team's other resources."""

from floe_infra.runtime import fast_import

fast_import.enable()

from cdktf import App, LocalBackend, TerraformStack  # noqa: E402
from cdktf_cdktf_provider_aws.provider import AwsProvider  # noqa: E402

from floe_infra import Context, GlueCatalog, S3Storage  # noqa: E402
from floe_infra.catalog import GlueConfig  # noqa: E402
from floe_infra.storage import S3Config  # noqa: E402

app = App()
stack = TerraformStack(app, "lake")
AwsProvider(stack, "aws", region="eu-west-1")
LocalBackend(stack, path="../../../lake.tfstate")

context = Context(name="acme", environment="staging", region="eu-west-1", account_id="111122223333")
storage = S3Storage(stack, "storage", config=S3Config(layers=["raw", "curated"]), context=context)
catalog = GlueCatalog(stack, "catalog", config=GlueConfig(), context=context, storage=storage.ref)
app.synth()
