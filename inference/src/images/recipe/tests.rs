use insta::assert_snapshot;
use proptest::prelude::*;
use serde::Deserialize;

use super::{prompts::strip, *};

fn recipe() -> Recipe {
    Recipe {
        prompt: "1girl, pink hair".to_owned(),
        negative_prompt: "blurry".to_owned(),
        scheduler: "Euler".to_owned(),
        seed: 1,
        model_name: "avatar".to_owned(),
        version: "Ekaki 0.1.0".to_owned(),
        ..Recipe::default()
    }
}

/// The text, which has to read back as the same recipe.
#[track_caller]
fn text(recipe: &Recipe) -> String {
    let text = recipe.to_string();
    assert_eq!(text.parse().as_ref(), Ok(recipe), "{text}");
    text
}

#[test]
fn recipes_read_as_in_the_web_ui() {
    assert_snapshot!(text(&recipe()), @"
    1girl, pink hair
    Negative prompt: blurry
    Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, Model: avatar, RNG: CPU, Version: Ekaki 0.1.0
    ");
    let recipe = Recipe {
        prompt: "後藤ひとり".to_owned(),
        negative_prompt: String::new(),
        guidance_scale: 4.5,
        seed: u64::MAX,
        width: 128,
        height: 192,
        model_name: "sd: 1.5, \"pruned\"".to_owned(),
        ..recipe()
    };
    assert_snapshot!(text(&recipe), @r#"
    後藤ひとり
    Steps: 20, Sampler: Euler, CFG scale: 4.5, Seed: 18446744073709551615, Size: 128x192, Model: "sd: 1.5, \"pruned\"", RNG: CPU, Version: Ekaki 0.1.0
    "#);
    assert_eq!(
        Recipe::default().version,
        concat!("Ekaki ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn everything_has_a_key() {
    let mut recipe = Recipe {
        scheduler: "DPM++ 2M SDE".to_owned(),
        schedule_type: Some("Karras".to_owned()),
        guidance_rescale: 0.7,
        guidance_interval: Some((0.1, 0.8)),
        eta: Some(0.5),
        noise_source: NoiseSource::Cuda,
        variation: Some(Variation {
            seed: 5,
            strength: 0.25,
        }),
        clip_skip: Some(2),
        hires: Some(HiresRecipe {
            size: HiresSize::Upscale(1.5),
            num_inference_steps: Some(12),
            denoising_strength: 0.6,
            upscaler: "Latent (nearest-exact)".to_owned(),
        }),
        other: vec![
            ("Lora hashes".to_owned(), "a: b5, c: d7".to_owned()),
            (
                "Hashes".to_owned(),
                r#"{"vae": "735e", "model": "6ce0"}"#.to_owned(),
            ),
        ],
        ..recipe()
    };
    assert_snapshot!(text(&recipe), @r#"
    1girl, pink hair
    Negative prompt: blurry
    Steps: 20, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 7, Seed: 1, Size: 512x512, Model: avatar, Variation seed: 5, Variation seed strength: 0.25, Denoising strength: 0.6, Clip skip: 2, RNG: NV, Eta: 0.5, CFG Rescale: 0.7, Guidance interval: 0.1-0.8, Hires upscale: 1.5, Hires steps: 12, Hires upscaler: Latent (nearest-exact), Lora hashes: "a: b5, c: d7", Hashes: {"vae": "735e", "model": "6ce0"}, Version: Ekaki 0.1.0
    "#);
    // A source picture's strength takes the key, and DDIM's eta has its own.
    recipe.scheduler = "DDIM".to_owned();
    recipe.denoising_strength = Some(0.9);
    recipe.mask_blur = Some(4);
    recipe.other.clear();
    if let Some(hires) = &mut recipe.hires {
        hires.size = HiresSize::Resize {
            width: 768,
            height: 1024,
        };
    }
    assert_snapshot!(text(&recipe), @"
    1girl, pink hair
    Negative prompt: blurry
    Steps: 20, Sampler: DDIM, Schedule type: Karras, CFG scale: 7, Seed: 1, Size: 512x512, Model: avatar, Variation seed: 5, Variation seed strength: 0.25, Denoising strength: 0.9, Hires denoising strength: 0.6, Clip skip: 2, RNG: NV, Eta DDIM: 0.5, CFG Rescale: 0.7, Guidance interval: 0.1-0.8, Hires resize: 768x1024, Hires steps: 12, Hires upscaler: Latent (nearest-exact), Mask blur: 4, Version: Ekaki 0.1.0
    ");
}

#[test]
fn prompts_that_the_lines_would_change_are_kept_in_the_last_line() {
    let check = |prompt: &str, negative_prompt: &str| {
        let recipe = Recipe {
            prompt: prompt.to_owned(),
            negative_prompt: negative_prompt.to_owned(),
            ..recipe()
        };
        text(&recipe).replace(
            "CFG scale: 7, Seed: 1, Size: 512x512, Model: avatar, RNG: CPU",
            "…",
        )
    };
    assert_snapshot!(check("a\nb, \"c\": d\n\ne\n", "f\ng"), @r#"
    a
    b, "c": d

    e

    Negative prompt: f
    g
    Steps: 20, Sampler: Euler, …, Version: Ekaki 0.1.0
    "#);
    assert_snapshot!(check("", ""), @"

    Steps: 20, Sampler: Euler, …, Version: Ekaki 0.1.0
    ");
    assert_snapshot!(check("", "x"), @"

    Negative prompt: x
    Steps: 20, Sampler: Euler, …, Version: Ekaki 0.1.0
    ");
    assert_snapshot!(check("a\nSteps: 5, Sampler: DDIM, Seed: 3", ""), @"
    a
    Steps: 5, Sampler: DDIM, Seed: 3
    Steps: 20, Sampler: Euler, …, Version: Ekaki 0.1.0
    ");
    assert_snapshot!(check("a\nNegative prompt: b, c", "d"), @r#"
    a
    Negative prompt: b, c
    Negative prompt: d
    Steps: 20, Sampler: Euler, …, Prompt: "a\nNegative prompt\u003a b\u002c c", Negative prompt: "d", Version: Ekaki 0.1.0
    "#);
    assert_snapshot!(check("\n\na", "b"), @r#"


    a
    Negative prompt: b
    Steps: 20, Sampler: Euler, …, Prompt: "\n\na", Negative prompt: "b", Version: Ekaki 0.1.0
    "#);
}

#[test]
fn texts_without_parameters_are_errors() {
    let check = |text: &str| text.parse::<Recipe>().unwrap_err().to_string();
    assert_snapshot!(check(""), @r#"the text has no line of parameters, such as "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1""#);
    assert_eq!(check("a cat: black, white"), check(""));
    assert_snapshot!(check("Steps: 20.5, Seed: 1, Size: 8x8"), @r#"`Steps` must be a whole number, not "20.5""#);
    assert_snapshot!(check("Steps: 20, Seed: -1, Size: 8x8"), @r#"`Seed` must be a whole number, not "-1""#);
    assert_snapshot!(check("Steps: 20, Seed: 1, Size: 8 x 8"), @r#"`Size` must be a size such as 512x768, not "8 x 8""#);
    assert_snapshot!(check("Steps: 20, Seed: 1, CFG scale: inf"), @r#"`CFG scale` must be a number, not "inf""#);
    assert_snapshot!(check(&format!("Steps: 20, Seed: 1, CFG scale: {}", "1e".repeat(100))), @r#"`CFG scale` must be a number, not "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e""#);
    assert_snapshot!(check("Steps: 20, Seed: 1, Guidance interval: 0.5"), @r#"`Guidance interval` must be an interval such as 0.2-0.8, not "0.5""#);
}

#[test]
fn what_a_text_does_not_say_has_the_defaults_of_the_web_ui() {
    let recipe: Recipe = "Steps: 30, Seed: 7, Scene: x".parse().unwrap();
    let expected = Recipe {
        num_inference_steps: 30,
        seed: 7,
        noise_source: NoiseSource::Cuda,
        version: String::new(),
        other: vec![("Scene".to_owned(), "x".to_owned())],
        ..Recipe::default()
    };
    assert_eq!(recipe, expected);
}

#[test]
fn only_whole_strings_are_unquoted() {
    let check = |value: &str, expected: &str| {
        let recipe: Recipe = format!("Steps: 1, Seed: 2, Model: {value}, Size: 8x8")
            .parse()
            .unwrap();
        assert_eq!(recipe.model_name, expected, "{value}");
    };
    check(r#""a, \"b\": c""#, r#"a, "b": c"#);
    check(r#""a\q, b""#, r#""a\q, b""#);
    check(r#""a" "#, r#""a" "#);
    check(r#""a" b"#, r#""a" b"#);
    check(r#""a, b"#, r#""a"#);
    check(r#""""#, "");
    check("[1, 2]", "[1, 2]");
    check("[1, 2", "[1");
}

#[test]
fn lines_below_the_parameters_are_passed_over() {
    let recipe: Recipe = "a\nSteps: 30, Seed: 7, CFG scale: 2\r\n\nTemplate: a {b|c}"
        .parse()
        .unwrap();
    assert_eq!((recipe.prompt.as_str(), recipe.guidance_scale), ("a", 2.0));
}

/// A text and what the readers of others find in it; made by `onnx/tools/check_parameters.py`.
#[derive(Deserialize)]
struct Golden {
    kind: String,
    text: String,
    webui: WebUi,
    readers: Vec<Fields>,
}

/// The answer of the web UI's own reader.
#[derive(Deserialize)]
struct WebUi {
    prompt: String,
    negative_prompt: String,
    pairs: Vec<(String, String)>,
}

/// The answer of `sd-parsers` or `sd-prompt-reader`.
#[derive(Debug, PartialEq, Deserialize)]
struct Fields {
    prompt: String,
    negative_prompt: String,
    sampler: String,
    steps: String,
    cfg_scale: String,
    seed: String,
    size: String,
    model: String,
}

fn golden() -> Vec<Golden> {
    serde_json::from_str(include_str!("../../../testdata/images/recipes.json")).unwrap()
}

#[test]
fn every_line_has_the_pairs_that_the_web_ui_finds() {
    for case in golden() {
        let line = strip(&case.text).rsplit('\n').next().unwrap();
        assert_eq!(syntax::pairs(line), case.webui.pairs, "{line}");
    }
}

#[test]
fn recipes_are_what_other_readers_find() {
    for case in golden() {
        let recipe: Recipe = case.text.parse().unwrap();
        assert_eq!(recipe.prompt, case.webui.prompt, "{}", case.text);
        assert_eq!(
            recipe.negative_prompt, case.webui.negative_prompt,
            "{}",
            case.text
        );
        for reader in case.readers {
            // Others write 7.0.
            let cfg_scale = reader.cfg_scale.parse::<f32>().unwrap().to_string();
            let fields = Fields {
                prompt: recipe.prompt.clone(),
                negative_prompt: recipe.negative_prompt.clone(),
                sampler: recipe.scheduler.clone(),
                steps: recipe.num_inference_steps.to_string(),
                cfg_scale: recipe.guidance_scale.to_string(),
                seed: recipe.seed.to_string(),
                size: format!("{}x{}", recipe.width, recipe.height),
                model: recipe.model_name.clone(),
            };
            assert_eq!(Fields { cfg_scale, ..reader }, fields, "{}", case.text);
        }
    }
}

#[test]
fn own_texts_are_written_as_the_readers_were_asked() {
    let own: Vec<_> = golden().into_iter().filter(|case| case.kind == "own").collect();
    assert!(!own.is_empty());
    for case in own {
        assert_eq!(case.text.parse::<Recipe>().unwrap().to_string(), case.text);
    }
}

#[test]
fn texts_of_others_keep_what_they_say() {
    let others: Vec<_> = golden().into_iter().filter(|case| case.kind == "other").collect();
    assert_eq!(others.len(), 4);
    for case in others {
        let recipe: Recipe = case.text.parse().unwrap();
        assert_eq!(recipe.to_string().parse().as_ref(), Ok(&recipe));
        assert!(
            case.text.contains(&recipe.version) && !recipe.version.is_empty(),
            "{}",
            case.text
        );
        let kept = |pair: &(String, String)| case.webui.pairs.contains(pair) || pair.1.starts_with('{');
        assert!(recipe.other.iter().all(kept), "{:?}", recipe.other);
    }
}

/// Text in which everything that means something can stand anywhere.
fn anything() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-zé後🎸 ]{1,8}",
        1 => "\\PC{1,4}",
        4 => prop::sample::select(vec![
            "\n", "\r\n", "\t", "\u{85}", "\u{1f}", "\\", "\"", ",", ":", ", ", ": ", "{", "}", "[", "]", "-", "0x0",
            "Negative prompt:", "Steps: 20, ", "Seed: 1", "Size: 8x8", "Prompt: \"x\"", "\\u002c", "null", "0.5",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

prop_compose! {
    fn names()(
        prompt in anything(),
        negative_prompt in anything(),
        scheduler in prop_oneof![Just("DDIM".to_owned()), anything()],
        schedule_type in prop::option::of(anything()),
        model_name in anything(),
        version in anything(),
        keys in prop::collection::btree_set("X[a-zé後0-9_][a-zé後0-9_ /-]{0,8}", 0..4),
        values in prop::collection::vec(prop_oneof![anything(), Just(r#"{"a": [1, "b"]}"#.to_owned())], 4),
    ) -> Recipe {
        let other = keys.into_iter().zip(values).collect();
        Recipe { prompt, negative_prompt, scheduler, schedule_type, model_name, version, other, ..Recipe::default() }
    }
}

prop_compose! {
    fn hires()(
        by_scale in any::<bool>(),
        scale in -1e9_f32..1e9,
        (width, height) in any::<(u32, u32)>(),
        num_inference_steps in any::<Option<u32>>(),
        denoising_strength in 0.0_f32..1.0,
        upscaler in anything(),
    ) -> HiresRecipe {
        let size = if by_scale { HiresSize::Upscale(scale) } else { HiresSize::Resize { width, height } };
        HiresRecipe { size, num_inference_steps, denoising_strength, upscaler }
    }
}

prop_compose! {
    fn recipes()(
        names in names(),
        (num_inference_steps, width, height, clip_skip, mask_blur, seed) in any::<(u32, u32, u32, Option<u32>, Option<u32>, u64)>(),
        (guidance_scale, guidance_rescale) in (-1e9_f32..1e9, 0.0_f32..1.0),
        guidance_interval in prop::option::of((0.0_f32..1.0, 0.0_f32..1.0)),
        eta in prop::option::of(0.0_f32..1.0),
        is_cuda in any::<bool>(),
        variation in prop::option::of((any::<u64>(), 0.0_f32..1.0)),
        denoising_strength in prop::option::of(0.0_f32..1.0),
        hires in prop::option::of(hires()),
    ) -> Recipe {
        Recipe {
            num_inference_steps,
            guidance_scale,
            guidance_rescale,
            guidance_interval,
            eta,
            seed,
            noise_source: if is_cuda { NoiseSource::Cuda } else { NoiseSource::Cpu },
            variation: variation.map(|(seed, strength)| Variation { seed, strength }),
            width,
            height,
            clip_skip,
            denoising_strength,
            mask_blur,
            hires,
            ..names
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn recipes_read_back_as_they_were_written(recipe in recipes()) {
        let text = recipe.to_string();
        prop_assert_eq!(text.parse(), Ok(recipe), "{}", text);
    }

    #[test]
    fn any_text_is_a_recipe_or_an_error(text in anything(), line in anything()) {
        for text in [text.clone(), format!("{text}\nSteps: 20, Seed: 1, CFG scale: 7, {line}")] {
            if let Ok(recipe) = text.parse::<Recipe>() {
                prop_assert_eq!(recipe.to_string().parse(), Ok(recipe));
            }
        }
    }
}
