//! What becomes of a packet in a VPC, and why.
