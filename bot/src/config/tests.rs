use std::path::Path;

use super::{Config, ConfigSources, Environment};

/// Loads `file` as `ekaki.toml` with environment variables.
fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a folder for the test");
    std::fs::write(folder.path().join("ekaki.toml"), file).expect("the file can be written");
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let sources = ConfigSources {
        file: None,
        folder: folder.path().to_owned(),
        environment: Environment {
            variables,
            ort_dylib_path: Some("/env/libonnxruntime.so".into()),
            ..Environment::default()
        },
    };
    let prefix = format!("{}/", folder.path().display());
    Config::load(&sources).map_err(|error| error.to_string().replace(&prefix, ""))
}

fn refused(file: &str, variables: &[(&str, &str)]) -> String {
    load(file, variables).expect_err("the settings are refused")
}

#[test]
fn the_defaults_are_complete_and_valid() {
    let config = load("", &[]).expect("the defaults are valid");
    assert_eq!(config.web.bind.to_string(), "127.0.0.1:7860");
    assert!(config.web.token.is_none());
    assert_eq!(config.limits.per_day, None);
    assert_eq!(config.inference.noise, None);
    assert_eq!(
        config.runtime.library.as_deref(),
        Some(Path::new("/env/libonnxruntime.so"))
    );
}

#[test]
fn the_file_beats_the_defaults_and_a_variable_beats_the_file() {
    let file = "[queue]\nconcurrency = 2\nmax_queued = 7\n[runtime]\nlibrary = \"/file/ort.so\"\n";
    let config = load(
        file,
        &[
            ("EKAKI__QUEUE__MAX_QUEUED", "9"),
            ("EKAKI__RUNTIME__ALLOW_INSTALL", "false"),
        ],
    )
    .expect("the settings are valid");
    assert_eq!((config.queue.concurrency, config.queue.max_queued), (2, 9));
    assert!(!config.runtime.allow_install);
    assert_eq!(config.runtime.library.as_deref(), Some(Path::new("/file/ort.so")));
}

#[test]
fn a_named_file_must_exist() {
    let sources = ConfigSources {
        file: Some("/nowhere/ekaki.toml".into()),
        ..ConfigSources::default()
    };
    let error = Config::load(&sources)
        .expect_err("the file is missing")
        .to_string();
    insta::assert_snapshot!(error, @"cannot read the settings in /nowhere/ekaki.toml: No such file or directory (os error 2)");
}

#[test]
fn unknown_keys_are_named_with_their_place() {
    insta::assert_snapshot!(refused("[web]\n\nbindd = 1\n", &[]), @"ekaki.toml, line 3: unknown setting `web.bindd`; [web] has bind, token");
    insta::assert_snapshot!(refused("# settings\n[webb]\nbind = 1\n", &[]), @"ekaki.toml, line 2: unknown setting `webb`; the sections are [data], [i18n], [inference], [limits], [log], [queue], [runtime], [shutdown], [web]");
    insta::assert_snapshot!(refused("token = \"x\"\n", &[]), @"ekaki.toml, line 1: unknown setting `token`; the sections are [data], [i18n], [inference], [limits], [log], [queue], [runtime], [shutdown], [web]");
    insta::assert_snapshot!(refused("", &[("EKAKI__WEB__BINDD", "x")]), @"environment variable EKAKI__WEB__BINDD: unknown setting `web.bindd`; [web] has bind, token");
    insta::assert_snapshot!(refused("", &[("EKAKI__BIND", "x")]), @"environment variable EKAKI__BIND: unknown setting `bind`; the sections are [data], [i18n], [inference], [limits], [log], [queue], [runtime], [shutdown], [web]");
}

#[test]
fn wrong_types_are_named_with_their_place() {
    insta::assert_snapshot!(refused("[queue]\nconcurrency = \"four\"\n", &[]), @r#"ekaki.toml, line 2: `queue.concurrency` must be a whole number, not the text "four""#);
    insta::assert_snapshot!(refused("[queue]\nconcurrency = 1.5\n", &[]), @"ekaki.toml, line 2: `queue.concurrency` must be a whole number, not a value of type float");
    insta::assert_snapshot!(refused("[web]\nbind = 7860\n", &[]), @"ekaki.toml, line 2: `web.bind` must be a text in quotes, not the number 7860");
    insta::assert_snapshot!(refused("web = true\n", &[]), @"ekaki.toml, line 1: `web` must be a section, not boolean");
    insta::assert_snapshot!(refused("", &[("EKAKI__QUEUE__CONCURRENCY", "four")]), @r#"environment variable EKAKI__QUEUE__CONCURRENCY: `queue.concurrency` must be a whole number, not "four""#);
}

#[test]
fn broken_toml_is_named_with_its_line() {
    insta::assert_snapshot!(refused("[web]\nbind = \"127.0.0.1:1\ntoken = true\n", &[]), @r#"ekaki.toml, line 2: invalid basic string, expected `"`"#);
    insta::assert_snapshot!(refused("[web]\ntoken = \"a\"\ntoken = \"b\"\n", &[]), @"ekaki.toml, line 3: duplicate key");
}

#[test]
fn values_without_sense_are_named_with_their_place() {
    insta::assert_snapshot!(refused("[queue]\nconcurrency = 0\n", &[]), @"ekaki.toml, line 2: `queue.concurrency`: must be from 1 to 64, not 0");
    insta::assert_snapshot!(refused("[queue]\nconcurrency = -1\n", &[]), @"ekaki.toml, line 2: `queue.concurrency`: must not be negative");
    insta::assert_snapshot!(refused("[limits]\nmax_steps = 99999999999\n", &[]), @"ekaki.toml, line 2: `limits.max_steps`: is too large");
    insta::assert_snapshot!(refused("[web]\nbind = \"localhost\"\n", &[]), @r#"ekaki.toml, line 2: `web.bind`: "localhost" is not an address with a port, like 127.0.0.1:7860"#);
    insta::assert_snapshot!(refused("[log]\nlevel = \"loud\"\n", &[]), @r#"ekaki.toml, line 2: `log.level`: "loud" is none of error, warn, info, debug, trace"#);
    insta::assert_snapshot!(refused("", &[("EKAKI__I18N__DEFAULT_LOCALE", "tlh")]), @r#"environment variable EKAKI__I18N__DEFAULT_LOCALE: `i18n.default_locale`: unknown language "tlh"; known are en, ja"#);
    insta::assert_snapshot!(refused("[inference]\nnoise = \"gpu\"\n", &[]), @"ekaki.toml, line 2: `inference.noise`: there is no source of noise `gpu` (known: cpu, cuda)");
    insta::assert_snapshot!(refused("[inference]\nprompt_syntax = \"comfy\"\n", &[]), @"ekaki.toml, line 2: `inference.prompt_syntax`: there is no prompt syntax `comfy` (known: a1111, plain)");
    insta::assert_snapshot!(refused("[runtime]\nprovider = \"abacus\"\n", &[]), @r#"ekaki.toml, line 2: `runtime.provider`: unknown execution provider "abacus", known are auto, cpu, cuda, directml"#);
}

#[test]
fn an_open_address_needs_a_token() {
    let open = ("EKAKI__WEB__BIND", "0.0.0.0:7860");
    insta::assert_snapshot!(refused("", &[open]), @"environment variable EKAKI__WEB__BIND: `web.bind`: other machines can reach 0.0.0.0:7860, so a token is required: set web.token or EKAKI__WEB__TOKEN");
    insta::assert_snapshot!(refused("", &[open, ("EKAKI__WEB__TOKEN", "short")]), @"environment variable EKAKI__WEB__TOKEN: `web.token`: must have at least 8 characters");
    let config =
        load("", &[open, ("EKAKI__WEB__TOKEN", "correct horse")]).expect("a token opens the address");
    assert!(
        !format!("{config:?}").contains("correct horse"),
        "a secret is never printed"
    );
}
