"""A stand-in for kubeseal: `python tests/kubeseal.py --cert FILE --format yaml < secret.yaml` prints what it would.

What is in examples/sealed-secrets was made with it and a key that nobody has, by
`floe-infra secrets -c examples/local-sealed-secrets.yaml --script`.
"""

from __future__ import annotations

import argparse
import sys
from base64 import b64decode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate
from ruamel.yaml import YAML

sys.path.insert(0, str(Path(__file__).parent))

from encrypted import sealed_secret


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cert", type=Path, required=True)
    arguments.add_argument("--format", choices=["yaml"], required=True)
    key = load_pem_x509_certificate(arguments.parse_args().cert.read_bytes()).public_key()
    assert isinstance(key, RSAPublicKey)
    secret = YAML(typ="safe").load(sys.stdin)
    values = {name: b64decode(value).decode() for name, value in secret["data"].items()}
    metadata = secret["metadata"]
    yaml = YAML()
    yaml.explicit_start = True
    yaml.width = 10_000
    yaml.dump(sealed_secret(metadata["namespace"], metadata["name"], values, key), sys.stdout)


if __name__ == "__main__":
    main()
