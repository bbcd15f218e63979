//! What mirroring does to packets, found online: copies, gaps, one-sidedness.
