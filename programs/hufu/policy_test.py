#!/usr/bin/env python3
"""Goal: `hufu policy check` and tools/policy_table, two readers of one format, take and refuse the same
files (DESIGN section 5.2); what law forbids is refused before anybody signs (TP-5).  Method: the
default file with one thing changed at a time, given to both.  Usage: policy_test.py HUFU ROOT"""
import os
import re
import subprocess
import sys
import tempfile

HUFU, ROOT = sys.argv[1:3]
CARD = "of: [card, bank-account]"

# (where, from, to, taken by the readers, could be signed)
CHANGES = [
    ("", "", "", True, True),
    (CARD, "at: [display], do: [mask, token]", "at: [display], do: [clear, mask]", True, True),
    (CARD, "at: [log], do: [mask, token]", "at: [log], do: [refuse]", True, True),
    ("masks:", "of: phone, shape: number, first: 0", "of: phone, shape: number, first: 3", True, True),
    ("masks:", "of: card, shape: number, first: 0", "of: card, shape: number, first: 8", True, False),
    ("of: [prohibited]", "do: [refuse]", "do: [encrypt]", True, False),
    ("of: [pin, password]", "at: [display, export, answer], do: [refuse]",
     "at: [display, export, answer], do: [clear]", True, False),
    (CARD, "at: [log]", "at: [logs]", False, False),
    (CARD, "at: [log], do", "at: [log], for: [everybody], do", False, False),
    (CARD, "do: [mask]", "do: [masked]", False, False),
    (CARD, "do: [mask]", "do: [mask, mask]", False, False),
    (CARD, "do: [refuse]", "do: [mask, refuse]", False, False),
    (CARD, "do: [mask]", "do: []", False, False),
    (CARD, "by: TP-8", "by: TQ-8", False, False),
    (CARD, "by: TP-8", "by: LL-nine", False, False),
    (CARD, ", by: TP-8", "", False, False),
    (CARD, "at: [log]", "at: [log], note: x", False, False),
    (CARD, "at: [log]", "at: [display]", False, False),
    (CARD, "at: [disclose]", "at: [disclose, log]", False, False),
    (CARD, "for: [legal-order]", "for: [granted]", False, False),
    (CARD, "for: [legal-order]", "for: []", False, False),
    (CARD, 'why: "never published"', 'why: ""', False, False),
    (CARD, 'why: "never published"', "why: 'never \"published\"'", False, False),
    (CARD, 'why: "never published"', f'why: "{"x" * 101}"', False, False),
    (CARD, CARD, "of: [card, bank-acount]", False, False),
    ("masks:", "shape: name", "shape: surname", False, False),
    ("masks:", "of: email", "of: phone", False, False),
    ("masks:", ", last: 4", "", False, False),
    ("fixed", "[prohibited, card-expiry]", "[prohibited, pin]", False, False),
    ("fixed", "[prohibited, card-expiry]", "[prohibited, card-expiry, pin]", False, False),
    ("version", "version: 1", "version: 2", False, False),
    ("version", "version: 1", "version: 1\nname: x", False, False),
]


def change(text, where, old, new):
    at = text.index(old, text.index(where))
    return text[:at] + new + text[at + len(old):]


def table_takes(folder):
    done = subprocess.run([f"{ROOT}/tools/policy_table", folder, f"{folder}/out.inc", f"{folder}/out.h"],
                          capture_output=True, text=True)
    return done.returncode == 0


def main():
    with open(f"{ROOT}/rules/policy.yaml", encoding="utf-8") as file:
        specification = file.read()
    with tempfile.TemporaryDirectory() as folder:
        for link in ("src", "docs"):
            os.symlink(f"{ROOT}/{link}", f"{folder}/{link}")
        os.mkdir(f"{folder}/rules")
        path = f"{folder}/rules/policy.yaml"
        for where, old, new, taken, signable in CHANGES:
            with open(path, "w", encoding="utf-8") as file:
                file.write(change(specification, where, old, new))
            done = subprocess.run([HUFU, "policy", "check", path], capture_output=True, text=True)
            case = f"{new!r}: {done.stdout}{done.stderr}"
            assert table_takes(folder) == taken, f"policy_table: {case}"
            assert (done.returncode == 0) == signable, case
            blamed = re.match(re.escape(path) + r":\d+:\d+: ", done.stderr) is not None
            assert blamed == (not taken), case
            assert taken == ("differs from the default" in done.stdout
                             or "override" in done.stdout or "stricter" in done.stdout), case
    print(f"{len(CHANGES)} passed, 0 failed")


main()
