//! Commands that the bot has registered.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::description::Arguments;
use super::refusal::Refusal;
use super::world::World;

const MAX_COMMAND_CHARS: usize = 8000;
const MAX_COMMANDS: usize = 100;
const MAX_MENU_COMMANDS: usize = 15;

impl World {
    /// Replaces all commands.
    pub(crate) fn set_commands(&mut self, arguments: &Arguments, body: &Value) -> Result<Value, Refusal> {
        let guild = self.commands_of(arguments)?;
        let given = body.as_array().cloned().unwrap_or_default();
        let mut names = BTreeSet::new();
        for (index, command) in given.iter().enumerate() {
            let name = command["name"].as_str().unwrap_or_default();
            let wrong = |why: String| Refusal::malformed(&format!("{index} ({name})"), &why);
            check_command(command).map_err(wrong)?;
            if !names.insert((kind_of(command), name.to_owned())) {
                return Err(wrong("the name is used twice".to_owned()));
            }
        }
        for (kind, most) in [(1, MAX_COMMANDS), (2, MAX_MENU_COMMANDS), (3, MAX_MENU_COMMANDS)] {
            if names.iter().filter(|(other, _)| *other == kind).count() > most {
                return Err(Refusal::new(
                    400,
                    30032,
                    "Maximum number of application commands reached",
                ));
            }
        }
        let old = self.commands.remove(&guild).unwrap_or_default();
        let saved: Vec<Value> = given
            .into_iter()
            .map(|command| self.saved(command, &old, guild.as_deref()))
            .collect();
        self.commands.insert(guild.clone(), saved.clone());
        let place = if guild.is_some() {
            "in one server"
        } else {
            "everywhere"
        };
        self.tell(format!("ekaki registers {} commands {place}", saved.len()));
        Ok(Value::Array(saved))
    }

    /// The registered commands.
    pub(crate) fn list_commands(
        &mut self,
        arguments: &Arguments,
        with_names: bool,
    ) -> Result<Value, Refusal> {
        let guild = self.commands_of(arguments)?;
        let mut commands = self.commands.get(&guild).cloned().unwrap_or_default();
        if !with_names {
            commands.iter_mut().for_each(without_names);
        }
        Ok(Value::Array(commands))
    }

    fn commands_of(&self, arguments: &Arguments) -> Result<Option<String>, Refusal> {
        if arguments["application_id"] != self.application {
            return Err(Refusal::new(
                403,
                20012,
                "You are not authorized to perform this action on this application",
            ));
        }
        let Some(guild) = arguments.get("guild_id") else {
            return Ok(None);
        };
        let guilds = self
            .channels
            .values()
            .filter_map(|channel| channel.guild.as_ref());
        let is_there = guilds
            .into_iter()
            .any(|known| &known.id == guild && known.has_bot);
        if is_there {
            Ok(Some(guild.clone()))
        } else {
            Err(Refusal::no_access())
        }
    }

    /// A command as Discord gives it back: with what was left out.
    fn saved(&mut self, mut command: Value, old: &[Value], guild: Option<&str>) -> Value {
        let same = |other: &&Value| other["name"] == command["name"] && kind_of(other) == kind_of(&command);
        let id = old.iter().find(same).map(|command| command["id"].clone());
        let id = id.unwrap_or_else(|| json!(self.new_id()));
        let version = self.new_id();
        clear_nulls(&mut command);
        let mut saved = json!({
            "id": id, "application_id": self.application, "version": version, "type": kind_of(&command),
            "description": "", "default_member_permissions": null, "dm_permission": true, "nsfw": false,
            "integration_types": [0, 1], "contexts": null
        });
        if let Some(guild) = guild {
            saved["guild_id"] = json!(guild);
        }
        for (name, value) in command.as_object().into_iter().flatten() {
            saved[name] = match name.as_str() {
                "default_member_permissions" => json!(
                    value
                        .as_str()
                        .map_or_else(|| value.to_string(), ToOwned::to_owned)
                ),
                _ => value.clone(),
            };
        }
        saved
    }
}

pub(crate) fn kind_of(command: &Value) -> u64 {
    command["type"].as_u64().unwrap_or(1)
}

/// Discord leaves out what has no value, and what is `false` in options.
fn clear_nulls(value: &mut Value) {
    match value {
        Value::Object(properties) => {
            properties.retain(|_, value| !value.is_null());
            properties.values_mut().for_each(clear_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(clear_nulls),
        _ => {}
    }
}

fn without_names(value: &mut Value) {
    match value {
        Value::Object(properties) => {
            properties.retain(|name, _| !name.ends_with("_localizations"));
            properties.values_mut().for_each(without_names);
        }
        Value::Array(items) => items.iter_mut().for_each(without_names),
        _ => {}
    }
}

fn check_command(command: &Value) -> Result<(), String> {
    let kind = kind_of(command);
    if kind != 1 {
        let has_more = ["description", "options"].iter().any(|part| {
            let part = &command[*part];
            !(part.is_null() || part == "" || part == &json!([]))
        });
        return if has_more {
            Err("a command of a menu has neither description nor options".to_owned())
        } else {
            Ok(())
        };
    }
    check_texts(command)?;
    let options = command["options"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    check_options(options)?;
    let chars = chars_of(command);
    if chars > MAX_COMMAND_CHARS {
        Err(format!("{chars} characters in total"))
    } else {
        Ok(())
    }
}

fn check_texts(described: &Value) -> Result<(), String> {
    let name = described["name"].as_str().unwrap_or_default();
    let translated = described["name_localizations"].as_object().into_iter().flatten();
    let translated = translated.filter_map(|(_, name)| name.as_str());
    for name in translated.chain([name]) {
        check_name(name)?;
    }
    let translated = described["description_localizations"]
        .as_object()
        .into_iter()
        .flatten();
    let mut descriptions = translated
        .map(|(_, text)| text)
        .chain([&described["description"]]);
    let is_fit = |text: &Value| {
        text.as_str()
            .is_some_and(|text| (1..=100).contains(&text.chars().count()))
    };
    if descriptions.all(is_fit) {
        Ok(())
    } else {
        Err(format!("{name}: a description has 1 to 100 characters"))
    }
}

/// Letters, digits, dashes and underlines; nothing in capitals where there are small letters.
fn check_name(name: &str) -> Result<(), String> {
    let is_fit = |character: char| character.is_alphanumeric() || "-_'ー".contains(character);
    let length = name.chars().count();
    if (1..=32).contains(&length) && name.chars().all(is_fit) && name == name.to_lowercase() {
        return Ok(());
    }
    Err(format!("{name:?} cannot be a name"))
}

fn check_options(options: &[Value]) -> Result<(), String> {
    let is_group = |option: &Value| matches!(option["type"].as_u64(), Some(1 | 2));
    if options.iter().any(is_group) && !options.iter().all(is_group) {
        return Err("commands and options beside each other".to_owned());
    }
    let mut names = BTreeSet::new();
    let mut optional = false;
    for option in options {
        let name = option["name"].as_str().unwrap_or_default();
        check_texts(option)?;
        if !names.insert(name) {
            return Err(format!("{name}: used twice"));
        }
        if !is_group(option) {
            if option["required"] == true && optional {
                return Err(format!("{name}: required, and behind one that is not"));
            }
            optional |= option["required"] != true;
        }
        check_choices(option).map_err(|why| format!("{name}: {why}"))?;
        check_options(
            option["options"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default(),
        )?;
    }
    Ok(())
}

fn check_choices(option: &Value) -> Result<(), String> {
    let choices = option["choices"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if option["autocomplete"] == true && !choices.is_empty() {
        return Err("choices and autocomplete".to_owned());
    }
    let names: BTreeSet<&str> = choices
        .iter()
        .filter_map(|choice| choice["name"].as_str())
        .collect();
    if names.len() < choices.len() {
        Err("a choice is there twice".to_owned())
    } else {
        Ok(())
    }
}

/// Characters of names, descriptions and values; of each text the longest translation counts.
fn chars_of(described: &Value) -> usize {
    let chars = |text: &Value| text.as_str().map_or(0, |text| text.chars().count());
    let longest = |text: &str| {
        let translated = described[format!("{text}_localizations")]
            .as_object()
            .into_iter()
            .flatten();
        translated
            .map(|(_, text)| chars(text))
            .chain([chars(&described[text])])
            .max()
            .unwrap_or_default()
    };
    let choices = described["choices"].as_array().into_iter().flatten();
    let choices: usize = choices
        .map(|choice| chars_of(choice) + chars(&choice["value"]))
        .sum();
    let options = described["options"].as_array().into_iter().flatten();
    longest("name") + longest("description") + choices + options.map(chars_of).sum::<usize>()
}
