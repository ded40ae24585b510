//! An instance on Linux: namespaces, image, init, cgroup.
