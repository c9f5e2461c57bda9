"""Links and what is made of them: addresses for mails, hashes for the warehouse, keys for drafts, tokens for pages.

The warehouse knows a survey link as a hash, a draft under a key made of the link and the service's secret, and an
unsubscribe link not at all: it is the sealed name of the recipient.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous import BadData, URLSafeTimedSerializer

from trainloop.settings import get_settings

Path = Literal["f", "a", "r", "m", "u", "c", "w", "p", "d", "o", "g", "k"]
# An answer sheet left open over lunch can still be sent; one of yesterday is shown again with what was typed.
PAGE_SECONDS = 12 * 3600
# Drafts are as long as a multiple of this: their length must not tell what was chosen.
PADDING = 1024
_NONCE_BYTES = 12


def address(path: Path, token: str) -> str:
    """Return the address of a page as people's browsers reach it."""
    return f"{get_settings().forms_url.rstrip('/')}/{path}/{token}"


def link_hash(token: str) -> bytes:
    """Return what the warehouse looks a survey's or an action's link up by."""
    return hashlib.sha256(token.encode()).digest()


def draft_id(token: str) -> bytes:
    """Return the key of a link's draft; without the service's secret nobody can tell whose draft it is."""
    return hmac.new(_derived(b"draft id", 32), token.encode(), hashlib.sha256).digest()


def seal_draft(token: str, words: bytes) -> bytes:
    """Return a draft that only the service opens, and only with the link."""
    padded = words.ljust(-(-max(len(words), 1) // PADDING) * PADDING)
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_derived(b"draft", 32, token)).encrypt(nonce, padded, draft_id(token))


def open_draft(token: str, sealed: bytes) -> bytes | None:
    """Return the words of a draft; None when it was sealed under another key or is damaged."""
    try:
        return (
            AESGCM(_derived(b"draft", 32, token))
            .decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], draft_id(token))
            .rstrip(b" ")
        )
    except (InvalidTag, ValueError):
        return None


def sign_page(token: str, *facts: str) -> str:
    """Return a page's form token: it proves that the service showed this page for this link, and when."""
    return _signer().dumps([link_hash(token).hex()[:16], *facts])


def is_own_page(token: str, signed: str, *facts: str) -> bool:
    """Whether a form token belongs to this link and these facts and is not too old."""
    try:
        found = _signer().loads(signed, max_age=PAGE_SECONDS)
    except BadData:
        return False
    return bool(found == [link_hash(token).hex()[:16], *facts])


def unsubscribe_token(recipient_kind: str, recipient_id: str) -> str:
    """Return a recipient's own token, always the same: a mail's bytes are the same whenever they are made."""
    sealed = AESSIV(_derived(b"unsubscribe", 64)).encrypt(f"{recipient_kind}\x1f{recipient_id}".encode(), None)
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def read_unsubscribe_token(token: str) -> tuple[str, str] | None:
    """Return kind and id of the recipient an unsubscribe token names; None for a token nobody was given."""
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        kind, _, recipient_id = AESSIV(_derived(b"unsubscribe", 64)).decrypt(sealed, None).decode().partition("\x1f")
    except (InvalidTag, ValueError):
        return None
    return kind, recipient_id


def door_token(recipient_kind: str, recipient_id: str, session_code: str) -> str:
    """Return the token by which a person opens a dispute from the report of a class, always the same."""
    words = "\x1f".join((recipient_kind, recipient_id, session_code)).encode()
    sealed = AESSIV(_derived(b"dispute door", 64)).encrypt(words, None)
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def read_door_token(token: str) -> tuple[str, str, str] | None:
    """Return kind and id of the person and the class a door token names; None for a token nobody was given."""
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        words = AESSIV(_derived(b"dispute door", 64)).decrypt(sealed, None).decode().split("\x1f")
    except (InvalidTag, ValueError):
        return None
    return (words[0], words[1], words[2]) if len(words) == 3 else None


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_derived(b"page", 32), salt="trainloop.forms.page")


def _derived(purpose: bytes, length: int, token: str = "") -> bytes:
    secret = get_settings().forms_secret()
    return HKDF(SHA256(), length, salt=secret, info=purpose).derive(secret + token.encode())
