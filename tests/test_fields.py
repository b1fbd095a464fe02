"""Constrained values."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from floe_infra import fields
from floe_infra.fields import Finding, is_token, shown


def valid(field: Any, value: object) -> bool:
    try:
        TypeAdapter(field).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("PlatformName", ["a", "floe", "a-b-1", "a" * 24], ["", "A", "1a", "-a", "a-", "a--b", "a_b", "a" * 25, "ä"]),
        ("KubernetesName", ["a", "0", "a-b", "a" * 63], ["", "A", "a-", "-a", "a_b", "a.b", "a" * 64]),
        ("LayerName", ["bronze", "a_1"], ["", "1a", "_a", "a-b", "A", "a" * 32]),
        (
            "Cidr",
            ["10.0.0.0/16", "0.0.0.0/0", "10.0.0.1/32"],
            ["10.0.0.0", "10.0.0.1/16", "10.0.0.0/255.0.0.0", "::/0"],
        ),
        ("Cidr", [], ["10.0.0.0/33", "256.0.0.0/8", "10.0.0.0/08", "010.0.0.0/8", "10.0.0.0/16\n", " 10.0.0.0/16"]),
        ("AwsRegion", ["eu-west-1", "us-gov-east-1", "ap-southeast-4"], ["eu-west", "EU-WEST-1", "eu-west-0", "eu--1"]),
        ("AwsAccountId", ["012345678901"], ["12345678901", "1234567890123", "12345678901a", "٠١٢٣٤٥٦٧٨٩٠١"]),
        ("BucketName", ["abc", "a-b", "1a1", "a" * 63], ["ab", "a" * 64, "Abc", "-abc", "abc-", "a.b.c", "a_b", "a b"]),
        ("BucketName", [], ["xn--abc", "sthree-abc", "amzn-s3-demo-abc", "abc-s3alias", "abc--ol-s3", "abc--x-s3"]),
        ("KmsKeyArn", ["arn:aws:kms:eu-west-1:111122223333:key/1a"], ["arn:aws:kms:eu-west-1:111122223333:alias/a"]),
        (
            "HttpUrl",
            ["http://localhost:4566", "https://a.b/c"],
            ["localhost", "ftp://a", "http://", "http://a:b", "http://a?b"],
        ),
        ("HttpUrl", [], ["http://a:0", "http://a:65536", "http://u:p@a", "http://[::1", "http://a b", "http://a#b"]),
        ("HttpUrl", [], ["http://token@a", "http://u:@a", "https://a/b\t"]),
        ("HttpUrl", [], ["http://${a}", "http://a/%{b}", 'http://a"', "http://a/\\", "http://a/\x00", "http://a/\n"]),
    ],
)
def test_rules(field: str, good: list[str], bad: list[str]):
    annotation = getattr(fields, field)
    assert [value for value in good if not valid(annotation, value)] == []
    assert [value for value in bad if valid(annotation, value)] == []


def test_true_is_no_number():
    assert valid(fields.LogRetentionDays, 1)
    assert not valid(fields.LogRetentionDays, True)


@pytest.mark.parametrize("field", ["Cidr", "BucketName", "AwsAccountId", "KmsKeyArn", "HttpUrl"])
def test_tokens_pass(field: str):
    assert valid(getattr(fields, field), "${TfToken[TOKEN.12]}")
    assert valid(getattr(fields, field), "x-${TfToken[TOKEN.12]}")


def test_a_lists_token_is_one_too():
    assert is_token("#{TfToken[TOKEN.3]}")
    assert not is_token("${var.x}")
    assert not is_token(3)


@pytest.mark.parametrize("field", ["PlatformName", "Cidr", "AwsRegion", "BucketName", "HttpUrl"])
def test_the_schema_has_the_rule_as_a_whole(field: str):
    """`^a|b$` would let `ax` pass."""
    pattern = TypeAdapter(getattr(fields, field)).json_schema()["pattern"]
    assert pattern.startswith("^(?:")
    assert pattern.endswith(")$")
    assert not re.search(pattern, "no such value, surely")


def test_errors_carry_what_is_allowed_and_what_to_do():
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(fields.BucketName).validate_python("xn--ab")
    [error] = caught.value.errors()
    message = '"xn--ab" begins with a prefix that S3 reserves'
    assert error["ctx"]["findings"] == (Finding((), message, fields.BUCKET_NAMES),)
    assert error["msg"] == f"{message} (allowed: {fields.BUCKET_NAMES})"


def test_braces_in_a_value_do_not_disturb_the_message():
    with pytest.raises(ValidationError, match=re.escape('"{x}" is not valid here')):
        TypeAdapter(fields.BucketName).validate_python("{x}")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, "null"),
        (1.5, "1.5"),
        ("a\nb", r'"a\nb"'),
        ("ä", '"ä"'),
        ("\x1b[31m\x9b\u202e\ud800", r'"\u001b[31m\u009b\u202e\ud800"'),
        ({"a": [1]}, '{"a": [1]}'),
        ("a" * 80, '"' + "a" * 56 + "..."),
    ],
)
def test_values_are_shown_as_the_file_would_write_them(value: object, text: str):
    assert shown(value) == text
