"""The files of an example, with a stand-in for everything that only Terraform knows."""

from __future__ import annotations

import json
import re
from pathlib import Path

from floe_infra.config import load
from floe_infra.synthesis import synthesize

ROOT = Path(__file__).parents[2]
EXAMPLES = [ROOT / "floe-infra.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]

_STAND_INS = {
    r"role_arn$|lent_role_|_iam_role\.": "arn:aws:iam::111122223333:role/floe-{word}",
    r"kms_key_arn$|aws_kms_key": "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000000",
    r"account_id$": "111122223333",
    r"network_id$|aws_vpc\.": "vpc-0a1b2c3d4e5f67890",
    r"subnet": "subnet-{word}",
    r"(?<!project)_uri$": "s3://floe-{word}",
    r"database_host$": "db.example.com",
}


def handed_over(example: Path, out: Path) -> dict[str, str]:
    """By name, the files' text."""
    stack = synthesize(load(example), out / "cdktf.out")[-1]
    files = json.loads(stack.file.read_text())["output"]["handoff"]["value"]
    return {name: resolved(text) for name, text in files.items()}


def resolved(text: str) -> str:
    """What Terraform makes of it."""
    return re.sub(r"\$?\$\{[^}]*\}", lambda found: _value(found[0]), text)


def _value(expression: str) -> str:
    if expression.startswith("$$"):
        return expression[1:]
    inside = expression[2:-1]
    if inside.startswith("substr("):
        return "0123456789abcdef"
    if layer := re.search(r"(storage_layers|catalog)_([a-z]+)_(bucket|[0-9A-F]+|name)", inside):
        return f"floe_{layer[2]}" if inside.startswith("aws_glue") else f"floe-{layer[2]}"
    word = re.sub("[^a-z0-9]+", "-", inside.removeprefix("data.terraform_remote_state.foundation.outputs.").lower())
    word = word.removeprefix("services-").strip("-")[:40].strip("-")
    for pattern, value in _STAND_INS.items():
        if re.search(pattern, inside):
            return value.format(word=word)
    return f"floe-{word}"
