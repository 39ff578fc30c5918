#!/usr/bin/env python3
"""Makes test_vectors.h: keys by the openssl command, signatures by the arithmetic below.

Signatures are computed with Python integers alone, straight from GB/T 32918.2 (SM2), GB/T 32905 (SM3)
and RFC 8017 section 8.2 (RSA), so that they do not come from the library they are to test.
Usage: make_vectors.py > test_vectors.h   (fresh keys each time)
"""
import base64
import hashlib
import json
import re
import subprocess
import urllib.parse

TARGET = "/v3/pay/transactions/out-trade-no/A%2FB_1?mchid=1900000001&x=%E4%BA%BA+b"
BODY = '{"appid":"wx1","amount":{"total":100,"currency":"CNY"}, "description":"\u517b\u4e50\u591a"}'
STAMP, NONCE10 = "1767225600", "k3j9x2m8q1"
REQUEST = f"POST\n{TARGET}\n{STAMP}\n{NONCE10}\n{BODY}\n".encode()
ANSWER = f"{STAMP}\n{NONCE10}\n{BODY}\n".encode()
EMPTY_ANSWER = f"{STAMP}\n{NONCE10}\n\n".encode()

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
     0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0)


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0] and (p[1] + q[1]) % P == 0:
        return None
    if p == q:
        slope = (3 * p[0] * p[0] + A) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def multiply(k, p):
    result = None
    while k:
        if k & 1:
            result = add(result, p)
        p, k = add(p, p), k >> 1
    return result


def sm3(message):
    mask = 0xFFFFFFFF
    turn = lambda x, n: ((x << n % 32) | (x >> (32 - n % 32))) & mask if n % 32 else x
    v = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    data = message + b"\x80" + b"\0" * ((55 - len(message)) % 64) + (8 * len(message)).to_bytes(8, "big")
    for i in range(0, len(data), 64):
        w = [int.from_bytes(data[i + 4 * j:i + 4 * j + 4], "big") for j in range(16)]
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ turn(w[j - 3], 15)
            w.append(x ^ turn(x, 15) ^ turn(x, 23) ^ turn(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = v
        for j in range(64):
            t = 0x79CC4519 if j < 16 else 0x7A879D8A
            ss1 = turn((turn(a, 12) + e + turn(t, j)) & mask, 7)
            ss2 = ss1 ^ turn(a, 12)
            ff = a ^ b ^ c if j < 16 else (a & b) | (a & c) | (b & c)
            gg = e ^ f ^ g if j < 16 else (e & f) | (~e & mask & g)
            tt1 = (ff + d + ss2 + (w[j] ^ w[j + 4])) & mask
            tt2 = (gg + h + ss1 + w[j]) & mask
            a, b, c, d = tt1, a, turn(b, 9), c
            e, f, g, h = tt2 ^ turn(tt2, 9) ^ turn(tt2, 17), e, turn(f, 19), g
        v = [x ^ y for x, y in zip(v, (a, b, c, d, e, f, g, h))]
    return b"".join(x.to_bytes(4, "big") for x in v)


def der_integer(x):
    body = x.to_bytes(x.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(body)]) + body


def sm2_sign(d, message, identity=b"1234567812345678"):
    q = multiply(d, G)
    z = sm3((8 * len(identity)).to_bytes(2, "big") + identity
            + b"".join(x.to_bytes(32, "big") for x in (A, B, *G, *q)))
    e = int.from_bytes(sm3(z + message), "big")
    k = int.from_bytes(hashlib.sha512(d.to_bytes(32, "big") + message).digest(), "big") % (N - 1) + 1
    r = (e + multiply(k, G)[0]) % N
    s = pow(1 + d, -1, N) * (k - r * d) % N
    body = der_integer(r) + der_integer(s)
    return b"\x30" + bytes([len(body)]) + body


# DigestInfo in front of the digest, RFC 8017 section 9.2 note 1.
DIGEST_INFO = {"sha256": "3031300d060960864801650304020105000420", "md5": "3020300c06082a864886f70d020505000410"}


def rsa_sign(n, d, message, digest="sha256"):
    size = (n.bit_length() + 7) // 8
    info = bytes.fromhex(DIGEST_INFO[digest]) + hashlib.new(digest, message).digest()
    padded = b"\0\1" + b"\xff" * (size - 3 - len(info)) + b"\0" + info
    return pow(int.from_bytes(padded, "big"), d, n).to_bytes(size, "big")


def run(*arguments, text=""):
    return subprocess.run(arguments, input=text.encode(), capture_output=True, check=True).stdout.decode()


def number(text, label):
    found = re.search(label + r":\s*((?:[0-9a-f]{2}:?\s*)+)", text)
    return int(re.sub(r"[^0-9a-f]", "", found.group(1)), 16)


def quoted(text, width=64):
    """C string literals of at most `width` bytes of text each, broken after every line feed too."""
    pieces = [line[i:i + width] for line in text.splitlines(True) for i in range(0, len(line), width)] or [""]
    escape = lambda piece: piece.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return "\n".join('    "%s"' % escape(piece) for piece in pieces)


def literal(name, text):
    print(f"static const char {name}[] =\n{quoted(text)};\n")


assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905 A.1
rsa = run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
sm2 = run("openssl", "genpkey", "-algorithm", "SM2")
weak = run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
rsa_text = run("openssl", "pkey", "-noout", "-text", text=rsa)
n, d = number(rsa_text, "modulus"), number(rsa_text, "privateExponent")
d2 = number(run("openssl", "pkey", "-noout", "-text", text=sm2), "priv")
encode = lambda signature: base64.b64encode(signature).decode()

print("#pragma once\n/*\n * test_vectors: keys for tests only, and signatures computed without our crypto library.\n"
      " * Made by make_vectors.py; do not edit.\n */\n/* clang-format off */\n")
literal("vector_target", TARGET)
literal("vector_body", BODY)
literal("vector_timestamp", STAMP)
literal("vector_nonce", NONCE10)
literal("vector_request", REQUEST.decode())
literal("vector_rsa_private", rsa)
literal("vector_rsa_public", run("openssl", "pkey", "-pubout", text=rsa))
literal("vector_rsa_request", encode(rsa_sign(n, d, REQUEST)))
literal("vector_rsa_answer", encode(rsa_sign(n, d, ANSWER)))
literal("vector_rsa_empty_answer", encode(rsa_sign(n, d, EMPTY_ANSWER)))
literal("vector_sm2_private", sm2)
literal("vector_sm2_public", run("openssl", "pkey", "-pubout", text=sm2))
literal("vector_sm2_request", encode(sm2_sign(d2, REQUEST)))
literal("vector_sm2_answer", encode(sm2_sign(d2, ANSWER)))
literal("vector_sm2_request_no_id", encode(sm2_sign(d2, REQUEST, b"")))
literal("vector_sm2_request_other_id", encode(sm2_sign(d2, REQUEST, b"ALICE123@YAHOO.COM")))

# The vector's own r and s in encodings that are not DER, or out of range: each must be refused as a form.
good = sm2_sign(d2, REQUEST)
r_size = good[3]
r = int.from_bytes(good[4:4 + r_size], "big")
s = int.from_bytes(good[6 + r_size:], "big")
sequence = lambda body: b"\x30" + bytes([len(body)]) + body
whole = der_integer(r) + der_integer(s)
loose = [
    ("a byte behind", good + b"\0"),
    ("long-form length", b"\x30\x81" + bytes([len(whole)]) + whole),
    ("a needless zero", sequence(b"\x02" + bytes([r_size + 1]) + b"\0" + der_integer(r)[2:] + der_integer(s))),
    ("r as it were negative", sequence(b"\x02\x21\xff" + r.to_bytes(32, "big") + der_integer(s))),
    ("zeros", sequence(der_integer(0) + der_integer(0))),
    ("empty", sequence(b"")),
    ("raw r || s", r.to_bytes(32, "big") + s.to_bytes(32, "big")),
    ("s + n", sequence(der_integer(r) + der_integer(s + N))),
]
print("static const char *const vector_sm2_loose[] = {")
for why, signature in loose:
    print(f"    /* {why} */\n{quoted(encode(signature))},")
print("};\n")
literal("vector_weak_public", run("openssl", "pkey", "-pubout", text=weak))

# One request and one answer of every profile, in the order of the table in profile.c.
ENVELOPE = dict(biz_content=BODY, mchid="1900000001", method="POST /v3/pay/transactions/native",
                nonce_str=NONCE10, timestamp=STAMP)


def joined(fields):
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields))


def form_profile(name, sign_type, serial, sign):
    fields = dict(ENVELOPE, serial_no=serial, sign_type=sign_type)
    answer = dict(biz_content=BODY, nonce_str=NONCE10, serial_no="PLATFORM1", sign_type=sign_type, timestamp=STAMP)
    signature = encode(sign(joined(fields).encode()))
    form = urllib.parse.urlencode(dict(fields, sign=signature))
    return name, form, joined(fields), signature, joined(answer), encode(sign(joined(answer).encode()))


def body_profile(name, sign_type, serial, hexed, sign, answer_hexed, answer_sign):
    body = json.dumps(dict(oid_partner="1900000001", serial_no=serial, timestamp="20260101080000",
                           method="POST /v3/pay/transactions/native", biz_content=BODY), ensure_ascii=False)
    request, answer = hexed(body.encode()), answer_hexed(BODY.encode())
    return name, body, request, encode(sign(request.encode())), answer, encode(answer_sign(answer.encode()))


sha256_hex, sm3_hex = lambda m: hashlib.sha256(m).hexdigest(), lambda m: sm3(m).hex()
md5_hex, with_rsa_md5 = lambda m: hashlib.md5(m).hexdigest(), lambda m: rsa_sign(n, d, m, "md5")
with_rsa, with_sm2 = lambda m: rsa_sign(n, d, m), lambda m: sm2_sign(d2, m)
made = [
    ("v3-rsa", "", REQUEST.decode(), encode(with_rsa(REQUEST)), ANSWER.decode(), encode(with_rsa(ANSWER))),
    ("v3-sm2", "", REQUEST.decode(), encode(with_sm2(REQUEST)), ANSWER.decode(), encode(with_sm2(ANSWER))),
    form_profile("sorted-rsa2", "RSA2", "RSA1", with_rsa),
    form_profile("sorted-sm2", "SM2", "SM21", with_sm2),
    body_profile("lianlian-rsa", "RSA2", "RSA1", sha256_hex, with_rsa, sha256_hex, with_rsa),
    body_profile("lianlian-sm2", "SM2", "SM21", sm3_hex, with_sm2, sm3_hex, with_sm2),
    body_profile("lianlian-md5", "RSA", "RSA1", md5_hex, with_rsa_md5, sha256_hex, with_rsa),
]
print("""typedef struct ProfileVector {
    const char *profile;
    const char *body; /* the whole body; "": the request stands in other vectors */
    const char *request;
    const char *request_signature;
    const char *answer;
    const char *answer_signature;
} ProfileVector;

static const ProfileVector vector_profiles[] = {""")
for vector in made:
    print("    {\n" + ",\n".join(quoted(text) for text in vector) + ",\n    },")
print("};")
