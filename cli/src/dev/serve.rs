//! Serves an HTTP application on a listener.

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// Serves until the program ends.
pub(crate) fn serve(listener: TcpListener, app: Router) {
    // Small chunks of a stream must not wait for others. Without the option they are late, no more.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    tokio::spawn(async move { axum::serve(listener, app).await });
}
