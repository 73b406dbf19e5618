"""Teaches a finished text encoder new ways to say what it knows, without training the UNet again.

Run it after `captions.py` has learnt new phrases. The encoder as it was is the teacher: for a caption with new phrases
the student has to put behind the end of the text what the teacher puts there for a familiar caption of the same
attributes, and for familiar captions nothing may change. The UNet, which reads mostly those positions, cannot tell.
"""

import random

import torch
import torch.nn.functional as functional

import models
import tokenizer as tokenizers
import training
from attributes import training_example
from captions import caption, choose_mentioned

BATCH = 64  # Per worker.
FAMILIAR = 24  # Of these, captions that must not change.
PEAK_RATE = 4e-4
PADDING = 12  # How many positions behind the longest caption are compared.


def batch(rng: random.Random, tokenizer):
    """Token ids of new captions, and of familiar ones of the same attributes in the same language."""
    new, familiar = [], []
    for index in range(BATCH):
        attributes, character = training_example(rng)
        mentioned, language = choose_mentioned(rng, attributes, character), rng.choice(["en", "ja"])
        say = [caption(rng, attributes, character, language, mentioned, compounds)[0] for compounds in (True, False)]
        new.append(say[1] if index < FAMILIAR else say[0])
        familiar.append(say[1])
    return tokenizers.encode(tokenizer, new), tokenizers.encode(tokenizer, familiar)


def ends(new, familiar, end_of_text):
    """For each pair the position where the longer of its texts has ended."""
    first = [(ids == end_of_text).int().argmax(dim=1) for ids in (new, familiar)]
    return torch.maximum(*first)


def compared(last, span):
    """Which positions must agree: all of a familiar caption, else those behind the end of both texts."""
    mask = torch.arange(span) >= last[:, None]
    mask[:FAMILIAR] = True
    return mask


def main():
    options = training.arguments(__doc__, 800)
    tokenizer = tokenizers.load(options.work_dir / "tokenizer")
    path, base = options.work_dir / "text_encoder.pt", options.work_dir / "text_encoder_base.pt"
    checkpoint = torch.load(path)
    if not base.exists():
        training.save(base, **checkpoint)
    teacher, student = models.build_text_encoder(tokenizer), models.build_text_encoder(tokenizer)
    teacher.load_state_dict(checkpoint["model"])
    student.load_state_dict(checkpoint["model"])
    teacher.eval().requires_grad_(False)
    optimiser = torch.optim.AdamW(student.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    rng, log = random.Random(f"extend {training.RANK}"), training.Log()
    for step in range(options.steps):
        for group in optimiser.param_groups:
            group["lr"] = training.warmup_cosine(step, options.steps, PEAK_RATE, warmup=50)
        new, familiar = batch(rng, tokenizer)
        last = ends(new, familiar, tokenizer.eos_token_id)
        # Causal attention: the positions that are cut off cannot change the others. Now and then all are compared.
        span = models.MAX_TOKENS if step % 4 == 0 else min(models.MAX_TOKENS, int(last.max()) + PADDING)
        mask = compared(last, span)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            want = teacher(input_ids=familiar[:, :span]).last_hidden_state
            have = student(input_ids=new[:, :span]).last_hidden_state
        loss = functional.mse_loss(have.float()[mask], want.float()[mask])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        training.average_gradients(list(student.parameters()))
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        log.add(step, loss=loss)
    training.save(path, model=student.state_dict(), heads=checkpoint["heads"], optimiser=checkpoint["optimiser"],
                  step=checkpoint["step"])


if __name__ == "__main__":
    main()
