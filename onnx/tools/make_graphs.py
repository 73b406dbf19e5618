"""Writes `inference/testdata/graphs/`: what PyTorch's exporter makes of attention and of CLIP, in miniature.

The networks are diffusers' and transformers' own classes with a few random weights. The tests change their graphs and
look whether they still compute the same; for CLIP, what they shall compute with layers left out and with tokens added
is written down beside it.

    pip install -r onnx/tools/requirements.txt
    python3 onnx/tools/make_graphs.py
"""

import json
from pathlib import Path

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor, AttnProcessor2_0
from transformers import CLIPTextConfig, CLIPTextModel

FOLDER = Path(__file__).resolve().parents[2] / "inference" / "testdata" / "graphs"
CHANNELS, CONTEXT = 8, 6
VOCABULARY, LAYERS, TOKENS = 20, 3, 7


def export(file, module, inputs, outputs, opset=17):
    """`inputs` are example tensors by name; all their dimensions but the channels are free."""

    def free(name, value):
        return {0: "batch", 2: "height", 3: "width"} if value.dim() == 4 else {0: "batch", 1: f"{name}_tokens"}

    torch.onnx.export(
        module.eval(),
        tuple(inputs.values()),
        str(FOLDER / f"{file}.onnx"),
        input_names=list(inputs),
        output_names=outputs,
        dynamic_axes={name: free(name, value) for name, value in inputs.items()},
        opset_version=opset,
        dynamo=False,
    )


class Layer(torch.nn.Module):
    """An attention between two additions, as in a UNet."""

    def __init__(self, processor, **options):
        super().__init__()
        self.attention = Attention(CHANNELS, heads=2, dim_head=4, processor=processor, **options)

    def forward(self, sample, context=None, mask=None):
        return sample + self.attention(sample, encoder_hidden_states=context, attention_mask=mask)


def attention():
    sample = {"sample": torch.randn(2, 5, CHANNELS)}
    context = {"context": torch.randn(2, 3, CONTEXT)}
    mask = {"mask": torch.randn(2, 1, 5)}
    for name, processor in (("sdpa", AttnProcessor2_0()), ("baddbmm", AttnProcessor())):
        export(f"{name}_self", Layer(processor), sample, ["out"])
        export(f"{name}_cross", Layer(processor, cross_attention_dim=CONTEXT), sample | context, ["out"], opset=14)
    half = {"sample": sample["sample"].half()}
    export("half", Layer(AttnProcessor2_0()).half(), half, ["out"])
    # These two have to stay as they are.
    export("half_upcast", Layer(AttnProcessor(), upcast_attention=True).half(), half, ["out"])
    export("masked", Masked(AttnProcessor2_0()), sample | mask, ["out"])
    # The attention of the autoencoder has one head and works on pictures.
    vae = Attention(
        CHANNELS,
        heads=1,
        dim_head=CHANNELS,
        norm_num_groups=2,
        residual_connection=True,
        bias=True,
        upcast_softmax=True,
        _from_deprecated_attn_block=True,
        processor=AttnProcessor2_0(),
    )
    export("vae", vae, {"sample": torch.randn(1, CHANNELS, 4, 4)}, ["out"])


class Masked(Layer):
    def forward(self, sample, mask):
        return super().forward(sample, None, mask)


class TextEncoder(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        return self.model(input_ids).last_hidden_state


def clip():
    config = CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=CHANNELS,
        intermediate_size=16,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        max_position_embeddings=TOKENS,
        eos_token_id=VOCABULARY - 1,
    )
    model = CLIPTextModel(config).eval()
    ids = torch.tensor([[18, 3, 1, 4, 19, 19, 19]])
    for opset in (14, 17):
        export(f"clip_opset_{opset}", TextEncoder(model), {"input_ids": ids}, ["last_hidden_state"], opset)

    with torch.no_grad():
        states = model(ids, output_hidden_states=True).hidden_states
        norm = model.text_model.final_layer_norm
        skipped = {skip: norm(states[-skip]).flatten().tolist() for skip in range(1, LAYERS + 2)}
        rows = torch.randn(2, CHANNELS)
        embedding = model.text_model.embeddings.token_embedding
        embedding.weight = torch.nn.Parameter(torch.cat([embedding.weight, rows]))
        added = torch.tensor([[18, VOCABULARY, VOCABULARY + 1, 4, 19, 19, 19]])
        extended = model(added).last_hidden_state
    expected = {
        "ids": ids.flatten().tolist(),
        "clip_skip": skipped,
        "rows": rows.flatten().tolist(),
        "added_ids": added.flatten().tolist(),
        "added": extended.flatten().tolist(),
    }
    (FOLDER / "clip.json").write_text(json.dumps(expected) + "\n", encoding="utf-8")


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    attention()
    clip()


if __name__ == "__main__":
    main()
