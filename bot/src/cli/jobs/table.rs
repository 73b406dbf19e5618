//! Jobs as CSV (RFC 4180): one line for each job.

use serde::Serialize;

use super::record::Record;

/// The names of the columns, which are part of the interface.
pub(super) const HEADER: [&str; 30] = [
    "id",
    "platform",
    "user",
    "chat",
    "server",
    "kind",
    "parent",
    "private",
    "state",
    "error",
    "attempt",
    "created_at",
    "started_at",
    "finished_at",
    "prompt_typed",
    "prompt",
    "negative_prompt",
    "width",
    "height",
    "steps",
    "guidance",
    "seed",
    "count",
    "model",
    "sampler",
    "style",
    "images",
    "hashes",
    "withheld",
    "deleted",
];

/// The columns of a job.
pub(super) fn columns(job: &Record<'_>) -> [String; HEADER.len()] {
    let draw = job.draw;
    let hashes: Vec<&str> = job.images.iter().map(|image| image.hash).collect();
    [
        job.id.to_string(),
        text(job.platform),
        text(job.user),
        text(job.chat),
        text(job.server.unwrap_or_default()),
        name(&job.kind),
        optional(job.parent),
        job.private.to_string(),
        name(&job.state),
        name(&job.error),
        job.attempt.to_string(),
        job.created_at.clone(),
        optional(job.started_at.as_ref()),
        optional(job.finished_at.as_ref()),
        text(job.prompt_typed),
        text(&draw.prompt),
        text(&draw.negative_prompt),
        draw.width.to_string(),
        draw.height.to_string(),
        draw.num_inference_steps.to_string(),
        draw.guidance_scale.to_string(),
        draw.seed.to_string(),
        draw.count.to_string(),
        text(&draw.model),
        text(draw.scheduler.as_deref().unwrap_or_default()),
        text(draw.style.as_deref().unwrap_or_default()),
        hashes.len().to_string(),
        hashes.join(" "),
        job.withheld.to_string(),
        job.deleted.to_string(),
    ]
}

/// The name that a value has in JSON.
fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn optional(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// What people wrote. Programs for tables take a text that begins like a formula for one, and compute it; with an
/// apostrophe before it they do not.
fn text(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    fn check(typed: &str, expected: &str) {
        assert_eq!(text(typed), expected);
    }

    #[test]
    fn what_looks_like_a_formula_is_text() {
        check("pink hair, guitar", "pink hair, guitar");
        check("-1", "-1");
        check("-100123456", "-100123456");
        check("=SUM(A1)", "'=SUM(A1)");
        check("@everyone", "'@everyone");
        check("-x", "'-x");
    }
}
