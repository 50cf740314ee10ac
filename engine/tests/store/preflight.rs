use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::preflight::{PreflightError, preflight};
use capstan_private_postgres::{Options, PrivatePostgres};

use super::support::{database, run};

async fn verdict(url: &str) -> Result<(), PreflightError> {
    let mut connection = Place::new(url, "control").unwrap().connect(Role::Owner).await.unwrap();
    preflight(&mut connection).await
}

fn unsafe_setting(verdict: Result<(), PreflightError>) -> String {
    match verdict {
        Err(PreflightError::Unsafe { setting }) => setting,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_server_with_safe_settings_is_accepted() {
    verdict(&database().await.url).await.unwrap();
}

#[tokio::test]
async fn a_database_with_synchronous_commit_off_is_refused() {
    let database = database().await;
    let mut owner = Place::new(&database.url, "public").unwrap().connect(Role::Owner).await.unwrap();
    run(&mut owner, &format!("ALTER DATABASE {} SET synchronous_commit = off", database.name)).await;
    let refused = verdict(&database.url).await;
    let text = refused.as_ref().unwrap_err().to_string();
    assert_eq!(unsafe_setting(refused), "synchronous_commit");
    assert!(text.contains("--allow-unsafe-database"), "{text}");
}

#[tokio::test]
async fn a_server_with_fsync_or_full_page_writes_off_is_refused() {
    let start =
        |setting: &'static str| move || PrivatePostgres::start(Options::throw_away().setting(setting, "off")).unwrap();
    for setting in ["fsync", "full_page_writes"] {
        let server = tokio::task::spawn_blocking(start(setting)).await.unwrap();
        assert_eq!(unsafe_setting(verdict(&server.url("postgres")).await), setting);
        tokio::task::spawn_blocking(move || drop(server)).await.unwrap();
    }
}
