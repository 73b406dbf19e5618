"""Writes the golden vectors in `inference/testdata/` that the Rust library is tested against.

The reference is diffusers. `make_noise_golden.py` and `make_prompt_golden.py` write the rest. Run it again only to
cover more: the committed files are the contract, and a change of an old value means that a reference changed.

    pip install -r onnx/tools/requirements.txt
    python onnx/tools/make_golden.py
"""

import itertools
import json
import random
from pathlib import Path

import diffusers
import numpy as np
import torch

TESTDATA = Path(__file__).resolve().parents[2] / "inference" / "testdata"

SCHEDULERS = ["DDIMScheduler", "EulerDiscreteScheduler"]
SPACINGS = ["leading", "trailing", "linspace"]
PREDICTION_TYPES = ["epsilon", "v_prediction", "sample"]
BETA_SCHEDULES = ["linear", "scaled_linear", "squaredcos_cap_v2"]
STEP_COUNTS = [1, 2, 3, 4, 4, 7, 10, 10, 16, 20, 20, 28, 30, 50]


def write(path, value):
    """Writes an object of lists as JSON, with one line for each element, so that changes can be read."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def compact(part):
        return json.dumps(part, ensure_ascii=False, separators=(",", ":"))

    lines = [f"{compact(key)}:[\n" + ",\n".join(map(compact, part)) + "\n]" for key, part in value.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def f32(values):
    """Numbers in single precision with as few digits as tell them apart."""
    return [float(str(value)) for value in np.asarray(values, dtype=np.float32).ravel()]


# --- schedulers ---------------------------------------------------------------------------------------------------


def random_config(rng, class_name, spacing, prediction_type, beta_schedule):
    """A configuration in which keys with a default are left out now and then."""
    config = {
        "_class_name": class_name,
        "timestep_spacing": spacing,
        "prediction_type": prediction_type,
        "beta_schedule": beta_schedule,
        "beta_start": rng.choice([0.00085, 0.0001]),
        "beta_end": rng.choice([0.012, 0.02]),
        "num_train_timesteps": rng.choice([1000, 1000, 1000, 500]),
        "steps_offset": rng.choice([0, 1]),
        "rescale_betas_zero_snr": rng.choice([False, True]),
    }
    if class_name == "DDIMScheduler":
        config["set_alpha_to_one"] = rng.choice([False, True])
        config["clip_sample"] = rng.choice([False, False, True])
        config["clip_sample_range"] = rng.choice([0.5, 1.0, 2.0])
    else:
        config["final_sigmas_type"] = rng.choice(["zero", "sigma_min"])
    droppable = [key for key in config if key != "_class_name"]
    for key in rng.sample(droppable, rng.choice([0, 0, 1, 2, 4])):
        del config[key]
    return config


def run(scheduler, num_inference_steps, sample):
    """A denoising loop around the weight-free network `x * t / (t + 1)` of diffusers' own scheduler tests."""
    scheduler.set_timesteps(num_inference_steps)
    scheduler.is_scale_input_called = True
    sample = sample * scheduler.init_noise_sigma
    steps = []
    for timestep in scheduler.timesteps:
        model_input = scheduler.scale_model_input(sample, timestep)
        output = scheduler.step(model_input * timestep / (timestep + 1), timestep, sample)
        sample = output.prev_sample
        total = sample.double().abs().sum()
        probes = [sample.flatten()[0], sample.flatten()[7], output.pred_original_sample.flatten()[3]]
        steps.append(f32([total, *probes]))
    return sample, steps


def impossible(config, scheduler):
    """Predicting noise from a sample without any signal divides by zero; the library refuses it."""
    if config.get("prediction_type", "epsilon") != "epsilon" or not isinstance(scheduler, diffusers.DDIMScheduler):
        return False
    return scheduler.alphas_cumprod[scheduler.timesteps].min() == 0


def scheduler_cases(rng, sample):
    base = list(itertools.product(SCHEDULERS, SPACINGS, PREDICTION_TYPES, BETA_SCHEDULES))
    cases = []
    for class_name, spacing, prediction_type, beta_schedule in base * 5:
        config = random_config(rng, class_name, spacing, prediction_type, beta_schedule)
        num_inference_steps = rng.choice(STEP_COUNTS)
        scheduler = getattr(diffusers, class_name).from_config(config)
        case = {"config": config, "num_inference_steps": num_inference_steps}
        if rng.random() < 0.2:
            case["with_scheduler"] = rng.choice(SCHEDULERS)
            scheduler = getattr(diffusers, case["with_scheduler"]).from_config(scheduler.config)
        scheduler.set_timesteps(num_inference_steps)
        if impossible(config, scheduler):
            continue
        final, case["steps"] = run(scheduler, num_inference_steps, sample)
        case["timesteps"] = f32(scheduler.timesteps)
        case["init_noise_sigma"] = f32(scheduler.init_noise_sigma)[0]
        case["final"] = f32(final)
        assert torch.isfinite(final).all(), config
        cases.append(case)
    return cases


def timestep_checksums():
    """For every number of steps from 1 to 150 the sum of timesteps, each times its place in the loop.

    With trailing spacing a few numbers of steps (61, 103, 121, 122) give diffusers one timestep too many, which is
    -1: `numpy.arange` reaches its end by rounding. Those are cut.
    """
    rows = []
    for class_name, spacing, steps_offset in itertools.product(SCHEDULERS, SPACINGS, [0, 1]):
        config = {"_class_name": class_name, "timestep_spacing": spacing, "steps_offset": steps_offset}
        scheduler = getattr(diffusers, class_name).from_config(config)
        sums = []
        for num_inference_steps in range(1, 151):
            scheduler.set_timesteps(num_inference_steps)
            timesteps = scheduler.timesteps[:num_inference_steps].double()
            sums.append(float((timesteps * torch.arange(1, num_inference_steps + 1)).sum()))
        rows.append({"config": config, "sums": sums})
    return rows


def make_square_roots_exact():
    """Lets `x.sqrt()` and `x ** 0.5` round as IEEE 754 says.

    torch takes them from MKL, which may be off by one unit in the last place. `rescale_betas_zero_snr` magnifies that
    to a relative 1e-3 at the last timesteps. With exact roots the vectors are the same on every machine.
    """
    power = torch.Tensor.__pow__

    def sqrt(values):
        return torch.as_tensor(np.sqrt(values.numpy()))

    torch.Tensor.sqrt = sqrt
    torch.Tensor.__pow__ = lambda values, exponent: sqrt(values) if exponent == 0.5 else power(values, exponent)


def make_schedulers():
    make_square_roots_exact()
    generator = torch.Generator("cpu").manual_seed(7)
    sample = torch.randn([1, 4, 2, 2], generator=generator)
    cases = scheduler_cases(random.Random(7), sample)
    write(TESTDATA / "schedulers" / "loops.json", {"sample": f32(sample), "cases": cases})
    write(TESTDATA / "schedulers" / "timesteps.json", {"checksums": timestep_checksums()})


if __name__ == "__main__":
    make_schedulers()
