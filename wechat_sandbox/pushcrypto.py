"""Signing and sealing of pushed messages, written from WeChat's text alone and shared with nobody (消息推送, 安全模式)."""

import base64
import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAD_BLOCK = 32  # PKCS#7 over 32 bytes, though AES works on 16


def signature(*parts: str) -> str:
    """Hex SHA-1 of the parts, sorted byte by byte and joined: three for the URL check, four for a sealed message."""
    joined = b"".join(sorted(part.encode() for part in parts))
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def seal(aes_key: str, appid: str, message: bytes, random: bytes) -> str:
    """`Encrypt`: base64 of AES-256-CBC over 16 random bytes, the length (4 bytes, big-endian), message and appid."""
    key = base64.b64decode(aes_key + "=")
    plain = random + struct.pack(">I", len(message)) + message + appid.encode()
    padding = PAD_BLOCK - len(plain) % PAD_BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(sealed).decode()
