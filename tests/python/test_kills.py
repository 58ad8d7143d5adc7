"""What was confirmed survives: kill -9 at random moments, a full disk, files cut short or garbled.

SALTUS_KILLS (default 100) says how often a run is killed.
"""

import os
import random
import resource
import shlex
import shutil
import subprocess
import time

import h5py
import numpy as np
import pytest
from program import PROGRAM, SMALL, refused, run, saltus, settings
from readers import check

KILLS = int(os.environ.get("SALTUS_KILLS", "100"))
DT = 0.1
FLUSHED = settings("output.flush_every=ms(20)", "recordings[1].what.every=ms(2)")
OFTEN = [*FLUSHED, "--duration", "6s", "--checkpoint-every", "1s"]
UNTIL_FULL = [*FLUSHED, "--duration", "6s"]
END = 60_000
FILES = {"spikes.h5": "V_m", "spikes.I_syn_ex.h5": "I_syn_ex"}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The recording of a run nobody disturbed, and how many seconds it takes at least."""
    took = []
    for _ in range(3):
        begin = time.monotonic()
        path = run(SMALL, tmp_path_factory.mktemp("uninterrupted"), *OFTEN)
        took.append(time.monotonic() - begin)
    return Whole(path), min(took)


class Whole:
    """All that a whole recording holds."""

    def __init__(self, path):
        self.path = path
        self.numbers = {}
        for name in FILES:
            with h5py.File(path.with_name(name)) as file:
                file.visititems(lambda at, data: self._take(name, at, data))

    def _take(self, name, at, data):
        if isinstance(data, h5py.Dataset) and data.maxshape and data.maxshape[0] is None:
            self.numbers[name, at] = data[:]

    def rows(self, name, at, step):
        """How many rows of a dataset were there when the run had reached a step."""
        group, kind = at.rsplit("/", 1)[0], at.split("/")[0]
        with h5py.File(self.path.with_name(name)) as file:
            if kind == "spikes":
                steps = np.round(self.numbers[name, f"{group}/timestamps"] / DT)
                return int(np.sum(steps <= step))
            if kind == "weights":
                return int(np.sum(np.round(self.numbers[name, f"{group}/time"] / DT) <= step))
            range_at = f"{group}/mapping/time" if kind == "report" else f"{group}/time"
            start, _, every = np.round(file[range_at][:] / DT)
            # A sample is taken at its time, a bin is written when it ends.
            done = (step - start) // every + (1 if kind == "report" else 0)
            return int(max(0, done))

    def compare(self, folder, step, exactly, **how):
        """Asserts that files hold everything up to a step, `exactly` or at least; how many rows."""
        rows = 0
        for name in FILES:
            with h5py.File(folder / name, **how) as file:
                for (its, at), wanted in self.numbers.items():
                    if its != name or at.startswith("saltus/"):
                        continue
                    count, found = self.rows(name, at, step), file[at]
                    assert len(found) == count or not exactly and len(found) > count, (
                        f"{name}:{at} has {len(found)} rows, {count} were confirmed"
                    )
                    assert np.array_equal(found[:count], wanted[:count]), f"{name}:{at} differs"
                    rows += count
        return rows


def start(out, *arguments):
    command = [str(PROGRAM), "run", str(SMALL), "--out", str(out), "--quiet", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_after(seconds, out, *arguments, there=lambda: True):
    """Starts a run and kills it some time after something is `there`; whether it was still running."""
    process = start(out, *arguments)
    while not there() and process.poll() is None:
        time.sleep(0.0005)
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


def flushed_until(path):
    """The step up to which a recording that nobody closed is confirmed; None if it cannot say."""
    try:
        with h5py.File(path, "r", libver="latest", swmr=True) as file:
            return int(file["saltus/flushed_until"][()]) if len(file["saltus/marks"]) else None
    except (OSError, KeyError):
        return None


def newest_checkpoint(out):
    """The step of the newest checkpoint, which promises that all before it is in the file."""
    steps = [int(path.stem.split("-")[1]) for path in out.glob("checkpoints/*.checkpoint")]
    return max(steps, default=None)


def test_whatever_was_confirmed_survives_a_kill(uninterrupted, tmp_path):
    whole, seconds = uninterrupted
    moments = random.Random(20261123)
    before_anything = finished = rows = 0
    reached = []
    for number in range(KILLS):
        out = tmp_path / str(number)
        path = out / "spikes.h5"
        # Every fifth one falls into the first moments, when the file is laid down.
        if number % 5 == 0:
            killed = kill_after(moments.uniform(0.0, 0.03), out, *OFTEN)
        else:
            killed = kill_after(moments.uniform(0.0, 0.9 * seconds), out, *OFTEN, there=path.exists)
        finished += not killed
        step, promised = flushed_until(path), newest_checkpoint(out)
        if step is None:
            assert promised is None, "a checkpoint is there, but nothing was confirmed"
            if path.exists():
                refused(saltus("recover", path))
            before_anything += 1
            continue
        assert step >= (promised or 0), f"confirmed up to {step}, promised up to {promised}"
        reached.append(step)
        rows += whole.compare(out, step, False, mode="r", libver="latest", swmr=True)
        done = saltus("recover", path)
        assert done.returncode == 0, done.stderr
        whole.compare(out, step, True, mode="r")
        for name in FILES:
            check(out / name)
        assert "was whole" in saltus("recover", path).stdout, "the second time there is nothing to do"
        shutil.rmtree(out)
    print(
        f"\n{KILLS} kills: {before_anything} before anything was confirmed, {finished} after the end, "
        f"{len(reached)} in between or after; confirmed up to {np.mean(reached) * DT:.0f} ms on average, "
        f"{len(set(reached))} different moments, {rows} rows compared"
    )
    assert len(set(reached)) > KILLS / 10, "too few kills in the middle of a run to tell anything"


def test_a_file_may_be_read_while_it_grows(uninterrupted, tmp_path):
    whole, _ = uninterrupted
    process = start(tmp_path, *OFTEN)
    looks = set()
    while process.poll() is None:
        step = flushed_until(tmp_path / "spikes.h5")
        if step is not None and step not in looks:
            whole.compare(tmp_path, step, False, mode="r", libver="latest", swmr=True)
            looks.add(step)
    assert process.returncode == 0
    assert len(looks) > 2, "the run was over too soon to look"


def test_a_recording_that_is_being_written_is_not_recovered(tmp_path):
    process = start(tmp_path, *FLUSHED, "--duration", "1000s")
    try:
        while not flushed_until(tmp_path / "spikes.h5"):
            assert process.poll() is None
        refused(saltus("recover", tmp_path / "spikes.h5"))
    finally:
        process.kill()
        process.wait()
    assert saltus("recover", tmp_path / "spikes.h5").returncode == 0


def test_a_recovery_may_be_killed_too(uninterrupted, killed, tmp_path):
    moments = random.Random(11)
    step = flushed_until(killed / "spikes.h5")
    for number in range(20):
        out = tmp_path / str(number)
        shutil.copytree(killed, out)
        process = subprocess.Popen([str(PROGRAM), "recover", str(out / "spikes.h5")], stdout=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.0, 0.02))
        process.kill()
        process.wait()
        done = saltus("recover", out / "spikes.h5")
        assert done.returncode == 0, done.stderr
        uninterrupted[0].compare(out, min(step, END), False, mode="r")


def test_a_second_run_moves_all_of_the_first_aside(uninterrupted, tmp_path):
    whole, _ = uninterrupted
    run(SMALL, tmp_path, *OFTEN)
    # The second run is killed before it has as many checkpoints as the first had: those must not be
    # taken for its own.
    process = start(tmp_path, "--seed", 5, *FLUSHED, "--duration", "1000s", "--checkpoint-every", "1s")
    while newest_checkpoint(tmp_path / "spikes.previous-1") is None or newest_checkpoint(tmp_path) is None:
        assert process.poll() is None
    process.kill()
    process.wait()
    whole.compare(tmp_path / "spikes.previous-1", END, True, mode="r")
    # It would take long to its end; that it goes on is enough.
    process = subprocess.Popen([str(PROGRAM), "run", "--quiet", "--resume", str(tmp_path)])
    before = newest_checkpoint(tmp_path)
    while newest_checkpoint(tmp_path) < before + 20_000:
        assert process.poll() is None, "it did not go on"
    process.kill()
    process.wait()


def test_a_killed_run_goes_on_from_its_checkpoint_with_the_same_bits(uninterrupted, tmp_path):
    whole, seconds = uninterrupted
    moments = random.Random(7)
    for number in range(10):
        out = tmp_path / str(number)
        kill_after(
            moments.uniform(0.0, 0.7) * seconds, out, *OFTEN, there=lambda out=out: newest_checkpoint(out) is not None
        )
        # Sometimes it is killed once more on the way.
        if number % 3 == 0:
            again = subprocess.Popen(
                [str(PROGRAM), "run", "--quiet", "--resume", str(out)], stderr=subprocess.DEVNULL
            )
            time.sleep(moments.uniform(0.0, 0.3) * seconds)
            again.kill()
            again.wait()
        done = saltus("run", "--resume", out, "--quiet", "--threads", 1 + number % 2)
        assert done.returncode == 0, done.stderr
        whole.compare(out, END, True, mode="r")
        for name in FILES:
            check(out / name)


@pytest.fixture(scope="module")
def killed(tmp_path_factory, uninterrupted):
    """The folder of a run that was killed half-way."""
    out = tmp_path_factory.mktemp("killed")
    process = start(out, *FLUSHED, "--duration", "1000s")
    while not (flushed_until(out / "spikes.h5") or 0) > 20_000:
        assert process.poll() is None
    process.kill()
    process.wait()
    return out


def survivors(path, folder, change):
    """What plot and recover make of a changed copy of a file."""
    broken = folder / path.name
    change(path.read_bytes(), broken)
    for name in FILES.keys() - {path.name}:
        shutil.copy(path.with_name(name), folder)
    for command in (["recover", broken], ["plot", broken, "--out", folder / "plots"]):
        done = saltus(*command, timeout=60)
        assert "panicked" not in done.stderr, f"{command}: {done.stderr}"
        assert done.returncode in (0, 2), f"{command}: exit code {done.returncode}, {done.stderr}"
        yield done


@pytest.mark.parametrize("kind", ["whole", "killed"])
def test_a_file_cut_short_is_refused_in_words(kind, uninterrupted, killed, tmp_path):
    path = uninterrupted[0].path if kind == "whole" else killed / "spikes.h5"
    size, sizes = path.stat().st_size, random.Random(3)
    lengths = [0, 1, 7, 8, 12, 47, 48, 96, 100, 500, 1000, 2048, 5000]
    for length in lengths + [sizes.randrange(size) for _ in range(10)]:
        for done in survivors(path, tmp_path, lambda data, at: at.write_bytes(data[:length])):
            if length < 96:
                refused(done)


@pytest.mark.parametrize("kind", ["whole", "killed"])
def test_a_garbled_file_makes_nothing_fall_over(kind, uninterrupted, killed, tmp_path):
    path = uninterrupted[0].path if kind == "whole" else killed / "spikes.h5"
    places = random.Random(4)

    def garble(data, at):
        changed = bytearray(data)
        # The structure stands at the front; most bytes behind it are numbers, which may be any.
        for _ in range(places.choice([1, 3, 30])):
            front = places.random() < 0.8
            changed[places.randrange(20_000 if front else len(data))] = places.randrange(256)
        at.write_bytes(changed)

    for _ in range(25):
        for _ in survivors(path, tmp_path, garble):
            pass


def test_a_recording_is_recovered_without_the_file_beside_it(killed, tmp_path):
    shutil.copy(killed / "spikes.h5", tmp_path)
    done = saltus("recover", tmp_path / "spikes.h5")
    assert done.returncode == 0, done.stderr
    check(tmp_path / "spikes.h5")


def test_what_is_no_recording_is_refused_in_words(tmp_path):
    text = tmp_path / "text.h5"
    text.write_text("This is not HDF5.\n" * 100)
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["numbers"] = np.arange(10)
    for path in text, other, tmp_path / "missing.h5", tmp_path:
        refused(saltus("recover", path))
        refused(saltus("plot", path, "--out", tmp_path / "plots"))


def test_a_file_that_may_not_grow_ends_the_run_and_keeps_what_was_confirmed(uninterrupted, tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_200_000, 1_200_000))

    # Python ignores SIGXFSZ; the program inherits that, and its write fails as on a full disk.
    done = saltus("run", SMALL, "--out", tmp_path, "--quiet", *UNTIL_FULL, preexec_fn=limit, restore_signals=False)
    refused(done, code=1)
    kept_whole(uninterrupted[0], tmp_path, done.stderr)


def test_a_full_disk_ends_the_run_and_keeps_what_was_confirmed(uninterrupted, tmp_path):
    disk, saved = tmp_path / "disk", tmp_path / "saved"
    disk.mkdir()
    script = (
        f"mount -t tmpfs -o size=1300k tmpfs {disk} || exit 77\n"
        f"{PROGRAM} run {SMALL} --out {disk}/out --quiet {shlex.join(UNTIL_FULL)}\n"
        f"code=$?; cp -r {disk}/out {saved}; {PROGRAM} recover {disk}/out/spikes.h5 2>{tmp_path}/recover\n"
        f"cp -r {disk}/out {saved}2; exit $code"
    )
    done = subprocess.run(["unshare", "--map-root-user", "--mount", "sh", "-c", script], capture_output=True, text=True)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no small disk can be mounted here")
    refused(done, code=1)
    assert "No space left on device" in done.stderr
    assert "panicked" not in (tmp_path / "recover").read_text()
    kept_whole(uninterrupted[0], saved, done.stderr)
    # Recovering without room may fail, but takes nothing away.
    kept_whole(uninterrupted[0], tmp_path / "saved2", done.stderr)


def kept_whole(whole, out, said):
    """Asserts that a recording holds what the program said was safe, before and after recovery."""
    step = flushed_until(out / "spikes.h5")
    assert step, "nothing was confirmed before the disk was full"
    assert f"up to {step * DT:g} ms is safe" in said, said
    whole.compare(out, step, False, mode="r", libver="latest", swmr=True)
    done = saltus("recover", out / "spikes.h5")
    assert done.returncode == 0, done.stderr
    whole.compare(out, step, True, mode="r")
    for name in FILES:
        check(out / name)
