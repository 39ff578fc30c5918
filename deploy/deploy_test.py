#!/usr/bin/env python3
"""The systemd units in deploy/: sound, shut in, and true: each command they start is started here with their own
options, in a place of its own, and does nothing that its unit forbids (TP-17, LL-4.3.8).

    deploy_test.py BUILD

There is no systemd in a test: what a unit forbids is read from it and held against what strace saw of the program.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
SERVICES = ["hufu-vaultd", "hufu-keeper", "hufu-hufud", "hufu-auditor"]
# What `systemd-analyze security` may find at most, of 10. hufud is the one that must hear the network.
EXPOSURE_MAX = {"hufu-vaultd": 1.0, "hufu-keeper": 1.0, "hufu-hufud": 2.0, "hufu-auditor": 1.0}
OURS = re.compile(r"(?<![\w.])(/(?:var/lib|run|usr/lib|etc)/hufu)\b")
WAIT_S = 120
PIN = "246813579"


class Wrong(Exception):
    pass


class Skip(Exception):
    pass


def expect(condition, said):
    if not condition:
        raise Wrong(said)


def needs(program):
    if shutil.which(program) is None:
        raise Skip(f"{program} is not installed")


def run(*command, code=0, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=WAIT_S, **options)
    expect(code is None or done.returncode == code, f"{command}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


def await_true(what, question):
    until = time.monotonic() + WAIT_S
    while not question():
        expect(time.monotonic() < until, f"{what} did not happen")
        time.sleep(0.05)


def unit_lines(name, kind="service"):
    """[(key, value)] of a unit, in order."""
    with open(os.path.join(HERE, "systemd", f"{name}.{kind}")) as file:
        return [tuple(line.rstrip("\n").split("=", 1)) for line in file if re.match(r"\w+=", line)]


def values(name, key):
    return [value for found, value in unit_lines(name) if found == key]


class Site:
    """What deploy/install made, under a folder of its own."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="hufu-deploy-", dir="/tmp")
        os.chmod(self.root, 0o755)
        self.running = {}
        self.traced = set()

    def path(self, path):
        return self.root + path

    def here(self, text):
        """The text with the places of ours under our folder."""
        return OURS.sub(lambda found: self.root + found[1], text)

    def install(self):
        return run(os.path.join(HERE, "install"), BUILD, "--root", self.root)

    def environment(self):
        with open(self.path("/etc/hufu/vaultd.env")) as file:
            return dict(line.rstrip("\n").split("=", 1) for line in file if re.match(r"\w+=", line))

    def command(self, name):
        """What the unit starts, filled in as systemd does."""
        given = self.environment()
        words = [re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], word) for word in values(name, "ExecStart")[0].split()]
        return [self.here(word) for word in words]

    def start(self, name):
        """Under strace where there is one. The process is the program itself."""
        tracer, environment = [], dict(os.environ)
        if shutil.which("strace"):
            tracer = ["strace", "-D", "-f", "-qq", "-o", self.path(f"/{name}.trace")]
            self.traced.add(name)
            environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":detect_leaks=0"  # it would trace, too
        log = open(self.path(f"/{name}.log"), "a")
        self.running[name] = subprocess.Popen(tracer + self.command(name), env=environment, stdin=subprocess.DEVNULL,
                                              stdout=log, stderr=log)
        log.close()

    def stop(self, name):
        program = self.running.pop(name)
        program.send_signal(signal.SIGTERM)
        code = program.wait(timeout=WAIT_S)
        expect(code == 0, f"{name} ended with {code}\n{self.log(name)}")

    def log(self, name):
        with open(self.path(f"/{name}.log"), errors="replace") as file:
            return "".join(file.readlines()[-15:])

    def says(self, name, event):
        if self.running[name].poll() is not None:
            raise Wrong(f"{name} ended with {self.running[name].returncode}\n{self.log(name)}")
        return event in self.log(name)

    def hufu(self, *arguments, **options):
        return run(self.path("/usr/lib/hufu/hufu"), *arguments, **options)

    def close(self):
        for program in self.running.values():
            program.kill()
            program.wait()
        shutil.rmtree(self.root)


def it_installs_and_leaves_settings_alone(site):
    site.install()
    settings = site.path("/etc/hufu/hufud.yaml")
    with open(settings) as file:
        text = file.read()
    expect("group: -1" not in text, "the sockets' group is not filled in")
    with open(settings, "w") as file:  # our places, and ports that are free
        file.write(re.sub(r"(?m)^(port|service_port|console_port|metrics_port): \d+", r"\1: 0", site.here(text)))
    site.install()
    with open(settings) as file:
        expect(site.root in file.read(), "the second time overwrote the settings")


def every_unit_is_sound(site):
    needs("systemd-analyze")
    folder = site.path("/units")
    os.mkdir(folder)
    for name in os.listdir(os.path.join(HERE, "systemd")):
        if not name.endswith((".service", ".timer")):
            continue
        with open(os.path.join(HERE, "systemd", name)) as source, open(os.path.join(folder, name), "w") as to:
            to.write(source.read().replace("/usr/lib/hufu/", site.path("/usr/lib/hufu/")))
    said = run("systemd-analyze", "verify", *(os.path.join(folder, name) for name in sorted(os.listdir(folder))), code=None)
    ours = [line for line in said.splitlines() if "hufu-" in line]
    expect(not ours, "\n".join(ours))


def every_unit_is_shut_in(site):
    needs("systemd-analyze")
    for name in SERVICES:
        said = run("systemd-analyze", "security", "--offline=true", os.path.join(HERE, "systemd", name + ".service"))
        found = re.search(r"exposure level for \S+: ([\d.]+)", said)
        expect(found, said)
        expect(float(found[1]) <= EXPOSURE_MAX[name], f"{name}: {found[1]}\n{said}")


def folders_are_made_as_tmpfiles_says(site):
    with open(os.path.join(HERE, "systemd", "hufu.tmpfiles")) as file:
        entries = [line.split() for line in file if line[0] not in "#\n"]
    for kind, path, mode, *_, target in entries:
        if kind == "L":
            os.symlink(site.here(target), site.here(path))
            continue
        os.makedirs(site.here(path), exist_ok=True)
        os.chmod(site.here(path), int(mode, 8))


def a_token_opens_vaultd(site):
    module = site.environment()["HSM_MODULE"]
    if not os.path.exists(module):
        raise Skip("SoftHSM 2 is not installed")
    os.mkdir(site.path("/tokens"), 0o700)
    with open(site.path("/softhsm2.conf"), "w") as file:
        file.write(f"directories.tokendir = {site.root}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = site.path("/softhsm2.conf")
    run("softhsm2-util", "--init-token", "--free", "--label", "hufu", "--so-pin", "12345678", "--pin", PIN)
    with open(os.open(site.path("/etc/hufu/hsm-pin"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(PIN + "\n")
    site.hufu("key", "ceremony", "--vault", site.path("/var/lib/hufu/vault"), "--custody", "unattended", "--hsm-module", module,
              "--hsm-token", "hufu", "--hsm-pin-file", site.path("/etc/hufu/hsm-pin"), "--record", site.path("/record"),
              "--who", "ann")
    with open(site.path("/etc/hufu/vaultd.env")) as file:
        text = file.read()
    with open(site.path("/etc/hufu/vaultd.env"), "w") as file:
        file.write(site.here(text))
    site.start("hufu-vaultd")
    await_true("vaultd serves", lambda: site.says("hufu-vaultd", "vault.serving"))


def the_first_people_are_enrolled(site):
    """Before hufud's first start, while nobody could approve (docs/deployment.md)."""
    os.makedirs(site.path("/var/lib/hufu/operators"), mode=0o700, exist_ok=True)
    for name in ("alice", "bob"):
        key, public = (site.path(f"/var/lib/hufu/operators/{name}.{half}.pem") for half in ("key", "pub"))
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", key)
        os.chmod(key, 0o600)
        run("openssl", "pkey", "-in", key, "-pubout", "-out", public)
        site.hufu("operator", "first", name, "--public-key", public, "--directory", site.path("/var/lib/hufu"))


def hufud_serves(site):
    """It scans an empty store, signs with vaultd's keys and answers the operator."""
    site.start("hufu-hufud")
    await_true("hufud serves", lambda: site.says("hufu-hufud", "hufud.serves\""))
    site.hufu("--as", "alice", "access", "begin", "--directory", site.path("/var/lib/hufu"),
              "--person", "alice:S0001:access-administrator,payment-operator,security-operator", "--person", "bob:S0002:security-officer")
    late = subprocess.run([site.path("/usr/lib/hufu/hufu"), "operator", "first", "eve", "--public-key", site.path("/var/lib/hufu/operators/bob.pub.pem"),
                           "--directory", site.path("/var/lib/hufu")], capture_output=True, text=True, timeout=WAIT_S)
    expect(late.returncode != 0 and "CEREMONY_CLOSED" in late.stderr, late.stderr)
    said = site.hufu("--as", "alice", "status", "--directory", site.path("/var/lib/hufu"))
    expect(re.search(r"^ready +true", said, re.M), said)
    site.hufu("--as", "alice", "payer", "add", "--id", "zhang", "--balance", "5000", "--directory", site.path("/var/lib/hufu"), input="739251\n")
    await_true("a checkpoint", lambda: os.path.exists(site.path("/var/lib/hufu/second/checkpoint")))


def the_auditor_finds_nothing(site):
    site.start("hufu-auditor")
    code = site.running.pop("hufu-auditor").wait(timeout=WAIT_S)
    expect(code == 0, f"{code}\n{site.log('hufu-auditor')}")


def they_stop_when_told(site):
    site.stop("hufu-hufud")
    site.stop("hufu-vaultd")


def custodians_open_what_the_keeper_starts(site):
    vault = site.path("/var/lib/hufu/vault")
    shutil.rmtree(vault)
    os.mkdir(vault, 0o700)
    shares = [word for name in ("a", "b") for word in ("--share", site.path(f"/{name}.share"))]
    site.hufu("key", "ceremony", "--vault", vault, "--custody", "custodians", "--needed", "2", *shares, "--record",
              site.path("/record2"), "--who", "ann")
    site.start("hufu-keeper")
    await_true("vaultd waits", lambda: site.says("hufu-keeper", "vault.sealed"))
    for name in ("a", "b"):
        site.hufu("key", "unseal", "--directory", site.path("/var/lib/hufu"), "--share", site.path(f"/{name}.share"))
    await_true("vaultd serves", lambda: site.says("hufu-keeper", "vault.serving"))
    site.stop("hufu-keeper")


# --- what they did, and what their units allow ---

def call_sets():
    """{"@name": [members]} as this systemd knows them."""
    sets, current = {}, None
    for line in run("systemd-analyze", "syscall-filter").splitlines():
        if line.startswith("@"):
            current = sets.setdefault(line.strip(), [])
        elif line.startswith("    ") and not line.strip().startswith("#") and current is not None:
            current.append(line.strip())
    return sets


def members(sets, name):
    if not name.startswith("@"):
        return {name}
    return set().union(*(members(sets, member) for member in sets[name]))


def allowed_calls(name):
    sets, allowed = call_sets(), set()
    for value in values(name, "SystemCallFilter"):
        calls = set().union(*(members(sets, word) for word in value.lstrip("~").split()))
        allowed = allowed - calls if value.startswith("~") else allowed | calls
    return allowed


def nothing_forbidden_was_done(site):
    needs("systemd-analyze")
    needs("strace")
    expect(site.traced == set(SERVICES), f"only {site.traced} ran")
    for name in SERVICES:
        with open(site.path(f"/{name}.trace"), errors="replace") as file:
            calls = [found for found in map(re.compile(r"^\d+ +(\w+)\((.*)").match, file) if found]
        expect(len(calls) > 100, f"{name}: nothing was seen")
        done = {found[1] for found in calls}
        if os.geteuid() == 0:
            done.discard("fchown")  # SQLite gives its files away as root alone, which no unit is
        denied = done - allowed_calls(name)
        expect(not denied, f"{name}: {sorted(denied)} is not in its SystemCallFilter")
        executable = [found[0] for found in calls if found[1] in ("mmap", "mprotect", "pkey_mprotect")
                      and "PROT_EXEC" in found[2] and (found[1] != "mmap" or "PROT_WRITE" in found[2])]
        expect(not executable, f"{name}: MemoryDenyWriteExecute would refuse {executable[:3]}")
        families = {re.match(r"AF_\w+", found[2])[0] for found in calls if found[1] in ("socket", "socketpair")}
        families -= set(values(name, "RestrictAddressFamilies")[0].split())
        expect(not families, f"{name}: {families} is not in its RestrictAddressFamilies")


STEPS = [
    it_installs_and_leaves_settings_alone, every_unit_is_sound, every_unit_is_shut_in, folders_are_made_as_tmpfiles_says,
    a_token_opens_vaultd, the_first_people_are_enrolled, hufud_serves, the_auditor_finds_nothing, they_stop_when_told,
    custodians_open_what_the_keeper_starts, nothing_forbidden_was_done,
]


def main():
    site, counts = Site(), {"passed": 0, "failed": 0, "skipped": 0}
    try:
        for step in STEPS:
            try:
                step(site)
                print(f"ok      {step.__name__}", flush=True)
                counts["passed"] += 1
            except Skip as why:
                print(f"skipped {step.__name__}: {why}", flush=True)
                counts["skipped"] += 1
            except (Wrong, subprocess.TimeoutExpired, OSError, KeyError) as wrong:
                print(f"FAILED  {step.__name__}: {wrong}", flush=True)
                counts["failed"] += 1
                break  # each step stands on those before it
    finally:
        site.close()
    print(f"{counts['passed']} passed, {counts['failed']} failed" + (f", {counts['skipped']} skipped" if counts["skipped"] else ""))
    sys.exit(1 if counts["failed"] else 0)


main()
