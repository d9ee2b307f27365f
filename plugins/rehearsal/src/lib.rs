//! A stand-in market behind the channel ABI.
