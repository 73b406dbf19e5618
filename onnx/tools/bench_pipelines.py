"""Times Ekaki's engine beside optimum's and diffusers' pipelines: same weights, same settings, same threads.

    onnx/tools/bench_pipelines.py --sd15 FOLDER

The embedded model is always measured, Stable Diffusion 1.5 when a folder of `make_sd15.py` is given. Each measurement
is a process of its own: it loads the model, draws one picture to warm up and then some more, all with DDIM, which calls
the UNet once a step. The sides take turns. Memory is the peak resident size of the process, which for models that are
mapped into memory counts what was read of them. What was measured is kept in `--results`, so that a bench that was
stopped goes on where it was; delete the file to begin anew.
Prints Markdown tables, and with `--write FILE` puts them between the two `results` comments of that file; needs the
packages of requirements.txt.
"""

import argparse
import dataclasses
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROMPT = "a girl with long pink hair plays the guitar"
ENGINE = REPOSITORY / "target" / "release" / "examples" / "bench"


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is drawn: `runs` pictures after the first one."""

    model: str
    title: str
    size: int
    steps: int
    guidance: float
    runs: int

    def arguments(self):
        return [str(self.size), str(self.steps), str(self.guidance), str(self.runs + 1)]


EMBEDDED = Plan("embedded", "The embedded model", 128, 16, 3.0, 10)
TITLES = {"ekaki": "Ekaki", "optimum": "optimum", "float32": "diffusers, fp32", "bfloat16": "diffusers, bf16"}
# Few steps with every side, and as many as people ask for with the two that share their kernels.
SD15 = [
    (Plan("sd15", "Stable Diffusion 1.5", size, steps, 7.5, runs), sides)
    for size, steps, runs, sides in [
        (256, 4, 3, list(TITLES)),
        (512, 2, 2, list(TITLES)),
        (512, 20, 1, ["ekaki", "optimum"]),
    ]
]
MARK = "<!-- results -->"


class NetworkTime:
    """Adds up the time inside ONNX Runtime."""

    def __init__(self):
        import onnxruntime

        self.seconds = 0.0
        for name in ("run", "run_with_iobinding"):
            setattr(onnxruntime.InferenceSession, name, self._timed(getattr(onnxruntime.InferenceSession, name)))

    def _timed(self, method):
        def run(*arguments, **options):
            started = time.perf_counter()
            try:
                return method(*arguments, **options)
            finally:
                self.seconds += time.perf_counter() - started

        return run


def load_optimum(folder, threads):
    import onnxruntime
    from optimum.onnxruntime import ORTDiffusionPipeline

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return ORTDiffusionPipeline.from_pretrained(folder, session_options=options, provider="CPUExecutionProvider")


def load_diffusers(folder, threads, dtype):
    import torch
    from diffusers import StableDiffusionPipeline

    torch.set_num_threads(threads)
    return StableDiffusionPipeline.from_pretrained(folder, torch_dtype=getattr(torch, dtype))


def peer(name, folder, size, steps, guidance, runs, threads):
    """Measures a Python pipeline in this process; prints what `inference/examples/bench.rs` prints."""
    network = NetworkTime() if name == "optimum" else None
    import torch
    from diffusers import DDIMScheduler

    started = time.perf_counter()
    pipeline = load_optimum(folder, threads) if network else load_diffusers(folder, threads, name)
    load = time.perf_counter() - started
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    seconds, network_seconds = [], []
    for run in range(runs):
        before = network.seconds if network else 0.0
        started = time.perf_counter()
        pipeline(
            prompt=PROMPT,
            width=size,
            height=size,
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=torch.Generator("cpu").manual_seed(run),
        )
        seconds.append(time.perf_counter() - started)
        if network:
            network_seconds.append(network.seconds - before)
    print(json.dumps({"load_seconds": load, "seconds": seconds, "network_seconds": network_seconds}))


def command(side, plan, folders, jobs, threads):
    """The process that measures one side."""
    if side == "ekaki":
        return [str(ENGINE), str(folders["onnx"]), *plan.arguments(), str(jobs), str(threads)]
    folder = folders["onnx"] if side == "optimum" else folders["torch"]
    return [sys.executable, __file__, "--peer", side, str(folder), *plan.arguments(), str(threads)]


def measure(arguments):
    """Runs a process to its end; what it printed, without the first picture, and its peak memory."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=REPOSITORY)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(arguments)} failed with status {os.waitstatus_to_exitcode(status)}")
    result = json.loads(output.decode().splitlines()[-1])
    for key in ("seconds", "network_seconds"):
        result[key] = result[key][1:]
    return {**result, "peak_mib": usage.ru_maxrss / 1024}


class Results:
    """Everything that was measured, by what it is; kept in a file."""

    def __init__(self, path):
        self.path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self.known = {line["key"]: line["result"] for line in map(json.loads, lines)}

    def get(self, side, plan, folders, threads, jobs=1):
        key = f"{side} {plan.model} {plan.size} {plan.steps} {plan.runs} jobs {jobs} threads {threads}"
        if key not in self.known:
            print(key, file=sys.stderr)
            self.known[key] = measure(command(side, plan, folders, jobs, threads))
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as file:
                file.write(json.dumps({"key": key, "result": self.known[key]}) + "\n")
        return self.known[key]


def spread(values):
    """The median, and in brackets the smallest and the largest."""
    return f"{statistics.median(values):.3g} ({min(values):.3g}–{max(values):.3g})"


def outside(result):
    """The share of the time that is not spent inside ONNX Runtime."""
    if not result["network_seconds"]:
        return "–"
    return f"{100 * (1 - sum(result['network_seconds']) / sum(result['seconds'])):.2f} %"


def table(plan, results):
    """The results by side, the first two Ekaki and optimum."""
    ours, theirs = results["ekaki"], results["optimum"]
    middle = {side: statistics.median(result["seconds"]) for side, result in results.items()}
    plain = statistics.median(theirs["network_seconds"])
    rows = {
        "one picture, s": [spread(result["seconds"]) for result in results.values()],
        "of that outside ONNX Runtime": [outside(result) for result in results.values()],
        "peak memory, MiB": [f"{result['peak_mib']:.0f}" for result in results.values()],
        "loading, s": [f"{result['load_seconds']:.2g}" for result in results.values()],
    }
    yield f"{plan.title}, {plan.size}×{plan.size}, {plan.steps} steps, guidance {plan.guidance}"
    yield ""
    yield "| | " + " | ".join(TITLES[side] for side in results) + " |"
    yield "|---" * (len(results) + 1) + "|"
    for name, cells in rows.items():
        yield f"| {name} | " + " | ".join(cells) + " |"
    yield ""
    yield (f"Ekaki ÷ optimum: time {middle['ekaki'] / middle['optimum']:.2f}, "
           f"memory {ours['peak_mib'] / theirs['peak_mib']:.2f}. "
           f"Ekaki's picture ÷ optimum's network calls alone: {middle['ekaki'] / plain:.2f}.")
    yield ""


def bench(arguments):
    """All measurements, as lines of Markdown."""
    results = Results(arguments.results)
    threads = arguments.threads
    yield f"{cpu()}, {threads} threads, {time.strftime('%Y-%m-%d')}; {versions()}; median (min–max)."
    yield ""
    embedded = {"onnx": REPOSITORY / "onnx" / "avatar"}
    sides = ["ekaki", "optimum"]
    yield from table(EMBEDDED, {side: results.get(side, EMBEDDED, embedded, threads) for side in sides})
    eight = results.get("ekaki", dataclasses.replace(EMBEDDED, runs=3), embedded, threads, jobs=8)
    one = results.get("ekaki", EMBEDDED, embedded, threads)
    ratio = 8 * statistics.median(one["seconds"]) / statistics.median(eight["seconds"])
    yield f"Eight pictures at a time: {ratio:.2f} times as many pictures in the same time as one after the other."
    yield ""
    if arguments.sd15:
        folders = {"onnx": arguments.sd15.resolve() / "onnx", "torch": arguments.sd15.resolve() / "torch"}
        for plan, sides in SD15:
            yield from table(plan, {side: results.get(side, plan, folders, threads) for side in sides})


def write(path, lines):
    """Puts the lines between the two comments."""
    before, _, after = path.read_text(encoding="utf-8").split(MARK)
    path.write_text(MARK.join([before, "\n" + "\n".join(lines), after]), encoding="utf-8")


def cpu():
    """The processor as Linux names it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def versions():
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in ("onnxruntime", "optimum-onnx", "torch", "diffusers"))


def main():
    if sys.argv[1:2] == ["--peer"]:
        name, folder, size, steps, guidance, runs, threads = sys.argv[2:]
        return peer(name, folder, int(size), int(steps), float(guidance), int(runs), int(threads))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sd15", type=Path, help="a folder of make_sd15.py")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path, default=REPOSITORY / "target" / "bench.jsonl")
    parser.add_argument("--write", type=Path, help="a Markdown file with two `results` comments")
    arguments = parser.parse_args()
    lines = list(bench(arguments))
    print("\n".join(lines))
    if arguments.write:
        write(arguments.write, lines)


if __name__ == "__main__":
    main()
