"""Teaches the text encoder to read captions: every attribute, or "not mentioned", from any position after the text.

The UNet sees all 77 positions, most of which are padding after the end of the text. Training the classifier on those
positions puts a plain, linearly readable summary of the caption there, which the cross-attention finds at once.
The encoder is frozen afterwards.
"""

import random

import torch
import torch.nn.functional as functional

import models
import tokenizer as tokenizers
import training
from attributes import NAMES, VALUES, training_example
from captions import caption

BATCH = 64  # Per worker.
PEAK_RATE = 1e-3
READ_POSITIONS = 4
# With too few of these an encoder sees attributes in "dragon" or in an empty prompt.
NOTHING_PROBABILITY = 0.03


class Heads(torch.nn.Module):
    """One linear classifier per attribute; class 0 is "not mentioned"."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleDict({
            name: torch.nn.Linear(models.TEXT_WIDTH, 1 + len(VALUES[name])) for name in NAMES})

    def forward(self, states):
        return {name: layer(states) for name, layer in self.layers.items()}


def batch(rng: random.Random, tokenizer, size):
    """Captions of the training distribution, cut to the longest of them plus a few positions of padding."""
    texts, targets = [], []
    for _ in range(size):
        attributes, character = training_example(rng)
        nothing = rng.random() < NOTHING_PROBABILITY
        text, known = caption(rng, attributes, None if nothing else character, mentioned=set() if nothing else None)
        if nothing and rng.random() < 0.5:
            text = ""
        texts.append(text)
        targets.append([1 + VALUES[name].index(attributes[name]) if name in known else 0 for name in NAMES])
    ids = tokenizers.encode(tokenizer, texts)
    ends = (ids == tokenizer.eos_token_id).int().argmax(dim=1)
    return ids, ends, torch.tensor(targets)


def read(encoder, heads, ids, ends, positions):
    """Logits at the given offsets behind the end of the text (limited to the last position)."""
    states = encoder(input_ids=ids).last_hidden_state
    where = (ends[:, None] + positions).clamp(max=ids.shape[1] - 1)
    return heads(torch.gather(states, 1, where[..., None].expand(-1, -1, states.shape[-1])))


def main():
    options = training.arguments(__doc__, 1600)
    torch.manual_seed(0)
    tokenizer = tokenizers.load(options.work_dir / "tokenizer")
    encoder, heads = models.build_text_encoder(tokenizer), Heads()
    parameters = [*encoder.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    path, first = options.work_dir / "text_encoder.pt", 0
    if checkpoint := training.resume(path):
        encoder.load_state_dict(checkpoint["model"])
        heads.load_state_dict(checkpoint["heads"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        first = checkpoint["step"]
    torch.manual_seed(1000 * training.RANK + first)
    rng, log = random.Random(f"text {first} {training.RANK}"), training.Log()

    def keep(step):
        training.save(path, model=encoder.state_dict(), heads=heads.state_dict(), optimiser=optimiser.state_dict(),
                      step=step)

    for step in range(first, options.steps):
        for group in optimiser.param_groups:
            group["lr"] = training.warmup_cosine(step, options.steps, PEAK_RATE)
        ids, ends, targets = batch(rng, tokenizer, BATCH)
        # Causal attention: what follows the longest position that is read cannot matter, so most steps skip it.
        span = models.MAX_TOKENS if step % 4 == 0 else min(models.MAX_TOKENS, int(ends.max()) + 8)
        positions = torch.cat([torch.zeros(BATCH, 1, dtype=torch.long),
                               torch.randint(1, span, (BATCH, READ_POSITIONS - 1))], dim=1)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = read(encoder, heads, ids[:, :span], ends, positions)
        loss, right = 0.0, torch.ones(BATCH, READ_POSITIONS, dtype=torch.bool)
        for index, name in enumerate(NAMES):
            target = targets[:, index, None].expand(-1, READ_POSITIONS)
            loss = loss + functional.cross_entropy(logits[name].float().flatten(0, 1), target.flatten())
            right &= logits[name].argmax(dim=-1) == target
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        training.average_gradients(parameters)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        log.add(step, loss=loss, all_right=right.float().mean())
        if (step + 1) % 200 == 0:
            keep(step + 1)
    keep(max(first, options.steps))


if __name__ == "__main__":
    main()
