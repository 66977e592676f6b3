"""Know the graphs that were exported here from those that came with a stranger's run folder.

ONNX Runtime trusts what it opens: a graph may read other files, take all memory, or not be the
network beside it. So each is signed with a key of this user's, which never leaves the machine
(HMAC, RFC 2104). It stays an ONNX file: protobuf takes entries of a list wherever they stand, and
the signature is one more entry of the metadata.
"""

import hashlib
import hmac
import secrets

from platformdirs import user_data_path

from data.paths import written_whole

_KEY_BYTES = 32
# ModelProto.metadata_props, an entry of 72 bytes: the key "seal", a value of 64 characters.
_ENTRY = b"\x72\x48\x0a\x04seal\x12\x40"
_SEAL_BYTES = len(_ENTRY) + 2 * _KEY_BYTES


def sealed(graph: bytes) -> bytes | None:
    """Sign an exported graph; None where no key can be kept."""
    key = _key()
    return None if key is None else graph + _seal(key, graph)


def is_sealed(data: bytes) -> bool:
    """Say whether `sealed` returned this, on this machine and for this user."""
    key = _key()
    graph, seal = data[:-_SEAL_BYTES], data[-_SEAL_BYTES:]
    return key is not None and hmac.compare_digest(seal, _seal(key, graph))


def _seal(key: bytes, graph: bytes) -> bytes:
    return _ENTRY + hmac.new(key, graph, hashlib.sha256).hexdigest().encode()


def _key() -> bytes | None:
    """Return the user's key, made the first time; None where that can't be done."""
    path = user_data_path("understudy") / "graphs.key"
    try:
        if not path.is_file() or path.stat().st_size != _KEY_BYTES:
            path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(path, by_many=True) as part:  # of two at once, the later counts
                part.touch(mode=0o600)
                part.write_bytes(secrets.token_bytes(_KEY_BYTES))
        return path.read_bytes()
    except OSError:
        return None
