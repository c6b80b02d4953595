//! Limits on what a description may hold.

/// Longest description read, in bytes. A browser's audio and video offer is some 8 kB.
pub const SDP_BYTES_MAX: usize = 32 * 1024;

/// Most lines in a description.
pub const LINES_MAX: usize = 1024;

/// Most `m=` lines in a description.
pub const MEDIA_LINES_MAX: usize = 16;

/// Most formats in one `m=` line. Browsers list some 40 for video.
pub const FORMATS_MAX: usize = 64;
