//! Output with a size limit: the highest detail level that fits.

/// Returns the first level whose output fits, with the output.
///
/// `levels` are in order, most detail first. `render` returns `None` if the output exceeds its limit. A level
/// applies to the whole output, because readers would take a partly complete output for complete.
pub fn richest_fit<L: Copy, T>(
    levels: impl IntoIterator<Item = L>,
    render: impl Fn(L) -> Option<T>,
) -> Option<(L, T)> {
    levels.into_iter().find_map(|level| Some((level, render(level)?)))
}
