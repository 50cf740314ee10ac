//! Cursors that go by the transactions of rows, after the database was moved to another server, which counts transactions anew: by a
//! dump that was restored there. The rows that came along, and the cursor, are of transactions that are yet to come there. Such a
//! cursor first goes to the end of them, and then begins anew.

/// Whether a cursor, of the columns in reach, is of the server before: its transaction is yet to come here.
pub(crate) const IS_FOREIGN: &str = "xid > pg_snapshot_xmax(pg_current_snapshot())";

/// Which rows `o` such a cursor reads, or one of this server: what cannot be seen of this server's transactions yet is above the
/// horizon, and whatever is seen of transactions that are yet to come is of the server before.
pub(crate) const fn bound(is_foreign: bool) -> &'static str {
    if is_foreign {
        "o.xid >= pg_snapshot_xmax(pg_current_snapshot())"
    } else {
        "o.xid < pg_snapshot_xmin(pg_current_snapshot())"
    }
}
