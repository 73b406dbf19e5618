"""Trains the byte-level BPE tokenizer on generated captions."""

import argparse
import random
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from attributes import training_example
from captions import caption
from models import MAX_TOKENS

BOS, EOS = "<|startoftext|>", "<|endoftext|>"
VOCABULARY = 2000
CAPTIONS = 30_000
SCRIPT_RUN = r"\p{Han}+|\p{Hiragana}+|[\p{Katakana}ー]+"


def train(folder: Path, seed=1):
    """Writes tokenizer.json and the two configuration files that transformers expects beside it."""
    rng = random.Random(seed)
    corpus = (caption(rng, *training_example(rng))[0] for _ in range(CAPTIONS))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    # Japanese has no spaces. Cutting at every change of script keeps a merge from running across words, so that a
    # word has the same tokens whatever stands beside it.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SCRIPT_RUN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[BOS, EOS], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    ))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A {EOS}", pair=f"{BOS} $A {EOS} $B:1 {EOS}:1",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in (BOS, EOS)],
    )
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=MAX_TOKENS,
        bos_token=BOS, eos_token=EOS, pad_token=EOS, unk_token=EOS,
    )
    wrapped.save_pretrained(folder)
    return wrapped


def load(folder: Path):
    return PreTrainedTokenizerFast.from_pretrained(folder)


def encode(tokenizer, texts):
    """Token ids, padded with end-of-text to 77 as Stable Diffusion does."""
    return tokenizer(texts, padding="max_length", truncation=True, max_length=MAX_TOKENS, return_tensors="pt").input_ids


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, default=Path(__file__).parent / "work")
    arguments = parser.parse_args()
    tokenizer = train(arguments.work_dir / "tokenizer")
    print(f"{len(tokenizer)} entries")


if __name__ == "__main__":
    main()
