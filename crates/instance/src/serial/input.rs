//! What goes to a serial port from whoever sits at it.

/// The most keys of one [`Input`], in bytes.
pub const LONGEST_KEYS: usize = 4096;

const KEYS: u8 = 0;
const SIZE: u8 = 1;

/// What was typed, or the size of the window in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Up to [`LONGEST_KEYS`] bytes.
    Keys(Vec<u8>),
    /// The window has another size.
    Size {
        /// Characters in a line.
        columns: u16,
        /// Lines.
        rows: u16,
    },
}

impl Input {
    /// As the process at the port reads it: what it is, how long it is (two bytes), and that.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, payload) = match self {
            Input::Keys(keys) => (KEYS, keys.iter().take(LONGEST_KEYS).copied().collect()),
            Input::Size { columns, rows } => (SIZE, [columns.to_be_bytes(), rows.to_be_bytes()].concat()),
        };
        let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        [&[kind], &length.to_be_bytes()[..], &payload].concat()
    }

    /// Takes the first one off, once it is whole; nothing of it makes sense if this is an error.
    pub(crate) fn take(bytes: &mut Vec<u8>) -> Result<Option<Input>, Nonsense> {
        let [kind, high, low, ..] = bytes[..] else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > LONGEST_KEYS {
            return Err(Nonsense);
        }
        let Some(payload) = bytes.get(3..3 + length) else { return Ok(None) };
        let input = match (kind, payload) {
            (KEYS, keys) => Input::Keys(keys.to_vec()),
            (SIZE, &[a, b, c, d]) => Input::Size { columns: u16::from_be_bytes([a, b]), rows: u16::from_be_bytes([c, d]) },
            _ => return Err(Nonsense),
        };
        bytes.drain(..3 + length);
        Ok(Some(input))
    }
}

/// No [`Input`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nonsense;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_arrive_in_pieces_of_any_size() {
        let inputs = [Input::Keys(b"ls\r".to_vec()), Input::Size { columns: 300, rows: 24 }, Input::Keys(vec![b'x'; LONGEST_KEYS])];
        let mut bytes = Vec::new();
        let mut read = Vec::new();
        for byte in inputs.iter().flat_map(Input::encode) {
            bytes.push(byte);
            read.extend(Input::take(&mut bytes).unwrap());
        }
        assert_eq!((&read[..], &bytes[..]), (&inputs[..], &[][..]));
    }

    #[test]
    fn nonsense_is_told_at_once() {
        for bytes in [&[0, 255, 255][..], &[1, 0, 1, 7], &[2, 0, 0]] {
            assert_eq!(Input::take(&mut bytes.to_vec()), Err(Nonsense), "{bytes:?}");
        }
    }
}
