//! What a model on the hub is called.

use std::fmt;

use crate::models::error::AddError;
use crate::models::files::is_safe;

/// The hosts whose addresses people copy; a mirror's own is a third.
const HOSTS: [&str; 3] = ["huggingface.co", "www.huggingface.co", "hf.co"];
const MAIN: &str = "main";

/// A model on the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubModel {
    /// `owner/name`
    pub(super) repo: String,
    /// A branch, a tag or a commit.
    pub(super) revision: String,
    /// The folder of the export in it, with `/` at its end, or nothing.
    pub(super) subfolder: String,
}

impl HubModel {
    /// Reads `owner/name[@revision]` or the address of a page on the hub or on the mirror `endpoint`.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub(in crate::models) fn parse(text: &str, endpoint: Option<&str>) -> Result<Self, AddError> {
        let wrong = |reason| AddError::Name {
            text: text.to_owned(),
            reason,
        };
        let model = match text.split_once("://") {
            Some((_, address)) => {
                let (host, path) = address.split_once('/').unwrap_or((address, ""));
                let mirror = endpoint.and_then(|endpoint| endpoint.split_once("://"));
                let is_mirror = mirror.is_some_and(|(_, mirror)| mirror.trim_end_matches('/') == host);
                if !is_mirror && !HOSTS.contains(&host) {
                    return Err(wrong("is not on the hub (a mirror is named by HF_ENDPOINT)"));
                }
                Self::from_page(path).ok_or_else(|| wrong("is not the page of a model"))?
            }
            None => {
                let (repo, revision) = text.split_once('@').unwrap_or((text, MAIN));
                Self {
                    repo: repo.to_owned(),
                    revision: revision.to_owned(),
                    subfolder: String::new(),
                }
            }
        };
        if model.is_valid() {
            Ok(model)
        } else {
            Err(wrong(
                "is neither a folder here nor the name of a model on the hub",
            ))
        }
    }

    /// The path of a page: `owner/name/tree/revision/folder`.
    fn from_page(path: &str) -> Option<Self> {
        let path = path.split(['?', '#']).next()?.trim_end_matches('/');
        let parts: Vec<&str> = path.split('/').collect();
        let (repo, revision, subfolder) = match parts.as_slice() {
            [owner, name] => ([*owner, *name], MAIN, &[][..]),
            [owner, name, "tree", revision, folder @ ..] => ([*owner, *name], *revision, folder),
            _ => return None,
        };
        Some(Self {
            repo: repo.join("/"),
            revision: revision.replace("%2F", "/"),
            subfolder: folder_prefix(subfolder),
        })
    }

    fn is_valid(&self) -> bool {
        let is_name = |part: &str| {
            let known = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
            part.len() <= 96 && part.chars().all(known)
        };
        let repo: Vec<&str> = self.repo.split('/').collect();
        let parts = |path: &str| is_safe(path) && path.split('/').all(is_name);
        repo.len() == 2
            && !matches!(repo.first(), Some(&("datasets" | "spaces")))
            && parts(&self.repo)
            && parts(&self.revision)
            && (self.subfolder.is_empty() || is_safe(self.subfolder.trim_end_matches('/')))
    }

    /// What the model is called here when nobody says otherwise.
    pub(in crate::models) fn name(&self) -> &str {
        self.repo.rsplit('/').next().unwrap_or(&self.repo)
    }
}

impl fmt::Display for HubModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subfolder = self.subfolder.trim_end_matches('/');
        f.write_str(&self.repo)?;
        if self.revision != MAIN {
            write!(f, "@{}", self.revision)?;
        }
        if !subfolder.is_empty() {
            write!(f, " (folder {subfolder})")?;
        }
        Ok(())
    }
}

fn folder_prefix(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("{part}/")).collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::HubModel;

    fn check(text: &str) -> String {
        match HubModel::parse(text, Some("https://mirror.example/")) {
            Ok(model) => format!("{model}, called {}", model.name()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names_and_addresses() {
        assert_snapshot!(check("owner/name"), @"owner/name, called name");
        assert_snapshot!(check("owner/name@onnx"), @"owner/name@onnx, called name");
        assert_snapshot!(check("https://huggingface.co/owner/name"), @"owner/name, called name");
        assert_snapshot!(check("https://huggingface.co/owner/name/tree/refs%2Fpr%2F1/onnx/fp16?x=1"), @"owner/name@refs/pr/1 (folder onnx/fp16), called name");
        assert_snapshot!(check("https://mirror.example/owner/name/"), @"owner/name, called name");
    }

    #[test]
    fn what_is_no_name() {
        assert_snapshot!(check("name"), @r#""name" is neither a folder here nor the name of a model on the hub; possible are a folder, owner/name[@revision] and https://huggingface.co/owner/name[/tree/revision[/folder]]"#);
        assert_snapshot!(check("https://example.com/owner/name"), @r#""https://example.com/owner/name" is not on the hub (a mirror is named by HF_ENDPOINT); possible are a folder, owner/name[@revision] and https://huggingface.co/owner/name[/tree/revision[/folder]]"#);
        assert_snapshot!(check("https://huggingface.co/owner"), @r#""https://huggingface.co/owner" is not the page of a model; possible are a folder, owner/name[@revision] and https://huggingface.co/owner/name[/tree/revision[/folder]]"#);
        for text in [
            "",
            "/",
            "../x",
            "owner/..",
            "a/b/c",
            "owner/name@",
            "owner/name@../x",
            "datasets/name",
            "owner/na me",
            "後藤/ひとり",
            "https://huggingface.co/owner/name/tree/main/../../x",
            "https://huggingface.co/datasets/owner/name",
        ] {
            assert!(check(text).contains("possible are"), "{text}: {}", check(text));
        }
    }
}
