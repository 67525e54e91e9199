//! Lists of the engine's memory that are sent while they are read, in parts: neither the list nor its text is whole in
//! memory. Each part is of one moment, and the parts are of one after the other.

use std::io;

use tokio::runtime::Handle;

use crate::agent::engine::{Engine, EngineHandle};
use crate::store::export::ExportError;

/// Users copied out of the engine at a time.
pub(super) const USERS_AT_ONCE: usize = 200;

/// Asks the engine from a thread that may wait.
pub(crate) struct Live {
    engine: EngineHandle,
    runtime: Handle,
}

impl Live {
    /// For the engine of that handle, called inside the runtime.
    pub fn new(engine: &EngineHandle) -> Self {
        Self { engine: engine.clone(), runtime: Handle::current() }
    }

    /// Copies a part out of the engine. Must be called outside of asynchronous code.
    pub fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, ExportError> {
        let read = self.runtime.block_on(self.engine.call(look));
        read.map_err(|gone| ExportError::Write(io::Error::other(gone.to_string())))
    }
}
