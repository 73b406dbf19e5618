//! Panics as error values.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::InferenceError;

/// A bug fails the requests it happens to, not the service.
pub(super) fn guarded<T>(call: impl FnOnce() -> Result<T, InferenceError>) -> Result<T, InferenceError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let reason = panic_text(panic.as_ref());
        tracing::error!(reason, "the engine has panicked");
        Err(InferenceError::Internal { reason })
    })
}

/// What somebody's bug had to say.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".into())
}
