//! One client's conversation: the protocol is `mailin`'s, the faults are ours.

use std::io;

use mailin::{Action, Handler, Response, SessionBuilder, response};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    sync::watch,
};

use super::{Fault, MailStore};

/// Longer than any line that the protocol allows, also for generous clients.
const LONGEST_LINE: usize = 1 << 20;

/// What a session shares with the others of its server.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) store: MailStore,
    pub(super) fault: watch::Receiver<Fault>,
    /// How many clients hang right now, waiting for an answer that does not come.
    pub(super) hanging: watch::Sender<usize>,
}

/// Speaks with one client until it leaves.
pub(super) async fn converse(stream: TcpStream, shared: Shared) -> io::Result<()> {
    let client = stream.peer_addr()?.ip();
    let mut stream = BufReader::new(stream);
    let mut session = SessionBuilder::new("catcher.hotelhub.localhost")
        .build(client, Inbox { shared: shared.clone(), raw: Vec::new() });
    stream.write_all(&session.greeting().buffer()?).await?;
    let mut line = Vec::new();
    let mut in_data = false;
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 || line.len() > LONGEST_LINE {
            return Ok(());
        }
        let is_end_of_data = in_data && line == b".\r\n";
        let answer = session.process(&line);
        in_data = answer.code == 354 || (in_data && !is_end_of_data);
        if is_end_of_data && !may_answer(&shared).await {
            return Ok(());
        }
        let refusal = refusal(*shared.fault.borrow()).filter(|_| is_end_of_data);
        if let Some(line) = refusal {
            stream.write_all(line).await?;
        } else if answer.action != Action::NoReply {
            stream.write_all(&answer.buffer()?).await?;
        }
        if answer.action == Action::Close {
            return Ok(());
        }
    }
}

/// Whether the answer to a whole message is sent. Hangs for as long as the fault says.
async fn may_answer(shared: &Shared) -> bool {
    let fault = *shared.fault.borrow();
    match fault {
        Fault::None | Fault::Refuse | Fault::TryLater | Fault::Reject => true,
        Fault::DropAfterDelivery => false,
        Fault::Hang | Fault::Hold => {
            shared.hanging.send_modify(|it| *it += 1);
            let mut faults = shared.fault.clone();
            // The server's end also ends the wait.
            drop(faults.wait_for(|it| *it != fault).await);
            shared.hanging.send_modify(|it| *it -= 1);
            fault == Fault::Hold
        }
    }
}

/// The answer to a whole message that is not taken. `mailin` would go on reading data after a refusal
/// of its own, and take the client's QUIT for a line of the message.
fn refusal(fault: Fault) -> Option<&'static [u8]> {
    match fault {
        Fault::TryLater => Some(b"451 Local error: try again later\r\n"),
        // With a byte that no database can store.
        Fault::Reject => Some(b"550 No such mailbox\0\r\n"),
        Fault::None | Fault::Refuse | Fault::Hang | Fault::Hold | Fault::DropAfterDelivery => None,
    }
}

/// Collects one message after the other.
struct Inbox {
    shared: Shared,
    raw: Vec<u8>,
}

impl Handler for Inbox {
    fn data_start(&mut self, _domain: &str, _from: &str, _8bit: bool, _to: &[String]) -> Response {
        self.raw.clear();
        response::OK
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.raw.extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let fault = *self.shared.fault.borrow();
        match fault {
            Fault::TryLater | Fault::Reject | Fault::Hang => response::OK,
            Fault::None | Fault::Refuse | Fault::Hold | Fault::DropAfterDelivery => {
                match self.shared.store.keep(&self.raw) {
                    Ok(()) => response::OK,
                    Err(_full) => response::OUT_OF_SPACE,
                }
            }
        }
    }
}
