//! A session and whoever is at the control socket: frames in, frames out.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Input, Output, Session, Shown};
use crate::frame::{Frame, HEADER, MalformedFrame};

/// Carries both directions until the session ends, or whoever wanted it has gone.
pub async fn relay(session: Session, reader: &mut (impl AsyncRead + Unpin), writer: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
    let (input, mut output) = session.split();
    tokio::select! {
        end = take_in(&input, reader) => end,
        end = show(&mut output, writer) => end,
    }
}

async fn take_in(input: &Input, reader: &mut (impl AsyncRead + Unpin)) -> std::io::Result<()> {
    loop {
        let mut header = [0; HEADER];
        match reader.read_exact(&mut header).await {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        };
        let mut payload = vec![0; Frame::length(header)?];
        reader.read_exact(&mut payload).await?;
        let taken = match Frame::decode(header, payload)? {
            Frame::Data(bytes) => input.type_in(bytes).await,
            Frame::End => input.end().await,
            Frame::Resize { columns, rows } => input.resize(columns, rows).await,
            Frame::Error(_) | Frame::Exit(_) | Frame::Lost => return Err(MalformedFrame.into()),
        };
        // A session that takes no more says so by ending.
        if taken.is_err() {
            return std::future::pending().await;
        }
    }
}

async fn show(output: &mut Output, writer: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
    loop {
        let (frame, is_last) = match output.next().await {
            Shown::Text(bytes) => (Frame::Data(bytes), false),
            Shown::Error(bytes) => (Frame::Error(bytes), false),
            Shown::End(Some(status)) => (Frame::Exit(status), true),
            Shown::End(None) => (Frame::Lost, true),
        };
        writer.write_all(&frame.encode()).await?;
        if is_last {
            return writer.flush().await;
        }
    }
}
