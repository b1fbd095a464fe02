"""Every mistake in a file: where, what, what is allowed, what to do; all of them at once, in plain words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edited_files import ODD, edited_files
from floe_infra.config import ConfigError, PlatformConfig, checks, load
from floe_infra.config.document import Document
from floe_infra.config.load import validate
from floe_infra.config.problems import Problem
from floe_infra.config.shape import Shape

HEAD = """\
name: acme
environment: prod
cloud:
  region: eu-west-1
  account_id: "111122223333"
"""
"""Five lines: sections in the tests begin in the sixth."""

JARGON = re.compile(
    r"Input|valid (string|integer|dict)|value_error|type_error|[A-Z]\w+(Config|State|Cloud)\b|pydantic|Traceback|<class"
    r"|discriminator|\bNone\b|\bTrue\b|\bFalse\b|ruamel"
)


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        validate(Document(text, "f.yaml"))
    return caught.value.problems


def only(text: str) -> str:
    [problem] = problems(text)
    return str(problem)


def test_a_small_file_is_enough():
    config = validate(Document(HEAD, "f.yaml"))
    assert (config.network.kind, config.storage.kind, config.state.kind) == ("vpc", "s3", "local")


def test_load_reads_a_path(tmp_path: Path):
    (tmp_path / "f.yaml").write_text(HEAD)
    assert load(tmp_path / "f.yaml") == load(str(tmp_path / "f.yaml"))


@pytest.mark.parametrize(
    ("section", "place", "says"),
    [
        ("netwrok: {}", "6:1: netwrok", "unknown key\n  allowed: name, environment, …\n  fix: did you mean network?"),
        ("network:\n  nats: single", "7:3: network.nats", "unknown key\n  allowed: kind, …\n  fix: did you mean nat?"),
        ("network: {vpc_id: vpc-12345678}", "6:11: network.vpc_id", "unknown key\n  …\n  fix: only kind existing_vpc"),
        ("storage: {lifecycle: {x: 1}}", "6:23: storage.lifecycle.x", "unknown key\n  allowed: abort_incomplete_upl"),
        (
            "network:\n  zones: three",
            "7:10: network.zones",
            '"three" is not a whole number\n  allowed: a whole number f',
        ),
        ("network: {zones: 2.0}", "6:18: network.zones", "2.0 is not a whole number"),
        ("network: {zones: true}", "6:18: network.zones", "true is not a whole number"),
        ("network: {zones: '3'}", "6:18: network.zones", '"3" is not a whole number\n  …\n  fix: remove the quotes'),
        ("network: {zones: [3]}", "6:11: network.zones", "[3] is not a whole number"),
        ("network: {zones: 7}", "6:18: network.zones", "7 is too large\n  allowed: a whole number from 2 to 3"),
        ("network: {zones: 0}", "6:18: network.zones", "0 is too small"),
        (f"network: {{zones: {'9' * 400}}}", "6:18: network.zones", "999… is too large"),
        (f"network: {{zones: {'9' * 5000}}}", "6:18: network.zones", '"999… is not a whole number'),
        ("network: {zones: .nan}", "6:18: network.zones", "NaN is not a whole number"),
        ("compute: {cpu: .nan}", "6:16: compute.cpu", "NaN is no number to reckon with"),
        ("compute: {cpu: .inf}", "6:16: compute.cpu", "Infinity is …"),
        ("compute: {cpu: 1e999}", "6:16: compute.cpu", "Infinity is …"),
        ("database: {multi_az: yes}", "6:22: database.multi_az", '"yes" is not true or false\n  fix: write true'),
        ("database: {multi_az: 1}", "6:22: database.multi_az", "1 is not true or false"),
        ("network: {nat: both}", "6:16: network.nat", '"both" is not known here\n  allowed: single, per_zone'),
        ("network: {flow_logs_days: 8}", "6:27: network.flow_logs_days", "8 is not known here\n  allowed: 1, 3, 5, 7"),
        ("network: {cidr: 10.0.0.0}", "6:17: network.cidr", '"10.0.0.0" is not valid here\n  allowed: an IPv4 network'),
        ("network: {cidr: 10.0.0.300/16}", "6:17: network.cidr", '"10.0.0.300/16" is not a network'),
        ("network: {cidr: 10.0.1.0/16}", "6:17: network.cidr", '"10.0.1.0/16" is an address in the network 10.0.0.0'),
        ("network: {cidr: 10.0.0.0/8}", "6:17: network.cidr", "10.0.0.0/8 is a /8\n  allowed: /16 to /20"),
        (
            "network: vpc",
            "6:10: network",
            '"vpc" is not a mapping of keys to values\n  …\n  fix: write `network: {kind: v',
        ),
        ("network: [vpc]", "6:1: network", '["vpc"] is not a mapping of keys to values'),
        ("network: 5", "6:10: network", "5 is not a mapping of keys to values"),
        ("network:", "6:1: network", "is empty\n  …\n  fix: give it a value, or remove it"),
        (
            "network: {kind: 5}",
            "6:17: network.kind",
            "5 is not known here\n  allowed: vpc, existing_vpc, gcp_network, ",
        ),
        ("network: {kind: vcp}", "6:17: network.kind", '"vcp" is not known here\n  …\n  fix: did you mean vpc?'),
        ("network: {kind: }", "6:11: network.kind", "is empty\n  allowed: vpc"),
        ("network: {kind: [vpc]}", "6:11: network.kind", '["vpc"] is not known here'),
        (
            "cluster: {kind: aks}",
            "6:17: cluster.kind",
            '"aks" is not known here\n  allowed: eks, existing_eks, gke, existing_gke, ',
        ),
        ("cluster: {version: 1.33}", "6:20: cluster.version", '1.33 is not text\n  …\n  fix: write "1.33", in quotes'),
        ("cluster: {version: 1.30}", "6:20: cluster.version", '1.3 is not text\n  …\n  fix: write "1.30", in quotes'),
        ("storage: {layers: raw}", "6:19: storage.layers", '"raw" is not a list\n  …\n  fix: write [raw]'),
        ('storage: {layers: "\\ud800\\e[31m"}', "6:19: storage.layers", '"\\ud800\\u001b[31m" is not a list'),
        ("storage: {layers: []}", "6:11: storage.layers", "0 are too few\n  allowed: a list, from 1 to 20 values"),
        ("storage: {layers: [a, ~]}", "6:23: storage.layers[1]", "is empty"),
        ("storage: {layers: [a, b-c]}", "6:23: storage.layers[1]", '"b-c" is not valid here\n  allowed: lower-case l'),
        ("storage: {layers: [a, a]}", "6:23: storage.layers[1]", "two buckets would be called a"),
        ("storage: {bucket_prefix: Ab}", "6:26: storage.bucket_prefix", '"Ab" is not valid here\n  allowed: 3 to 63'),
        ("storage: {bucket_prefix: xn--ab}", "6:26: storage.bucket_prefix", '"xn--ab" begins with a prefix that S3'),
        ("storage: {bucket_names: {logs: 10.0.0.1}}", "6:32: storage.bucket_names.logs", '"10.0.0.1" is not valid'),
        ("storage: {bucket_names: {gld: abc}}", "6:31: storage.bucket_names.gld", 'there is no bucket "gld" to name'),
        (
            "storage: {kms_key_arn: arn:aws:kms:eu-west-1:111122223333:alias/a}",
            "6:24: storage.kms_key_arn",
            "…a KMS key",
        ),
        ("state: {kind: s3}", "6:1: state.bucket", "is required\n  allowed: 3 to 63 …\n  fix: add `bucket: …`"),
        ("state: {path: /tmp/x}", "6:15: state.path", '"/tmp/x" is not valid here\n  allowed: a relative path'),
        ("state: {path: a/../../b}", "6:15: state.path", '"a/../../b" is not valid here'),
        ("state: {kind: none}", "6:15: state.kind", '"none" is not known here\n  allowed: local, s3'),
        ("storage: ${TfToken[TOKEN.0]}", "6:10: storage", '"${TfToken[TOKEN.0]}" is a token of CDKTF'),
        ("storage: {bucket_prefix: '${TfToken[TOKEN.0]}'}", "6:26: storage.bucket_prefix", "…a token of CDKTF"),
        ("storage: !vault x", "6:10: storage", 'the tag "!vault" means nothing here'),
        ("network: {zones: 2, zones: 2}", "6:21: network.zones", "the key stands twice, first in line 6, column 11"),
        ("name: other", "6:1: name", "the key stands twice, first in line 1, column 1"),
        ("allow_data_loss: true", "6:18: allow_data_loss", "has no effect in prod"),
    ],
)
def test_one_mistake(section: str, place: str, says: str):
    text = only(f"{HEAD}{section}\n")
    pattern = ".*".join(map(re.escape, f"f.yaml:{place}: {says}".split("…")))
    assert re.match(pattern, text, re.DOTALL), text


@pytest.mark.parametrize(
    ("line", "place", "says"),
    [
        ("  account_id: 012345678901", "5:15: cloud.account_id", '…fix: write "012345678901", in quotes'),
        ("  account_id: 111122223333", "5:15: cloud.account_id", "111122223333 is not text\n  allowed: the 12 digits"),
        ("  account_id: '1111'", "5:15: cloud.account_id", '"1111" is not valid here\n  allowed: the 12 digits'),
        ("  region: eu-west-1", "5:3: cloud.region", "the key stands twice, first in line 4, column 3"),
        ("  provider: azure", "5:13: cloud.provider", '"azure" is not known here\n  allowed: aws, gcp, local'),
        ("  tags: {a: 1}", "5:13: cloud.tags.a", '1 is not text\n  …\n  fix: write "1", in quotes'),
        ("  tags: {1: a}", "5:10: cloud.tags.1", "the key is no text\n  allowed: text\n  fix: put it in quotes"),
        ("  tags: {aws:x: a}", '5:10: cloud.tags."aws:x"', '"aws:x" begins with a prefix that is reserved'),
        ("  tags: {a: 'x;y'}", "5:13: cloud.tags.a", '"x;y" holds a character that tags cannot'),
        ("  tags: {a: x, A: y}", "5:19: cloud.tags.A", "differs from a only in upper and lower case"),
        (
            "  endpoint: localhost:4566",
            "5:13: cloud.endpoint",
            '"localhost:4566" is not valid here\n  allowed: an http',
        ),
        ("  endpoint: http://h:99999", "5:13: cloud.endpoint", '"http://h:99999" is no URL'),
        ("  endpoint: http://u:p@h", "5:13: cloud.endpoint", '"http://u:p@h" holds a password'),
    ],
)
def test_one_mistake_in_cloud(line: str, place: str, says: str):
    text = only("\n".join([*HEAD.splitlines()[:4], line, ""]))
    pattern = ".*".join(map(re.escape, f"f.yaml:{place}: {says}".split("…")))
    assert re.match(pattern, text, re.DOTALL), text


@pytest.mark.parametrize(
    "region", ["eu-wset-1", "europe-west1", "EU-WEST-1", "eu-west-1a", "eu-west", "eu--1", "eu_west_1"]
)
def test_regions_that_cannot_be(region: str):
    assert only(HEAD.replace("eu-west-1", region)).startswith(
        f'f.yaml:4:11: cloud.region: "{region}" is not valid here'
    )


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1", "ap-southeast-7", "me-central-1", "sa-east-1"])
def test_regions_that_can_be(region: str):
    assert validate(Document(HEAD.replace("eu-west-1", region), "f.yaml")).cloud.region == region


@pytest.mark.parametrize("environment", ["production", "", "5", "[prod]", "~"])
def test_without_a_tier_the_rest_is_still_checked(environment: str):
    text = HEAD.replace("prod", environment) + "network: {zones: 7}\ncluster: {node_groups: {workers: {max_size: 9}}}\n"
    assert [problem.key for problem in problems(text)] == ["environment", "network.zones"]


def test_overlapping_subnets_and_those_outside():
    text = f"{HEAD}network:\n  zones: 2\n  subnets:\n    private: [10.0.0.0/24, 10.9.0.0/24]\n"
    text += "    public:\n      - 10.0.1.0/24\n      - 10.0.0.128/25\n"
    outside, overlaps = problems(text)
    assert str(outside).startswith("f.yaml:9:28: network.subnets.private[1]: 10.9.0.0/24 lies outside 10.0.0.0/16")
    assert str(overlaps).startswith(
        "f.yaml:12:9: network.subnets.public[1]: 10.0.0.128/25 overlaps the subnet 10.0.0.0/24"
    )


def test_node_groups():
    text = f"""{HEAD}cluster:
  node_groups:
    workers:
      instance_types: [m5.large, m5.xlarge]
      min_size: 5
      max_size: 3
"""
    keys = [problem.key.removeprefix("cluster.node_groups.workers.") for problem in problems(text)]
    assert "min_size" in keys
    assert keys.count("instance_types") == 2


def test_everything_at_once():
    """Structure in some sections, contradictions between the others, YAML's own pitfalls: in the file's order."""
    text = """\
name: Acme
environment: prod
allow_data_loss: true
cloud: {region: eu-west-1, account_id: 012345678901}
network: {kind: none}
storage:
  layers: [bronze]
  layers: [silver]
database: {kms_key_arn: "arn:aws:kms:us-east-1:111122223333:key/0a1b"}
compute: {memory: 4}
cluster: {kind: none}
"""
    found = [(problem.line, problem.key) for problem in problems(text)]
    assert found == [
        (1, "name"),
        (3, "allow_data_loss"),
        (4, "cloud.account_id"),
        (8, "storage.layers"),
        (9, "database"),
        (10, "compute.memory"),
    ]


def test_no_contradictions_with_sections_that_are_wrong_themselves():
    """The cluster's groups are large enough for the worker; a typing error beside them does not hide that."""
    groups = "{big: {instance_types: [r5.8xlarge]}, workers: {max_size: x}}"
    text = f"{HEAD}cluster: {{node_groups: {groups}}}\ncompute: {{memory_gib: 200}}\n"
    assert [problem.key for problem in problems(text)] == ["cluster.node_groups.workers.max_size"]


def test_bucket_names_that_are_put_together_obey_the_rules():
    text = HEAD.replace("acme", "a" * 24) + "storage:\n  layers: [a_very_long_layer_name_of_31_ch]\n"
    assert re.search("has 7[0-9] characters\n  allowed: 3 to 63", only(text))


def test_two_buckets_of_one_name():
    text = f"{HEAD}storage:\n  bucket_names: {{gold: acme-prod-silver-111122223333}}\n"
    assert only(text).startswith("f.yaml:7:24: storage.bucket_names.gold: the gold bucket's name")


def test_a_bucket_that_keeps_the_state_already():
    text = f"{HEAD}state: {{kind: s3, bucket: acme-prod-gold-111122223333}}\n"
    assert "is that of the state bucket" in only(text)


@pytest.mark.parametrize(
    "section",
    [
        "state: {kind: s3, bucket: acme-state, region: eu-west-1, ",
        "storage: {",
        "network: {",
        "cluster: {",
        "database: {",
    ],
)
def test_keys_of_another_region(section: str):
    key = f"{section}kms_key_arn: 'arn:aws:kms:us-east-1:111122223333:key/0a1b'}}"
    assert re.search(r"\.kms_key_arn: the key is in us-east-1\n  allowed: a key in eu-west-1$", only(f"{HEAD}{key}\n"))


def test_state_may_lie_in_another_region():
    text = f"{HEAD}state: {{kind: s3, bucket: acme-state, region: us-east-1, "
    text += "kms_key_arn: 'arn:aws:kms:us-east-1:111122223333:key/0a1b'}\n"
    assert validate(Document(text, "f.yaml")).state.kind == "s3"


def test_a_kind_that_the_cloud_lacks(monkeypatch):
    config = validate(Document(HEAD, "f.yaml"))
    monkeypatch.setattr(type(config.storage), "clouds", frozenset({"gcp"}))
    [finding] = checks.run(config)
    assert finding.path == ("storage", "kind")
    assert str(finding) == "s3 does not exist on aws (allowed: on gcp; fix: choose another kind)"


def test_merged_values_are_checked_and_found():
    text = f"{HEAD}network: &n\n  zones: 7\ncompute:\n  <<: *n\n"
    assert {(problem.line, problem.key) for problem in problems(text)} == {(7, "network.zones"), (7, "compute.zones")}


def test_python_may_pass_tokens():
    data = Document(HEAD, "f.yaml").data | {"storage": {"bucket_prefix": "${TfToken[TOKEN.0]}"}}
    assert PlatformConfig.model_validate(data).storage.kind == "s3"


def unions(shape: Shape, seen: set[Any]) -> list[Shape]:
    """All unions of models that the file can hold."""
    if str(shape.type) in seen:
        return []
    seen.add(str(shape.type))
    inside = [shape.child(key) for key in shape.fields] + [Shape(model) for model in shape.alternatives.values()]
    inside += [Shape.of(argument) for argument in getattr(shape.type, "__args__", ()) if not shape.alternatives]
    found = [union for child in inside for union in unions(child, seen)]
    return [shape, *found] if shape.alternatives else found


def test_every_union_is_told_apart_by_its_first_field():
    """The loader finds its way from pydantic's locations to the file's by this rule."""
    found = unions(Shape(PlatformConfig), set())
    assert len(found) >= 7
    for union in found:
        assert union.tag in ("kind", "provider")
        assert {member.model_fields[union.tag].default for member in union.alternatives.values()} == set(
            union.alternatives
        )


def check(text: str) -> None:
    found: tuple[Problem, ...] = ()
    try:
        validate(Document(text, "f.yaml"))
    except ConfigError as error:
        found = error.problems
    for problem in found:
        assert 1 <= problem.line <= len(text.splitlines()) + 1
        assert problem.column >= 1
        assert problem.message
        ours = re.sub(r'"(\\.|[^"\\])*"', "", f"{problem.message} {problem.allowed} {problem.fix}")
        assert not JARGON.search(ours), problem
        str(problem).encode()


@settings(max_examples=2500, deadline=None, suppress_health_check=list(HealthCheck))
@given(edited_files())
def test_an_edited_file_loads_or_says_why_not(text: str):
    check(text)


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=60) | st.lists(ODD, max_size=12).map(" ".join) | st.lists(ODD, max_size=12).map("\n".join))
def test_any_text_loads_or_says_why_not(text: str):
    check(text)


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=60))
def test_any_bytes_load_or_say_why_not(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        load(path)
