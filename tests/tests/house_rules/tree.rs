//! The workspace as the rules see it: its files and its crates.

#![expect(clippy::unwrap_used, reason = "a tree that cannot be read should stop the test")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Folders that hold nothing of ours.
const NOT_OURS: &[&str] = &["target", ".git", ".hotelhub"];

/// A file, with its path from the root of the workspace.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl File {
    /// A file that a rule is tried on.
    pub(crate) fn sample(path: &str, text: &str) -> Self {
        Self { path: PathBuf::from(path), text: text.to_owned() }
    }

    /// The name to show.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The text up to the unit tests, without comments.
    pub(crate) fn production(&self) -> String {
        let text = self.text.split("#[cfg(test)]").next().unwrap_or_default();
        let code = text.lines().filter(|it| !it.trim_start().starts_with("//"));
        code.collect::<Vec<_>>().join("\n")
    }
}

/// One of our crates, with the names of all that it depends on.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) uses: Vec<String>,
    pub(crate) uses_in_tests: Vec<String>,
}

impl Package {
    /// A crate that a rule is tried on.
    pub(crate) fn sample(name: &str, uses: &[&str], uses_in_tests: &[&str]) -> Self {
        let owned = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect();
        Self { name: name.to_owned(), uses: owned(uses), uses_in_tests: owned(uses_in_tests) }
    }
}

/// Every text file of the tree whose name ends in `.extension`; all, if that is empty.
pub(crate) fn files(extension: &str) -> Vec<File> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            if NOT_OURS.iter().any(|it| entry.file_name() == *it) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if extension.is_empty() || path.extension().is_some_and(|it| it == extension) {
                // What is no UTF-8 is a picture or a font.
                if let Ok(text) = fs::read_to_string(&path) {
                    found.push(File { path: path.strip_prefix(root()).unwrap().into(), text });
                }
            }
        }
    }
    found
}

/// Every crate of the workspace.
pub(crate) fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .unwrap();
    let named = |package: &cargo_metadata::Package, in_tests: bool| {
        let kinds = package.dependencies.iter();
        kinds
            .filter(|it| (it.kind == DependencyKind::Development) == in_tests)
            .map(|it| it.name.clone())
            .collect()
    };
    metadata
        .packages
        .iter()
        .map(|it| Package {
            name: it.name.to_string(),
            uses: named(it, false),
            uses_in_tests: named(it, true),
        })
        .collect()
}

/// The text of the README; empty if there is none yet, so that the rule says what is missing.
pub(crate) fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap_or_default()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
