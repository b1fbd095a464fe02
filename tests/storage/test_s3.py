from __future__ import annotations

from synthesized import resources


def test_one_bucket_for_each_layer(synth):
    stack = synth(storage={"kind": "s3"})["foundation"]
    names = {path: block["bucket"] for path, block in resources(stack, "aws_s3_bucket").items()}
    assert names == {
        "storage/bronze/bucket": "acme-prod-bronze-111122223333",
        "storage/silver/bucket": "acme-prod-silver-111122223333",
        "storage/gold/bucket": "acme-prod-gold-111122223333",
        "storage/logs/bucket": "acme-prod-logs-111122223333",
    }
