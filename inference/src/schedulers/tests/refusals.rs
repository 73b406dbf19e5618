use insta::assert_snapshot;

use super::*;

/// Why a configuration, or a loop of so many steps with it, is refused.
#[track_caller]
fn error(keys: &str, num_inference_steps: usize) -> String {
    match SchedulerConfig::from_json(&format!("{{{keys}}}")) {
        Ok(config) => match config.build(&LoopOptions::new(num_inference_steps)) {
            Ok(_) => "not refused".to_owned(),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let refused = [
        ("EulerDiscrete", r#""interpolation_type": "cubic""#),
        ("EulerDiscrete", r#""final_sigmas_type": 0"#),
        ("EulerDiscrete", r#""use_karras_sigmas": "yes""#),
        ("EulerDiscrete", r#""sigma_min": 0"#),
        ("EulerDiscrete", r#""timestep_type": "flow""#),
        ("EulerAncestralDiscrete", r#""prediction_type": "sample""#),
        ("KDPM2Discrete", r#""prediction_type": "sample""#),
        ("PNDM", r#""prediction_type": "sample""#),
        ("DDPM", r#""variance_type": "learned_range""#),
        ("DDPM", r#""variance_type": "fixed_large_log""#),
        ("DPMSolverMultistep", r#""variance_type": "learned""#),
        ("DPMSolverMultistep", r#""use_flow_sigmas": true"#),
        ("DPMSolverMultistep", r#""solver_order": 4"#),
        ("DPMSolverMultistep", r#""algorithm_type": "dpmsolver+++""#),
        ("DPMSolverSinglestep", r#""algorithm_type": "sde-dpmsolver""#),
        ("DEISMultistep", r#""algorithm_type": "sde-dpmsolver++""#),
        ("UniPCMultistep", r#""solver_p": {}"#),
        ("UniPCMultistep", r#""disable_corrector": [-1]"#),
        (
            "DDIM",
            r#""dynamic_thresholding_ratio": 1.5, "thresholding": true"#,
        ),
        ("DDIM", r#""clip_sample_range": -1"#),
        ("DDIM", r#""prediction_type": "flow_prediction""#),
        ("DDIM", r#""beta_schedule": "sigmoid""#),
        ("DDIM", r#""timestep_spacing": ["leading"]"#),
        ("DDIM", r#""num_train_timesteps": 1e12"#),
        ("DDIM", r#""trained_betas": ["0.1"]"#),
        ("DDIM", r#""shift_terminal": 3.0"#),
    ];
    let errors: Vec<_> = refused
        .into_iter()
        .map(|(class, key)| error(&format!(r#""_class_name": "{class}Scheduler", {key}"#), 10))
        .collect();
    assert_snapshot!(errors.join("\n"), @r#"
    the scheduler configuration has `interpolation_type` = "cubic", which is not supported
    the scheduler configuration has `final_sigmas_type` = 0, which is not supported
    the scheduler configuration has `use_karras_sigmas` = "yes", which is not supported
    the scheduler configuration has `sigma_min` = 0, which is not supported
    the scheduler configuration has `timestep_type` = "flow", which is not supported
    the scheduler configuration has `prediction_type` = "sample", which is not supported
    the scheduler configuration has `prediction_type` = "sample", which is not supported
    the scheduler configuration has `prediction_type` = "sample", which is not supported
    the scheduler configuration has `variance_type` = "learned_range", which is not supported
    the scheduler configuration has `variance_type` = "fixed_large_log", which is not supported
    the scheduler configuration has `variance_type` = "learned", which is not supported
    the scheduler configuration has `use_flow_sigmas` = true, which is not supported
    the scheduler configuration has `solver_order` = 4, which is not supported
    the scheduler configuration has `algorithm_type` = "dpmsolver+++", which is not supported
    the scheduler configuration has `algorithm_type` = "sde-dpmsolver", which is not supported
    the scheduler configuration has `algorithm_type` = "sde-dpmsolver++", which is not supported
    the scheduler configuration has `solver_p` = {}, which is not supported
    the scheduler configuration has `disable_corrector` = [-1], which is not supported
    the scheduler configuration has `dynamic_thresholding_ratio` = 1.5, which is not supported
    the scheduler configuration has `clip_sample_range` = -1, which is not supported
    the scheduler configuration has `prediction_type` = "flow_prediction", which is not supported
    the scheduler configuration has `beta_schedule` = "sigmoid", which is not supported
    the scheduler configuration has `timestep_spacing` = ["leading"], which is not supported
    the scheduler configuration has `num_train_timesteps` = 1000000000000.0, which is not supported
    the scheduler configuration has `trained_betas` = ["0.1"], which is not supported
    the scheduler configuration has `shift_terminal` = 3.0, which is not supported
    "#);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = [
        ("", 10),
        ("]", 10),
        (r#""_class_name": 3"#, 10),
        (r#""_class_name": "DDIMScheduler", "num_train_timesteps": 0"#, 10),
        (r#""_class_name": "DDIMScheduler", "num_train_timesteps": 9"#, 10),
        (r#""_class_name": "DDIMScheduler", "steps_offset": 1"#, 1000),
        (r#""_class_name": "DDIMScheduler", "beta_start": 0.0"#, 10),
        (r#""_class_name": "DDIMScheduler", "beta_end": -3"#, 10),
        (r#""_class_name": "DDIMScheduler", "trained_betas": [0.1]"#, 10),
        (
            r#""_class_name": "DDIMScheduler", "rescale_betas_zero_snr": true"#,
            1000,
        ),
        (
            r#""_class_name": "EulerDiscreteScheduler", "num_train_timesteps": 100000"#,
            10,
        ),
        (r#""_class_name": "DDIMScheduler""#, 0),
        (r#""_class_name": "PNDMScheduler""#, 3),
        (r#""_class_name": "LCMScheduler""#, 51),
        (
            r#""_class_name": "LCMScheduler", "original_inference_steps": 0"#,
            1,
        ),
    ];
    let errors: Vec<_> = refused
        .into_iter()
        .map(|(keys, num_inference_steps)| error(keys, num_inference_steps))
        .collect();
    assert_snapshot!(errors.join("\n"), @r#"
    unknown scheduler "", known are DDIM, DDPM, PLMS, LMS, Euler, Euler a, Heun, DPM2, DPM2 a, DPM++ 2M, DPM++ 2M SDE, DPM++ 2S, DEIS, UniPC, LCM, TCD, and most of them followed by Karras, Exponential or Beta
    the scheduler configuration is not a JSON object: key must be a string at line 1 column 2
    unknown scheduler "", known are DDIM, DDPM, PLMS, LMS, Euler, Euler a, Heun, DPM2, DPM2 a, DPM++ 2M, DPM++ 2M SDE, DPM++ 2S, DEIS, UniPC, LCM, TCD, and most of them followed by Karras, Exponential or Beta
    the scheduler configuration contradicts itself: its betas are no noise schedule between 0 and 1
    10 steps are not possible with this schedule of 9 timesteps
    1000 steps are not possible with this schedule of 1000 timesteps
    the scheduler configuration contradicts itself: its betas are no noise schedule between 0 and 1
    the scheduler configuration contradicts itself: its betas are no noise schedule between 0 and 1
    the scheduler configuration contradicts itself: `trained_betas` does not have `num_train_timesteps` values
    the scheduler configuration contradicts itself: `prediction_type` epsilon cannot start from the pure noise of `rescale_betas_zero_snr`
    the scheduler configuration contradicts itself: its betas are no noise schedule between 0 and 1
    0 steps are not possible with this schedule of 1000 timesteps
    3 steps are not possible with this schedule of 1000 timesteps
    51 steps are not possible with this schedule of 50 timesteps
    the scheduler configuration contradicts itself: `original_inference_steps` is not between 1 and `num_train_timesteps`
    "#);
}

#[test]
fn what_contradicts_itself_is_refused() {
    let both = r#""use_karras_sigmas": true, "use_beta_sigmas": true"#;
    let refused = [
        ("EulerDiscrete", both),
        ("EulerDiscrete", r#""use_karras_sigmas": true, "sigma_min": 999"#),
        ("DPMSolverMultistep", r#""algorithm_type": "dpmsolver""#),
        (
            "DPMSolverMultistep",
            r#""algorithm_type": "sde-dpmsolver", "solver_order": 3, "final_sigmas_type": "sigma_min""#,
        ),
        (
            "DPMSolverSinglestep",
            r#""algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min", "thresholding": true"#,
        ),
        (
            "DPMSolverMultistep",
            r#""use_karras_sigmas": true, "final_sigmas_type": "sigma_min", "solver_type": "heun",
               "lower_order_final": false"#,
        ),
        ("UniPCMultistep", r#""solver_type": "bh1""#),
        ("UniPCMultistep", r#""predict_x0": false"#),
    ];
    let errors: Vec<_> = refused
        .into_iter()
        .map(|(class, keys)| error(&format!(r#""_class_name": "{class}Scheduler", {keys}"#), 20))
        .collect();
    assert_snapshot!(errors.join("\n"), @r#"
    the scheduler configuration contradicts itself: only one of `use_karras_sigmas`, `use_exponential_sigmas` and `use_beta_sigmas` can be true
    the scheduler configuration contradicts itself: `sigma_min` and `sigma_max` do not leave falling noise levels
    the scheduler configuration contradicts itself: this `algorithm_type` needs `final_sigmas_type` sigma_min
    the scheduler configuration contradicts itself: `algorithm_type` sde-dpmsolver has no `solver_order` 3
    the scheduler configuration contradicts itself: this class has no `thresholding` with `algorithm_type` dpmsolver
    the scheduler configuration contradicts itself: with this number of steps it divides by zero
    the scheduler configuration contradicts itself: with this number of steps it divides by zero
    the scheduler configuration contradicts itself: with this number of steps it divides by zero
    "#);
}

#[test]
fn eta_is_a_share() {
    let config = SchedulerConfig::from_json(r#"{"_class_name": "TCDScheduler"}"#).unwrap();
    let options = LoopOptions {
        num_inference_steps: 4,
        eta: Some(f32::NAN),
    };
    assert_snapshot!(config.build(&options).unwrap_err(), @"eta is NaN, but must be between 0 and 1");
}
