//! An Alma network on loopback: the API of every zone, with its thresholds and faults.
