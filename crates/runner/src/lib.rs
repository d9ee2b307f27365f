//! Observe, judge, decide, allocate, move, cycle.
