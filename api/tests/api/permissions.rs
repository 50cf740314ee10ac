//! `docs/permissions.md` and the routes are held to the one table.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use capstan_api::{Access, routes};
use capstan_domain::access::{Page, Permission, Role};

const INTRO: &str = "\
# Permissions

Who may do what, generated from the table in `domain/src/access/permissions.rs` and from the routes; a test compares.

People have a role in each of their workspaces: `owner` (exactly one), `admin`, `member` or `viewer`. An API key has the
scopes that it was made with, or all that a key can have if it was made without. What a request lacks is told with
`403 forbidden`. `GET /api/v1/me` lists what one has.

## Roles

";

fn document() -> String {
    let mut text = String::from(INTRO);
    text.push_str("| | owner | admin | member | viewer | keys | allows |\n|---|---|---|---|---|---|---|\n");
    for permission in Permission::ALL {
        let mark = |has: bool| if has { "yes" } else { "" };
        let _ = write!(text, "| `{permission}` |");
        for role in Role::ALL {
            let _ = write!(text, " {} |", mark(role.permissions().has(*permission)));
        }
        let _ = writeln!(text, " {} | {} |", mark(permission.is_scope()), permission.about());
    }
    text.push_str(
        "\n## Pages\n\nParts of the product that administrators of the platform assign to workspaces; one without an \
assignment has all.\nA route of a page that the workspace does not have answers `403 page_not_assigned`.\n\n\
| | called | what is there |\n|---|---|---|\n",
    );
    for page in Page::ALL {
        let _ = writeln!(text, "| `{page}` | {} | {} |", page.title(), page.about());
    }
    text.push_str("\n## Routes\n\nBelow `/api/v1`.\n\n| route | needs | page |\n|---|---|---|\n");
    let mut routes = routes();
    routes.sort_by_key(|route| (route.path, route.method));
    for route in routes {
        let needs = match route.access {
            Access::Public => "nothing".into(),
            Access::User => "a person who is logged in".into(),
            Access::Platform => "an administrator of the platform".into(),
            Access::Anyone => "a key, or a person who is logged in".into(),
            Access::Needs(permission) => format!("`{permission}`"),
        };
        let page = route.page.map(|page| format!("`{page}`")).unwrap_or_default();
        let _ = writeln!(text, "| `{} {}` | {needs} | {page} |", route.method, route.path);
    }
    text
}

#[test]
fn the_page_of_permissions_says_what_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/permissions.md");
    if std::env::var_os("UPDATE_PERMISSIONS").is_some() {
        std::fs::write(&path, document()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "run UPDATE_PERMISSIONS=1 cargo test -p capstan-api --test api permissions";
    assert!(found == document(), "docs/permissions.md is not what the table and the routes say: {hint}");
}

#[test]
fn every_route_of_the_api_is_registered_with_what_it_needs() {
    let source = include_str!("../../src/router.rs");
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    assert_eq!(code.matches("\"/api/v1").count(), 1, "routes of the API belong into resources()");
    let (_, resources) = code.split_once("fn resources() -> Routes {").expect("routes that say what they need");
    assert!(!resources.contains("axum::routing") && !resources.contains("into_router"), "a route without a guard");
    let mut seen = BTreeSet::new();
    for route in routes() {
        assert!(seen.insert((route.path, route.method)), "{route:?} is there twice");
    }
    assert!(seen.len() > 50);
}

#[test]
fn what_changes_something_needs_more_than_a_look() {
    // They look only, whatever their method is.
    let looks = ["/workflows/validate", "/validate", "/simulate", "/backtest", "/preview"];
    // All that is held about somebody is for those who may erase it, and the whole log for those who may take it out.
    let telling = ["/person-jobs/{person_job_id}/lines", "/audit/export"];
    for route in routes() {
        let Access::Needs(permission) = route.access else { continue };
        let reads = permission.as_str().ends_with(".read");
        let is_look = route.method == "GET" && !telling.contains(&route.path)
            || looks.iter().any(|look| route.path.ends_with(look));
        assert_eq!(reads, is_look, "{route:?}");
    }
}
