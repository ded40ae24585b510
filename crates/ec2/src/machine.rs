//! The machine that instances run on, as far as calls depend on it. It is no part of the state, so it is asked.

use model::InstanceId;

use crate::console_output::ConsoleOutput;

/// Who knows the machine.
pub trait Machine {
    /// What the console of an instance has, if there is one. An instance that is off still has what it showed last.
    fn console(&self, instance: InstanceId) -> Option<ConsoleOutput>;

    /// Why no imported image can be booted, if so, and what helps.
    fn image_trouble(&self) -> Option<String>;

    /// Why no disk can be given a size, if so, and what helps.
    fn volume_trouble(&self) -> Option<String>;
}

/// Where no instance ever boots, and so none fails to.
#[derive(Clone, Copy, Debug)]
pub struct NoMachine;

impl Machine for NoMachine {
    fn console(&self, _: InstanceId) -> Option<ConsoleOutput> {
        None
    }

    fn image_trouble(&self) -> Option<String> {
        None
    }

    fn volume_trouble(&self) -> Option<String> {
        None
    }
}
