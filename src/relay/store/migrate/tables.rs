//! The tables of the relay's store in the one form that files and servers share: which columns there are, in which order
//! they are copied and compared, and how each database has them.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// A number.
    Int,
    /// Whole rupiah; their sums are compared as well.
    Amount,
    /// Text.
    Text,
    /// A name that others sent: as much of it as every database can index.
    Name,
    /// Bytes.
    Bytes,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredCell {
    /// Nothing.
    Null,
    /// A number; yes and no are 1 and 0.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// One row of a table, a cell for each of its columns.
pub type StoredRecord = Vec<StoredCell>;

/// How one database has a column.
#[derive(Clone, Copy, Debug)]
pub struct CellForm {
    /// The column that is written; empty: it follows from other columns, or is written elsewhere.
    pub column: &'static str,
    /// The expression that reads it.
    pub read: &'static str,
    /// The expression that is written, with `$` for the value.
    pub write: &'static str,
}

/// One column, and how either database has it.
#[derive(Clone, Copy, Debug)]
pub struct ColumnForm {
    /// What it holds.
    pub kind: CellKind,
    /// In an SQLite file.
    pub file: CellForm,
    /// On a PostgreSQL server.
    pub server: CellForm,
}

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct TableForm {
    /// Its name in both databases.
    pub name: &'static str,
    /// So many of its first columns are its key, in whose order it is read.
    pub key: usize,
    /// Its columns.
    pub columns: &'static [ColumnForm],
    /// A second statement for each row of a file, with the numbers of the columns.
    pub file_also: Option<&'static str>,
    /// A column of the server alone, and what it gets.
    pub server_also: Option<(&'static str, &'static str)>,
}

const fn column(name: &'static str, kind: CellKind) -> ColumnForm {
    let form = CellForm { column: name, read: name, write: "$" };
    ColumnForm { kind, file: form, server: form }
}

const fn int(name: &'static str) -> ColumnForm {
    column(name, CellKind::Int)
}

const fn amount(name: &'static str) -> ColumnForm {
    column(name, CellKind::Amount)
}

const fn text(name: &'static str) -> ColumnForm {
    column(name, CellKind::Text)
}

const fn bytes(name: &'static str) -> ColumnForm {
    column(name, CellKind::Bytes)
}

const fn form(column: &'static str, read: &'static str, write: &'static str) -> CellForm {
    CellForm { column, read, write }
}

const fn in_file(column: ColumnForm, file: CellForm) -> ColumnForm {
    ColumnForm { file, ..column }
}

const fn on_server(column: ColumnForm, server: CellForm) -> ColumnForm {
    ColumnForm { server, ..column }
}

const fn table(name: &'static str, key: usize, columns: &'static [ColumnForm]) -> TableForm {
    TableForm { name, key, columns, file_also: None, server_also: None }
}

const MERCHANT_ENTRIES: &[ColumnForm] = &[
    text("merchant"),
    text("environment"),
    text("account"),
    on_server(int("fee_imposition"), form("fee_imposition", "fee_imposition::integer::bigint", "$ <> 0")),
    text("core_url"),
    text("snap_url"),
    int("created_at"),
];

const SITE_ENTRIES: &[ColumnForm] = &[
    text("site"),
    text("merchant"),
    bytes("token_sha256"),
    text("state"),
    int("created_at"),
    int("changed_at"),
];

const ORDERS: &[ColumnForm] = &[
    on_server(int("order_no"), form("opened_no", "opened_no", "$")),
    text("site"),
    text("id"),
    text("merchant"),
    text("request_id"),
    bytes("request_hash"),
    text("method"),
    amount("amount_rp"),
    text("items"),
    in_file(bytes("memo"), form("memo", "CAST(memo AS BLOB)", "CAST($ AS TEXT)")),
    text("return_url"),
    text("state"),
    text("standing"),
    text("means"),
    on_server(int("abandoned"), form("abandoned", "abandoned::integer::bigint", "$ <> 0")),
    int("created_at"),
    int("expires_at"),
    int("paid_at"),
    int("asked"),
    int("ask_at"),
    int("version"),
];

const FEED: &[ColumnForm] = &[
    text("site"),
    int("seq"),
    text("event_id"),
    in_file(
        text("order_id"),
        form(
            "order_no",
            "(SELECT id FROM orders WHERE orders.order_no = feed.order_no)",
            "(SELECT order_no FROM orders WHERE id = $)",
        ),
    ),
    text("effect"),
    text("state"),
    text("flags"),
    amount("amount_rp"),
    amount("refunded_rp"),
    int("told_at"),
    int("paid_at"),
];

/// An event's name has its order's between the first two slashes, and an order has one site.
const TOLD: &[ColumnForm] = &[
    text("event_id"),
    in_file(
        text("site"),
        form(
            "",
            "(SELECT site FROM orders WHERE id = substr(event_id, 7, instr(substr(event_id, 7), '/') - 1))",
            "$",
        ),
    ),
];

const INBOX: &[ColumnForm] = &[
    int("inbox_no"),
    text("merchant"),
    column("order_id", CellKind::Name),
    bytes("hash"),
    int("came_at"),
    int("attempts"),
    int("due_at"),
    int("decided_at"),
    in_file(bytes("body"), form("", "(SELECT body FROM bodies WHERE bodies.inbox_no = inbox.inbox_no)", "$")),
];

/// It goes along though most of it would come again within a minute: of a site that is silent nothing would.
const SITE_PRESENCE: &[ColumnForm] = &[
    text("site"),
    int("last_seen_at"),
    text("report"),
    int("report_at"),
    int("clock_ahead_ms"),
    int("silent_since"),
    int("feed_after"),
];

const VAULT: &[ColumnForm] =
    &[text("site"), text("name"), int("seq"), int("bytes"), bytes("sha256"), int("put_at"), bytes("content")];

const OPERATORS: &[ColumnForm] = &[
    text("name"),
    text("role"),
    text("password_hash"),
    text("totp_secret"),
    text("totp_pending"),
    int("totp_step"),
    int("created_at"),
];

const OPERATOR_LOG: &[ColumnForm] = &[
    int("log_no"),
    int("at"),
    text("operator"),
    text("source"),
    text("action"),
    text("target"),
    text("detail"),
];

/// Every table but `operator_sessions`: a log-in shows itself to the store that it was made in, and the next one takes a
/// minute. What others refer to comes first.
pub const TABLES: [TableForm; 17] = [
    table("meta", 1, &[text("key"), text("value")]),
    table("merchants", 1, &[text("merchant"), text("secret"), text("merchant_id")]),
    table("orders", 1, ORDERS),
    table("abandoned", 2, &[text("site"), text("request_id"), int("abandoned_at")]),
    TableForm {
        server_also: Some(("changed_xid", "pg_current_xact_id()")),
        ..table("feeds", 1, &[text("site"), int("last_seq"), int("pruned_seq")])
    },
    table("feed", 2, FEED),
    table("told", 1, TOLD),
    TableForm {
        file_also: Some("INSERT INTO bodies (inbox_no, body) VALUES (?1, ?9)"),
        ..table("inbox", 1, INBOX)
    },
    table("merchant_entries", 1, MERCHANT_ENTRIES),
    table("merchant_keys", 2, &[text("merchant"), int("key_no"), bytes("sealed"), int("created_at")]),
    table("site_entries", 1, SITE_ENTRIES),
    table("site_presence", 1, SITE_PRESENCE),
    table("operators", 1, OPERATORS),
    table("operator_log", 1, OPERATOR_LOG),
    table("vault", 2, VAULT),
    table("recovery_tokens", 1, &[text("site"), bytes("token_sha256"), int("set_at")]),
    table("site_instances", 1, &[text("site"), text("instance"), bytes("proof"), int("claimed_at")]),
];

impl TableForm {
    /// The expressions that read its columns in one of the two databases, with a comma between them.
    pub fn read(&self, of: impl Fn(&ColumnForm) -> CellForm) -> String {
        let read: Vec<&str> = self.columns.iter().map(|column| of(column).read).collect();
        read.join(", ")
    }

    /// The columns that are written in one of the two databases, and their expressions; `place` names the value of a column's
    /// number from 1.
    pub fn written(
        &self,
        of: impl Fn(&ColumnForm) -> CellForm,
        place: impl Fn(usize) -> String,
    ) -> (Vec<&'static str>, Vec<String>) {
        let forms = self.columns.iter().map(of).zip(1..).filter(|(form, _)| !form.column.is_empty());
        forms.map(|(form, no)| (form.column, form.write.replace('$', &place(no)))).unzip()
    }

    /// SQL that counts the rows and adds up their amounts.
    pub fn totals(&self) -> String {
        let amounts = self.columns.iter().filter(|column| column.kind == CellKind::Amount);
        let sums: Vec<String> =
            amounts.map(|column| format!(" + coalesce(sum({}), 0)", column.file.column)).collect();
        format!("SELECT count(*), 0{} FROM {}", sums.concat(), self.name)
    }
}
