//! Notifies the service manager that the daemon is alive, only while the engine answers from its store. A router that
//! hangs and a long poll interval are no reason to restart; a stuck engine is.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::engine::EngineHandle;

/// Calls `alive` every half of `deadline`, each time after the engine has read its store. Never returns: when the
/// engine does not answer, or cannot read, `alive` is not called any more and the supervisor acts.
pub async fn feed(engine: EngineHandle, deadline: Duration, alive: impl Fn()) {
    let mut ticks = interval(deadline / 2);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Any read will do: what is asked for need not be there.
        match engine.call(|engine| engine.reader().event("").map(drop)).await {
            Ok(Ok(())) => alive(),
            Ok(Err(error)) if error.is_passing() => alive(),
            Ok(Err(error)) => {
                tracing::error!(%error, "the store cannot be read; the watchdog is not fed");
                let _ = engine.call(move |engine| engine.read_failed(&error.to_string())).await;
            }
            Err(error) => tracing::error!(%error, "the watchdog is not fed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc as blocking;

    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::super::engine::Engine;
    use super::*;
    use crate::clock::{SystemClock, Zone};

    const DEADLINE: Duration = Duration::from_millis(40);

    #[tokio::test]
    async fn the_watchdog_is_fed_while_the_engine_answers_and_no_longer() {
        let dir = tempfile::tempdir().unwrap();
        let zone = Zone::named("Asia/Jakarta").unwrap();
        let parts = Engine::parts(dir.path(), Arc::new(SystemClock::new()), zone).unwrap();
        let engine = EngineHandle::spawn(Engine::open(parts).unwrap()).unwrap();
        let (tell, mut told) = mpsc::unbounded_channel();
        let feeding = tokio::spawn(feed(engine.clone(), DEADLINE, move || tell.send(()).unwrap()));
        for _ in 0..3 {
            told.recv().await.unwrap();
        }

        let (release, stuck) = blocking::channel::<()>();
        let (entered, in_it) = tokio::sync::oneshot::channel();
        let job = tokio::spawn(async move {
            let wait = move |_: &mut Engine| {
                let _ = entered.send(());
                let _ = stuck.recv();
            };
            engine.call(wait).await
        });
        in_it.await.unwrap();
        // What was answered before the engine was stuck.
        while timeout(DEADLINE, told.recv()).await.is_ok() {}
        assert!(timeout(DEADLINE * 5, told.recv()).await.is_err(), "fed by a stuck engine");

        release.send(()).unwrap();
        job.await.unwrap().unwrap();
        told.recv().await.unwrap();
        feeding.abort();
    }
}
