//! Checks of the settings that are lists.

use inference::SchedulerName;
use inference::request::{GUIDANCE_SCALES, STEPS};

use super::validate::{Violation, fail, within};
use super::{
    Config, DictionaryConfig, LimitRule, LimitScope, LimitValues, LimitsConfig, SafetyRule, StyleConfig,
};

/// The platforms that a rule can name.
const PLATFORMS: [&str; 3] = ["discord", "telegram", "web"];
/// The sizes that have a name.
const SIZE_NAMES: [&str; 3] = ["square", "portrait", "landscape"];
/// The largest part of a ratio.
const LONGEST_RATIO: u32 = 10_000;

pub(super) fn validate(config: &Config) -> Result<(), Violation> {
    limits(&config.limits)?;
    for (list, words) in [
        ("words.forbidden", &config.words.forbidden),
        ("words.allowed", &config.words.allowed),
    ] {
        no_blanks(list, words)?;
    }
    for (index, rule) in config.safety.rules.iter().enumerate() {
        safety_rule(&format!("safety.rules[{index}]"), rule)?;
    }
    for (index, style) in config.styles.iter().enumerate() {
        let earlier = config.styles.iter().take(index);
        validate_style(&format!("styles[{index}]"), style, earlier)?;
    }
    for (index, dictionary) in config.dictionaries.iter().enumerate() {
        validate_dictionary(&format!("dictionaries[{index}]"), dictionary)?;
    }
    ids("admins.discord", &config.admins.discord)?;
    ids("admins.telegram", &config.admins.telegram)
}

fn limits(limits: &LimitsConfig) -> Result<(), Violation> {
    values("limits", &limits.values())?;
    for (index, LimitRule { scope, values: set }) in limits.rules.iter().enumerate() {
        let key = format!("limits.rules[{index}]");
        validate_scope(&key, scope)?;
        if set.is_empty() {
            return fail(key, "sets no limit");
        }
        values(&key, set)?;
    }
    Ok(())
}

fn values(key: &str, values: &LimitValues) -> Result<(), Violation> {
    values
        .check()
        .or_else(|error| fail(format!("{key}.{}", error.key.name()), error.to_string()))?;
    no_blanks(
        &format!("{key}.models"),
        values.models.as_deref().unwrap_or_default(),
    )
}

fn validate_scope(key: &str, scope: &LimitScope) -> Result<(), Violation> {
    if scope.is_everybody() {
        return fail(key, "needs at least one condition, like platform = \"discord\"");
    }
    for (name, value) in scope.fields() {
        if value.is_some_and(|value| value.trim().is_empty()) {
            return fail(format!("{key}.{name}"), "must not be empty");
        }
    }
    match scope.platform.as_deref() {
        Some(platform) if !PLATFORMS.contains(&platform) => fail(
            format!("{key}.platform"),
            format!("\"{platform}\" is none of {}", PLATFORMS.join(", ")),
        ),
        _ => Ok(()),
    }
}

fn safety_rule(key: &str, rule: &SafetyRule) -> Result<(), Violation> {
    let scope = LimitScope {
        platform: rule.platform.clone(),
        chat: rule.chat.clone(),
        channel: rule.channel.clone(),
        ..LimitScope::default()
    };
    validate_scope(key, &scope)
}

fn validate_style<'s>(
    key: &str,
    style: &StyleConfig,
    mut earlier: impl Iterator<Item = &'s StyleConfig>,
) -> Result<(), Violation> {
    let name = style.name.to_lowercase();
    if name.trim().is_empty() {
        return fail(format!("{key}.name"), "must not be empty");
    }
    if earlier.any(|other| other.name.to_lowercase() == name) {
        return fail(
            format!("{key}.name"),
            format!("there is already a style \"{}\"", style.name),
        );
    }
    if let Some(steps) = style.num_inference_steps {
        within(format!("{key}.num_inference_steps"), steps, STEPS)?;
    }
    if let Some(scale) = style.guidance_scale {
        within(format!("{key}.guidance_scale"), scale, GUIDANCE_SCALES)?;
    }
    if let Some(sampler) = &style.sampler
        && let Err(error) = sampler.parse::<SchedulerName>()
    {
        return fail(format!("{key}.sampler"), error.to_string());
    }
    match &style.size {
        Some(size) if !is_size(size) => fail(
            format!("{key}.size"),
            format!(
                "\"{size}\" is neither a size like 512x768 nor one of {}",
                SIZE_NAMES.join(", ")
            ),
        ),
        _ => Ok(()),
    }
}

/// Whether the text is a size as `/draw` reads it.
fn is_size(text: &str) -> bool {
    let is_number = |side: &str| !side.is_empty() && side.bytes().all(|byte| byte.is_ascii_digit());
    let is_part = |side: &str| side.parse().is_ok_and(|side| (1..=LONGEST_RATIO).contains(&side));
    if let Some((width, height)) = text.split_once(':') {
        return is_part(width) && is_part(height);
    }
    let is_name = SIZE_NAMES.iter().any(|name| name.eq_ignore_ascii_case(text));
    let sides = text.split_once(['x', 'X', '×', '*']);
    is_name
        || sides.map_or_else(
            || is_number(text),
            |(width, height)| is_number(width) && is_number(height),
        )
}

fn validate_dictionary(key: &str, dictionary: &DictionaryConfig) -> Result<(), Violation> {
    if dictionary.file.as_os_str().is_empty() {
        return fail(format!("{key}.file"), "must name a file, or \"builtin:danbooru\"");
    }
    if dictionary.models.is_empty() {
        return fail(
            format!("{key}.models"),
            "must name the models that know these words; [\"*\"] stands for all",
        );
    }
    no_blanks(&format!("{key}.models"), &dictionary.models)
}

fn no_blanks(key: &str, texts: &[String]) -> Result<(), Violation> {
    match texts.iter().position(|text| text.trim().is_empty()) {
        Some(index) => fail(format!("{key}[{index}]"), "must not be empty"),
        None => Ok(()),
    }
}

fn ids(key: &str, ids: &[String]) -> Result<(), Violation> {
    let is_id = |id: &String| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    match ids.iter().enumerate().find(|(_, id)| !is_id(id)) {
        Some((index, id)) => fail(
            format!("{key}[{index}]"),
            format!("\"{id}\" is no id; an id has only digits and is not a name"),
        ),
        None => Ok(()),
    }
}
