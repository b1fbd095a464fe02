"""What `sops` makes of an object that the operator knows (https://github.com/isindir/sops-secrets-operator)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from shlex import quote
from typing import Any, ClassVar

from cdktf import Fn

from floe_infra.config.document import Document
from floe_infra.config.problems import KeyPath
from floe_infra.fields import is_token, shown
from floe_infra.secrets.in_files.config import SopsConfig
from floe_infra.secrets.in_files.folder import SecretFile
from floe_infra.secrets.in_files.wanted import Wanted

ENCRYPTED = "^stringData$"
"""The keys below which everything is encrypted. Names stay readable, so they can be checked; and beside `stringData`
there is room for `data`, with what everybody may know."""
_VALUE = re.compile(r"ENC\[AES256_GCM,data:([^,\]]*),iv:([^,\]]+),tag:([^,\]]+),type:(\w+)\]")
_AGE = re.compile(r"-----BEGIN AGE ENCRYPTED FILE-----\n([\w+/=\n]+)\n-----END AGE ENCRYPTED FILE-----\n*")
_IV_BYTES, _TAG_BYTES, _MAC_BYTES = 32, 16, 128
"""https://github.com/getsops/sops/blob/main/aes/cipher.go; the MAC is a SHA-512 in hexadecimal digits."""
_METADATA = ("name", "namespace", "labels", "annotations", "creationTimestamp")
_TEMPLATE = ("name", "labels", "annotations", "type", "stringData")
_RULES = ("encrypted_regex", "encrypted_suffix", "unencrypted_regex", "unencrypted_suffix")
_RULES_OF_COMMENTS = ("encrypted_comment_regex", "unencrypted_comment_regex")
_RECIPIENTS = {"kms": "arn", "gcp_kms": "resource_id", "age": "recipient"}
"""By kind, where an entry says whose it is."""
_FOREIGN = ("pgp", "azure_kv", "hc_vault", "hckms")
_STAMPS = ("mac", "lastmodified", "version")
_SOPS = (*_RECIPIENTS, *_FOREIGN, *_STAMPS, *_RULES, *_RULES_OF_COMMENTS, "mac_only_encrypted")


class SopsFile(SecretFile):
    """A SopsSecret with one template."""

    kind: ClassVar = "SopsSecret"
    api_version: ClassVar = "isindir.github.com/v1alpha3"
    template_at: ClassVar[KeyPath] = ("spec", "secretTemplates", 0)
    values_at: ClassVar = (*template_at, "stringData")

    def __init__(self, document: Document, checksum: str, *, config: SopsConfig) -> None:
        self._config = config
        super().__init__(document, checksum)

    @property
    def how_to_encrypt(self) -> str:
        """For everybody whom the configuration names."""
        file = quote(self.document.file)
        return f"write the values into the file, and run `{encrypt(self._config)} --in-place {file}`"

    def manifest(self, wanted: Wanted) -> dict[str, Any]:
        """With what is known beside what is encrypted, which the operator takes as it is.

        It is called after its content, since its status does not tell which content it speaks of; whichever is there
        last has the Secret.
        """
        template = {
            "name": self.name,
            "labels": self._words((*self.template_at, "labels")),
            "annotations": self._words((*self.template_at, "annotations")),
            "type": "Opaque",
            "stringData": {key: self._mapping(self.values_at)[key] for key in wanted.given},
            "data": {key: _base64(text) for key, text in wanted.known.items()},
        }
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "metadata": {"name": f"{self.name}-{self.checksum[:8]}", "namespace": self.namespace},
            "spec": {"enforceOwnership": True, "secretTemplates": [{key: it for key, it in template.items() if it}]},
            "sops": {key: value for key, value in self._mapping(("sops",)).items() if value},
        }

    def _check(self) -> None:
        self._only((), ("apiVersion", "kind", "metadata", "spec", "sops"), plain=("data", "stringData"))
        self._only(("metadata",), _METADATA)
        self._only(("spec",), ("secretTemplates",), plain=("data", "stringData"))
        if not self._mapping(("sops",)):
            message = "is not encrypted: it has no `sops` part, so everybody who sees the file knows its values"
            fix = f"{self.how_to_encrypt}; take new values if this file was ever in a repository"
            self.problem((), message, fix=fix)
            return
        self._check_template()
        self._check_sops()
        for kind, where in _RECIPIENTS.items():
            self._check_recipients(kind, where)

    def _check_template(self) -> None:
        templates = self._at(("spec", "secretTemplates"))
        if not isinstance(templates, list) or len(templates) != 1:
            self.problem(("spec", "secretTemplates"), "is not for one Secret", "a list of one template")
            return
        self._only(self.template_at, _TEMPLATE, plain=("data",))
        name = self._at((*self.template_at, "name"))
        if self.name and name != self.name:
            encrypted = isinstance(name, str) and name.startswith("ENC[")
            message = "is encrypted too" if encrypted else f"{shown(name)} is not what metadata.name says"
            self.problem((*self.template_at, "name"), message, self.name, self.how_to_encrypt if encrypted else "")
        if self._at((*self.template_at, "type")) not in (None, "Opaque"):
            self.problem((*self.template_at, "type"), "no other type of Secret is read", "Opaque")
        values = self._mapping(self.values_at)
        if not values:
            self.problem(self.values_at, "there are no values", "keys, each with its encrypted value")
        for key, value in values.items():
            size, wrong = _value(value)
            if wrong:
                self.problem((*self.values_at, key), f"the value {wrong}", "ENC[…]", self.how_to_encrypt)
            self.sizes[key] = size

    def _check_sops(self) -> None:
        """Of what is not in the operator's own schema, the API server keeps nothing."""
        self._only(("sops",), _SOPS, fix=self.how_to_encrypt)
        sops = self._mapping(("sops",))
        for stamp in _STAMPS:
            if not isinstance(sops.get(stamp), str):
                self.problem(("sops",), f"there is no {stamp}", "as sops wrote it", self.how_to_encrypt)
        size, wrong = _value(sops.get("mac", ""))
        if "mac" in sops and (wrong or size != _MAC_BYTES):
            self.problem(("sops", "mac"), "is no code that sops makes", "as sops wrote it", self.how_to_encrypt)
        rules = {rule: sops[rule] for rule in (*_RULES, *_RULES_OF_COMMENTS) if sops.get(rule)}
        if rules != {"encrypted_regex": ENCRYPTED}:
            found = ", ".join(f"{rule}: {value}" for rule, value in rules.items()) or "nothing"
            message = f"what is encrypted is said otherwise: {shown(found)}"
            self.problem(("sops",), message, f"encrypted_regex: {ENCRYPTED}", self.how_to_encrypt)
        for kind in _FOREIGN:
            if sops.get(kind):
                self.problem(
                    ("sops", kind), "the operator has no such key", ", ".join(_RECIPIENTS), self.how_to_encrypt
                )

    def _check_recipients(self, kind: str, where: str) -> None:
        """Exactly those whom the configuration names: nobody is missing, and nobody else can read it."""
        entries = self._at(("sops", kind)) or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self.problem(("sops", kind), "is no list of keys", "as sops wrote it", self.how_to_encrypt)
            return
        named = recipients(self._config)[kind]
        found = [str(entry.get(where)) for entry in entries]
        for missing in (each for each in named if each not in found):
            self.problem(("sops",), f"is not encrypted for {missing}, whom `secrets` names", fix=self.how_to_encrypt)
        for index, entry in enumerate(entries):
            path = ("sops", kind, index)
            if found[index] not in named:
                message = f"{shown(found[index], 120)} can decrypt it, and `secrets` does not name it"
                self.problem(path, message, ", ".join(named) or f"no {kind}", self.how_to_encrypt)
            for problem in _entry_problems(kind, entry):
                self.problem(path, problem, "as sops wrote it", self.how_to_encrypt)


def recipients(config: SopsConfig) -> dict[str, list[str]]:
    """Who can decrypt, by kind, as `sops` calls them."""
    kms = {"kms": config.kms_key_arn, "gcp_kms": config.kms_key_name}
    return {**{kind: [key] if key else [] for kind, key in kms.items()}, "age": config.age}


def encrypt(config: SopsConfig) -> str:
    """The command that encrypts for all of them."""
    options = {"kms": "--kms", "gcp_kms": "--gcp-kms", "age": "--age"}
    keys = [f"{options[kind]} {','.join(named)}" for kind, named in recipients(config).items() if named]
    return " ".join(["sops encrypt", *keys, f"--encrypted-regex '{ENCRYPTED}'"])


def _value(value: object) -> tuple[int, str | None]:
    """The size of an encrypted value in bytes, and what is wrong with it."""
    if value == "":
        return 0, "is empty, and sops leaves that as it is"
    found = _VALUE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return 0, "is not encrypted"
    try:
        data, iv, tag = (b64decode(part, validate=True) for part in found.groups()[:3])
    except (binascii.Error, ValueError):
        return 0, "is not whole"
    if len(iv) != _IV_BYTES or len(tag) != _TAG_BYTES:
        return 0, "is not whole"
    if found[4] != "str":
        return 0, f"is a {found[4]}, and a Secret holds text: put the plain value in quotes"
    return len(data), None


def _entry_problems(kind: str, entry: dict[str, Any]) -> Iterator[str]:
    encrypted = entry.get("enc")
    if not isinstance(encrypted, str) or not encrypted:
        yield "there is no encrypted key"
    elif kind == "age" and not _is_age(encrypted):
        yield "the encrypted key is not one of age's"
    if kind == "kms":
        if entry.get("role") or entry.get("aws_profile"):
            yield "the operator decrypts as itself, and takes no other role or profile"
        if entry.get("context"):
            yield "the operator knows of no encryption context"


def _is_age(armored: str) -> bool:
    """https://age-encryption.org/v1"""
    found = _AGE.fullmatch(armored)
    try:
        content = b64decode(found[1].replace("\n", "") if found else "", validate=True)
    except (binascii.Error, ValueError):
        return False
    return content.startswith(b"age-encryption.org/v1\n-> X25519 ")


def _base64(text: str) -> str:
    return Fn.base64encode(text) if is_token(text) else b64encode(text.encode()).decode()
