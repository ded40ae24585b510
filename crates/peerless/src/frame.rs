//! What goes over the control socket while a terminal is connected: a byte for the kind, four for the length (big
//! endian), and what it is about.

/// The length of what is before each payload.
pub const HEADER: usize = 5;

/// The longest payload.
const LONGEST: usize = 64 * 1024;

/// One piece of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// What was typed; or what was written to standard output.
    Data(Vec<u8>),
    /// What was written to standard error.
    Error(Vec<u8>),
    /// Nothing more is typed.
    End,
    /// The window's new size, in characters.
    Resize {
        /// How wide.
        columns: u16,
        /// How high.
        rows: u16,
    },
    /// The end, with the exit status.
    Exit(u32),
    /// The end: the connection broke.
    Lost,
}

/// What is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedFrame;

impl std::fmt::Display for MalformedFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the two ends of the control socket do not understand each other")
    }
}

impl std::error::Error for MalformedFrame {}

impl From<MalformedFrame> for std::io::Error {
    fn from(malformed: MalformedFrame) -> Self {
        std::io::Error::new(std::io::ErrorKind::InvalidData, malformed)
    }
}

impl Frame {
    /// The bytes of it. A payload that is too long becomes several frames.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, payload): (u8, &[u8]) = match self {
            Frame::Data(bytes) => (0, bytes),
            Frame::Error(bytes) => (1, bytes),
            Frame::End => (2, &[]),
            Frame::Resize { columns, rows } => return frame(3, &[columns.to_be_bytes(), rows.to_be_bytes()].concat()),
            Frame::Exit(status) => return frame(4, &status.to_be_bytes()),
            Frame::Lost => (5, &[]),
        };
        match payload.len() {
            0 => frame(kind, payload),
            _ => payload.chunks(LONGEST).flat_map(|chunk| frame(kind, chunk)).collect(),
        }
    }

    /// How long the payload behind that header is.
    pub fn length(header: [u8; HEADER]) -> Result<usize, MalformedFrame> {
        let [_, length @ ..] = header;
        usize::try_from(u32::from_be_bytes(length)).ok().filter(|&length| length <= LONGEST).ok_or(MalformedFrame)
    }

    /// The frame of a header and its payload.
    pub fn decode(header: [u8; HEADER], payload: Vec<u8>) -> Result<Frame, MalformedFrame> {
        match (header[0], payload.as_slice()) {
            (0, _) => Ok(Frame::Data(payload)),
            (1, _) => Ok(Frame::Error(payload)),
            (2, []) => Ok(Frame::End),
            (3, &[a, b, c, d]) => Ok(Frame::Resize { columns: u16::from_be_bytes([a, b]), rows: u16::from_be_bytes([c, d]) }),
            (4, &[a, b, c, d]) => Ok(Frame::Exit(u32::from_be_bytes([a, b, c, d]))),
            (5, []) => Ok(Frame::Lost),
            _ => Err(MalformedFrame),
        }
    }
}

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    [&[kind], length.to_be_bytes().as_slice(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(mut bytes: &[u8]) -> Result<Vec<Frame>, MalformedFrame> {
        let mut frames = Vec::new();
        while let Some((header, rest)) = bytes.split_first_chunk() {
            let (payload, rest) = rest.split_at_checked(Frame::length(*header)?).ok_or(MalformedFrame)?;
            frames.push(Frame::decode(*header, payload.to_vec())?);
            bytes = rest;
        }
        Ok(frames)
    }

    #[test]
    fn frames_read_back_as_they_were() {
        for frame in [
            Frame::Data(b"ls\r".to_vec()),
            Frame::Data(Vec::new()),
            Frame::Error(vec![0xff; 65536]),
            Frame::End,
            Frame::Resize { columns: 80, rows: 24 },
            Frame::Exit(255),
            Frame::Lost,
        ] {
            assert_eq!(decode(&frame.encode()), Ok(vec![frame]));
        }
        let long = decode(&Frame::Data(vec![7; 65537]).encode()).unwrap();
        assert_eq!(long, [Frame::Data(vec![7; 65536]), Frame::Data(vec![7])]);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for bytes in [&[6, 0, 0, 0, 0][..], &[2, 0, 0, 0, 1, 0], &[3, 0, 0, 0, 1, 0], &[0, 0, 1, 0, 1], &[0, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(decode(bytes), Err(MalformedFrame), "{bytes:?}");
        }
    }
}
