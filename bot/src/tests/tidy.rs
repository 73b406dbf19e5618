//! The structure of the source, as a test.

use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file, in lines, without its tests.
const MAX_LINES: usize = 400;

/// A source file, by its path below the repository.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// Without comments, and without the tests at the end.
    fn code(&self) -> String {
        let code = self
            .text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        code.lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(place))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for folder in ["bot", "inference"] {
        collect(&root, &root.join(folder), &mut found);
    }
    assert!(found.len() > 50, "the source is there");
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests/tidy.rs")
        {
            let below = path
                .strip_prefix(root)
                .expect("below the root")
                .to_string_lossy()
                .replace('\\', "/");
            found.push(Source {
                path: below,
                text: fs::read_to_string(&path).expect("text"),
            });
        }
    }
}

/// Fails with the list of files for which `wrong` says something.
fn check(wrong: impl Fn(&Source) -> Option<String>) {
    let problems: Vec<String> = sources()
        .iter()
        .filter_map(|source| Some(format!("{}: {}", source.path, wrong(source)?)))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Whether `code` has `word`, and not only as the end of a longer one.
fn has_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(start, _)| {
        let before = code.get(..start).and_then(|before| before.chars().next_back());
        !before.is_some_and(|character| character.is_alphanumeric() || character == '_')
    })
}

/// Code outside tests that has one of `words` must be in one of `places`.
fn only_in(words: &[&str], places: &[&str]) {
    check(|source| {
        if source.is_test() || source.is_in(places) {
            return None;
        }
        let code = source.code();
        let word = words.iter().find(|word| has_word(&code, word))?;
        Some(format!("{word} belongs into {}", places.join(", ")))
    });
}

/// Code in `room` uses none of these modules of the crate.
fn never_uses(room: &str, modules: &[&str]) {
    check(|source| {
        if source.is_test() || !source.is_in(&[room]) {
            return None;
        }
        let code = source.code();
        let module = modules
            .iter()
            .find(|module| code.contains(&format!("crate::{module}::")))?;
        Some(format!("must not use crate::{module}"))
    });
}

#[test]
fn each_library_stays_in_its_room() {
    // Telegram may send updates by itself, and then somebody has to listen.
    only_in(
        &["axum::"],
        &["bot/src/adapters/web/", "bot/src/adapters/telegram/webhook.rs"],
    );
    only_in(&["serenity::"], &["bot/src/adapters/discord/"]);
    only_in(&["teloxide::"], &["bot/src/adapters/telegram/"]);
    only_in(
        &["sqlx::", "SELECT ", "INSERT INTO ", "DELETE FROM "],
        // A benchmark fills a database faster than the store would.
        &["bot/src/store/", "bot/examples/"],
    );
    only_in(&["fluent_bundle::"], &["bot/src/i18n/"]);
    only_in(&["clap::", "indicatif::"], &["bot/src/cli/"]);
    only_in(
        &["hf_hub::", "ureq::"],
        &["bot/src/models/", "inference/src/runtime/"],
    );
    only_in(&["ort::"], &["inference/src/session/", "inference/src/runtime/"]);
    only_in(&["tokio::", "tokio_util::"], &["bot/"]);
    only_in(
        &["std::env::", "env::var", "use std::env"],
        &["bot/src/config/", "bot/examples/", "inference/examples/"],
    );
    only_in(&["signal::"], &["bot/src/shutdown.rs"]);
    only_in(&["process::exit"], &["bot/src/shutdown.rs"]);
}

#[test]
fn dependencies_point_one_way() {
    never_uses(
        "bot/src/config/",
        &[
            "chat", "store", "queue", "limits", "commands", "adapters", "app", "cli",
        ],
    );
    never_uses(
        "bot/src/prompts/",
        &[
            "chat", "store", "queue", "limits", "commands", "adapters", "app", "cli", "i18n",
        ],
    );
    never_uses(
        "bot/src/i18n/",
        &["chat", "queue", "commands", "adapters", "app", "cli", "config"],
    );
    never_uses(
        "bot/src/store/",
        &["queue", "commands", "adapters", "app", "cli", "config", "limits"],
    );
    never_uses(
        "bot/src/limits/",
        &["queue", "commands", "adapters", "app", "cli", "i18n"],
    );
    never_uses("bot/src/rules/", &["queue", "commands", "adapters", "app", "cli"]);
    never_uses("bot/src/queue/", &["commands", "adapters", "app", "cli", "i18n"]);
    never_uses("bot/src/chat/", &["adapters", "app", "cli", "config", "limits"]);
    never_uses("bot/src/commands/", &["adapters", "app", "cli", "config"]);
    never_uses("bot/src/adapters/", &["app", "cli", "limits"]);
    never_uses(
        "inference/src/schedulers/",
        &["session", "models", "engine", "pipeline", "runtime"],
    );
    never_uses("inference/src/models/", &["engine"]);
    never_uses(
        "inference/src/session/",
        &["engine", "models", "pipeline", "schedulers"],
    );
}

#[test]
fn texts_for_people_are_in_the_locale_files() {
    let japanese = |character: char| matches!(character, '\u{3040}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}');
    check(|source| {
        let line = (!source.is_test())
            .then(|| source.code())?
            .lines()
            .find(|line| line.contains(japanese))?
            .to_owned();
        Some(format!("a Japanese text: {}", line.trim()))
    });
}

#[test]
fn files_are_short() {
    check(|source| {
        let lines = source
            .text
            .split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .lines()
            .count();
        (!source.is_test() && lines > MAX_LINES)
            .then(|| format!("has {lines} lines; the most is {MAX_LINES}"))
    });
}

#[test]
fn nothing_is_switched_off_or_left_open() {
    let forbidden = [
        "#[ignore",
        "#[allow",
        "#![allow",
        "todo!(",
        "unimplemented!(",
        "TODO",
        "FIXME",
        "dbg!(",
    ];
    check(|source| {
        let word = forbidden.iter().find(|word| source.text.contains(**word))?;
        Some(format!("has {word}"))
    });
}

#[test]
fn tests_do_not_sleep() {
    check(|source| {
        let sleeps = source.is_test() && source.is_in(&["bot/src/", "inference/src/"]);
        (sleeps && source.text.contains("thread::sleep")).then(|| "sleeps".to_owned())
    });
}
