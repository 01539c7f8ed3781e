//! An unresponsive gateway does not delay every zone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use http::{Request, Response};

use super::super::{GatewayReader, SharedGateway};
use crate::model::FailureClass;
use crate::model::network::RateLimit;
use crate::provider::transport::{Transport, TransportError, TransportFuture};

/// Gateway without a response for zones whose code contains a text, and without collections for other zones.
struct UnresponsiveGateway(&'static str);

impl Transport for UnresponsiveGateway {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        let silent = request.uri().path().contains(self.0);
        Box::pin(async move {
            if silent {
                // Like a socket timeout, so that zonal retries the request.
                tokio::time::sleep(Duration::from_secs(30)).await;
                return Err(TransportError::Lost("no response".into()));
            }
            let body = Bytes::from_static(br#"{"collections": []}"#);
            Ok(Response::new(body))
        })
    }
}

/// Returns the number of zones with a response, out of forty, and the elapsed time.
async fn asked(silent: &'static str) -> (usize, Duration) {
    let rate = RateLimit { per_second: 100, daily_reserve: 0 };
    let gateway =
        Arc::new(SharedGateway::new("https://gateway.test", rate, Arc::new(UnresponsiveGateway(silent))));
    let start = tokio::time::Instant::now();
    let zones = (0..40).map(|number| {
        let reader = GatewayReader::new(&gateway, &format!("01Z_{number}_").as_str().into(), "KEY".into());
        async move { reader.list().await.map(<[_]>::len).map_err(|failure| failure.class) }
    });
    let answers = join_all(zones).await;
    assert!(answers.iter().all(|answer| matches!(answer, Ok(0) | Err(FailureClass::Gateway))), "{answers:?}");
    (answers.iter().filter(|answer| answer.is_ok()).count(), start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn all_zones_give_up_together() {
    let (served, took) = asked("01Z").await;
    assert_eq!(served, 0);
    assert!(took < Duration::from_secs(90), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn one_unreachable_zone_leaves_the_others_served() {
    let (served, took) = asked("01Z_7_").await;
    assert_eq!(served, 39);
    assert!(took < Duration::from_secs(5 * 60), "{took:?}");
}
