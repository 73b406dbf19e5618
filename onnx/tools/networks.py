"""The networks of Stable Diffusion as graphs with the inputs and outputs that Ekaki likes best; see export.py."""

import json
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx
import onnxruntime
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel

# Files of protobuf end at 2 GiB; this leaves room for the nodes.
LARGEST_FILE = 2**31 - 2**25
# How far onnxruntime may be from torch in single precision, relative to the values.
BOUND, BOUND_FP16 = 1e-3, 5e-2


class ExportError(Exception):
    """The model cannot be exported, or what was exported computes something else."""


@dataclass(frozen=True)
class Shape:
    """What a network is traced or compared at; height and width are those of the latents."""

    batch: int
    height: int
    width: int
    tokens: int


TRACED = Shape(batch=2, height=16, width=16, tokens=77)
COMPARED = (TRACED, Shape(batch=1, height=24, width=32, tokens=50))


@dataclass(frozen=True)
class Network:
    """A part of a model as one graph. `axes` are the dynamic ones of every input and output."""

    module: torch.nn.Module
    config: dict
    inputs: Callable[[Shape], dict[str, torch.Tensor]]
    outputs: list[str]
    axes: dict[str, dict[int, str]]
    can_be_half: bool = False


class Traced(torch.nn.Module):
    """A model with a `forward` of plain tensors, which is what torch can export."""

    def __init__(self, model, forward):
        super().__init__()
        self.model = model
        self.forward = partial(forward, model)


def run_text_encoder(model, input_ids):
    output = model(input_ids=input_ids, output_hidden_states=True)
    skipped = [model.text_model.final_layer_norm(state) for state in reversed(output.hidden_states[1:])]
    return output.last_hidden_state, output.pooler_output, *output.hidden_states, *skipped


def text_encoder(model):
    config, layers = model.config, range(model.config.num_hidden_layers)
    states = [f"hidden_states.{index}" for index in range(len(layers) + 1)]
    skips = [f"clip_skip.{index + 1}" for index in layers]
    tokens = {0: "batch_size", 1: "sequence_length"}
    return Network(
        module=Traced(model, run_text_encoder),
        config=config.to_diff_dict() | {"architectures": ["CLIPTextModel"]},
        inputs=lambda shape: {"input_ids": torch.randint(config.vocab_size, (shape.batch, shape.tokens))},
        outputs=["last_hidden_state", "pooler_output", *states, *skips],
        axes=dict.fromkeys(["input_ids", "last_hidden_state", *states, *skips], tokens)
        | {"pooler_output": {0: "batch_size"}},
        can_be_half=True,
    )


def unet(model):
    def inputs(shape):
        return {
            "sample": torch.randn(shape.batch, model.config.in_channels, shape.height, shape.width),
            "timestep": torch.linspace(999, 1, shape.batch),
            "encoder_hidden_states": torch.randn(shape.batch, shape.tokens, model.config.cross_attention_dim),
        }

    pixels = {0: "batch_size", 2: "height", 3: "width"}
    tokens = {0: "batch_size", 1: "sequence_length"}
    return Network(
        module=Traced(model, lambda model, *inputs: model(*inputs, return_dict=False)[0]),
        config=public(model.config),
        inputs=inputs,
        outputs=["out_sample"],
        axes={
            "sample": pixels,
            "timestep": {0: "batch_size"},
            "encoder_hidden_states": tokens,
            "out_sample": pixels,
        },
        can_be_half=True,
    )


def vae_encoder(model):
    return Network(
        module=Traced(model, lambda model, sample: model.encode(sample).latent_dist.parameters),
        config=public(model.config),
        inputs=lambda shape: {"sample": torch.rand(shape.batch, 3, 8 * shape.height, 8 * shape.width) * 2 - 1},
        outputs=["latent_parameters"],
        axes={
            "sample": {0: "batch_size", 2: "sample_height", 3: "sample_width"},
            "latent_parameters": {0: "batch_size", 2: "latent_height", 3: "latent_width"},
        },
    )


def vae_decoder(model):
    return Network(
        module=Traced(model, lambda model, latents: model.decode(latents, return_dict=False)[0]),
        config=public(model.config),
        inputs=lambda shape: {"latent_sample": torch.randn(shape.batch, 4, shape.height, shape.width)},
        outputs=["sample"],
        axes={
            "latent_sample": {0: "batch_size", 2: "latent_height", 3: "latent_width"},
            "sample": {0: "batch_size", 2: "sample_height", 3: "sample_width"},
        },
    )


def public(config):
    """diffusers' configuration without what only says where it was read from."""
    return {key: value for key, value in config.items() if not key.startswith("_") or key == "_class_name"}


# What makes a network, and where diffusers keeps the model that it is made of.
NETWORKS = [
    (text_encoder, "text_encoder", CLIPTextModel),
    (unet, "unet", UNet2DConditionModel),
    (vae_encoder, "vae", AutoencoderKL),
    (vae_decoder, "vae", AutoencoderKL),
]

# --- to a file ---------------------------------------------------------------------------------------------------


@torch.no_grad()
def export_network(load, folder, fp16, opset):
    """Writes `model.onnx` and `config.json`, and compares the network with what it was made of.

    `load` makes the network. Were it given itself, its weights could not be freed before the file is read again.
    Answers the largest difference between the two.
    """
    network = load()
    network.module.eval()
    half = fp16 and network.can_be_half
    samples = [halve(network.inputs(shape), half) for shape in COMPARED]
    expected = [run(network.module, sample) for sample in samples]
    if half:
        network.module.half()
    trace(network, folder / "model.onnx", halve(network.inputs(TRACED), half), opset)
    write_json(folder / "config.json", network.config)
    outputs = network.outputs
    del network
    return compare(folder / "model.onnx", outputs, samples, expected, BOUND_FP16 if half else BOUND)


def halve(inputs, half):
    """Timesteps stay as they are, because float16 has no fractions for the large ones."""
    return {
        name: value.half() if half and value.is_floating_point() and name != "timestep" else value
        for name, value in inputs.items()
    }


def run(module, inputs):
    """The reference, in single precision."""
    outputs = module(*(value.float() if value.is_floating_point() else value for value in inputs.values()))
    return [output.numpy() for output in (outputs if isinstance(outputs, tuple) else [outputs])]


def trace(network, path, inputs, opset):
    """torch scatters the weights of a large network over many files, so it writes to another folder."""
    path.parent.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.module,
            tuple(inputs.values()),
            f"{folder}/model.onnx",
            input_names=list(inputs),
            output_names=network.outputs,
            dynamic_axes=network.axes,
            opset_version=opset,
            dynamo=False,
        )
        graph = onnx.load(f"{folder}/model.onnx")
        large = sum(len(tensor.raw_data) for tensor in graph.graph.initializer) > LARGEST_FILE
        data = path.with_name(f"{path.name}_data")
        onnx.save(graph, path, save_as_external_data=large, location=data.name)
        if large:
            # Only its owner could read it, while the service may be someone else.
            data.chmod(path.stat().st_mode)


def compare(path, outputs, samples, expected, bound):
    """The largest difference between the outputs and the expected ones: its root mean square relative to theirs."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    worst = 0.0
    for sample, references in zip(samples, expected, strict=True):
        answers = session.run(outputs, {name: value.numpy() for name, value in sample.items()})
        for name, answer, reference in zip(outputs, answers, references, strict=True):
            difference = float(size(answer.astype(np.float32) - reference) / size(reference))
            if not difference <= bound:
                raise ExportError(f"{path.parent.name}: `{name}` differs from torch by {difference:.1e}")
            worst = max(worst, difference)
    return worst


def size(values):
    return np.sqrt(np.mean(np.square(values)))


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
