//! The pulse: how a guest's init says that it is well.
//!
//! The init is asked by a signal and answers in a file, as it needs neither path nor descriptor of whoever asks: a later daemon can ask as well
//! as the first one. The file is the host's, outside the guest's root directory.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

/// What an init has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// How often it has answered.
    pub count: u64,
    /// What it found amiss the last time, in words.
    pub trouble: Option<String>,
}

impl Pulse {
    /// Reads the latest answer; before the first, the count is zero.
    pub(crate) fn read(path: &Path) -> io::Result<Pulse> {
        let text = fs::read_to_string(path)?;
        // A line that is not whole is about to be written.
        let line = text.split_once('\n').map_or("", |(line, _)| line);
        let (count, trouble) = line.split_once(' ').unwrap_or(("0", "ok"));
        let trouble = (trouble.trim_end() != "ok").then(|| trouble.trim_end().to_owned());
        Ok(Pulse { count: count.parse().unwrap_or_default(), trouble })
    }

    /// Writes the answer, always as long as the one before it, so that it replaces that at once.
    pub(crate) fn write(&self, file: &File) -> io::Result<()> {
        let words = self.trouble.as_deref().unwrap_or("ok");
        file.write_all_at(format!("{:020} {words:<40}\n", self.count).as_bytes(), 0)
    }
}

/// Written behind the last answer by an init that ends to be started again. An answer never covers it.
const RESTART: &str = "restart\n";

/// How long an answer is.
const ANSWER: u64 = 62;

/// Leaves word for whoever finds the guest ended that it is to be started again.
pub(crate) fn ask_to_restart(file: &File) -> io::Result<()> {
    file.write_all_at(RESTART.as_bytes(), ANSWER)
}

/// Whether a guest that ended is to be started again. Without a file, nobody has asked for it.
pub(crate) fn asks_to_restart(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| {
        let mut word = [0; RESTART.len()];
        file.read_exact_at(&mut word, ANSWER).is_ok() && word == RESTART.as_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let path = std::env::temp_dir().join(format!("peerless-pulse-{}", std::process::id()));
        let file = File::create(&path).unwrap();
        assert_eq!(Pulse::read(&path).unwrap(), Pulse::default());
        for trouble in [Some("eth0 has no address".to_owned()), None] {
            let pulse = Pulse { count: 12, trouble };
            pulse.write(&file).unwrap();
            assert_eq!(Pulse::read(&path).unwrap(), pulse);
        }
        assert!(!asks_to_restart(&path));
        ask_to_restart(&file).unwrap();
        assert!(asks_to_restart(&path));
        assert_eq!(Pulse::read(&path).unwrap(), Pulse { count: 12, trouble: None });
        fs::remove_file(&path).unwrap();
        ask_to_restart(&File::create(&path).unwrap()).unwrap();
        assert!(asks_to_restart(&path), "also before the first answer");
        fs::remove_file(path).unwrap();
    }
}
