//! Every bound on what a peer may send, in one place.

/// Largest message, headers and body together, in bytes; a larger one is refused with 513.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Largest start line and header fields together on a stream, in bytes; a larger block is refused
/// with 513 and the connection closed.
pub const HEADER_BLOCK_BYTES_MAX: usize = 32 * 1024;

/// Most header field rows of a message, after comma-separated values are split only on demand.
pub const HEADERS_MAX: usize = 256;

/// Longest Request-URI, in bytes; a longer one is refused with 414.
pub const URI_BYTES_MAX: usize = 4 * 1024;

/// Most contacts in one REGISTER and most bindings an address of record may have.
pub const BINDINGS_MAX: usize = 10;
