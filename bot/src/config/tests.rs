use std::path::Path;

use super::layers::DEFAULTS;
use super::{
    Config, ConfigSources, DictionaryConfig, Environment, LimitRule, LimitScope, LimitValues, SafetyRule,
    StyleConfig,
};
use crate::safety::SafetyAction;

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
    assert_eq!(config.limits.per_day, 0);
    assert_eq!(config.i18n.time_zone, chrono_tz::Tz::UTC);
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
    insta::assert_snapshot!(refused("[web]\n\nbindd = 1\n", &[]), @"ekaki.toml, line 3: unknown setting `web.bindd`; [web] has admin_token, bind, token");
    insta::assert_snapshot!(refused("# settings\n[webb]\nbind = 1\n", &[]), @"ekaki.toml, line 2: unknown setting `webb`; the sections are [admins], [data], [[dictionaries]], [discord], [i18n], [inference], [limits], [log], [queue], [runtime], [safety], [shutdown], [store], [[styles]], [telegram], [web], [words]");
    insta::assert_snapshot!(refused("token = \"x\"\n", &[]), @"ekaki.toml, line 1: unknown setting `token`; the sections are [admins], [data], [[dictionaries]], [discord], [i18n], [inference], [limits], [log], [queue], [runtime], [safety], [shutdown], [store], [[styles]], [telegram], [web], [words]");
    insta::assert_snapshot!(refused("", &[("EKAKI__WEB__BINDD", "x")]), @"environment variable EKAKI__WEB__BINDD: unknown setting `web.bindd`; [web] has admin_token, bind, token");
    insta::assert_snapshot!(refused("", &[("EKAKI__BIND", "x")]), @"environment variable EKAKI__BIND: unknown setting `bind`; the sections are [admins], [data], [[dictionaries]], [discord], [i18n], [inference], [limits], [log], [queue], [runtime], [safety], [shutdown], [store], [[styles]], [telegram], [web], [words]");
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

#[test]
fn the_admin_page_has_a_token_of_its_own() {
    let token = ("EKAKI__WEB__TOKEN", "correct horse");
    insta::assert_snapshot!(refused("", &[("EKAKI__WEB__ADMIN_TOKEN", "short")]), @"environment variable EKAKI__WEB__ADMIN_TOKEN: `web.admin_token`: must have at least 8 characters");
    insta::assert_snapshot!(refused("", &[token, ("EKAKI__WEB__ADMIN_TOKEN", "correct horse")]), @"environment variable EKAKI__WEB__ADMIN_TOKEN: `web.admin_token`: must not be the same as web.token, or everybody would be an admin");
    load("", &[token, ("EKAKI__WEB__ADMIN_TOKEN", "battery staple")]).expect("two tokens");
}

/// Every list of tables with every field.
const TABLES: &str = r#"
[[limits.rules]]
platform = "discord"
chat = "1"
channel = "2"
role = "3"
user = "4"
per_minute = 1
per_hour = 2
per_day = 3
running = 4
queued = 5
cooldown_s = 6
max_steps = 7
max_pixels = 8192
max_count = 9
models = ["avatar"]
priority = -10

[[safety.rules]]
platform = "telegram"
chat = "1"
channel = "2"
action = "blur"

[[styles]]
name = "ink"
prompt = "{prompt}, ink"
negative_prompt = "photo"
num_inference_steps = 25
guidance_scale = 6.5
sampler = "Euler a"
size = "portrait"

[[dictionaries]]
file = "tags.csv"
models = ["*"]
"#;

#[test]
fn every_field_of_a_list_can_be_set() {
    let config = load(TABLES, &[]).expect("the settings are valid");
    let text = |text: &str| Some(text.to_owned());
    let rule = LimitRule {
        scope: LimitScope {
            platform: text("discord"),
            chat: text("1"),
            channel: text("2"),
            role: text("3"),
            user: text("4"),
        },
        values: LimitValues {
            per_minute: Some(1),
            per_hour: Some(2),
            per_day: Some(3),
            running: Some(4),
            queued: Some(5),
            cooldown_s: Some(6),
            max_steps: Some(7),
            max_pixels: Some(8192),
            max_count: Some(9),
            models: Some(vec!["avatar".into()]),
            priority: Some(-10),
        },
    };
    assert_eq!(config.limits.rules, [rule]);
    let rule = SafetyRule {
        platform: text("telegram"),
        chat: text("1"),
        channel: text("2"),
        action: SafetyAction::Blur,
    };
    assert_eq!(config.safety.rules, [rule]);
    let style = StyleConfig {
        name: "ink".into(),
        prompt: "{prompt}, ink".into(),
        negative_prompt: "photo".into(),
        num_inference_steps: Some(25),
        guidance_scale: Some(6.5),
        sampler: text("Euler a"),
        size: text("portrait"),
    };
    assert_eq!(config.styles, [style]);
    let dictionary = DictionaryConfig {
        file: "tags.csv".into(),
        models: vec!["*".into()],
    };
    assert_eq!(config.dictionaries, [dictionary]);
}

/// The examples of lists in the built-in file, without the signs that make them comments.
fn examples() -> String {
    let mut lines = Vec::new();
    let mut is_example = false;
    for line in DEFAULTS.lines() {
        let text = line.strip_prefix("# ").filter(|text| !text.is_empty());
        let begins = text.is_some_and(|text| text.starts_with("[["));
        is_example = begins || is_example && text.is_some();
        lines.extend(text.filter(|_| is_example));
    }
    lines.join("\n")
}

#[test]
fn the_examples_in_the_built_in_file_are_valid_and_have_every_field() {
    let examples = examples();
    let config = load(&examples, &[]).expect("the examples are valid");
    assert!(config.limits.rules.len() > 2 && config.styles.len() > 1);
    let fields = |text: &str| -> std::collections::BTreeSet<String> {
        let names = text.lines().filter_map(|line| line.split_once(" = "));
        names.map(|(name, _)| name.to_owned()).collect()
    };
    assert_eq!(fields(&examples), fields(TABLES));
}

#[test]
fn lists_of_texts_come_from_the_file_or_from_a_variable() {
    let file = "[words]\nforbidden = [\n  \"gore\",\n  \"blood, guts\",\n]\n[admins]\ndiscord = [\"1\"]\n";
    let config = load(file, &[("EKAKI__ADMINS__DISCORD", "22, 33,")]).expect("the settings are valid");
    assert_eq!(config.words.forbidden, ["gore", "blood, guts"]);
    assert_eq!(config.admins.discord, ["22", "33"]);
    let config = load(file, &[("EKAKI__ADMINS__DISCORD", "")]).expect("the settings are valid");
    assert_eq!(config.admins.discord, [""; 0]);
}

#[test]
fn what_is_wrong_in_a_list_is_named_with_its_place() {
    let rule = |line: &str| refused(&format!("[[limits.rules]]\nuser = \"1\"\n{line}\n"), &[]);
    insta::assert_snapshot!(rule("per_dayy = 1"), @"ekaki.toml, line 3: unknown setting `limits.rules.per_dayy`; [[limits.rules]] has platform, chat, channel, role, user, per_minute, per_hour, per_day, running, queued, cooldown_s, max_steps, max_pixels, max_count, models, priority");
    insta::assert_snapshot!(rule("per_day = \"1\""), @r#"ekaki.toml, line 3: `limits.rules.per_day` must be a whole number, not the text "1""#);
    insta::assert_snapshot!(rule("per_day = -1"), @"ekaki.toml, line 3: `limits.rules.per_day`: must not be negative");
    insta::assert_snapshot!(rule("chat = 112233445566778899"), @"ekaki.toml, line 3: `limits.rules.chat` must be a text in quotes, not the number 112233445566778899");
    insta::assert_snapshot!(rule("priority = -1000"), @"ekaki.toml, line 3: `limits.rules.priority`: must be from -100 to 100, not -1000");
    insta::assert_snapshot!(rule("max_count = 17"), @"ekaki.toml, line 3: `limits.rules.max_count`: must be from 1 to 16, not 17");
    insta::assert_snapshot!(rule("models = \"avatar\""), @r#"ekaki.toml, line 3: `limits.rules.models` must be a list of texts, like ["one", "two"], not the text "avatar""#);
    insta::assert_snapshot!(rule("models = [\"avatar\",\n 7]"), @"ekaki.toml, line 4: `limits.rules.models` must be a text in quotes, not the number 7");
    insta::assert_snapshot!(rule("models = [\"avatar\",\n \" \"]"), @"ekaki.toml, line 4: `limits.rules.models`: must not be empty");
    insta::assert_snapshot!(rule("platform = \"discrod\""), @r#"ekaki.toml, line 3: `limits.rules.platform`: "discrod" is none of discord, telegram, web"#);
    insta::assert_snapshot!(rule("\n[[limits.rules]]\nuser = \"2\""), @"ekaki.toml, line 1: `limits.rules`: sets no limit");
    insta::assert_snapshot!(rule("queued = 1\n[[limits.rules]]\nuser = \"2\""), @"ekaki.toml, line 4: `limits.rules`: sets no limit");
    insta::assert_snapshot!(rule("queued = 1\n\n[[limits.rules]]\nper_day = 2"), @r#"ekaki.toml, line 5: `limits.rules`: needs at least one condition, like platform = "discord""#);
    insta::assert_snapshot!(refused("[limits]\nrules = 7\n", &[]), @"ekaki.toml, line 2: `limits.rules` must be a list whose parts begin with its name in double brackets, [[ ]], not the number 7");
    insta::assert_snapshot!(refused("[limits]\nrules = [7]\n", &[]), @"ekaki.toml, line 2: `limits.rules` must be a list whose parts begin with its name in double brackets, [[ ]], not the number 7");
    insta::assert_snapshot!(refused("[limits.rules]\nuser = \"1\"\n", &[]), @"ekaki.toml, line 1: `limits.rules` must be a list whose parts begin with its name in double brackets, [[ ]], not a value of type table");
    insta::assert_snapshot!(refused("[styles]\nname = \"ink\"\n", &[]), @"ekaki.toml, line 1: `styles` must be a list whose parts begin with its name in double brackets, [[ ]], not a value of type table");
    insta::assert_snapshot!(refused("[[web]]\nbind = \"1\"\n", &[]), @"ekaki.toml, line 1: `web` must be a section, not array");
    insta::assert_snapshot!(refused("[limits]\nper_week = 1\n", &[]), @"ekaki.toml, line 2: unknown setting `limits.per_week`; [limits] has cooldown_s, max_count, max_pixels, max_prompt_chars, max_steps, models, per_day, per_hour, per_minute, queued, rules, running");
    insta::assert_snapshot!(refused("[limits]\nmax_steps = 151\n", &[]), @"ekaki.toml, line 2: `limits.max_steps`: must be from 1 to 150, not 151");
    insta::assert_snapshot!(refused("[[safety.rules]]\nchat = \"1\"\naction = \"hide\"\n", &[]), @r#"ekaki.toml, line 3: `safety.rules.action`: "hide" is none of allow, spoiler, blur, block"#);
    insta::assert_snapshot!(refused("[[safety.rules]]\nchat = \"1\"\n", &[]), @"ekaki.toml, line 1: `safety.rules.action`: is missing");
    insta::assert_snapshot!(refused("[[safety.rules]]\naction = \"blur\"\n", &[]), @r#"ekaki.toml, line 1: `safety.rules`: needs at least one condition, like platform = "discord""#);
    insta::assert_snapshot!(refused("[words]\nforbidden = [\"a\",\n\"\"]\n", &[]), @"ekaki.toml, line 3: `words.forbidden`: must not be empty");
    insta::assert_snapshot!(refused("[admins]\ndiscord = [\"kita\"]\n", &[]), @r#"ekaki.toml, line 2: `admins.discord`: "kita" is no id; an id has only digits and is not a name"#);
    insta::assert_snapshot!(refused("[i18n]\ntime_zone = \"Tokyo\"\n", &[]), @r#"ekaki.toml, line 2: `i18n.time_zone`: there is no time zone "Tokyo"; write UTC, or a continent and a city, like Asia/Tokyo"#);
    insta::assert_snapshot!(refused("", &[("EKAKI__ADMINS__TELEGRAM", "1,@kita")]), @r#"environment variable EKAKI__ADMINS__TELEGRAM: `admins.telegram`: "@kita" is no id; an id has only digits and is not a name"#);
    insta::assert_snapshot!(refused("", &[("EKAKI__LIMITS__RULES", "1")]), @"environment variable EKAKI__LIMITS__RULES: `limits.rules`: can only be set in a file");
    insta::assert_snapshot!(refused("", &[("EKAKI__STYLES", "ink")]), @"environment variable EKAKI__STYLES: `styles`: can only be set in a file");
}

#[test]
fn discord_is_off_without_a_token_and_its_ids_are_numbers() {
    let config = load("", &[]).expect("the defaults are valid").discord;
    assert!(config.token.is_none() && config.application_id.is_none() && config.guilds.is_empty());
    let file =
        "[discord]\napplication_id = \"12\"\nguilds = [\"3\", \"4\"]\napi_url = \"http://127.0.0.1:1/\"\n";
    let config = load(file, &[("EKAKI__DISCORD__TOKEN", "a.b.c")]).expect("the settings are valid");
    let discord = &config.discord;
    assert_eq!(
        (discord.application_id, discord.guilds.as_slice()),
        (Some(12), &[3, 4][..])
    );
    assert_eq!(discord.api_url, "http://127.0.0.1:1");
    assert!(
        !format!("{config:?}").contains("a.b.c"),
        "a secret is never printed"
    );
    let discord = |line: &str| refused(&format!("[discord]\n{line}\n"), &[]);
    insta::assert_snapshot!(discord("application_id = \"ekaki\""), @r#"ekaki.toml, line 2: `discord.application_id`: "ekaki" is no id; an id has only digits and is not a name"#);
    insta::assert_snapshot!(discord("guilds = [\"0\"]"), @r#"ekaki.toml, line 2: `discord.guilds`: "0" is no id; an id has only digits and is not a name"#);
    insta::assert_snapshot!(discord("guilds = [1]"), @"ekaki.toml, line 2: `discord.guilds` must be a text in quotes, not the number 1");
    insta::assert_snapshot!(discord("api_url = \"discord.com\""), @r#"ekaki.toml, line 2: `discord.api_url`: "discord.com" is not an address that begins with https:// or http://"#);
    insta::assert_snapshot!(discord("token = \"a.b.c d\""), @"ekaki.toml, line 2: `discord.token`: has a blank or a character in it that no token has");
}

#[test]
fn a_style_has_a_size_as_people_write_it() {
    let load_size = |size: &str| load(&format!("[[styles]]\nname = \"ink\"\nsize = \"{size}\"\n"), &[]);
    for size in [
        "3:2", "Portrait", "512", "512x768", "512X768", "512×768", "512*768",
    ] {
        assert!(load_size(size).is_ok(), "{size}");
    }
    for size in ["0:2", "3:", "3:20000", "x512", "-512", "5 12"] {
        assert!(load_size(size).is_err(), "{size}");
    }
}

#[test]
fn styles_and_dictionaries_are_checked() {
    let style = |line: &str| refused(&format!("[[styles]]\nname = \"ink\"\n{line}\n"), &[]);
    insta::assert_snapshot!(style("[[styles]]\nname = \"Ink\""), @r#"ekaki.toml, line 4: `styles.name`: there is already a style "Ink""#);
    insta::assert_snapshot!(style("num_inference_steps = 0"), @"ekaki.toml, line 3: `styles.num_inference_steps`: must be from 1 to 150, not 0");
    insta::assert_snapshot!(style("guidance_scale = 31"), @"ekaki.toml, line 3: `styles.guidance_scale`: must be from 0 to 30, not 31");
    insta::assert_snapshot!(style("size = \"large\""), @r#"ekaki.toml, line 3: `styles.size`: "large" is neither a size like 512x768 nor one of square, portrait, landscape"#);
    insta::assert_snapshot!(refused("[[styles]]\nprompt = \"ink\"\n", &[]), @"ekaki.toml, line 1: `styles.name`: is missing");
    assert!(
        style("sampler = \"Eule\"").starts_with("ekaki.toml, line 3: `styles.sampler`: unknown scheduler")
    );
    insta::assert_snapshot!(refused("[[dictionaries]]\nfile = \"a.csv\"\nmodels = []\n", &[]), @r#"ekaki.toml, line 3: `dictionaries.models`: must name the models that know these words; ["*"] stands for all"#);
}

#[test]
fn what_has_changed_is_known_without_showing_it() {
    let before = load("", &[("EKAKI__WEB__TOKEN", "correct horse")]).expect("valid");
    let after = load(TABLES, &[("EKAKI__WEB__TOKEN", "battery staple")]).expect("valid");
    assert_eq!(
        after.changed_since(&before),
        [
            "dictionaries",
            "limits.rules",
            "safety.rules",
            "styles",
            "web.token"
        ]
    );
    assert_eq!(before.changed_since(&after), after.changed_since(&before));
    assert!(
        load(TABLES, &[])
            .expect("valid")
            .changed_since(&load(TABLES, &[]).expect("valid"))
            .is_empty()
    );
    assert!(
        !format!("{after:?}").contains("battery"),
        "a secret is never printed"
    );
}

#[test]
fn telegram_needs_a_token_and_a_webhook_needs_a_secret() {
    let telegram = |settings: &str| refused(&format!("[telegram]\n{settings}\n"), &[]);
    insta::assert_snapshot!(telegram("token = \"secret-of-mine\""), @"ekaki.toml, line 2: `telegram.token`: is no token of @BotFather; one looks like 123456789:AAExampleExample");
    insta::assert_snapshot!(telegram("api_url = \"api.telegram.org\""), @r#"ekaki.toml, line 2: `telegram.api_url`: "api.telegram.org" is no address like https://api.telegram.org"#);
    insta::assert_snapshot!(telegram("storage_chat = \"my storage\""), @r#"ekaki.toml, line 2: `telegram.storage_chat`: "my storage" is neither the number of a chat, like -1001234567890, nor a @name"#);
    insta::assert_snapshot!(telegram("webhook_url = \"http://example.com\""), @r#"ekaki.toml, line 2: `telegram.webhook_url`: "http://example.com" is no https address; Telegram takes no other"#);
    insta::assert_snapshot!(telegram("webhook_url = \"https://example.com\""), @"built-in config.toml: `telegram.webhook_secret`: must have 16 to 256 letters, digits, _ and -, because anybody can reach the address");
    insta::assert_snapshot!(telegram("webhook_url = \"https://example.com\"\nwebhook_secret = \"short\""), @"ekaki.toml, line 3: `telegram.webhook_secret`: must have 16 to 256 letters, digits, _ and -, because anybody can reach the address");
    let config = load(
        "[telegram]\ntoken = \"1:A\"\nstorage_chat = \"-100\"\nwebhook_url = \"https://example.com/t\"",
        &[("EKAKI__TELEGRAM__WEBHOOK_SECRET", "abcdefghijklmnop")],
    );
    let telegram = config.expect("the settings are valid").telegram;
    assert_eq!(telegram.storage_chat.as_deref(), Some("-100"));
    assert!(telegram.webhook_secret.is_some());
}
