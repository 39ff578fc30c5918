#!/usr/bin/python3
"""Run what a page tells its reader to type, and compare what comes with what the page shows.

    kit_check.py PAGE SOURCE [FROM=TO]...

In the page's `console` blocks a line `$ COMMAND` is run, all of them in one shell in the folder SOURCE; the lines below it
are what it says, where … stands for anything. FROM is replaced by TO in all of them (ports, folders, flags).
"""
import re
import subprocess
import sys

MARK = "--- the next command ---"


def steps_of(page):
    """(command, what it says) in order."""
    steps = []
    for block in re.findall(r"```console\n(.*?)```", page, re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line)
    return [(command, "\n".join(said).strip()) for command, said in steps]


def main(page_path, source, *words):
    with open(page_path, encoding="utf-8") as file:
        page = file.read()
    for word in words:
        page = page.replace(*word.split("=", 1))
    steps = steps_of(page)
    script = "".join(f"echo '{MARK}'\n{command}\n" for command, _ in steps)
    done = subprocess.run(["bash", "-c", script], cwd=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", timeout=120, check=False)
    outputs = [output.strip() for output in done.stdout.split(MARK + "\n")[1:]]
    wrong = 0
    for (command, said), output in zip(steps, outputs, strict=True):
        pattern = ".*".join(re.escape(part) for part in said.split("…"))
        if re.fullmatch(pattern, output, re.S):
            continue
        wrong += 1
        print(f"$ {command}\nshown:\n{said}\nsaid:\n{output}\n")
    print(f"{len(steps)} commands, {wrong} wrong")
    return wrong != 0 or not steps


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
