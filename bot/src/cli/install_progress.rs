//! How the installation of ONNX Runtime is shown: a bar in a terminal, lines in a log.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use inference::runtime::InstallProgress;

use crate::app::InstallObserver;

const DOWNLOAD: &str = "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}";
const WORK: &str = "{spinner} {msg}";

/// Shows on standard error what it hears; the bar disappears when the observer is dropped.
pub(super) fn observer() -> InstallObserver {
    let mut shown: Option<(String, ProgressBar)> = None;
    Box::new(move |progress| {
        let text = describe(&progress);
        if shown.as_ref().is_none_or(|(previous, _)| *previous != text) {
            let bar = bar(&progress, &text);
            if bar.is_hidden() {
                tracing::info!("{text}");
            }
            shown = Some((text, bar));
        }
        if let (Some((_, bar)), InstallProgress::Downloading { received_bytes, .. }) = (&shown, &progress) {
            bar.set_position(*received_bytes);
        }
    })
}

fn describe(progress: &InstallProgress) -> String {
    match progress {
        InstallProgress::Downloading { file, .. } => format!("Downloading {file}"),
        InstallProgress::Unpacking { file } => format!("Unpacking {file}"),
        InstallProgress::PackageTool { tool, package } => format!("Installing {package} with {tool}"),
        _ => "Installing ONNX Runtime".to_owned(),
    }
}

fn bar(progress: &InstallProgress, text: &str) -> ProgressBar {
    let (bar, template) = match progress {
        InstallProgress::Downloading { total_bytes, .. } => (ProgressBar::new(*total_bytes), DOWNLOAD),
        _ => (ProgressBar::new_spinner(), WORK),
    };
    // The templates above are valid; without one the bar would still be a bar.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(text.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar.with_finish(ProgressFinish::AndClear)
}
