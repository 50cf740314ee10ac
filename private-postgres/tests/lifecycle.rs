//! A private cluster in calm weather.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use capstan_private_postgres::{Error, Options, PrivatePostgres, test_database, test_database_like};
use support::{options, place, sql, try_sql, until};

#[test]
fn data_survives_stop_restart_and_a_new_start() {
    let place = place();
    let mut postgres = PrivatePostgres::start(options(&place)).unwrap();
    let url = postgres.url("postgres");
    sql(&postgres, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");

    postgres.restart().unwrap();
    assert_eq!(postgres.url("postgres"), url);
    sql(&postgres, "INSERT INTO kept VALUES (2)");

    postgres.stop().unwrap();
    assert!(try_sql(&postgres.installation().bin, &url, "SELECT 1").is_err());
    postgres.stop().unwrap();
    drop(postgres);

    let postgres = PrivatePostgres::start(options(&place)).unwrap();
    assert_eq!(sql(&postgres, "SELECT sum(n) FROM kept"), "3");
    assert_eq!(postgres.url("postgres"), url);
}

#[test]
fn a_standby_shows_what_its_primary_has_and_refuses_to_write() {
    let (place, copied) = (place(), place());
    let postgres = PrivatePostgres::start(options(&place)).unwrap();
    let standby = postgres.standby(options(&copied)).unwrap();
    sql(&postgres, "CREATE TABLE followed (n int); INSERT INTO followed VALUES (7)");
    let bin = &standby.installation().bin;
    let asked = || try_sql(bin, &standby.url("postgres"), "SELECT n FROM followed");
    until("the standby has the row", || asked().as_deref() == Ok("7"));
    let refused = try_sql(bin, &standby.url("postgres"), "INSERT INTO followed VALUES (8)").unwrap_err();
    assert!(refused.contains("read-only transaction"), "{refused}");
}

#[test]
fn the_server_is_unprivileged_durable_and_behind_a_private_short_socket() {
    let place = place();
    let postgres = PrivatePostgres::start(options(&place).setting("work_mem", "5MB")).unwrap();

    let process = std::fs::metadata(format!("/proc/{}", postgres.pid().unwrap())).unwrap();
    assert_ne!(process.uid(), 0);
    let folder = postgres.socket_dir().metadata().unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    assert!(postgres.socket_dir().join(".s.PGSQL.5432").as_os_str().len() < 100);
    let settings = "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN \
                    ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'data_checksums', \
                    'max_connections', 'work_mem', 'server_encoding')";
    assert_eq!(
        sql(&postgres, settings),
        "data_checksums=on fsync=on full_page_writes=on listen_addresses= max_connections=200 server_encoding=UTF8 \
         synchronous_commit=on work_mem=5120"
    );
}

#[test]
fn a_home_with_a_long_path_and_odd_characters_works() {
    let place = place();
    for (name, is_inside) in [("a \"b\" %c", true), ("a,b", false), (&*"long".repeat(25), false)] {
        let home = place.path().join(name);
        let postgres = PrivatePostgres::start(Options::at(&home).setting("shared_buffers", "16MB")).unwrap();

        let socket_folder = postgres.socket_dir().to_owned();
        assert_eq!(socket_folder.starts_with(&home), is_inside, "{}", socket_folder.display());
        assert!(socket_folder.join(".s.PGSQL.5432").as_os_str().len() < 100);
        assert_eq!(sql(&postgres, "SELECT 1"), "1");
        drop(postgres);
        std::fs::remove_dir_all(socket_folder).unwrap();
    }
}

#[test]
fn a_second_program_is_refused_and_told_who_is_first() {
    let place = place();
    let _first = PrivatePostgres::start(options(&place)).unwrap();
    let error = PrivatePostgres::start(options(&place)).unwrap_err();

    assert!(matches!(error, Error::InUse { .. }));
    let expected = format!("is already in use by process {}: stop that process", std::process::id());
    assert!(error.to_string().contains(&expected), "{error}");
}

#[test]
fn a_server_that_does_not_start_says_why() {
    let error = PrivatePostgres::start(Options::throw_away().setting("work_mem", "plenty")).unwrap_err().to_string();

    assert!(error.contains("did not start: the server ended"), "{error}");
    assert!(error.contains("invalid value for parameter \"work_mem\": \"plenty\""), "{error}");
}

#[test]
fn a_throw_away_cluster_leaves_nothing() {
    let postgres = PrivatePostgres::start(Options::throw_away().setting("shared_buffers", "16MB")).unwrap();
    let (home, socket) = (postgres.data_dir().to_owned(), postgres.socket_dir().to_owned());
    assert!(home.exists() && socket.exists());
    drop(postgres);
    assert!(!home.exists() && !socket.exists());
}

#[test]
fn databases_are_made_once_by_name_and_one_for_each_test() {
    let postgres = PrivatePostgres::start(Options::throw_away().setting("shared_buffers", "16MB")).unwrap();
    postgres.create_database("odd \"name\"?").unwrap();
    postgres.ensure_database("odd \"name\"?").unwrap();
    assert!(postgres.create_database("odd \"name\"?").is_err());
    let bin = &postgres.installation().bin;
    let name = try_sql(bin, &postgres.url("odd \"name\"?"), "SELECT current_database()").unwrap();
    assert_eq!(name, "odd \"name\"?");

    let (one, other) = (test_database(), test_database());
    assert_eq!(try_sql(bin, &one.url, "SELECT current_database()").unwrap(), one.name);
    assert_ne!(one.name, other.name);
    let gone = one.url.clone();
    drop(one);
    assert!(try_sql(bin, &gone, "SELECT 1").is_err());
}

#[test]
fn databases_like_a_template_begin_alike_and_do_not_share_what_follows() {
    let name = format!("{}_lifecycle", std::process::id());
    let bin = capstan_private_postgres::Installation::newest().unwrap().bin;
    let like = |seed: &str| {
        let seed = format!("CREATE TABLE seeds (seed text); INSERT INTO seeds VALUES ('{seed}')");
        test_database_like(&name, |url| try_sql(&bin, url, &seed).map(|_| ()))
    };
    let (one, other) = (like("first"), like("second"));
    try_sql(&bin, &one.url, "INSERT INTO seeds VALUES ('of one')").unwrap();

    let seeds = |url: &str| try_sql(&bin, url, "SELECT string_agg(seed, ', ' ORDER BY seed) FROM seeds").unwrap();
    assert_eq!(seeds(&one.url), "first, of one");
    assert_eq!(seeds(&other.url), "first");
    try_sql(&bin, &one.url, &format!("DROP DATABASE \"template_{name}\"")).unwrap();
}

#[test]
fn a_template_that_cannot_be_prepared_is_not_taken_for_one() {
    let name = format!("{}_failing", std::process::id());
    let failing = std::panic::catch_unwind(|| test_database_like(&name, |_| Err("no")));
    assert!(failing.is_err());

    let bin = capstan_private_postgres::Installation::newest().unwrap().bin;
    let database = test_database_like(&name, |url| try_sql(&bin, url, "CREATE TABLE made ()").map(|_| ()));
    assert_eq!(try_sql(&bin, &database.url, "SELECT count(*) FROM made").unwrap(), "0");
    try_sql(&bin, &database.url, &format!("DROP DATABASE \"template_{name}\"")).unwrap();
}
