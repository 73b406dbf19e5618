//! Models that come and go.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::*;
use crate::pipeline::fake::halves;

/// An engine whose model 1 is loaded when the sender is dropped.
fn engine_with_a_slow_model() -> (Engine, Sender<()>) {
    let (open, gate) = Gate::new();
    let engine = engine_with(LIMITS, move |index| {
        if index == 1 {
            gate.wait();
        }
        Ok(FakeModel::new())
    });
    (engine, open)
}

#[test]
fn nobody_waits_for_a_model_that_he_did_not_ask_for() {
    let (engine, open) = engine_with_a_slow_model();
    let (_, slow) = send(&engine, request(1, "1"));
    draw(&engine, request(0, "1")).unwrap();
    assert!(slow.try_recv().is_err());
    drop(open);
    slow.recv().unwrap().unwrap();
    engine.shutdown();
}

#[test]
fn who_waits_for_a_model_can_be_cancelled() {
    let (engine, _open) = engine_with_a_slow_model();
    let (flag, end) = send(&engine, request(1, "1"));
    flag.cancel();
    assert!(matches!(end.recv().unwrap(), Err(InferenceError::Cancelled)));
}

#[test]
fn shutdown_tells_those_who_wait_for_a_model_at_once() {
    let (engine, open) = engine_with_a_slow_model();
    let (_, end) = send(&engine, request(1, "1"));
    let handle = engine.clone();
    let shutdown = std::thread::spawn(move || handle.shutdown());
    assert!(matches!(end.recv().unwrap(), Err(InferenceError::Stopped)));
    drop(open);
    shutdown.join().unwrap();
    assert_eq!(engine.stats().model_loads, 1);
}

#[test]
fn a_load_that_fails_is_tried_again_for_the_next_request() {
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = Arc::clone(&broken);
    let engine = engine_with(LIMITS, move |index| match index {
        1 if is_broken.load(Ordering::Relaxed) => Err(LoadError::MissingFile {
            path: "unet/model.onnx".into(),
        }),
        2 => panic!("a bug"),
        _ => Ok(FakeModel::new()),
    });
    let error = |model| draw(&engine, request(model, "1")).unwrap_err().to_string();
    insta::assert_snapshot!(error(1), @"the model could not be loaded: the model file unet/model.onnx is missing");
    insta::assert_snapshot!(error(2), @"internal error while drawing: a bug");
    draw(&engine, request(0, "1")).unwrap();
    broken.store(false, Ordering::Relaxed);
    draw(&engine, request(1, "1")).unwrap();
    engine.shutdown();
}

#[test]
fn models_are_loaded_one_after_the_other() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let most_at_once = Arc::clone(&most);
    let engine = engine_with(LIMITS, move |_| {
        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(now, Ordering::SeqCst);
        std::thread::yield_now();
        running.fetch_sub(1, Ordering::SeqCst);
        Ok(FakeModel::new())
    });
    let (_, first) = send(&engine, request(1, "1"));
    let (_, second) = send(&engine, request(2, "1"));
    first.recv().unwrap().unwrap();
    second.recv().unwrap().unwrap();
    assert_eq!(most_at_once.load(Ordering::SeqCst), 1);
    engine.shutdown();
}

/// An engine with a memory budget, and the indices of the models it loads.
fn engine_with_budget(
    bytes: u64,
    make: impl Fn(usize) -> FakeModel + Send + Sync + 'static,
) -> (Engine, Receiver<usize>) {
    let (sender, loads) = mpsc::channel();
    let limits = Limits {
        memory_budget_bytes: Some(bytes),
        ..LIMITS
    };
    let engine = engine_with(limits, move |index| {
        sender.send(index).unwrap();
        Ok(make(index))
    });
    (engine, loads)
}

#[test]
fn the_model_that_was_not_used_for_longest_has_to_go() {
    let (engine, loads) = engine_with_budget(2, |_| FakeModel::new());
    for model in [1, 0, 2, 0, 1] {
        draw(&engine, request(model, "1")).unwrap();
    }
    // Model 2 comes in place of 1, and 1 in place of 2.
    assert_eq!(loads.try_iter().collect::<Vec<_>>(), [0, 1, 2, 1]);
    let stats = engine.stats();
    assert_eq!((stats.model_loads, stats.model_unloads), (4, 2));
    engine.shutdown();
}

#[test]
fn a_model_that_turns_out_larger_than_its_files_makes_room_afterwards() {
    let (engine, loads) = engine_with_budget(3, |index| FakeModel {
        memory_bytes: if index == 2 { 100 } else { 1 },
        ..FakeModel::new()
    });
    for model in [1, 2, 0] {
        draw(&engine, request(model, "1")).unwrap();
    }
    assert_eq!(loads.try_iter().collect::<Vec<_>>(), [0, 1, 2, 0]);
    assert_eq!(engine.stats().model_unloads, 3);
    engine.shutdown();
}

#[test]
fn a_model_that_draws_stays_and_whoever_waits_for_its_room_comes_next() {
    let (started, has_started) = mpsc::channel();
    let (open, gate) = Gate::new();
    let gate = Arc::new(gate);
    let (engine, loads) = engine_with_budget(1, move |_| {
        let (gate, started) = (Arc::clone(&gate), started.clone());
        FakeModel::with_predict(move |rows| {
            let _ = started.send(());
            gate.wait();
            Ok(halves(rows))
        })
    });
    let (ends, all_ends) = mpsc::channel();
    let send = |model: usize| {
        let ends = ends.clone();
        let observer = Named { model, ends };
        engine.generate(request(model, "1"), Box::new(observer)).unwrap();
    };
    send(0);
    has_started.recv().unwrap();
    send(1);
    send(0);
    drop(open);
    let order: Vec<usize> = all_ends.iter().take(3).collect();
    assert_eq!(order, [0, 1, 0]);
    assert_eq!(loads.try_iter().collect::<Vec<_>>(), [0, 1, 0]);
    engine.shutdown();
}

/// Tells which model's request was drawn.
struct Named {
    model: usize,
    ends: Sender<usize>,
}

impl Observer for Named {
    fn on_progress(&mut self, _: Progress) {}

    fn on_finished(self: Box<Self>, result: End) {
        result.unwrap();
        self.ends.send(self.model).unwrap();
    }
}
