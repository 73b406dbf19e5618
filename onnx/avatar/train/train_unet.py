"""Trains the UNet on cached latents with fresh captions: v-prediction, empty prompt dropout, moving average."""

import random

import torch
import torch.nn.functional as functional
from diffusers.models.attention_processor import AttnProcessor

import dataset
import models
import tokenizer as tokenizers
import training
from captions import caption

BATCH = 24  # Per worker.
PEAK_RATE = 1e-3
EMPTY_PROBABILITY = 0.1
DECAY = 0.998
SAVE_EVERY = 250


class Schedule:
    """The forward process of the scheduler that is exported, as plain tensors."""

    def __init__(self):
        self.alphas = models.build_scheduler().alphas_cumprod.float()

    def noisy(self, latents, noise, timesteps):
        """The noisy latents and the velocity that the UNet must predict."""
        alpha = self.alphas[timesteps].view(-1, 1, 1, 1)
        signal, sigma = alpha.sqrt(), (1 - alpha).sqrt()
        return signal * latents + sigma * noise, signal * noise - sigma * latents


def stratified_timesteps(size, total):
    """One timestep from each of `size` equal parts of the schedule: uniform, with less variance than independent."""
    return ((torch.arange(size) + torch.rand(size)) * total / size).long().clamp(max=total - 1)


def load_text_encoder(work, tokenizer):
    encoder = models.build_text_encoder(tokenizer)
    encoder.load_state_dict(torch.load(work / "text_encoder.pt")["model"])
    return encoder.eval().requires_grad_(False)


def main():
    options = training.arguments(__doc__, 6100)
    torch.manual_seed(0)
    tokenizer = tokenizers.load(options.work_dir / "tokenizer")
    encoder = load_text_encoder(options.work_dir, tokenizer)
    latents = torch.load(options.work_dir / "latents.pt")["latents"]
    labels = dataset.labels(options.work_dir / "data")
    unet, schedule = models.build_unet(), Schedule()
    # On short sequences the plain processor is several times faster than the fused attention, on a CPU.
    unet.set_attn_processor(AttnProcessor())
    optimiser = torch.optim.AdamW(unet.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    average = training.Average(unet, DECAY)
    path, first = options.work_dir / "unet.pt", 0
    if checkpoint := training.resume(path):
        unet.load_state_dict(checkpoint["model"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        average.values, average.steps, first = checkpoint["ema"], checkpoint["step"], checkpoint["step"]
    torch.manual_seed(1000 * training.RANK + first)
    rng, log = random.Random(f"unet {first} {training.RANK}"), training.Log()

    def keep(step):
        training.save(path, model=unet.state_dict(), ema=average.values, optimiser=optimiser.state_dict(), step=step)

    for step in range(first, options.steps):
        for group in optimiser.param_groups:
            group["lr"] = training.warmup_cosine(step, options.steps, PEAK_RATE)
        chosen = torch.randint(len(latents), (BATCH,))
        texts = ["" if rng.random() < EMPTY_PROBABILITY else caption(rng, **labels[index])[0] for index in chosen]
        clean = latents[chosen].float()
        timesteps = stratified_timesteps(BATCH, models.SCHEDULER["num_train_timesteps"])
        noisy, velocity = schedule.noisy(clean, torch.randn_like(clean), timesteps)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            with torch.no_grad():
                states = encoder(input_ids=tokenizers.encode(tokenizer, texts)).last_hidden_state
            output = unet(noisy, timesteps.float(), states, return_dict=False)[0]
        loss = functional.mse_loss(output.float(), velocity)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        training.average_gradients(unet.parameters())
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimiser.step()
        average.update(unet)
        log.add(step, loss=loss)
        if (step + 1) % SAVE_EVERY == 0:
            keep(step + 1)
    keep(max(first, options.steps))


if __name__ == "__main__":
    main()
