//! What the store promises, tried on real files.

#[cfg(test)]
mod contents;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod history;
#[cfg(test)]
mod state_folder;
