//! One TCP session: sentences in, replies out, in the order of the commands.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use super::command::{ApiCommand, CommandReply, Listing, Trap};
use super::fault::Fault;
use super::shared::RouterShared;
use super::wire::{put_sentence, put_word, read_sentence};
use super::world::World;

/// Commands taken and not yet answered; a client that sends more has to wait.
const QUEUE_MAX: usize = 64;
/// Rows rendered at a time: the world is free for others in between.
const CHUNK_ROWS: usize = 128;
/// Bytes gathered before they are sent.
const BUFFER_BYTES: usize = 32 * 1024;

/// The session is over.
struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// A `/cancel` that was read, in the order of reading.
#[derive(Debug)]
struct Cancel {
    own_tag: Option<String>,
    target: Option<String>,
    used: bool,
}

#[derive(Clone, Debug, Default)]
struct Cancels(Arc<Mutex<Vec<Cancel>>>);

impl Cancels {
    fn lock(&self) -> MutexGuard<'_, Vec<Cancel>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses up a cancel that means the command with this tag, and lends what it said.
    fn take<T>(&self, tag: Option<&str>, say: impl FnOnce(&Cancel) -> T) -> Option<T> {
        let mut cancels = self.lock();
        let cancel = cancels
            .iter_mut()
            .find(|cancel| !cancel.used && (cancel.target.is_none() || cancel.target.as_deref() == tag))?;
        cancel.used = true;
        Some(say(cancel))
    }
}

enum QueueItem {
    Command(ApiCommand),
    /// The cancel at this place of the list: answered here unless a command was interrupted by it.
    Cancel(usize),
}

/// Serves one connection until either side ends it.
pub(super) async fn serve(shared: Arc<RouterShared>, stream: TcpStream, boot: u64) {
    // A refusal costs latency, nothing else.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = shared.acceptor.clone() else {
        let (read, write) = stream.into_split();
        return talk(shared, boot, read, Box::new(write)).await;
    };
    // A failed handshake has sent the client its reason.
    if let Ok(stream) = acceptor.accept(stream).await {
        let (read, write) = tokio::io::split(stream);
        talk(shared, boot, read, Box::new(write)).await;
    }
}

type SocketWriter = Box<dyn AsyncWrite + Send + Unpin>;

async fn talk(
    shared: Arc<RouterShared>,
    boot: u64,
    read: impl AsyncRead + Send + Unpin,
    write: SocketWriter,
) {
    let (sender, receiver) = mpsc::channel(QUEUE_MAX);
    let (closing, closed) = watch::channel(false);
    let cancels = Cancels::default();
    let out = ReplyWriter {
        write: BufWriter::with_capacity(BUFFER_BYTES, write),
        shared: Arc::clone(&shared),
        closed,
        budget: None,
        pace: None,
    };
    let session = ApiSession { shared, boot, logged_in: false, cancels: cancels.clone(), out };
    let reading = async move {
        take_commands(read, sender, &cancels).await;
        closing.send_replace(true);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = session.run(receiver) => {}
        () = reading => {}
    }
}

async fn take_commands(read: impl AsyncRead + Unpin, sender: mpsc::Sender<QueueItem>, cancels: &Cancels) {
    let mut read = BufReader::new(read);
    while let Ok(Some(words)) = read_sentence(&mut read).await {
        let Some(command) = ApiCommand::parse(words) else { continue };
        let item = if command.path == "/cancel" {
            let mut cancels = cancels.lock();
            let target = command.attribute("tag").map(str::to_owned);
            cancels.push(Cancel { own_tag: command.tag, target, used: false });
            QueueItem::Cancel(cancels.len() - 1)
        } else {
            QueueItem::Command(command)
        };
        if sender.send(item).await.is_err() {
            return;
        }
    }
}

/// What of a command remains to be done after its rows.
enum SessionFlow {
    End,
    Interrupted,
}

struct ApiSession {
    shared: Arc<RouterShared>,
    boot: u64,
    logged_in: bool,
    cancels: Cancels,
    out: ReplyWriter,
}

impl ApiSession {
    async fn run(mut self, mut items: mpsc::Receiver<QueueItem>) {
        while let Some(item) = items.recv().await {
            let answered = match item {
                QueueItem::Command(command) => self.command(&command).await,
                QueueItem::Cancel(place) => self.late_cancel(place).await,
            };
            let flushed = if items.is_empty() { self.out.flush().await } else { Ok(()) };
            if answered.is_err() || flushed.is_err() {
                break;
            }
        }
        // The peer may be gone already.
        let _ = self.out.write.shutdown().await;
    }

    async fn command(&mut self, command: &ApiCommand) -> Result<(), Over> {
        let fault = self.shared.take_fault(&command.path);
        self.out.obey(fault.as_ref());
        let refusal = match &fault {
            Some(Fault::Trap(message)) => Some(Trap::failure(message.clone())),
            Some(Fault::TrapWithoutText) => Some(Trap { category: None, message: None }),
            _ => None,
        };
        let answer = self.with_world(&command.path, |world, logged_in| match (refusal, &fault) {
            (Some(trap), _) => Some(CommandReply::from(trap)),
            (None, Some(Fault::Hang)) => None,
            (None, _) if command.path == "/login" => Some(log_in(world, logged_in, command)),
            (None, _) if command.path == "/quit" || !*logged_in => None,
            (None, _) => Some(world.execute(command)),
        })?;
        self.shared.note_progress();
        match (answer, fault) {
            (_, Some(Fault::Hang)) => Err(self.out.hang().await),
            (_, Some(Fault::LostReply)) => Err(Over),
            (Some(answer), fault) => {
                self.reply(command, answer, fault.as_ref()).await?;
                self.out.obey(None);
                Ok(())
            }
            (None, _) if command.path == "/quit" => self.fatal("session terminated on request").await,
            (None, _) => self.fatal("not logged in").await,
        }
    }

    /// Does something to the world on behalf of a command, unless the router rebooted under the session.
    fn with_world<T>(&mut self, path: &str, act: impl FnOnce(&mut World, &mut bool) -> T) -> Result<T, Over> {
        let mut world = self.shared.world();
        if world.boot != self.boot {
            return Err(Over);
        }
        *world.commands.entry(path.to_owned()).or_default() += 1;
        Ok(act(&mut world, &mut self.logged_in))
    }

    async fn reply(
        &mut self,
        command: &ApiCommand,
        answer: CommandReply,
        fault: Option<&Fault>,
    ) -> Result<(), Over> {
        let tag = command.tag.as_deref();
        match fault {
            Some(Fault::HugeWord) => return Err(self.out.huge_word().await),
            Some(Fault::EndlessReply) if !matches!(answer, CommandReply::Rows(_)) => {
                return self.endless(tag).await;
            }
            _ => {}
        }
        let mut ret = None;
        match answer {
            CommandReply::Done => {}
            CommandReply::Ret(value) => ret = Some(value),
            CommandReply::Traps(traps) => {
                for trap in traps {
                    self.out.trap(tag, &trap).await?;
                }
            }
            CommandReply::Rows(listing) => {
                if let SessionFlow::Interrupted = self.rows(&listing, tag, fault).await? {
                    return Ok(());
                }
                if listing.ids.is_empty() && self.shared.world().says_empty() {
                    self.out.sentence("!empty", tag, &[]).await?;
                }
            }
        }
        if let Some(Fault::Garbage(bytes)) = fault {
            self.out.put(bytes).await?;
        }
        if let Some(Fault::RetBeforeTag) = fault {
            return self.out.done_with_late_tag(tag, ret.as_deref()).await;
        }
        let ret: Vec<String> = ret.iter().map(|value| format!("=ret={value}")).collect();
        self.out.sentence("!done", tag, &ret).await
    }

    async fn rows(
        &mut self,
        listing: &Listing,
        tag: Option<&str>,
        fault: Option<&Fault>,
    ) -> Result<SessionFlow, Over> {
        let rows_max = match fault {
            Some(Fault::CutAfterRows(rows)) => *rows,
            _ => usize::MAX,
        };
        let by_row = rows_max < usize::MAX || self.out.pace.is_some() || fault == Some(&Fault::DuplicateRows);
        let ids = &listing.ids[..listing.ids.len().min(rows_max)];
        if fault == Some(&Fault::EndlessReply) && ids.is_empty() {
            self.endless(tag).await?;
            return Ok(SessionFlow::Interrupted);
        }
        loop {
            for ids in ids.chunks(if by_row { 1 } else { CHUNK_ROWS }) {
                if self.take_interrupt(tag).await? {
                    return Ok(SessionFlow::Interrupted);
                }
                let bytes = self.render(listing, ids, tag)?;
                self.out.put(&bytes).await?;
                if fault == Some(&Fault::DuplicateRows) {
                    self.out.put(&bytes).await?;
                }
            }
            if fault != Some(&Fault::EndlessReply) {
                break;
            }
        }
        if rows_max < usize::MAX {
            self.out.flush().await?;
            return Err(Over);
        }
        Ok(SessionFlow::End)
    }

    fn render(&self, listing: &Listing, ids: &[u64], tag: Option<&str>) -> Result<Vec<u8>, Over> {
        let mut bytes = Vec::with_capacity(ids.len() * 256);
        let world = self.shared.world();
        if world.boot != self.boot {
            return Err(Over);
        }
        world.render(listing, ids, tag, &mut bytes);
        Ok(bytes)
    }

    /// Rows that say next to nothing, until the client cancels or goes.
    async fn endless(&mut self, tag: Option<&str>) -> Result<(), Over> {
        while !self.take_interrupt(tag).await? {
            self.out.sentence("!re", tag, &["=.id=*0".to_owned()]).await?;
        }
        Ok(())
    }

    /// Ends the command where a cancel means it.
    async fn take_interrupt(&mut self, tag: Option<&str>) -> Result<bool, Over> {
        let Some(own_tag) = self.cancels.take(tag, |cancel| cancel.own_tag.clone()) else { return Ok(false) };
        let trap = Trap { category: Some(2), message: Some("interrupted".to_owned()) };
        self.out.trap(tag, &trap).await?;
        self.out.sentence("!done", own_tag.as_deref(), &[]).await?;
        self.out.sentence("!done", tag, &[]).await?;
        Ok(true)
    }

    /// A cancel whose command had ended.
    async fn late_cancel(&mut self, place: usize) -> Result<(), Over> {
        let own_tag = {
            let mut cancels = self.cancels.lock();
            let cancel = &mut cancels[place];
            if std::mem::replace(&mut cancel.used, true) {
                return Ok(());
            }
            cancel.own_tag.clone()
        };
        self.out.sentence("!done", own_tag.as_deref(), &[]).await
    }

    async fn fatal(&mut self, message: &str) -> Result<(), Over> {
        let mut bytes = Vec::new();
        put_sentence(&mut bytes, ["!fatal", message]);
        self.out.put(&bytes).await?;
        self.out.flush().await?;
        Err(Over)
    }
}

fn log_in(world: &mut World, logged_in: &mut bool, command: &ApiCommand) -> CommandReply {
    if world.challenges() && command.attribute("response").is_none() {
        return CommandReply::Ret("93b438ec9b80057c06dd9fe67d56aa9a".to_owned());
    }
    let (name, password) = (command.attribute("name"), command.attribute("password"));
    if name == Some(world.config.username.as_str()) && password == Some(world.config.password.as_str()) {
        *logged_in = true;
        return CommandReply::Done;
    }
    world.logins_refused += 1;
    CommandReply::from(Trap::failure("invalid user name or password (6)"))
}

#[derive(Clone, Copy, Debug)]
enum ReplyPace {
    Sentence(Duration),
    Byte(Duration),
}

/// The writing half, under the faults of the command at hand.
struct ReplyWriter {
    write: BufWriter<SocketWriter>,
    closed: watch::Receiver<bool>,
    /// Bytes until the cut.
    budget: Option<usize>,
    pace: Option<ReplyPace>,
    shared: Arc<RouterShared>,
}

impl ReplyWriter {
    fn obey(&mut self, fault: Option<&Fault>) {
        self.pace = match fault {
            Some(Fault::Slow(pause)) => Some(ReplyPace::Sentence(*pause)),
            Some(Fault::Trickle(pause)) => Some(ReplyPace::Byte(*pause)),
            _ => None,
        };
        self.budget = match fault {
            Some(Fault::CutAfterBytes(bytes)) => Some(*bytes),
            _ => None,
        };
    }

    async fn put(&mut self, bytes: &[u8]) -> Result<(), Over> {
        let allowed = self.budget.map_or(bytes.len(), |budget| budget.min(bytes.len()));
        if let Some(ReplyPace::Sentence(pause)) = self.pace {
            self.pause(pause).await?;
        }
        if let Some(ReplyPace::Byte(pause)) = self.pace {
            for byte in bytes {
                self.write.write_all(&[*byte]).await?;
                self.pause(pause).await?;
            }
        } else {
            self.write.write_all(&bytes[..allowed]).await?;
        }
        self.shared.bytes_sent.fetch_add(allowed as u64, Ordering::SeqCst);
        if let Some(budget) = &mut self.budget {
            *budget -= allowed;
        }
        if allowed < bytes.len() {
            self.flush().await?;
            return Err(Over);
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Over> {
        Ok(self.write.flush().await?)
    }

    /// Sends what there is and waits, unless the client goes.
    async fn pause(&mut self, pause: Duration) -> Result<(), Over> {
        self.flush().await?;
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(()),
            _ = self.closed.wait_for(|closed| *closed) => Err(Over),
        }
    }

    /// Sends what there is and waits until the client goes.
    async fn hang(&mut self) -> Over {
        if self.flush().await.is_ok() {
            // An error means that the reading side is gone, which is the same.
            let _ = self.closed.wait_for(|closed| *closed).await;
        }
        Over
    }

    async fn huge_word(&mut self) -> Over {
        let filler = [b'x'; 4096];
        let mut next: &[u8] = &[0xF0, 0xFF, 0xFF, 0xFF, 0xFF];
        while self.put(next).await.is_ok() && !*self.closed.borrow() {
            next = &filler;
        }
        Over
    }

    async fn sentence(&mut self, word: &str, tag: Option<&str>, more: &[String]) -> Result<(), Over> {
        let mut bytes = Vec::with_capacity(64);
        put_word(&mut bytes, word);
        if let Some(tag) = tag {
            put_word(&mut bytes, &format!(".tag={tag}"));
        }
        put_sentence(&mut bytes, more.iter().map(String::as_str));
        self.put(&bytes).await
    }

    async fn done_with_late_tag(&mut self, tag: Option<&str>, ret: Option<&str>) -> Result<(), Over> {
        let mut words = vec!["!done".to_owned(), format!("=ret={}", ret.unwrap_or_default())];
        words.extend(tag.map(|tag| format!(".tag={tag}")));
        let mut bytes = Vec::new();
        put_sentence(&mut bytes, words.iter().map(String::as_str));
        self.put(&bytes).await
    }

    async fn trap(&mut self, tag: Option<&str>, trap: &Trap) -> Result<(), Over> {
        let category = trap.category.map(|category| format!("=category={category}"));
        let message = trap.message.as_ref().map(|message| format!("=message={message}"));
        let more: Vec<String> = category.into_iter().chain(message).collect();
        self.sentence("!trap", tag, &more).await
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
