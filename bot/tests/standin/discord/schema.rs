//! JSON Schema, as much of it as Discord's description of its interface uses. A keyword that is not known here fails a
//! test, so nothing is passed over in silence.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Keywords that say nothing about whether a value is valid.
const NOTES: &[&str] = &[
    "title",
    "description",
    "contentEncoding",
    "x-discord-union",
    "deprecated",
];
/// Keywords that [`Checker`] knows.
const RULES: &[&str] = &[
    "$ref",
    "type",
    "const",
    "enum",
    "format",
    "pattern",
    "oneOf",
    "anyOf",
    "allOf",
    "properties",
    "required",
    "additionalProperties",
    "minProperties",
    "maxProperties",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
];

/// What is wrong with a value, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Names of properties and numbers of items, from the outside in.
    pub(crate) at: Vec<String>,
    /// What is wrong.
    pub(crate) why: String,
    misfit: Misfit,
}

/// Whether a problem shows that another branch of a union is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Misfit {
    /// No.
    None,
    /// The value is of another kind.
    Kind,
    /// The property that tells the branches apart has another value.
    Tag,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.at.join("."), self.why)
    }
}

/// Checks values against the schemas of one document.
pub(crate) struct Checker<'a> {
    /// The document that references point into.
    pub(crate) document: &'a Value,
}

impl<'a> Checker<'a> {
    /// Everything that is wrong with a value.
    pub(crate) fn problems(&self, schema: &Value, value: &Value) -> Vec<Problem> {
        let mut place = Place::default();
        self.check(schema, value, &mut place);
        place.problems
    }

    /// The properties of a value, at any depth, that no schema for their place knows: misspelt ones, for example.
    pub(crate) fn strangers(&self, schema: &'a Value, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.find_strangers(&[schema], value, "", &mut found);
        found
    }

    fn check(&self, schema: &Value, value: &Value, place: &mut Place) {
        let Some(schema) = schema.as_object() else {
            if schema == &Value::Bool(false) {
                place.wrong("nothing may stand here".to_owned());
            }
            return;
        };
        if let Some(target) = schema.get("$ref") {
            self.check(self.target(target), value, place);
        }
        check_kind(schema, value, place);
        check_exact(schema, value, place);
        match value {
            Value::String(text) => check_text(schema, text, place),
            Value::Number(number) => check_number(schema, number, place),
            Value::Array(items) => self.check_items(schema, items, place),
            Value::Object(properties) => self.check_properties(schema, properties, place),
            Value::Null | Value::Bool(_) => {}
        }
        for part in list(schema, "allOf") {
            self.check(part, value, place);
        }
        // Discord's unions overlap, so a value that fits several branches of a `oneOf` is valid.
        for union in ["oneOf", "anyOf"] {
            self.check_union(list(schema, union), value, place);
        }
    }

    fn check_union(&self, branches: &[Value], value: &Value, place: &mut Place) {
        let mut best: Option<Vec<Problem>> = None;
        for branch in branches {
            let mut there = Place {
                at: place.at.clone(),
                problems: Vec::new(),
            };
            self.check(branch, value, &mut there);
            if there.problems.is_empty() {
                return;
            }
            let depth = place.at.len();
            let misfit = |problems: &Vec<Problem>| {
                let elsewhere = |problem: &&Problem| match problem.misfit {
                    Misfit::None => false,
                    Misfit::Kind => problem.at.len() == depth,
                    Misfit::Tag => problem.at.len() == depth + 1,
                };
                (problems.iter().filter(elsewhere).count(), problems.len())
            };
            if best
                .as_ref()
                .is_none_or(|best| misfit(&there.problems) < misfit(best))
            {
                best = Some(there.problems);
            }
        }
        place.problems.extend(best.unwrap_or_default());
    }

    fn check_items(&self, schema: &Map<String, Value>, items: &[Value], place: &mut Place) {
        check_size(schema, ["minItems", "maxItems"], items.len(), place);
        let is_unique = |index: usize, item: &Value| !items[..index].contains(item);
        if schema.get("uniqueItems") == Some(&Value::Bool(true))
            && !items
                .iter()
                .enumerate()
                .all(|(index, item)| is_unique(index, item))
        {
            place.wrong("the items are not all different".to_owned());
        }
        if let Some(schema) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                place.inside(index.to_string(), |place| self.check(schema, item, place));
            }
        }
    }

    fn check_properties(&self, schema: &Map<String, Value>, given: &Map<String, Value>, place: &mut Place) {
        check_size(schema, ["minProperties", "maxProperties"], given.len(), place);
        for name in list(schema, "required").iter().filter_map(Value::as_str) {
            if !given.contains_key(name) {
                place.inside(name.to_owned(), |place| {
                    place.wrong("this field is required".to_owned());
                });
            }
        }
        let known = schema.get("properties").and_then(Value::as_object);
        for (name, value) in given {
            let known = known.and_then(|known| known.get(name));
            if let Some(schema) = known.or_else(|| schema.get("additionalProperties")) {
                place.inside(name.clone(), |place| self.check(schema, value, place));
            }
        }
    }

    fn target(&self, reference: &Value) -> &'a Value {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
        pointer
            .and_then(|pointer| self.document.pointer(pointer))
            .unwrap_or_else(|| panic!("{reference} points nowhere"))
    }

    /// The schema and everything that it refers to for the same value.
    fn spread(&self, schemas: &[&'a Value]) -> Vec<&'a Map<String, Value>> {
        let mut all = Vec::new();
        let mut open: Vec<&'a Value> = schemas.to_vec();
        while let Some(schema) = open.pop() {
            let Some(schema) = schema.as_object() else {
                continue;
            };
            open.extend(schema.get("$ref").map(|target| self.target(target)));
            for part in ["oneOf", "anyOf", "allOf"] {
                open.extend(list(schema, part));
            }
            all.push(schema);
        }
        all
    }

    fn find_strangers(&self, schemas: &[&'a Value], value: &Value, at: &str, found: &mut Vec<String>) {
        let all = self.spread(schemas);
        match value {
            Value::Array(items) => {
                let schemas: Vec<&Value> = all.iter().filter_map(|schema| schema.get("items")).collect();
                for (index, item) in items.iter().enumerate() {
                    self.find_strangers(&schemas, item, &format!("{at}.{index}"), found);
                }
            }
            Value::Object(properties) => {
                let open = all.iter().any(|schema| {
                    schema
                        .get("additionalProperties")
                        .is_some_and(|other| other != &Value::Bool(false))
                });
                let known = all
                    .iter()
                    .filter_map(|schema| schema.get("properties")?.as_object());
                let known: Vec<&Map<String, Value>> = known.collect();
                // Discord does not look at what is said to be nothing, and builders say it a lot.
                for (name, value) in properties.iter().filter(|(_, value)| !value.is_null()) {
                    let schemas: Vec<&Value> = known.iter().filter_map(|known| known.get(name)).collect();
                    if schemas.is_empty() && !open && !known.is_empty() {
                        found.push(format!("{at}.{name}"));
                    }
                    self.find_strangers(&schemas, value, &format!("{at}.{name}"), found);
                }
            }
            _ => {}
        }
    }

    /// The keywords of a schema, at any depth, that are not known here.
    pub(crate) fn unknown_keywords(schema: &Value, unknown: &mut BTreeSet<String>) {
        let Some(schema) = schema.as_object() else { return };
        for (keyword, value) in schema {
            match keyword.as_str() {
                "properties" => {
                    let properties = value.as_object().into_iter().flat_map(Map::values);
                    properties.for_each(|schema| Self::unknown_keywords(schema, unknown));
                }
                "oneOf" | "anyOf" | "allOf" => {
                    list(schema, keyword)
                        .iter()
                        .for_each(|schema| Self::unknown_keywords(schema, unknown));
                }
                "items" | "additionalProperties" => Self::unknown_keywords(value, unknown),
                known if RULES.contains(&known) || NOTES.contains(&known) => {}
                other => {
                    unknown.insert(other.to_owned());
                }
            }
        }
    }
}

/// Where the check is, and what was found so far.
#[derive(Default)]
struct Place {
    at: Vec<String>,
    problems: Vec<Problem>,
}

impl Place {
    fn wrong(&mut self, why: String) {
        self.report(why, Misfit::None);
    }

    fn report(&mut self, why: String, misfit: Misfit) {
        self.problems.push(Problem {
            at: self.at.clone(),
            why,
            misfit,
        });
    }

    fn inside(&mut self, name: String, check: impl FnOnce(&mut Self)) {
        self.at.push(name);
        check(self);
        self.at.pop();
    }
}

fn list<'a>(schema: &'a Map<String, Value>, keyword: &str) -> &'a [Value] {
    let list = schema.get(keyword).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

fn check_kind(schema: &Map<String, Value>, value: &Value, place: &mut Place) {
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let is = |kind: &&str| match *kind {
        "string" => value.is_string(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("a type {other}"),
    };
    if !kinds.iter().any(is) {
        place.report(
            format!("{} is not {}", short(value), kinds.join(" or ")),
            Misfit::Kind,
        );
    }
}

fn check_exact(schema: &Map<String, Value>, value: &Value, place: &mut Place) {
    let constant = schema.get("const").map(std::slice::from_ref);
    let choices = schema.get("enum").and_then(Value::as_array).map(Vec::as_slice);
    if let Some(choices) = constant.or(choices)
        && !choices.contains(value)
    {
        let is_tag = place.at.last().is_some_and(|name| name == "type");
        let misfit = if is_tag { Misfit::Tag } else { Misfit::None };
        place.report(format!("{} is none of the choices", short(value)), misfit);
    }
}

fn check_size(schema: &Map<String, Value>, limits: [&str; 2], size: usize, place: &mut Place) {
    let [least, most] = limits.map(|limit| schema.get(limit).and_then(Value::as_u64));
    let size = size as u64;
    if least.is_some_and(|least| size < least) {
        place.wrong(format!("{size} is less than {}", least.unwrap_or_default()));
    }
    if most.is_some_and(|most| size > most) {
        place.wrong(format!("{size} is more than {}", most.unwrap_or_default()));
    }
}

fn check_number(schema: &Map<String, Value>, number: &serde_json::Number, place: &mut Place) {
    let number = number.as_f64().unwrap_or(f64::NAN);
    let limit = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
    if limit("minimum").is_some_and(|least| number < least)
        || limit("maximum").is_some_and(|most| number > most)
    {
        place.wrong(format!("{number} is out of bounds"));
    }
    let is_int32 = (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    if schema.get("format").is_some_and(|format| format == "int32") && !is_int32 {
        place.wrong(format!("{number} has more than 32 bits"));
    }
}

fn check_text(schema: &Map<String, Value>, text: &str, place: &mut Place) {
    check_size(schema, ["minLength", "maxLength"], text.chars().count(), place);
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        if !pattern.is_match(text) {
            place.wrong(format!("{text:?} does not look like {pattern}"));
        }
    }
    let is_well_formed = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        Some("uri") => is_address(text),
        Some("snowflake") => text.parse::<u64>().is_ok(),
        Some("nonce") => text.chars().count() <= 25,
        _ => true,
    };
    if !is_well_formed {
        place.wrong(format!("{text:?} is not well formed"));
    }
}

fn is_address(text: &str) -> bool {
    let schemes = ["http://", "https://", "ws://", "wss://", "attachment://"];
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    text.chars().take(60).collect()
}
