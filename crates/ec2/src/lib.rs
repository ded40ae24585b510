//! The EC2 API: form in, XML out; operations, errors, and what happens by itself.
