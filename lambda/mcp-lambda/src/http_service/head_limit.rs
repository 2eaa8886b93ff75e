//! Limits the time in which a client sends the head of a request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Time for the head of a request, from its first byte on.
const HEAD: Duration = Duration::from_secs(10);

/// The requests of one connection, as far as its stream must know them.
#[derive(Debug, Default)]
pub(crate) struct Exchanges {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// One request, until its response has been sent.
pub(crate) struct Exchange(Arc<Exchanges>);

impl Exchanges {
    /// The head of a request has arrived.
    pub(crate) fn begin(self: &Arc<Self>) -> Exchange {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Exchange(Arc::clone(self))
    }

    fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    fn is_one_open(&self) -> bool {
        self.begun() != self.ended.load(Ordering::Relaxed)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// A connection that fails when a head has begun and does not arrive in time. hyper has one limit for the head and for the
/// time between two requests, which has to be longer than that of a load balancer.
pub(crate) struct HeadLimit<S> {
    stream: S,
    exchanges: Arc<Exchanges>,
    head: Option<Head>,
}

/// A head that has begun.
struct Head {
    /// How many requests there were before.
    after: u64,
    end: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> HeadLimit<S> {
    pub(crate) fn new(stream: S, exchanges: Arc<Exchanges>) -> Self {
        Self {
            stream,
            exchanges,
            head: None,
        }
    }

    /// Fails when the head that has begun is late.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let begun = self.exchanges.begun();
        let Some(head) = self.head.as_mut().filter(|head| head.after == begun) else {
            self.head = None;
            return Poll::Pending;
        };
        let end = head.end;
        let timer = head.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadLimit<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(context, buffer) else {
            return this.poll_late(context);
        };
        let after = this.exchanges.begun();
        let is_new = this.head.as_ref().is_none_or(|head| head.after != after);
        if buffer.filled().len() > before && is_new && !this.exchanges.is_one_open() {
            this.head = Some(Head {
                after,
                end: Instant::now() + HEAD,
                timer: None,
            });
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadLimit<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::{Instant, sleep};

    use super::{Exchanges, HEAD, HeadLimit};

    #[tokio::test(start_paused = true)]
    async fn limits_a_head_that_has_begun_and_neither_a_body_nor_the_time_between_requests() {
        let exchanges = Arc::<Exchanges>::default();
        let (mut client, server) = tokio::io::duplex(64);
        let mut server = HeadLimit::new(server, Arc::clone(&exchanges));
        let mut read = [0; 64];
        let later = tokio::spawn(async move {
            sleep(10 * HEAD).await;
            client.write_all(b"head").await.unwrap();
            sleep(10 * HEAD).await;
            client.write_all(b"body").await.unwrap();
            sleep(10 * HEAD).await;
            client.write_all(b"half a head").await.unwrap();
            client
        });
        assert_eq!(server.read(&mut read).await.unwrap(), 4);
        let exchange = exchanges.begin();
        assert_eq!(server.read(&mut read).await.unwrap(), 4);
        drop(exchange);
        assert_eq!(server.read(&mut read).await.unwrap(), 11);
        let begun = Instant::now();
        let late = server.read(&mut read).await.unwrap_err();
        assert_eq!((late.kind(), begun.elapsed()), (ErrorKind::TimedOut, HEAD));
        drop(later.await.unwrap());
    }
}
