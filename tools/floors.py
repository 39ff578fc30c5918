#!/usr/bin/env python3
"""The floors of the house, and the view of the house that each room has.

`floors.py view BUILD SRC` makes BUILD/view/<room>/ with one link per room that <room> may include:
itself and every room on a lower floor. Each room is compiled with that one include path, so an
include that breaks the rule does not compile.  `floors.py list` prints the rooms in build order.
"""
import os
import sys

FLOORS = [
    ["base", "policy"],
    ["text", "crypto", "ipc", "scan", "picture"],
    ["store", "http", "journal"],
    ["audit", "keys", "vaultclient", "cases", "attach"],
    ["vault", "access", "message", "ledger", "lifecycle", "report"],
    ["fraud", "bank", "sdk"],
    ["payment"],
    ["api"],
]
# policy stands on the ground floor beside base, and base is the ground it stands on.
GROUND = "base"


def rooms():
    return [room for floor in FLOORS for room in floor]


def allowed(room):
    for number, floor in enumerate(FLOORS):
        if room in floor:
            lower = [r for f in FLOORS[:number] for r in f]
            return sorted(set(lower + [room, GROUND]))
    raise SystemExit(f"floors: no room is called {room}")


def view(build, src):
    for room in rooms() + ["programs"]:
        may = rooms() if room == "programs" else allowed(room)
        folder = os.path.join(build, "view", room)
        os.makedirs(folder, exist_ok=True)
        for old in os.listdir(folder):
            os.unlink(os.path.join(folder, old))
        for other in may:
            os.symlink(os.path.join(os.path.abspath(src), other), os.path.join(folder, other))


if __name__ == "__main__":
    if sys.argv[1:2] == ["view"] and len(sys.argv) == 4:
        view(sys.argv[2], sys.argv[3])
    elif sys.argv[1:] == ["list"]:
        print("\n".join(rooms()))
    else:
        raise SystemExit(__doc__)
