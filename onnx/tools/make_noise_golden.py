"""Writes the golden vectors in `inference/testdata/noise/` that the Rust library is tested against.

The references are torch and numpy. `slerp.json` comes from the formula that A1111's `modules/rng.py` publishes, in
torch. torch's numbers for CUDA need a GPU; those in the tests say where they are from.

    pip install -r onnx/tools/requirements.txt
    python3 onnx/tools/make_noise_golden.py
"""

import json
from pathlib import Path

import numpy as np
import torch

NOISE = Path(__file__).resolve().parents[2] / "inference" / "testdata" / "noise"

SEEDS = [0, 1, 2, 42, 1234, 20231115, 2**31 - 1, 2**31]
SEEDS += [2**32 - 1, 2**32, 2**32 + 1, 2**40 + 7, 2**63 - 1, 2**64 - 1]
SHAPES = [[1, 1, 1, 1], [1, 1, 1, 5], [1, 1, 3, 5], [1, 1, 4, 4], [1, 1, 1, 17], [1, 4, 2, 3], [1, 1, 5, 7]]
SHAPES += [[1, 4, 16, 16], [1, 4, 16, 24], [1, 4, 64, 64]]
WHOLE = 40
STRIDE = 1021


def write(path, value):
    """Writes an object of lists as JSON, with one line for each element, so that changes can be read."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def compact(part):
        return json.dumps(part, ensure_ascii=False, separators=(",", ":"))

    lines = [f"{compact(key)}:[\n" + ",\n".join(map(compact, part)) + "\n]" for key, part in value.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def digits(values):
    """Numbers with as few digits as tell them apart in their own precision."""
    return [float(str(value)) for value in np.asarray(values).ravel()]


def draw(generator, shape, dtype):
    """One draw: every value of a small tensor; of a large one every 1021st, the last 16 and the sum of magnitudes."""
    values = torch.randn(shape, generator=generator, dtype=dtype)
    flat = values.flatten()
    if len(flat) <= WHOLE:
        return {"shape": shape, "values": digits(flat)}
    total = float(flat.double().abs().sum())
    return {"shape": shape, "every_1021st": digits(flat[::STRIDE]), "last": digits(flat[-16:]), "sum": total}


def uniform_words(seed):
    """The first words of the generator and those around its second refill.

    torch does not show them, so they are numpy's, which seeds alike; torch's `random_` confirms 63 bits of each pair.
    """
    engine = np.random.MT19937()
    engine._legacy_seeding(seed & 0xFFFFFFFF)
    words = engine.random_raw(1300)
    generator = torch.Generator("cpu").manual_seed(seed)
    pairs = torch.empty(650, dtype=torch.int64).random_(generator=generator)
    assert ((words[0::2] & 0x7FFFFFFF) << 32 | words[1::2] == pairs.numpy().astype(np.uint64)).all()
    return {"seed": str(seed), "first": words[:4].tolist(), "from_1246": words[1246:1250].tolist()}


def cpu_cases(dtype):
    """Five draws from one generator for every seed twice, so that every shape follows every other."""
    cases = []
    for index, seed in enumerate(SEEDS * 2):
        generator = torch.Generator("cpu").manual_seed(seed)
        first = SHAPES[(3 * index) % len(SHAPES)]
        second = SHAPES[(3 * index + 1 + index // len(SEEDS)) % len(SHAPES)]
        shapes = [first, second, [1, 1, 1, 1], [1, 1, 1, 2], [1, 4, 2, 3]]
        cases.append({"seed": str(seed), "draws": [draw(generator, shape, dtype) for shape in shapes]})
    return cases


def mixture(strength, low, high):
    """A1111's interpolation of `[channels, height, width]`: every column turns by its own angle."""
    directions = [tensor / tensor.norm(dim=1, keepdim=True) for tensor in (low, high)]
    cosine = torch.linalg.vecdot(*directions, dim=1)
    if cosine.mean() > 0.9995:
        return low * strength + high * (1 - strength)
    angle = cosine.arccos()
    weights = [torch.sin(part * angle) / torch.sin(angle) for part in (1 - strength, strength)]
    return weights[0][:, None] * low + weights[1][:, None] * high


def slerp_cases():
    cases = []
    for index, strength in enumerate([0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.95, 1.0, 0.3, 0.7]):
        generator = torch.Generator("cpu").manual_seed(index)
        low, high = (torch.randn([4, 3, 5], generator=generator) for _ in range(2))
        if index >= 8:
            high = low + high * 0.001
        mixed = mixture(strength, low, high)
        tensors = {"low": low, "high": high, "mixed": mixed}
        cases.append({"strength": strength, **{name: digits(tensor) for name, tensor in tensors.items()}})
    return cases


if __name__ == "__main__":
    write(NOISE / "torch_cpu.json", {"words": [uniform_words(seed) for seed in SEEDS], "cases": cpu_cases(torch.float32)})
    write(NOISE / "torch_cpu_f16.json", {"cases": cpu_cases(torch.float16)})
    write(NOISE / "slerp.json", {"shape": [1, 4, 3, 5], "cases": slerp_cases()})
