"""Roles come from one template and are the supervisor's own: whoever dies, the others stay or come back."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.chaos.world import ROLES, below, children, is_alive, kill, wait_until
from tests.command import ROOT
from tests.run.conftest import Instance, Process, copy_of

from thuocdo.run import forked

LIBRARY = ROOT / "src"


def test_the_roles_are_forked_and_each_is_called_as_its_command(served: Served) -> None:
    roles = served.roles()
    assert set(roles) == set(ROLES)
    assert served.how_begun() == dict.fromkeys(ROLES, "True")
    for role, pid in roles.items():
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode().split("\0")
        assert words[:4] == [sys.executable, "-m", "thuocdo", role]
        assert Path(f"/proc/{pid}/comm").read_text().strip() == f"thuocdo-{role}"[:15]
        assert os.getsid(pid) == pid  # Ctrl-C is for the supervisor
    port = str(served.instance.collect_port).encode()
    assert port in Path(f"/proc/{roles['collect']}/cmdline").read_bytes().split(b"\0")


def test_a_role_that_was_killed_is_forked_again(served: Served) -> None:
    served.kill_role("pipeline")
    assert served.how_begun()["pipeline"] == "True"
    assert re.search(r"ended unexpectedly.*code=-9.*role=pipeline", served.log())


def test_the_template_is_killed_and_no_role_notices(served: Served) -> None:
    before, template = served.roles(), served.template()
    kill(template)
    wait_until(lambda: "the template ended" in served.log())
    served.kill_role("scanner")  # at once: there is no other template yet
    assert served.how_begun()["scanner"] == "False"
    wait_until(lambda: served.template() not in {0, template})
    assert {**served.roles(), "scanner": 0} == {**before, "scanner": 0}


def test_a_new_template_forks_as_the_first_did(served: Served) -> None:
    wait_until(lambda: served.log().count("template ready") == 2)
    assert Path(f"/proc/{served.template()}/comm").read_text().strip() == "thuocdo-templat"
    served.kill_role("worker")
    assert served.how_begun()["worker"] == "True"


def test_the_supervisor_is_killed_and_nothing_is_left(served: Served) -> None:
    everybody = [*served.roles().values(), served.template()]
    os.kill(served.process.pid, signal.SIGKILL)
    served.process.wait()
    wait_until(lambda: not any(map(is_alive, everybody)), why=served.instance.logs())


class Served:
    """`thuocdo serve` as a person starts it, and what became of it."""

    def __init__(self, instance: Instance, process: Process) -> None:
        self.instance = instance
        self.process = process

    def log(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", (self.instance.home / "serve.log").read_text())

    def roles(self) -> dict[str, int]:
        return children(self.process.pid)

    def template(self) -> int:
        """Its process id, 0: there is none."""
        for pid in below(self.process.pid):
            if b"thuocdo.run.template" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        return 0

    def how_begun(self) -> dict[str, str]:
        """Role → whether it was forked when it was last started."""
        found = re.findall(r"started .*forked=(\w+).*role=(\w+)", self.log())
        return {role: forked for forked, role in found}

    def kill_role(self, role: str) -> None:
        """And wait for the next."""
        begun, victim = self.log().count("started "), self.roles()[role]
        kill(victim)
        wait_until(lambda: self.log().count("started ") > begun, why=self.log())
        wait_until(lambda: role in self.roles(), why=self.log())


@pytest.fixture(scope="module")
def served(empty_instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    instance = copy_of(empty_instance, tmp_path_factory.mktemp("served"))
    with instance.serving(plainly=True) as process:
        yield Served(instance, process)


def test_without_a_template_the_roles_are_started_one_by_one(instance: Any) -> None:
    hinder(instance, "sys.modules['sqlglot'] = None")
    with instance.serving(plainly=True) as process:
        log = Served(instance, process)
        wait_until(lambda: set(log.roles()) == set(ROLES))
        assert log.how_begun() == dict.fromkeys(ROLES, "False")
        assert "sqlglot" in log.log()  # what it did not find
        assert "the template ended" in log.log()


def hinder(instance: Instance, code: str) -> None:
    """Have every Python that is a template run this before all else."""
    folder = instance.home.parent / "hindering"
    folder.mkdir()
    lines = ["import sys", "if 'thuocdo.run.template' in sys.orig_argv:", f"    {code}"]
    (folder / "sitecustomize.py").write_text("\n".join(lines))
    instance.environment["PYTHONPATH"] = os.pathsep.join([str(folder), str(LIBRARY)])


def supervised(module: str, folder: Path, *told: str) -> str:
    """What a supervisor of our own says until its roles are over."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.run.supervised", module, str(folder), *told],
        cwd=ROOT, env=_plain_environment(), text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def _plain_environment() -> dict[str, str]:
    found = {k: v for k, v in os.environ.items() if not k.startswith("THUOCDO_")}
    return found | {"PYTHONPATH": str(LIBRARY), "NO_COLOR": "1"}


def test_no_role_knows_what_another_was_told(tmp_path: Path) -> None:
    told = [f"THUOCDO_HOME={tmp_path / 'one'}", f"THUOCDO_HOME={tmp_path / 'two'}", "OTHER=x"]
    said = supervised("thuocdo.run.template", tmp_path, *told)
    assert said.count("forked=True") == 3
    assert said.count("code=1") == 3  # there is no instance: the command's own exit code
    one, two, other = ((tmp_path / f"{number}.log").read_text() for number in range(3))
    assert str(tmp_path / "one") in one
    assert str(tmp_path / "two") in two
    assert str(tmp_path) not in other


def test_a_template_that_dies_again_and_again_is_given_up(tmp_path: Path) -> None:
    said = supervised("tests.run.no_such_module", tmp_path)
    assert said.count("the template ended; roles are started one by one meanwhile") == 2
    assert said.count("no template; roles are started one by one from now on") == 1


def python(code: str) -> str:
    """What a process prints that may load as a template does."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=_plain_environment() | forked.WITHOUT_THREADS, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


LOADED = """
import os, sys
from thuocdo.run import forked
before = set(os.listdir("/proc/self/fd"))
environment = dict(os.environ)
forked.load()
from django.conf import settings
print(settings.configured, len(os.listdir("/proc/self/task")), set(os.listdir("/proc/self/fd")) - before)
print([name for name in sys.modules if name.startswith("thuocdo.") and name.endswith((".models", "web.settings"))])
print(dict(os.environ) == environment)
import numpy
for _ in range(2):
    if not os.fork():
        forked.become(["web"], {"NAME": "ă"})
        print("drawn", numpy.random.random(), dict(os.environ), sys.argv, flush=True)
        os._exit(0)
    os.wait()
"""


def test_the_template_has_read_and_opened_nothing_and_each_fork_draws_other_numbers() -> None:
    asked, models, same, *drawn = python(LOADED).splitlines()
    assert asked == "False 1 set()"
    assert (models, same) == ("[]", "True")
    assert len(set(drawn)) == 2
    assert all(line.endswith("{'NAME': 'ă'} ['thuocdo', 'web']") for line in drawn)


THREADED = """
import threading, time
from thuocdo.core.errors import ThuocdoError
from thuocdo.run import forked
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
try:
    forked.load(["json"])
except ThuocdoError as refused:
    print(refused.code)
"""


def test_what_has_threads_is_no_template() -> None:
    assert python(THREADED).strip() == "has_threads"


STOPPED = """
import os, signal
from thuocdo.run import adopted
from thuocdo.run.template import Order
adopted.PATIENCE_SECONDS = 0.3
template = adopted.Template()
template.start()
template.wait_until_ready()
os.kill(template.process.pid, signal.SIGSTOP)
print(template.fork(Order(["pipeline"], {}, 0, os.getpid()), None))
print(template.process.wait())
"""


def test_a_template_that_does_not_answer_is_waited_for_no_longer_and_killed() -> None:
    assert python(STOPPED).splitlines()[-2:] == ["None", "-9"]


ORPHANED = """
import subprocess, time
from pathlib import Path
from thuocdo.run.adopted import Template, bury_strangers
Template(module="no.such.module").start()
subprocess.run(["sh", "-c", "sleep 0.1 & echo $!"], check=True)
mine = subprocess.Popen(["sh", "-c", "exit 7"])
time.sleep(0.5)
bury_strangers({mine.pid})
print(mine.wait())
"""


def test_who_lost_their_parent_is_buried_and_our_own_are_waited_for() -> None:
    pid, code = python(ORPHANED).split()
    assert code == "7"
    assert not Path(f"/proc/{pid}").exists()
