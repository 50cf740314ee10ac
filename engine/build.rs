//! The migrations are compiled in: a new file among them has this crate built anew.

fn main() {
    for kind in ["control", "cell"] {
        println!("cargo::rerun-if-changed=../migrations/{kind}");
    }
    println!("cargo::rerun-if-changed=../migrations/roles.sql");
}
