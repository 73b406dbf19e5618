"""Draws 64 pictures of varied prompts into one PNG, for people to look at."""

import argparse
import random
from pathlib import Path

import numpy as np
from PIL import Image

from attributes import CHARACTERS, random_attributes
from captions import evaluation_caption
from pipeline import Pipeline

COLUMNS, ROWS = 8, 8
MAXIMUM_BYTES = 400 * 1024


def prompts(seed=3):
    """Two rows of Hitori and the other characters by name alone, then held-out captions in both languages."""
    texts = ["後藤ひとり", "gotoh hitori, happy, blue sky", "後藤ひとり、泣き顔、ステージ", "bocchi, wink, cherry blossoms",
             "ぼっちちゃん 驚き 夕焼け", "gotoh hitori, angry, night", "後藤ひとり 猫耳 白背景", "後藤ひとり 草原 微笑み"]
    for entry in CHARACTERS.values():
        texts.append(entry["ja"][0])
    rng = random.Random(seed)
    while len(texts) < COLUMNS * ROWS:
        language = "en" if len(texts) % 2 else "ja"
        texts.append(evaluation_caption(rng, random_attributes(rng, held_out=True), language))
    return texts


def save(path: Path, image):
    """Shrinks the sheet until the file is small enough for a repository."""
    for cell in (128, 120, 112, 104, 96, 88, 80):
        small = image.resize((COLUMNS * cell, ROWS * cell), Image.Resampling.LANCZOS)
        small.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MAXIMUM_BYTES:
            return


def main():
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=here.parent)
    parser.add_argument("--out", type=Path, default=here.parent / "sheet.png")
    options = parser.parse_args()
    texts = prompts()
    pictures = Pipeline(options.model).draw(texts, list(range(len(texts))))
    rows = [np.concatenate(pictures[row * COLUMNS:(row + 1) * COLUMNS], axis=1) for row in range(ROWS)]
    save(options.out, Image.fromarray(np.concatenate(rows)))


if __name__ == "__main__":
    main()
