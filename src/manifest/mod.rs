//! Text to manifests with positions, or every problem at once.
