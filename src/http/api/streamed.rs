//! Bodies that are written while they are read.

use axum::body::{Bytes, HttpBody};
use hyper::body::Frame;
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tokio::sync::mpsc;

/// What another task sends, piece by piece; the channel's bound is how many pieces it is ahead. An
/// error breaks the connection, so that nobody takes the body for whole.
#[derive(Debug)]
pub(super) struct Streamed<E>(pub(super) mpsc::Receiver<Result<Bytes, E>>);

impl<E> HttpBody for Streamed<E> {
    type Data = Bytes;
    type Error = E;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|it| it.map(Frame::data)))
    }
}
