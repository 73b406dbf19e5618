//! Answers to what people's apps ask, and files.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::super::world::World;
use super::{Answered, Asked, Refusal};

impl Asked<'_> {
    pub(super) fn answer_query(&self, world: &mut World) -> Answered {
        let id = [self.text("callback_query_id"), self.text("inline_query_id")].concat();
        if self.method == "answerInlineQuery" {
            self.check_results(world)?;
        }
        let late = Refusal::of(
            400,
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
        );
        match world.queries.get_mut(&id) {
            Some(query) if query.answer.is_none() && query.asked.elapsed() < self.settings.query_life => {
                query.answer = Some(Value::Object(self.parameters.clone()));
                Ok(true.into())
            }
            Some(query) if query.answer.is_some() => Err(Refusal {
                is_violation: true,
                ..late
            }),
            _ => Err(late),
        }
    }

    fn check_results(&self, world: &World) -> Result<(), Refusal> {
        let results = self.get("results").as_array().cloned().unwrap_or_default();
        if results.len() > 50 {
            return Err(Refusal::violation("RESULTS_TOO_MUCH"));
        }
        let mut ids = HashSet::new();
        for result in &results {
            let id = result["id"].as_str().unwrap_or_default();
            if !ids.insert(id) || !(1..=64).contains(&id.len()) {
                return Err(Refusal::violation("RESULT_ID_INVALID"));
            }
            if let Some(file) = result["photo_file_id"].as_str()
                && world.files.get(file).is_none_or(|file| file.is_forgotten)
            {
                return Err(Refusal::of(
                    400,
                    "Bad Request: wrong file identifier/HTTP URL specified",
                ));
            }
            if let Some(object) = result.as_object() {
                self.marked(object, "caption", 1024)?;
            }
            if let Some(content) = result["input_message_content"].as_object() {
                self.marked(content, "message_text", 4096)?;
            }
        }
        Ok(())
    }

    pub(super) fn get_file(&self, world: &World) -> Answered {
        let id = self.text("file_id");
        match world.files.get(id) {
            None => Err(Refusal::of(400, "Bad Request: invalid file_id")),
            Some(file) if file.bytes.len() > 20_000_000 => {
                Err(Refusal::of(400, "Bad Request: file is too big"))
            }
            Some(file) => Ok(
                json!({ "file_id": id, "file_unique_id": format!("u-{id}"), "file_size": file.bytes.len(), "file_path": format!("files/{id}") }),
            ),
        }
    }
}
