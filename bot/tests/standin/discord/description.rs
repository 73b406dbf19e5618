//! Discord's official description of its interface, and requests that are checked against it.

use std::collections::{BTreeSet, HashMap};
use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::schema::{Checker, Problem};

/// The file as it is published, compressed.
const FILE: &[u8] = include_bytes!("../../../testdata/discord/openapi.json.gz");
/// What Discord takes and documents, and the description lacks.
const DOCUMENTED_ELSEWHERE: &[&str] = &["nsfw", "with_components"];

/// The description, read once for all tests of a program.
static DESCRIPTION: LazyLock<Description> = LazyLock::new(Description::read);

/// What can be asked of Discord.
pub(crate) struct Description {
    document: Value,
    operations: Vec<Operation>,
}

/// One of the things that can be asked.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// Its name, for example `create_message`.
    pub(crate) id: String,
    method: String,
    template: String,
    /// Where its description is in the document.
    pointer: String,
}

/// The values in a path, by their names.
pub(crate) type Arguments = HashMap<String, String>;

impl Description {
    /// The description.
    pub(crate) fn get() -> &'static Self {
        &DESCRIPTION
    }

    /// The text of the file.
    fn text() -> Vec<u8> {
        let mut text = Vec::new();
        GzDecoder::new(FILE).read_to_end(&mut text).expect("a gzip file");
        text
    }

    fn read() -> Self {
        let mut document: Value = serde_json::from_slice(&Self::text()).expect("JSON");
        lean_back(&mut document);
        let mut operations = Vec::new();
        for (template, item) in document["paths"].as_object().expect("paths") {
            for method in ["get", "post", "put", "patch", "delete"] {
                let Some(operation) = item.get(method) else {
                    continue;
                };
                operations.push(Operation {
                    id: operation["operationId"].as_str().expect("a name").to_owned(),
                    method: method.to_uppercase(),
                    template: template.clone(),
                    pointer: format!("/paths/{}/{method}", escape(template)),
                });
            }
        }
        // `/messages/@original` comes before `/messages/{message_id}`.
        operations.sort_by_key(|operation| operation.template.matches('{').count());
        Self { document, operations }
    }

    /// The operation at a path without `/api/v10`.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<(&Operation, Arguments)> {
        let of_method = self
            .operations
            .iter()
            .filter(|operation| operation.method == method);
        of_method.into_iter().find_map(|operation| {
            let arguments = operation.arguments(path)?;
            Some((operation, arguments))
        })
    }

    /// The kinds of body that an operation takes.
    pub(crate) fn kinds_of_body(&self, operation: &Operation) -> Vec<&str> {
        let content = self
            .document
            .pointer(&format!("{}/requestBody/content", operation.pointer));
        let content = content.and_then(Value::as_object).into_iter();
        content
            .flat_map(|kinds| kinds.keys().map(String::as_str))
            .collect()
    }

    /// Whether an operation can do without a token of the bot: whoever knows an interaction's token may use it.
    pub(crate) fn needs_no_token(&self, operation: &Operation) -> bool {
        let ways = self.document.pointer(&format!("{}/security", operation.pointer));
        ways.and_then(Value::as_array)
            .is_some_and(|ways| ways.contains(&json!({})))
    }

    /// What is wrong with the body of a request.
    pub(crate) fn problems_of_body(&self, operation: &Operation, body: &Value) -> Vec<Problem> {
        let schema = self.body_schema(operation);
        schema.map_or_else(Vec::new, |schema| self.checker().problems(schema, body))
    }

    /// Properties of a body that Discord would pass over.
    pub(crate) fn strangers_in_body(&self, operation: &Operation, body: &Value) -> Vec<String> {
        let schema = self.body_schema(operation);
        let found = schema.map_or_else(Vec::new, |schema| self.checker().strangers(schema, body));
        let is_documented = |at: &String| {
            let name = at.rsplit('.').next().unwrap_or_default();
            DOCUMENTED_ELSEWHERE.contains(&name)
        };
        found.into_iter().filter(|at| !is_documented(at)).collect()
    }

    /// What is wrong with the path and the query of a request.
    pub(crate) fn problems_of_parameters(
        &self,
        operation: &Operation,
        arguments: &Arguments,
        query: &HashMap<String, String>,
    ) -> Vec<String> {
        let parameters = self.parameters(operation);
        let known: BTreeSet<&str> = parameters
            .iter()
            .filter_map(|known| known["name"].as_str())
            .collect();
        let unknown = query
            .keys()
            .filter(|name| !known.contains(name.as_str()) && !DOCUMENTED_ELSEWHERE.contains(&name.as_str()));
        let mut problems: Vec<String> = unknown.map(|name| format!("?{name}: not known")).collect();
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap_or_default();
            let given = if parameter["in"] == "path" {
                arguments.get(name)
            } else {
                query.get(name)
            };
            let Some(given) = given else {
                if parameter["required"] == true {
                    problems.push(format!("{name}: required"));
                }
                continue;
            };
            // Whatever is not a number or a truth value is a text in a path.
            let typed = serde_json::from_str::<Value>(given).ok();
            let typed = typed.filter(|value| value.is_boolean() || value.is_number());
            let values = typed.into_iter().chain([Value::String(given.clone())]);
            let schema = &parameter["schema"];
            let mut tries = values.map(|value| self.checker().problems(schema, &value));
            if !tries.any(|problems| problems.is_empty()) {
                problems.push(format!("{name}: {given:?} is not valid"));
            }
        }
        problems
    }

    /// What is wrong with an answer of the stand-in's own.
    pub(crate) fn problems_of_answer(
        &self,
        operation: &Operation,
        status: u16,
        answer: &Value,
    ) -> Vec<Problem> {
        let pointer = format!(
            "{}/responses/{status}/content/application~1json/schema",
            operation.pointer
        );
        let schema = self.document.pointer(&pointer);
        schema.map_or_else(Vec::new, |schema| self.checker().problems(schema, answer))
    }

    fn checker(&self) -> Checker<'_> {
        Checker {
            document: &self.document,
        }
    }

    fn body_schema(&self, operation: &Operation) -> Option<&Value> {
        let content = self
            .document
            .pointer(&format!("{}/requestBody/content", operation.pointer))?;
        let json = content.get("application/json");
        json.or_else(|| content.get("multipart/form-data"))?.get("schema")
    }

    fn parameters(&self, operation: &Operation) -> Vec<&Value> {
        let of_path = self
            .document
            .pointer(&format!("/paths/{}/parameters", escape(&operation.template)));
        let own = self
            .document
            .pointer(&format!("{}/parameters", operation.pointer));
        let lists = [of_path, own].into_iter().flatten().filter_map(Value::as_array);
        lists.flatten().collect()
    }
}

impl Operation {
    fn arguments(&self, path: &str) -> Option<Arguments> {
        let (names, values): (Vec<&str>, Vec<&str>) =
            (self.template.split('/').collect(), path.split('/').collect());
        if names.len() != values.len() {
            return None;
        }
        let mut arguments = Arguments::new();
        for (name, value) in names.into_iter().zip(values) {
            match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if !value.is_empty() => {
                    arguments.insert(name.to_owned(), value.to_owned());
                }
                None if name == value => {}
                _ => return None,
            }
        }
        Some(arguments)
    }
}

/// Discord itself takes a little more than its description says: numbers as ids, and permissions as texts of digits,
/// which is how its documentation writes them.
fn lean_back(document: &mut Value) {
    let schemas = document["components"]["schemas"]
        .as_object_mut()
        .expect("schemas");
    if let Some(id) = schemas.get_mut("SnowflakeType") {
        id["type"] = json!(["string", "integer"]);
    }
    for schema in schemas.values_mut() {
        if let Some(permissions) = schema.pointer_mut("/properties/default_member_permissions") {
            *permissions = json!({ "type": ["string", "integer", "null"], "minimum": 0 });
        }
    }
}

fn escape(path: &str) -> String {
    path.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn check(method: &str, path: &str, body: &Value, expected: &[&str]) {
        let description = Description::get();
        let (operation, _) = description.find(method, path).expect("an operation");
        let problems = description.problems_of_body(operation, body);
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected, "{method} {path} {body}");
    }

    #[test]
    fn the_description_is_the_published_one() {
        let hash = format!("{:x}", Sha256::digest(Description::text()));
        assert_eq!(
            hash,
            "8c1d0707ccdf8e380a86dfba04058820a66435c1b69d5ed82e04dd8c0520dd73"
        );
    }

    #[test]
    fn all_of_it_is_understood() {
        let document = &Description::get().document;
        let mut unknown = BTreeSet::new();
        for schema in document["components"]["schemas"]
            .as_object()
            .expect("schemas")
            .values()
        {
            Checker::unknown_keywords(schema, &mut unknown);
        }
        assert_eq!(unknown, BTreeSet::new());
    }

    #[test]
    fn requests_are_checked() {
        let message = "/channels/1/messages";
        check("POST", message, &json!({ "content": "hello" }), &[]);
        check(
            "POST",
            message,
            &json!({ "content": 1 }),
            &["content: 1 is not string or null"],
        );
        let long = "あ".repeat(4001);
        check(
            "POST",
            message,
            &json!({ "content": long }),
            &["content: 4001 is more than 4000"],
        );
        check(
            "POST",
            message,
            &json!({ "allowed_mentions": { "parse": ["nobody"] } }),
            &["allowed_mentions.parse.0: \"nobody\" is none of the choices"],
        );
        let button = |id: &str| json!({ "components": [{ "type": 1, "components": [{ "type": 2, "style": 1, "custom_id": id, "label": "x" }] }] });
        check("POST", message, &button("v1:again:1"), &[]);
        check(
            "POST",
            message,
            &button(&"x".repeat(101)),
            &["components.0.components.0.custom_id: 101 is more than 100"],
        );
        let callback = "/interactions/1/t/callback";
        check(
            "POST",
            callback,
            &json!({ "type": 5, "data": { "flags": 64 } }),
            &[],
        );
        check(
            "POST",
            callback,
            &json!({ "type": 5, "data": { "flags": "64" } }),
            &["data.flags: \"64\" is not integer or null"],
        );
    }

    #[test]
    fn properties_that_nobody_knows_are_found() {
        let description = Description::get();
        let (operation, _) = description
            .find("POST", "/channels/1/messages")
            .expect("an operation");
        let body = json!({ "content": "x", "attachment": [], "embeds": [{ "titel": "x" }] });
        let strangers = description.strangers_in_body(operation, &body);
        assert_eq!(strangers, [".attachment", ".embeds.0.titel"]);
    }

    #[test]
    fn paths_are_told_apart() {
        let check = |method: &str, path: &str, expected: Option<&str>| {
            let found = Description::get().find(method, path);
            assert_eq!(
                found.map(|(operation, _)| operation.id.as_str()),
                expected,
                "{method} {path}"
            );
        };
        check(
            "PATCH",
            "/webhooks/1/t/messages/@original",
            Some("update_original_webhook_message"),
        );
        check(
            "PATCH",
            "/webhooks/1/t/messages/5",
            Some("update_webhook_message"),
        );
        check("GET", "/gateway/bot", Some("get_bot_gateway"));
        check("GET", "/nowhere", None);
        check("POST", "/channels//messages", None);
    }
}
