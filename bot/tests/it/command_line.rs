//! `ekaki draw` and `ekaki tokens`.

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
