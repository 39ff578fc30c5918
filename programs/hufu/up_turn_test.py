#!/usr/bin/env python3
"""`hufu key turn-root` (docs/keys.md): a house goes from one custody to the next, by two people and with a record, what
it wrote before opens, and the root of before opens nothing. The token is SoftHSM 2. A vaultd that is killed at some moment
leaves one root (src/keys/root_turn_test.c cuts the power at each).

    up_turn_test.py HUFU    where the other programs lie beside HUFU
"""
import glob
import os
import random
import re
import select
import shutil
import signal
import subprocess
import time

from up_house import HUFU, RULES, SERVES, WAIT_S, expect, run

QUICK = ["--no-traffic"]
PEOPLE = ["alice", "bob", "carol"]
MODULE = "/usr/lib/softhsm/libsofthsm2.so"


def share(h, name, set_name):
    return os.path.join(h.folder, f"{name}.{set_name}")


def people(h, set_name):
    return ["--custody", "custodians", "--needed", "2"] + [
        word for name in PEOPLE for word in ("--share", share(h, name, set_name))]


def turn_of(h, record, *custody, keys=("alice", "bob")):
    signed = [word for key in keys for word in ("--key", key)]
    return ["key", "turn-root", *custody, *signed, "--reason", "custodians change",
            "--record", os.path.join(h.folder, record)]


def refused(h, code, words, *arguments):
    done = h.hufu(*arguments)
    expect(done.returncode == code and words in done.stdout, f"{arguments}: {done.stdout}")


def hand_in(h, name, set_name):
    return h.hufu("key", "unseal", "--share", share(h, name, set_name))


def waits(h):
    """For custodians: vaultd's door is open."""
    h.await_true("wait for shares", lambda: h.up.poll() is not None or "0 of 2" in h.hufu("key", "unseal").stdout)
    expect(h.up.poll() is None, "it did not wait")


def open_together(h, set_name):
    for name in ("carol", "alice"):
        done = hand_in(h, name, set_name)
        expect(done.returncode == 0, done.stdout)


def start_with_shares(h, set_name):
    h.launch(*QUICK)
    h.said_until(r"0 of 2 shares are in")
    open_together(h, set_name)
    said = h.said_until(SERVES)
    h.port = re.search(r"https://127.0.0.1:(\d+)", said)[1]
    return said


def files(h):
    return sorted(os.listdir(os.path.join(h.var, "vault")))


def one_root(h, name):
    """Only this custody's file, and nothing that a turn left."""
    kept = [f for f in files(h) if f.startswith(("root.", "turn.")) or f.endswith((".next", ".spare"))]
    expect(kept == [name], f"in the vault's folder: {kept}")


def custody(h):
    return dict(line.split(None, 1) for line in h.hufu("status").stdout.splitlines() if " " in line).get("custody")


def keys(h):
    """Names, versions and serials: the same keys under another root."""
    lines = h.hufu("key", "list").stdout.splitlines()[1:]
    return sorted((l.split()[0], l.split()[2], l.split()[-1] if len(l.split()) > 7 else "") for l in lines)


def told(h, count):
    """The audit log has so many lines of turns, each with a number of its own."""
    def found():
        numbers = set()
        for name in glob.glob(os.path.join(h.var, "data", "ledger.db*")):
            with open(name, "rb") as file:
                numbers |= set(re.findall(rb"root\.turn.{1,100}?event (\d+); with operator/bob; custodians change",
                                          file.read(), re.S))
        return len(numbers)
    h.await_true(f"{count} lines in the audit log", lambda: found() >= count)


def record_is_signed(h, record, *lines):
    path = os.path.join(h.folder, record)
    done = h.hufu("key", "ceremony", "--verify", path, "--keys", os.path.join(h.var, "data", "public-keys"),
                  directory=False)
    expect(done.returncode == 0 and "verified" in done.stdout, done.stdout)
    for line in ("hufu root turn 1", "approved by: alice", "and by: bob", "reason: custodians change", *lines):
        expect(line + "\n" in done.stdout, f"no {line} in {done.stdout}")
    checks = dict(re.findall(r"^root(.*), check: ([0-9a-f]{16})$", done.stdout, re.M))
    expect(len(set(checks.values())) == 2, done.stdout)


def pays(h, prefix):
    """Payers' PINs from before are believed: their verifiers open."""
    done = h.hufu("replay", h.csv, "--ca", os.path.join(h.var, "ca.pem"), "--prefix", prefix)
    paid = re.search(r"^  paid +([\d,]+)", done.stdout, re.M)
    expect(done.returncode == 0 and paid and int(paid[1].replace(",", "")) > 10, done.stdout)


def own(h, *paths):
    """They belong to vaultd's user, where it has one."""
    owner = os.stat(os.path.join(h.var, "vault"))
    for path in paths:
        for folder, _, names in [*os.walk(path), (path, [], [])]:
            for one in [folder, *(os.path.join(folder, name) for name in names)]:
                os.chown(one, owner.st_uid, owner.st_gid)


def a_running_house_is_not_turned(h):
    h.start(*QUICK)
    done = h.hufu("simulate", "--out", h.csv, "--customers", "20", "--terminals", "20", "--days", "1",
                  "--radius", "30", directory=False)
    expect(done.returncode == 0, done.stdout)
    pays(h, "T0")
    refused(h, 1, "STORE_BUSY", *turn_of(h, "busy", *people(h, "none")))
    done = h.hufu("backup", h.backup)
    expect(done.returncode == 0, done.stdout)
    h.before = keys(h)
    expect(len(h.before) > 15, h.before)
    h.stop()


def two_different_people_sign(h):
    refused(h, 2, "--key twice", *turn_of(h, "r", *people(h, "none"), keys=("alice",)))
    refused(h, 1, "APPROVAL_QUORUM", *turn_of(h, "r", *people(h, "none"), keys=("alice", "alice")))
    with open(os.path.join(h.var, "operators", "bob.key.pem")) as file:
        bobs = file.read()
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], stdout=subprocess.PIPE, text=True, check=True)
    stranger = os.path.join(h.folder, "bob.key.pem")  # the name of one who is enrolled, and another key
    with open(stranger, "w") as file:
        file.write(made.stdout)
    os.chmod(stranger, 0o600)
    expect(made.stdout != bobs, "the same key twice")
    refused(h, 1, "APPROVAL_INVALID", *turn_of(h, "r", *people(h, "none"), keys=("alice", stranger)))
    expect(not glob.glob(share(h, "*", "none")), "a refused turn left shares")
    one_root(h, "root.key")


def development_becomes_custodians(h):
    old = open(os.path.join(h.var, "vault", "root.key"), "rb").read()
    shutil.copytree(os.path.join(h.var, "vault"), os.path.join(h.folder, "older"))
    done = h.hufu(*turn_of(h, "first", *people(h, "one")))
    expect(done.returncode == 0 and "Custodian form 3 of 3" in done.stdout, done.stdout)
    one_root(h, "root.shares")
    for name in files(h):
        with open(os.path.join(h.var, "vault", name), "rb") as file:
            expect(old not in file.read(), f"the old root lies in {name}")
    said = start_with_shares(h, "one")
    expect("verified" in said and custody(h) == "custodians", said)
    expect(keys(h) == h.before, f"other keys: {keys(h)}")
    told(h, 1)
    record_is_signed(h, "first", "custody before: development", "custody: custodians", "custodians: 2 of 3")
    pays(h, "T1")
    h.stop()


def the_old_store_put_back_is_older(h):
    """With the root that opened it: the journal knows that the store was further, also before another turn."""
    vault = os.path.join(h.var, "vault")
    kept = os.path.join(h.folder, "kept")
    os.mkdir(kept)
    for name in ("keys.a", "keys.b", "root.shares"):
        os.rename(os.path.join(vault, name), os.path.join(kept, name))
    for name in ("keys.a", "keys.b", "root.key"):
        shutil.copy(os.path.join(h.folder, "older", name), vault)
        own(h, os.path.join(vault, name))
    done = h.hufu("up", "--rules", RULES, "--port", "0", "--service-port", "0", *QUICK)
    expect(done.returncode != 0 and "KEYSTORE_ROLLED_BACK" in done.stdout, done.stdout)
    refused(h, 1, "KEYSTORE_ROLLED_BACK", *turn_of(h, "older.txt", *people(h, "none")))
    expect(not glob.glob(share(h, "*", "none")), "an older store was turned")
    one_root(h, "root.key")
    os.unlink(os.path.join(vault, "root.key"))
    for name in os.listdir(kept):
        os.rename(os.path.join(kept, name), os.path.join(vault, name))


def custodians_hand_over_to_others(h):
    h.begin(*turn_of(h, "second", *people(h, "two")))
    waits(h)
    open_together(h, "one")
    said = h.said_until(r"Custodian form 3 of 3")
    expect(h.up.wait(timeout=WAIT_S) == 0 and "open nothing here" in said, said)
    h.up.stdout.close()
    h.up = None
    one_root(h, "root.shares")
    h.launch(*QUICK)
    h.said_until(r"0 of 2 shares are in")
    for name in PEOPLE:
        done = hand_in(h, name, "one")
        expect(done.returncode == 1 and "SHARE_FOREIGN" in done.stdout, done.stdout)
    open_together(h, "two")
    h.said_until(SERVES)
    expect(keys(h) == h.before, "other keys")
    told(h, 2)
    record_is_signed(h, "second", "custody before: custodians", "custody: custodians")
    h.stop()


def a_cut_between_two_names_of_the_keys_is_no_new_vault(h):
    """keys.b is gone, keys.a empty, and the keys are in keys.next: vaultd is started, and gives them their name."""
    vault = os.path.join(h.var, "vault")
    made = os.path.join(vault, "turn.made")
    full = [name for name in ("keys.a", "keys.b") if os.path.getsize(os.path.join(vault, name)) > 0]
    expect(len(full) == 1, f"full segments: {full}")
    os.rename(os.path.join(vault, full[0]), os.path.join(vault, "keys.next"))
    with open(made, "wb") as file:
        file.write(bytes([1, 3]) + bytes(4) + bytes(32))  # custodians; the act is not read yet
    os.chmod(made, 0o600)
    own(h, made)
    h.launch(*QUICK)
    h.said_until(r"0 of 2 shares are in")
    h.up.send_signal(signal.SIGTERM)
    h.up.wait(timeout=WAIT_S)
    h.up.stdout.close()
    h.up = None
    os.unlink(made)
    one_root(h, "root.shares")
    start_with_shares(h, "two")
    expect(keys(h) == h.before, "other keys")
    h.stop()


def custodians_give_it_to_a_token(h):
    tokens = os.path.join(h.folder, "tokens")
    os.mkdir(tokens)
    with open(os.path.join(h.folder, "softhsm2.conf"), "w") as file:
        file.write(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = file.name
    h.pin = os.path.join(h.folder, "pin")
    with open(h.pin, "w") as file:
        file.write("246810\n")
    os.chmod(h.pin, 0o600)
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "payments", "--so-pin", "12345678",
                    "--pin", "246810"], check=True, stdout=subprocess.DEVNULL)
    own(h, tokens, h.pin, file.name)
    token = ["--custody", "hsm", "--module", MODULE, "--token", "payments", "--pin-file", h.pin]
    h.begin(*turn_of(h, "third", *token))
    waits(h)
    open_together(h, "two")
    h.said_until(r"hsm custody now")
    expect(h.up.wait(timeout=WAIT_S) == 0, "the turn failed")
    h.up.stdout.close()
    h.up = None
    one_root(h, "root.wrapped")
    h.start(*QUICK)
    expect(custody(h) == "unattended" and keys(h) == h.before, custody(h))
    h.stop()


def a_token_gives_it_to_custodians(h):
    done = h.hufu(*turn_of(h, "fourth", *people(h, "three")))
    expect(done.returncode == 0, done.stdout)
    one_root(h, "root.shares")
    start_with_shares(h, "three")
    expect(keys(h) == h.before, "other keys")
    told(h, 4)
    record_is_signed(h, "fourth", "custody before: unattended", "custody: custodians")
    pays(h, "T2")
    h.stop()


def custodians_give_it_to_a_file_and_a_backup_of_before_opens(h):
    h.begin(*turn_of(h, "fifth", "--custody", "development"))
    waits(h)
    open_together(h, "three")
    h.said_until(r"development custody now")
    expect(h.up.wait(timeout=WAIT_S) == 0, "the turn failed")
    h.up.stdout.close()
    h.up = None
    one_root(h, "root.key")
    done = h.hufu("restore", h.backup, "--key", "alice", "--key", "bob", "--reason", "drill")
    expect(done.returncode == 0 and "restored" in done.stdout, done.stdout)
    h.start(*QUICK)
    expect(keys(h) == h.before and custody(h) == "development", custody(h))
    h.stop()


def a_killed_turn_leaves_one_root(h):
    """vaultd is killed at some moment, again and again; each turn begins with what the one before it left."""
    began = time.monotonic()
    done = h.hufu(*turn_of(h, "measured", "--custody", "development"))
    expect(done.returncode == 0, done.stdout)
    moments, ended, killed, took_s = random.Random(1), 0, 0, time.monotonic() - began
    for number in range(30):
        turn = subprocess.Popen([HUFU, *turn_of(h, f"killed{number}", "--custody", "development"), "--directory", h.var],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        h.await_true("vaultd", lambda: vaultd_of(turn.pid) or turn.poll() is not None)
        select.select([], [], [], moments.uniform(0, took_s))
        for pid in vaultd_of(turn.pid):
            os.kill(pid, signal.SIGKILL)
        said = turn.communicate(timeout=WAIT_S)[0].decode()
        ended += turn.returncode == 0
        killed += turn.returncode != 0
        expect(turn.returncode == 0 or "vault.failed" not in said, said)
    expect(killed > 5, f"{ended} of 30 turns came to their end")
    done = h.hufu(*turn_of(h, "last", "--custody", "development"))
    expect(done.returncode == 0, done.stdout)
    one_root(h, "root.key")
    h.start(*QUICK)
    expect(keys(h) == h.before and custody(h) == "development", custody(h))
    told(h, 6 + ended + 1)
    h.stop()


def vaultd_of(pid):
    """The vaultd that this process runs now: at most one."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            found = file.read().split()
        names = {}
        for child in found:
            with open(f"/proc/{child}/comm") as file:
                names[int(child)] = file.read().strip()
    except OSError:
        return []
    return [child for child, name in names.items() if name == "vaultd"]


run([
    a_running_house_is_not_turned, two_different_people_sign, development_becomes_custodians,
    the_old_store_put_back_is_older, custodians_hand_over_to_others,
    a_cut_between_two_names_of_the_keys_is_no_new_vault, custodians_give_it_to_a_token,
    a_token_gives_it_to_custodians, custodians_give_it_to_a_file_and_a_backup_of_before_opens,
    a_killed_turn_leaves_one_root,
])
