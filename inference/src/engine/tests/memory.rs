//! Calls that need more memory than there is.

use super::*;
use crate::pipeline::fake::halves;

/// The numbers of rows in the calls of a UNet that has memory for this many, when so many requests arrive at once; and
/// the pictures.
fn calls(fit: usize, requests: usize, limits: Limits) -> (Vec<usize>, Vec<End>) {
    let (open, gate) = Gate::new();
    let (sizes, calls) = mpsc::channel();
    let engine = engine_with(limits, move |index| {
        if index == 1 {
            gate.wait();
        }
        let sizes = sizes.clone();
        Ok(FakeModel::with_predict(move |rows| {
            sizes.send(rows.len()).unwrap();
            if rows.len() > fit {
                return Err(run_error(
                    "Failed to allocate memory for requested buffer of size 536870912",
                ));
            }
            Ok(halves(rows))
        }))
    });
    let sent: Vec<_> = (0..requests).map(|_| send(&engine, request(1, "1"))).collect();
    drop(open);
    let ends = sent.into_iter().map(|(_, end)| end.recv().unwrap()).collect();
    engine.shutdown();
    (calls.try_iter().collect(), ends)
}

#[test]
fn a_batch_that_is_too_large_is_halved_until_it_fits() {
    let (calls, ends) = calls(2, 3, LIMITS);
    // Six rows, halves of them, what fits of each half; from then on nothing more is tried than what has fitted.
    assert_eq!(calls, [6, 3, 2, 1, 2, 1, 2, 2, 2]);
    let pictures: Vec<_> = ends.into_iter().map(|end| end.unwrap().image).collect();
    assert!(pictures.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn guidance_takes_two_calls_when_one_row_is_all_that_fits() {
    let (calls, ends) = calls(1, 1, LIMITS);
    assert_eq!(calls, [2, 1, 1, 1, 1]);
    let expected = super::memory::calls(16, 1, LIMITS).1.remove(0).unwrap();
    assert_eq!(ends[0].as_ref().unwrap().image, expected.image);
    let one_row = Limits {
        max_batch_rows: 1,
        ..LIMITS
    };
    assert_eq!(super::memory::calls(16, 1, one_row).0, [1, 1, 1, 1]);
}

#[test]
fn a_row_for_which_there_is_no_memory_at_all_fails() {
    let (calls, ends) = calls(0, 1, LIMITS);
    assert_eq!(calls, [2, 1, 1]);
    assert_eq!(
        ends[0].as_ref().unwrap_err().to_string(),
        "unet/model.onnx failed: Failed to allocate memory for requested buffer of size 536870912"
    );
}

#[test]
fn the_ways_to_say_that_the_memory_is_full() {
    let check = |reason, expected| assert_eq!(run_error(reason).is_out_of_memory(), expected, "{reason}");
    check("std::bad_alloc", true);
    check("CUDA failure 2: out of memory ; GPU=0", true);
    check("CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED", true);
    check("8007000E Not enough memory resources are available", true);
    check("Invalid rank for input: sample", false);
    assert!(!InferenceError::Stopped.is_out_of_memory());
}
