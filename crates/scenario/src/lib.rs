//! A VPC and what is expected of it, as readable text.
