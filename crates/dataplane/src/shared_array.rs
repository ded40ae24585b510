//! A BPF array whose values both sides see at once: its memory, mapped.
//!
//! Restamping a verdict is one store then, and the counters of all flows are read without a system call each.

#![expect(unsafe_code, reason = "maps memory that the kernel shares")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;

/// The values of an array map that was made with `BPF_F_MMAPABLE`.
///
/// The kernel's programs read, and in types with atomic fields write, while this is in use.
pub(crate) struct SharedArray<T> {
    first: NonNull<T>,
    length: u32,
}

// SAFETY: it owns its mapping, and the values are `Send` themselves.
unsafe impl<T: Send> Send for SharedArray<T> {}

impl<T> SharedArray<T> {
    /// Maps the array of that descriptor, which has `length` values of type `T`.
    ///
    /// # Safety
    /// All bit patterns that the kernel may write must be legal values of `T`, and what it writes must be atomic
    /// fields.
    pub unsafe fn map(fd: BorrowedFd<'_>, length: u32) -> io::Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice touches no other memory.
        let address = unsafe { libc::mmap(std::ptr::null_mut(), bytes::<T>(length), protection, libc::MAP_SHARED, fd.as_raw_fd(), 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let first = NonNull::new(address.cast()).ok_or_else(|| io::Error::other("the array is mapped at address zero"))?;
        Ok(Self { first, length })
    }

    /// The value at that index.
    pub fn get(&self, index: u32) -> Option<&T> {
        // SAFETY: the mapping has `length` values, the first one is page-aligned, and it lives as long as `self`.
        (index < self.length).then(|| unsafe { self.first.add(index as usize).as_ref() })
    }

    /// Replaces the value at that index, if there is one.
    pub fn set(&mut self, index: u32, value: T) {
        if index < self.length {
            // SAFETY: as in `get`; `&mut self` says that nobody in this process looks at it. No destructor is lost:
            // values are plain memory that the kernel zeroed.
            unsafe { self.first.add(index as usize).write(value) }
        }
    }
}

impl<T> Drop for SharedArray<T> {
    fn drop(&mut self) {
        // SAFETY: exactly what `map` mapped, and no reference outlives `self`.
        unsafe { libc::munmap(self.first.as_ptr().cast(), bytes::<T>(self.length)) };
    }
}

/// The kernel rounds the size of a value up to 8 bytes; the types that are shared are multiples of it.
fn bytes<T>(length: u32) -> usize {
    const { assert!(size_of::<T>().is_multiple_of(8)) };
    size_of::<T>() * length as usize
}
