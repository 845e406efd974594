"""When a model is trained anew, where it lies, and in what kind of environment."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.nlu_server.environment import FOLDER, Environment
from bot.nlu_server.errors import NluError
from bot.nlu_server.models import Models, model_name
from bot.nlu_server.project import project
from bot.nlu_server.python310 import find_python
from bot.nlu_server.training import linear_algebra, rasa_environment, train
from tests.bot.nlu_server.household import HERE, Household, Present

pytestmark = pytest.mark.own_store


def made(house: Household) -> tuple[str, int]:
    """The model as it is after training: its name and when it was made."""
    path = asyncio.run(train(house.project, Present(), house.models, module="stand_in", path=(HERE,)))
    return path.name, path.stat().st_mtime_ns


def test_nothing_is_done_when_nothing_changed(tmp_path: Path) -> None:
    house = Household(tmp_path, "ok")
    assert made(house) == made(house)


@pytest.mark.parametrize(
    ("file", "text", "anew"),
    [
        ("config.yml", "ok\nok\n", True),
        ("domain.yml", "intents: [greet]\n", True),
        ("nlu/normalise.py", "x = 1\n", True),
        ("nlu/words.py", "x = 1\n", True),
        ("nlu/verbs.py", "x = 1\n", True),
        ("nlu/rasa/classifier.py", "x = 1\n", True),
        ("nlu/rasa/requirements.txt", "rasa==3.6.22\n", True),
        ("data/id/faq/cost.yml", "nlu:\n- intent: faq/cost\n  examples: |\n    - bayar gak\n    - gratis?\n", True),
        ("data/id/faq/visum.yml", "nlu:\n- intent: faq/visum\n  examples: |\n    - visum\n", True),
        ("data/en/intents/greet.yml", "nlu:\n- intent: greet\n  examples: |\n    - hi\n", True),
        ("data/id/faq/cost.yml", "nlu:\n- intent: faq/cost\n  metadata: {a: b}\n  examples: |\n    - bayar gak\nresponses: {}\n", False),
        ("data/id/strings.yml", "a: b\n", False),
        ("nlu/danger.py", "x = 1\n", False),
        ("nlu/rasa/__pycache__/x.pyc", "x", False),
    ],
)
def test_what_makes_a_model_another_one(tmp_path: Path, file: str, text: str, anew: bool) -> None:
    house = Household(tmp_path, "ok")
    before = house.project.fingerprint()
    path = house.root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert (house.project.fingerprint() != before) is anew


def test_two_models_are_kept_and_other_peoples_are_not_touched(tmp_path: Path) -> None:
    house = Household(tmp_path, "ok")
    (house.root / "models").mkdir()
    (house.root / "models" / "nlu-20261125.tar.gz").write_text("a Rasa user's own")
    names = []
    for number in range(4):
        (house.root / "domain.yml").write_text(f"intents: [x{number}]\n")
        name, when = made(house)
        names.append(name)
        os.utime(house.models_folder / name, ns=(when + number, when + number))
    left = {path.name for path in house.models_folder.glob("*.tar.gz")}
    assert left == {*names[-2:], "nlu-20261125.tar.gz"}


def test_where_the_program_cannot_be_written_models_lie_with_the_data(tmp_path: Path) -> None:
    blocked, own = tmp_path / "blocked", tmp_path / "data" / "nlu"
    blocked.write_text("no folder")
    models = Models((blocked, own))
    assert models.writable() == own
    assert models.find("x") is None
    (own / f"{model_name('x')}.tar.gz").write_text("model")
    assert models.find("x") == own / f"{model_name('x')}.tar.gz"
    with pytest.raises(OSError, match="no folder"):
        Models((blocked,)).writable()


def test_progress_is_told_by_components(tmp_path: Path) -> None:
    house = Household(tmp_path, "pipeline: [a, b]")
    told: list[tuple[int, int]] = []
    asyncio.run(train(house.project, Present(), house.models, module="stand_in", path=(HERE,), progress=lambda *p: told.append(p)))
    assert told == [(1, 2), (2, 2)]


async def test_two_at_once_train_one_model(tmp_path: Path) -> None:
    house = Household(tmp_path, "ok")
    paths = await asyncio.gather(*(train(house.project, Present(), house.models, module="stand_in", path=(HERE,)) for _ in range(3)))
    assert len(set(paths)) == 1 == len(list(house.models_folder.glob("*.tar.gz")))


def test_the_project_of_this_checkout_is_whole() -> None:
    assert project().complete
    assert project().components() >= 3


# Python 3.10 and the environment


def shim(folder: Path, name: str, body: str) -> Path:
    """An executable script."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


async def test_a_shim_that_does_not_run_is_passed_over_for_pyenvs_own(tmp_path: Path) -> None:
    shim(tmp_path / "bin", "python3.10", "echo 'pyenv: python3.10: command not found' >&2; exit 127")
    shim(tmp_path / "pyenv/versions/3.10.2/bin", "python", "exit 1")  # broken, too
    good = shim(tmp_path / "pyenv/versions/3.10.13/bin", "python", "exit 0")
    found = await find_python(tmp_path / "fetched", {"PATH": str(tmp_path / "bin"), "PYENV_ROOT": str(tmp_path / "pyenv")})
    assert found == good


async def test_one_on_path_that_runs_is_taken(tmp_path: Path) -> None:
    good = shim(tmp_path / "bin", "python3.10", "exit 0")
    assert await find_python(tmp_path / "fetched", {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}) == good


async def test_the_wrong_version_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.nlu_server.python310._uv", lambda: None)
    shim(tmp_path / "bin", "python3.10", f'exec {sys.executable} "$@"')
    with pytest.raises(NluError) as caught:
        await find_python(tmp_path / "fetched", {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)})
    assert caught.value.code == "no_python310" and "pyenv install 3.10" in caught.value.sentence


async def test_uv_is_asked_last_and_may_fetch_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = shim(tmp_path / "fetched", "py", "exit 0")
    asked = tmp_path / "asked"
    told = f'echo "$* $UV_PYTHON_INSTALL_DIR" >> {asked}'
    uv = shim(tmp_path, "uv", f'{told}; [ "$2" = install ] && touch {asked}.done; [ -e {asked}.done ] && echo {good}')
    monkeypatch.setattr("bot.nlu_server.python310._uv", lambda: str(uv))
    assert await find_python(tmp_path / "fetched", {"PATH": "/bin:/usr/bin", "HOME": str(tmp_path)}) == good
    lines = asked.read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["find", "install", "find"]
    assert all(line.endswith(str(tmp_path / "fetched")) for line in lines)


def test_an_environment_is_there_when_it_is_whole_and_what_is_asked_for(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("a==1\n")
    environment = Environment(tmp_path, requirements)
    assert not environment.installed
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / FOLDER)], check=True)
    assert not environment.installed  # begun, and not ended
    (tmp_path / FOLDER / "installed").write_text(environment._wanted())
    assert environment.installed
    requirements.write_text("a==2\n")
    assert not environment.installed


async def test_what_cannot_be_installed_says_so_and_is_not_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("no-such-package-of-ruang-aman==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    environment = Environment(tmp_path, requirements)

    async def this_one(folder: Path) -> Path:
        return Path(sys.executable)

    monkeypatch.setattr("bot.nlu_server.environment.find_python", this_one)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(NluError) as caught:
        await environment.install()
    assert caught.value.code == "download_failed" and "make nlu" in caught.value.sentence
    assert not environment.installed and (tmp_path / FOLDER / "install.log").read_text().strip()


async def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "program").write_text("no folder")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("a==1\n")
    with pytest.raises(NluError) as caught:
        await Environment(tmp_path / "program", requirements).install()
    assert caught.value.code == "not_writable"


@pytest.mark.parametrize(
    ("says", "chosen"),
    [
        ("processor : 0\nflags\t\t: fpu sse2 fma avx avx2 avx512f\nbugs\t\t: none\n", {"OPENBLAS_CORETYPE": "Haswell"}),
        ("processor : 0\nflags\t\t: fpu sse2 avx\nbugs\t\t: fma avx2\n", {}),
        ("processor : 0\nFeatures : fp asimd\n", {}),
        (None, {}),
    ],
)
def test_a_processor_newer_than_scipys_algebra_is_not_taken_for_an_old_one(
    tmp_path: Path, says: str | None, chosen: dict[str, str]
) -> None:
    """Training with some thousand examples died on such a one, always at the same instruction."""
    processor = tmp_path / "cpuinfo"
    if says is not None:
        processor.write_text(says)
    assert linear_algebra(processor) == chosen
    assert rasa_environment(tmp_path, level="ERROR").items() >= linear_algebra().items()
