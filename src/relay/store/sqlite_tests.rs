use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::relay::store::conformance::{Fresh, conforms};

async fn fresh() -> Fresh {
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn RelayStore> = Arc::new(SqliteStore::open(&dir.path().join("relay.db")).unwrap());
    Fresh { other: Arc::clone(&store), store, keep: Box::new(dir) }
}

conforms!(fresh);
