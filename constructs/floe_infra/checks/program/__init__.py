"""Real requests to what a platform consists of: whether each part answers as its clients need it to.

One implementation for both places that it runs in: `floe-infra check` calls it where the command runs, and in the
cluster a job runs the same files from a ConfigMap (`python -m floe_checks spec.json`), as what Dagster's pods run as.
Hence the standard library only, and Python's own image: what has SDKs in it would be an image of our own to build and
to publish, or a download at each start, which the network policies rightly refuse. So the protocols are spoken here, as
far as one question needs them: Signature Version 4, PostgreSQL with SCRAM over TLS, gRPC, Trino's statements, Iceberg's
REST. What is tested where this package is made is what runs in the cluster.

No secret is printed: what was read as one is crossed out of every message.
"""
