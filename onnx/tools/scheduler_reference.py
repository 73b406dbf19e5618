"""Random scheduler configurations, and what diffusers makes of them.

`make_scheduler_golden.py` writes some down, `compare_schedulers.py` compares fresh ones with the Rust library. The
network of these loops has no weights: its output is pseudo-random, with a share of its input, so that it shows whether
the input had the right scale. All random numbers come from one small generator that Rust repeats exactly.
"""

import importlib
import random
import warnings

import diffusers
import numpy as np
import torch

SHAPE = (1, 1, 2, 4)

# --- numbers that both sides have ---------------------------------------------------------------------------------


class Lcg:
    """Knuth's linear congruential generator (MMIX); its upper 24 bits become a number in [-2, 2), exact in float32."""

    def __init__(self, seed):
        self.state = seed

    def value(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return ((self.state >> 40) - 2**23) / 2**22

    def tensor(self):
        values = [self.value() for _ in range(np.prod(SHAPE))]
        return torch.tensor(values, dtype=torch.float32).reshape(SHAPE)


def round_elementary_functions_once():
    """Lets square roots, logarithms and exponentials in single precision round as IEEE 754 would have it.

    torch takes them from MKL or SLEEF, numpy from its own vector code, and both may be off by an ulp or more, differently
    on each processor. `rescale_betas_zero_snr`, differences of logarithms and the rounding of timesteps magnify that.
    """

    def once(function):
        def exact(values):
            with np.errstate(all="ignore"):
                return torch.as_tensor(function(values.double().numpy())).to(values.dtype)

        return exact

    functions = {"sqrt": np.sqrt, "log": np.log, "exp": np.exp, "expm1": np.expm1, "sigmoid": lambda x: 1 / (1 + np.exp(-x))}
    for name, function in functions.items():
        setattr(torch.Tensor, name, once(function))
        setattr(torch, name, once(function))
    power = torch.Tensor.__pow__
    torch.Tensor.__pow__ = lambda values, exponent: values.sqrt() if exponent == 0.5 else power(values, exponent)

    def numpy_once(name):
        function = getattr(np, name)

        def exact(values, *args, **kwargs):
            if isinstance(values, torch.Tensor):
                return getattr(values, name)()
            if getattr(values, "dtype", None) == np.float32:
                return function(np.asarray(values, np.float64)).astype(np.float32)[()]
            return function(values, *args, **kwargs)

        return exact

    for name in ["log", "exp"]:
        setattr(np, name, numpy_once(name))


# --- configurations -----------------------------------------------------------------------------------------------

CLASSES = [
    "DDIMScheduler",
    "DDPMScheduler",
    "PNDMScheduler",
    "LMSDiscreteScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "HeunDiscreteScheduler",
    "KDPM2DiscreteScheduler",
    "KDPM2AncestralDiscreteScheduler",
    "DPMSolverMultistepScheduler",
    "DPMSolverSinglestepScheduler",
    "DEISMultistepScheduler",
    "UniPCMultistepScheduler",
    "LCMScheduler",
    "TCDScheduler",
]

# How often a class is drawn; those with more keys need more.
WEIGHTS = [3, 2, 3, 2, 4, 2, 3, 3, 3, 10, 6, 5, 8, 2, 2]

MULTISTEP = {"solver_type": "midpoint", "solver_order": 2}

# The preset names of the Rust library: class, and the keys that `from_config` is given.
SAMPLERS = {
    "DDIM": ("DDIMScheduler", {}),
    "DDPM": ("DDPMScheduler", {}),
    "PLMS": ("PNDMScheduler", {"skip_prk_steps": True}),
    "LMS": ("LMSDiscreteScheduler", {}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "DPM2": ("KDPM2DiscreteScheduler", {}),
    "DPM2 a": ("KDPM2AncestralDiscreteScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", **MULTISTEP}),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++", **MULTISTEP}),
    "DPM++ 2S": ("DPMSolverSinglestepScheduler", {"algorithm_type": "dpmsolver++", **MULTISTEP}),
    "DEIS": ("DEISMultistepScheduler", {"algorithm_type": "deis", "solver_type": "logrho", "solver_order": 2}),
    "UniPC": ("UniPCMultistepScheduler", {"predict_x0": True, "solver_type": "bh2", "solver_order": 2}),
    "LCM": ("LCMScheduler", {}),
    "TCD": ("TCDScheduler", {}),
}
SIGMAS = {
    "Karras": "use_karras_sigmas",
    "Exponential": "use_exponential_sigmas",
    "Beta": "use_beta_sigmas",
    "Lu": "use_lu_lambdas",
}


def preset(name):
    sampler, _, sigmas = name.rpartition(" ")
    if sigmas not in SIGMAS:
        sampler, sigmas = name, None
    class_name, keys = SAMPLERS[sampler]
    return class_name, {**keys, **{key: sigmas == word for word, key in SIGMAS.items()}}


def preset_names():
    plain = {"DDIM", "DDPM", "PLMS", "Euler a", "LCM", "TCD"}
    for sampler in SAMPLERS:
        yield sampler
        for sigmas in SIGMAS if sampler not in plain else []:
            if sigmas != "Lu" or sampler.startswith("DPM++ 2M"):
                yield f"{sampler} {sigmas}"


COMMON = {
    "num_train_timesteps": [1000, 1000, 1000, 1000, 500, 777, 1001, 100],
    "beta_start": [0.00085, 0.0001, 0.001],
    "beta_end": [0.012, 0.02, 0.015],
    "beta_schedule": ["linear", "scaled_linear", "scaled_linear", "squaredcos_cap_v2"],
    "prediction_type": ["epsilon", "epsilon", "v_prediction", "sample"],
    "timestep_spacing": ["leading", "trailing", "linspace"],
    "steps_offset": [0, 1, 1, 3],
    "rescale_betas_zero_snr": [False, False, True],
}
THRESHOLDING = {
    "thresholding": [False, False, True],
    "dynamic_thresholding_ratio": [0.995, 0.9, 0.5],
    "sample_max_value": [1.0, 1.5, 4.0],
}
CLIPPING = {"clip_sample": [False, False, True], "clip_sample_range": [0.5, 1.0, 2.0]}
SPREADING = ["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas"]
SOLVER = {"solver_order": [1, 2, 2, 3, 3], "lower_order_final": [True, False], **THRESHOLDING}
OWN = {
    "DDIMScheduler": {"set_alpha_to_one": [False, True], **CLIPPING, **THRESHOLDING},
    "DDPMScheduler": {
        "variance_type": ["fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log"],
        "beta_schedule": [*COMMON["beta_schedule"], "sigmoid"],
        **CLIPPING,
        **THRESHOLDING,
    },
    "PNDMScheduler": {"skip_prk_steps": [True, True, False], "set_alpha_to_one": [False, True]},
    "EulerDiscreteScheduler": {
        "final_sigmas_type": ["zero", "zero", "sigma_min"],
        "interpolation_type": ["linear", "linear", "log_linear"],
        "timestep_type": ["discrete", "continuous"],
    },
    "HeunDiscreteScheduler": {"beta_schedule": [*COMMON["beta_schedule"], "exp"], **CLIPPING},
    "DPMSolverMultistepScheduler": {
        "algorithm_type": ["dpmsolver++", "dpmsolver++", "dpmsolver", "sde-dpmsolver++", "sde-dpmsolver", "deis"],
        "solver_type": ["midpoint", "heun", "logrho"],
        "euler_at_final": [False, True],
        "final_sigmas_type": ["zero", "sigma_min"],
        "lambda_min_clipped": [-5.1, -2.0, 0.0],
        "variance_type": ["fixed_small", None],
        **SOLVER,
    },
    "DPMSolverSinglestepScheduler": {
        "algorithm_type": ["dpmsolver++", "dpmsolver++", "dpmsolver", "sde-dpmsolver++"],
        "solver_type": ["midpoint", "heun", "bh2"],
        "final_sigmas_type": ["zero", "sigma_min", "sigma_min"],
        "lambda_min_clipped": [-5.1, -2.0],
        **SOLVER,
    },
    "DEISMultistepScheduler": {"solver_type": ["logrho", "midpoint"], "algorithm_type": ["deis", "dpmsolver++"], **SOLVER},
    "UniPCMultistepScheduler": {
        "solver_type": ["bh1", "bh2", "bh2", "heun"],
        "predict_x0": [True, True, False],
        "disable_corrector": [[], [0], [0, 1, 3]],
        "final_sigmas_type": ["zero", "sigma_min", "sigma_min"],
        **SOLVER,
    },
    "LCMScheduler": {"original_inference_steps": [50, 50, 100, 64], "timestep_scaling": [10.0, 1.0], **CLIPPING, **THRESHOLDING},
    "TCDScheduler": {"original_inference_steps": [50, 50, 100, 64], **CLIPPING, **THRESHOLDING},
}
STEP_COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 20, 20, 25, 28, 30, 40, 50, 60]


def random_config(rng, class_name):
    """A configuration in which any key may be left to its default."""
    config = {"_class_name": class_name}
    for key, values in {**COMMON, **OWN.get(class_name, {})}.items():
        if rng.random() < (0.8 if key in COMMON else 0.6):
            config[key] = rng.choice(values)
    if rng.random() < 0.45:
        config[rng.choice(SPREADING)] = True
        if rng.random() < 0.25:
            config["sigma_min"] = rng.choice([0.02, 0.05, 0.1])
        if rng.random() < 0.25:
            config["sigma_max"] = rng.choice([5.0, 10.0, 14.6])
    if rng.random() < 0.05:
        count = config["num_train_timesteps"] = rng.choice([20, 64])
        config["trained_betas"] = [round(0.002 + 0.15 * (index / count) ** 2, 6) for index in range(count)]
    return config


def random_case(rng, names):
    class_name = rng.choices(CLASSES, WEIGHTS)[0]
    case = {"config": random_config(rng, class_name), "num_inference_steps": rng.choice(STEP_COUNTS)}
    if rng.random() < 0.15:
        name = rng.choice(names)
        if preset(name)[0] != class_name:
            case["with_scheduler"] = name
    if rng.random() < 0.5:
        case["eta"] = rng.choice([0.0, 0.25, 0.5, 1.0])
    if rng.random() < 0.25:
        case["begin"] = rng.random()
    case["seed"] = rng.getrandbits(32)
    return case


# --- the loop -----------------------------------------------------------------------------------------------------


def build(case):
    config = case["config"]
    scheduler = getattr(diffusers, config["_class_name"]).from_config(config)
    if "with_scheduler" in case:
        class_name, keys = preset(case["with_scheduler"])
        scheduler = getattr(diffusers, class_name).from_config(scheduler.config, **keys)
    scheduler.set_timesteps(case["num_inference_steps"])
    scheduler.is_scale_input_called = True
    return scheduler


def refused_by_its_own_class(case):
    """Whether a configuration is of no use without the preset; the library refuses it when the model is loaded."""
    config_alone = {"config": case["config"], "num_inference_steps": 10, "seed": 0}
    return "with_scheduler" in case and "steps" not in (reference(config_alone) or {"steps": []})


def divides_by_zero(scheduler, case):
    """Whether noise is predicted where there is nothing else; what clipping makes of that is no picture."""
    exact = isinstance(scheduler, (diffusers.DDIMScheduler, diffusers.DDPMScheduler, diffusers.LCMScheduler, diffusers.TCDScheduler))
    return exact and scheduler.config.prediction_type == "epsilon" and scheduler.alphas_cumprod[scheduler.timesteps].min() == 0


def takes_root_of_logarithm(scheduler):
    """Whether every step with noise ends in NaN; the library refuses the key."""
    return isinstance(scheduler, diffusers.DDPMScheduler) and scheduler.variance_type == "fixed_large_log"


def step_arguments(scheduler, case):
    if isinstance(scheduler, (diffusers.DDIMScheduler, diffusers.TCDScheduler)) and "eta" in case:
        return {"eta": case["eta"]}
    return {}


def values(tensor):
    return [float(value) for value in tensor.flatten()]


def loop(scheduler, case):
    """All that a loop can be told apart by: timesteps, and the latents after adding noise and after each step."""
    lcg = Lcg(case["seed"])
    module = importlib.import_module(type(scheduler).__module__)
    module.randn_tensor = lambda *args, **kwargs: lcg.tensor()
    timesteps, begin = scheduler.timesteps, case["begin_index"]
    result = {"timesteps": values(timesteps.float()), "init_noise_sigma": float(scheduler.init_noise_sigma)}
    original, noise = lcg.tensor(), lcg.tensor()
    sample = noise * scheduler.init_noise_sigma
    if hasattr(scheduler, "set_begin_index"):
        # Otherwise diffusers looks for the first timestep among all, and begins one too late where two are the same.
        scheduler.set_begin_index(begin)
    if begin > 0:
        sample = scheduler.add_noise(original, noise, timesteps[begin : begin + 1]).float()
    result["steps"] = [values(sample)]
    for index, timestep in enumerate(timesteps[begin:], begin):
        if begin > 0 and index > begin:
            # Inpainting keeps the rest of the picture at the level of the loop.
            known = scheduler.add_noise(original, noise, timesteps[index : index + 1]).float()
            result.setdefault("known", []).append(values(known)[0])
        model_input = scheduler.scale_model_input(sample, timestep)
        output = 0.5 * lcg.tensor() + 0.25 * model_input.float()
        stepped = scheduler.step(output, timestep, sample, **step_arguments(scheduler, case))
        sample = stepped.prev_sample.float()
        result["steps"].append(values(sample))
        predicted = getattr(stepped, "pred_original_sample", getattr(stepped, "denoised", None))
        if predicted is not None:
            result.setdefault("originals", []).append(values(predicted)[0])
    return result


def reference(case):
    """What diffusers makes of a case: a loop, `refused` with the exception, or `nan`. None where the Rust library
    differs on purpose: it has no loops that are longer than asked for, or longer than the training."""
    if refused_by_its_own_class(case):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        begin = case.pop("begin", 0.0)
        case.setdefault("begin_index", 0)
        try:
            scheduler = build(case)
            count = case["num_inference_steps"]
            trained = scheduler.config.num_train_timesteps
            if count > trained or (scheduler.timesteps < 0).any() and len(scheduler.timesteps) > count:
                return None
            if begin > 0:
                case["begin_index"] = int(begin * len(scheduler.timesteps) // scheduler.order) * scheduler.order
            if divides_by_zero(scheduler, case) or takes_root_of_logarithm(scheduler):
                return {"nan": True}
            result = loop(scheduler, case)
            if case["begin_index"] > 0 and "steps" not in (whole := reference({**case, "begin_index": 0})):
                # The library looks at whole loops, also where the part that divides by zero is left out.
                return whole
        except (AssertionError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError, ZeroDivisionError, UnboundLocalError) as error:
            return {"refused": f"{type(error).__name__}: {str(error)[:80]}"}
    flat = np.concatenate([np.ravel(result["steps"]), result.get("originals", []), result["timesteps"]])
    return result if np.isfinite(flat).all() else {"nan": True}


def cases(seed):
    """Endless random cases with their references."""
    rng = random.Random(seed)
    diffusers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    names = list(preset_names())
    while True:
        case = random_case(rng, names)
        result = reference(case)
        if result is not None:
            yield case, result
