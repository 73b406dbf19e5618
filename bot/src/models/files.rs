//! Which files of a folder make an ONNX export.

use super::INDEX_FILE;
use super::error::AddError;

/// What Ekaki itself reads beside diffusers' files.
const CARD_FILE: &str = "ekaki.json";
/// The file of each network.
const NETWORK_FILE: &str = "model.onnx";
/// The folders of networks that every family of models has.
const REQUIRED_NETWORKS: [&str; 3] = ["text_encoder", "unet", "vae_decoder"];
/// The folders of networks that are used when they are there.
const NETWORKS: [&str; 7] = [
    "safety_checker",
    "text_encoder",
    "text_encoder_2",
    "transformer",
    "unet",
    "vae_decoder",
    "vae_encoder",
];
/// The folders with settings and vocabularies.
const TEXTS: [&str; 4] = ["feature_extractor", "scheduler", "tokenizer", "tokenizer_2"];
/// The folder with textual inversions.
const EMBEDDINGS: &str = "embeddings";
/// What other programs load. Some of them are programs in disguise (pickles), all of them are large.
const FOREIGN: [&str; 13] = [
    "bin",
    "ckpt",
    "gguf",
    "h5",
    "md",
    "msgpack",
    "pickle",
    "pkl",
    "pt",
    "pth",
    "py",
    "safetensors",
    "xml",
];

/// The files of an export that are needed to draw, out of all files of a folder, by their paths with `/`.
///
/// # Errors
/// When a path leads out of the folder, or the folder is no export. `place` says where it is.
pub(super) fn needed(files: &[String], place: &str) -> Result<Vec<String>, AddError> {
    if let Some(bad) = files.iter().find(|path| !is_safe(path)) {
        return Err(AddError::UnsafePath {
            place: place.to_owned(),
            path: bad.clone(),
        });
    }
    if !files.iter().any(|path| path == INDEX_FILE) {
        return Err(AddError::NoIndex {
            place: place.to_owned(),
        });
    }
    for folder in REQUIRED_NETWORKS {
        let missing = format!("{folder}/{NETWORK_FILE}");
        if !files.contains(&missing) {
            return Err(AddError::NotExported {
                place: place.to_owned(),
                missing,
            });
        }
    }
    let mut needed: Vec<String> = files
        .iter()
        .filter(|path| is_needed(path, files))
        .cloned()
        .collect();
    // The small files come first: what is wrong with them is found before the large ones are there.
    needed.sort_by_key(|path| (!is_text(path), path.clone()));
    needed.dedup();
    Ok(needed)
}

/// Whether a file is small and read as text.
pub(super) fn is_text(path: &str) -> bool {
    matches!(extension(path), "json" | "txt")
}

fn is_needed(path: &str, files: &[String]) -> bool {
    let Some((folder, name)) = path.split_once('/') else {
        return path == INDEX_FILE || path == CARD_FILE;
    };
    if name.contains('/') || name.starts_with('.') {
        return false;
    }
    if TEXTS.contains(&folder) {
        return is_text(name);
    }
    if folder == EMBEDDINGS {
        return extension(name) == "safetensors";
    }
    NETWORKS.contains(&folder)
        && (name == NETWORK_FILE || name == "config.json" || is_data(folder, name, files))
}

/// Whether a file beside a network can hold its weights. Exporters agree on no name: `model.onnx_data`,
/// `model.onnx.data`, `weights.pb`, or a file for each tensor. So this is what is left when everything known is
/// taken away: other networks with their weights, and the weights of other programs.
fn is_data(folder: &str, name: &str, files: &[String]) -> bool {
    let of_another_network = files.iter().any(|file| {
        file.strip_prefix(folder)
            .and_then(|file| file.strip_prefix('/'))
            .filter(|other| other.ends_with(".onnx") && *other != NETWORK_FILE)
            .is_some_and(|other| name.starts_with(other))
    });
    !of_another_network && extension(name) != "onnx" && !is_text(name) && !FOREIGN.contains(&extension(name))
}

fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Whether a path stays below the folder it is joined to, on every system.
pub(super) fn is_safe(path: &str) -> bool {
    path.split('/').all(|part| {
        !matches!(part, "" | "." | "..") && !part.contains(['\\', ':']) && !part.contains(char::is_control)
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::needed;

    const EXPORT: [&str; 4] = [
        "model_index.json",
        "text_encoder/model.onnx",
        "unet/model.onnx",
        "vae_decoder/model.onnx",
    ];

    fn check(more: &[&str]) -> String {
        let files: Vec<String> = EXPORT.iter().chain(more).map(|path| (*path).to_owned()).collect();
        match needed(&files, "here") {
            Ok(needed) => needed
                .into_iter()
                .filter(|path| !EXPORT.contains(&path.as_str()))
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn settings_come_first() {
        assert_snapshot!(check(&["scheduler/scheduler_config.json", "tokenizer/merges.txt", "tokenizer/vocab.json", "unet/config.json", "ekaki.json"]),
            @"ekaki.json scheduler/scheduler_config.json tokenizer/merges.txt tokenizer/vocab.json unet/config.json");
    }

    #[test]
    fn weights_beside_a_network_have_many_names() {
        assert_snapshot!(check(&["unet/model.onnx_data", "text_encoder/model.onnx.data", "vae_encoder/weights.pb", "unet/onnx__MatMul_12", "unet/conv_in.weight"]),
            @"text_encoder/model.onnx.data unet/conv_in.weight unet/model.onnx_data unet/onnx__MatMul_12 vae_encoder/weights.pb");
    }

    #[test]
    fn textual_inversions_are_part_of_a_model() {
        assert_snapshot!(check(&["embeddings/bad-hands.safetensors", "embeddings/bad-hands.pt"]), @"embeddings/bad-hands.safetensors");
    }

    #[test]
    fn a_safety_checker_is_part_of_a_model() {
        assert_snapshot!(check(&["safety_checker/model.onnx", "feature_extractor/preprocessor_config.json"]),
            @"feature_extractor/preprocessor_config.json safety_checker/model.onnx");
    }

    #[test]
    fn nothing_else_is_taken() {
        let more = [
            ".gitattributes",
            "README.md",
            "v1-5.ckpt",
            "v1-5.safetensors",
            "unet/diffusion_pytorch_model.bin",
            "unet/diffusion_pytorch_model.safetensors",
            "unet/model_fp16.onnx",
            "unet/model_fp16.onnx_data",
            "unet/sub/model.onnx",
            "image_encoder/model.onnx",
            "tokenizer/code.py",
            "unet/.hidden",
        ];
        assert_snapshot!(check(&more), @"");
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        for path in [
            "../x",
            "unet/../../x",
            "/etc/passwd",
            "unet//x",
            "C:/x",
            "unet\\..\\x",
            "unet/\0",
        ] {
            assert!(check(&[path]).contains("lead out of it"), "{path}");
        }
    }

    #[test]
    fn what_is_no_export_is_told_how_to_become_one() {
        let refused = |files: &[&str]| {
            let files: Vec<String> = files.iter().map(|path| (*path).to_owned()).collect();
            needed(&files, "owner/name")
                .expect_err("it is no export")
                .to_string()
        };
        assert_snapshot!(refused(&["unet/model.onnx"]), @"owner/name has no model_index.json: an ONNX export is a folder with model_index.json and a network in each of text_encoder/, unet/ and vae_decoder/ (model.onnx); make one with: python3 onnx/tools/export.py MODEL onnx/NAME");
        assert_snapshot!(refused(&["model_index.json", "unet/diffusion_pytorch_model.safetensors"]), @"owner/name is no ONNX export, it has no text_encoder/model.onnx: an ONNX export is a folder with model_index.json and a network in each of text_encoder/, unet/ and vae_decoder/ (model.onnx); make one with: python3 onnx/tools/export.py MODEL onnx/NAME");
    }
}
