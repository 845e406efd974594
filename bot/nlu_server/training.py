"""Makes a model: `rasa train nlu` in a process of its own that gives way to everybody."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from bot.nlu_server.child import Order, run
from bot.nlu_server.environment import Environment, Progress, only_here
from bot.nlu_server.errors import NluError
from bot.nlu_server.examples import as_json
from bot.nlu_server.models import Models, model_name
from bot.nlu_server.project import Project

MEMORY = 4 * 1024**3  # bytes
_STEP = re.compile(r"Starting to train component")
_WORK = ".training-"
_PATH = "/usr/local/bin:/usr/bin:/bin"


def rasa_environment(folder: Path, *, level: str) -> dict[str, str]:
    """All variables of a process of Rasa's. `folder` is its home and its temporary folder; `level` how much it says."""
    return {
        "PATH": _PATH, "LANG": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder), "MPLCONFIGDIR": str(folder),
        "RASA_TELEMETRY_ENABLED": "false", "RASA_MAX_CACHE_SIZE": "0",
        "LOG_LEVEL": level, "LOG_LEVEL_LIBRARIES": "ERROR", "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1", "OMP_NUM_THREADS": "1", "SQLALCHEMY_SILENCE_UBER_WARNING": "1", **linear_algebra(),
    }  # fmt: skip


def linear_algebra(processor: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Which code SciPy's OpenBLAS takes. That of Rasa's SciPy (0.3.18) takes a processor that is newer than itself for one of 2007, and
    with some thousand examples its code for that one dies of a misaligned read (`strsm_kernel_RT_BARCELONA`). Where the processor has AVX2
    and FMA it is told so, and is faster besides; where nobody says what it has, it chooses for itself."""
    try:
        flags = processor.read_text().partition("flags")[2].partition("\n")[0].split()
    except OSError:
        return {}
    return {"OPENBLAS_CORETYPE": "Haswell"} if {"avx2", "fma"} <= set(flags) else {}


async def train(
    project: Project, environment: Environment, models: Models, *, progress: Progress | None = None, module: str = "rasa",
    path: tuple[Path, ...] = (), memory: int = MEMORY,
) -> Path:  # fmt: skip
    """The model of the project as it is now: the one that is there, or a new one. Raises NluError.

    `module` is what is run as Rasa, `path` where else it is looked for: a test puts something smaller there.
    """
    fingerprint = project.fingerprint()
    try:
        async with only_here(models.writable() / "training.lock"):
            found = models.find(fingerprint)  # another process may just have made it
            if found is None:
                for left in models.writable().glob(f"{_WORK}*"):  # of a training that was killed
                    shutil.rmtree(left, ignore_errors=True)
                # Beside the models, not in the system's temporary folder: the finished file is moved within one file system.
                with tempfile.TemporaryDirectory(prefix=_WORK, dir=models.writable()) as folder:
                    made = await _train(
                        project, environment, models, Path(folder), name=model_name(fingerprint), progress=progress, module=module,
                        path=path, memory=memory,
                    )  # fmt: skip
                    found = models.keep(made, fingerprint)
    except OSError:
        raise NluError("model_not_written", "The model cannot be written: is there room, and may this user write there?") from None
    return found


async def _train(
    project: Project, environment: Environment, models: Models, folder: Path, *, name: str, progress: Progress | None, module: str,
    path: tuple[Path, ...], memory: int,
) -> Path:  # fmt: skip
    done, total = 0, project.components()

    def heard(line: str) -> None:
        nonlocal done
        if progress is not None and _STEP.search(line):
            done += 1
            progress(min(done, total), total)

    data = project.data
    if project.pipeline is None:
        data = folder / "examples.json"
        data.write_bytes(as_json(sorted(project.examples())))
    arguments = (
        "train", "nlu", "--config", str(project.config), "--domain", str(project.domain), "--nlu", str(data),
        "--out", str(folder), "--fixed-model-name", name,
    )  # fmt: skip
    # In the folder of the models: there `.rasa/` stays, the memory of sentences whose vectors are known.
    order = Order(
        python=environment.python, module=module, arguments=arguments, folder=models.writable(), path=(*path, project.root),
        environment=rasa_environment(folder, level="INFO"), memory=memory, niceness=15, idle_disk=True,
    )  # fmt: skip
    child = await run(order, heard=heard)
    made = folder / f"{name}.tar.gz"
    if child.process.returncode == 0 and made.is_file():
        return made
    if child.too_large:
        raise NluError("training_memory", f"Training Rasa needs more than {memory // 1024**2} MiB of memory.")
    log = models.writable() / "training.log"
    log.write_text(child.tail + "\n", encoding="utf-8")
    os.chmod(log, 0o600)
    raise NluError("training_failed", f"Rasa could not be trained: the end of {log.parent.name}/{log.name} says why.")
