//! Membership and totally ordered messages between nodes.
