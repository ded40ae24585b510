//! Packets on Linux: fabric, veth, eBPF, slow path.
