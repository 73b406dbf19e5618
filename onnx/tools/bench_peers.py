"""Times Ekaki beside optimum's ORTDiffusionPipeline: same model files, same settings, same minute.

    onnx/tools/bench_peers.py --ekaki target/release/ekaki --model onnx/avatar --runs 7

Cold: a whole process from its start to the PNG on disk (`ekaki draw` against a Python script that imports optimum,
loads the folder and draws). Warm: a second and later picture in a process that already holds the model (the running
service, from the POST of the command to the finished event; the Python pipeline's call with its PNG). The two sides
take turns, so that a disturbance of the machine meets both. Memory is the peak resident size of the process.
Prints a Markdown table of medians, spreads and ratios; needs the packages of requirements.txt.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PROMPT = "後藤ひとり"

PEER = """
import sys, time, resource, json, torch
from optimum.onnxruntime import ORTDiffusionPipeline
folder, out, steps, guidance, size, runs = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6])
pipeline = ORTDiffusionPipeline.from_pretrained(folder)
pipeline.set_progress_bar_config(disable=True)
def draw(seed):
    started = time.perf_counter()
    generator = torch.Generator("cpu").manual_seed(seed)
    image = pipeline(prompt=PROMPT, num_inference_steps=steps, guidance_scale=guidance, width=size, height=size, generator=generator).images[0]
    image.save(out)
    return time.perf_counter() - started
times = [draw(seed) for seed in range(runs)]
print(json.dumps({"times": times, "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
""".replace("PROMPT", repr(PROMPT))


def run_measured(command, environment=None):
    """Runs a process to its end; returns (seconds, peak resident MiB, standard output)."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command[0]} failed with status {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024, output.decode()


class Service:
    """The running service in an empty data folder, driven over its web chat."""

    def __init__(self, ekaki, model):
        self.folder = tempfile.TemporaryDirectory()
        self.commands = 0
        environment = dict(os.environ)
        environment.update(
            EKAKI__DATA__DIR=self.folder.name,
            EKAKI__WEB__BIND="127.0.0.1:0",
            EKAKI__INFERENCE__MODEL=str(model),
        )
        self.process = subprocess.Popen([ekaki], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        line = self.process.stdout.readline().decode()
        self.address = re.search(r"http://\S+", line).group(0).rstrip("/")
        first = urllib.request.urlopen(self.address + "/")
        self.cookie = first.headers["Set-Cookie"].split(";")[0]
        self.events = urllib.request.urlopen(self._request("/api/events"))

    def _request(self, path, body=None):
        headers = {"Cookie": self.cookie, "Origin": self.address}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return urllib.request.Request(self.address + path, data=body, headers=headers)

    def draw(self, command):
        """Sends one command; seconds until the event that says the picture is done."""
        self.commands += 1
        key = f"bench-{self.commands}"
        body = json.dumps({"text": command, "key": key}).encode()
        started = time.perf_counter()
        urllib.request.urlopen(self._request("/api/commands", body)).read()
        for line in self.events:
            if not line.startswith(b"data:"):
                continue
            message = json.loads(line[len(b"data:"):])
            if isinstance(message, dict) and message.get("id") == key and message["state"] == "done":
                return time.perf_counter() - started
        sys.exit("the service closed its events")

    def peak_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def summary(values, unit):
    """The median, and in brackets the smallest and the largest."""
    return f"{statistics.median(values):.3g} ({min(values):.3g}–{max(values):.3g}) {unit}"


def table(rows):
    print("| measurement, median (min–max) | Ekaki | optimum | ratio of medians |")
    print("|---|---|---|---|")
    for name, ours, theirs, unit in rows:
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(f"| {name} | {summary(ours, unit)} | {summary(theirs, unit)} | {ratio:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ekaki", default="target/release/ekaki")
    parser.add_argument("--model", default="onnx/avatar", type=Path)
    parser.add_argument("--runs", default=7, type=int)
    arguments = parser.parse_args()
    model = arguments.model.resolve()
    settings = json.loads((model / "ekaki.json").read_text())
    steps, guidance, size = settings["num_inference_steps"], settings["guidance_scale"], settings["width"]

    scratch = tempfile.TemporaryDirectory()
    picture = str(Path(scratch.name) / "picture.png")
    options = ["--steps", str(steps), "--guidance", str(guidance), "--width", str(size), "--height", str(size)]
    ours_cold = [arguments.ekaki, "draw", PROMPT, "--model", str(model), "--seed", "0", *options, "-o", picture, "--json"]
    peer = [sys.executable, "-c", PEER, str(model), picture, str(steps), str(guidance), str(size)]

    cold, warm = [], []
    for _ in range(arguments.runs):
        cold.append((run_measured(ours_cold), run_measured([*peer, "1"])))
    service = Service(arguments.ekaki, model)
    service.draw(f"/draw {PROMPT} --seed 999")
    for run in range(arguments.runs):
        ours = service.draw(f"/draw {PROMPT} --seed {run} --steps {steps} --guidance {guidance} --size {size}x{size}")
        _, peak, output = run_measured([*peer, "4"])
        warm.append((ours, statistics.median(json.loads(output.splitlines()[-1])["times"][1:]), peak))
    service_peak = service.peak_mib()
    service.close()

    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}, "
          f"{size}×{size}, {steps} steps, guidance {guidance}, medians of {arguments.runs} runs\n")
    table([
        ("cold process, wall time", [c[0][0] for c in cold], [c[1][0] for c in cold], "s"),
        ("cold process, peak memory", [c[0][1] for c in cold], [c[1][1] for c in cold], "MiB"),
        ("warm, one picture", [w[0] for w in warm], [w[1] for w in warm], "s"),
        ("warm, peak memory", [service_peak], [w[2] for w in warm], "MiB"),
    ])


if __name__ == "__main__":
    main()
