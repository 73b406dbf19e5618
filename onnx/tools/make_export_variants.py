"""Writes `inference/testdata/exports/`: one tiny model as each exporter in the wild writes it.

The networks are of the real classes with random weights, a few channels wide. `expected.json` lists what diffusers
draws with them in torch, `tensors.json` what it computes on the way; the engine has to agree whichever folder it reads.
The folders of the old exporters, which do not run any more, are traced with the names, types and files that they had.

    pip install -r onnx/tools/requirements.txt
    python3 onnx/tools/make_export_variants.py
"""

import copy
import json
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

# CLIPTokenizer repairs texts with ftfy where that happens to be installed. It is no dependency of diffusers.
sys.modules["ftfy"] = None

import diffusers
import numpy as np
import onnx
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.models.attention_processor import AttnProcessor
from optimum.exporters.onnx import main_export
from PIL import Image
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import export
from networks import Traced, public, write_json

TESTDATA = Path(__file__).resolve().parents[2] / "inference" / "testdata"
EXPORTS = TESTDATA / "exports"
VOCABULARY = TESTDATA / "prompt"

WIDTH = 8
TOKENS = 77
SOURCE, MASK = "source.png", "mask.png"

# --- the model ---------------------------------------------------------------------------------------------------


def tokenizer(pad_token="<|endoftext|>"):
    return CLIPTokenizer(
        str(VOCABULARY / "vocab.json"), str(VOCABULARY / "merges.txt"), pad_token=pad_token, model_max_length=TOKENS
    )


def text_encoder(tokens, **config):
    defaults = {
        "vocab_size": len(tokens),
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "projection_dim": WIDTH,
        "max_position_embeddings": TOKENS,
        "bos_token_id": tokens.bos_token_id,
        "eos_token_id": tokens.eos_token_id,
        "pad_token_id": tokens.pad_token_id,
    }
    return CLIPTextModel(CLIPTextConfig(**defaults | config))


def unet(**config):
    defaults = {
        "sample_size": 8,
        "in_channels": 4,
        "out_channels": 4,
        "block_out_channels": (4, 8),
        "layers_per_block": 1,
        "norm_num_groups": 2,
        "attention_head_dim": 2,
        "cross_attention_dim": WIDTH,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    }
    return UNet2DConditionModel(**defaults | config)


def vae():
    return AutoencoderKL(
        sample_size=64,
        latent_channels=4,
        block_out_channels=(4, 4, 4, 4),
        layers_per_block=1,
        norm_num_groups=2,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        scaling_factor=0.18215,
    )


def scheduler(prediction_type="epsilon"):
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        timestep_spacing="leading",
        steps_offset=1,
        prediction_type=prediction_type,
    )


@torch.no_grad()
def enliven(model, scale):
    """Freshly initialized networks hardly look at their inputs, so that a wrong input would go unseen."""
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1 and "embedding" not in name:
            parameter *= scale
    return model


def pipeline(seed, pad_token="<|endoftext|>", text=None, denoiser=None, prediction_type="epsilon"):
    """The whole model; the seed decides on the weights."""
    torch.manual_seed(seed)
    tokens = tokenizer(pad_token)
    return StableDiffusionPipeline(
        text_encoder=enliven(text_encoder(tokens, **text or {}), 8).eval(),
        unet=enliven(unet(**denoiser or {}), 1.5).eval(),
        vae=enliven(vae(), 1.5).eval(),
        tokenizer=tokens,
        scheduler=scheduler(prediction_type),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def stable_diffusion_1():
    return pipeline(1)


def stable_diffusion_2():
    """As Stable Diffusion 2's parts differ from 1's; its text encoder comes without its last layer."""
    return pipeline(
        2,
        pad_token="!",
        text={"hidden_act": "gelu", "num_hidden_layers": 2},
        denoiser={"use_linear_projection": True, "attention_head_dim": (2, 4)},
        prediction_type="v_prediction",
    )


def inpainting():
    model = pipeline(3, denoiser={"in_channels": 9})
    return StableDiffusionInpaintPipeline(**model.components, requires_safety_checker=False)


# --- the exporters -----------------------------------------------------------------------------------------------


def optimum(model, out, task="text-to-image", dtype="fp32"):
    """optimum's exporter as it is today."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        main_export(folder, out, task=task, library_name="diffusers", dtype=dtype, do_validation=False)


def external(model, out):
    """What optimum writes when a network is larger than 2 GB."""
    optimum(model, out)
    for name in ["unet", "vae_decoder"]:
        outside(out / name / "model.onnx", "model.onnx_data")


def outside(path, location):
    """Moves the weights of a network to a file beside it."""
    network = onnx.load(path)
    onnx.save(network, path, save_as_external_data=True, location=location)


def optimum_old(model, out):
    """optimum before 2024: a list of timesteps, int32 ids, and latents that the encoder has drawn already."""
    batch, pixels = {0: "batch_size"}, {0: "batch_size", 1: "num_channels", 2: "height", 3: "width"}
    tokens = batch | {1: "sequence_length"}
    networks = {
        "text_encoder": (["input_ids"], ["last_hidden_state", "pooler_output"], tokens),
        "unet": (["sample", "timestep", "encoder_hidden_states"], ["out_sample"], pixels),
        "vae_encoder": (["sample"], ["latent_sample"], pixels),
        "vae_decoder": (["latent_sample"], ["sample"], pixels),
    }
    trace = Tracer(model, out, timestep=torch.ones(1, dtype=torch.int64))
    for name, (inputs, outputs, axes) in networks.items():
        every_axis = dict.fromkeys([*inputs, *outputs], axes)
        every_axis |= {"timestep": {0: "steps"}, "encoder_hidden_states": tokens, "pooler_output": batch}
        trace(name, inputs, outputs, every_axis)
    write_configs(model, out, "ORTStableDiffusionPipeline", networks)


def legacy(model, out):
    """diffusers' convert_stable_diffusion_checkpoint_to_onnx.py: no configurations, the UNet's weights beside it."""
    model = copy.deepcopy(model)
    model.unet.set_attn_processor(AttnProcessor())
    model.vae.set_attn_processor(AttnProcessor())
    model.text_encoder.set_attn_implementation("eager")
    trace = Tracer(model, out, timestep=torch.ones(2, dtype=torch.int64))
    pixels = {0: "batch", 1: "channels", 2: "height", 3: "width"}
    tokens = {0: "batch", 1: "sequence"}
    trace("text_encoder", ["input_ids"], ["last_hidden_state", "pooler_output"], {"input_ids": tokens})
    axes = {"sample": pixels, "timestep": {0: "batch"}, "encoder_hidden_states": tokens}
    trace("unet", list(axes), ["out_sample"], axes)
    trace("vae_encoder", ["sample"], ["latent_sample"], {"sample": pixels})
    trace("vae_decoder", ["latent_sample"], ["sample"], {"latent_sample": pixels})
    outside(out / "unet" / "model.onnx", "weights.pb")
    write_configs(model, out, "OnnxStableDiffusionPipeline", [])


def ort_cuda(model, out):
    """The folders of ONNX Runtime's and TensorRT's demonstrations: other names, one timestep, always 77 tokens."""
    trace = Tracer(model, out, timestep=torch.ones(1))
    tokens, pixels = {0: "B"}, {0: "B", 2: "H", 3: "W"}
    unet_inputs = ["sample", "timestep", "encoder_hidden_states"]
    trace("text_encoder", ["input_ids"], ["text_embeddings"], {"input_ids": tokens})
    trace("unet", unet_inputs, ["latent"], {"sample": pixels, "encoder_hidden_states": tokens})
    trace("vae_encoder", ["images"], ["latent"], {"images": pixels})
    trace("vae_decoder", ["latent"], ["images"], {"latent": pixels})
    write_configs(model, out, "StableDiffusionPipeline", ["unet", "vae_encoder", "vae_decoder"])


def ekaki(model, out):
    """Our own."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        export.export_model(folder, out, export.Options(name="tiny"))


def run_text_encoder(model, input_ids):
    output = model(input_ids=input_ids)
    return output.last_hidden_state, output.pooler_output


@dataclass(frozen=True)
class Tracer:
    """Exports networks by tracing, as everybody did."""

    model: StableDiffusionPipeline
    out: Path
    # One for both rows, or one for each of them.
    timestep: torch.Tensor

    def __call__(self, name, inputs, outputs, axes):
        network, example = self.network(name, len(outputs))
        (self.out / name).mkdir(parents=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                example,
                self.out / name / "model.onnx",
                input_names=inputs,
                output_names=outputs,
                dynamic_axes={key: value for key, value in axes.items() if key in inputs + outputs},
                opset_version=14,
                dynamo=False,
            )

    def network(self, name, outputs):
        """What is traced, and with what."""
        model = self.model
        match name:
            case "text_encoder":
                network = Traced(model.text_encoder, lambda model, ids: run_text_encoder(model, ids)[:outputs])
                return network, (torch.ones(1, TOKENS, dtype=torch.int32),)
            case "unet":
                network = Traced(model.unet, lambda model, *inputs: model(*inputs, return_dict=False)[0])
                return network, (torch.randn(2, 4, 8, 8), self.timestep, torch.randn(2, TOKENS, WIDTH))
            case "vae_encoder":
                network = Traced(model.vae, lambda model, sample: model.encode(sample).latent_dist.sample())
                return network, (torch.randn(1, 3, 64, 64),)
            case "vae_decoder":
                network = Traced(model.vae, lambda model, latents: model.decode(latents).sample)
                return network, (torch.randn(1, 4, 8, 8),)


def write_configs(model, out, class_name, configs):
    """Everything but the networks."""
    parts = {"unet": model.unet, "vae_encoder": model.vae, "vae_decoder": model.vae}
    for name in configs:
        if name == "text_encoder":
            write_json(out / name / "config.json", model.text_encoder.config.to_diff_dict())
        else:
            write_json(out / name / "config.json", public(parts[name].config))
    model.tokenizer.save_pretrained(out / "tokenizer")
    model.scheduler.save_pretrained(out / "scheduler")
    networks = ["text_encoder", "unet", "vae_encoder", "vae_decoder"]
    index = {
        "_class_name": class_name,
        "_diffusers_version": "0.11.1",
        "feature_extractor": [None, None],
        "safety_checker": [None, None],
        "scheduler": ["diffusers", type(model.scheduler).__name__],
        "tokenizer": ["transformers", "CLIPTokenizer"],
    } | {name: ["diffusers", "OnnxRuntimeModel"] for name in networks}
    write_json(out / "model_index.json", index)


def shrink(folder):
    """Takes out what nobody reads: the names of nodes and of what flows between them, and where a file was."""
    for path in folder.rglob("*.json"):
        value = json.loads(path.read_text(encoding="utf-8"))
        if value.pop("_name_or_path", None):
            write_json(path, value)
    for path in folder.rglob("model.onnx"):
        network = onnx.load(path, load_external_data=False)
        names = {value.name: value.name for value in [*network.graph.input, *network.graph.output]}
        shorten(network.graph, names)
        del network.graph.value_info[:]
        onnx.save(network, path)


def shorten(graph, names):
    def short(name):
        return name and names.setdefault(name, str(len(names)))

    for tensor in graph.initializer:
        tensor.name = short(tensor.name)
    for node in graph.node:
        node.name = ""
        node.input[:] = map(short, node.input)
        node.output[:] = map(short, node.output)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                for value in [*attribute.g.input, *attribute.g.output]:
                    value.name = short(value.name)
                shorten(attribute.g, names)


# --- what is expected --------------------------------------------------------------------------------------------

SAME = ["optimum", "optimum_old", "legacy", "ort_cuda", "external", "ekaki"]
# Exports that leave the drawing of the latents to the pipeline, as diffusers does it.
SEEDED = ["optimum", "external", "ekaki"]

NEUTRAL = {
    "negative_prompt": "blurry",
    "seed": 7,
    "width": 64,
    "height": 64,
    "num_inference_steps": 4,
    "guidance_scale": 5.0,
    "scheduler": "DDIMScheduler",
    "tolerance": 1,
}
PROMPT = "pink hair, 後藤ひとり"
SOURCE_CASE = {"image": SOURCE, "strength": 0.6}
CASES = [
    {"folders": SAME, "file": "text_to_image.png", "prompt": PROMPT},
    {"folders": ["fp16"], "file": "text_to_image.png", "prompt": PROMPT, "tolerance": 6},
    {
        "folders": SAME,
        "file": "euler_wide.png",
        "prompt": "blue eyes",
        "negative_prompt": "",
        "width": 128,
        "seed": 2**40 + 1,
        "num_inference_steps": 7,
        "scheduler": "EulerDiscreteScheduler",
    },
    {"folders": ["ekaki"], "file": "clip_skip.png", "prompt": PROMPT, "clip_skip": 2},
    {"folders": SEEDED, "file": "image_to_image.png", "prompt": PROMPT, "source": SOURCE_CASE},
    {"folders": SEEDED, "file": "inpaint.png", "prompt": PROMPT, "source": SOURCE_CASE | {"mask": MASK}},
    {"folders": ["sd2"], "file": "sd2.png", "prompt": PROMPT, "num_inference_steps": 5},
    {
        "folders": ["inpaint"],
        "file": "inpaint_9_channels.png",
        "prompt": PROMPT,
        "source": SOURCE_CASE | {"mask": MASK, "strength": 1.0},
    },
    {
        "folders": ["inpaint"],
        "file": "inpaint_9_channels_weak.png",
        "prompt": PROMPT,
        "num_inference_steps": 6,
        "source": SOURCE_CASE | {"mask": MASK},
    },
]


def write_source():
    """A picture of soft colours and a mask with hard edges that are not those of latent pixels."""
    colours = np.random.default_rng(0).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    Image.fromarray(colours).resize((64, 64), Image.Resampling.BICUBIC).save(EXPORTS / SOURCE, optimize=True)
    mask = np.zeros((64, 64), np.uint8)
    mask[11:45, 21:61] = 255
    Image.fromarray(mask).save(EXPORTS / MASK, optimize=True)


def draw(model, case):
    """What diffusers draws."""
    source = case.get("source", {})
    kind = StableDiffusionPipeline
    pictures = {}
    if source:
        kind = StableDiffusionImg2ImgPipeline
        pictures = {"image": Image.open(EXPORTS / source["image"]), "strength": source["strength"]}
    if "mask" in source:
        kind = StableDiffusionInpaintPipeline
        pictures["mask_image"] = Image.open(EXPORTS / source["mask"])
    if kind is not StableDiffusionImg2ImgPipeline:
        pictures |= {"width": case["width"], "height": case["height"]}
    pipe = kind.from_pipe(model, scheduler=scheduler_of(model, case["scheduler"]))
    pipe.set_progress_bar_config(disable=True)
    picture = pipe(
        **prompts(pipe, case),
        num_inference_steps=case["num_inference_steps"],
        guidance_scale=case["guidance_scale"],
        generator=torch.Generator("cpu").manual_seed(case["seed"]),
        **pictures,
    ).images[0]
    if "mask" in source:
        # The engine leaves what is outside of the mask exactly as it was, which diffusers leaves to its caller.
        picture = Image.composite(picture, pictures["image"], pictures["mask_image"])
    return picture


def prompts(pipe, case):
    """diffusers leaves layers out for the prompt only, AUTOMATIC1111 for the negative prompt as well."""
    names = ["prompt", "negative_prompt"]
    if "clip_skip" not in case:
        return {name: case[name] for name in names}
    # diffusers counts what is left out, AUTOMATIC1111 from 1.
    skip = case["clip_skip"] - 1
    return {f"{name}_embeds": pipe.encode_prompt(case[name], "cpu", 1, False, clip_skip=skip)[0] for name in names}


def scheduler_of(model, class_name):
    return getattr(diffusers, class_name).from_config(model.scheduler.config)


@torch.no_grad()
def tensors(model):
    """What is computed on the way to a picture."""
    vae = model.vae
    picture = tensor_of(Image.open(EXPORTS / SOURCE))
    wide = Image.open(EXPORTS / SOURCE).resize((128, 96), Image.Resampling.BICUBIC)
    wide.save(EXPORTS / "wide.png", optimize=True)
    latents = torch.randn(1, 4, 12, 16, generator=torch.Generator("cpu").manual_seed(5))
    generator = torch.Generator("cpu").manual_seed(3)
    encoded = vae.encode(picture).latent_dist.sample(generator) * vae.config.scaling_factor
    ids = model.tokenizer(PROMPT, padding="max_length", truncation=True, return_tensors="pt").input_ids
    states = model.text_encoder(ids, output_hidden_states=True).hidden_states
    norm = model.text_encoder.text_model.final_layer_norm
    vae.enable_tiling()
    tiled_latents = vae.encode(tensor_of(wide)).latent_dist.mode() * vae.config.scaling_factor
    tiled_picture = model.image_processor.postprocess(vae.decode(latents / vae.config.scaling_factor).sample)[0]
    tiled_picture.save(EXPORTS / "tiled.png", optimize=True)
    vae.disable_tiling()
    return {
        # source.png through the encoder and a draw from torch.Generator("cpu").manual_seed(3), in the UNet's scale
        "encode_image": {"image": SOURCE, "seed": 3, **listed(encoded)},
        # wide.png in tiles of 64 by 64 pixels, the `sample_size` of the autoencoder; the mean, in the UNet's scale
        "encode_tiled_mean": {"image": "wide.png", **listed(tiled_latents)},
        # torch.randn(1, 4, 12, 16) with the seed 5, in the UNet's scale, in tiles of 8 by 8 latent pixels
        "decode_tiled": {"file": "tiled.png", "seed": 5, "shape": list(latents.shape)},
        # by clip_skip in AUTOMATIC1111's numbering
        "conditioning": {
            "prompt": PROMPT,
            **{str(skip): listed(norm(states[-skip])) for skip in (1, 2, 3)},
        },
    }


def tensor_of(picture):
    return torch.from_numpy(np.asarray(picture, np.float32).transpose(2, 0, 1)[None] / 127.5 - 1)


def listed(tensor):
    """Numbers in single precision with as few digits as tell them apart."""
    values = tensor.numpy().astype(np.float32)
    return {"shape": list(values.shape), "values": [float(str(value)) for value in values.ravel()]}


def main():
    shutil.rmtree(EXPORTS, ignore_errors=True)
    EXPORTS.mkdir(parents=True)
    write_source()
    # Exporters write into the configurations of what they export, so everyone gets a new model.
    for exporter in [optimum, optimum_old, legacy, ort_cuda, external, ekaki]:
        exporter(stable_diffusion_1(), EXPORTS / exporter.__name__)
    optimum(stable_diffusion_1(), EXPORTS / "fp16", dtype="fp16")
    optimum(stable_diffusion_2(), EXPORTS / "sd2")
    optimum(inpainting(), EXPORTS / "inpaint", task="inpainting")
    shrink(EXPORTS)
    first = stable_diffusion_1()
    models = {"sd2": stable_diffusion_2(), "inpaint": inpainting()}
    cases = [NEUTRAL | case for case in CASES]
    for case in cases:
        draw(models.get(case["folders"][0], first), case).save(EXPORTS / case["file"], optimize=True)
    write_json(EXPORTS / "expected.json", cases)
    lines = [f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in tensors(first).items()]
    (EXPORTS / "tensors.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
