//! `ekaki models info`

use std::fmt::Write as _;

use indicatif::BinaryBytes;
use inference::models::{ModelReport, NetworkReport, TensorReport, report};

use super::{Context, ModelArgs, print};
use crate::app::{load_runtime, runtime_request, session_config};
use crate::cli::install_progress;

/// Opens the networks and prints what is there.
pub(super) fn run(context: &Context, args: &ModelArgs) -> anyhow::Result<()> {
    let (id, source) = args.resolve(context)?;
    load_runtime(&runtime_request(&context.config), install_progress::observer())?;
    let report = report(&id, &source, &session_config(&context.config))?;
    print(&text(&report), &report, args.json)
}

fn text(report: &ModelReport) -> String {
    let info = &report.info;
    let defaults = &info.defaults;
    let (width, height) = (defaults.width, defaults.height);
    let rows = [
        ("name", info.name.clone()),
        ("family", info.family.to_string()),
        ("prediction", report.prediction_type.clone()),
        ("scheduler", info.scheduler.to_string()),
        (
            "size",
            format!("{width}x{height}, multiples of {}", info.size_multiple),
        ),
        (
            "defaults",
            format!(
                "{} steps, guidance {}",
                defaults.num_inference_steps, defaults.guidance_scale
            ),
        ),
        ("clip skip", clip_skip(report).to_owned()),
        ("image to image", image_to_image(report).to_owned()),
        ("inpainting", inpainting(report).to_owned()),
        ("safety checker", safety_checker(report).to_owned()),
    ];
    let mut text = format!("{}\n", info.id);
    for (name, value) in rows {
        line(&mut text, format_args!("  {name:<16}{value}"));
    }
    for network in &report.networks {
        describe(&mut text, network);
    }
    for problem in &report.problems {
        line(&mut text, format_args!("  problem: {problem}"));
    }
    text
}

fn clip_skip(report: &ModelReport) -> &'static str {
    if report.clip_skip {
        "possible"
    } else {
        "not possible, the text encoder was exported without its hidden states (onnx/tools/export.py exports them)"
    }
}

fn image_to_image(report: &ModelReport) -> &'static str {
    if report.image_to_image {
        "possible"
    } else {
        "not possible, there is no vae_encoder/model.onnx"
    }
}

fn inpainting(report: &ModelReport) -> &'static str {
    match (report.image_to_image, report.inpainting) {
        (false, _) => "not possible, there is no vae_encoder/model.onnx",
        (true, false) => "possible; what is not masked is put back at every step",
        (true, true) => "possible; the UNet was trained for it and sees the mask",
    }
}

fn safety_checker(report: &ModelReport) -> &'static str {
    if report.safety_checker {
        "there is one; [safety] in the settings says what is done about its doubts"
    } else {
        "none, there is no safety_checker/model.onnx"
    }
}

fn describe(text: &mut String, network: &NetworkReport) {
    let size = BinaryBytes(network.bytes);
    line(
        text,
        format_args!("  {}  {}, {size}", network.file, network.dtype),
    );
    let sides = [("in ", &network.inputs), ("out", &network.outputs)];
    for (side, tensors) in sides {
        for tensor in tensors {
            line(text, format_args!("    {side} {}", shape(tensor)));
        }
    }
}

/// Free dimensions are question marks.
fn shape(tensor: &TensorReport) -> String {
    let dims: Vec<String> = tensor
        .dims
        .iter()
        .map(|dim| match dim {
            0.. => dim.to_string(),
            _ => "?".to_owned(),
        })
        .collect();
    format!("{} {} [{}]", tensor.name, tensor.dtype, dims.join(", "))
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{content}");
}
