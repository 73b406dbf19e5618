//! The process's environment: variables and the program's own place.

use std::path::PathBuf;

use secrecy::SecretString;

/// What the service takes from its environment.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Variables whose name begins with `EKAKI__`, with their values.
    pub variables: Vec<(String, String)>,
    /// `ORT_DYLIB_PATH`: the library that programs with ONNX Runtime agree on.
    pub ort_dylib_path: Option<PathBuf>,
    /// What the terminal says of itself.
    pub terminal: Terminal,
    /// Where models come from.
    pub hub: HubEnvironment,
}

/// The hub that models are downloaded from, in the variables that its own programs agree on.
#[derive(Clone, Debug, Default)]
pub struct HubEnvironment {
    /// `HF_ENDPOINT`: the address of a mirror.
    pub endpoint: Option<String>,
    /// `HF_TOKEN`: for models that not everybody may download.
    pub token: Option<SecretString>,
}

/// What the terminal says of itself, in the variables that programs agree on.
#[derive(Clone, Debug, Default)]
pub struct Terminal {
    /// `TERM`
    pub term: String,
    /// `TERM_PROGRAM`
    pub program: String,
    /// `COLORTERM`
    pub color: String,
}

/// Begins the name of each variable that is a setting.
pub(crate) const PREFIX: &str = "EKAKI__";

impl Environment {
    /// Reads the environment of this process.
    pub fn of_process() -> Self {
        let mut variables: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
            .collect();
        variables.sort();
        let ort_dylib_path = std::env::var_os("ORT_DYLIB_PATH")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from);
        let text = |name| std::env::var(name).unwrap_or_default();
        let filled = |name| Some(text(name).trim().to_owned()).filter(|value| !value.is_empty());
        let terminal = Terminal {
            term: text("TERM"),
            program: text("TERM_PROGRAM"),
            color: text("COLORTERM"),
        };
        Self {
            variables,
            ort_dylib_path,
            terminal,
            hub: HubEnvironment {
                endpoint: filled("HF_ENDPOINT"),
                token: filled("HF_TOKEN").map(SecretString::from),
            },
        }
    }
}

/// The folder of the running program, where ONNX Runtime may lie beside it.
pub fn program_folder() -> Option<PathBuf> {
    std::env::current_exe().ok()?.parent().map(PathBuf::from)
}
