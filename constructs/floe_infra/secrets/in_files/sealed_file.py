"""What `kubeseal` makes of a Secret (https://github.com/bitnami/sealed-secrets)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from pathlib import Path
from shlex import quote
from typing import Any, ClassVar

from floe_infra.config.problems import KeyPath
from floe_infra.fields import shown
from floe_infra.secrets.in_files.folder import SecretFile
from floe_infra.secrets.in_files.wanted import Wanted

_SCOPE = "sealedsecrets.bitnami.com/"
_SCOPES = ("cluster-wide", "namespace-wide")
_COPIES = ("kubectl.kubernetes.io/last-applied-configuration", "kubecfg.ksonnet.io/last-applied-configuration")
_RSA_BYTES = range(256, 2049, 64)
"""Of keys from 2048 bits on; kubeseal's own have 4096."""
_TAG_BYTES = 16
_METADATA = ("name", "namespace", "labels", "annotations", "creationTimestamp")
CERTIFICATE = "certificate.pem"


class SealedFile(SecretFile):
    """A SealedSecret: each value encrypted for the controller alone, and bound to a name and a namespace."""

    kind: ClassVar = "SealedSecret"
    api_version: ClassVar = "bitnami.com/v1alpha1"
    values_at: ClassVar = ("spec", "encryptedData")

    @property
    def how_to_encrypt(self) -> str:
        """With the controller's certificate."""
        certificate = quote(str(Path(self.document.file).parent / CERTIFICATE))
        return f"seal it anew: `kubeseal --cert {certificate} --format yaml`"

    @property
    def scope(self) -> str:
        """What the values are bound to."""
        annotations = self._mapping(("metadata", "annotations"))
        return next((scope for scope in _SCOPES if annotations.get(f"{_SCOPE}{scope}") == "true"), "strict")

    def wrong_place(self) -> str:
        """Who has sealed strictly, which is kubeseal's own way, has sealed name and namespace too."""
        renamed = {"cluster-wide": "change its name and namespace", "namespace-wide": "change its name"}
        return renamed.get(self.scope, "seal it anew under the right name and namespace: they are bound to the values")

    def manifest(self, wanted: Wanted) -> dict[str, Any]:
        """With what is known, and what is put together, as the controller's templates."""
        metadata = {
            key: self._words(("spec", "template", "metadata", key))
            for key in ("labels", "annotations")
            if self._mapping(("spec", "template", "metadata", key))
        }
        scope = {} if self.scope == "strict" else {f"{_SCOPE}{self.scope}": "true"}
        known = {key: text.replace("{{", "{{ `{{` }}") for key, text in wanted.known.items()}
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "metadata": {"name": self.name, "namespace": self.namespace, "annotations": scope},
            "spec": {
                "encryptedData": {key: self._mapping(self.values_at)[key] for key in wanted.given},
                "template": {"metadata": metadata, "type": "Opaque", "data": {**known, **wanted.composed}},
            },
        }

    def _check(self) -> None:
        self._only((), ("apiVersion", "kind", "metadata", "spec", "status"), plain=("data", "stringData"))
        self._only(("metadata",), _METADATA)
        self._words(("metadata", "annotations"))
        if self._at(("spec", "data")) is not None and self._at(self.values_at) is None:
            message = "is of the old form, in which a whole Secret is one value"
            self.problem(("spec", "data"), message, "spec.encryptedData", self.how_to_encrypt)
            return
        self._only(("spec",), ("encryptedData", "template"), plain=("data", "stringData"))
        self._check_template()
        values = self._mapping(self.values_at)
        if not values:
            self.problem(
                self.values_at, "there are no values", "a mapping of keys to what kubeseal made of their values"
            )
        for key, value in values.items():
            path = (*self.values_at, key)
            if wrong := self._wrong(value):
                self.problem(path, f"the value {wrong}", "what kubeseal prints, whole", self.how_to_encrypt)
            else:
                self.sizes[key] = _size(b64decode(value))

    def _check_template(self) -> None:
        template: KeyPath = ("spec", "template")
        metadata = (*template, "metadata")
        self._only(template, ("metadata", "type", "immutable"), plain=("data", "stringData"))
        self._only(metadata, _METADATA)
        for key, of_ours in (("name", self.name), ("namespace", self.namespace)):
            given = self._at((*metadata, key))
            if of_ours and given not in (None, of_ours):
                self.problem((*metadata, key), f"{shown(given)} is not what metadata.{key} says", of_ours)
        for copy in _COPIES:
            if copy in self._words((*metadata, "annotations")):
                self.problem((*metadata, "annotations", copy), "holds a copy of the plain Secret", fix="remove it")
        self._words((*metadata, "labels"))
        if self._at((*template, "type")) not in (None, "", "Opaque"):
            self.problem((*template, "type"), "no other type of Secret is read", "Opaque")
        if self._at((*template, "immutable")):
            self.problem((*template, "immutable"), "a Secret that cannot be changed cannot get a new value", "false")

    def _wrong(self, value: object) -> str | None:
        """https://github.com/bitnami/sealed-secrets/blob/main/docs/developer/crypto.md"""
        if not isinstance(value, str):
            return "is no text"
        try:
            content = b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return "is not in base64, so it is not encrypted"
        if len(content) < 2 or int.from_bytes(content[:2], "big") not in _RSA_BYTES:
            return "does not begin as a sealed value does: is it merely encoded?"
        return "is cut off" if _size(content) < 0 else None


def _size(content: bytes) -> int:
    """Bytes of the value: after the length of the encrypted key, that key, and before the seal."""
    return len(content) - 2 - int.from_bytes(content[:2], "big") - _TAG_BYTES
