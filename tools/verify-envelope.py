#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Opens protektor envelopes, format version 1, from docs/envelope.md and its schema alone: a second reader in another language.

    verify-envelope.py KEYS.json FILE...

KEYS.json holds JWKs (object of objects); those with "d" and use "enc" open, those with use "sig" are trusted senders.
Prints one JSON line per file: {"file", "metadata", "parts": [{"name", "bytes", "sha256"}]} or {"file", "refused": reason}.
Exit code 0 when all opened, 1 when one was refused. Needs the package `cryptography`.
"""

import base64
import datetime
import hashlib
import json
import pathlib
import re
import struct
import sys

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

MIB = 1024 * 1024
SCHEMA = json.loads((pathlib.Path(__file__).parent.parent / "schemas/envelope/metadata-1.schema.json").read_text("utf-8"))
TYPES = {
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "integer": lambda v: not isinstance(v, bool) and (isinstance(v, int) or isinstance(v, float) and v.is_integer()),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
    "null": lambda v: v is None,
}


class Refused(Exception):
    pass


def demand(condition, reason):
    if not condition:
        raise Refused(reason)


def b64u(text):
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except Exception:
        raise Refused("base64url")
    demand(base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text, "base64url not canonical")
    return raw


def number(text):
    return int.from_bytes(b64u(text), "big")


def size_class(n):
    if n > MIB:
        return -(-n // MIB) * MIB
    size = 4096
    while size < n:
        size *= 2
    return size


def thumbprint(jwk):
    names = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}[jwk["kty"]]
    canonical = json.dumps({n: jwk[n] for n in names}, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def ec_public(jwk):
    demand(set(jwk) >= {"x", "y"} and jwk.get("kty") == "EC" and jwk.get("crv") == "P-256", "curve")
    try:
        return ec.EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), ec.SECP256R1()).public_key()
    except ValueError:
        raise Refused("point not on curve")


def ec_private(jwk):
    return ec.derive_private_key(number(jwk["d"]), ec.SECP256R1())


def rsa_public(jwk):
    return rsa.RSAPublicNumbers(number(jwk["e"]), number(jwk["n"])).public_key()


def rsa_private(jwk):
    v = {k: number(jwk[k]) for k in ("p", "q", "d", "dp", "dq", "qi")}
    public = rsa.RSAPublicNumbers(number(jwk["e"]), number(jwk["n"]))
    return rsa.RSAPrivateNumbers(v["p"], v["q"], v["d"], v["dp"], v["dq"], v["qi"], public).private_key()


def concat_kdf(shared, alg):
    # RFC 7518 §4.6.2 with empty PartyUInfo and PartyVInfo, 256 bit: one round of SHA-256.
    other = struct.pack(">I", len(alg)) + alg + struct.pack(">III", 0, 0, 256)
    return hashlib.sha256(struct.pack(">I", 1) + shared + other).digest()


def gcm(key, iv, data, aad, reason):
    try:
        return AESGCM(key).decrypt(iv, data, aad)
    except InvalidTag:
        raise Refused(reason)


def open_jwe(jwe, keys):
    segments = jwe.split(".")
    demand(len(segments) == 5, "jwe")
    demand(len(segments[0]) <= 4096, "header too large")
    header = read_json(b64u(segments[0]))
    demand(isinstance(header, dict), "header")
    allowed = {"typ", "alg", "enc", "kid", "v", "id", "to", "ttlSeconds"}
    if header.get("alg") == "ECDH-ES+A256KW":
        allowed.add("epk")
    demand(set(header) == allowed, "header members")
    demand(header["typ"] == "protektor-envelope+jwe" and header["v"] == 1 and header["enc"] == "A256GCM", "header values")
    jwk = keys.get(header["kid"])
    demand(jwk is not None and "d" in jwk and jwk.get("use") == "enc", "not for us")
    wrapped, iv, text, tag = (b64u(s) for s in segments[1:])
    demand(len(iv) == 12 and len(tag) == 16, "iv or tag")
    try:
        if header["alg"] == "ECDH-ES+A256KW" and jwk["kty"] == "EC":
            demand(set(header["epk"]) == {"kty", "crv", "x", "y"}, "epk")
            shared = ec_private(jwk).exchange(ec.ECDH(), ec_public(header["epk"]))
            key = aes_key_unwrap(concat_kdf(shared, b"ECDH-ES+A256KW"), wrapped)
        elif header["alg"] == "RSA-OAEP-256" and jwk["kty"] == "RSA":
            oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
            key = rsa_private(jwk).decrypt(wrapped, oaep)
        else:
            raise Refused("algorithm")
    except (InvalidUnwrap, ValueError):
        raise Refused("not openable")
    return header, gcm(key, iv, text + tag, segments[0].encode(), "not openable").decode()


def signature_header(jws, typ, optional=()):
    segments = jws.split(".")
    demand(len(segments) == 3, "jws")
    header = read_json(b64u(segments[0]))
    demand(isinstance(header, dict), "signature header")
    demand(set(header) - set(optional) == {"typ", "alg", "kid"} and header["typ"] == typ, "signature header")
    return header


def conforms(value, schema):
    """As much of JSON Schema 2020-12 as the schema of the metadata uses."""
    if "$ref" in schema:
        return conforms(value, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]])
    if "anyOf" in schema:
        return any(conforms(value, one) for one in schema["anyOf"])
    if not TYPES[schema["type"]](value) or value != schema.get("const", value) or value not in schema.get("enum", [value]):
        return False
    if isinstance(value, str):
        fits = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", MIB)
        return fits and ("pattern" not in schema or re.fullmatch(schema["pattern"], value, re.ASCII) is not None)
    if isinstance(value, list):
        return len(value) <= schema.get("maxItems", MIB) and all(conforms(one, schema["items"]) for one in value)
    if isinstance(value, dict):
        known, more = schema.get("properties", {}), schema["additionalProperties"]
        if not set(schema.get("required", [])) <= set(value):
            return False
        return all(conforms(one, known[n]) if n in known else more is not False and conforms(one, more) for n, one in value.items())
    return schema.get("minimum", value) <= value <= schema.get("maximum", value)


def read_json(raw):
    def no_number(text):
        raise Refused("json")

    try:
        return json.loads(raw.decode("utf-8"), parse_constant=no_number)
    except (ValueError, RecursionError):
        raise Refused("json")


def payload_of(jws):
    return read_json(b64u(jws.split(".")[1]))


def checked(metadata):
    demand(conforms(metadata, SCHEMA), "schema")
    seconds(metadata["createdAt"])
    names = [part["name"] for part in metadata["parts"]]
    demand(len(set(names)) == len(names), "two parts of one name")
    demand(("replyTo" in metadata) == ("replyKey" in metadata), "replyTo without replyKey")
    if "replyKey" in metadata:
        demand_reply_key(metadata["replyKey"])
    return metadata


def registered(header, keys):
    jwk = keys.get(header["kid"])
    demand(jwk is not None and jwk.get("use") == "sig", "unknown sender")
    return jwk


def seconds(text):
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise Refused("no time")


def vouched_key(voucher, header, metadata, keys):
    # §5.1; a reader of files has no clock of its own to compare with: they are read at any time.
    demand(isinstance(voucher, str), "voucher")
    outer = signature_header(voucher, "protektor-voucher+jws")
    claims = verified(voucher, outer, registered(outer, keys))
    demand(set(claims) == {"v", "iss", "jwk", "to", "iat", "exp"} and claims["v"] == 1, "voucher members")
    jwk = claims["jwk"]
    demand(set(jwk) == {"kty", "crv", "x", "y"}, "voucher key")
    demand(claims["iss"] == metadata["sender"] and claims["to"] == metadata["to"], "voucher for something else")
    demand(0 < claims["exp"] - claims["iat"] <= 600, "voucher too long")
    demand(claims["iat"] - 60 <= seconds(metadata["createdAt"]) <= claims["exp"] + 60, "voucher at another time")
    demand(thumbprint(jwk) == header["kid"], "voucher for another key")
    return jwk


def verify_jws(jws, keys):
    header = signature_header(jws, "protektor-metadata+jws", ["voucher"])
    if "voucher" in header:
        return verified(jws, header, vouched_key(header["voucher"], header, payload_of(jws), keys))
    return verified(jws, header, registered(header, keys))


def verified(jws, header, jwk):
    segments = jws.split(".")
    signature, data = b64u(segments[2]), (segments[0] + "." + segments[1]).encode()
    try:
        if header["alg"] == "ES256" and jwk["kty"] == "EC":
            demand(len(signature) == 64, "signature length")
            der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
            ec_public(jwk).verify(der, data, ec.ECDSA(hashes.SHA256()))
        elif header["alg"] == "PS256" and jwk["kty"] == "RSA":
            rsa_public(jwk).verify(signature, data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        else:
            raise Refused("algorithm")
    except InvalidSignature:
        raise Refused("signature")
    return payload_of(jws)


def demand_reply_key(jwk):
    # §5: nobody acts on a request that could not be answered
    if jwk["kty"] == "EC":
        ec_public(jwk)
    else:
        n, e = number(jwk["n"]), number(jwk["e"])
        demand(jwk["kty"] == "RSA" and 3000 <= n.bit_length() <= 8192 and n % 2 == 1 and e % 2 == 1 and e > 1, "reply key")


def open_envelope(data, keys):
    demand(len(data) <= 33 * MIB and len(data) == size_class(len(data)), "size class")
    demand(data[:8] == b"PRTK\x01\x00\x00\x00", "container")
    length = struct.unpack(">I", data[8:12])[0]
    demand(length <= MIB and 12 + length + 16 <= len(data), "container")
    try:
        jwe = data[12 : 12 + length].decode("ascii")
    except UnicodeDecodeError:
        raise Refused("container")
    header, jws = open_jwe(jwe, keys)
    metadata = checked(verify_jws(jws, keys))
    for name in ("v", "id", "to", "ttlSeconds"):
        demand(metadata[name] == header[name], "header and metadata differ")
    body, offset, parts = data[12 + length :], 0, []
    for part in metadata["parts"]:
        end = offset + part["bytes"] + 16
        demand(end <= len(body), "part missing")
        plain = gcm(b64u(part["key"]), b64u(part["iv"]), body[offset:end], None, "part")
        demand(hashlib.sha256(plain).digest() == b64u(part["sha256"]), "part digest")
        parts.append({"name": part["name"], "bytes": len(plain), "sha256": hashlib.sha256(plain).hexdigest()})
        offset = end
    demand(len(body) - offset >= 16, "padding missing")
    rest = gcm(b64u(metadata["padding"]["key"]), b64u(metadata["padding"]["iv"]), body[offset:], None, "padding")
    demand(not any(rest), "padding not empty")
    return metadata, parts


def main(arguments):
    if len(arguments) < 2:
        sys.stderr.write(__doc__)
        return 2
    with open(arguments[0], encoding="utf-8") as file:
        keys = {thumbprint(jwk): jwk for jwk in json.load(file).values() if isinstance(jwk, dict)}
    refused = 0
    for name in arguments[1:]:
        with open(name, "rb") as file:
            data = file.read()
        try:
            metadata, parts = open_envelope(data, keys)
            print(json.dumps({"file": name, "metadata": metadata, "parts": parts}))
        except (Refused, AttributeError, KeyError, TypeError, ValueError) as reason:
            refused += 1
            print(json.dumps({"file": name, "refused": str(reason)}))
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
