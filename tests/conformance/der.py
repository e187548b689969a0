# SPDX-License-Identifier: Apache-2.0
"""Distinguished encoding by hand, so that tests can also write what no library would."""

import datetime


def length(n):
    if n < 128:
        return bytes([n])
    body = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(body)]) + body


def tlv(tag, content):
    return bytes([tag]) + length(len(content)) + content


def seq(*items):
    return tlv(0x30, b"".join(items))


def set_of(*items):
    return tlv(0x31, b"".join(sorted(items)))


def set_unsorted(*items):
    return tlv(0x31, b"".join(items))


def integer(n):
    size = max(1, (n.bit_length() + 8) // 8)
    return tlv(0x02, n.to_bytes(size, "big", signed=True))


def boolean(value):
    return tlv(0x01, b"\xff" if value else b"\x00")


def null():
    return b"\x05\x00"


def octets(content):
    return tlv(0x04, content)


def bits(content, unused=0):
    return tlv(0x03, bytes([unused]) + content)


def utf8(text):
    return tlv(0x0C, text.encode() if isinstance(text, str) else text)


def ia5(text):
    return tlv(0x16, text.encode("latin-1") if isinstance(text, str) else text)


def context(number, content, constructed=True):
    return tlv((0xA0 if constructed else 0x80) | number, content)


def oid(dotted):
    parts = [int(p) for p in dotted.split(".")]
    out = bytes([40 * parts[0] + parts[1]])
    for p in parts[2:]:
        chunk = bytes([p & 127])
        p >>= 7
        while p:
            chunk = bytes([0x80 | (p & 127)]) + chunk
            p >>= 7
        out += chunk
    return tlv(0x06, out)


def time(moment):
    """UTCTime until 2049, GeneralizedTime after (RFC 5280 4.1.2.5)."""
    if isinstance(moment, (int, float)):
        moment = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
    if moment.year < 2050:
        return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())
    return tlv(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def children(encoded):
    """The elements inside one constructed element (definite lengths only)."""
    _, start, end = header(encoded, 0)
    out = []
    while start < end:
        _, _, stop = header(encoded, start)
        out.append(encoded[start:stop])
        start = stop
    return out


def header(encoded, at):
    """Tag, start of content, end of content."""
    tag, n = encoded[at], encoded[at + 1]
    at += 2
    if n & 0x80:
        count = n & 0x7F
        n = int.from_bytes(encoded[at:at + count], "big")
        at += count
    return tag, at, at + n


def indefinite(encoded, levels):
    """The same in BER, with indefinite lengths down to so many levels: what is below, the
    certificates and the signed attributes, must be DER."""
    tag, start, end = header(encoded, 0)
    if levels == 0 or not tag & 0x20:
        return encoded
    inner = b"".join(indefinite(c, levels - 1) for c in children(encoded))
    return bytes([tag, 0x80]) + inner + b"\x00\x00"
