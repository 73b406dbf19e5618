"""Draws held-out captions with the exported model and reads every attribute back. Prints and stores the accuracies."""

import argparse
import json
import multiprocessing
import random
import time
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path


from attributes import CHARACTERS, NAMES, random_attributes
from captions import evaluation_caption
from pipeline import Pipeline
from reader import Bank, read

CAPTIONS, SEEDS = 400, 100
BARS = {"hair": 0.95, "background": 0.95, "cloth_colour": 0.90}
DEFAULT_BAR, CHARACTER_BAR = 0.85, 0.95


@lru_cache(maxsize=1)
def bank():
    """Made once, before the reading processes are forked from this one."""
    return Bank()


def _read(picture):
    return read(picture, bank())


def read_all(pictures):
    """Reads pictures on all cores."""
    bank()
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork")) as pool:
        return list(pool.map(_read, pictures, chunksize=8))


def accuracy(wanted, found):
    """Share of right values per attribute. An eye colour counts only where the wanted expression shows it."""
    result = {}
    for name in NAMES:
        pairs = [(want[name], have[name]) for want, have in zip(wanted, found)
                 if not (name == "eyes" and want["expression"] == "happy")]
        result[name] = sum(want == have for want, have in pairs) / len(pairs)
    result["all"] = sum(all(want[name] == have[name] or (name == "eyes" and want["expression"] == "happy")
                            for name in NAMES) for want, have in zip(wanted, found)) / len(wanted)
    return result


def confusions(wanted, found):
    """The most frequent mistakes of each attribute, for whoever improves the model."""
    counts = {}
    for want, have in zip(wanted, found):
        for name in NAMES:
            if want[name] != have[name] and have[name] is not None:
                key = f"{name}: {want[name]} -> {have[name]}"
                counts[key] = counts.get(key, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1])[:16])


def held_out(language, count, seed=11):
    rng = random.Random(f"{seed} {language}")
    wanted = [random_attributes(rng, held_out=True) for _ in range(count)]
    return wanted, [evaluation_caption(rng, attributes, language) for attributes in wanted]


def evaluate_character(pipeline, name, prompt, seeds):
    """Whether everything that the name fixes is right, over many seeds. The eyes may be shut."""
    fixed = CHARACTERS[name]["attributes"]
    found = read_all(pipeline.draw([prompt] * seeds, list(range(seeds))))
    wrong = {}
    right = 0
    for have in found:
        mistakes = [key for key, value in fixed.items() if have[key] not in (value, None)]
        right += not mistakes
        for key in mistakes:
            wrong[key] = wrong.get(key, 0) + 1
    return right / seeds, wrong


def main():
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=here.parent)
    parser.add_argument("--work-dir", type=Path, default=here / "work")
    parser.add_argument("--captions", type=int, default=CAPTIONS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options = parser.parse_args()
    pipeline, report = Pipeline(options.model), {}
    for language in ("en", "ja"):
        wanted, texts = held_out(language, options.captions)
        start = time.time()
        pictures = pipeline.draw(texts, [10_000 + index for index in range(len(texts))])
        drawn = time.time() - start
        found = read_all(pictures)
        report[language] = accuracy(wanted, found)
        print(f"{language}: {len(texts)} held-out captions, {drawn / len(texts):.2f} s a picture")
        for name, share in report[language].items():
            bar = BARS.get(name, DEFAULT_BAR)
            print(f"  {name:13} {share:6.1%}" + ("" if name == "all" else f"  bar {bar:.0%}  {'ok' if share >= bar else 'LOW'}"))
        print(f"  mistakes: {confusions(wanted, found)}", flush=True)
    share, wrong = evaluate_character(pipeline, "hitori", "後藤ひとり", options.seeds)
    report["後藤ひとり"] = share
    print(f"後藤ひとり: {share:.1%} of {options.seeds} seeds right, bar {CHARACTER_BAR:.0%}; wrong {wrong}")
    (options.work_dir / "evaluation.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
