"""Renders the training set once: pictures as a memory-mapped array, attributes as JSON lines."""

import argparse
import json
import random
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

from attributes import training_example
from renderer import IMAGE_SIZE, random_pose, render

PICTURES = 32_000
CHUNK = 500


def _chunk(seed):
    rng = random.Random(seed)
    pictures = np.empty((CHUNK, IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    labels = []
    for index in range(CHUNK):
        attributes, character = training_example(rng)
        pictures[index] = render(attributes, random_pose(rng))
        labels.append({"attributes": attributes, "character": character})
    return pictures, labels


def build(folder: Path):
    """Writes pictures.npy and labels.jsonl. The seed of a chunk is its number, so the set is always the same."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "pictures.part.npy"
    array = np.lib.format.open_memmap(part, "w+", np.uint8, (PICTURES, IMAGE_SIZE, IMAGE_SIZE, 3))
    with ProcessPoolExecutor() as pool, open(folder / "labels.jsonl", "w", encoding="utf-8") as lines:
        for chunk, (pictures, labels) in enumerate(pool.map(_chunk, range(PICTURES // CHUNK))):
            array[chunk * CHUNK:(chunk + 1) * CHUNK] = pictures
            lines.writelines(json.dumps(label) + "\n" for label in labels)
    array.flush()
    part.rename(folder / "pictures.npy")


def pictures(folder: Path):
    return np.load(folder / "pictures.npy", mmap_mode="r")[:PICTURES]


def labels(folder: Path):
    with open(folder / "labels.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in islice(lines, PICTURES)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, default=Path(__file__).parent / "work")
    folder = parser.parse_args().work_dir / "data"
    if (folder / "pictures.npy").exists():
        print("already rendered")
        return
    build(folder)


if __name__ == "__main__":
    main()
