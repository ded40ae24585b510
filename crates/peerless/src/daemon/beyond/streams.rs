//! TCP beyond: one connection for each of a guest's.

use std::io;
use std::net::SocketAddrV4;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Outcome, is_own};

/// How long the other side may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// After how many seconds of silence it is asked whether somebody is still there: a guest may have gone without a word.
const SILENCE: u32 = 300;

const BUFFER: usize = 64 * 1024;

/// What the other side says to a connection.
pub enum Answer {
    Accepted(TcpStream),
    Refused,
    Silence,
}

/// Makes a connection to the other side.
pub async fn dial(port: u16, remote: SocketAddrV4) -> Outcome {
    if is_own(*remote.ip()) {
        return Outcome::Dialled(port, Answer::Silence);
    }
    let answer = match timeout(PATIENCE, TcpStream::connect(remote)).await {
        Ok(Ok(stream)) => Answer::Accepted(stream),
        Ok(Err(error)) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset) => Answer::Refused,
        Ok(Err(error)) => {
            tracing::debug!(%remote, %error, "a guest's connection could not be made");
            Answer::Silence
        }
        Err(_) => Answer::Silence,
    };
    Outcome::Dialled(port, answer)
}

/// Carries both directions until both have ended, or one is reset; then the other is, too.
pub async fn relay(port: u16, mut guest: TcpStream, mut remote: TcpStream) -> Outcome {
    for stream in [&guest, &remote] {
        let kept = setsockopt(stream, sockopt::KeepAlive, &true).and_then(|()| setsockopt(stream, sockopt::TcpKeepIdle, &SILENCE));
        if let Err(error) = stream.set_nodelay(true).and(kept.map_err(io::Error::from)) {
            tracing::debug!(%error, "a connection goes on with the settings that it has");
        }
    }
    if copy_bidirectional_with_sizes(&mut guest, &mut remote, BUFFER, BUFFER).await.is_err() {
        let _ = guest.set_zero_linger().and(remote.set_zero_linger());
    }
    Outcome::Ended(port)
}
