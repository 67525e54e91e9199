//! One session with a router, without I/O: bytes in, commands' fates out. Every command that begins here ends in
//! its rows, a trap, or [`RouterError::Lost`]; the owner of the session calls [`Session::fail`] when it is over.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mikrotik_rs::{Command, Connection, Event, Tag};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::port::RouterError;
use super::wire::{self, BadRow, Framer, GuardedSentence, Limits, Row, SentenceKind};

/// How many commands may be in flight on one session.
pub(super) const IN_FLIGHT_MAX: usize = 8;
/// How long a session may say nothing before it is asked for a sign of life.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(30);

/// When and where a command ran.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    /// The session's number.
    pub(super) session: u64,
    /// When the command was handed to the socket.
    pub(super) sent: Instant,
    /// When its reply was complete.
    pub(super) done: Instant,
    /// Whether the reply carried a value.
    pub(super) ret: bool,
}

/// Where a command's reply goes. Rows are folded as they come; nothing is handed over before the reply is complete.
pub(super) trait Sink: Send {
    /// Takes a row.
    fn row(&mut self, row: &Row<'_>) -> Result<(), BadRow>;
    /// Whether anybody still waits.
    fn is_wanted(&self) -> bool;
    /// The end, exactly once.
    fn finish(self: Box<Self>, end: Result<Ended, RouterError>);
}

/// The result of a command.
pub(super) struct CommandAnswer<T> {
    /// What its rows were folded into.
    pub(super) rows: T,
    /// When and where it ran.
    pub(super) ended: Ended,
}

/// A [`Sink`] that folds into `T` and hands it to one waiting caller.
pub(super) struct Fold<T, F> {
    rows: T,
    take: F,
    reply: oneshot::Sender<Result<CommandAnswer<T>, RouterError>>,
}

impl<T, F> Fold<T, F> {
    /// A sink for rows and the end of it that waits.
    pub(super) fn new(rows: T, take: F) -> (Self, oneshot::Receiver<Result<CommandAnswer<T>, RouterError>>) {
        let (reply, answer) = oneshot::channel();
        (Self { rows, take, reply }, answer)
    }
}

impl<T: Send, F: FnMut(&mut T, &Row<'_>) -> Result<(), BadRow> + Send> Sink for Fold<T, F> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), BadRow> {
        if self.is_wanted() { (self.take)(&mut self.rows, row) } else { Ok(()) }
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn finish(self: Box<Self>, end: Result<Ended, RouterError>) {
        let rows = self.rows;
        // Nobody waits any more: the reply is of no use to anybody.
        let _ = self.reply.send(end.map(|ended| CommandAnswer { rows, ended }));
    }
}

/// A [`Sink`] for a reply that matters only by coming.
pub(super) struct Ignore;

impl Sink for Ignore {
    fn row(&mut self, _row: &Row<'_>) -> Result<(), BadRow> {
        Ok(())
    }

    fn is_wanted(&self) -> bool {
        true
    }

    fn finish(self: Box<Self>, _end: Result<Ended, RouterError>) {}
}

/// One command on its way to a session.
pub(super) struct CommandRequest {
    /// The menu command, for messages.
    pub(super) name: &'static str,
    /// The sentence, with a tag of its own.
    pub(super) command: Command,
    /// Where the reply goes.
    pub(super) sink: Box<dyn Sink>,
    /// Whether it counts as a round trip of the caller's.
    pub(super) counted: bool,
    /// The only session it may run on: one that its row ids come from.
    pub(super) session: Option<u64>,
    /// After this instant it is not sent any more.
    pub(super) send_by: Option<Instant>,
}

/// Why a session is over.
#[derive(Clone, Debug)]
pub(super) struct BrokenLink {
    /// The reason, for every command in flight.
    pub(super) why: String,
    /// The command whose reply was at fault, where that is known.
    guilty: Option<Tag>,
}

impl BrokenLink {
    /// A reason that is no single command's fault.
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), guilty: None }
    }

    fn by(tag: Tag, why: impl Into<String>) -> Self {
        Self { why: why.into(), guilty: Some(tag) }
    }

    /// The error for a command that was in flight.
    pub(super) fn error(&self) -> RouterError {
        RouterError::Lost(self.why.clone())
    }
}

struct InFlight {
    name: &'static str,
    /// Taken when the caller has its answer; the slot itself stays until the router's `!done`.
    sink: Option<Box<dyn Sink>>,
    counted: bool,
    sent: Instant,
    bytes: u64,
    rows: u64,
}

/// How long a session waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionTimeouts {
    /// Between two sentences while a command is in flight.
    pub(super) idle: Duration,
    /// For the whole reply to one command.
    pub(super) command: Duration,
}

/// The state of one session.
pub(super) struct RouterSession {
    number: u64,
    core: Connection,
    framer: Framer,
    slots: HashMap<Tag, InFlight>,
    limits: Limits,
    timeouts: SessionTimeouts,
    last_sign: Instant,
    replies: u64,
    commands: Arc<AtomicU64>,
}

impl RouterSession {
    /// A session over a fresh connection; no two of one client share a number. `commands` counts the round trips of
    /// callers.
    pub(super) fn new(
        number: u64,
        limits: Limits,
        timeouts: SessionTimeouts,
        commands: Arc<AtomicU64>,
    ) -> Self {
        Self {
            number,
            core: Connection::new(),
            framer: Framer::new(limits.sentence_bytes),
            slots: HashMap::new(),
            limits,
            timeouts,
            last_sign: Instant::now(),
            replies: 0,
            commands,
        }
    }

    /// Whether one more command may begin.
    pub(super) fn has_room(&self) -> bool {
        self.slots.len() < IN_FLIGHT_MAX
    }

    /// Whether no command is in flight.
    pub(super) fn is_quiet(&self) -> bool {
        self.slots.is_empty()
    }

    /// Commands that got their reply on this session.
    pub(super) fn replies(&self) -> u64 {
        self.replies
    }

    /// Begins a command; the bytes are for the socket. `None` where it must not or need not be sent.
    pub(super) fn start(
        &mut self,
        request: CommandRequest,
        now: Instant,
    ) -> Result<Option<Vec<u8>>, BrokenLink> {
        if !request.sink.is_wanted() {
            return Ok(None);
        }
        let refusal = if request.session.is_some_and(|only| only != self.number) {
            Some("the connection is another one since the rows were read")
        } else if request.send_by.is_some_and(|by| now > by) {
            Some("waited too long for earlier commands")
        } else {
            None
        };
        if let Some(why) = refusal {
            request.sink.finish(Err(RouterError::Lost(why.to_owned())));
            return Ok(None);
        }
        if self.is_quiet() {
            self.last_sign = now;
        }
        let slot = InFlight {
            name: request.name,
            sink: Some(request.sink),
            counted: request.counted,
            sent: now,
            bytes: 0,
            rows: 0,
        };
        let tag = request.command.tag;
        // Before anything can fail: a command in a slot always gets an answer.
        let replaced = self.slots.insert(tag, slot).is_some();
        let sent = self.core.send_command(request.command);
        if replaced || sent.is_err() {
            return Err(BrokenLink::new("two commands with one tag"));
        }
        Ok(self.core.poll_transmit().map(|transmit| transmit.data))
    }

    /// Takes what was read from the socket.
    pub(super) fn receive(&mut self, bytes: &[u8], now: Instant) -> Result<(), BrokenLink> {
        // Out of `self` for the time being: a sentence borrows from it.
        let mut framer = std::mem::replace(&mut self.framer, Framer::new(0));
        framer.push(bytes);
        let outcome = loop {
            match framer.next_sentence() {
                Ok(Some(sentence)) => {
                    if let Err(broken) = self.sentence(sentence, now) {
                        break Err(broken);
                    }
                }
                Ok(None) => break Ok(()),
                Err(violation) => break Err(self.violation(&violation)),
            }
        };
        self.framer = framer;
        outcome
    }

    /// When to call [`Self::expire`] or, if quiet, to ask for a sign of life.
    pub(super) fn deadline(&self) -> Instant {
        match self.slots.values().map(|slot| slot.sent).min() {
            None => self.last_sign + HEARTBEAT,
            Some(oldest) => (self.last_sign + self.timeouts.idle).min(oldest + self.timeouts.command),
        }
    }

    /// Whether patience is over.
    pub(super) fn expire(&self, now: Instant) -> Result<(), BrokenLink> {
        if self.is_quiet() {
            return Ok(());
        }
        if now >= self.last_sign + self.timeouts.idle {
            return Err(BrokenLink::new(format!("no answer for {:?}", self.timeouts.idle)));
        }
        match self.slots.values().find(|slot| now >= slot.sent + self.timeouts.command) {
            Some(slot) => {
                Err(BrokenLink::new(format!("{} took longer than {:?}", slot.name, self.timeouts.command)))
            }
            None => Ok(()),
        }
    }

    /// Ends every command in flight: the session is over.
    pub(super) fn fail(self, broken: &BrokenLink) {
        for (tag, slot) in self.slots {
            let Some(sink) = slot.sink else { continue };
            let error = if broken.guilty == Some(tag) {
                RouterError::Malformed { command: slot.name.to_owned(), what: broken.why.clone() }
            } else {
                broken.error()
            };
            sink.finish(Err(error));
        }
    }

    /// Garbage while a single command is in flight can only be the reply to that one.
    fn violation(&self, violation: &wire::Violation) -> BrokenLink {
        let mut tags = self.slots.keys();
        let guilty = tags.next().copied().filter(|_| tags.next().is_none());
        BrokenLink { why: violation.to_string(), guilty }
    }

    fn sentence(&mut self, sentence: &[u8], now: Instant) -> Result<(), BrokenLink> {
        let guarded = wire::guard(sentence).map_err(|violation| self.violation(&violation))?;
        let (tag, is_row) = match &guarded {
            GuardedSentence::Row { tag, .. } => (*tag, true),
            GuardedSentence::Reply { tag, .. } => (*tag, false),
            GuardedSentence::Fatal(reason) => {
                return Err(BrokenLink::new(format!("router ended the session: {reason}")));
            }
        };
        self.last_sign = now;
        self.count(tag, sentence, is_row)?;
        match guarded {
            GuardedSentence::Row { row, .. } => self.row(tag, &row),
            GuardedSentence::Reply { kind, bytes, .. } => self.reply(tag, kind, &bytes, now)?,
            GuardedSentence::Fatal(_) => {}
        }
        Ok(())
    }

    /// Counts a sentence of a reply, under the caps.
    fn count(&mut self, tag: Tag, sentence: &[u8], is_row: bool) -> Result<(), BrokenLink> {
        let Some(slot) = self.slots.get_mut(&tag) else {
            return Err(BrokenLink::new(format!("a reply to no command of ours (tag {tag})")));
        };
        slot.bytes = slot.bytes.saturating_add(u64::try_from(sentence.len()).unwrap_or(u64::MAX));
        slot.rows += u64::from(is_row);
        let Limits { reply_bytes, reply_rows, .. } = self.limits;
        if slot.bytes > reply_bytes {
            return Err(BrokenLink::by(tag, format!("a reply of more than {reply_bytes} bytes")));
        }
        if slot.rows > reply_rows {
            return Err(BrokenLink::by(tag, format!("more than {reply_rows} rows")));
        }
        Ok(())
    }

    fn reply(&mut self, tag: Tag, kind: SentenceKind, bytes: &[u8], now: Instant) -> Result<(), BrokenLink> {
        let event = self.core.receive(bytes).ok().and_then(|()| self.core.poll_event());
        match (kind, event) {
            (SentenceKind::Trap, Some(Event::Trap { response, .. })) => self.trap(tag, response.message),
            (SentenceKind::Done { ret }, Some(Event::Done { .. })) => self.finish(tag, ret, now),
            (SentenceKind::Empty, Some(Event::Empty { .. })) => {}
            _ => return Err(BrokenLink::by(tag, "a sentence of an unknown kind")),
        }
        Ok(())
    }

    /// Hands a row to its command. One that has failed takes no more.
    fn row(&mut self, tag: Tag, row: &Row<'_>) {
        let Some(slot) = self.slots.get_mut(&tag) else { return };
        let Some(Err(what)) = slot.sink.as_mut().map(|sink| sink.row(row)) else { return };
        let command = slot.name.to_owned();
        self.answer(tag, Err(RouterError::Malformed { command, what }));
    }

    /// The first trap is the answer; the router may send more before its `!done`.
    fn trap(&mut self, tag: Tag, message: String) {
        let Some(slot) = self.slots.get(&tag) else { return };
        let command = slot.name.to_owned();
        self.answer(tag, Err(RouterError::Trap { command, message }));
    }

    fn finish(&mut self, tag: Tag, ret: bool, now: Instant) {
        let Some(slot) = self.slots.get(&tag) else { return };
        let ended = Ended { session: self.number, sent: slot.sent, done: now, ret };
        self.answer(tag, Ok(ended));
        self.slots.remove(&tag);
    }

    /// Gives the caller its answer, once.
    fn answer(&mut self, tag: Tag, end: Result<Ended, RouterError>) {
        let Some(slot) = self.slots.get_mut(&tag) else { return };
        let Some(sink) = slot.sink.take() else { return };
        self.replies += 1;
        if slot.counted {
            // Before the caller knows: it may look at once.
            self.commands.fetch_add(1, Ordering::Relaxed);
        }
        sink.finish(end);
    }
}

#[cfg(test)]
mod tests {
    use mikrotik_rs::CommandBuilder;
    use mikrotik_rs::proto::codec;

    use super::*;

    const PATIENCE: SessionTimeouts =
        SessionTimeouts { idle: Duration::from_secs(10), command: Duration::from_mins(1) };

    fn session(limits: Limits) -> RouterSession {
        RouterSession::new(1, limits, PATIENCE, Arc::default())
    }

    fn sentence(words: &[&str], tag: Tag) -> Vec<u8> {
        let mut out = Vec::new();
        for word in words {
            codec::encode_word(word.as_bytes(), &mut out);
        }
        codec::encode_word(format!(".tag={tag}").as_bytes(), &mut out);
        codec::encode_terminator(&mut out);
        out
    }

    /// Begins a command that counts its rows; its tag and the end that waits.
    fn start(
        session: &mut RouterSession,
    ) -> (Tag, oneshot::Receiver<Result<CommandAnswer<u64>, RouterError>>) {
        let command = CommandBuilder::new().command("/x/print").build();
        let tag = command.tag;
        let (sink, answer) = Fold::new(0, |rows: &mut u64, _: &Row<'_>| {
            *rows += 1;
            Ok(())
        });
        let sink = Box::new(sink);
        let request =
            CommandRequest { name: "/x/print", command, sink, counted: true, session: None, send_by: None };
        assert!(session.start(request, Instant::now()).unwrap().is_some());
        (tag, answer)
    }

    #[test]
    fn ten_thousand_rows_are_never_held_at_once() {
        let mut session = session(Limits::default());
        let (tag, mut answer) = start(&mut session);
        let mut stream = Vec::new();
        for i in 0..10_000 {
            stream.extend(sentence(&["!re", &format!("=.id=*{i:X}"), "=list=klient_aktif"], tag));
        }
        stream.extend(sentence(&["!done"], tag));
        for chunk in stream.chunks(1460) {
            session.receive(chunk, Instant::now()).unwrap();
            assert!(session.framer.buffered() < 100);
            assert_eq!(session.core.recv_buffer_len(), 0);
            assert!(session.core.poll_event().is_none());
        }
        assert_eq!(answer.try_recv().unwrap().unwrap().rows, 10_000);
        assert!(session.is_quiet());
    }

    #[test]
    fn only_the_command_at_fault_is_malformed_and_the_others_are_lost() {
        let mut session = session(Limits { reply_rows: 1, ..Limits::default() });
        let (guilty, mut its_answer) = start(&mut session);
        let (_, mut other_answer) = start(&mut session);
        let row = sentence(&["!re"], guilty);
        session.receive(&row, Instant::now()).unwrap();
        let broken = session.receive(&row, Instant::now()).unwrap_err();
        session.fail(&broken);
        assert!(matches!(its_answer.try_recv().unwrap(), Err(RouterError::Malformed { .. })));
        assert!(matches!(other_answer.try_recv().unwrap(), Err(RouterError::Lost(_))));
    }

    #[test]
    fn a_trap_is_the_answer_and_the_place_is_free_after_its_done() {
        let mut session = session(Limits::default());
        let (tag, mut answer) = start(&mut session);
        let trap = sentence(&["!trap", "=message=no such item"], tag);
        session.receive(&trap, Instant::now()).unwrap();
        assert!(matches!(answer.try_recv().unwrap(), Err(RouterError::Trap { .. })));
        assert!(!session.is_quiet());
        session.receive(&[trap, sentence(&["!done"], tag)].concat(), Instant::now()).unwrap();
        assert!(session.is_quiet());
        assert_eq!(session.commands.load(Ordering::Relaxed), 1);
        assert!(session.receive(&sentence(&["!done"], tag), Instant::now()).is_err(), "nobody's any more");
    }

    #[test]
    fn an_empty_reply_ends_with_its_done() {
        let mut session = session(Limits::default());
        let (tag, mut answer) = start(&mut session);
        session.receive(&sentence(&["!empty"], tag), Instant::now()).unwrap();
        assert!(answer.try_recv().is_err());
        session.receive(&sentence(&["!done"], tag), Instant::now()).unwrap();
        assert_eq!(answer.try_recv().unwrap().unwrap().rows, 0);
    }

    #[test]
    fn half_a_sentence_is_no_sign_of_life() {
        let mut session = session(Limits::default());
        let begin = Instant::now();
        let (tag, _answer) = start(&mut session);
        let row = sentence(&["!re", "=comment=slow"], tag);
        for byte in &row[..row.len() - 1] {
            session.receive(&[*byte], begin + Duration::from_secs(9)).unwrap();
        }
        assert!(session.expire(begin + Duration::from_secs(9)).is_ok());
        assert!(session.expire(begin + Duration::from_secs(11)).is_err());
    }
}
