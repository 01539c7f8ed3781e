//! A gateway that answers nobody does not hold every zone up.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use http::{Request, Response};

use super::super::{GatewayReader, SharedGateway};
use crate::model::FailureClass;
use crate::model::network::RateLimit;
use crate::provider::transport::{Transport, TransportError, TransportFuture};

/// A gateway that is silent for all zones whose code has this in it, and serves nothing for the others.
struct UnresponsiveGateway(&'static str);

impl Transport for UnresponsiveGateway {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        let silent = request.uri().path().contains(self.0);
        Box::pin(async move {
            if silent {
                // As sockets do, so that it is tried again.
                tokio::time::sleep(Duration::from_secs(30)).await;
                return Err(TransportError::Lost("no answer".into()));
            }
            let body = Bytes::from_static(br#"{"collections": []}"#);
            Ok(Response::new(body))
        })
    }
}

/// For how many of forty zones the gateway was found to answer, and how long that took.
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
async fn all_zones_give_it_up_together() {
    let (served, took) = asked("01Z").await;
    assert_eq!(served, 0);
    assert!(took < Duration::from_secs(90), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn one_zone_that_the_gateway_cannot_reach_leaves_the_others_served() {
    let (served, took) = asked("01Z_7_").await;
    assert_eq!(served, 39);
    assert!(took < Duration::from_secs(5 * 60), "{took:?}");
}
