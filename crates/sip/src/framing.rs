//! Byte streams to messages: RFC 3261 section 18.3, keep-alives of RFC 5626 section 4.4.1.

use crate::{
    header::HeaderName,
    lex,
    limits::{HEADER_BLOCK_BYTES_MAX, MESSAGE_BYTES_MAX},
    message::Response,
    parse::{ParseError, RowReader, check_first_line, content_length, refusal},
};
use bytes::{Buf as _, Bytes, BytesMut};

/// Cuts what one stream connection brings into messages.
///
/// The owner reads into [`StreamFramer::buffer`] (or calls [`StreamFramer::push`]) and then takes
/// [`StreamFramer::next_frame`] until `None`. It must bound one read to some kilobytes; the framer
/// bounds what waits for its end by [`MESSAGE_BYTES_MAX`].
///
/// Messages are copied out: each then has memory of its own size, and neither a dialog nor the
/// trace that keeps a part of one holds a read buffer for the length of a call.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: BytesMut,
    state: State,
}

/// What a stream brought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Frame {
    /// One message, for [`crate::parse::parse`] with [`crate::parse::Framing::Stream`].
    Message(Bytes),
    /// A keep-alive: the owner sends [`PONG`].
    Ping,
}

/// The stream has no message borders any more: the owner sends the refusal, if there is one, and
/// closes the connection.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Broken {
    /// Why.
    pub error: ParseError,
    /// What to tell the peer first.
    pub refusal: Option<Box<Response>>,
}

/// What answers a [`Frame::Ping`].
pub const PONG: &[u8] = b"\r\n";

impl StreamFramer {
    /// For a new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Where to append what is read, without a copy.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next message or keep-alive; `None` until more is read. After an error every further call
    /// gives it again, without the refusal.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Broken> {
        if let State::Broken { error } = &self.state {
            self.buffer.clear();
            return Err(Broken { error: error.clone(), refusal: None });
        }
        let frame = self.cut().map_err(|error| self.fail(error))?;
        if self.buffer.is_empty() && self.buffer.capacity() > IDLE_BUFFER_BYTES_MAX {
            self.buffer = BytesMut::new();
        }
        Ok(frame)
    }

    /// Whether a message has begun and its end has not come: such a connection may be closed after
    /// a while, one that is merely quiet may not.
    pub fn is_inside_message(&self) -> bool {
        !self.buffer.iter().all(|it| matches!(it, b'\r' | b'\n'))
    }

    fn cut(&mut self) -> Result<Option<Frame>, ParseError> {
        if matches!(self.state, State::Head { searched: 0 }) && self.skip_line_ends() {
            return Ok(Some(Frame::Ping));
        }
        let length = match self.state {
            State::Head { searched } => match self.head_end(searched)? {
                Some(end) => end + self.body_length(end)?,
                None => return Ok(None),
            },
            State::Body { length } => length,
            State::Broken { .. } => return Ok(None),
        };
        if length > MESSAGE_BYTES_MAX {
            return Err(ParseError::TooLarge { limit: MESSAGE_BYTES_MAX });
        }
        if self.buffer.len() < length {
            self.state = State::Body { length };
            return Ok(None);
        }
        let message = Bytes::copy_from_slice(&self.buffer[..length]);
        self.buffer.advance(length);
        self.state = State::default();
        Ok(Some(Frame::Message(message)))
    }

    /// Drops line ends between messages; whether they are a ping. One line end alone waits, as it
    /// may be half a ping; behind a message it is a pong or padding.
    fn skip_line_ends(&mut self) -> bool {
        loop {
            match &self.buffer[..] {
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    self.buffer.advance(4);
                    return true;
                }
                [] | [b'\r'] | [b'\r', b'\n'] | [b'\r', b'\n', b'\r'] => return false,
                [b'\r' | b'\n', ..] => self.buffer.advance(1),
                _ => return false,
            }
        }
    }

    /// Looks for the empty line, from `searched` on; gives the position behind it.
    fn head_end(&mut self, searched: usize) -> Result<Option<usize>, ParseError> {
        let bytes = &self.buffer[..];
        match bytes.first() {
            None | Some(b'\r') => return Ok(None),
            Some(&first) if !lex::is_token_byte(first) => return Err(ParseError::NotSip),
            Some(_) => {}
        }
        let mut at = searched;
        let end = loop {
            let Some(length) = memchr::memchr(b'\n', &bytes[at..]) else {
                at = bytes.len();
                break None;
            };
            if searched == 0 && at == 0 {
                check_first_line(bytes)?;
            }
            let next = at + length + 1;
            match &bytes[next..] {
                [b'\n', ..] => break Some(next + 1),
                [b'\r', b'\n', ..] => break Some(next + 2),
                // The rest of an empty line may be yet to come.
                [] | [b'\r'] => {
                    at += length;
                    break None;
                }
                _ => at = next,
            }
        };
        if end.unwrap_or(at) > HEADER_BLOCK_BYTES_MAX {
            return Err(ParseError::TooLarge { limit: HEADER_BLOCK_BYTES_MAX });
        }
        if end.is_none() {
            self.state = State::Head { searched: at };
        }
        Ok(end)
    }

    /// The Content-Length of the head that ends at `end`. Rows that cannot be read are left to the
    /// parser, which refuses the message whose borders are known.
    fn body_length(&self, end: usize) -> Result<usize, ParseError> {
        let head = &self.buffer[..end];
        let mut reader = RowReader { bytes: head, at: check_first_line(head)? };
        let mut length = None;
        while reader.at < end {
            let start = reader.at;
            let row = match reader.next_row() {
                Ok(Some(row)) => row,
                Err(_) if reader.at > start => continue,
                Ok(None) | Err(_) => break,
            };
            if HeaderName::known(&head[row.name]) != Some(HeaderName::ContentLength) {
                continue;
            }
            let value = lex::number(row.value.of(head), u64::MAX);
            let value = value.ok_or(content_length("is not a number"))?;
            if length.replace(value).is_some_and(|it| it != value) {
                return Err(content_length("is there twice with different values"));
            }
        }
        let length = length.ok_or(content_length("is missing on a stream"))?;
        Ok(length.min(MESSAGE_BYTES_MAX as u64 + 1) as usize)
    }

    fn fail(&mut self, error: ParseError) -> Broken {
        let head = self.buffer.len().min(HEADER_BLOCK_BYTES_MAX);
        let refusal = refusal(&self.buffer.split_to(head).freeze(), &error).map(Box::new);
        self.buffer = BytesMut::new();
        self.state = State::Broken { error: error.clone() };
        Broken { error, refusal }
    }
}

#[derive(Debug)]
enum State {
    /// The empty line has not been found in the first `searched` bytes.
    Head { searched: usize },
    /// A message of this length has begun.
    Body { length: usize },
    /// Nothing more can be read.
    Broken { error: ParseError },
}

impl Default for State {
    fn default() -> Self {
        Self::Head { searched: 0 }
    }
}

/// What a quiet connection's buffer may keep.
const IDLE_BUFFER_BYTES_MAX: usize = 4 * 1024;

#[cfg(test)]
mod tests;
