//! Weight-free loops of diffusers' own tests (`tests/schedulers/test_scheduler_*.py`).

use super::*;

/// The deterministic sample of those tests: `[4, 3, 8, 8]`, counted along c, h, w, b.
fn deterministic_sample() -> Latents {
    Latents::from_shape_fn((4, 3, 8, 8), |(b, c, h, w)| {
        (((c * 8 + h) * 8 + w) * 4 + b) as f32 / 768.0
    })
}

/// The deterministic noise of those tests: the sample's values backwards.
fn deterministic_noise() -> Latents {
    deterministic_sample().mapv(|value| 767.0 / 768.0 - value)
}

/// The mean magnitude after a loop, which those tests have to three digits after the point. `keys` follow the class.
#[track_caller]
fn check(class: &str, keys: &str, num_inference_steps: usize, mean: f32) {
    check_from(class, keys, num_inference_steps, 0, mean);
}

/// The same for a loop that begins late, from a sample with noise.
#[track_caller]
fn check_from(class: &str, keys: &str, num_inference_steps: usize, begin: usize, mean: f32) {
    let config = format!(r#"{{"_class_name": "{class}Scheduler"{keys}}}"#);
    let config = SchedulerConfig::from_json(&config).unwrap();
    let options = LoopOptions {
        num_inference_steps,
        eta: Some(0.0),
    };
    let mut scheduler = config.build(&options).unwrap();
    let mut noise = TorchCpuNoise::new(0);
    let mut sample = deterministic_sample() * scheduler.init_noise_sigma();
    if begin > 0 {
        scheduler.set_begin_index(begin);
        sample = scheduler.add_noise(&sample, &deterministic_noise(), begin);
    }
    for step in begin..scheduler.timesteps().len() {
        // Those tests give the scaled sample to the step as well, unlike a pipeline.
        sample = scheduler.scale_model_input(&sample, step);
        let output = network(&sample, scheduler.timesteps()[step]);
        sample = scheduler.step(&output, step, &sample, &mut noise).prev_sample;
    }
    let actual = magnitude(&sample) / sample.len() as f32;
    let tolerance = if mean < 100.0 { 1e-3 } else { 1e-5 * mean };
    assert!((actual - mean).abs() < tolerance, "{class} {keys}: {actual}");
}

const LONG: &str = r#", "num_train_timesteps": 1100, "beta_start": 0.0001, "beta_end": 0.02"#;
const LONG_V: &str = r#", "num_train_timesteps": 1100, "beta_start": 0.0001, "beta_end": 0.02,
    "prediction_type": "v_prediction""#;
const V: &str = r#", "prediction_type": "v_prediction""#;

#[test]
fn ddim() {
    check("DDIM", "", 10, 0.223_967);
    check("DDIM", V, 10, 0.0684);
    check("DDIM", r#", "beta_start": 0.01"#, 10, 0.1951);
    check(
        "DDIM",
        r#", "beta_start": 0.01, "set_alpha_to_one": false"#,
        10,
        0.1941,
    );
    check_from("DDIM", "", 10, 8, 354.5418 / 768.0);
}

#[test]
fn ddpm() {
    check("DDPM", "", 1000, 0.3372);
    check("DDPM", V, 1000, 0.2631);
}

#[test]
fn pndm() {
    check("PNDM", "", 10, 0.2580);
    check("PNDM", V, 10, 0.0878);
    check(
        "PNDM",
        r#", "set_alpha_to_one": true, "beta_start": 0.01"#,
        10,
        0.2995,
    );
    check(
        "PNDM",
        r#", "set_alpha_to_one": false, "beta_start": 0.01"#,
        10,
        0.2434,
    );
}

#[test]
fn lms() {
    check("LMSDiscrete", LONG, 10, 1.31);
    check("LMSDiscrete", LONG_V, 10, 0.0);
    check(
        "LMSDiscrete",
        &format!(r#"{LONG}, "use_karras_sigmas": true"#),
        10,
        4.9648,
    );
    check_from("LMSDiscrete", LONG, 10, 8, 27_663.69 / 768.0);
}

#[test]
fn euler() {
    check("EulerDiscrete", LONG, 10, 0.0131);
    check("EulerDiscrete", LONG_V, 10, 0.0);
    check(
        "EulerDiscrete",
        &format!(r#"{LONG}, "use_karras_sigmas": true"#),
        10,
        0.1621,
    );
    check_from("EulerDiscrete", LONG, 10, 8, 57_062.93 / 768.0);
    check("EulerAncestralDiscrete", LONG, 10, 0.1983);
    check("EulerAncestralDiscrete", LONG_V, 10, 0.1412);
    check_from("EulerAncestralDiscrete", LONG, 10, 8, 56_163.05 / 768.0);
}

#[test]
fn heun() {
    check("HeunDiscrete", LONG, 10, 0.0002);
    check(
        "HeunDiscrete",
        &format!(r#"{LONG}, "use_karras_sigmas": true"#),
        10,
        0.0,
    );
    check_from("HeunDiscrete", LONG, 10, 16, 75_074.89 / 768.0);
}

#[test]
fn kdpm2() {
    check("KDPM2Discrete", LONG, 10, 0.0266);
    check("KDPM2AncestralDiscrete", LONG, 10, 13_979.943 / 768.0);
    check("KDPM2AncestralDiscrete", LONG_V, 10, 331.8133 / 768.0);
}

#[test]
fn dpm_multistep() {
    let own = |keys: &str| {
        format!(
            r#", "lower_order_final": false, "final_sigmas_type": "sigma_min", "lambda_min_clipped": -Infinity{keys}"#
        )
    };
    let class = "DPMSolverMultistep";
    check(class, &own(""), 10, 0.3301);
    check(class, &own(V), 10, 0.2251);
    check(
        class,
        &own(&format!(r#"{V}, "use_karras_sigmas": true"#)),
        10,
        0.2096,
    );
    check(
        class,
        &own(&format!(r#"{V}, "use_lu_lambdas": true"#)),
        10,
        0.1554,
    );
    let thresholding =
        r#", "thresholding": true, "dynamic_thresholding_ratio": 0.87, "sample_max_value": 0.5"#;
    check(class, &own(thresholding), 10, 1.1364);
    check_from(class, &own(""), 10, 5, 318.4111 / 768.0);
}

#[test]
fn dpm_singlestep() {
    let own = |keys: &str| format!(r#", "final_sigmas_type": "sigma_min"{keys}"#);
    let class = "DPMSolverSinglestep";
    check(class, &own(""), 10, 0.2791);
    check(class, &own(V), 10, 0.1453);
    check(class, &own(r#", "use_karras_sigmas": true"#), 10, 0.2248);
    check(
        class,
        &own(&format!(r#"{V}, "use_karras_sigmas": true"#)),
        10,
        0.0649,
    );
    check_from(class, &own(""), 10, 5, 269.2187 / 768.0);
}

#[test]
fn deis() {
    check("DEISMultistep", "", 10, 0.23916);
    check("DEISMultistep", V, 10, 0.091);
    check_from("DEISMultistep", "", 10, 8, 315.3016 / 768.0);
}

#[test]
fn unipc() {
    let own = |keys: &str| format!(r#", "final_sigmas_type": "sigma_min"{keys}"#);
    let class = "UniPCMultistep";
    check(class, &own(""), 10, 0.2464);
    check(class, &own(V), 10, 0.1014);
    check(class, &own(r#", "use_karras_sigmas": true"#), 10, 0.2925);
    check(
        class,
        &own(&format!(r#"{V}, "use_karras_sigmas": true"#)),
        10,
        0.1966,
    );
    check_from(class, &own(""), 10, 8, 315.5757 / 768.0);
}

#[test]
fn distilled() {
    check("LCM", "", 1, 18.7097 / 768.0);
    check("LCM", "", 10, 197.7616 / 768.0);
    check("TCD", "", 1, 29.8715 / 768.0);
    check("TCD", "", 10, 181.204 / 768.0);
}
