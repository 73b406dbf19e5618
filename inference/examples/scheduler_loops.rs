//! Answers loops as JSON lines with what came of them; `onnx/tools/compare_schedulers.py` asks.

use std::io::{self, BufRead, Write};

use serde_json::json;

#[path = "../tests/it/scheduler_replay.rs"]
mod scheduler_replay;

fn main() -> io::Result<()> {
    let mut answers = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let case: scheduler_replay::Case = serde_json::from_str(&line?)?;
        let answer = match case.run() {
            Ok(run) => json!(run),
            Err(error) => json!({ "refused": error.to_string() }),
        };
        writeln!(answers, "{answer}")?;
    }
    Ok(())
}
