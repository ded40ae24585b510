//! The codecs: of the Query protocol, where [`form`] and [`query`] read requests and [`xml`] writes replies, and of
//! [`json`]. [`outline`] says what they would read.

pub(crate) mod form;
pub(crate) mod json;
pub(crate) mod outline;
pub(crate) mod query;
pub(crate) mod xml;
