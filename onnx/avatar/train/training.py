"""What the training stages share: workers, checkpoints, the learning-rate schedule, the moving average, logging.

A stage is started by `torchrun`, one single-threaded worker per core, and the workers average their gradients once per
step. On small networks that is several times faster than one process with as many threads, which meet at a barrier in
every operator, above all when the machine has other work.
"""

import argparse
import math
import os
import time
from pathlib import Path

import torch
from torch import distributed

WORKERS = int(os.environ.get("WORLD_SIZE", 1))
RANK = int(os.environ.get("RANK", 0))


def arguments(description, steps):
    """The options of every training stage."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--work-dir", type=Path, default=Path(__file__).parent / "work")
    parser.add_argument("--steps", type=int, default=steps)
    parsed = parser.parse_args()
    if WORKERS > 1:
        distributed.init_process_group("gloo")
    return parsed


def average_gradients(parameters):
    """The mean of the gradients of all workers, in one transfer."""
    if WORKERS == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= WORKERS
    for gradient, part in zip(gradients, flat.split([gradient.numel() for gradient in gradients])):
        gradient.copy_(part.view_as(gradient))


def warmup_cosine(step, steps, peak, warmup=200, floor=0.02):
    """Linear warm-up, then a cosine down to a small fraction of the peak."""
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1.0, (step - warmup) / max(1, steps - warmup))
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress)))


def save(path: Path, **state):
    """Writes a checkpoint and renames it, so that an interrupted run leaves the previous one. The first worker does."""
    if RANK != 0:
        return
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def resume(path: Path):
    """The newest checkpoint, or None."""
    return torch.load(path, weights_only=False) if path.exists() else None


class Average:
    """Exponential moving average of the weights. Early on it follows faster, so that it is useful at any time."""

    def __init__(self, model, decay=0.999):
        self.decay, self.steps = decay, 0
        self.values = {key: value.detach().clone() for key, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model):
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        source = model.state_dict()
        torch._foreach_lerp_(list(self.values.values()), [source[key] for key in self.values], 1 - decay)


class Log:
    """Prints, on the first worker, the mean of what was recorded since the last line, and the time a step took."""

    def __init__(self, every=50):
        self.every, self.sums, self.count, self.start = every, {}, 0, time.time()

    def add(self, step, **numbers):
        for key, value in numbers.items():
            self.sums[key] = self.sums.get(key, 0.0) + float(value.detach() if torch.is_tensor(value) else value)
        self.count += 1
        if RANK != 0 or self.count < self.every:
            return
        means = "  ".join(f"{key} {value / self.count:.4f}" for key, value in self.sums.items())
        print(f"step {step + 1}  {means}  {(time.time() - self.start) / self.count:.3f} s/step", flush=True)
        self.sums, self.count, self.start = {}, 0, time.time()
