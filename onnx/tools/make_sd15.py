"""Writes Stable Diffusion 1.5 at its true size, with random weights, as diffusers and as optimum keep it.

What a network costs does not depend on what it has learnt, so speed and memory can be measured without the weights.
`OUT/torch` is diffusers' folder and `OUT/onnx` is what optimum's exporter makes of it: 4.3 GB each. It takes about ten
minutes and 10 GB of memory. A part that is already there is kept.

    pip install -r onnx/tools/requirements.txt
    python3 onnx/tools/make_sd15.py OUT
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from optimum.exporters.onnx import main_export
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer
from transformers.models.clip.tokenization_clip import bytes_to_unicode

VOCABULARY = 49408
BEGIN, END = "<|startoftext|>", "<|endoftext|>"


def tokenizer():
    """As large as CLIP's, but its merges are any two bytes: every text has ids, and about as many as with CLIP's."""
    letters = list(bytes_to_unicode().values())
    base = letters + [letter + "</w>" for letter in letters]
    room = VOCABULARY - len(base) - 2
    merges = [(first, second) for first in letters for second in base][:room]
    tokens = base + ["".join(pair) for pair in merges] + [BEGIN, END]
    with tempfile.TemporaryDirectory() as folder:
        vocab, rules = Path(folder) / "vocab.json", Path(folder) / "merges.txt"
        vocab.write_text(json.dumps({token: index for index, token in enumerate(tokens)}), encoding="utf-8")
        rules.write_text("\n".join(["#version: 0.2", *map(" ".join, merges)]) + "\n", encoding="utf-8")
        return CLIPTokenizer(str(vocab), str(rules), pad_token=END, model_max_length=77)


def text_encoder():
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=VOCABULARY,
            hidden_size=768,
            intermediate_size=3072,
            num_hidden_layers=12,
            num_attention_heads=12,
            projection_dim=768,
            bos_token_id=VOCABULARY - 2,
            eos_token_id=VOCABULARY - 1,
            pad_token_id=1,
        )
    )


def unet():
    return UNet2DConditionModel(
        sample_size=64,
        in_channels=4,
        out_channels=4,
        block_out_channels=(320, 640, 1280, 1280),
        layers_per_block=2,
        attention_head_dim=8,
        cross_attention_dim=768,
    )


def vae():
    return AutoencoderKL(
        sample_size=512,
        latent_channels=4,
        block_out_channels=(128, 256, 512, 512),
        layers_per_block=2,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        scaling_factor=0.18215,
    )


def scheduler():
    return PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def pipeline():
    return StableDiffusionPipeline(
        vae=vae(),
        text_encoder=text_encoder(),
        tokenizer=tokenizer(),
        unet=unet(),
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def whole(folder, write):
    """Has `write` fill the folder, unless it did before."""
    if folder.is_dir():
        print(f"{folder} is there already")
        return
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    write(part)
    part.rename(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    whole(out / "torch", lambda folder: pipeline().save_pretrained(folder))
    whole(
        out / "onnx",
        lambda folder: main_export(
            str(out / "torch"), folder, task="text-to-image", library_name="diffusers", do_validation=False
        ),
    )


if __name__ == "__main__":
    main()
