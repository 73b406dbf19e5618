"""Compares the schedulers of the Rust library with diffusers' on random configurations.

    python onnx/tools/compare_schedulers.py --count 2000

prints the largest relative error of each class and ends with 1 when one is above 1e-5 (but for one case that is
explained below), or when one side refuses what the other draws. `--seed` repeats a run. `--plain` leaves torch's and numpy's elementary functions as they are; their
last bits are magnified by some configurations, so that the errors are larger and differ from machine to machine.
"""

import argparse
import itertools
import json
import random
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import scheduler_reference

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ["cargo", "run", "--quiet", "--locked", "--package", "inference", "--example", "scheduler_loops"]
TOLERANCE = 1e-5

# diffusers integrates the polynomials of LMS in single precision, the library exactly. Over noise levels from 0.01 to
# 20,000 the integrals cancel, and what is left is the rounding of diffusers.
WIDE_LMS_TOLERANCE = 1e-3


def ours(cases):
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    run = subprocess.run(COMMAND, cwd=ROOT, input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def relative_error(expected, actual):
    """The largest difference, measured by the largest latent of the step or of that before it: a step that leaves
    little of a large sample keeps the rounding of the large one."""
    if len(expected["timesteps"]) != len(actual["timesteps"]):
        return float("inf")
    timesteps = np.abs(np.subtract(expected["timesteps"], actual["timesteps"])).max() / 1000
    sigma = expected["init_noise_sigma"]
    errors = [timesteps, abs(actual["init_noise_sigma"] - sigma) / sigma]
    steps = np.array(expected["steps"])
    scales = np.abs(steps).max(axis=1)
    scales = np.maximum(scales, np.roll(scales, 1))
    scales[0] = np.abs(steps[0]).max()
    errors.extend(np.abs(steps - np.array(actual["steps"], np.float64)).max(axis=1) / scales)
    for key, step_scales in [("originals", scales[1:]), ("known", scales[1:-1])]:
        if key in expected:
            difference = np.abs(np.subtract(expected[key], np.array(actual[key], np.float64)))
            errors.extend(difference / np.maximum(step_scales, np.abs(expected[key])))
    return float(np.max(errors))


def tolerance(case, class_name):
    wide = case["config"].get("beta_schedule") == "squaredcos_cap_v2"
    return WIDE_LMS_TOLERANCE if wide and class_name == "LMSDiscreteScheduler" else TOLERANCE


def compare(case, expected, actual):
    """The error, or infinity where only one side refuses."""
    if "refused" in actual:
        return 0.0 if "refused" in expected or "nan" in expected else float("inf")
    if "refused" in expected or "nan" in expected:
        return float("inf")
    return relative_error(expected, actual)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    if not arguments.plain:
        scheduler_reference.round_elementary_functions_once()
    print(f"seed {arguments.seed}")
    pairs = list(itertools.islice(scheduler_reference.cases(arguments.seed), arguments.count))
    answers = ours([case for case, _ in pairs])
    worst = defaultdict(float)
    counts = defaultdict(lambda: [0, 0])
    failed = 0
    for (case, expected), actual in zip(pairs, answers, strict=True):
        name = case.get("with_scheduler") and scheduler_reference.preset(case["with_scheduler"])[0]
        name = name or case["config"]["_class_name"]
        error = compare(case, expected, actual)
        counts[name]["refused" in actual] += 1
        worst[name] = max(worst[name], error)
        if not error <= tolerance(case, name):
            failed += 1
            verdict = expected.get("refused", "nan" if "nan" in expected else "a loop")
            print(f"{error:.1e} {json.dumps(case)}\n  diffusers: {verdict}; here: {actual.get('refused', 'a loop')}")
    for name, error in sorted(worst.items()):
        loops, refused = counts[name]
        print(f"{name:34} {loops:5} loops, largest error {error:.1e}, {refused} refused by both")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
