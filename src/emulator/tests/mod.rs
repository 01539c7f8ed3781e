//! What the emulator promises, as a client sees it.
