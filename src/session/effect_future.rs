//! Pending results of effects, so that the traits of effects can be trait objects.

use std::pin::Pin;

/// Pending result of an effect.
pub type EffectFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
