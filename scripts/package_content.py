# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Compare the built packages with the checkout: everything that is needed is
in them, and nothing else. Writes lists of their contents beside them."""

import fnmatch
import glob
import os
import subprocess
import sys
import tarfile
import zipfile

#: What the wheel must have of each kind, at least
KINDS = ("*.py", "*.zcml", "*.pt", "*/profiles/default/*.xml",
         "*/profiles/uninstall/*.xml", "*/static/*.svg", "*/static/*.js",
         "*/LC_MESSAGES/senaite.queue.mo", "*/locales/senaite.queue.pot")

#: What neither may have
REFUSE = ("*.pyc", "*__pycache__*", "*.so", "*.fs", "*.log", "*.egg/*",
          "*/var/*", "*/parts/*", "*/.venv*", "*.db")

#: The file that makes the namespace `senaite` when Python starts. Only the
#: one that Python 2.7 writes works on 2.7: the other one prints a traceback.
NAMESPACE = "senaite.queue-*-py2.7-nspkg.pth"


def in_checkout(under):
    """Return the files of the checkout below a directory."""
    found = subprocess.run(["git", "ls-files", "-co", "--exclude-standard",
                            under], stdout=subprocess.PIPE, check=True)
    return [name for name in found.stdout.decode().splitlines()
            if os.path.exists(name)]


def compare(what, wanted, found):
    """Return what is wrong with the names of a package."""
    wrong = ["{}: {} is missing".format(what, name)
             for name in sorted(set(wanted) - set(found))]
    for pattern in REFUSE:
        wrong += ["{}: {} does not belong there".format(what, name)
                  for name in fnmatch.filter(found, pattern)]
    return wrong


def main(dist):
    sdist, = glob.glob(os.path.join(dist, "*.tar.gz"))
    wheel, = glob.glob(os.path.join(dist, "*.whl"))
    in_sdist = [member.name.partition("/")[2]
                for member in tarfile.open(sdist) if member.isfile()]
    in_wheel = zipfile.ZipFile(wheel).namelist()
    for path, names in ((sdist, in_sdist), (wheel, in_wheel)):
        with open(path + ".txt", "w") as target:
            target.write("\n".join(sorted(names)) + "\n")

    mo = [name for name in glob.glob("src/**/*.mo", recursive=True)]
    package = in_checkout("src/senaite/queue") + mo
    wanted = package + in_checkout("docs") + in_checkout("tests") + [
        "README.rst", "CHANGES.rst", "CONTRIBUTING.rst",
        "CODE_OF_CONDUCT.rst", "LICENSE", "setup.py"]
    wrong = compare("sdist", wanted, in_sdist)
    # the namespace's own module is not part of a wheel
    wrong += compare("wheel", [name[len("src/"):] for name in package],
                     in_wheel)
    for pattern in KINDS:
        if not fnmatch.filter(in_wheel, pattern):
            wrong.append("wheel: there is no {}".format(pattern))
    for name in fnmatch.filter(in_wheel, "*.pth"):
        if not fnmatch.fnmatch(name, NAMESPACE):
            wrong.append("wheel: {} is not for Python 2.7".format(name))
    if not fnmatch.filter(in_wheel, NAMESPACE):
        wrong.append("wheel: there is no {}".format(NAMESPACE))
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
