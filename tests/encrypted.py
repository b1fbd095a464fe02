"""What kubeseal and sops make of a Secret, and what their operators make of that: in test code, so that both directions
can be tried with keys that nobody has.

Formats: https://github.com/bitnami/sealed-secrets/blob/main/docs/developer/crypto.md, https://age-encryption.org/v1,
https://github.com/getsops/sops (aes/cipher.go and sops.go; its JSON and YAML files hold the same tree).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from ruamel.yaml import YAML

from floe_infra.secrets.in_files.wanted import REFERENCE, Given, Wanted

Object = dict[str, Any]
Values = Mapping[str, str]

_ZERO = bytes(12)


def write(path: Path, document: Object) -> Path:
    """As YAML, in block style."""
    path.parent.mkdir(parents=True, exist_ok=True)
    yaml = YAML()
    yaml.width = 10_000
    with path.open("w") as file:
        yaml.dump(document, file)
    return path


def values_for(wanted: Wanted, *, of: Callable[[Given], str] = lambda given: f"{given.name}:".ljust(40, "x")) -> Values:
    """A value for each key that is to be given; the same for the same."""

    def value(given: Given) -> str:
        if given.text is None:
            return of(given)
        return REFERENCE.sub(lambda it: _shown(of(Given(given.source, it[1])), it[2]), given.text)

    return {key: value(given) for key, given in wanted.given.items()}


def _shown(value: str, function: str | None) -> str:
    return json.dumps(value) if function else value


# Sealed Secrets


def sealing_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """A controller's."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def seal(value: str, key: rsa.RSAPublicKey, label: str) -> str:
    """A value, bound to the label."""
    session = os.urandom(32)
    wrapped = key.encrypt(session, _oaep(label))
    content = AESGCM(session).encrypt(_ZERO, value.encode(), None)
    return b64encode(len(wrapped).to_bytes(2, "big") + wrapped + content).decode()


def sealed_secret(namespace: str, name: str, values: Values, key: rsa.RSAPublicKey, *, scope: str = "strict") -> Object:
    """As kubeseal prints it."""
    label = {"strict": f"{namespace}/{name}", "namespace-wide": namespace, "cluster-wide": ""}[scope]
    annotations = {} if scope == "strict" else {"annotations": {f"sealedsecrets.bitnami.com/{scope}": "true"}}
    metadata = {**annotations, "creationTimestamp": None, "name": name, "namespace": namespace}
    return {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": metadata,
        "spec": {
            "encryptedData": {each: seal(value, key, label) for each, value in values.items()},
            "template": {"metadata": dict(metadata)},
        },
    }


def unsealed(sealed: Object, namespace: str, key: rsa.RSAPrivateKey) -> dict[str, str]:
    """The Secret's content, as the controller makes it; `namespace` is where the object is applied."""
    metadata, spec = sealed["metadata"], sealed["spec"]
    annotations = metadata.get("annotations", {})
    label = f"{namespace}/{metadata['name']}"
    label = namespace if annotations.get("sealedsecrets.bitnami.com/namespace-wide") == "true" else label
    label = "" if annotations.get("sealedsecrets.bitnami.com/cluster-wide") == "true" else label
    found = {}
    for each, value in spec["encryptedData"].items():
        content = b64decode(value, validate=True)
        size = int.from_bytes(content[:2], "big")
        session = key.decrypt(content[2 : 2 + size], _oaep(label))
        found[each] = AESGCM(session).decrypt(_ZERO, content[2 + size :], None).decode()
    made = {each: _rendered(template, found) for each, template in spec["template"].get("data", {}).items()}
    return {**made, **found}


def _rendered(template: str, values: Values) -> str:
    """As much of Go's templates as we use."""
    text = re.sub(
        r'\{\{ index \. ("[^"]+")( \| toJson)? \}\}',
        lambda found: _shown(values[json.loads(found[1])], found[2]),
        template,
    )
    return text.replace("{{ `{{` }}", "{{")


def _oaep(label: str) -> padding.OAEP:
    return padding.OAEP(mgf=padding.MGF1(SHA256()), algorithm=SHA256(), label=label.encode())


# age


def recipient(key: X25519PrivateKey) -> str:
    """The public key, as age writes it: Bech32 (BIP 173)."""
    data = _five_bits(key.public_key().public_bytes_raw())
    expanded = [ord(each) >> 5 for each in "age"] + [0] + [ord(each) & 31 for each in "age"]
    check = _polymod([*expanded, *data, *[0] * 6]) ^ 1
    digits = [*data, *((check >> 5 * (5 - index)) & 31 for index in range(6))]
    return "age1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[digit] for digit in digits)


def _five_bits(data: bytes) -> list[int]:
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return [int(bits[index : index + 5], 2) for index in range(0, len(bits), 5)]


def _polymod(values: Sequence[int]) -> int:
    total = 1
    for value in values:
        top, total = total >> 25, (total & 0x1FFFFFF) << 5 ^ value
        for index, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            total ^= generator if (top >> index) & 1 else 0
    return total


def _derive(key: bytes, *, salt: bytes, info: str) -> bytes:
    return HKDF(SHA256(), 32, salt, info.encode()).derive(key)


def age_encrypted(content: bytes, key: X25519PublicKey) -> str:
    """A short content, armored."""
    file_key, ephemeral, nonce = os.urandom(16), X25519PrivateKey.generate(), os.urandom(16)
    share, whole = ephemeral.public_key().public_bytes_raw(), key.public_bytes_raw()
    wrapping = _derive(ephemeral.exchange(key), salt=share + whole, info="age-encryption.org/v1/X25519")
    wrapped = ChaCha20Poly1305(wrapping).encrypt(_ZERO, file_key, None)
    header = f"age-encryption.org/v1\n-> X25519 {_unpadded(share)}\n{_unpadded(wrapped)}\n---"
    mac = hmac.digest(_derive(file_key, salt=b"", info="header"), header.encode(), "sha256")
    stream = ChaCha20Poly1305(_derive(file_key, salt=nonce, info="payload"))
    payload = nonce + stream.encrypt(bytes(11) + b"\x01", content, None)
    text = b64encode(f"{header} {_unpadded(mac)}\n".encode() + payload).decode()
    lines = [text[index : index + 64] for index in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN AGE ENCRYPTED FILE-----", *lines, "-----END AGE ENCRYPTED FILE-----", ""])


def age_decrypted(armored: str, key: X25519PrivateKey) -> bytes:
    """The content."""
    content = b64decode("".join(armored.strip().splitlines()[1:-1]))
    header, _, rest = content.partition(b"\n--- ")
    _, stanza, body = header.decode().split("\n")
    share = b64decode(stanza.split(" ")[2] + "==")
    shared, whole = key.exchange(X25519PublicKey.from_public_bytes(share)), key.public_key().public_bytes_raw()
    wrapping = _derive(shared, salt=share + whole, info="age-encryption.org/v1/X25519")
    file_key = ChaCha20Poly1305(wrapping).decrypt(_ZERO, b64decode(body + "=="), None)
    payload = rest.partition(b"\n")[2]
    stream = ChaCha20Poly1305(_derive(file_key, salt=payload[:16], info="payload"))
    return stream.decrypt(bytes(11) + b"\x01", payload[16:], None)


def _unpadded(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")


# SOPS


def sops_secret(namespace: str, name: str, values: Values) -> Object:
    """Before it is encrypted."""
    return {
        "apiVersion": "isindir.github.com/v1alpha3",
        "kind": "SopsSecret",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"secretTemplates": [{"name": name, "stringData": dict(values)}]},
    }


def sops_encrypted(
    plain: Object, keys: Sequence[X25519PrivateKey], *, regex: str = "^stringData$", **more: Any
) -> Object:
    """As `sops encrypt --encrypted-regex` leaves it; `more` is added to its own part."""
    data_key, stamp = os.urandom(32), "2026-01-02T03:04:05Z"
    digest = hashlib.sha512()

    def encrypt(value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return {key: encrypt(each, (*path, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [encrypt(each, path) for each in value]
        digest.update(str(value).encode())
        secret = any(re.search(regex, step) for step in path)
        return _encrypted(str(value), data_key, ":".join(path) + ":") if secret else value

    encrypted = encrypt(plain, ())
    age = [{"recipient": recipient(key), "enc": age_encrypted(data_key, key.public_key())} for key in keys]
    mac = _encrypted(digest.hexdigest().upper(), data_key, stamp)
    stamps = {"lastmodified": stamp, "mac": mac, "encrypted_regex": regex, "version": "3.11.0"}
    return {**encrypted, "sops": {**({"age": age} if age else {}), **stamps, **more}}


def sops_decrypted(encrypted: Object, key: X25519PrivateKey) -> Object:
    """As the operator does it: without a look at the MAC."""
    regex, data_key = encrypted["sops"]["encrypted_regex"], age_decrypted(encrypted["sops"]["age"][0]["enc"], key)

    def decrypt(value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return {each: decrypt(inner, (*path, each)) for each, inner in value.items()}
        if isinstance(value, list):
            return [decrypt(each, path) for each in value]
        secret = any(re.search(regex, step) for step in path)
        return _decrypted(value, data_key, ":".join(path) + ":") if secret else value

    return {each: decrypt(inner, (each,)) for each, inner in encrypted.items() if each != "sops"}


def made_by_operator(sops_secret: Object, key: X25519PrivateKey) -> dict[str, str]:
    """The Secret's content."""
    [template] = sops_decrypted(sops_secret, key)["spec"]["secretTemplates"]
    known = {each: b64decode(value).decode() for each, value in template.get("data", {}).items()}
    return {**template["stringData"], **known}


def _encrypted(value: str, key: bytes, path: str) -> str:
    iv = os.urandom(32)
    content = AESGCM(key).encrypt(iv, value.encode(), path.encode())
    data, tag = (b64encode(part).decode() for part in (content[:-16], content[-16:]))
    return f"ENC[AES256_GCM,data:{data},iv:{b64encode(iv).decode()},tag:{tag},type:str]"


def _decrypted(text: str, key: bytes, path: str) -> str:
    found = re.fullmatch(r"ENC\[AES256_GCM,data:(.*),iv:(.*),tag:(.*),type:str\]", text)
    assert found
    data, iv, tag = map(b64decode, found.groups())
    return AESGCM(key).decrypt(iv, data + tag, path.encode()).decode()
