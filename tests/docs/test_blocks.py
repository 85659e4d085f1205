"""Every code block of the documentation is run, or read by what it is for.

Python and ZCML run inside a SENAITE, see `test_docs` of the package.
"""

import configparser
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import textwrap

import pytest
from lxml import etree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BLOCK = re.compile(
    r"^\.\. code-block:: (?P<kind>\S+)\n(?P<options>(?:   :.*\n)*)\n"
    r"(?P<text>(?:(?:   .*)?\n)+)", re.MULTILINE)

ZOPEPY = os.path.join(ROOT, "bin", "zopepy")

#: Finds a script of a package
SCRIPT = """
from pkg_resources import get_entry_info
assert get_entry_info({!r}, "console_scripts", {!r})
"""

#: What the package's own tests run
ELSEWHERE = ("python",)

#: Programs of others, whose lines are read only
OTHERS = ("pip", "virtualenv", "systemctl", "git", "cd", "apt-get", "curl",
          "cp", "sudo", "sed", "tar")


def blocks():
    found = []
    for page in sorted(glob.glob(os.path.join(ROOT, "docs", "*.rst"))):
        with open(page, encoding="utf-8") as source:
            text = source.read() + "\n"
        name = os.path.basename(page)
        for number, match in enumerate(BLOCK.finditer(text), 1):
            if match.group("kind") not in ELSEWHERE:
                caption = re.search(r":caption: (.*)", match.group("options"))
                found.append(pytest.param(
                    match.group("kind"), caption and caption.group(1),
                    textwrap.dedent(match.group("text")).strip() + "\n",
                    id="{}-{}".format(name, number)))
    return found


@pytest.mark.parametrize("kind, caption, text", blocks())
def test_block(kind, caption, text):
    check = CHECKS.get(kind)
    assert check, "no test knows what to do with a block of " + kind
    check(caption or "", text)


def check_console(caption, text):
    for line in text.splitlines():
        if not line.startswith("$ "):
            continue
        words = shlex.split(line[2:])
        while "=" in words[0]:
            words.pop(0)
        check_command(words)


def check_command(words):
    name, rest = os.path.basename(words[0]), words[1:]
    if name == "make":
        targets = [word for word in rest if "=" not in word]
        run(["make", "-n", "-o", "build"] + rest)
        assert targets
    elif name == "queue-consumer":
        assert "-C" in rest
        assert "queue-consumer" in read("setup.py")
    elif name == "senaite-queue-move":
        assert len(rest) == 2
        assert name in read("setup.py")
    elif name in ("mkwsgiinstance", "runwsgi"):
        run([ZOPEPY, "-c", SCRIPT.format("Zope", name)])
    elif words[0] == "parts/instance/bin/interpreter":
        check_interpreter(rest)
    elif words[0] in ("bin/buildout", "bin/instance", "bin/test"):
        assert os.path.exists(os.path.join(ROOT, "bin", "test"))
    elif name == "python3" and rest[:1] == ["-c"]:
        run([os.path.join(ROOT, ".venv3", "bin", "python")] + rest)
    elif name == "python3" and rest[:2] == ["-m", "pip"]:
        assert rest[2] == "install"
    else:
        assert name in OTHERS, "what is {}?".format(" ".join(words))


def check_interpreter(words):
    """The Python of a part, which `bin/zopepy` is here."""
    if words[0] == "-m":
        # it says how it wants to be called, which takes more words
        done = subprocess.run([ZOPEPY] + words[:3], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        assert b"too few arguments" in done.stdout, done.stdout.decode()
    else:
        assert words[0] == "-c"
        run([ZOPEPY] + words)


def run(command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout.decode()


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as source:
        return source.read()


def check_ini(caption, text):
    """systemd and supervisor: well-formed, and the command is one of ours."""
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    assert parser.sections()
    for section in parser.sections():
        for key in ("ExecStart", "command"):
            if parser.has_option(section, key):
                check_command(shlex.split(parser.get(section, key)))


def check_buildout(caption, text):
    """A buildout knows the keys; recipes and eggs are those of the build."""
    text = re.sub(r"^(\S+) \+= ", r"\1 = ", text, flags=re.MULTILINE)
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    # pins of the block itself, for recipes that the build has no use for
    known = read("versions.cfg") + read("setup.py") + "".join(
        parser.options("versions") if parser.has_section("versions") else ())
    for section in parser.sections():
        for key, value in parser.items(section):
            if key in ("eggs", "recipe"):
                for egg in value.split():
                    assert egg.startswith("${") or egg in known, egg
            if key == "zope-conf-additional":
                value = re.sub(r"\$\{[^}]*\}", "value", value)
                check_zope(caption, textwrap.dedent(value))


#: Reads a fragment of a configuration file with the schema of the program that
#: it is for
READER = """
import sys
from ZConfig import loadConfigFile
from {module} import {options} as Options
from io import StringIO
options = Options()
options.load_schema()
text = u{before!r} + sys.stdin.read().decode("utf-8") + u{after!r}
loadConfigFile(options.schema, StringIO(text))
"""

#: A database, for fragments that have none
DATABASE = """
<zodb_db main>
<mappingstorage>
</mappingstorage>
mount-point /
</zodb_db>
"""

#: What belongs to it, and what is there beside the fragment
ZOPE = {
    "module": "ZServer.Zope2.Startup.options", "options": "ZopeOptions",
    "before": "%define INSTANCE /\ninstancehome /\n", "after": DATABASE}
ZEO = {
    "module": "ZEO.runzeo", "options": "ZEOOptions", "before": "",
    "after": "\n<mappingstorage>\n</mappingstorage>\n"}


def check_zope(caption, text):
    program = ZEO if caption.startswith("zeo.conf") else ZOPE
    if "<zodb_db main>" in text:
        program = dict(program, after="")
    done = subprocess.run(
        [ZOPEPY, "-c", READER.format(**program)],
        input=text.encode(), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout.decode()


def check_nginx(caption, text):
    assert text.count("{") == text.count("}")
    if not shutil.which("nginx"):
        pytest.skip("nginx is not here: braces counted only")
    # the certificate is the reader's
    text = re.sub(r".*ssl.*\n", "", text.replace("8443 ssl", "8443"))
    path = os.path.join(ROOT, "var", "nginx-docs.conf")
    with open(path, "w") as target:
        target.write("pid /dev/null; events {} http { access_log off;\n" +
                     text + "}\n")
    run(["nginx", "-t", "-c", path])


def check_text(caption, text):
    if caption.startswith("haproxy"):
        check_haproxy(text)
    else:
        assert caption in ("MANIFEST.in",), "no check for " + caption


def check_haproxy(text):
    if not shutil.which("haproxy"):
        pytest.skip("haproxy is not here")
    path = os.path.join(ROOT, "var", "haproxy-docs.cfg")
    with open(path, "w") as target:
        target.write("defaults\n  timeout connect 5s\n  timeout client 5s\n"
                     "  timeout server 5s\nfrontend f\n  bind 127.0.0.1:1\n"
                     "  mode http\n  default_backend queue\n" + text)
    run(["haproxy", "-c", "-f", path])


def check_http(caption, text):
    """A request: the route is declared somewhere in the package."""
    method, route = text.split()[:2]
    assert method in ("GET", "POST")
    group, name = route.partition("?")[0].split("/")[:2]
    routes = "".join(
        read(path) for path in glob.glob(os.path.join(
            ROOT, "src", "senaite", "queue", "*", "routes", "*.py")))
    assert '"{}", "{}'.format(group, name) in routes


def check_xml(caption, text):
    """The add-on's ZCML is loaded by the package's own tests."""
    assert etree.fromstring(text.encode("utf-8")).tag.endswith("configure")


def check_json(caption, text):
    json.loads(text)


CHECKS = {
    "console": check_console,
    "bash": check_console,
    "ini": check_ini,
    "cfg": check_buildout,
    "apacheconf": check_zope,
    "nginx": check_nginx,
    "text": check_text,
    "json": check_json,
    "http": check_http,
    "xml": check_xml,
}
