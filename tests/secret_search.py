"""Finding a secret in text, in whatever form it got there."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Callable, Iterable, Mapping


def forms(secret: str) -> set[str]:
    """The secret in clear, as JSON and HCL write it, URL-encoded, and in base64 (both alphabets) wherever it stands in
    what was encoded: three bytes become four characters, so it looks different at each of three offsets."""
    quoted = {urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret), urllib.parse.quote_plus(secret)}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    encoded = {_core(secret.encode(), offset, encode) for offset in range(3) for encode in _BASE64}
    return {secret, *quoted, *escaped, *encoded}


_BASE64 = (base64.b64encode, base64.urlsafe_b64encode)


def _core(secret: bytes, offset: int, encode: Callable[[bytes], bytes]) -> str:
    """The characters that come of the secret alone, with `offset` unknown bytes before it, and others behind it."""
    whole = encode(bytes(offset) + secret).decode()
    return whole[-(-offset * 8 // 6) : (offset + len(secret)) * 8 // 6]


def found(secrets: Iterable[str], texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """The names of texts that hold a secret, and the form that it has there."""
    wanted = sorted({form for secret in secrets for form in forms(secret)})
    return [(name, form) for name, text in texts.items() for form in wanted if form in text]
