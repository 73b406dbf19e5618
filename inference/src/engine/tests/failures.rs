//! What goes wrong with one request and not with others.

use super::*;
use crate::models::Row;
use crate::pipeline::fake::halves;

fn prompt(row: &Row<'_>) -> f32 {
    row.conditioning.hidden_states[[0, 0]]
}

/// How these prompts end when they are drawn together by a UNet.
fn ends(
    predict: fn(&[Row<'_>]) -> Result<Vec<crate::Latents>, InferenceError>,
    prompts: [&str; 3],
) -> Vec<String> {
    let (open, gate) = Gate::new();
    let engine = engine_with(LIMITS, move |index| {
        if index == 1 {
            gate.wait();
        }
        Ok(FakeModel::with_predict(predict))
    });
    let sent: Vec<_> = prompts
        .iter()
        .map(|prompt| send(&engine, request(1, prompt)))
        .collect();
    drop(open);
    let ends = sent.into_iter().map(|(_, end)| match end.recv().unwrap() {
        Ok(_) => "drawn".into(),
        Err(error) => error.to_string(),
    });
    let ends = ends.collect();
    draw(&engine, request(1, "1")).unwrap();
    engine.shutdown();
    ends
}

#[test]
fn an_error_fails_the_row_that_it_comes_from() {
    let predict = |rows: &[Row<'_>]| {
        if rows.iter().any(|row| prompt(row) == 666.0) {
            return Err(run_error("no such number"));
        }
        Ok(halves(rows))
    };
    assert_eq!(
        ends(predict, ["1", "666", "3"]),
        ["drawn", "unet/model.onnx failed: no such number", "drawn"]
    );
}

#[test]
fn what_is_not_a_number_fails_the_row_that_it_comes_from() {
    let predict = |rows: &[Row<'_>]| Ok(rows.iter().map(|row| row.sample * prompt(row)).collect());
    let ends = ends(predict, ["1", "2", "NaN"]);
    assert_eq!(ends[..2], ["drawn", "drawn"]);
    insta::assert_snapshot!(ends[2], @"the model's answer is not made of numbers (NaN or infinity); a float16 export may be out of its range, or the model's files are damaged");
}

#[test]
fn a_panic_fails_the_call_it_happens_in() {
    let predict = |rows: &[Row<'_>]| {
        assert!(rows.iter().all(|row| prompt(row) != 666.0), "a bug");
        Ok(halves(rows))
    };
    let failed = "internal error while drawing: a bug";
    assert_eq!(ends(predict, ["1", "666", "3"]), [failed, failed, failed]);
}

#[test]
fn a_network_that_forgets_rows_is_an_error() {
    let engine = engine_with(LIMITS, |_| Ok(FakeModel::with_predict(|_| Ok(Vec::new()))));
    insta::assert_snapshot!(
        draw(&engine, request(0, "1")).unwrap_err(),
        @"internal error while drawing: the UNet has not answered every row"
    );
    engine.shutdown();
}

/// A model that cannot even be taken out of memory.
struct Clinging;

impl Drop for Clinging {
    fn drop(&mut self) {
        panic!("a bug at the end");
    }
}

#[test]
fn after_a_panic_that_nobody_expected_the_engine_begins_anew() {
    let (started, has_started) = mpsc::channel();
    let (open, gate) = Gate::new();
    let gate = Arc::new(gate);
    let limits = Limits {
        memory_budget_bytes: Some(1),
        ..LIMITS
    };
    let engine = engine_with(limits, move |index| {
        let (gate, started) = (Arc::clone(&gate), started.clone());
        let clinging = (index == 1).then(|| Clinging);
        Ok(FakeModel::with_predict(move |rows| {
            if clinging.is_some() {
                let _ = started.send(());
                gate.wait();
            }
            Ok(halves(rows))
        }))
    });
    let (_, first) = send(&engine, request(1, "1"));
    has_started.recv().unwrap();
    // Has to wait until model 1 is gone, which ends badly, and so does whatever is there then.
    let (_, second) = send(&engine, request(2, "1"));
    let (_, third) = send(&engine, request(0, "1"));
    drop(open);
    first.recv().unwrap().unwrap();
    for end in [second, third] {
        assert_eq!(
            end.recv().unwrap().unwrap_err().to_string(),
            "internal error while drawing: a bug at the end"
        );
    }
    draw(&engine, request(0, "1")).unwrap();
    draw(&engine, request(2, "1")).unwrap();
    engine.shutdown();
}
