#!/usr/bin/env python3
"""`hufu up --custody` (DESIGN section 2, docs/keys.md): a token and custodians hold the root, a later start goes on
with what the first one chose, and nothing is changed by an option. The token is SoftHSM 2.

    up_custody_test.py HUFU    where the other programs lie beside HUFU
"""
import os
import shutil
import signal
import stat

from up_house import RULES, SERVES, WAIT_S, expect, run

QUICK = ["--no-traffic"]
PEOPLE = ["alice", "bob", "carol"]


def share(h, name):
    return os.path.join(h.folder, name + ".share")


def people(h):
    """The options of a first start: two of three."""
    return ["--custody", "custodians", "--needed", "2", "--who", "ann"] + [
        word for name in PEOPLE for word in ("--share", share(h, name))]


def custody(h):
    return dict(line.split(None, 1) for line in h.hufu("status").stdout.splitlines() if " " in line).get("custody")


def holds(h, name):
    return os.path.exists(os.path.join(h.var, "vault", name))


def refused(h, code, words, *arguments):
    done = h.hufu("up", "--rules", RULES, "--port", "0", "--service-port", "0", *QUICK, *arguments)
    expect(done.returncode == code and words in done.stdout, f"{arguments}: {done.stdout}")


def options_that_do_not_go_together(h):
    refused(h, 2, "--custody is development, hsm or custodians", "--custody", "file")
    refused(h, 2, "are of --custody hsm", "--module", "/m.so")
    refused(h, 2, "go together", "--custody", "hsm", "--module", "/m.so", "--token", "t")
    refused(h, 2, "are of --custody custodians", "--needed", "2")
    refused(h, 2, "at least K times", "--custody", "custodians", "--needed", "2", "--share", share(h, "alice"))
    refused(h, 1, "SHARES_NUMBER", "--custody", "custodians")
    refused(h, 1, "HSM_MODULE", "--custody", "hsm", "--module", "/nowhere.so", "--token", "t", "--pin-file", "/dev/null")
    expect(not holds(h, "keys.a"), "a refused start made keys")


def development_warns(h):
    said = h.start(*QUICK)
    expect("DEVELOPMENT: the root key lies in a file" in said, said)
    expect(custody(h) == "development" and holds(h, "root.key"), "not in development custody")
    h.stop()


def custody_is_not_changed_by_an_option(h):
    for name in ("hsm", "custodians"):
        refused(h, 1, "CUSTODY_MISMATCH", "--custody", name)
        refused(h, 1, f"--fresh --custody {name}", "--custody", name)
    expect(holds(h, "root.key"), "a refused start touched the vault")


def a_token_holds_the_root(h):
    said = h.start("--fresh", "--custody", "hsm", *QUICK)
    expect("custody of the root key: hsm" in said and "token is software" in said, said)
    expect(custody(h) == "unattended", custody(h))
    expect(holds(h, "root.wrapped") and not holds(h, "root.key"), "the root lies in a file")
    pin = os.stat(os.path.join(h.var, "token", "pin"))
    expect(stat.S_IMODE(pin.st_mode) == 0o600, "others may read the PIN")
    with open(os.path.join(h.var, "custody", "ceremony.txt")) as file:
        expect("custody: unattended" in file.read(), "the ceremony has no record")
    h.stop()


def it_goes_on_with_the_token(h):
    said = h.start(*QUICK)
    expect("custody of the root key: hsm" in said and "the keys are made" not in said, said)
    before = h.children()["vaultd"]
    os.kill(before, signal.SIGKILL)  # nobody is needed
    h.await_true("restart of vaultd", lambda: h.children().get("vaultd", before) != before)
    h.await_true("serving again", h.serves)
    expect(custody(h) == "unattended", custody(h))
    h.stop()
    refused(h, 1, "CUSTODY_MISMATCH", "--custody", "development")


def a_lost_token_is_named(h):
    tokens = os.path.join(h.var, "token", "tokens")
    name = os.listdir(tokens)[0]
    away = os.path.join(h.folder, name)
    os.rename(os.path.join(tokens, name), away)
    refused(h, 1, "HSM_TOKEN")
    os.rename(away, os.path.join(tokens, name))


def a_ceremony_cut_short_is_gone_on_with(h):
    """The root is wrapped, and then the power goes: there is nothing else yet."""
    tokens = os.path.join(h.var, "token", "tokens")
    before = os.listdir(tokens)
    for name in os.listdir(os.path.join(h.var, "vault")):
        if name != "root.wrapped":
            os.unlink(os.path.join(h.var, "vault", name))
    for name in ("data", "domain", "checkpoints", "second", "operators", "demo"):
        shutil.rmtree(os.path.join(h.var, name), ignore_errors=True)
    refused(h, 1, "CUSTODY_MISMATCH", "--custody", "development")
    said = h.start(*QUICK)
    expect("the keys are made" in said and custody(h) == "unattended" and not holds(h, "root.key"), said)
    expect(os.listdir(tokens) == before, "the token that opens the root was thrown away")
    h.stop()


def a_token_is_named_by_its_owner(h):
    """A real one differs in its module, label and PIN file alone: here they name the soft one."""
    token = os.path.join(h.var, "token")
    os.environ["SOFTHSM2_CONF"] = os.path.join(h.var, "custody", "softhsm2.conf")
    named = ["--custody", "hsm", "--module", "/usr/lib/softhsm/libsofthsm2.so", "--token", "hufu", "--pin-file"]
    refused(h, 1, "HSM_PIN_FILE", *named, os.path.join(h.folder, "nowhere"))
    said = h.start(*named, os.path.join(token, "pin"), *QUICK)
    expect("token is software" not in said and custody(h) == "unattended", said)
    h.stop()
    said = h.start(*QUICK)  # it is remembered
    expect("token is software" not in said and custody(h) == "unattended", said)
    h.stop()
    del os.environ["SOFTHSM2_CONF"]


def custodians_share_the_root(h):
    h.launch("--fresh", *people(h), *QUICK)
    said = h.said_until(r"0 of 2 shares are in")
    expect("Custodian form 3 of 3" in said and "hufu key unseal" in said, said)
    for name in PEOPLE:
        mode = os.stat(share(h, name)).st_mode
        expect(stat.S_IMODE(mode) == 0o600, f"others may read {name}'s share")
    expect(custody(h) is None, "hufud runs before the vault is open")
    expect(hand_in(h, "alice").returncode == 0, "alice's share was refused")
    h.said_until(r"1 of 2 shares are in")
    expect("SHARE_DUPLICATE" in hand_in(h, "alice").stdout, "one person counted twice")
    expect(hand_in(h, "carol").returncode == 0, "carol's share was refused")
    said = h.said_until(SERVES)
    expect("the vault is open" in said and custody(h) == "custodians", said)
    expect(not holds(h, "root.key") and not holds(h, "root.wrapped"), "the root lies in a file")


def hand_in(h, name):
    return h.hufu("key", "unseal", "--share", share(h, name))


def the_keeper_holds_it_meanwhile(h):
    with open(f"/proc/{h.children()['keeper']}/task/{h.children()['keeper']}/children") as file:
        vaultd = int(file.read().split()[0])
    os.kill(vaultd, signal.SIGKILL)
    h.await_true("end of vaultd", lambda: not os.path.exists(f"/proc/{vaultd}"))
    h.await_true("serving again", h.serves)


def without_the_keeper_people_are_asked_again(h):
    os.kill(h.children()["keeper"], signal.SIGKILL)
    said = h.said_until(r"0 of 2 shares are in")
    expect("keeper was killed" in said and "waits for its custodians" in said, said)
    open_together(h)
    h.said_until(r"the vault is open")
    h.await_true("serving again", h.serves)
    h.stop()


def open_together(h):
    for name in ("bob", "carol"):
        done = hand_in(h, name)
        expect(done.returncode == 0, done.stdout)


def a_later_start_waits_for_people(h):
    h.launch(*QUICK)
    said = h.said_until(r"0 of 2 shares are in")
    expect("the keys are made" not in said, said)
    open_together(h)
    h.said_until(SERVES)
    expect(custody(h) == "custodians", custody(h))
    done = h.hufu("backup", h.backup)
    expect(done.returncode == 0, done.stdout)
    h.stop()


def a_restore_waits_for_people_too(h):
    h.begin("restore", h.backup, "--key", "alice", "--key", "bob", "--reason", "drill")
    h.said_until(r"0 of 2 shares are in")
    open_together(h)
    said = h.said_until(r"^restored|hufu restore:")
    expect(h.up.wait(timeout=WAIT_S) == 0, said)
    h.up.stdout.close()
    h.up = None


def who_waits_can_be_stopped(h):
    h.launch(*QUICK)
    h.said_until(r"0 of 2 shares are in")
    h.stop(signal.SIGINT)
    refused(h, 1, "CUSTODY_MISMATCH", "--custody", "hsm")


run([
    options_that_do_not_go_together, development_warns, custody_is_not_changed_by_an_option, a_token_holds_the_root,
    it_goes_on_with_the_token, a_lost_token_is_named, a_ceremony_cut_short_is_gone_on_with,
    a_token_is_named_by_its_owner, custodians_share_the_root, the_keeper_holds_it_meanwhile,
    without_the_keeper_people_are_asked_again, a_later_start_waits_for_people, a_restore_waits_for_people_too,
    who_waits_can_be_stopped,
])
