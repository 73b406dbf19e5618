"""Trains the autoencoder on the rendered pictures: L1, L1 of the gradients, coarse squared error, a small KL term.

Most steps see small crops: a step costs a quarter, and early on the number of steps counts for more than their size. The
last ones see whole pictures, as the group normalisation depends on what is in the frame.
"""

import numpy as np
import torch
import torch.nn.functional as functional

import dataset
import models
import training

PICTURES = 12_000
CROP, CROP_BATCH, WHOLE_BATCH = 64, 4, 2  # Batches are per worker.
WHOLE_FRACTION = 0.15
PEAK_RATE = 1.5e-3
GRADIENT_WEIGHT = 0.3
KL_WEIGHT = 1e-4
# Coarse scales teach the colours through the whole depth of the network within the first few hundred steps.
COARSE_SCALES, COARSE_WEIGHT = (2, 8), 1.5
LOGVAR_RANGE = (-12.0, 4.0)


def gradient_loss(first, second):
    """Keeps outlines crisp: plain L1 prefers to blur a line that it misplaces by a pixel."""
    total = 0.0
    for axis in (2, 3):
        total = total + functional.l1_loss(torch.diff(first, dim=axis), torch.diff(second, dim=axis))
    return total


def coarse_loss(first, second):
    """Squared error of block means: unlike L1 it pulls hardest where a colour is far off."""
    return sum(functional.mse_loss(functional.avg_pool2d(first, scale), functional.avg_pool2d(second, scale))
               for scale in COARSE_SCALES)


def reconstruct(vae, pictures):
    """The decoded sample and the divergence of its latents from the normal distribution, per latent value."""
    mean, logvar = vae.quant_conv(vae.encoder(pictures)).float().chunk(2, dim=1)
    logvar = logvar.clamp(*LOGVAR_RANGE)
    latents = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
    output = vae.decoder(vae.post_quant_conv(latents)).float()
    return output, 0.5 * (mean**2 + logvar.exp() - 1 - logvar).mean()


def sample(pictures, random, whole):
    """A batch of whole pictures, or of crops at any position."""
    chosen = pictures[random.integers(len(pictures), size=WHOLE_BATCH if whole else CROP_BATCH)]
    if not whole:
        limit = pictures.shape[1] - CROP + 1
        corners = random.integers(limit, size=(len(chosen), 2))
        chosen = np.stack([picture[top:top + CROP, left:left + CROP]
                           for picture, (top, left) in zip(chosen, corners)])
    return torch.from_numpy(chosen).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1


def main():
    options = training.arguments(__doc__, 5600)
    torch.manual_seed(0)
    pictures = np.array(dataset.pictures(options.work_dir / "data")[:PICTURES])
    vae = models.build_vae()
    optimiser = torch.optim.AdamW(vae.parameters(), lr=PEAK_RATE, betas=(0.9, 0.99), weight_decay=1e-4)
    path, first = options.work_dir / "vae.pt", 0
    if checkpoint := training.resume(path):
        vae.load_state_dict(checkpoint["model"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        first = checkpoint["step"]
    random, log = np.random.default_rng((first, training.RANK)), training.Log(100)

    def keep(step):
        training.save(path, model=vae.state_dict(), optimiser=optimiser.state_dict(), step=step)

    for step in range(first, options.steps):
        for group in optimiser.param_groups:
            group["lr"] = training.warmup_cosine(step, options.steps, PEAK_RATE, warmup=100)
        target = sample(pictures, random, whole=step >= (1 - WHOLE_FRACTION) * options.steps)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output, divergence = reconstruct(vae, target)
        l1, gradient = functional.l1_loss(output, target), gradient_loss(output, target)
        loss = l1 + GRADIENT_WEIGHT * gradient + COARSE_WEIGHT * coarse_loss(output, target) + KL_WEIGHT * divergence
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        training.average_gradients(vae.parameters())
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimiser.step()
        log.add(step, l1=l1, gradient=gradient, kl=divergence)
        if (step + 1) % 200 == 0:
            keep(step + 1)
    keep(max(first, options.steps))


if __name__ == "__main__":
    main()
