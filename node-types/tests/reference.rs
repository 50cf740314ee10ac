//! The page of node types is what the registry says. `UPDATE_DOCS=1` writes it anew.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use capstan_node_types::reference::reference_markdown;
use capstan_node_types::registry::Registry;

const PAGE: &str = "../docs/node-types.md";
const UPDATE_VARIABLE: &str = "UPDATE_DOCS";

#[test]
fn the_page_of_node_types_is_what_the_registry_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let expected = reference_markdown(&Registry::standard());
    if std::env::var_os(UPDATE_VARIABLE).is_some_and(|value| value == "1") {
        fs::write(&path, expected).unwrap();
        return;
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        page == expected,
        "docs/node-types.md is out of date; write it anew with\n  \
         {UPDATE_VARIABLE}=1 cargo test -p capstan-node-types --test reference"
    );
}
