//! Pure statistics of adaptive experiments: tables in, evidence out.
