//! Tables: problems of a graph, and lists that a server answered.

use capstan_engine::core::problem::Problem;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};

use super::{has_colours, line, printable};

/// Width of the table where there is no terminal to ask, in characters.
const WIDTH_DEFAULT: u16 = 120;

/// Prints all problems of the graph in `file`, or that it has none.
pub(crate) fn print(file: &str, problems: &[Problem], json: bool) {
    if json {
        line(&json!({"valid": problems.is_empty(), "problems": problems}).to_string());
    } else if problems.is_empty() {
        line(&format!("{file} is valid"));
    } else {
        line(&render(problems));
        let count = if problems.len() == 1 { "1 problem".into() } else { format!("{} problems", problems.len()) };
        line(&format!("{file} has {count}"));
    }
}

/// A row for each of `items`, with these of their fields, on one line so that ids can be copied.
pub(crate) fn plain(fields: &[&str], items: &[Value]) -> String {
    let mut table = empty(fields);
    table.set_content_arrangement(ContentArrangement::Disabled);
    for item in items {
        table.add_row(fields.iter().map(|&field| printable(item[field].as_str().unwrap_or_default())));
    }
    table.to_string()
}

/// The same, in columns no wider than the terminal, for what is read and not copied.
pub(crate) fn wrapped(fields: &[&str], items: &[Value]) -> String {
    let mut table = empty(fields);
    for item in items {
        table.add_row(fields.iter().map(|&field| printable(item[field].as_str().unwrap_or_default())));
    }
    table.to_string()
}

fn empty(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    if !has_colours() {
        table.force_no_tty().set_width(WIDTH_DEFAULT);
    }
    table.set_header(header);
    table
}

fn render(problems: &[Problem]) -> String {
    let mut table = empty(&["code", "at", "detail", "hint"]);
    for problem in problems {
        table.add_row([problem.code.as_str(), &place(problem), &printable(&problem.detail), &problem.hint]);
    }
    table.to_string()
}

fn place(problem: &Problem) -> String {
    match (&problem.node_id, &problem.edge_id) {
        (Some(node), _) => format!("node {node}"),
        (None, Some(edge)) => format!("edge {edge}"),
        (None, None) => problem.pointer.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_fits_the_width() {
        let long = "a detail that is long ".repeat(20);
        let items = [json!({ "check": "keys", "detail": long, "hint": long })];
        let fields = ["check", "detail", "hint"];
        let widest = |text: &str| text.lines().map(|line| line.chars().count()).max();
        let (wrapped, plain) = (widest(&wrapped(&fields, &items)), widest(&plain(&fields, &items)));
        assert!(wrapped < Some(400) && plain > Some(800), "{wrapped:?} {plain:?}");
    }

    #[test]
    fn each_problem_has_its_row() {
        let problem = |code: &str, node: Option<&str>, edge: Option<&str>| Problem {
            code: code.into(),
            node_id: node.map(Into::into),
            edge_id: edge.map(Into::into),
            pointer: "/x".into(),
            detail: "bad\u{1b}[2J".into(),
            hint: "do".into(),
        };
        let text = render(&[problem("a", Some("n"), None), problem("b", None, Some("e")), problem("c", None, None)]);
        for expected in ["node n", "edge e", "/x"] {
            assert!(text.contains(expected), "{text}");
        }
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
