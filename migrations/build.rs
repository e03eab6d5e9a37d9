//! Has the crate built again when a migration is added or changed: they are part of it.

fn main() {
    for folder in ["control", "tenant"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
