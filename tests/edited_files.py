"""What a configuration file may become when people edit it."""

from __future__ import annotations

import re

from hypothesis import strategies as st

VALID = """\
name: acme
environment: prod
cloud:
  region: eu-west-1
  account_id: "111122223333"
  tags: {owner: data, "cost center": "47"}
state: &state
  kind: s3
  bucket: acme-state
network:
  cidr: 10.1.0.0/16
  zones: 2
  subnets:
    private: [10.1.0.0/24, 10.1.1.0/24]
    public:
      - 10.1.2.0/24
      - 10.1.3.0/24
cluster:
  version: "1.33"
  node_groups:
    workers:
      instance_types: [m5.xlarge, m5a.xlarge, m6i.xlarge]
      max_size: 9
      taints:
        - {key: a, value: b}
storage:
  layers: [raw, done]
  lifecycle: {noncurrent_versions_days: 3}
database: {multi_az: false}
catalog: {kind: glue}
compute: {memory_gib: 8, cpu: 2.5}
"""

_ODD = (
    "~|yes|5|-1|.nan|.inf|1e400|012345678901|99999999999999999999|0x1F|1_000|''|\"\"|'x'|[]|{}|[a]|{a: b}|[[[[]]]]|"
    "{kind: none}|{kind: 5}|{kind: [1]}|{kind: }|none|vpc|s3|!!str|!!int|!!binary|!x|*state|*nothing|&a|&state|<<|<<:|"
    "?|?:|-|:|,|]|}|'|\"|>|%|@|`|#|---|...|2024-01-01|12:30:00|${TfToken[TOKEN.1]}|#{TfToken[TOKEN.2]}|"
    '"\\ud800"|"\\uDFFF"|"\\x00"|"\\U00110000"|10.1.0.0/8|10.1.2.0/24|subnet-1234abcd|m5.large|t3.micro|kind:|zones:|'
    "eu-west-1|prod|dev|true|null|é|\u2028|\u0085|\ufeff|\x00|\x1b[31m|\t"
)
ODD = st.sampled_from(["|", *_ODD.split("|")]) | st.text(max_size=8)


@st.composite
def edited_files(draw: st.DrawFn) -> str:
    lines = VALID.splitlines()
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.integers(0, len(lines) - 1))
        line, odd = lines[index], draw(ODD)
        words = re.split(r"(?<=[ :\[{,])|(?=[\]},:])", line)
        word = draw(st.integers(0, len(words) - 1))
        match draw(st.sampled_from(["value", "value", "word", "insert", "delete", "double", "indent", "cut", "move"])):
            case "value":
                lines[index] = f"{line.partition(':')[0]}: {odd}"
            case "word":
                lines[index] = "".join([*words[:word], odd, *words[word + 1 :]])
            case "insert":
                lines[index] = "".join([*words[:word], odd, *words[word:]])
            case "delete":
                lines[index] = ""
            case "double":
                lines.insert(index, line)
            case "indent":
                lines[index] = draw(st.sampled_from([" ", "  ", "\t", "- "])) + line
            case "cut":
                lines[index] = line[: draw(st.integers(0, len(line)))]
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines[index].strip())
    return "\n".join(lines)
