"""Writes `inference/testdata/schedulers/golden.jsonl.gz`: loops of diffusers' schedulers on random configurations.

    pip install -r onnx/tools/requirements.txt
    python onnx/tools/make_scheduler_golden.py

One line has a case with what diffusers made of it. The committed file is the contract; `compare_schedulers.py` draws
fresh cases.
"""

import gzip
import itertools
import json
from pathlib import Path

import numpy as np
import scheduler_reference

GOLDEN = Path(__file__).resolve().parents[2] / "inference" / "testdata" / "schedulers" / "golden.jsonl.gz"
COUNT = 640
SEED = 20261122


def shortest(value):
    """Numbers in single precision with as few digits as tell them apart."""
    if isinstance(value, dict):
        return {key: shortest(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shortest(part) for part in value]
    return float(str(np.float32(value))) if isinstance(value, float) else value


def main():
    scheduler_reference.round_elementary_functions_once()
    pairs = itertools.islice(scheduler_reference.cases(SEED), COUNT)
    lines = [json.dumps({**case, "expected": shortest(expected)}, separators=(",", ":")) for case, expected in pairs]
    text = "".join(line + "\n" for line in lines).encode()
    GOLDEN.write_bytes(gzip.compress(text, 9, mtime=0))


if __name__ == "__main__":
    main()
