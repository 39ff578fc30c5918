#!/usr/bin/env python3
"""Goal: what `hufu picture` and `hufu access enrol-totp` draw, another's reader reads; a file is its
owner's alone; what cannot be drawn is refused and leaves no file (TP-18). Method: the real commands
and zbarimg."""
import os
import stat
import subprocess
import sys
import tempfile

HUFU = sys.argv[1]
URL = "hufu://pay/hf0mtfqz5ab1c2d3e4f5g6h7i8j9k0l1m2n3"
CODE = "134579246801357924"
passed = failed = 0


def hufu(*words):
    return subprocess.run([HUFU, "picture", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)


def scanned(path):
    done = subprocess.run(["zbarimg", "-q", "--nodbus", path], capture_output=True, text=True)
    return done.stdout.strip()


def expect(name, holds):
    global passed, failed
    print(("ok     " if holds else "FAILED ") + name)
    passed, failed = passed + bool(holds), failed + (not holds)


def gray_of(text):
    """A terminal's half blocks as a picture that a scanner takes."""
    light = {" ": (0, 0), "\u2580": (1, 0), "\u2584": (0, 1), "\u2588": (1, 1)}
    rows = []
    for line in text.split("\n"):
        if line.strip("\u2580\u2584\u2588 ") == "" and line:
            for half in (0, 1):
                row = b"".join(bytes([255 * light[c][half]] * 4) for c in line)
                rows += [row] * 4
    return b"P5 %d %d 255\n" % (len(rows[0]), len(rows)) + b"".join(rows)


with tempfile.TemporaryDirectory() as folder:
    qr, bars, shown, none = (os.path.join(folder, n) for n in ("qr.png", "bars.png", "shown.pgm", "none.png"))
    expect("a code_url as QR", hufu(URL, "--out", qr).returncode == 0 and scanned(qr) == f"QR-Code:{URL}")
    expect("a payment code as bars",
           hufu(CODE, "--bars", "--out", bars).returncode == 0 and scanned(bars) == f"CODE-128:{CODE}")
    expect("the file is its owner's alone", stat.S_IMODE(os.stat(bars).st_mode) == 0o600)
    with open(shown, "wb") as file:
        file.write(gray_of(hufu(URL).stdout))
    expect("the terminal's picture", scanned(shown) == f"QR-Code:{URL}")
    refused = hufu("12345", "--bars", "--out", none)
    expect("an odd number of digits is refused",
           refused.returncode == 1 and "512 bytes" in refused.stderr and not os.path.exists(none))
    totp = subprocess.run([HUFU, "access", "enrol-totp", "wang", os.path.join(folder, "totp")], input="", capture_output=True, text=True).stdout
    uri = [line[8:] for line in totp.split("\n") if line.startswith("uri     ")]
    with open(shown, "wb") as file:
        file.write(gray_of(totp))
    expect("an authenticator app's secret", len(uri) == 1 and scanned(shown) == f"QR-Code:{uri[0]}")
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
