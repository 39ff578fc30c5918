#!/usr/bin/env python3
"""Goal: `hufu scan` tells where, never what (TP-5, TP-8, TP-11): no value is in any output of any format,
exit statuses are what CI needs, a baseline hides only what it knows.  Method: files, a tar.gz, a
database and standard input that hold canaries, run as a person would.  Usage: scan_test.py HUFU"""
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile

HUFU = os.path.abspath(sys.argv[1])
CARD, IDENTITY, SECRET = "4111111111111111", "11010519491231002X", "Tr0ub4dor-and-3"
TEXT = f"paid with {CARD}\nid {IDENTITY}\npassword={SECRET}\n;{CARD}=29121010000012300000\n"


def scan(folder, *arguments, text=None):
    done = subprocess.run([HUFU, "scan", *arguments], cwd=folder, input=text, capture_output=True, text=True)
    for value in (CARD, CARD[:12], IDENTITY, IDENTITY[:14], SECRET, "2912101"):
        assert value not in done.stdout + done.stderr, f"{arguments}: {value} was shown"
    return done


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/logs")
        with open(f"{folder}/logs/{CARD}.log", "w") as file:
            file.write(TEXT)
        with tarfile.open(f"{folder}/old.tar.gz", "w:gz") as archive:
            archive.add(f"{folder}/logs", "logs")
        database = sqlite3.connect(f"{folder}/x.db")
        database.execute("CREATE TABLE t (id TEXT PRIMARY KEY, note TEXT)")
        database.execute("INSERT INTO t VALUES (?, ?)", (CARD, "card " + CARD))
        database.commit()
        database.close()

        found = scan(folder, "logs", "old.tar.gz")
        assert found.returncode == 1 and found.stdout.count("track_data") == 2, found.stdout
        report = json.loads(scan(folder, "logs", "--format", "json").stdout)
        kinds = sorted(f["kind"] for f in report["findings"])
        assert kinds == ["card_number", "card_number", "identity_number", "secret", "track_data"], kinds
        sarif = json.loads(scan(folder, "logs", "--format", "sarif").stdout)
        results = sarif["runs"][0]["results"]
        rules = sarif["runs"][0]["tool"]["driver"]["rules"]
        assert sarif["version"] == "2.1.0" and len(results) == 5
        assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in results)
        assert scan(folder, "--db", "sqlite:x.db").stdout.count("card_number") >= 2
        assert scan(folder, "-", text=TEXT).returncode == 1
        assert scan(folder, "-", text="nothing\n").returncode == 0
        assert scan(folder).returncode == 2 and scan(folder, "--format", "xml", ".").returncode == 2
        assert scan(folder, "--db", "oracle://x").returncode == 2
        # TP-17: another machine is spoken to encrypted and proven, or not at all
        assert "CHANNEL_UNSAFE" in scan(folder, "--db", "postgres://192.0.2.1/x").stderr
        assert scan(folder, "nowhere").returncode == 1

        assert scan(folder, "logs", "--write-baseline", "base").returncode == 0
        assert CARD not in open(f"{folder}/base").read()
        assert os.stat(f"{folder}/base.key").st_mode & 0o777 == 0o600
        assert scan(folder, "logs", "--baseline", "base").returncode == 0
        with open(f"{folder}/logs/new.log", "w") as file:
            file.write("cvv2=123\n")
        again = scan(folder, "logs", "--baseline", "base", "--quiet")
        assert again.returncode == 1 and again.stdout.startswith("logs/new.log:1:1: card_code"), again.stdout
        os.chmod(f"{folder}/base.key", 0o644)
        assert "SCAN_BASELINE" in scan(folder, "logs", "--baseline", "base").stderr
    print("1 passed, 0 failed")


main()
