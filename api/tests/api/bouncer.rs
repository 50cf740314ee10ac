//! PgBouncer in transaction mode before the server of the tests, with few sessions for each database.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use capstan_engine::store::connect::Place;
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use crate::support::left_out;

/// Has every test of the API go through PgBouncer.
const ALL_VARIABLE: &str = "CAPSTAN_TEST_POOLER";
/// Sessions that all clients of one database share: one more than a process holds while it asks for a second.
pub(crate) const SESSIONS: usize = 5;
const PORT: u16 = 6432;
/// Longest time until it answers.
const START_MAX: Duration = Duration::from_secs(60);
/// Ends and clears up when its input ends, which comes when this process is gone, however it went.
const SCRIPT: &str = r#""$1" "$2/pgbouncer.ini" >"$2/log" 2>&1 & cat >/dev/null; kill $!; wait; rm -rf -- "$2""#;

struct Running {
    folder: PathBuf,
    _child: Child,
}

/// The place with PgBouncer before it; none where it is not installed, which is a fault where CI is.
pub(crate) fn before(place: &Place) -> Option<Place> {
    static RUNNING: OnceLock<Option<Running>> = OnceLock::new();
    let running = RUNNING.get_or_init(|| begin(&place.database)).as_ref()?;
    let pooler = place.database.clone().socket(&running.folder).port(PORT);
    Some(Place { pooler: Some(pooler), ..place.clone() })
}

/// The place as it is, unless all tests go through PgBouncer. A server of a test's own has none.
pub(crate) fn before_all(place: Place) -> Place {
    let is_shared = place.database.get_database().is_some_and(|name| name.starts_with("test_"));
    if !is_shared || std::env::var_os(ALL_VARIABLE).is_none() {
        return place;
    }
    before(&place).expect("PgBouncer is not installed")
}

fn begin(server: &PgConnectOptions) -> Option<Running> {
    let Some(program) = program() else {
        assert!(std::env::var_os("CI").is_none(), "PgBouncer is not installed: scripts/pgbouncer.sh does so");
        left_out("what needs PgBouncer is not tested: it is not installed (scripts/pgbouncer.sh does so)");
        return None;
    };
    let Some(socket) = server.get_socket() else {
        assert!(std::env::var_os("CI").is_none(), "PgBouncer needs a server of the tests that listens on a socket");
        left_out("what needs PgBouncer is not tested: the server of the tests listens on no socket");
        return None;
    };
    let folder = std::env::temp_dir().join(format!("capstan-pgb-{}", Uuid::new_v4().simple()));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let mut settings = fs::File::create(folder.join("pgbouncer.ini")).unwrap();
    write!(
        settings,
        "[databases]\n* = host={socket} port={port} user={user}\n\
         [pgbouncer]\npool_mode = transaction\ndefault_pool_size = {SESSIONS}\nmax_client_conn = 5000\n\
         auth_type = any\nadmin_users = {user}\nlisten_addr =\nlisten_port = {PORT}\nunix_socket_dir = {folder}\n",
        socket = socket.display(),
        port = server.get_port(),
        user = server.get_username(),
        folder = folder.display(),
    )
    .unwrap();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, "capstan-pgbouncer"]).arg(program).arg(&folder).current_dir("/").process_group(0);
    // It refuses to run as root, and only the server's user may enter the folder of the server's socket.
    let owner = socket.metadata().unwrap();
    if folder.metadata().unwrap().uid() != owner.uid() {
        chown(&folder, Some(owner.uid()), Some(owner.gid())).unwrap();
        command.uid(owner.uid()).gid(owner.gid());
    }
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let (deadline, address) = (Instant::now() + START_MAX, folder.join(format!(".s.PGSQL.{PORT}")));
    while UnixStream::connect(&address).is_err() {
        let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert!(Instant::now() < deadline, "PgBouncer does not answer: {}", log());
        std::thread::sleep(Duration::from_millis(5));
    }
    Some(Running { folder, _child: child })
}

/// Where it is; its package puts it where not everybody looks.
fn program() -> Option<PathBuf> {
    let searched = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&searched).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join("pgbouncer")).find(|path| path.is_file())
}
