#!/usr/bin/env python3
"""The command line as a user types it, against the real programs: one list of named steps, in order.

    up_test.py HUFU    where vaultd, hufud and auditor lie beside HUFU
"""
import hashlib
import http.client
import os
import re
import signal
import ssl
import time

from up_house import RULES, WAIT_S, expect, run

COMMANDS = ["up", "status", "stop", "merchant add", "payer add", "key list", "day end", "backup", "restore",
            "audit verify", "simulate", "replay", "sign", "explain", "policy explain", "policy list", "policy override",
            "policy mask", "policy check", "policy set", "policy grant-expiry", "policy look-expiry", "policy end-expiry"]


def every_command_explains_itself(h):
    for command in COMMANDS:
        done = h.hufu(*command.split(), "--help", directory=False)
        expect(done.returncode == 0 and f"usage: hufu {command}" in done.stdout, done.stdout)


def wrong_calls_say_what_is_wrong(h):
    for arguments, words in [(["nonsense"], "no command"), (["up", "--colour"], "not an option"),
                             (["up", "--port", "70000"], "out of range"), (["replay"], "is missing"),
                             (["payer", "add"], "--id is required")]:
        done = h.hufu(*arguments, directory=False)
        expect(done.returncode == 2 and words in done.stdout, f"{arguments}: {done.stdout}")


def nobody_answers_before_the_first_start(h):
    done = h.hufu("status")
    expect(done.returncode == 1 and "hufu up" in done.stdout, done.stdout)


def up_names_the_file_that_is_missing(h):
    done = h.hufu("up", "--rules", "nowhere/strategy.yaml")
    expect(done.returncode == 1 and "nowhere/strategy.yaml: No such file" in done.stdout, done.stdout)
    expect("--rules FILE" in done.stdout and not os.path.exists(h.var), done.stdout)


def first_up_sets_up_an_institution(h):
    said = h.start("--no-traffic")
    expect("enrolling payers" in said, said)
    expect("sum of postings        0.00" in said and "verified" in said, said)
    expect("own" in said if os.geteuid() == 0 else "no separation" in said, said)


def status_is_ready(h):
    done = h.hufu("status")
    expect(done.returncode == 0 and re.search(r"^ready +true", done.stdout, re.M), done.stdout)


def a_second_up_in_the_same_place_is_refused(h):
    done = h.hufu("up", "--rules", RULES)
    expect(done.returncode == 1 and "another `hufu up`" in done.stdout, done.stdout)


def keys_are_listed_and_none_is_shown(h):
    done = h.hufu("key", "list")
    expect(done.returncode == 0 and "platform-sm2" in done.stdout, done.stdout)


TWO = ["--key", "alice", "--key", "bob", "--reason", "dispute 77"]


def two_people_set_a_policy_file(h):
    """DESIGN section 5.2: what differs is signed by two, and counts; one person alone changes nothing."""
    path = os.path.join(h.folder, "policy.yaml")
    with open(os.path.join(os.path.dirname(RULES), "policy.yaml"), encoding="utf-8") as file:
        text = file.read()
    text = text.replace("of: phone, shape: number, first: 0, last: 4", "of: phone, shape: number, first: 0, last: 2")
    text = text.replace("{ at: [cache-outside], do: [mask, token], by: TP-8", "{ at: [cache-outside], do: [refuse], by: TP-8")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = h.hufu("policy", "check", path, directory=False)
    expect(done.returncode == 0 and done.stdout.count("stricter") == 3, done.stdout)
    done = h.hufu("policy", "set", path, "--key", "alice", "--key", "alice", "--reason", "x")
    expect(done.returncode == 1 and "APPROVAL_QUORUM" in done.stdout, done.stdout)
    done = h.hufu("policy", "set", path, *TWO)
    expect(done.returncode == 0 and "policy version 1 is in force" in done.stdout, done.stdout)
    done = h.hufu("policy", "explain", "card", "cache-outside")
    expect("card at cache-outside for any: refuse" in done.stdout and "signed by alice and bob" in done.stdout, done.stdout)


def two_people_change_a_mask(h):
    """TP-11: configurable; a looser mask ends, a card's never passes six and four."""
    done = h.hufu("policy", "mask", "name", "--first", "0", *TWO)
    expect(done.returncode == 0 and "version 2" in done.stdout, done.stdout)
    done = h.hufu("policy", "mask", "card", "--first", "6", *TWO)
    expect(done.returncode == 1 and "POLICY_OVERRIDE" in done.stdout, done.stdout)
    done = h.hufu("policy", "mask", "card", "--first", "7", "--until", in_a_day(), *TWO)
    expect(done.returncode == 1 and "POLICY_FIXED" in done.stdout, done.stdout)
    done = h.hufu("policy", "mask", "card", "--first", "6", "--until", in_a_day(), *TWO)
    expect(done.returncode == 0 and "version 3" in done.stdout, done.stdout)
    done = h.hufu("policy", "list")
    expect("override live   card shown as number, first 6, last 4" in done.stdout, done.stdout)


def in_a_day():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))


def card_expiry_rests_with_two_consents(h):
    """TP-5: the user's and the account institution's documents, an end, two operators; either withdraws."""
    papers = []
    for who in ("user", "bank"):
        papers.append(os.path.join(h.folder, who + ".pdf"))
        with open(papers[-1], "w") as file:
            file.write(f"{who} agrees")
    name = ["u-1", "bank-1"]
    consents = ["--user-consent", papers[0], "--institution-consent", papers[1]]
    grant = ["policy", "grant-expiry", *name, "--until", in_a_day()]
    done = h.hufu(*grant, "--user-consent", papers[0], "--institution-consent", papers[0], *TWO)
    expect(done.returncode == 1 and "EXPIRY_EVIDENCE" in done.stdout, done.stdout)
    done = h.hufu(*grant, "--user-consent", papers[0], *TWO)
    expect(done.returncode == 2, done.stdout)
    done = h.hufu(*grant, *consents, "--key", "bob", "--key", "bob", "--reason", "x")
    expect(done.returncode == 1 and "APPROVAL_QUORUM" in done.stdout, done.stdout)
    expect(h.hufu("policy", "look-expiry", *name).returncode == 1, "there is no grant yet")
    done = h.hufu(*grant, *consents, *TWO)
    expect(done.returncode == 0, done.stdout)
    done = h.hufu("policy", "look-expiry", *name)
    digest = hashlib.sha256(b"bank agrees").hexdigest()
    expect("live" in done.stdout and digest in done.stdout and "alice and bob" in done.stdout, done.stdout)
    expect(h.hufu("policy", "look-expiry", "u-2", "bank-1").returncode == 1, "another user has none")
    expect(h.hufu("policy", "end-expiry", *name).returncode == 0, "it did not end")
    expect(not h.hufu("policy", "look-expiry", *name).stdout.startswith("live"), "it lives on")


def planted_cards_are_kept_as_hufud_keeps_others(h):
    """TP-8: where each program has a user of its own, root asks as operator and goes on as hufud's user."""
    done = h.hufu("vault", "plant-honey", "--tenant", "bank-a", "--subject", "user-41", "--subject", "user-42",
                  "--count", "2")
    expect(done.returncode == 0 and len(re.findall(r"^\d+  \*.*  user-4[12]$", done.stdout, re.M)) == 2, done.stdout)
    done = h.hufu("key", "rotate", "card", "--key", "alice", "--key", "bob", "--reason", "a year is over")
    expect(done.returncode == 0, done.stdout)
    done = h.hufu("vault", "rewrap")
    expect(done.returncode == 0 and "2 moved, 0 left" in done.stdout, done.stdout)
    done = h.hufu("vault", "turn")
    expect(done.returncode == 0 and "0 left as they are" in done.stdout, done.stdout)
    domain = os.path.join(h.var, "domain")
    owners = {os.stat(os.path.join(domain, name)).st_uid for name in os.listdir(domain)}
    expect(owners == {os.stat(domain).st_uid}, f"files of {owners}")


def a_payer_comes_in_with_a_boxed_pin(h):
    done = h.hufu("payer", "add", "--id", "zhang", "--balance", "5000", stdin="739251\n")
    expect(done.returncode == 0 and "zhang" in done.stdout, done.stdout)
    done = h.hufu("payer", "add", "--id", "zhang", "--balance", "5000", stdin="739251\n")
    expect(done.returncode == 1 and "PAYER_EXISTS" in done.stdout, done.stdout)


def an_easy_pin_is_refused(h):
    done = h.hufu("payer", "add", "--id", "li", "--balance", "0", stdin="111111\n")
    expect(done.returncode == 1 and "PIN_WEAK" in done.stdout, done.stdout)


def a_file_of_payments_is_replayed(h):
    done = h.hufu("simulate", "--out", h.csv, "--customers", "60", "--terminals", "60", "--days", "1",
                  "--radius", "30", directory=False)
    expect(done.returncode == 0, done.stdout)
    done = h.hufu("replay", h.csv, "--ca", os.path.join(h.var, "ca.pem"), "--prefix", "T1")
    with open(h.csv) as file:
        rows = sum(1 for _ in file) - 1
    counts = {name: int(count.replace(",", "")) for name, count in
              re.findall(r"^  (paid|held|refused) +([\d,]+)", done.stdout, re.M)}
    expect(done.returncode == 0 and sum(counts.values()) == rows, f"{rows} rows\n{done.stdout}")
    expect(counts["paid"] > rows * 0.9, done.stdout)


def ask(h, target, authorization):
    """HTTP status and body of a GET at the payment API."""
    trust = ssl.create_default_context(cafile=os.path.join(h.var, "ca.pem"))
    connection = http.client.HTTPSConnection("127.0.0.1", int(h.port), context=trust, timeout=WAIT_S)
    connection.request("GET", target, headers={"Authorization": authorization, "Accept-Language": "en"})
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    return answer.status, said


def what_sign_makes_is_believed_once_and_explained(h):
    """LL-4.3.9: the house believes what `hufu sign` makes; `hufu explain` names where two sides differ."""
    target = "/v3/pay/transactions/out-trade-no/NOSUCH-1?mchid=1900000001"
    request = ["--method", "GET", "--target", target]
    done = h.hufu("sign", "--key", os.path.join(h.var, "demo", "1900000001.key.pem"), "--mchid", "1900000001", *request,
                  directory=False)
    expect(done.returncode == 0, done.stdout)
    authorization = re.search(r"^Authorization: (.*)$", done.stdout, re.M)[1]
    signed = re.search(r"feed:\n(.*\n)\nserial_no", done.stdout, re.S)[1]
    status, said = ask(h, target, authorization)
    expect(status == 404 and "ORDER_NOT_EXIST" in said, f"{status} {said}")
    status, said = ask(h, target, authorization)
    expect(status == 401 and "SIGN_ERROR" in said, f"{status} {said}")
    done = h.hufu("explain", "--authorization", authorization, *request, "--theirs", signed, directory=False)
    expect(done.returncode == 0 and "First difference" not in done.stdout, done.stdout)
    other = signed.replace("NOSUCH-1", "NOSUCH-2")
    done = h.hufu("explain", "--authorization", authorization, *request, "--theirs", other, directory=False)
    at = signed.index("NOSUCH-1") + len("NOSUCH-")
    expect(done.returncode == 1 and f"First difference at byte {at}," in done.stdout, f"{at}\n{done.stdout}")


def the_auditor_finds_nothing(h):
    done = h.hufu("audit", "verify")
    expect(done.returncode == 0 and "0 findings" in done.stdout, done.stdout)


def a_backup_is_written_and_never_overwritten(h):
    done = h.hufu("backup", h.backup)
    expect(done.returncode == 0 and os.path.getsize(h.backup) > 10000, done.stdout)
    done = h.hufu("backup", h.backup)
    expect(done.returncode == 1, done.stdout)


def a_killed_program_comes_back(h):
    for name in ("hufud", "vaultd"):
        before = h.children()
        os.kill(before[name], signal.SIGKILL)
        h.await_true(f"restart of {name}", lambda: h.children().get(name, before[name]) != before[name])
        h.await_true("serving again", h.serves)


def up_ends_in_order(h):
    h.stop()


def payments_after_the_backup_are_there(h):
    said = h.start("--no-traffic")
    expect("enrolling" not in said and "verified" in said, said)
    h.stop(signal.SIGINT)


def one_person_cannot_restore(h):
    done = h.hufu("restore", h.backup, "--key", "alice", "--key", "alice", "--reason", "drill")
    expect(done.returncode == 1 and "APPROVAL_QUORUM" in done.stdout, done.stdout)


def a_changed_backup_is_refused(h):
    with open(h.backup, "rb") as file:
        content = bytearray(file.read())
    content[len(content) // 2] ^= 1
    changed = h.backup + ".changed"
    with open(changed, "wb") as file:
        file.write(content)
    done = h.hufu("restore", changed, "--key", "alice", "--key", "bob", "--reason", "drill")
    expect(done.returncode == 1, done.stdout)


def two_people_restore(h):
    done = h.hufu("restore", h.backup, "--key", "alice", "--key", "bob", "--reason", "drill")
    expect(done.returncode == 0 and "restored" in done.stdout, done.stdout)
    said = h.start("--no-traffic")
    expect("sum of postings        0.00" in said, said)


def stop_from_another_terminal(h):
    done = h.hufu("stop")
    expect(done.returncode == 0, done.stdout)
    expect(h.up.wait(timeout=WAIT_S) == 0, "up did not end well")
    h.up.stdout.close()
    h.up = None


def fresh_starts_over(h):
    said = h.start("--fresh", "--no-traffic")
    expect("forgetting" in said and "enrolling payers" in said, said)
    h.stop()


STEPS = [
    every_command_explains_itself, wrong_calls_say_what_is_wrong, nobody_answers_before_the_first_start,
    up_names_the_file_that_is_missing,
    first_up_sets_up_an_institution, status_is_ready, a_second_up_in_the_same_place_is_refused,
    keys_are_listed_and_none_is_shown, two_people_set_a_policy_file, two_people_change_a_mask,
    card_expiry_rests_with_two_consents, planted_cards_are_kept_as_hufud_keeps_others,
    a_payer_comes_in_with_a_boxed_pin, an_easy_pin_is_refused,
    a_file_of_payments_is_replayed, what_sign_makes_is_believed_once_and_explained,
    the_auditor_finds_nothing, a_backup_is_written_and_never_overwritten,
    a_killed_program_comes_back, up_ends_in_order,
    payments_after_the_backup_are_there, one_person_cannot_restore, a_changed_backup_is_refused,
    two_people_restore, stop_from_another_terminal, fresh_starts_over,
]

run(STEPS)
