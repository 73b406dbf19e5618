//! `ekaki draw` and `ekaki tokens`.

use image::{GrayImage, RgbImage};
use serde_json::Value;

use crate::support::Program;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn draw_answers_scripts_in_json() {
    let program = Program::new();
    let arguments = |path| {
        [
            "draw",
            "後藤ひとり",
            "--steps",
            "4",
            "--seed",
            "7",
            "--json",
            "-o",
            path,
        ]
    };
    let first = program.run(&arguments("first.png"));
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let answer = json(&first.stdout);
    assert_eq!(answer["steps"], 4);
    assert_eq!(answer["images"][0]["path"], "first.png");
    assert_eq!(answer["images"][0]["seed"], 7);

    let second = program.run(&arguments("second.png"));
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    let read = |name| std::fs::read(program.folder().join(name)).unwrap();
    assert_eq!(
        read("first.png"),
        read("second.png"),
        "the same seed gives the same file"
    );
    let png = read("first.png");
    let parameters = b"Steps: 4, Sampler: ";
    assert!(
        png.windows(parameters.len()).any(|part| part == parameters),
        "the recipe is in the file"
    );
}

#[test]
fn errors_are_json_too() {
    let program = Program::new();
    let ended = program.run(&["draw", "後藤ひとり", "--model", "no-such-model", "--json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let error = json(&ended.stdout)["error"].to_string();
    assert!(error.contains("no-such-model"), "{error}");
}

/// Runs `ekaki draw` with the embedded model at four steps, and gives the pixels of the file.
#[track_caller]
fn draw(program: &Program, options: &[&str], file: &str) -> RgbImage {
    let arguments = [&["draw", "-o", file], options].concat();
    let ended = program.run(&arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    image::open(program.folder().join(file)).unwrap().into_rgb8()
}

#[test]
fn a_picture_is_drawn_again_from_every_kind_of_file() {
    let program = Program::new();
    let options = [
        "pink hair",
        "--negative",
        "glasses",
        "--steps",
        "4",
        "--seed",
        "7",
    ];
    let first = draw(&program, &options, "first.png");
    for file in ["first.webp", "first.jpg", "first.png"] {
        draw(&program, &options, file);
        let again = draw(&program, &["--recipe", file], "again.png");
        assert_eq!(again, first, "{file}");
    }
    let other = draw(&program, &["--recipe", "first.png", "--seed", "8"], "other.png");
    assert_ne!(other, first, "an option overrules the recipe");

    let text =
        "pink hair\nNegative prompt: glasses\nSteps: 4, CFG scale: 3, Seed: 7, Size: 128x128, RNG: CPU";
    assert_eq!(draw(&program, &["--recipe", text], "text.png"), first);
}

#[test]
fn every_option_is_in_the_recipe() {
    let program = Program::new();
    let options = [
        "pink hair",
        "--steps",
        "6",
        "--seed",
        "1",
        "--noise",
        "cuda",
        "--variation-seed",
        "5",
        "--variation-strength",
        "0.3",
        "--eta",
        "0.5",
        "--guidance-rescale",
        "0.5",
        "--guidance-start",
        "0.2",
        "--guidance-end",
        "0.8",
        "--hires",
        "2",
        "--hires-strength",
        "0.5",
        "--hires-steps",
        "4",
    ];
    let first = draw(&program, &options, "first.png");
    assert_eq!(first.dimensions(), (256, 256));
    let again = draw(&program, &["--recipe", "first.png"], "again.png");
    assert_eq!(again, first);
}

#[test]
fn a_picture_begins_with_a_picture() {
    let program = Program::new();
    let white = draw(
        &program,
        &["white hair", "--steps", "4", "--seed", "3"],
        "white.png",
    );
    let (width, height) = white.dimensions();
    let left = |x: u32| x < width / 2;
    let mask = GrayImage::from_fn(width, height, |x, _| image::Luma([if left(x) { 255 } else { 0 }]));
    mask.save(program.folder().join("mask.png")).unwrap();

    let options = [
        "black hair",
        "--steps",
        "4",
        "--seed",
        "3",
        "--source",
        "white.png",
    ];
    let options = [&options[..], &["--strength", "0.5", "--mask", "mask.png"]].concat();
    let black = draw(&program, &options, "black.png");
    let changed = |x: u32, y: u32| white.get_pixel(x, y) != black.get_pixel(x, y);
    let all = || (0..width).flat_map(|x| (0..height).map(move |y| (x, y)));
    assert!(
        all().any(|(x, y)| left(x) && changed(x, y)),
        "nothing is drawn anew"
    );
    assert!(
        all().all(|(x, y)| left(x) || !changed(x, y)),
        "what is masked stays"
    );

    let ended = program.run(&["draw", "--recipe", "black.png"]);
    assert_eq!(ended.code, Some(1));
    insta::assert_snapshot!(ended.stderr.trim_end(), @"error: the recipe began with a picture that is not in it; give that with --source");
}

#[test]
fn options_that_make_no_sense_are_refused_before_anything_is_loaded() {
    let program = Program::new();
    std::fs::write(program.folder().join("text.txt"), "a cat").unwrap();
    let refused = |options: &[&str]| {
        let ended = program.run(&[&["draw"], options].concat());
        assert_eq!(ended.code, Some(1), "{ended:?}");
        ended.stderr.trim_end().to_owned()
    };
    insta::assert_snapshot!(refused(&["x", "-o", "x.gif"]), @"error: x.gif ends in none of .png, .webp and .jpg");
    insta::assert_snapshot!(refused(&["x", "--source", "nowhere.png"]), @"error: cannot read nowhere.png: No such file or directory (os error 2)");
    insta::assert_snapshot!(refused(&["--recipe", "text.txt"]), @r#"error: cannot read a recipe from text.txt: the text has no line of parameters, such as "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1""#);
    insta::assert_snapshot!(refused(&["--recipe", "a\nSteps: 20, Sampler: Euler, Seed: 1, Model: ../elsewhere"]), @r#"error: the recipe's model "../elsewhere" is not here; name another with --model: avatar"#);
}

#[test]
fn tokens_needs_no_onnx_runtime() {
    let program = Program::new().with("EKAKI__RUNTIME__LIBRARY", "no-such-library");
    let ended = program.run(&["tokens", "(pink hair:1.3)", "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let chunk = &json(&ended.stdout)["chunks"][0];
    assert_eq!(chunk["ids"].as_array().unwrap().len(), 77);
    assert_eq!(chunk["weights"][1], serde_json::json!(1.3_f32));

    let ended = program.run(&["tokens", "pink hair", "--plain-prompt"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("chunk 1 of 1\n"), "{}", ended.stdout);
}
