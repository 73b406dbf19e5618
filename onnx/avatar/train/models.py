"""The architecture: every part is a stock diffusers or transformers class with a small configuration."""

from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from renderer import IMAGE_SIZE

LATENT_SIZE = IMAGE_SIZE // 8
MAX_TOKENS = 77
TEXT_WIDTH = 192

SCHEDULER = dict(
    num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
    prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing",
    clip_sample=False, set_alpha_to_one=True, steps_offset=0,
)


def build_vae():
    """Factor 8, four latent channels. The widths are small because full resolution is what costs time on a CPU."""
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=4, sample_size=IMAGE_SIZE,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(16, 32, 64, 96), layers_per_block=1, norm_num_groups=8, mid_block_add_attention=False,
    )


def build_text_encoder(tokenizer):
    """A four-layer CLIP text model. `eos_token_id` is explicit, as the pooled output reads the first of those."""
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=TEXT_WIDTH, intermediate_size=2 * TEXT_WIDTH,
        projection_dim=TEXT_WIDTH, num_hidden_layers=4, num_attention_heads=4,
        max_position_embeddings=MAX_TOKENS, hidden_act="quick_gelu",
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, attn_implementation="eager",
    ))


def build_unet():
    """Three levels (16, 8 and 4 latent pixels a side), cross-attention on the two lower ones."""
    return UNet2DConditionModel(
        sample_size=LATENT_SIZE, in_channels=4, out_channels=4, layers_per_block=1,
        block_out_channels=(64, 128, 128),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH, attention_head_dim=4, norm_num_groups=16,
    )


def build_scheduler():
    """DDIM with zero terminal SNR, so that a flat background reaches its true colour."""
    return DDIMScheduler(**SCHEDULER)
