//! Distributes independent work over the processors.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

/// Returns the result for each item, in the order of the items.
pub fn parallel_map<T: Sync, R: Send>(items: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(processors).max(1);
    let each = &each;
    thread::scope(|scope| {
        let workers: Vec<_> = (items.chunks(share))
            .map(|share| scope.spawn(move || share.iter().map(each).collect::<Vec<R>>()))
            .collect();
        let done =
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        done.flatten().collect()
    })
}
