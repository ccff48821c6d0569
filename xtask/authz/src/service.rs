//! The one method that there is, `envoy.service.auth.v3.Authorization/Check`, and its one answer.

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{RecvStream, server};
use http::{HeaderMap, HeaderValue, Response};
use tokio::io::{AsyncRead, AsyncWrite};

/// A `CheckResponse` in its frame of gRPC: not compressed, four bytes, `status` with the code 0, and an `ok_response` that changes nothing.
const ADMITTED: &[u8] = &[0, 0, 0, 0, 4, 0x0a, 0, 0x1a, 0];

/// Answers every question of one connection.
pub(crate) async fn serve<S>(stream: S) -> Result<(), h2::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = server::handshake(stream).await?;
    while let Some(question) = connection.accept().await {
        let (request, respond) = question?;
        tokio::spawn(async move {
            // A question that was given up needs no answer.
            admit(request.into_body(), respond).await.ok();
        });
    }
    Ok(())
}

async fn admit(
    mut question: RecvStream,
    mut respond: SendResponse<Bytes>,
) -> Result<(), h2::Error> {
    while let Some(part) = question.data().await {
        let length = part?.len();
        question.flow_control().release_capacity(length)?;
    }
    let mut head = Response::new(());
    head.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    let mut answer = respond.send_response(head, false)?;
    answer.send_data(Bytes::from_static(ADMITTED), false)?;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    answer.send_trailers(trailers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    #[test]
    fn every_question_is_answered_with_yes() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (near, far) = tokio::io::duplex(64 * 1024);
            tokio::spawn(serve(far));
            let (mut client, connection) = h2::client::handshake(near).await.unwrap();
            tokio::spawn(connection);
            for _ in 0..3 {
                let request = Request::post("http://authz/Check").body(()).unwrap();
                client = client.ready().await.unwrap();
                let (answer, mut body) = client.send_request(request, false).unwrap();
                body.send_data(Bytes::from_static(&[0, 0, 0, 0, 0]), true)
                    .unwrap();
                let answer = answer.await.unwrap();
                assert_eq!(answer.headers()["content-type"], "application/grpc");
                let mut body = answer.into_body();
                assert_eq!(body.data().await.unwrap().unwrap(), ADMITTED);
                let trailers = body.trailers().await.unwrap().unwrap();
                assert_eq!(trailers["grpc-status"], "0");
            }
        });
    }
}
