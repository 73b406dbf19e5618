"""Writes the diffusers/optimum folder: ONNX files with float16 weights, configurations, tokenizer and ekaki.json.

The weights are stored as float16 and cast to float32 by the graph, so inputs, outputs and arithmetic stay float32:
half the size, every execution provider can run it, and the CPU provider folds the casts when it loads the file.
"""

import argparse
import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxslim
import torch
from onnx import TensorProto, helper, numpy_helper

import models
import tokenizer as tokenizers

OPSET = 17
HALF_MINIMUM = 64  # Smaller initializers gain nothing from half precision.
DESCRIPTION = {
    "en": "Anime-style portraits, 128x128, trained from scratch on procedurally drawn pictures",
    "ja": "自作の描画プログラムで一から学習した、128x128のアニメ風ポートレート",
}
STEPS, GUIDANCE = 16, 3.0


class TextEncoder(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        output = self.model(input_ids=input_ids)
        return output.last_hidden_state, output.pooler_output


class UNet(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, sample, timestep, encoder_hidden_states):
        return self.model(sample, timestep, encoder_hidden_states, return_dict=False)[0]


class Encoder(torch.nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, sample):
        return self.vae.quant_conv(self.vae.encoder(sample))


class Decoder(torch.nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, latent_sample):
        return self.vae.decoder(self.vae.post_quant_conv(latent_sample))


def store_as_half(path: Path):
    """Replaces float32 initializers by float16 ones followed by a Cast."""
    model = onnx.load(path)
    graph, casts = model.graph, []
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < HALF_MINIMUM:
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name + "_half")
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        graph.initializer.remove(tensor)
        graph.initializer.append(half)
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def export_graph(module, arguments, path: Path, inputs, outputs, axes):
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), arguments, str(path), input_names=inputs, output_names=outputs,
                          dynamic_axes=axes, opset_version=OPSET, dynamo=False)
    # The tracer leaves thousands of nodes that only compute shapes; without them the file loads in half the time.
    onnx.save(onnxslim.slim(str(path)), path)
    store_as_half(path)


def export_models(out: Path, text_encoder, unet, vae):
    """The four graphs, with the tensor and axis names that optimum uses."""
    # Eager attention and the plain attention processor trace to basic operators only.
    text_encoder.set_attn_implementation("eager")
    unet.set_default_attn_processor()
    batch = {0: "batch_size"}
    export_graph(TextEncoder(text_encoder), (torch.zeros(2, models.MAX_TOKENS, dtype=torch.long),),
                 out / "text_encoder" / "model.onnx", ["input_ids"], ["last_hidden_state", "pooler_output"],
                 {"input_ids": {0: "batch_size", 1: "sequence_length"},
                  "last_hidden_state": {0: "batch_size", 1: "sequence_length"}, "pooler_output": batch})
    size = models.LATENT_SIZE
    export_graph(UNet(unet), (torch.randn(2, 4, size, size), torch.tensor([1.0, 500.0]),
                              torch.randn(2, models.MAX_TOKENS, models.TEXT_WIDTH)),
                 out / "unet" / "model.onnx", ["sample", "timestep", "encoder_hidden_states"], ["out_sample"],
                 {"sample": {0: "batch_size", 2: "height", 3: "width"}, "timestep": batch,
                  "encoder_hidden_states": {0: "batch_size", 1: "sequence_length"},
                  "out_sample": {0: "batch_size", 2: "height", 3: "width"}})
    export_graph(Decoder(vae), (torch.randn(1, 4, size, size),), out / "vae_decoder" / "model.onnx",
                 ["latent_sample"], ["sample"],
                 {"latent_sample": {0: "batch_size", 2: "latent_height", 3: "latent_width"},
                  "sample": {0: "batch_size", 2: "height", 3: "width"}})
    export_graph(Encoder(vae), (torch.randn(1, 3, models.IMAGE_SIZE, models.IMAGE_SIZE),),
                 out / "vae_encoder" / "model.onnx", ["sample"], ["latent_parameters"],
                 {"sample": {0: "batch_size", 2: "sample_height", 3: "sample_width"},
                  "latent_parameters": {0: "batch_size", 2: "latent_height", 3: "latent_width"}})


def write_json(path: Path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_configurations(out: Path, text_encoder, unet, vae, scaling_factor):
    vae.register_to_config(scaling_factor=scaling_factor)
    write_json(out / "text_encoder" / "config.json", text_encoder.config.to_diff_dict() | {
        "architectures": ["CLIPTextModel"]})
    for folder, model in (("unet", unet), ("vae_encoder", vae), ("vae_decoder", vae)):
        configuration = {key: value for key, value in json.loads(model.to_json_string()).items()
                         if not key.startswith("_") or key in ("_class_name", "_diffusers_version")}
        write_json(out / folder / "config.json", configuration)
    models.build_scheduler().save_pretrained(out / "scheduler")
    write_json(out / "model_index.json", {
        "_class_name": "ORTStableDiffusionPipeline", "_diffusers_version": "0.35.2",
        "feature_extractor": [None, None], "image_encoder": [None, None], "safety_checker": [None, None],
        "requires_safety_checker": False,
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["optimum.onnxruntime.modeling_diffusion", "ORTTextEncoder"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "unet": ["optimum.onnxruntime.modeling_diffusion", "ORTUnet"],
        "vae_decoder": ["optimum.onnxruntime.modeling_diffusion", "ORTVaeDecoder"],
        "vae_encoder": ["optimum.onnxruntime.modeling_diffusion", "ORTVaeEncoder"],
    })


def write_ekaki(out: Path, preview):
    write_json(out / "ekaki.json", {
        "name": "avatar", "description": DESCRIPTION, "width": models.IMAGE_SIZE, "height": models.IMAGE_SIZE,
        "num_inference_steps": STEPS, "guidance_scale": GUIDANCE, "can_grow": False,
        "preview": preview,
    })


def export(work: Path, out: Path, random_weights=False):
    """Exports the newest checkpoints of the work folder, or random weights of the same architecture."""
    tokenizer = tokenizers.load(work / "tokenizer")
    text_encoder, unet, vae = models.build_text_encoder(tokenizer), models.build_unet(), models.build_vae()
    scaling_factor, preview = 1.0, {"matrix": [[0.0, 0.0, 0.0]] * 4, "bias": [0.5, 0.5, 0.5]}
    if not random_weights:
        text_encoder.load_state_dict(torch.load(work / "text_encoder.pt")["model"])
        unet.load_state_dict(torch.load(work / "unet.pt")["ema"])
        vae.load_state_dict(torch.load(work / "decoder.pt")["model"])
        statistics = json.loads((work / "latents.json").read_text())
        scaling_factor, preview = statistics["scaling_factor"], statistics["preview"]
    export_models(out, text_encoder, unet, vae)
    write_configurations(out, text_encoder, unet, vae, scaling_factor)
    write_ekaki(out, preview)
    (out / "tokenizer").mkdir(exist_ok=True)
    for file in (work / "tokenizer").iterdir():
        shutil.copyfile(file, out / "tokenizer" / file.name)


def install(staging: Path, target: Path):
    """Moves every exported file over its predecessor, one rename each, so that a reader never sees half a file."""
    for source in sorted(path for path in staging.rglob("*") if path.is_file()):
        destination = target / source.relative_to(staging)
        destination.parent.mkdir(parents=True, exist_ok=True)
        part = destination.with_name(destination.name + ".part")
        shutil.copyfile(source, part)
        part.replace(destination)
    shutil.rmtree(staging)


def main():
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, default=here / "work")
    parser.add_argument("--out", type=Path, default=here.parent)
    parser.add_argument("--random-weights", action="store_true", help="export the architecture before any training")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    staging = arguments.work_dir / "export"
    shutil.rmtree(staging, ignore_errors=True)
    export(arguments.work_dir, staging, arguments.random_weights)
    size = sum(file.stat().st_size for file in staging.rglob("*") if file.is_file())
    install(staging, arguments.out)
    print(f"{size / 2**20:.1f} MiB in {arguments.out}")


if __name__ == "__main__":
    main()
