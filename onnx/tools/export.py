"""Exports a Stable Diffusion 1.x or 2.x model to the folder that Ekaki likes best.

    pip install -r onnx/tools/requirements.txt
    python3 onnx/tools/export.py MODEL OUT [--fp16] [--clip-skip 2]

MODEL is a diffusers folder, a name on the Hugging Face hub or a single .safetensors or .ckpt file; inpainting models
with nine channels are welcome. The folder is optimum's with two differences:

- `timestep` is `[batch_size]`, so that pictures at different steps share one call of the UNet;
- the text encoder also has the outputs `hidden_states.0`, … (the embeddings, then every layer) and `clip_skip.1`, …
  (the last layer, the last but one, …, each after the final layer norm), so that any CLIP skip can be asked for.

With --fp16 the text encoder and the UNet have float16 weights, inputs and outputs, except for `timestep`. The
autoencoder stays in float32: those of several models overflow in float16, and it is small.

The networks are exported one after the other, and each is run with onnxruntime at two sizes and compared with torch.
OUT appears when all of them agree. The memory it takes is about three times the UNet's weights.
"""

import argparse
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import diffusers
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.loaders.single_file_utils import infer_diffusers_model_type, load_single_file_checkpoint
from transformers import AutoTokenizer

from networks import NETWORKS, ExportError, export_network, write_json

OPSET = 17
SINGLE_FILES = (".safetensors", ".ckpt")
SINGLE_FILE_TYPES = ("v1", "v2", "inpainting", "inpainting_v2")
# Each of these in the UNet's configuration stands for an input that this family does not have.
UNSUPPORTED = (
    "addition_embed_type",
    "class_embed_type",
    "encoder_hid_dim_type",
    "num_class_embeds",
    "time_cond_proj_dim",
)


@dataclass(frozen=True)
class Options:
    """What there is to choose."""

    name: str
    clip_skip: int | None = None
    fp16: bool = False
    opset: int = OPSET


def check_model(source, index):
    """Refuses what is not built like Stable Diffusion 1 and 2."""
    classes = {key: value[1] for key, value in index.items() if isinstance(value, (list, tuple)) and len(value) == 2}
    expected = {part: model_class.__name__ for _, part, model_class in NETWORKS}
    if any(classes.get(part) != name for part, name in expected.items()) or classes.get("text_encoder_2"):
        raise ExportError(f"{source} is a {index['_class_name']}, not a Stable Diffusion 1.x/2.x model")
    config = UNet2DConditionModel.load_config(source, subfolder="unet")
    if config.get("in_channels", 4) not in (4, 9):
        raise ExportError(f"{source}: its UNet has {config['in_channels']} channels, not 4, or 9 for inpainting")
    for key in UNSUPPORTED:
        if config.get(key) is not None:
            raise ExportError(f"{source}: a UNet with `{key}` is not supported")
    vae = AutoencoderKL.load_config(source, subfolder="vae")
    if vae.get("latent_channels", 4) != 4 or len(vae["block_out_channels"]) != 4:
        raise ExportError(f"{source}: its autoencoder is not one with 4 channels at an eighth of the size")


def export_model(source, out, options):
    """Writes everything. `source` is a diffusers folder or a name on the hub."""
    index = StableDiffusionPipeline.load_config(source)
    check_model(source, index)
    scheduler = getattr(diffusers, index["scheduler"][1]).from_pretrained(source, subfolder="scheduler")
    scheduler.save_pretrained(out / "scheduler")
    tokenizer = AutoTokenizer.from_pretrained(source, subfolder="tokenizer", use_fast=False)
    tokenizer.save_pretrained(out / "tokenizer")
    for network, part, model_class in NETWORKS:

        def load(network=network, part=part, model_class=model_class):
            return network(model_class.from_pretrained(source, subfolder=part).float())

        worst = export_network(load, out / network.__name__, options.fp16, options.opset)
        print(f"{network.__name__}: differs from torch by {worst:.1e}", flush=True)
    config = json.loads((out / "unet" / "config.json").read_text(encoding="utf-8"))
    write_json(out / "ekaki.json", card(config["sample_size"] or 64, options))
    write_json(out / "model_index.json", model_index(config["in_channels"], tokenizer, scheduler))


def card(sample_size, options):
    """What Ekaki reads beside diffusers' files."""
    height, width = sample_size if isinstance(sample_size, list) else (sample_size, sample_size)
    value = {"name": options.name, "width": 8 * width, "height": 8 * height}
    return value if options.clip_skip is None else value | {"clip_skip": options.clip_skip}


def model_index(in_channels, tokenizer, scheduler):
    """As optimum writes it."""
    module = "optimum.onnxruntime.modeling_diffusion"
    return {
        "_class_name": "ORTStableDiffusionInpaintPipeline" if in_channels == 9 else "ORTStableDiffusionPipeline",
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", type(scheduler).__name__],
        "text_encoder": [module, "ORTTextEncoder"],
        "tokenizer": ["transformers", type(tokenizer).__name__],
        "unet": [module, "ORTUnet"],
        "vae_decoder": [module, "ORTVaeDecoder"],
        "vae_encoder": [module, "ORTVaeEncoder"],
    }


def unpack(file, folder, config):
    """Makes a diffusers folder of a checkpoint in Stability's format."""
    if not Path(file).is_file():
        raise ExportError(f"{file} does not exist")
    kind = infer_diffusers_model_type(load_single_file_checkpoint(file))
    if kind not in SINGLE_FILE_TYPES:
        raise ExportError(f"{file} is of the type `{kind}`, not a Stable Diffusion 1.x/2.x model")
    pipeline = StableDiffusionPipeline.from_single_file(file, config=config, safety_checker=None)
    pipeline.save_pretrained(folder)


def export(arguments):
    """Exports to a folder beside OUT, which takes its name in the end."""
    if arguments.out.exists():
        raise ExportError(f"{arguments.out} is there already")
    part = arguments.out.with_name(arguments.out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model, path = arguments.model, Path(arguments.model).resolve()
    is_file = model.endswith(SINGLE_FILES)
    options = Options(path.stem if is_file else path.name, arguments.clip_skip, arguments.fp16, arguments.opset)
    with tempfile.TemporaryDirectory() as unpacked:
        if is_file:
            unpack(model, unpacked, arguments.config)
        export_model(unpacked if is_file else model, part, options)
    part.rename(arguments.out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL", help="folder, name on the hub, or .safetensors or .ckpt file")
    parser.add_argument("out", metavar="OUT", type=Path, help="the folder to write, which must not be there yet")
    parser.add_argument("--fp16", action="store_true", help="half precision for all but the autoencoder")
    parser.add_argument("--clip-skip", type=int, metavar="N", help="the model's default, 2 for most anime models")
    parser.add_argument("--config", help="diffusers folder or name on the hub with the configuration of a single file")
    parser.add_argument("--opset", type=int, default=OPSET)
    try:
        export(parser.parse_args())
    except (ExportError, OSError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
