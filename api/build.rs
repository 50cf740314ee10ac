//! Lists the files of the editor for the binary: those of `editor/dist`, which `make` builds. None are there without Node.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../editor/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut paths = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut paths)?;
    }
    let name =
        |path: &PathBuf| path.strip_prefix(&dist).expect("it was found there").to_string_lossy().replace('\\', "/");
    paths.sort_by_key(name);
    let mut list = String::from("&[\n");
    for path in &paths {
        let (name, path) = (name(path), path.canonicalize()?);
        writeln!(list, "    ({name:?}, include_bytes!({path:?})),").expect("text can be written");
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("editor_files.rs"), list)
}

/// All files below a folder, without those whose name begins with a dot.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), paths)?;
        } else {
            paths.push(entry.path());
        }
    }
    Ok(())
}
