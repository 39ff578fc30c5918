"""One directory with a `hufu up` in it, and lists of named steps against it, for the tests beside this file."""
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HUFU = os.path.abspath(sys.argv[1])
RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "rules", "strategy.yaml")
WAIT_S = 120
SERVES = r"^  stop .*\n"


class Wrong(Exception):
    pass


def expect(condition, said):
    if not condition:
        raise Wrong(said)


class House:
    """One directory, and the `hufu up` that runs there (or none)."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hufu-up-")
        os.chmod(self.folder, 0o755)  # the programs' own users walk through it
        self.var = os.path.join(self.folder, "var")
        self.backup = os.path.join(self.folder, "backup")
        self.csv = os.path.join(self.folder, "payments.csv")
        self.up = None
        self.port = None

    def hufu(self, *arguments, stdin="", directory=True):
        named = ["--directory", self.var] if directory else []
        return subprocess.run([HUFU, *arguments, *named], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=WAIT_S)

    def launch(self, *arguments):
        """Start `up`; what it says is read by said_until()."""
        self.begin("up", "--rules", RULES, "--port", "0", "--service-port", "0", *arguments)

    def begin(self, *arguments):
        """Start a command that runs on; it takes the place of `up`."""
        self.up = subprocess.Popen([HUFU, *arguments, "--directory", self.var], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def said_until(self, pattern):
        """What `up` says from now until a line that matches."""
        said, until = "", time.monotonic() + WAIT_S
        while not re.search(pattern, said, re.M):
            ready, _, _ = select.select([self.up.stdout], [], [], max(0, until - time.monotonic()))
            chunk = os.read(self.up.stdout.fileno(), 4096).decode() if ready else ""
            expect(chunk != "", f"up did not come to say {pattern}:\n{said}")
            said += chunk
        return said

    def start(self, *arguments):
        """Start `up` and read what it says until it serves."""
        self.launch(*arguments)
        said = self.said_until(SERVES)
        self.port = re.search(r"https://127.0.0.1:(\d+)", said)[1]
        return said

    def children(self):
        """{name: pid} of the programs that our `up` runs."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    name, rest = re.match(r"\d+ \((.*)\) (.*)", file.read()).groups()
            except (OSError, AttributeError):
                continue
            if int(rest.split()[1]) == self.up.pid:
                found[name] = int(pid)
        return found

    def await_true(self, what, question):
        until = time.monotonic() + WAIT_S
        while not question():
            expect(time.monotonic() < until, f"{what} did not happen")
            select.select([], [], [], 0.05)

    def stop(self, how=signal.SIGTERM):
        pids = self.children().values()
        self.up.send_signal(how)
        code = self.up.wait(timeout=WAIT_S)
        self.up.stdout.close()
        self.up = None
        expect(code == 0, f"up ended with {code}")
        expect(not any(os.path.exists(f"/proc/{pid}") for pid in pids), "a program outlived up")

    def serves(self):
        return re.search(r"^ready +true", self.hufu("status").stdout, re.M) is not None

    def logs(self):
        """The last lines of every program's log, for people who look for what went wrong."""
        for name in ("vaultd", "hufud"):
            log = os.path.join(self.var, "log", name + ".log")
            if os.path.exists(log):
                with open(log, errors="replace") as file:
                    print(f"--- {name}.log\n" + "".join(file.readlines()[-15:]))

    def close(self):
        if self.up is not None:
            self.up.terminate()
            self.up.wait(timeout=WAIT_S)
        shutil.rmtree(self.folder)


def run(steps):
    """Each step stands on those before it: the first that fails ends the list, and the program."""
    house, passed, failed = House(), 0, 0
    try:
        for step in steps:
            try:
                step(house)
                print(f"ok     {step.__name__}", flush=True)
                passed += 1
            except (Wrong, subprocess.TimeoutExpired, OSError, KeyError) as wrong:
                print(f"FAILED {step.__name__}: {wrong}", flush=True)
                failed += 1
                break
    finally:
        if failed:
            house.logs()
        house.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
