//! Files of workflows in folders.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

use crate::document;
use crate::output::failure::BadInput;

/// Most files of an import.
const FILES_MAX: usize = 10_000;
/// Most characters of a name that are in the name of a file.
const NAME_CHARS_MAX: usize = 80;
/// Characters of an id that are in the name of a file: its last ones, which are drawn by lot.
const ID_CHARS: usize = 8;

/// Makes the folder, unless it is there.
pub(super) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))
}

/// Writes a workflow, whole or not at all; in place of the file that it had under the same name.
pub(super) fn write(folder: &Path, file: &Value) -> anyhow::Result<PathBuf> {
    let about = &file["workflow"];
    let path =
        folder.join(name_of(about["name"].as_str().unwrap_or_default(), about["id"].as_str().unwrap_or_default()));
    let made = path.with_extension("json.new");
    let write = || {
        let mut out = std::fs::File::create(&made)?;
        out.write_all(serde_json::to_string_pretty(file)?.as_bytes())?;
        out.write_all(b"\n")?;
        std::fs::rename(&made, &path)
    };
    write().with_context(|| format!("nothing can be written in {}", folder.display()))?;
    Ok(path)
}

/// What the file of a workflow is called: its name in plain letters, and what tells it from others of that name.
fn name_of(name: &str, id: &str) -> String {
    let mut plain = String::new();
    for letter in name.to_lowercase().chars().take(NAME_CHARS_MAX) {
        match letter {
            letter if letter.is_alphanumeric() => plain.push(letter),
            _ if plain.ends_with('-') || plain.is_empty() => {}
            _ => plain.push('-'),
        }
    }
    let plain = plain.trim_end_matches('-');
    let end: String = id.chars().filter(|char| char.is_ascii_hexdigit()).collect();
    let end = end.get(end.len().saturating_sub(ID_CHARS)..).unwrap_or_default();
    let parts: Vec<&str> = [plain, end].into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}.json", if parts.is_empty() { "workflow".to_owned() } else { parts.join("-") })
}

/// The files that are meant, of folders those that end in `.json`, in order.
pub(super) fn found(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let folder = std::fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let mut inside: Vec<PathBuf> = Vec::new();
        for entry in folder.take(FILES_MAX + 1) {
            let path = entry?.path();
            let is_file = path.extension().is_some_and(|ending| ending == "json") && path.is_file();
            inside.extend(is_file.then_some(path));
        }
        inside.sort();
        files.extend(inside);
    }
    match files.len() {
        0 => Err(BadInput("there is no file that ends in .json in there".into()).into()),
        count if count > FILES_MAX => Err(BadInput(format!("these are more than {FILES_MAX} files")).into()),
        _ => Ok(files),
    }
}

/// The workflow in a file, or why there is none. One that does not say which it is, is called as the file is.
pub(super) fn read(path: &Path) -> Result<Value, String> {
    let mut file = document::read(path).map_err(|problem| format!("{}: {}", problem.detail, problem.hint))?;
    let Some(members) = file.as_object_mut() else {
        return Err("it is no workflow: a file holds an object with nodes and edges".into());
    };
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("workflow");
    members.entry("workflow").or_insert_with(|| json!({ "name": stem }));
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_so_that_people_know_them_and_none_is_another_ones() {
        let id = "01998a6e-7f00-7abc-8def-0123456789ab";
        for (name, id, expected) in [
            ("Lead automation", id, "lead-automation-456789ab.json"),
            (" Orders: Ümlaut & Co ", id, "orders-ümlaut-co-456789ab.json"),
            ("../../etc/passwd", id, "etc-passwd-456789ab.json"),
            ("???", id, "456789ab.json"),
            ("", "", "workflow.json"),
        ] {
            assert_eq!(name_of(name, id), expected);
        }
    }

    #[test]
    fn what_is_written_is_found_and_read_and_the_rest_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = json!({ "nodes": [], "workflow": { "id": "01", "name": "Orders" } });
        let path = write(folder.path(), &file).unwrap();
        std::fs::write(folder.path().join("bare.json"), "{\"nodes\": []}").unwrap();
        std::fs::write(folder.path().join("list.json"), "[]").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "").unwrap();
        let all = found(&[folder.path().to_path_buf()]).unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!((all.last(), read(&path).unwrap()), (Some(&path), file));
        assert_eq!(read(&all[0]).unwrap()["workflow"], json!({ "name": "bare" }));
        assert!(read(&all[1]).unwrap_err().contains("no workflow"));
        assert!(found(&[tempfile::tempdir().unwrap().path().to_path_buf()]).is_err());
    }
}
