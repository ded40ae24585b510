//! This end of a session: the keyboard, the window, and the signals that are about them.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};

use crate::control::{Size, Terminal};
use crate::frame::Frame;

/// What a window is taken for that does not tell its size.
const USUAL: Size = Size { columns: 80, rows: 24 };

/// The terminal that this process has.
pub fn this() -> Terminal {
    Terminal { kind: std::env::var("TERM").unwrap_or_else(|_| "xterm".to_owned()), size: size().unwrap_or(USUAL) }
}

fn size() -> Option<Size> {
    let size = instance::window_size(&std::io::stdin()).ok()?;
    Some(Size { columns: size.ws_col, rows: size.ws_row }).filter(|size| size.columns > 0 && size.rows > 0)
}

/// The keyboard in raw mode, every key for the instance to interpret; as it was when this is dropped.
pub struct RawMode(Termios);

impl RawMode {
    /// From now on.
    pub fn begin() -> nix::Result<RawMode> {
        let before = tcgetattr(std::io::stdin())?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(std::io::stdin(), SetArg::TCSADRAIN, &raw)?;
        Ok(RawMode(before))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // A terminal that is gone needs no mode.
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSADRAIN, &self.0);
    }
}

/// The way to the other end, for whoever has something to say. The threads end with the process.
pub struct Outside(Arc<Mutex<UnixStream>>);

impl Outside {
    /// That of a session.
    pub fn of(stream: &UnixStream) -> std::io::Result<Outside> {
        Ok(Outside(Arc::new(Mutex::new(stream.try_clone()?))))
    }

    /// Sends what comes from standard input, until its end.
    pub fn send_what_is_typed(&self) -> std::io::Result<()> {
        let to = Arc::clone(&self.0);
        let send_all = move || -> std::io::Result<()> {
            let mut buffer = [0; 16 * 1024];
            loop {
                match std::io::stdin().lock().read(&mut buffer)? {
                    0 => return send(&to, &Frame::End),
                    count => send(&to, &Frame::Data(buffer.get(..count).unwrap_or_default().to_vec()))?,
                }
            }
        };
        // A session that is over takes nothing more.
        thread::Builder::new().name("keys".to_owned()).spawn(move || drop(send_all())).map(drop)
    }

    /// Tells the instance when the window gets another size, and hangs up when this process is to end. Called before any
    /// other thread is there, so that all of them leave the signals to this one.
    pub fn watch_signals(&self, on_terminal: bool) -> std::io::Result<()> {
        let mut signals = SigSet::empty();
        let about_the_window = on_terminal.then_some(Signal::SIGWINCH);
        [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().chain(about_the_window).for_each(|signal| signals.add(signal));
        signals.thread_block()?;
        let to = Arc::clone(&self.0);
        let watch = move || {
            while let Ok(signal) = signals.wait() {
                match (signal, size()) {
                    (Signal::SIGWINCH, Some(Size { columns, rows })) => drop(send(&to, &Frame::Resize { columns, rows })),
                    (Signal::SIGWINCH, None) => {}
                    // What waits for output notices, and puts the terminal in order.
                    _ => drop(to.lock().unwrap_or_else(PoisonError::into_inner).shutdown(std::net::Shutdown::Both)),
                }
            }
        };
        thread::Builder::new().name("signals".to_owned()).spawn(watch).map(drop)
    }
}

fn send(to: &Mutex<UnixStream>, frame: &Frame) -> std::io::Result<()> {
    to.lock().unwrap_or_else(PoisonError::into_inner).write_all(&frame.encode())
}
