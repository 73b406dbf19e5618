//! A description of the Bot API, and calls that are checked against it.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The file as it is published, compressed.
const FILE: &[u8] = include_bytes!("../../../testdata/telegram/api.json.gz");

static DESCRIPTION: LazyLock<Description> =
    LazyLock::new(|| serde_json::from_slice(&Description::text()).expect("JSON"));
static LENGTH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:(\d+)-|[Uu]p to )(\d+) (characters|bytes)").expect("a pattern"));
static CONSTANT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"must be (\w+)").expect("a pattern"));

/// What can be asked of Telegram, and in which words.
#[derive(Deserialize)]
pub(crate) struct Description {
    methods: HashMap<String, Shape>,
    types: HashMap<String, Shape>,
}

#[derive(Deserialize)]
struct Shape {
    #[serde(default)]
    fields: Vec<Field>,
    #[serde(default)]
    subtypes: Vec<String>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    types: Vec<String>,
    required: bool,
    description: String,
}

impl Description {
    pub(crate) fn get() -> &'static Self {
        &DESCRIPTION
    }

    pub(crate) fn text() -> Vec<u8> {
        let mut text = Vec::new();
        GzDecoder::new(FILE).read_to_end(&mut text).expect("a gzip file");
        text
    }

    /// Whether there is such a method.
    pub(crate) fn has(&self, method: &str) -> bool {
        self.methods.contains_key(method)
    }

    /// Makes values of the texts of a form.
    pub(crate) fn read_form(&self, method: &str, texts: Vec<(String, String)>) -> Map<String, Value> {
        let fields = self.methods.get(method).map_or(&[][..], |shape| &shape.fields);
        let value = |name: &str, text: String| {
            let field = fields.iter().find(|field| field.name == name);
            let is_text = field.is_none_or(|field| {
                field
                    .types
                    .iter()
                    .any(|kind| kind == "String" || kind == "InputFile")
            });
            let is_number = field.is_some_and(|field| field.types.iter().any(|kind| kind == "Integer"));
            match serde_json::from_str(&text) {
                Ok(number @ Value::Number(_)) if is_number => number,
                Ok(other) if !is_text => other,
                _ => Value::String(text),
            }
        };
        texts
            .into_iter()
            .map(|(name, text)| (name.clone(), value(&name, text)))
            .collect()
    }

    /// What is wrong with the parameters of a call.
    pub(crate) fn problems(&self, method: &str, parameters: &Map<String, Value>) -> Vec<String> {
        let Some(shape) = self.methods.get(method) else {
            return vec![format!("there is no method {method}")];
        };
        let mut problems = Vec::new();
        self.check_fields(shape, parameters, method, &mut problems);
        problems
    }

    fn check_fields(&self, shape: &Shape, values: &Map<String, Value>, at: &str, problems: &mut Vec<String>) {
        for field in shape.fields.iter().filter(|field| field.required) {
            if !values.contains_key(&field.name) {
                problems.push(format!("{at} lacks {}", field.name));
            }
        }
        for (name, value) in values {
            let at = format!("{at}.{name}");
            match shape.fields.iter().find(|field| field.name == *name) {
                None => problems.push(format!("{at} is unknown")),
                Some(field) => self.check_field(field, value, &at, problems),
            }
        }
    }

    fn check_field(&self, field: &Field, value: &Value, at: &str, problems: &mut Vec<String>) {
        let mut least: Option<Vec<String>> = None;
        for kind in &field.types {
            let mut found = Vec::new();
            self.check_type(kind, value, at, &mut found);
            if least.as_ref().is_none_or(|least| found.len() < least.len()) {
                least = Some(found);
            }
        }
        problems.extend(least.unwrap_or_default());
        if let (Value::String(text), false) = (value, field.description.contains("entities parsing")) {
            check_length(&field.description, text, at, problems);
        }
    }

    fn check_type(&self, kind: &str, value: &Value, at: &str, problems: &mut Vec<String>) {
        if let Some(inner) = kind.strip_prefix("Array of ") {
            match value {
                Value::Array(values) => {
                    for (index, value) in values.iter().enumerate() {
                        self.check_type(inner, value, &format!("{at}[{index}]"), problems);
                    }
                }
                _ => problems.push(format!("{at} is no list")),
            }
            return;
        }
        let is_right = match kind {
            "Integer" => value.is_i64() || value.is_u64(),
            "Float" => value.is_number(),
            "Boolean" | "True" => value.is_boolean(),
            "String" | "InputFile" => value.is_string(),
            _ => return self.check_object(kind, value, at, problems),
        };
        if !is_right {
            problems.push(format!("{at} is no {kind}: {value}"));
        }
    }

    fn check_object(&self, kind: &str, value: &Value, at: &str, problems: &mut Vec<String>) {
        let (Some(shape), Value::Object(values)) = (self.types.get(kind), value) else {
            problems.push(format!("{at} is no {kind}: {value}"));
            return;
        };
        if shape.subtypes.is_empty() {
            self.check_constants(shape, values, at, problems);
            return self.check_fields(shape, values, at, problems);
        }
        let tries = shape.subtypes.iter().map(|subtype| {
            let mut found = Vec::new();
            self.check_object(subtype, value, at, &mut found);
            found
        });
        problems.extend(tries.min_by_key(Vec::len).unwrap_or_default());
    }

    /// The field that tells the kinds of an object apart.
    fn check_constants(
        &self,
        shape: &Shape,
        values: &Map<String, Value>,
        at: &str,
        problems: &mut Vec<String>,
    ) {
        let tags = shape.fields.iter().filter(|field| field.name == "type");
        for field in tags {
            let Some(expected) = CONSTANT
                .captures(&field.description)
                .map(|found| found[1].to_owned())
            else {
                continue;
            };
            if values.get("type").is_some_and(|tag| *tag != expected) {
                // So many that another kind fits better.
                problems.extend((0..9).map(|_| format!("{at}.type is not {expected}")));
            }
        }
    }
}

fn check_length(description: &str, text: &str, at: &str, problems: &mut Vec<String>) {
    let Some(found) = LENGTH.captures(description) else {
        return;
    };
    let least = found
        .get(1)
        .map_or(0, |least| least.as_str().parse().expect("a number"));
    let most: usize = found[2].parse().expect("a number");
    let length = if &found[3] == "bytes" {
        text.len()
    } else {
        text.encode_utf16().count()
    };
    if !(least..=most).contains(&length) {
        problems.push(format!(
            "{at} has {length} {} and may have {least} to {most}",
            &found[3]
        ));
    }
}
