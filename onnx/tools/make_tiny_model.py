"""Writes `inference/testdata/tiny/`: a model folder whose networks are a few operators each.

It draws coloured noise. What it is for is the inputs and outputs: beside the plain networks lie variants of them with
the names, ranks and number types of other exporters, and all of them compute the same.

    pip install -r onnx/tools/requirements.txt
    python onnx/tools/make_tiny_model.py
"""

import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

FOLDER = Path(__file__).resolve().parents[2] / "inference" / "testdata" / "tiny"
TOKENS = 16
WIDTH = 4
FLOAT, HALF, INT32, INT64 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT32, TensorProto.INT64


def constant(name, value):
    return numpy_helper.from_array(np.asarray(value), name)


def cast(source, target, to):
    return helper.make_node("Cast", [source], [target], to=to)


def write(path, nodes, inputs, outputs, constants):
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    target = FOLDER / path
    target.parent.mkdir(parents=True, exist_ok=True)
    save(model, target)


def text_encoder(path, ids=INT64, output="last_hidden_state"):
    """hidden[token] = table[token], with room for the ids of `testdata/prompt/vocab.json`"""
    table = np.random.default_rng(1).uniform(-1, 1, (1000, WIDTH)).astype(np.float32)
    write(
        path,
        [helper.make_node("Gather", ["table", "input_ids"], [output])],
        [helper.make_tensor_value_info("input_ids", ids, ["batch", "tokens"])],
        [helper.make_tensor_value_info(output, FLOAT, ["batch", "tokens", WIDTH])],
        [constant("table", table)],
    )


def unet(path, timestep=FLOAT, timestep_shape=("batch",), data=FLOAT, extra=()):
    """out = sample / 2 + timestep / 1000 + mean(hidden) / 10"""
    latent_shape = ["batch", 4, "height", "width"]
    nodes = [
        cast("sample", "s", FLOAT),
        cast("timestep", "t0", FLOAT),
        cast("encoder_hidden_states", "h0", FLOAT),
        helper.make_node("Mul", ["s", "half"], ["s1"]),
        helper.make_node("Reshape", ["t0", "column"], ["t1"]),
        helper.make_node("Mul", ["t1", "thousandth"], ["t"]),
        helper.make_node("ReduceMean", ["h0"], ["h1"], axes=[1, 2], keepdims=0),
        helper.make_node("Reshape", ["h1", "column"], ["h2"]),
        helper.make_node("Mul", ["h2", "tenth"], ["h"]),
        helper.make_node("Add", ["s1", "t"], ["st"]),
        helper.make_node("Add", ["st", "h"], ["sum"]),
        cast("sum", "out_sample", data),
    ]
    inputs = [
        helper.make_tensor_value_info("sample", data, latent_shape),
        helper.make_tensor_value_info("timestep", timestep, list(timestep_shape)),
        helper.make_tensor_value_info("encoder_hidden_states", data, ["batch", "tokens", WIDTH]),
        *(helper.make_tensor_value_info(name, FLOAT, ["batch", 4]) for name in extra),
    ]
    constants = [
        constant("half", np.float32(0.5)),
        constant("thousandth", np.float32(0.001)),
        constant("tenth", np.float32(0.1)),
        constant("column", np.array([-1, 1, 1, 1])),
    ]
    write(path, nodes, inputs, [helper.make_tensor_value_info("out_sample", data, latent_shape)], constants)


def vae_decoder(path, data=FLOAT, names=("latent_sample", "sample")):
    """Three mixtures of the four channels, eight times as wide and high."""
    latent, sample = names
    mixture = np.random.default_rng(2).uniform(-1, 1, (3, 4, 1, 1)).astype(np.float32)
    nodes = [
        cast(latent, "l", FLOAT),
        helper.make_node("Conv", ["l", "mixture"], ["rgb"]),
        helper.make_node("Resize", ["rgb", "", "scales"], ["large"], mode="nearest"),
        cast("large", sample, data),
    ]
    write(
        path,
        nodes,
        [helper.make_tensor_value_info(latent, data, ["batch", 4, "height", "width"])],
        [helper.make_tensor_value_info(sample, data, ["batch", 3, "image_height", "image_width"])],
        [constant("mixture", mixture), constant("scales", np.array([1, 1, 8, 8], np.float32))],
    )


def tokenizer():
    """One token for each byte."""
    folder = FOLDER / "tokenizer"
    folder.mkdir(parents=True, exist_ok=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: index for index, token in enumerate(special + alphabet)}
    result = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    result.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    result.decoder = decoders.ByteLevel()
    result.add_special_tokens(special)
    begin, end = special
    result.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}", special_tokens=[(begin, vocab[begin]), (end, vocab[end])]
    )
    result.save(str(folder / "tokenizer.json"), pretty=False)
    config = {"bos_token": begin, "eos_token": end, "pad_token": end, "unk_token": end, "model_max_length": TOKENS}
    write_json("tokenizer/tokenizer_config.json", config)


def write_json(path, value):
    target = FOLDER / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def configs():
    write_json("model_index.json", {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.35.2"})
    scheduler = {
        "_class_name": "DDIMScheduler",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "set_alpha_to_one": False,
        "prediction_type": "epsilon",
    }
    write_json("scheduler/scheduler_config.json", scheduler)
    write_json("unet/config.json", {"in_channels": 4, "sample_size": 8, "block_out_channels": [4]})
    write_json("vae_decoder/config.json", {"latent_channels": 4, "scaling_factor": 2.0})


def main():
    configs()
    tokenizer()
    text_encoder("text_encoder/model.onnx")
    text_encoder("text_encoder/int32_ids.onnx", ids=INT32, output="text_embeddings")
    unet("unet/model.onnx")
    unet("unet/scalar_timestep.onnx", timestep_shape=())
    unet("unet/one_timestep.onnx", timestep_shape=(1,))
    unet("unet/int64_timestep.onnx", timestep=INT64)
    unet("unet/half.onnx", timestep=HALF, data=HALF)
    unet("unet/text_embeds.onnx", extra=["text_embeds"])
    vae_decoder("vae_decoder/model.onnx")
    vae_decoder("vae_decoder/half.onnx", data=HALF)
    vae_decoder("vae_decoder/other_names.onnx", names=("latent", "images"))


if __name__ == "__main__":
    main()
