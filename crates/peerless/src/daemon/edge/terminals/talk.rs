//! A terminal in a browser and a session in an instance.
//!
//! Binary messages carry what is typed and what is shown; text messages are JSON objects about it. Neither side takes
//! more of the other's bytes than it can place: each has a window, and gives credit for what it has dealt with. So a
//! program that never stops writing waits in the instance, not in the daemon's memory nor in the browser's, and what was
//! typed before is never in the way of the credit behind it. (The other way round it may be: while the SSH client waits
//! for room on the screen, it sends nothing.)

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, Stream, StreamExt};
use model::InstanceId;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval, sleep, timeout};

use super::drops::{Drops, News};
use super::pieces::Pieces;
use super::session::{self, Keyboard, Opened, Place, Screen};
use super::tickets::Order;
use super::usable;
use crate::control::{NotConnected, Size};
use crate::daemon::edge::Edge;
use crate::daemon::flow_watch::InstanceWatch;
use crate::daemon::instance_connect::Shown;

/// So many bytes may be under way to the screen, unacknowledged.
pub const WINDOW: usize = 256 * 1024;

/// So many bytes may be under way from the keyboard: a paste is in pieces.
const TYPED_WINDOW: usize = 64 * 1024;

/// The largest message that a client may send, in bytes.
pub const LARGEST_MESSAGE: usize = 64 * 1024;

/// How often a client is asked whether it is there.
const PING: Duration = Duration::from_secs(20);

/// For how long a client may say nothing at all, not even an answer to that.
const LONGEST_SILENCE: Duration = Duration::from_secs(70);

/// For how long nothing may be typed and nothing shown.
const LONGEST_IDLENESS: Duration = Duration::from_secs(3600);

/// How long a client has to take its leave.
const FAREWELL: Duration = Duration::from_secs(5);

/// What a client says, beside what is typed.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Said {
    /// So many bytes are on the screen.
    Credit { bytes: usize },
    /// The window has another size.
    Resize(Size),
}

/// What is said to a client, beside what is shown.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Told {
    /// There is a session.
    Connected(Place),
    /// There is none.
    Refused(NotConnected),
    /// So many bytes have been typed in.
    Credit { bytes: usize },
    /// Packets of the instance that did not arrive, since the terminal is open.
    Dropped(News),
    /// The session is over; without a status it broke off.
    Ended { status: Option<u32> },
}

/// Why a conversation ends before the session does.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The client is gone.
    Left,
    /// It is not heard of.
    Silent,
    /// Nothing happened for long.
    Idle,
    /// It does not keep to this protocol.
    Nonsense,
    /// The session is over, and that was said.
    Over,
}

impl End {
    fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            End::Left | End::Over => (close_code::NORMAL, ""),
            End::Silent => (close_code::AWAY, "nothing was heard for long"),
            End::Idle => (close_code::AWAY, "nothing was typed or shown for an hour"),
            End::Nonsense => (close_code::POLICY, "that is not the protocol of terminals"),
        };
        CloseFrame { code, reason: reason.into() }
    }
}

impl Told {
    fn message(&self) -> Message {
        Message::Text(Utf8Bytes::from(serde_json::to_string(self).unwrap_or_default()))
    }
}

/// From the first byte to the last.
pub async fn serve(edge: Arc<Edge>, socket: WebSocket, order: Order, size: Size) {
    let (mut sink, mut stream) = socket.split();
    let end = tokio::select! {
        opened = session::open(&edge, &order, size) => match opened {
            Ok(opened) => converse(&edge, opened, size, &mut sink, &mut stream).await,
            Err(refusal) => {
                // A client that is gone needs no reason.
                let _ = timeout(FAREWELL, sink.send(Told::Refused(refusal).message())).await;
                End::Over
            }
        },
        end = impatience(&mut stream) => end,
    };
    let _ = timeout(FAREWELL, sink.send(Message::Close(Some(end.frame())))).await;
}

/// Waits for a client that does not wait for its session.
async fn impatience(stream: &mut SplitStream<WebSocket>) -> End {
    loop {
        match stream.next().await {
            None | Some(Err(_) | Ok(Message::Close(_))) => return End::Left,
            Some(Ok(_)) => {}
        }
    }
}

/// What both directions of a conversation know.
struct Line {
    /// Bytes that were sent, and are not on the screen yet.
    unseen: watch::Sender<usize>,
    /// Bytes that were typed, and are not in the instance yet.
    untyped: watch::Sender<usize>,
    /// When something was last typed or shown.
    used: watch::Sender<Instant>,
    /// The size of the window.
    size: watch::Sender<Size>,
}

impl Line {
    fn new(size: Size) -> Self {
        Self {
            unseen: watch::Sender::new(0),
            untyped: watch::Sender::new(0),
            used: watch::Sender::new(Instant::now()),
            size: watch::Sender::new(size),
        }
    }

    /// Waits until something more may be sent.
    async fn room(&self) {
        // Its other end is here, too.
        let _ = self.unseen.subscribe().wait_for(|&unseen| unseen < WINDOW).await;
    }
}

async fn converse(
    edge: &Edge,
    Opened { instance, mut keyboard, mut screen, place }: Opened,
    size: Size,
    sink: &mut SplitSink<WebSocket, Message>,
    stream: &mut SplitStream<WebSocket>,
) -> End {
    let line = Line::new(size);
    // What waits here is bounded by its window.
    let (keys, mut typed) = mpsc::unbounded_channel();
    let (asides, mut told) = mpsc::channel(16);
    let _ = asides.send(Told::Connected(place)).await;
    tokio::select! {
        end = hear(stream, &line, keys, LONGEST_SILENCE) => end,
        end = type_in(&mut keyboard, &line, &mut typed, &asides) => end,
        end = count(edge.flows.watch(instance), instance, &asides) => end,
        end = show(&mut screen, &line, &mut told, sink) => end,
    }
}

/// What the client says. Never waits for the instance.
async fn hear<E>(
    stream: &mut (impl Stream<Item = Result<Message, E>> + Unpin),
    line: &Line,
    keys: mpsc::UnboundedSender<Vec<u8>>,
    longest_silence: Duration,
) -> End {
    loop {
        match timeout(longest_silence, stream.next()).await {
            Err(_) => return End::Silent,
            Ok(None | Some(Err(_) | Ok(Message::Close(_)))) => return End::Left,
            // Pings are answered already.
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
            Ok(Some(Ok(Message::Binary(bytes)))) => {
                line.used.send_replace(Instant::now());
                line.untyped.send_modify(|untyped| *untyped += bytes.len());
                if bytes.is_empty() || *line.untyped.borrow() > TYPED_WINDOW || keys.send(bytes.to_vec()).is_err() {
                    return End::Nonsense;
                }
            }
            Ok(Some(Ok(Message::Text(text)))) => match serde_json::from_str(&text) {
                Ok(Said::Credit { bytes }) => line.unseen.send_modify(|unseen| *unseen = unseen.saturating_sub(bytes)),
                Ok(Said::Resize(size)) => drop(line.size.send_replace(usable(size))),
                Err(_) => return End::Nonsense,
            },
        }
    }
}

/// Types it in, as fast as the instance takes it.
async fn type_in(keyboard: &mut Keyboard, line: &Line, typed: &mut mpsc::UnboundedReceiver<Vec<u8>>, asides: &mpsc::Sender<Told>) -> End {
    let mut sizes = line.size.subscribe();
    loop {
        let taken = tokio::select! {
            Some(bytes) = typed.recv() => {
                let count = bytes.len();
                let taken = keyboard.type_in(bytes).await;
                line.untyped.send_modify(|untyped| *untyped = untyped.saturating_sub(count));
                let _ = asides.send(Told::Credit { bytes: count }).await;
                taken
            }
            Ok(()) = sizes.changed() => {
                let size = *sizes.borrow_and_update();
                keyboard.resize(size).await
            }
        };
        if !taken {
            // A session that takes no more says so by ending.
            return std::future::pending().await;
        }
    }
}

/// Counts packets of the instance that do not arrive.
async fn count(watch: InstanceWatch, id: InstanceId, asides: &mpsc::Sender<Told>) -> End {
    let mut drops = Drops::default();
    while let Some(begun) = watch.look().await {
        let counted = tokio::task::spawn_blocking(move || {
            let primary = begun.snapshot.get(id).and_then(|instance| instance.interfaces.first().copied());
            let news = drops.look(begun.of(id), primary, &begun.snapshot);
            (drops, news)
        });
        let Ok((counted, news)) = counted.await else { break };
        drops = counted;
        if let Some(news) = news
            && asides.send(Told::Dropped(news)).await.is_err()
        {
            return End::Over;
        }
        sleep(watch.interval().await).await;
    }
    // Without packets there is nothing to count, and something to talk about nevertheless.
    std::future::pending().await
}

/// Shows the client what comes, as fast as it has room for it.
async fn show(screen: &mut Screen, line: &Line, told: &mut mpsc::Receiver<Told>, sink: &mut SplitSink<WebSocket, Message>) -> End {
    let mut pieces = Pieces::of(screen);
    let mut pings = interval(PING);
    pings.reset();
    loop {
        let message = tokio::select! {
            Some(told) = told.recv() => told.message(),
            shown = pieces.next(line.room()) => match shown {
                Shown::Text(bytes) | Shown::Error(bytes) => {
                    line.used.send_replace(Instant::now());
                    line.unseen.send_modify(|unseen| *unseen += bytes.len());
                    Message::Binary(bytes.into())
                }
                Shown::End(status) => {
                    // A client that is gone does not miss it.
                    let _ = timeout(FAREWELL, sink.send(Told::Ended { status }.message())).await;
                    return End::Over;
                }
            },
            _ = pings.tick() => {
                if line.used.borrow().elapsed() > LONGEST_IDLENESS {
                    return End::Idle;
                }
                Message::Ping(Vec::new().into())
            }
        };
        if sink.send(message).await.is_err() {
            return End::Left;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    async fn heard(said: Vec<Message>, longest_silence: Duration) -> End {
        let said = said.into_iter().map(Ok::<_, Infallible>);
        let (keys, _typed) = mpsc::unbounded_channel();
        // After that it says nothing, and does not go either: a laptop whose lid was closed.
        let mut stream = stream::iter(said).chain(stream::pending());
        hear(&mut stream, &Line::new(Size { columns: 80, rows: 24 }), keys, longest_silence).await
    }

    #[tokio::test]
    async fn who_falls_silent_without_a_word_is_let_go() {
        let said = vec![Message::Binary(b"ls\r".to_vec().into()), Message::Pong(Vec::new().into())];
        assert!(matches!(heard(said, Duration::from_millis(10)).await, End::Silent));
    }

    #[tokio::test]
    async fn who_leaves_or_talks_nonsense_need_not_be_waited_for() {
        assert!(matches!(heard(vec![Message::Close(None)], Duration::MAX).await, End::Left));
        assert!(matches!(heard(vec![Message::Text("{}".into())], Duration::MAX).await, End::Nonsense));
    }
}
