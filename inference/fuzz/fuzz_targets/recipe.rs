//! Any text is a recipe or an error, and a recipe that was read is written so that it reads as the same.
#![no_main]

use inference::Recipe;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(recipe) = text.parse::<Recipe>() {
        let written = recipe.to_string();
        let again: Recipe = written.parse().expect("a recipe that was written");
        assert_eq!(written, again.to_string());
    }
});
