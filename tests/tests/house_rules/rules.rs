//! The rules: each says what is wrong with one file or crate, and what to do about it.

use std::path::Path;

use crate::tree::{File, Package};

/// Which of our crates may depend on which.
const EDGES: &[(&str, &[&str])] = &[
    ("hotelhub-core", &[]),
    ("hotelhub-http", &["hotelhub-core"]),
    ("hotelhub-storage", &["hotelhub-core"]),
    ("hotelhub-bundle", &["hotelhub-core"]),
    ("hotelhub-tenancy", &["hotelhub-core", "hotelhub-storage"]),
    ("hotelhub-jobs", &["hotelhub-core"]),
    ("migrations", &[]),
    (
        "control-plane",
        &["hotelhub-core", "hotelhub-http", "hotelhub-jobs", "hotelhub-storage", "hotelhub-bundle"],
    ),
    ("hotelhub-cli", &["hotelhub-core"]),
    (
        "provisioner",
        &["hotelhub-core", "hotelhub-jobs", "hotelhub-storage", "hotelhub-bundle", "migrations"],
    ),
    (
        "tenant-api",
        &[
            "hotelhub-core",
            "hotelhub-http",
            "hotelhub-tenancy",
            "hotelhub-jobs",
            "hotelhub-storage",
        ],
    ),
    ("platform-tests", &["hotelhub-core"]),
    ("test-worker", &["hotelhub-core", "hotelhub-jobs", "tenant-api"]),
    ("xtask", &["hotelhub-core", "hotelhub-http", "hotelhub-jobs", "migrations", "platform-tests"]),
];

/// The one crate whose tests may use all others.
const CROSSES_ALL: &str = "platform-tests";

/// Names that say nothing about what is inside, so that anything gets put there.
const DRAWERS: &[&str] = &[
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "misc",
    "types",
    "dto",
    "manager",
    "processor",
    "data",
    "info",
    "base",
    "impl",
];

/// A file that is longer has more than one subject.
const MAX_LINES: usize = 500;

/// Traits of sea-orm that make queries.
const QUERY_TRAITS: &[&str] =
    &["EntityTrait", "QueryFilter", "QuerySelect", "QueryOrder", "ActiveModelTrait"];

/// How a query begins.
const QUERY_WORDS: &[&str] = &["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH "];

/// Where queries stand outside stores, and why.
const QUERY_FOLDERS: &[(&str, &str)] = &[
    ("shared/tenancy", "a connection proves its identity before anybody uses it"),
    ("shared/jobs", "the job protocol is its queries, the same in every database"),
    ("provisioner", "its subject are databases: roles, grants, catalogues"),
    ("control-plane/cli/src/doctor", "a check of a server is a query and what to make of it"),
    ("migrations", "frozen history"),
    ("tests", "they look at what programs did from outside"),
    ("tenant-api/src/desk", "session and idempotency ride on the request's own transaction"),
];

/// What a module of the hotel does without, since that stands on it: then either can be read, and
/// changed, without the other.
const BELOW: &[(&str, &[&str])] = &[
    ("tenant-api/src/change.rs", &["desk", "support", "audit"]),
    ("tenant-api/src/vendor.rs", &["desk", "support", "jobs"]),
    ("tenant-api/src/audit/service.rs", &["desk", "support"]),
    ("tenant-api/src/support", &["desk", "jobs", "pages"]),
];

/// What reads a setting: the methods of `config::Reader`, and the harness's `setting`.
const READERS: &[&str] = &[
    "required",
    "optional",
    "or",
    "secret",
    "address",
    "optional_address",
    "keys",
    "seconds",
    "listen",
    "setting",
];

/// Settings that are not ours to document.
const FOREIGN_SETTINGS: &[&str] = &["CARGO"];

/// Templates whose forms go nowhere but where they say. The panel's say more than ids.
const PLAIN_FORMS: &str = "tenant-api/templates";

/// Ways out of the tree, as they look on the machine of whoever wrote them.
const FOREIGN_PATHS: &[&str] =
    &[concat!("..", "/shared"), concat!("/work", "/shared"), concat!("/work", "/main")];

pub(crate) fn depends_one_way(package: &Package) -> Vec<String> {
    let Package { name, uses, uses_in_tests } = package;
    let Some((_, allowed)) = EDGES.iter().find(|(it, _)| it == name) else {
        return vec![format!("`{name}` has no line in EDGES: say there what it may use")];
    };
    let tested = uses_in_tests.iter().filter(|_| name != CROSSES_ALL);
    uses.iter()
        .chain(tested)
        .filter(|used| EDGES.iter().any(|(ours, _)| ours == used))
        .filter(|used| !allowed.contains(&used.as_str()))
        .map(|used| {
            format!("`{name}` must not use `{used}`: move what it needs to a crate below both")
        })
        .collect()
}

pub(crate) fn stands_below(file: &File) -> Vec<String> {
    let code = file.production();
    // What stands between quotes is text.
    let code: String = code.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let paths = code.split(|it: char| !it.is_alphanumeric() && !matches!(it, '_' | ':' | '.'));
    let words: Vec<&str> = paths.flat_map(|it| it.split("::")).collect();
    BELOW
        .iter()
        .filter(|(below, _)| file.path.starts_with(below))
        .flat_map(|(_, above)| above.iter())
        .filter(|above| words.contains(above))
        .map(|above| {
            format!("{} uses `{above}`, which stands on it: hand in what it needs", file.name())
        })
        .collect()
}

pub(crate) fn is_introduced(file: &File) -> Vec<String> {
    let first = file.text.lines().next().unwrap_or_default();
    let says_something = first.strip_prefix("//! ").is_some_and(|it| !it.trim().is_empty());
    when(!says_something, || format!("{}: begin with `//! ` and what it holds", file.name()))
}

pub(crate) fn is_named_for_something(file: &File) -> Vec<String> {
    let path = file.path.with_extension("");
    let drawer = path.iter().find(|part| DRAWERS.iter().any(|it| part == it));
    let drawer = drawer.map(|it| it.to_string_lossy().into_owned());
    when(drawer.is_some(), || {
        let drawer = drawer.unwrap_or_default();
        format!("{}: `{drawer}` names nothing: name it for what it does", file.name())
    })
}

pub(crate) fn has_room(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    when(lines > MAX_LINES, || {
        format!("{} has {lines} lines, more than {MAX_LINES}: split it by subject", file.name())
    })
}

pub(crate) fn keeps_queries_in_stores(file: &File) -> Vec<String> {
    let stem = file.path.file_stem().unwrap_or_default();
    let in_stores = file.path.iter().any(|it| it == "stores");
    if stem == "store" || stem == "entity" || in_stores || is_listed(&file.path) {
        return Vec::new();
    }
    let code = file.production();
    let queries = code.split('"').skip(1).any(begins_a_query);
    let traits = QUERY_TRAITS.iter().any(|it| code.contains(it));
    when(queries || traits, || {
        format!("{} makes a query: move it to the `store.rs` of its aggregate", file.name())
    })
}

pub(crate) fn takes_the_lints(file: &File) -> Vec<String> {
    let is_crate = file.path.ends_with("Cargo.toml") && file.text.contains("[package]");
    let mut lines = file.text.lines().skip_while(|it| it.trim() != "[lints]").skip(1);
    let takes = lines.next().is_some_and(|it| it.replace(' ', "") == "workspace=true");
    when(is_crate && !takes, || format!("{}: add `[lints]` with `workspace = true`", file.name()))
}

pub(crate) fn is_documented(file: &File, readme: &str) -> Vec<String> {
    let code = file.production();
    let mut faults = Vec::new();
    let mut before = String::new();
    for part in code.split('"') {
        let is_name = part.len() > 1
            && part.starts_with(|it: char| it.is_ascii_uppercase())
            && part.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_');
        let is_ours = !FOREIGN_SETTINGS.contains(&part);
        if is_name && is_ours && is_read(&before) && !has_row(readme, part) {
            faults.push(format!(
                "{} reads `{part}`, which README.md's table of settings does not have: add it",
                file.name()
            ));
        }
        part.clone_into(&mut before);
    }
    faults
}

pub(crate) fn is_run(file: &File) -> Vec<String> {
    let ignored = file.text.lines().any(|it| it.trim_start().starts_with("#[ignore"));
    when(ignored, || format!("{} has a test that is never run: mend or delete it", file.name()))
}

pub(crate) fn is_portable(file: &File) -> Vec<String> {
    let foreign = FOREIGN_PATHS.iter().find(|it| file.text.contains(**it));
    when(foreign.is_some(), || {
        let path = foreign.copied().unwrap_or_default();
        format!("{} names `{path}`, which nobody else has: say it here instead", file.name())
    })
}

pub(crate) fn sends_forms_where_it_says(file: &File) -> Vec<String> {
    if !file.path.starts_with(PLAIN_FORMS) {
        return Vec::new();
    }
    let value = |it: &str| {
        let quoted = it.strip_prefix('"').and_then(|it| it.split('"').next());
        quoted.unwrap_or_default().to_owned()
    };
    let actions = file.text.split("action=").skip(1).map(value);
    actions
        .filter(|it| !is_written_out(it))
        .map(|it| {
            let name = file.name();
            format!("{name}: a form goes to `{it}`: write the path out, with ids in it at most")
        })
        .collect()
}

/// Whether an address is a path of ours in which nothing but ids is filled in.
fn is_written_out(action: &str) -> bool {
    let mut parts = action.split("{{");
    let is_ours = parts.next().is_some_and(|it| it.starts_with('/') && !it.starts_with("//"));
    let is_id = |it: &str| {
        let filled_in = it.split("}}").next().unwrap_or_default().trim();
        filled_in == "id" || filled_in.ends_with(".id")
    };
    is_ours && !action.contains("{%") && parts.all(is_id)
}

fn is_listed(path: &Path) -> bool {
    QUERY_FOLDERS.iter().any(|(folder, _)| path.starts_with(folder))
}

/// Whether a string that begins like this is a query. SQL is written in capitals or not at all,
/// so that a sentence such as “Update the room” is none.
fn begins_a_query(literal: &str) -> bool {
    let text = literal.trim_start_matches(|it: char| it.is_whitespace() || it == '\\');
    QUERY_WORDS.iter().any(|it| text.starts_with(it) || text.starts_with(&it.to_lowercase()))
}

/// Whether this code ends in a call that reads a setting.
fn is_read(before: &str) -> bool {
    let Some(call) = before.trim_end().strip_suffix('(') else { return false };
    let call = match call.strip_suffix('>') {
        Some(generic) => generic.rsplit_once("::<").map_or("", |(name, _)| name),
        None => call,
    };
    let name = call.rsplit(|it: char| !it.is_alphanumeric() && it != '_').next();
    name.is_some_and(|it| READERS.contains(&it))
}

fn has_row(readme: &str, name: &str) -> bool {
    let name = format!("`{name}`");
    readme.lines().any(|it| it.starts_with('|') && it.contains(&name))
}

fn when(wrong: bool, fault: impl FnOnce() -> String) -> Vec<String> {
    if wrong { vec![fault()] } else { Vec::new() }
}
