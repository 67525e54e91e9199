//! One connection: the socket and the session on it, from the dial to the last byte.

use std::collections::VecDeque;
use std::io;

use mikrotik_rs::{Command, CommandBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::connection::RouterStream;
use super::port::{RouterError, RouterIdentity, is_lasting};
use super::print::print;
use super::reconnect::Credentials;
use super::session::{BrokenLink, CommandAnswer, CommandRequest, Fold, Ignore, RouterSession};
use super::shared::LoginReply;
use super::wire::{BadRow, Row};

/// Bytes read from the socket at once.
const READ_BYTES: usize = 16 * 1024;
const RESOURCE: &str = "/system/resource/print";
const IDENTITY: &str = "/system/identity/print";
const ROUTERBOARD: &str = "/system/routerboard/print";
const LICENSE: &str = "/system/license/print";
/// Texts by which the router says that the name or the password is wrong, since 6.43 and before.
const CREDENTIALS: [&str; 3] =
    ["invalid user name or password", "invalid username or password", "cannot log in"];
/// Characters kept of what a router says about itself.
const PRINTABLE_CHARS_MAX: usize = 100;

/// A connection and the session on it.
pub(super) struct RouterLink {
    reader: ReadHalf<RouterStream>,
    outbox: SendQueue,
    pub(super) session: RouterSession,
    chunk: Vec<u8>,
    /// Replies that the log-in itself took.
    log_in_replies: u64,
}

/// The result of a step.
pub(super) enum LinkStep {
    /// Something came, went or began.
    Moved,
    /// It is time to look at the session.
    Deadline,
    /// No handle is left.
    Closed,
}

impl RouterLink {
    /// A session over a fresh connection.
    pub(super) fn new(stream: RouterStream, session: RouterSession) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        let outbox = SendQueue { writer, sentences: VecDeque::new(), sent: 0, unflushed: false };
        Self { reader, outbox, session, chunk: vec![0; READ_BYTES], log_in_replies: 0 }
    }

    /// Whether anything but the log-in got its reply.
    pub(super) fn has_proven(&self) -> bool {
        self.session.replies() > self.log_in_replies
    }

    /// Begins a command.
    pub(super) fn start(&mut self, request: CommandRequest) -> Result<(), BrokenLink> {
        if let Some(sentence) = self.session.start(request, Instant::now())? {
            self.outbox.sentences.push_back(sentence);
        }
        Ok(())
    }

    /// Asks for a sign of life. Whatever the answer, even a refusal, it is one.
    pub(super) fn heartbeat(&mut self) -> Result<(), BrokenLink> {
        let command = print(IDENTITY, "name").build();
        let sink = Box::new(Ignore);
        self.start(CommandRequest {
            name: IDENTITY,
            command,
            sink,
            counted: false,
            session: None,
            send_by: None,
        })
    }

    /// Waits for the next thing to happen and does it. Dropping it half-way loses nothing.
    pub(super) async fn step(
        &mut self,
        requests: Option<&mut mpsc::Receiver<CommandRequest>>,
    ) -> Result<LinkStep, BrokenLink> {
        let has_room = self.session.has_room();
        let deadline = self.session.deadline();
        tokio::select! {
            read = self.reader.read(&mut self.chunk) => match read {
                Ok(0) => return Err(BrokenLink::new("the router closed the connection")),
                Ok(n) => self.session.receive(&self.chunk[..n], Instant::now())?,
                Err(error) => return Err(BrokenLink::new(format!("cannot read: {error}"))),
            },
            written = self.outbox.drain(), if !self.outbox.is_empty() => {
                written.map_err(|error| BrokenLink::new(format!("cannot write: {error}")))?;
            }
            request = next(requests), if has_room => match request {
                Some(request) => self.start(request)?,
                None => return Ok(LinkStep::Closed),
            },
            () = sleep_until(deadline) => {
                self.session.expire(Instant::now())?;
                return Ok(LinkStep::Deadline);
            }
        }
        // A router that never stops talking must not outrun the clock.
        self.session.expire(Instant::now())?;
        Ok(LinkStep::Moved)
    }

    /// Logs in, and asks which router it is.
    pub(super) async fn log_in(&mut self, credentials: &Credentials) -> Result<LoginReply, RouterError> {
        let login = CommandBuilder::login(&credentials.username, Some(&credentials.password));
        let answer = match self.exchange::<(), _>("/login", login, |(), _| Ok(())).await {
            Err(RouterError::Trap { message, .. }) => {
                return Err(if is_about_credentials(&message) {
                    RouterError::LoginRefused(message)
                } else {
                    // Such as a log-in that the router itself could not finish in time: nothing is wrong with the
                    // password.
                    RouterError::Lost(format!("the router did not finish the log-in: {message}"))
                });
            }
            other => other?,
        };
        if answer.ended.ret {
            // The value is a challenge: the router knows only the log-in of old.
            return Err(RouterError::Trap {
                command: "/login".to_owned(),
                message: "RouterOS before 6.43 is not supported".to_owned(),
            });
        }
        let command = print(RESOURCE, "version,uptime,board-name").build();
        let answer = self
            .exchange::<LoginReply, _>(RESOURCE, command, |log_in, row| {
                log_in.version = row.required("version", |text| Some(text.to_owned()))?;
                log_in.identity.board = printable(row, "board-name");
                Ok(())
            })
            .await?;
        let mut log_in = answer.rows;
        if log_in.version.is_empty() {
            let what = "no row".to_owned();
            return Err(RouterError::Malformed { command: RESOURCE.to_owned(), what });
        }
        self.identify(&mut log_in.identity).await?;
        self.log_in_replies = self.session.replies();
        Ok(log_in)
    }

    /// Reads what distinguishes this router from another one. The router may report none of it.
    async fn identify(&mut self, identity: &mut RouterIdentity) -> Result<(), RouterError> {
        identity.name = self.tell(IDENTITY, &["name"]).await?.known();
        let SelfReport::As(serial) = self.tell(ROUTERBOARD, &["serial-number"]).await? else {
            // Known by its licence for the time being, it would look like another router.
            return Ok(());
        };
        identity.serial = serial;
        // A virtual router has a system id instead.
        identity.software_id = self.tell(LICENSE, &["software-id", "system-id"]).await?.known();
        Ok(())
    }

    /// The first of these columns that holds something. A menu that is missing or forbidden holds nothing; what
    /// another refusal hides is unknown.
    async fn tell(
        &mut self,
        menu: &'static str,
        columns: &'static [&'static str],
    ) -> Result<SelfReport, RouterError> {
        let command = print(menu, &columns.join(",")).build();
        let answer = self.exchange::<Option<String>, _>(menu, command, |text, row| {
            *text = text.take().or_else(|| columns.iter().find_map(|column| printable(row, column)));
            Ok(())
        });
        match answer.await {
            Ok(answer) => Ok(SelfReport::As(answer.rows)),
            Err(RouterError::Trap { message, .. }) if is_lasting(&message) => Ok(SelfReport::As(None)),
            Err(RouterError::Trap { .. }) => Ok(SelfReport::NotNow),
            Err(error) => Err(error),
        }
    }

    /// One command and its reply, while nothing else is in flight.
    async fn exchange<T, F>(
        &mut self,
        name: &'static str,
        command: Command,
        fold: F,
    ) -> Result<CommandAnswer<T>, RouterError>
    where
        T: Default + Send + 'static,
        F: FnMut(&mut T, &Row<'_>) -> Result<(), BadRow> + Send + 'static,
    {
        let (sink, mut answer) = Fold::new(T::default(), fold);
        let sink = Box::new(sink);
        let request = CommandRequest { name, command, sink, counted: false, session: None, send_by: None };
        self.start(request).map_err(|broken| broken.error())?;
        loop {
            let broken = self.step(None).await.err();
            // A refusal may come with the end of the connection: the answer counts first.
            match (answer.try_recv(), broken) {
                (Ok(answer), _) => return answer,
                (Err(_), Some(broken)) => return Err(broken.error()),
                (Err(_), None) => {}
            }
        }
    }
}

/// What a router answers when it is asked about itself.
enum SelfReport {
    /// This, or nothing, and it would say the same again.
    As(Option<String>),
    /// It could not answer this time.
    NotNow,
}

impl SelfReport {
    fn known(self) -> Option<String> {
        match self {
            Self::As(text) => text,
            Self::NotNow => None,
        }
    }
}

/// Whether a refused log-in is the fault of the name or the password. Any other reason may pass by itself.
fn is_about_credentials(message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
    CREDENTIALS.iter().any(|text| lower.contains(text))
}

/// A word of the router about itself, without control characters.
fn printable(row: &Row<'_>, column: &str) -> Option<String> {
    let text = row.lossy(column);
    let shown: String = text.trim().chars().filter(|c| !c.is_control()).take(PRINTABLE_CHARS_MAX).collect();
    Some(shown).filter(|shown| !shown.is_empty())
}

/// The next request, or never where there is nobody to ask.
async fn next(requests: Option<&mut mpsc::Receiver<CommandRequest>>) -> Option<CommandRequest> {
    match requests {
        Some(requests) => requests.recv().await,
        None => std::future::pending().await,
    }
}

/// Sentences on their way out, each in one write where the socket takes it.
struct SendQueue {
    writer: WriteHalf<RouterStream>,
    sentences: VecDeque<Vec<u8>>,
    /// Bytes of the first sentence that are out.
    sent: usize,
    unflushed: bool,
}

impl SendQueue {
    fn is_empty(&self) -> bool {
        self.sentences.is_empty() && !self.unflushed
    }

    /// Writes until all is out. Dropping it half-way loses nothing.
    async fn drain(&mut self) -> io::Result<()> {
        while let Some(sentence) = self.sentences.front() {
            let n = self.writer.write(&sentence[self.sent..]).await?;
            if n == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.sent += n;
            self.unflushed = true;
            if self.sent == sentence.len() {
                self.sentences.pop_front();
                self.sent = 0;
            }
        }
        self.writer.flush().await?;
        self.unflushed = false;
        Ok(())
    }
}
