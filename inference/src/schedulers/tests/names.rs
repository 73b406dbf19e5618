use insta::assert_snapshot;

use super::*;

#[track_caller]
fn parse(name: &str) -> SchedulerName {
    name.parse().unwrap()
}

/// The name of a configuration, from the keys after its class.
#[track_caller]
fn name(class: &str, keys: &str) -> &'static str {
    let json = format!(r#"{{"_class_name": "{class}Scheduler"{keys}}}"#);
    SchedulerConfig::from_json(&json).unwrap().name().name()
}

#[test]
fn names_of_both_worlds_are_known() {
    for &scheduler in SchedulerName::ALL {
        assert_eq!(parse(&scheduler.to_string().to_lowercase()), scheduler);
        let of_class = parse(&scheduler.class_name().to_uppercase());
        assert_eq!(of_class.class_name(), scheduler.class_name());
        assert_eq!(of_class.schedule_type(), None);
        let parts = SchedulerName::from_sampler(scheduler.sampler(), scheduler.schedule_type());
        assert_eq!(parts, Ok(scheduler));
    }
    assert_eq!(
        parse("dpmsolvermultistepscheduler").name(),
        "DPM++ 2M",
        "the plain form goes first"
    );
    let unknown = "DPM adaptive".parse::<SchedulerName>().unwrap_err();
    assert_snapshot!(unknown, @r#"unknown scheduler "DPM adaptive", known are DDIM, DDPM, PLMS, LMS, Euler, Euler a, Heun, DPM2, DPM2 a, DPM++ 2M, DPM++ 2M SDE, DPM++ 2S, DEIS, UniPC, LCM, TCD, and most of them followed by Karras, Exponential or Beta"#);
}

#[test]
fn recipes_may_have_sampler_and_schedule_type_apart() {
    let from = |sampler, schedule_type| {
        SchedulerName::from_sampler(sampler, schedule_type)
            .map_or_else(|error| error.name, |name| name.to_string())
    };
    assert_eq!(from("dpm++ 2m sde", Some("karras")), "DPM++ 2M SDE Karras");
    assert_eq!(from("DPM++ 2M", None), "DPM++ 2M");
    assert_eq!(from("DPM++ 2M", Some("Automatic")), "DPM++ 2M Karras");
    assert_eq!(
        from("DPM++ 2M SDE", Some("Automatic")),
        "DPM++ 2M SDE Exponential"
    );
    assert_eq!(from("DPM++ 2M", Some("Uniform")), "DPM++ 2M");
    assert_eq!(from("DPM++ 2M Karras", Some("Automatic")), "DPM++ 2M Karras");
    assert_eq!(from("Euler a", Some("Automatic")), "Euler a");
    // Not to be had.
    assert_eq!(from("Euler a", Some("Karras")), "Euler a Karras");
    assert_eq!(from("Euler", Some("KL Optimal")), "Euler KL Optimal");
}

#[test]
fn a_configuration_has_the_name_of_its_preset() {
    assert_eq!(name("PNDM", r#", "skip_prk_steps": true"#), "PLMS");
    assert_eq!(name("DPMSolverMultistep", ""), "DPM++ 2M");
    let keys = r#", "algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": true"#;
    assert_eq!(name("DPMSolverMultistep", keys), "DPM++ 2M SDE Karras");
    assert_eq!(
        name("UniPCMultistep", r#", "use_beta_sigmas": true"#),
        "UniPC Beta"
    );
    // A key that the class does not have.
    assert_eq!(
        name("EulerAncestralDiscrete", r#", "use_karras_sigmas": true"#),
        "Euler a"
    );
}

#[test]
fn every_preset_draws_with_the_configuration_of_stable_diffusion() {
    // The scheduler_config.json of Stable Diffusion 1.5.
    let json = r#"{"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012,
        "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": false, "set_alpha_to_one": false,
        "num_train_timesteps": 1000, "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null}"#;
    let own = SchedulerConfig::from_json(json).unwrap();
    assert_eq!(own.name().to_string(), "PLMS");
    assert_eq!(own.prediction_type().to_string(), "epsilon");
    for scheduler in SchedulerName::ALL {
        let config = own.with_scheduler(scheduler).unwrap();
        assert_eq!(config.name(), *scheduler);
        let built = config.build(&LoopOptions::new(20)).unwrap();
        assert!(built.timesteps().len() >= 20, "{scheduler}");
        // From there back to the model's own.
        let back = config.with_scheduler(&own.name()).unwrap();
        let timesteps =
            |config: &SchedulerConfig| config.build(&LoopOptions::new(20)).unwrap().timesteps().to_vec();
        assert_eq!(timesteps(&back), timesteps(&own), "{scheduler}");
    }
}

#[test]
fn the_name_that_a_configuration_has_leaves_it_alone() {
    let json = r#"{"_class_name": "DPMSolverMultistepScheduler", "solver_order": 3, "solver_type": "heun"}"#;
    let config = SchedulerConfig::from_json(json).unwrap();
    let same = config.with_scheduler(&parse("DPM++ 2M")).unwrap();
    let other = config.with_scheduler(&parse("DPM++ 2M Karras")).unwrap();
    let drawn = |config: &SchedulerConfig| format!("{:?}", config.build(&LoopOptions::new(20)));
    assert_eq!(drawn(&same), drawn(&config));
    assert!(drawn(&config).contains("solver_order: 3"));
    assert!(drawn(&other).contains("solver_order: 2"));
}

#[test]
fn configurations_of_other_classes_are_accepted_where_they_change_nothing() {
    // The scheduler_config.json of Stable Diffusion 1.5 after `DDIMScheduler.from_config`.
    let json = r#"{"_class_name": "DDIMScheduler", "_diffusers_version": "0.35.2", "beta_end": 0.012,
        "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": false, "set_alpha_to_one": false,
        "num_train_timesteps": 1000, "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null,
        "use_flow_sigmas": true}"#;
    let ddim = SchedulerConfig::from_json(json).unwrap();
    assert_eq!(ddim.name().name(), "DDIM");
    let built = ddim.build(&LoopOptions::new(4)).unwrap();
    assert_eq!(built.timesteps(), [751.0, 501.0, 251.0, 1.0]);
    // For DPM-Solver the last key has a meaning.
    let error = ddim.with_scheduler(&parse("DPM++ 2M")).unwrap_err();
    assert_snapshot!(error, @"the scheduler configuration has `use_flow_sigmas` = true, which is not supported");
}

#[test]
fn the_infinity_that_diffusers_writes_is_no_clipping() {
    let timesteps = |lambda_min_clipped: &str| {
        let json = format!(
            r#"{{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": {lambda_min_clipped}}}"#
        );
        let config = SchedulerConfig::from_json(&json).unwrap();
        config.build(&LoopOptions::new(4)).unwrap().timesteps().to_vec()
    };
    assert_eq!(timesteps("-Infinity"), timesteps("null"));
    assert_eq!(timesteps("-Infinity").first(), Some(&999.0));
    assert!(timesteps("-1.0").first() < Some(&999.0));
}
